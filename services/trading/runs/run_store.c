// SPDX-License-Identifier: MIT
#include "runs/run_store.h"

#include <stdio.h>
#include <string.h>

#include "database/columns.h"
#include "money/money.h"
#include "strategies/strategy_message.h"

#define RUN_COLUMNS                                                                                \
    "r.id, r.user_id, r.strategy_id, r.strategy_version, r.portfolio_id, r.shard, r.kind,"         \
    " r.parameters, r.symbols, r.timeframe, r.fractional, r.initial_cash, r.max_daily_loss,"       \
    " r.state, r.reason, r.reason_message, r.started_at, r.stopped_at, r.looked_at, r.window_at,"  \
    " r.first_bar_at, r.last_bar_at, r.cash, r.equity, r.day, r.day_equity, r.period,"             \
    " r.has_targets, r.bars_decided, r.bars_missed, r.orders, r.decisions, r.events,"              \
    " r.events_kept_after"

static const struct statement count_running = {
    "count_running_runs",
    "SELECT count(*), count(*) FILTER (WHERE portfolio_id = $2),"
    " count(*) FILTER (WHERE portfolio_id = $2 AND strategy_id = $3)"
    " FROM strategy_runs WHERE user_id = $1 AND state = 'running'",
};

static const struct statement add_run = {
    "add_strategy_run",
    "INSERT INTO strategy_runs (id, user_id, strategy_id, strategy_version, portfolio_id, shard,"
    " kind, parameters, symbols, timeframe, fractional, initial_cash, max_daily_loss, state,"
    " started_at, looked_at, window_at, cash, equity, day, day_equity)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'running', $14, $14, $14,"
    " $12, $12, $15, $12)",
};

static const struct statement prune_runs = {
    "prune_strategy_runs",
    "WITH old AS (DELETE FROM strategy_runs WHERE user_id = $1 AND state = 'stopped' AND id IN"
    "  (SELECT id FROM strategy_runs WHERE user_id = $1 AND state = 'stopped' ORDER BY id DESC"
    "   OFFSET $2) RETURNING id),"
    " positions AS (DELETE FROM strategy_positions p USING old WHERE p.run_id = old.id),"
    " orders AS (DELETE FROM strategy_orders o USING old WHERE o.run_id = old.id)"
    " DELETE FROM strategy_decisions d USING old WHERE d.run_id = old.id",
};

static const struct statement find_run = {
    "find_strategy_run",
    "SELECT " RUN_COLUMNS " FROM strategy_runs r WHERE r.id = $1",
};

static const struct statement find_positions = {
    "find_strategy_positions",
    "SELECT ticker, quantity, entry_price, high_water, close, target FROM strategy_positions"
    " WHERE run_id = $1 AND user_id = $2",
};

static const struct statement find_orders = {
    "find_strategy_orders",
    "SELECT s.bar_at, s.ticker, s.client_order_id, s.cause, s.side, s.quantity, s.decision,"
    " s.is_placed, s.is_to_cancel, s.fills, o.id, o.status, o.filled_quantity,"
    " o.average_fill_price, o.hold_amount, o.reason, o.reason_message, o.reason_details"
    " FROM strategy_orders s LEFT JOIN orders o ON o.portfolio_id = s.portfolio_id"
    "  AND o.client_order_id = s.client_order_id"
    " WHERE s.run_id = $1 AND s.user_id = $2 ORDER BY s.bar_at, s.ticker",
};

static const struct statement find_run_in = {
    "find_strategy_run_in_portfolio",
    "SELECT id FROM strategy_runs WHERE strategy_id = $1 AND portfolio_id = $2"
    " ORDER BY state = 'running' DESC, id DESC LIMIT 1",
};

static const struct statement page_runs = {
    "page_strategy_runs",
    "SELECT " RUN_COLUMNS " FROM strategy_runs r WHERE r.user_id = $1"
    " AND ($2::uuid IS NULL OR r.strategy_id = $2) AND ($3::uuid IS NULL OR r.portfolio_id = $3)"
    " AND ($4::text IS NULL OR r.state = $4) AND ($5::uuid IS NULL OR r.id < $5)"
    " ORDER BY r.id DESC LIMIT $6",
};

static const struct statement stop_run = {
    "stop_strategy_run",
    "UPDATE strategy_runs SET state = 'stopped', stopped_at = $3, reason = $4,"
    " reason_message = $5, events = events + 1 WHERE id = $1 AND user_id = $2 AND state = "
    "'running'",
};

static const struct statement cancel_orders = {
    "cancel_orders_of_run",
    "UPDATE strategy_orders SET is_to_cancel = true WHERE run_id = $1 AND user_id = $2",
};

