// SPDX-License-Identifier: MIT
// run_store: what a run has come to, and its decisions, written and read.
#include "runs/run_store.h"

#include <stdio.h>
#include <string.h>

#include "base/error_details.h"
#include "database/columns.h"
#include "money/money.h"

// One that has been written since it was found has come further, or was stopped. Of its events the
// last one is the run itself.
static const struct statement save_run = {
    "save_strategy_run",
    "UPDATE strategy_runs SET looked_at = $3, window_at = $4, first_bar_at = $5, last_bar_at = $6,"
    " cash = $7, equity = $8, day = $9, day_equity = $10, period = $11, has_targets = $12,"
    " bars_decided = $13, bars_missed = $14, orders = $15, decisions = $16, reason = $17,"
    " reason_message = $18, events = events + $21"
    " WHERE id = $1 AND user_id = $2 AND decisions = $19 AND state = $20 RETURNING events",
};

static const struct statement save_positions = {
    "save_strategy_positions",
    "INSERT INTO strategy_positions (run_id, user_id, ticker, quantity, entry_price, high_water,"
    " close, target) SELECT $7, $8, n.* FROM unnest($1::text[], $2::numeric[], $3::numeric[],"
    " $4::numeric[], $5::numeric[], $6::bigint[]) AS n"
    " ON CONFLICT (run_id, user_id, ticker) DO UPDATE SET quantity = excluded.quantity,"
    " entry_price = excluded.entry_price, high_water = excluded.high_water,"
    " close = excluded.close, target = excluded.target",
};

static const struct statement save_orders = {
    "save_strategy_orders",
    "INSERT INTO strategy_orders (bar_at, ticker, client_order_id, cause, side, quantity, decision,"
    " is_placed, is_to_cancel, fills, run_id, user_id, portfolio_id, shard)"
    " SELECT n.*, $11::uuid, $12::uuid, $13::uuid, $14::smallint FROM unnest($1::timestamptz[],"
    " $2::text[], $3::text[], $4::text[], $5::text[], $6::numeric[], $7::bigint[], $8::boolean[],"
    " $9::boolean[], $10::int[]) AS n"
    " ON CONFLICT (run_id, user_id, bar_at, ticker) DO UPDATE SET fills = excluded.fills,"
    " is_placed = excluded.is_placed,"
    " is_to_cancel = strategy_orders.is_to_cancel OR excluded.is_to_cancel",
};

static const struct statement settle_orders = {
    "settle_strategy_orders",
    "DELETE FROM strategy_orders WHERE run_id = $2 AND user_id = $3"
    " AND client_order_id = ANY ($1::text[])",
};

static const struct statement add_decisions = {
    "add_strategy_decisions",
    "INSERT INTO strategy_decisions (number, bar_at, decided_at, ticker, close, indicators, signal,"
    " target, quantity, cash, equity, outcome, cause, side, order_quantity, client_order_id,"
    " canceled, reason, reason_message, event, run_id, user_id)"
    " SELECT n.*, $21, $22 FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[],"
    " $4::text[], $5::numeric[], $6::text[], $7::text[], $8::bigint[], $9::numeric[],"
    " $10::numeric[], $11::numeric[], $12::text[], $13::text[], $14::text[], $15::numeric[],"
    " $16::text[], $17::int[], $18::text[], $19::text[], $20::bigint[]) AS n",
};

static const struct statement prune_decisions = {
    "prune_strategy_decisions",
    "WITH gone AS (DELETE FROM strategy_decisions WHERE run_id = $1 AND user_id = $2"
    " AND number <= $3 RETURNING event)"
    " UPDATE strategy_runs SET events_kept_after ="
    " greatest(events_kept_after, (SELECT max(event) FROM gone)) WHERE id = $1 AND user_id = $2",
};

static const struct statement note_placed = {
    "note_strategy_order_placed",
    "UPDATE strategy_orders SET is_placed = true WHERE run_id = $1 AND user_id = $2"
    " AND client_order_id = $3",
};