static const struct statement find_running = {
    "find_running_strategy",
    "SELECT portfolio_id FROM strategy_runs WHERE strategy_id = $1 AND state = 'running' LIMIT 1",
};

static const struct statement delete_runs = {
    "delete_strategy_runs",
    "WITH gone AS (DELETE FROM strategy_runs WHERE strategy_id = $1 AND user_id = $2 RETURNING id),"
    " positions AS (DELETE FROM strategy_positions p USING gone WHERE p.run_id = gone.id),"
    " orders AS (DELETE FROM strategy_orders o USING gone WHERE o.run_id = gone.id)"
    " DELETE FROM strategy_decisions d USING gone WHERE d.run_id = gone.id",
};

static const struct statement list_due = {
    "list_due_strategy_runs",
    "SELECT id FROM strategy_runs WHERE state = 'running' AND timeframe = $2 AND looked_at < $3"
    " AND shard = ANY ($1::int[]) ORDER BY looked_at, id LIMIT $4",
};

// An order of another run's name cannot be: names begin with the run's id.
static const struct statement list_unsettled = {
    "list_unsettled_strategy_runs",
    "SELECT DISTINCT s.run_id FROM strategy_orders s LEFT JOIN orders o"
    "  ON o.portfolio_id = s.portfolio_id AND o.client_order_id = s.client_order_id"
    " WHERE s.shard = ANY ($1::int[]) AND (o.id IS NULL OR s.is_to_cancel OR NOT s.is_placed"
    "  OR o.status IN ('filled', 'canceled', 'expired', 'rejected', 'replaced')"
    "  OR o.fill_count > s.fills) LIMIT $2",
};

static const struct statement list_new_fills = {
    "list_new_fills_of_run",
    "SELECT s.client_order_id, f.quantity, f.price, f.commission FROM strategy_orders s"
    " JOIN orders o ON o.portfolio_id = s.portfolio_id AND o.client_order_id = s.client_order_id"
    " JOIN fills f ON f.order_id = o.id AND f.portfolio_id = o.portfolio_id AND f.number > s.fills"
    " WHERE s.run_id = $1 AND s.user_id = $2 ORDER BY s.bar_at, s.ticker, f.number",
};

static const struct statement find_split = {
    "find_split_of_run",
    "SELECT ticker FROM splits WHERE ticker = ANY ($1::text[]) AND effective_at > $2"
    " ORDER BY ticker LIMIT 1",
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The runs need too much memory.");
}

static bool refuse_more(const char *what, int most, struct error *error)
{
    error_fill(error, REASON_TOO_MANY_RUNS, "%d strategies run in %s already.", most, what);
    error_add_number(error, "maximum", "%d", most);
    return false;
}

static bool check_count(struct transaction *transaction, const struct run *run, struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(run->user_id),
        parameter_text(run->portfolio_id),
        parameter_text(run->strategy_id),
    };
    struct rows rows = {0};

    if (!transaction_query(transaction, &count_running, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    if (rows_int(&rows, 0, 2) > 0)
        return error_set(error, REASON_STRATEGY_IS_RUNNING,
                         "The strategy runs in portfolio %s already.", run->portfolio_id);
    if (rows_int(&rows, 0, 1) >= RUNS_OF_PORTFOLIO_MAX)
        return refuse_more("the portfolio", RUNS_OF_PORTFOLIO_MAX, error);
    if (rows_int(&rows, 0, 0) >= RUNS_OF_USER_MAX)
        return refuse_more("the portfolios of the user", RUNS_OF_USER_MAX, error);
    return true;
}

bool run_store_add(struct transaction *transaction, const struct run *run, struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(run->id),
        parameter_text(run->user_id),
        parameter_text(run->strategy_id),
        parameter_int(run->strategy_version),
        parameter_text(run->portfolio_id),
        parameter_int(run->shard),
        parameter_text(run->kind),
        parameter_text(run->parameters),
        parameter_text(run->symbols),
        parameter_text(run->timeframe),
        parameter_bool(run->fractional),
        parameter_decimal(run->initial_cash, MONEY_SCALE),
        run->max_daily_loss == 0 ? parameter_null()
                                 : parameter_decimal(run->max_daily_loss, MONEY_SCALE),
        parameter_time(run->started_at),
        parameter_int(run_day_of(run->started_at)),
    };
    const struct parameter kept[] = {parameter_text(run->user_id), parameter_int(RUNS_KEPT_MAX)};

    return check_count(transaction, run, error) &&
           transaction_queue(transaction, &add_run, parameters, COUNT_OF(parameters), NULL,
                             error) &&
           transaction_queue(transaction, &prune_runs, kept, COUNT_OF(kept), NULL, error);
}