// The decision is an event, and then the run, which has the order, or the reason of its refusal.
static const struct statement note_decision = {
    "note_strategy_decision",
    "WITH run AS (UPDATE strategy_runs SET events = events + 2,"
    "  reason = CASE WHEN state = 'running' THEN coalesce($6, reason) ELSE reason END,"
    "  reason_message ="
    "   CASE WHEN state = 'running' THEN coalesce($7, reason_message) ELSE reason_message END"
    "  WHERE id = $1 AND user_id = $2 RETURNING events)"
    " UPDATE strategy_decisions SET outcome = $4, order_id = $5, reason = coalesce($6, reason),"
    " reason_message = coalesce($7, reason_message),"
    " reason_details = coalesce($8, reason_details), event = run.events - 1 FROM run"
    " WHERE run_id = $1 AND user_id = $2 AND number = $3",
};

#define DECISION_COLUMNS                                                                           \
    "number, bar_at, decided_at, ticker, close, indicators, signal, target, quantity, cash,"       \
    " equity, outcome, cause, side, order_quantity, client_order_id, order_id, canceled, reason,"  \
    " reason_message, event, reason_details"

static const struct statement list_decisions = {
    "list_strategy_decisions",
    "SELECT " DECISION_COLUMNS " FROM strategy_decisions WHERE run_id = $1 AND user_id = $2"
    " AND number > $3 ORDER BY number LIMIT $4",
};

static const struct statement list_changed_decisions = {
    "list_changed_strategy_decisions",
    "SELECT " DECISION_COLUMNS " FROM strategy_decisions WHERE run_id = $1 AND user_id = $2"
    " AND event > $3 ORDER BY event LIMIT $4",
};

static const char *const outcomes[] = {
#define RUN_OUTCOME_AS_NAME(name, text) text,
    RUN_OUTCOMES(RUN_OUTCOME_AS_NAME)
#undef RUN_OUTCOME_AS_NAME
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The runs need too much memory.");
}

static struct parameter time_or_null(int64_t at)
{
    return at == 0 ? parameter_null() : parameter_time(at);
}

static bool save(struct transaction *transaction,
                 const struct run *run,
                 int64_t decisions_before,
                 size_t decision_count,
                 int64_t *out_events,
                 bool *out_is_saved,
                 struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(run->id),
        parameter_text(run->user_id),
        parameter_time(run->looked_at),
        parameter_time(run->window_at),
        time_or_null(run->first_bar_at),
        time_or_null(run->last_bar_at),
        parameter_decimal(run->cash, MONEY_SCALE),
        parameter_decimal(run->equity, MONEY_SCALE),
        parameter_int(run->day),
        parameter_decimal(run->day_equity, MONEY_SCALE),
        run->period == INT64_MIN ? parameter_null() : parameter_int(run->period),
        parameter_bool(run->has_targets),
        parameter_int(run->bars_decided),
        parameter_int(run->bars_missed),
        parameter_int(run->order_count),
        parameter_int(run->decision_count),
        parameter_text(run->reason),
        parameter_text(run->reason_message),
        parameter_int(decisions_before),
        parameter_text(run->is_stopped ? "stopped" : "running"),
        parameter_int((int64_t)decision_count + (decision_count > 0 || run->has_changed ? 1 : 0)),
    };
    struct rows rows = {0};

    if (!transaction_query(transaction, &save_run, parameters, COUNT_OF(parameters), &rows, error))
        return false;
    *out_is_saved = rows.count == 1;
    *out_events = rows.count == 1 ? rows_int(&rows, 0, 0) : 0;
    return true;
}

static bool
queue_positions(struct transaction *transaction, const struct run *run, struct error *error)
{
    const struct parameter more[] = {parameter_text(run->id), parameter_text(run->user_id)};
    struct columns columns;

    if (!columns_start(&columns, transaction_arena(transaction), 6, run->symbol_count, error))
        return false;
    for (size_t i = 0; i < run->symbol_count; i++) {
        const struct run_position *position = &run->positions[i];
        const struct parameter row[] = {
            parameter_text(run->tickers[i]),
            parameter_decimal(position->quantity, QUANTITY_SCALE),
            parameter_decimal(position->entry_price, MONEY_SCALE),
            parameter_decimal(position->high_water, MONEY_SCALE),
            parameter_decimal(position->close, MONEY_SCALE),
            parameter_int(position->target),
        };

        columns_add(&columns, row);
    }
    return columns_queue(&columns, transaction, &save_positions, more, COUNT_OF(more), NULL, error);
}

static bool
queue_orders(struct transaction *transaction, const struct run *run, struct error *error)
{
    const struct parameter more[] = {
        parameter_text(run->id),
        parameter_text(run->user_id),
        parameter_text(run->portfolio_id),
        parameter_int(run->shard),
    };
    struct columns open;
    struct columns settled;

    if (!columns_start(&open, transaction_arena(transaction), 10, run->open_count, error) ||
        !columns_start(&settled, transaction_arena(transaction), 1, run->open_count, error))
        return false;
    for (size_t i = 0; i < run->open_count; i++) {
        const struct run_order *order = &run->orders[i];
        const struct parameter row[] = {
            parameter_time(order->bar_at),
            parameter_text(run->tickers[order->symbol]),
            parameter_text(order->name),
            parameter_text(backtest_cause_name(order->cause)),
            parameter_text(order_side_name(order->side)),
            parameter_decimal(order->quantity, QUANTITY_SCALE),
            parameter_int(order->decision),
            parameter_bool(order->is_placed),
            parameter_bool(order->is_to_cancel),
            parameter_int(order->fills),
        };

        columns_add(order->is_settled ? &settled : &open, order->is_settled ? &row[2] : row);
    }
    return columns_queue(&open, transaction, &save_orders, more, COUNT_OF(more), NULL, error) &&
           columns_queue(&settled, transaction, &settle_orders, more, 2, NULL, error);
}

static bool queue_decisions(struct transaction *transaction,
                            const struct run *run,
                            const struct run_decision *decisions,
                            size_t count,
                            int64_t events,
                            struct error *error)
{
    const struct parameter more[] = {parameter_text(run->id), parameter_text(run->user_id)};
    const struct parameter old[] = {parameter_text(run->id), parameter_text(run->user_id),
                                    parameter_int(run->decision_count - RUN_DECISIONS_MAX)};
    struct columns columns;