static int64_t time_of(const struct rows *rows, size_t row, size_t column)
{
    return rows_is_null(rows, row, column) ? 0 : rows_time(rows, row, column);
}

static bool read_run(const struct rows *rows,
                     size_t row,
                     struct arena *arena,
                     struct run *out_run,
                     struct error *error)
{
    *out_run = (struct run){
        .id = rows_text(rows, row, 0),
        .user_id = rows_text(rows, row, 1),
        .strategy_id = rows_text(rows, row, 2),
        .strategy_version = rows_int(rows, row, 3),
        .portfolio_id = rows_text(rows, row, 4),
        .shard = (int)rows_int(rows, row, 5),
        .kind = rows_text(rows, row, 6),
        .parameters = rows_text(rows, row, 7),
        .symbols = rows_text(rows, row, 8),
        .timeframe = rows_text(rows, row, 9),
        .fractional = rows_bool(rows, row, 10),
        .initial_cash = rows_decimal(rows, row, 11, MONEY_SCALE),
        .max_daily_loss =
            rows_is_null(rows, row, 12) ? 0 : rows_decimal(rows, row, 12, MONEY_SCALE),
        .is_stopped = strcmp(rows_text(rows, row, 13), "stopped") == 0,
        .reason = rows_text(rows, row, 14),
        .reason_message = rows_text(rows, row, 15),
        .started_at = rows_time(rows, row, 16),
        .stopped_at = time_of(rows, row, 17),
        .looked_at = rows_time(rows, row, 18),
        .window_at = rows_time(rows, row, 19),
        .first_bar_at = time_of(rows, row, 20),
        .last_bar_at = time_of(rows, row, 21),
        .cash = rows_decimal(rows, row, 22, MONEY_SCALE),
        .equity = rows_decimal(rows, row, 23, MONEY_SCALE),
        .day = rows_int(rows, row, 24),
        .day_equity = rows_decimal(rows, row, 25, MONEY_SCALE),
        .period = rows_is_null(rows, row, 26) ? INT64_MIN : rows_int(rows, row, 26),
        .has_targets = rows_bool(rows, row, 27),
        .bars_decided = rows_int(rows, row, 28),
        .bars_missed = rows_int(rows, row, 29),
        .order_count = rows_int(rows, row, 30),
        .decision_count = rows_int(rows, row, 31),
        .events = rows_int(rows, row, 32),
        .events_kept_after = rows_int(rows, row, 33),
    };
    return strategy_symbols_split(out_run->symbols, arena, &out_run->tickers,
                                  &out_run->symbol_count, error);
}

static size_t symbol_of(const struct run *run, const char *ticker)
{
    size_t symbol = 0;

    // What a run has is of its symbols.
    while (symbol + 1 < run->symbol_count && strcmp(run->tickers[symbol], ticker) != 0)
        symbol++;
    return symbol;
}

static void read_order(const struct rows *rows, size_t row, struct run *run)
{
    struct run_order *order = &run->orders[run->open_count++];

    *order = (struct run_order){
        .bar_at = rows_time(rows, row, 0),
        .symbol = symbol_of(run, rows_text(rows, row, 1)),
        .cause = backtest_cause_of(rows_text(rows, row, 3)),
        .side = strcmp(rows_text(rows, row, 4), "sell") == 0 ? ORDER_SELL : ORDER_BUY,
        .quantity = rows_decimal(rows, row, 5, QUANTITY_SCALE),
        .decision = rows_int(rows, row, 6),
        .is_placed = rows_bool(rows, row, 7),
        .is_to_cancel = rows_bool(rows, row, 8),
        .fills = rows_int(rows, row, 9),
        .order_id = rows_text(rows, row, 10),
        .filled_quantity =
            rows_is_null(rows, row, 12) ? 0 : rows_decimal(rows, row, 12, QUANTITY_SCALE),
        .average_price = rows_is_null(rows, row, 13) ? 0 : rows_decimal(rows, row, 13, MONEY_SCALE),
        .hold_amount = rows_is_null(rows, row, 14) ? 0 : rows_decimal(rows, row, 14, MONEY_SCALE),
        .reason = rows_text(rows, row, 15),
        .reason_message = rows_text(rows, row, 16),
        .reason_details = rows_text(rows, row, 17),
    };
    snprintf(order->name, sizeof(order->name), "%s", rows_text(rows, row, 2));
    if (order->order_id != NULL && !order_status_find(rows_text(rows, row, 11), &order->status))
        order->status = ORDER_PENDING_NEW;
}

static bool read_parts(struct transaction *transaction, struct run *run, struct error *error)
{
    const struct parameter parameters[] = {parameter_text(run->id), parameter_text(run->user_id)};
    struct rows positions = {0};
    struct rows orders = {0};

    if (!transaction_queue(transaction, &find_positions, parameters, 2, &positions, error) ||
        !transaction_queue(transaction, &find_orders, parameters, 2, &orders, error) ||
        !transaction_flush(transaction, error))
        return false;
    for (size_t i = 0; i < positions.count; i++)
        run->positions[symbol_of(run, rows_text(&positions, i, 0))] = (struct run_position){
            .quantity = rows_decimal(&positions, i, 1, QUANTITY_SCALE),
            .entry_price = rows_decimal(&positions, i, 2, MONEY_SCALE),
            .high_water = rows_decimal(&positions, i, 3, MONEY_SCALE),
            .close = rows_decimal(&positions, i, 4, MONEY_SCALE),
            .target = rows_int(&positions, i, 5),
        };
    for (size_t i = 0; i < orders.count && i < DECISION_ORDERS_MAX; i++)
        read_order(&orders, i, run);
    return true;
}

bool run_store_find(struct transaction *transaction,
                    const char *id,
                    struct run *out_run,
                    bool *out_found,
                    struct error *error)
{
    const struct parameter parameter = parameter_text(id);
    struct rows rows = {0};

    if (!transaction_query(transaction, &find_run, &parameter, 1, &rows, error))
        return false;
    *out_found = rows.count > 0;
    return rows.count == 0 || (read_run(&rows, 0, transaction_arena(transaction), out_run, error) &&
                               read_parts(transaction, out_run, error));
}

bool run_store_find_in(struct transaction *transaction,
                       const char *strategy_id,
                       const char *portfolio_id,
                       const char **out_id,
                       struct error *error)
{
    const struct parameter parameters[] = {parameter_text(strategy_id),
                                           parameter_text(portfolio_id)};
    struct rows rows = {0};

    if (!transaction_query(transaction, &find_run_in, parameters, 2, &rows, error))
        return false;
    *out_id = rows.count > 0 ? rows_text(&rows, 0, 0) : NULL;
    return true;
}

bool run_store_page(struct transaction *transaction,
                    const struct run_filter *filter,
                    struct run **out_runs,
                    size_t *out_count,
                    struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(filter->user_id),      parameter_text(filter->strategy_id),
        parameter_text(filter->portfolio_id), parameter_text(filter->state),
        parameter_text(filter->before_id),    parameter_int((int64_t)filter->limit),
    };
    struct arena *arena = transaction_arena(transaction);
    struct run *runs = NULL;
    struct rows rows = {0};

    if (!transaction_query(transaction, &page_runs, parameters, COUNT_OF(parameters), &rows, error))
        return false;
    runs = arena_allocate(arena, (rows.count + 1) * sizeof(*runs));
    if (runs == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        if (!read_run(&rows, i, arena, &runs[i], error))
            return false;
    *out_runs = runs;
    *out_count = rows.count;
    return true;
}

bool run_store_stop(struct transaction *transaction,
                    const struct run *run,
                    int64_t at,
                    const struct error *reason,
                    struct error *error)
{
    char message[ERROR_MESSAGE_SIZE] = "";
    const struct parameter parameters[] = {
        parameter_text(run->id),
        parameter_text(run->user_id),
        parameter_time(at),
        parameter_text(reason == NULL ? NULL : reason->reason),
        parameter_text(reason == NULL ? NULL : message),
    };

    if (reason != NULL)
        error_print(reason, message);
    return transaction_queue(transaction, &stop_run, parameters, COUNT_OF(parameters), NULL,
                             error) &&
           transaction_queue(transaction, &cancel_orders, parameters, 2, NULL, error);
}

bool run_store_check_stopped(struct transaction *transaction,
                             const char *strategy_id,
                             struct error *error)
{
    const struct parameter parameter = parameter_text(strategy_id);
    struct rows rows = {0};

    if (!transaction_query(transaction, &find_running, &parameter, 1, &rows, error))
        return false;
    return rows.count == 0 ||
           error_set(error, REASON_STRATEGY_IS_RUNNING,
                     "The strategy runs in portfolio %s: stop it first.", rows_text(&rows, 0, 0));
}

bool run_store_delete(struct transaction *transaction,
                      const char *strategy_id,
                      const char *user_id,
                      struct error *error)
{
    const struct parameter parameters[] = {parameter_text(strategy_id), parameter_text(user_id)};