    if (!columns_start(&columns, transaction_arena(transaction), 20, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct run_decision *one = &decisions[i];
        bool has_symbol = one->ticker != NULL;
        bool has_order = one->client_order_id != NULL;
        const struct parameter row[] = {
            parameter_int(one->number),
            parameter_time(one->bar_at),
            parameter_time(one->decided_at),
            parameter_text(one->ticker),
            has_symbol ? parameter_decimal(one->close, MONEY_SCALE) : parameter_null(),
            parameter_text(one->indicators),
            parameter_text(one->signal),
            has_symbol ? parameter_int(one->target) : parameter_null(),
            has_symbol ? parameter_decimal(one->quantity, QUANTITY_SCALE) : parameter_null(),
            parameter_decimal(one->cash, MONEY_SCALE),
            parameter_decimal(one->equity, MONEY_SCALE),
            parameter_text(outcomes[one->outcome]),
            parameter_text(one->cause),
            parameter_text(one->side),
            has_order ? parameter_decimal(one->order_quantity, QUANTITY_SCALE) : parameter_null(),
            parameter_text(one->client_order_id),
            parameter_int(one->canceled),
            parameter_text(one->reason),
            parameter_text(one->reason_message),
            parameter_int(events - (int64_t)(count - i)),
        };

        columns_add(&columns, row);
    }
    return columns_queue(&columns, transaction, &add_decisions, more, COUNT_OF(more), NULL,
                         error) &&
           (count == 0 || run->decision_count <= RUN_DECISIONS_MAX ||
            transaction_queue(transaction, &prune_decisions, old, COUNT_OF(old), NULL, error));
}

// Orders that have ended before anybody noted that they were placed, as whoever placed them is
// dead; and those that were rejected after that.
static bool queue_notes(struct transaction *transaction, const struct run *run, struct error *error)
{
    for (size_t i = 0; i < run->open_count; i++) {
        const struct run_order *order = &run->orders[i];
        bool is_refused = order->status == ORDER_REJECTED;
        struct error refusal = {.code = CODE_OK};

        if (!order->is_settled || (order->is_placed && !is_refused))
            continue;
        snprintf(refusal.reason, sizeof(refusal.reason), "%s",
                 order->reason == NULL ? "" : order->reason);
        snprintf(refusal.message, sizeof(refusal.message), "%s",
                 order->reason_message == NULL ? "" : order->reason_message);
        error_details_add(&refusal, order->reason_details);
        if (!run_store_note_placed(transaction, run, order, is_refused ? NULL : order->order_id,
                                   &refusal, error))
            return false;
    }
    return true;
}

bool run_store_save(struct transaction *transaction,
                    const struct run *run,
                    const struct shard_claim *claim,
                    int64_t decisions_before,
                    const struct run_decision *decisions,
                    size_t decision_count,
                    bool *out_is_mine,
                    struct error *error)
{
    int64_t events = 0;

    *out_is_mine = false;
    if (!shard_store_hold(transaction, claim, 1, out_is_mine, error))
        return false;
    if (!*out_is_mine)
        return true;
    if (!save(transaction, run, decisions_before, decision_count, &events, out_is_mine, error))
        return false;
    return !*out_is_mine ||
           (queue_positions(transaction, run, error) && queue_orders(transaction, run, error) &&
            queue_decisions(transaction, run, decisions, decision_count, events, error) &&
            queue_notes(transaction, run, error));
}

static bool queue_placed(struct transaction *transaction,
                         const struct run *run,
                         const struct run_order *order,
                         const char *order_id,
                         struct error *error)
{
    const struct parameter result[] = {
        parameter_text(run->id),
        parameter_text(run->user_id),
        parameter_int(order->decision),
        parameter_text(outcomes[RUN_OUTCOME_PLACED]),
        parameter_text(order_id),
        parameter_null(),
        parameter_null(),
        parameter_null(),
    };
    const struct parameter name[] = {parameter_text(run->id), parameter_text(run->user_id),
                                     parameter_text(order->name)};

    // The run's row first, as whoever saves it does.
    return transaction_queue(transaction, &note_decision, result, COUNT_OF(result), NULL, error) &&
           transaction_queue(transaction, &note_placed, name, COUNT_OF(name), NULL, error);
}

static bool queue_refused(struct transaction *transaction,
                          const struct run *run,
                          const struct run_order *order,
                          const struct error *refusal,
                          struct error *error)
{
    OWNED(strbuf) details = strbuf_new(ERROR_DETAILS_SIZE);
    char message[ERROR_MESSAGE_SIZE];
    const struct parameter name = parameter_text(order->name);
    struct parameter settled[] = {parameter_null(), parameter_text(run->id),
                                  parameter_text(run->user_id)};