    return transaction_queue(transaction, &delete_runs, parameters, 2, NULL, error);
}

static bool shards_of(struct arena *arena,
                      const struct shard_claim *claims,
                      size_t count,
                      struct parameter *out_shards,
                      struct error *error)
{
    struct parameter values[SHARD_COUNT];

    for (size_t i = 0; i < count; i++)
        values[i] = parameter_int(claims[i].shard);
    return parameter_array(arena, values, count, out_shards) || out_of_budget(error);
}

static bool take_ids(const struct rows *rows,
                     struct arena *arena,
                     const char ***out_ids,
                     size_t *out_count,
                     struct error *error)
{
    const char **ids = arena_allocate(arena, (rows->count + 1) * sizeof(*ids));

    if (ids == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows->count; i++)
        ids[i] = rows_text(rows, i, 0);
    *out_ids = ids;
    *out_count = rows->count;
    return true;
}

bool run_store_list_due(struct database *database,
                        struct arena *arena,
                        const struct shard_claim *claims,
                        size_t claim_count,
                        const char *timeframe,
                        int64_t boundary,
                        size_t limit,
                        const char ***out_ids,
                        size_t *out_count,
                        struct error *error)
{
    struct parameter parameters[4] = {
        [1] = parameter_text(timeframe),
        [2] = parameter_time(boundary),
        [3] = parameter_int((int64_t)limit),
    };
    struct rows rows = {0};

    return shards_of(arena, claims, claim_count, &parameters[0], error) &&
           database_query(database, arena, &list_due, parameters, COUNT_OF(parameters), &rows,
                          error) &&
           take_ids(&rows, arena, out_ids, out_count, error);
}

bool run_store_list_unsettled(struct database *database,
                              struct arena *arena,
                              const struct shard_claim *claims,
                              size_t claim_count,
                              size_t limit,
                              const char ***out_ids,
                              size_t *out_count,
                              struct error *error)
{
    struct parameter parameters[2] = {[1] = parameter_int((int64_t)limit)};
    struct rows rows = {0};

    return shards_of(arena, claims, claim_count, &parameters[0], error) &&
           database_query(database, arena, &list_unsettled, parameters, COUNT_OF(parameters), &rows,
                          error) &&
           take_ids(&rows, arena, out_ids, out_count, error);
}

static struct run_order *find_order(struct run *run, const char *name)
{
    for (size_t i = 0; i < run->open_count; i++)
        if (strcmp(run->orders[i].name, name) == 0)
            return &run->orders[i];
    return NULL;
}

bool run_store_take_fills(struct transaction *transaction, struct run *run, struct error *error)
{
    const struct parameter parameters[] = {parameter_text(run->id), parameter_text(run->user_id)};
    struct rows rows = {0};

    if (!transaction_query(transaction, &list_new_fills, parameters, 2, &rows, error))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        struct run_order *order = find_order(run, rows_text(&rows, i, 0));
        const struct run_fill fill = {
            .quantity = rows_decimal(&rows, i, 1, QUANTITY_SCALE),
            .price = rows_decimal(&rows, i, 2, MONEY_SCALE),
            .commission = rows_decimal(&rows, i, 3, MONEY_SCALE),
        };

        if (order != NULL && !run_take_fill(run, order, &fill, error))
            return false;
    }
    for (size_t i = 0; i < run->open_count; i++) {
        run->orders[i].is_settled =
            run->orders[i].order_id != NULL && !order_status_is_open(run->orders[i].status);
        run->has_changed = run->has_changed || run->orders[i].is_settled;
    }
    return true;
}

bool run_store_find_split(struct transaction *transaction,
                          const struct run *run,
                          const char **out_ticker,
                          struct error *error)
{
    struct parameter tickers[STRATEGY_SYMBOLS_MAX];
    struct parameter parameters[2] = {
        [1] = parameter_time(run->last_bar_at == 0 ? run->started_at : run->last_bar_at)};
    struct rows rows = {0};
    size_t count = 0;

    *out_ticker = NULL;
    for (size_t i = 0; i < run->symbol_count; i++)
        if (run->positions[i].quantity > 0)
            tickers[count++] = parameter_text(run->tickers[i]);
    if (count == 0)
        return true;
    if (!parameter_array(transaction_arena(transaction), tickers, count, &parameters[0]))
        return out_of_budget(error);
    if (!transaction_query(transaction, &find_split, parameters, 2, &rows, error))
        return false;
    *out_ticker = rows.count > 0 ? rows_text(&rows, 0, 0) : NULL;
    return true;
}