    error_print(refusal, message);
    error_details_print(refusal, details);
    if (!parameter_array(transaction_arena(transaction), &name, 1, &settled[0]))
        return out_of_budget(error);
    const struct parameter result[] = {
        parameter_text(run->id),
        parameter_text(run->user_id),
        parameter_int(order->decision),
        parameter_text(outcomes[RUN_OUTCOME_REFUSED]),
        parameter_null(),
        parameter_text(refusal->reason),
        parameter_text(message),
        parameter_text(details->length == 0 ? NULL : details->data),
    };
    return transaction_queue(transaction, &note_decision, result, COUNT_OF(result), NULL, error) &&
           transaction_queue(transaction, &settle_orders, settled, COUNT_OF(settled), NULL, error);
}

bool run_store_note_placed(struct transaction *transaction,
                           const struct run *run,
                           const struct run_order *order,
                           const char *order_id,
                           const struct error *refusal,
                           struct error *error)
{
    return order_id != NULL ? queue_placed(transaction, run, order, order_id, error)
                            : queue_refused(transaction, run, order, refusal, error);
}

static enum run_outcome outcome_of(const char *name)
{
    int outcome = 0;

    while (outcome + 1 < RUN_OUTCOME_COUNT && strcmp(outcomes[outcome], name) != 0)
        outcome++;
    return (enum run_outcome)outcome;
}

static int64_t decimal_of(const struct rows *rows, size_t row, size_t column, int scale)
{
    return rows_is_null(rows, row, column) ? 0 : rows_decimal(rows, row, column, scale);
}

static struct run_decision read_decision(const struct rows *rows, size_t row)
{
    return (struct run_decision){
        .number = rows_int(rows, row, 0),
        .bar_at = rows_time(rows, row, 1),
        .decided_at = rows_time(rows, row, 2),
        .ticker = rows_text(rows, row, 3),
        .close = decimal_of(rows, row, 4, MONEY_SCALE),
        .indicators = rows_text(rows, row, 5),
        .signal = rows_text(rows, row, 6),
        .target = rows_int(rows, row, 7),
        .quantity = decimal_of(rows, row, 8, QUANTITY_SCALE),
        .cash = rows_decimal(rows, row, 9, MONEY_SCALE),
        .equity = rows_decimal(rows, row, 10, MONEY_SCALE),
        .outcome = outcome_of(rows_text(rows, row, 11)),
        .cause = rows_text(rows, row, 12),
        .side = rows_text(rows, row, 13),
        .order_quantity = decimal_of(rows, row, 14, QUANTITY_SCALE),
        .client_order_id = rows_text(rows, row, 15),
        .order_id = rows_text(rows, row, 16),
        .canceled = rows_int(rows, row, 17),
        .reason = rows_text(rows, row, 18),
        .reason_message = rows_text(rows, row, 19),
        .event = rows_int(rows, row, 20),
        .reason_details = rows_text(rows, row, 21),
    };
}

static bool list(struct transaction *transaction,
                 const struct statement *statement,
                 const struct run *run,
                 int64_t after,
                 size_t limit,
                 struct run_decision **out_decisions,
                 size_t *out_count,
                 struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(run->id),
        parameter_text(run->user_id),
        parameter_int(after),
        parameter_int((int64_t)limit),
    };
    struct run_decision *decisions = NULL;
    struct rows rows = {0};

    if (!transaction_query(transaction, statement, parameters, COUNT_OF(parameters), &rows, error))
        return false;
    decisions =
        arena_allocate(transaction_arena(transaction), (rows.count + 1) * sizeof *decisions);
    if (decisions == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        decisions[i] = read_decision(&rows, i);
    *out_decisions = decisions;
    *out_count = rows.count;
    return true;
}

bool run_store_list_decisions(struct transaction *transaction,
                              const struct run *run,
                              int64_t after,
                              size_t limit,
                              struct run_decision **out_decisions,
                              size_t *out_count,
                              struct error *error)
{
    return list(transaction, &list_decisions, run, after, limit, out_decisions, out_count, error);
}

bool run_store_list_changed_decisions(struct transaction *transaction,
                                      const struct run *run,
                                      int64_t after,
                                      size_t limit,
                                      struct run_decision **out_decisions,
                                      size_t *out_count,
                                      struct error *error)
{
    return list(transaction, &list_changed_decisions, run, after, limit, out_decisions, out_count,
                error);
}
