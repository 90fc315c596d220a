// SPDX-License-Identifier: MIT
#include "limits/limit_store.h"

#include <stdio.h>
#include <string.h>

#include "database/columns.h"
#include "money/money.h"
#include "store/trading_store_private.h"

#define LIMIT_COLUMNS                                                                              \
    "subject, kind, revision, max_order_value, max_position_percent, max_orders_per_day,"          \
    " max_daily_loss, allowed_symbols, forbidden_symbols"

#define HALT_COLUMNS                                                                               \
    "subject, scope, halted_by, revision, halted_at IS NOT NULL, coalesce(halted_at, resumed_at)," \
    " note, cancels_orders"

static const struct statement read_revision = {
    "read_limits_revision",
    "SELECT number FROM limits_revision WHERE id = 1",
};

static const struct statement next_revision = {
    "next_limits_revision",
    "UPDATE limits_revision SET number = number + 1 WHERE id = 1 RETURNING number",
};

static const struct statement lock_revision = {
    "lock_limits_revision",
    "SELECT number FROM limits_revision WHERE id = 1 FOR UPDATE",
};

static const struct statement list_limits = {
    "list_limits",
    "SELECT " LIMIT_COLUMNS " FROM trading_limits WHERE revision > $1 ORDER BY revision LIMIT $2",
};

static const struct statement list_halts = {
    "list_halts",
    "SELECT " HALT_COLUMNS " FROM trading_halts WHERE revision > $1 ORDER BY revision LIMIT $2",
};

static const struct statement load_limits = {
    "load_limits",
    "SELECT " LIMIT_COLUMNS " FROM trading_limits"
    " WHERE subject = ANY (ARRAY[coalesce($1::uuid, '" LIMIT_STORE_ALL "'),"
    " '" LIMIT_STORE_ALL "'])",
};

static const struct statement save_limits = {
    "save_limits",
    "INSERT INTO trading_limits (" LIMIT_COLUMNS ", updated_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    " ON CONFLICT (subject, kind) DO UPDATE SET revision = excluded.revision,"
    " max_order_value = excluded.max_order_value,"
    " max_position_percent = excluded.max_position_percent,"
    " max_orders_per_day = excluded.max_orders_per_day,"
    " max_daily_loss = excluded.max_daily_loss, allowed_symbols = excluded.allowed_symbols,"
    " forbidden_symbols = excluded.forbidden_symbols, updated_at = excluded.updated_at",
};

static const struct statement load_halts = {
    "load_halts",
    "SELECT " HALT_COLUMNS " FROM trading_halts WHERE halted_at IS NOT NULL"
    " AND subject = ANY (ARRAY[$1::uuid, $2::uuid, '" LIMIT_STORE_ALL "'])"
    " ORDER BY halted_at, revision",
};

static const struct statement save_halt = {
    "save_halt",
    "INSERT INTO trading_halts AS h (subject, scope, halted_by, revision, halted_at, note,"
    " cancels_orders) VALUES ($1, $2, $3, $4, $5, $6, $7)"
    " ON CONFLICT (subject, halted_by) DO UPDATE SET revision = excluded.revision,"
    " halted_at = coalesce(h.halted_at, excluded.halted_at), resumed_at = NULL,"
    " note = excluded.note, cancels_orders = excluded.cancels_orders",
};

static const struct statement end_halt = {
    "end_halt",
    "UPDATE trading_halts SET revision = $3, halted_at = NULL, resumed_at = $4, note = NULL,"
    " cancels_orders = false WHERE subject = $1 AND halted_by = $2 AND halted_at IS NOT NULL",
};

static const struct statement list_resting[HALT_SCOPE_COUNT] = {
    [HALT_PORTFOLIO] =
        {"list_resting_of_portfolio",
         "SELECT o.id FROM resting_orders r JOIN orders o ON o.id = r.order_id"
         " AND o.portfolio_id = r.portfolio_id AND o.status IN ('new', 'partially_filled')"
         " WHERE r.portfolio_id = $1 AND r.order_id > $2 ORDER BY o.id LIMIT $3"},
    [HALT_USER] = {"list_resting_of_user", "SELECT id FROM orders WHERE user_id = $1 AND id > $2 "
                                           "AND status IN ('new', 'partially_filled')"
                                           " ORDER BY id LIMIT $3"},
    // The tasks of orders that rest, as the matcher reads them: all that rest lie side by side.
    [HALT_PLATFORM] =
        {"list_resting_of_all",
         "SELECT o.id FROM tasks t JOIN orders o ON o.id = t.id"
         " AND o.portfolio_id = t.portfolio_id AND o.status IN ('new', 'partially_filled')"
         " WHERE t.state IN ('pending', 'active') AND t.run_at = 'infinity'"
         " AND t.id > $2 AND $1::uuid IS NOT NULL ORDER BY t.id LIMIT $3"},
};

static const struct statement find_open = {
    "find_open_of_user",
    "SELECT 1 FROM orders WHERE user_id = $1 AND status NOT IN ('filled', 'canceled', 'expired',"
    " 'rejected', 'replaced') UNION ALL"
    " SELECT 1 FROM strategy_runs r JOIN strategy_orders o ON o.run_id = r.id"
    "  AND o.user_id = r.user_id WHERE r.user_id = $1 LIMIT 1",
};

static const struct statement lock_counts = {
    "lock_order_counts",
    "INSERT INTO order_counts AS c (portfolio_id, day, revision, placed)"
    " SELECT DISTINCT portfolio_id, '-infinity'::timestamptz, 0, 0"
    " FROM unnest($1::uuid[]) AS n (portfolio_id) ORDER BY portfolio_id"
    " ON CONFLICT (portfolio_id) DO UPDATE SET placed = c.placed",
};

// Counted anew with another day or another limit. That reads the orders of the user, so it is left
// to when it has to be: once a day, and once a change. Legs count with the order that they were
// placed with.
static const struct statement count_anew = {
    "count_orders_anew",
    "UPDATE order_counts c SET day = n.day, revision = n.revision,"
    " placed = (SELECT count(*) FROM orders o WHERE o.user_id = n.user_id"
    "  AND o.portfolio_id = n.portfolio_id AND o.created_at >= n.day"
    "  AND (o.part IS NULL OR o.replaces IS NOT NULL"
    "   OR o.part = CASE o.order_class WHEN 'oco' THEN 'take_profit' ELSE 'entry' END))"
    " FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[])"
    " AS n (portfolio_id, user_id, day, revision)"
    " WHERE c.portfolio_id = n.portfolio_id AND (c.day <> n.day OR c.revision <> n.revision)",
};

static const struct statement read_counts = {
    "read_order_counts",
    "SELECT portfolio_id, placed FROM order_counts WHERE portfolio_id = ANY ($1::uuid[])",
};

static const struct statement find_placed = {
    "find_placed",
    "SELECT o.portfolio_id, o.request_id FROM unnest($1::uuid[], $2::uuid[])"
    " AS n (portfolio_id, request_id)"
    " JOIN orders o ON o.portfolio_id = n.portfolio_id AND o.request_id = n.request_id",
};

static const struct statement add_counts = {
    "add_order_counts",
    "UPDATE order_counts c SET placed = c.placed + n.placed"
    " FROM (SELECT o.portfolio_id, count(*) AS placed FROM unnest($1::uuid[], $2::uuid[])"
    "  AS u (id, portfolio_id) JOIN orders o ON o.id = u.id AND o.portfolio_id = u.portfolio_id"
    "  GROUP BY o.portfolio_id) n"
    " WHERE c.portfolio_id = n.portfolio_id",
};

static const char *const scope_names[] = {
#define HALT_SCOPE_AS_NAME(name, text) text,
    HALT_SCOPES(HALT_SCOPE_AS_NAME)
#undef HALT_SCOPE_AS_NAME
};

static const char *const by_names[HALT_BY_COUNT] = {"owner", "administrator"};

const char *halt_scope_name(enum halt_scope scope)
{
    return scope_names[scope];
}

const char *halt_by_name(enum halt_by by)
{
    return by_names[by];
}

bool limit_store_revision(struct database *database,
                          struct arena *arena,
                          int64_t *out_revision,
                          struct error *error)
{
    struct rows rows = {0};

    if (!database_query(database, arena, &read_revision, NULL, 0, &rows, error))
        return false;
    *out_revision = rows.count == 0 ? 0 : rows_int(&rows, 0, 0);
    return true;
}

static void read_limits(const struct rows *rows, size_t row, struct limit_record *out_record)
{
    struct limit_record record = {
        .limits =
            {
                .values =
                    {
                        [LIMIT_ORDER_VALUE] = rows_decimal(rows, row, 3, MONEY_SCALE),
                        [LIMIT_POSITION_PERCENT] = rows_decimal(rows, row, 4, MONEY_SCALE),
                        [LIMIT_ORDERS_PER_DAY] = rows_int(rows, row, 5),
                        [LIMIT_DAILY_LOSS] = rows_decimal(rows, row, 6, MONEY_SCALE),
                    },
                .allowed_symbols = rows_text(rows, row, 7),
                .forbidden_symbols = rows_text(rows, row, 8),
                .revision = rows_int(rows, row, 2),
            },
    };

    snprintf(record.subject, UUID_SIZE, "%s", rows_text(rows, row, 0));
    // The column's CHECK has no other names.
    if (!limit_source_find(rows_text(rows, row, 1), &record.kind))
        record.kind = LIMIT_OWN;
    *out_record = record;
}

bool limit_store_list_limits(struct database *database,
                             struct arena *arena,
                             int64_t after_revision,
                             struct limit_record **out_records,
                             size_t *out_count,
                             struct error *error)
{
    struct parameter parameters[] = {parameter_int(after_revision),
                                     parameter_int(LIMIT_STORE_PAGE)};
    struct limit_record *records = NULL;
    struct rows rows = {0};

    if (!database_query(database, arena, &list_limits, parameters, 2, &rows, error))
        return false;
    records = arena_allocate(arena, (rows.count + 1) * sizeof(*records));
    if (records == NULL)
        return store_out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        read_limits(&rows, i, &records[i]);
    *out_records = records;
    *out_count = rows.count;
    return true;
}

static size_t find_name(const char *name, const char *const *names, size_t count)
{
    size_t index = 0;

    while (index + 1 < count && strcmp(names[index], name) != 0)
        index++;
    return index;
}

static bool read_halts(const struct rows *rows,
                       struct arena *arena,
                       struct halt_record **out_records,
                       struct error *error)
{
    struct halt_record *records = arena_allocate(arena, (rows->count + 1) * sizeof(*records));

    if (records == NULL)
        return store_out_of_budget(error);
    for (size_t i = 0; i < rows->count; i++) {
        records[i] = (struct halt_record){
            .scope = (enum halt_scope)find_name(rows_text(rows, i, 1), scope_names,
                                                COUNT_OF(scope_names)),
            .by = (enum halt_by)find_name(rows_text(rows, i, 2), by_names, COUNT_OF(by_names)),
            .revision = rows_int(rows, i, 3),
            .is_halted = rows_bool(rows, i, 4),
            .at = rows_time(rows, i, 5),
            .note = rows_text(rows, i, 6),
            .cancels_orders = rows_bool(rows, i, 7),
        };
        snprintf(records[i].subject, UUID_SIZE, "%s", rows_text(rows, i, 0));
    }
    *out_records = records;
    return true;
}

bool limit_store_list_halts(struct database *database,
                            struct arena *arena,
                            int64_t after_revision,
                            struct halt_record **out_records,
                            size_t *out_count,
                            struct error *error)
{
    struct parameter parameters[] = {parameter_int(after_revision),
                                     parameter_int(LIMIT_STORE_PAGE)};
    struct rows rows = {0};

    if (!database_query(database, arena, &list_halts, parameters, 2, &rows, error) ||
        !read_halts(&rows, arena, out_records, error))
        return false;
    *out_count = rows.count;
    return true;
}

static void sort_out(const struct rows *rows,
                     struct limits_in_force *out_limits,
                     struct trading_limits *out_defaults)
{
    const struct trading_limits none = {.allowed_symbols = "", .forbidden_symbols = ""};
    struct limits_in_force limits = {.own = none, .own_source = LIMIT_DEFAULT, .ceiling = none};
    struct trading_limits defaults = none;

    for (size_t i = 0; i < rows->count; i++) {
        struct limit_record record;

        read_limits(rows, i, &record);
        if (record.kind == LIMIT_CEILING) {
            limits.ceiling = record.limits;
        } else if (record.kind == LIMIT_DEFAULT) {
            defaults = record.limits;
        } else {
            limits.own = record.limits;
            limits.own_source = LIMIT_OWN;
        }
    }
    if (limits.own_source == LIMIT_DEFAULT)
        limits.own = defaults;
    *out_limits = limits;
    *out_defaults = defaults;
}

bool limit_store_load(struct database *database,
                      struct arena *arena,
                      const char *portfolio_id,
                      struct limits_in_force *out_limits,
                      struct trading_limits *out_defaults,
                      struct error *error)
{
    struct parameter parameter = parameter_text(portfolio_id);
    struct rows rows = {0};

    if (!database_query(database, arena, &load_limits, &parameter, 1, &rows, error))
        return false;
    sort_out(&rows, out_limits, out_defaults);
    return true;
}

bool limit_store_lock(struct transaction *transaction,
                      const char *portfolio_id,
                      struct limits_in_force *out_limits,
                      struct trading_limits *out_defaults,
                      struct error *error)
{
    struct parameter parameter = parameter_text(portfolio_id);
    struct rows rows = {0};

    if (!transaction_queue(transaction, &lock_revision, NULL, 0, NULL, error) ||
        !transaction_queue(transaction, &load_limits, &parameter, 1, &rows, error) ||
        !transaction_flush(transaction, error))
        return false;
    sort_out(&rows, out_limits, out_defaults);
    return true;
}

bool limit_store_next_revision(struct transaction *transaction,
                               int64_t *out_revision,
                               struct error *error)
{
    struct rows rows = {0};

    if (!transaction_query(transaction, &next_revision, NULL, 0, &rows, error))
        return false;
    if (rows.count != 1)
        return error_set(error, REASON_INTERNAL, "There is no revision of the limits.");
    *out_revision = rows_int(&rows, 0, 0);
    return true;
}

bool limit_store_save(struct transaction *transaction,
                      const struct limit_record *record,
                      int64_t now,
                      struct error *error)
{
    const struct trading_limits *limits = &record->limits;
    int64_t orders = limits->values[LIMIT_ORDERS_PER_DAY];
    struct parameter parameters[] = {
        parameter_text(record->subject),
        parameter_text(limit_source_name(record->kind)),
        parameter_int(limits->revision),
        store_price_or_null(limits->values[LIMIT_ORDER_VALUE]),
        store_price_or_null(limits->values[LIMIT_POSITION_PERCENT]),
        orders == 0 ? parameter_null() : parameter_int(orders),
        store_price_or_null(limits->values[LIMIT_DAILY_LOSS]),
        parameter_text(limits->allowed_symbols),
        parameter_text(limits->forbidden_symbols),
        parameter_time(now),
    };

    return transaction_queue(transaction, &save_limits, parameters, COUNT_OF(parameters), NULL,
                             error);
}

bool limit_store_load_halts(struct transaction *transaction,
                            const char *portfolio_id,
                            const char *user_id,
                            struct halt_record **out_records,
                            size_t *out_count,
                            struct error *error)
{
    struct parameter parameters[] = {parameter_text(portfolio_id), parameter_text(user_id)};
    struct rows rows = {0};

    if (!transaction_query(transaction, &load_halts, parameters, 2, &rows, error) ||
        !read_halts(&rows, transaction_arena(transaction), out_records, error))
        return false;
    *out_count = rows.count;
    return true;
}

bool limit_store_halt(struct transaction *transaction,
                      const struct halt_record *record,
                      struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(record->subject),
        parameter_text(halt_scope_name(record->scope)),
        parameter_text(halt_by_name(record->by)),
        parameter_int(record->revision),
        parameter_time(record->at),
        parameter_text(record->note),
        parameter_bool(record->cancels_orders),
    };

    return transaction_queue(transaction, &save_halt, parameters, COUNT_OF(parameters), NULL,
                             error);
}

bool limit_store_resume(struct transaction *transaction,
                        const struct halt_record *record,
                        struct error *error)
{
    struct parameter parameters[] = {
        parameter_text(record->subject),
        parameter_text(halt_by_name(record->by)),
        parameter_int(record->revision),
        parameter_time(record->at),
    };

    return transaction_queue(transaction, &end_halt, parameters, COUNT_OF(parameters), NULL, error);
}

bool limit_store_list_resting(struct database *database,
                              struct arena *arena,
                              const struct halt_record *halt,
                              const char *after_id,
                              const char ***out_ids,
                              size_t *out_count,
                              struct error *error)
{
    struct parameter parameters[] = {parameter_text(halt->subject), parameter_text(after_id),
                                     parameter_int(LIMIT_STORE_ORDERS)};
    const char **ids = arena_allocate(arena, LIMIT_STORE_ORDERS * sizeof(*ids));
    struct rows rows = {0};

    if (ids == NULL)
        return store_out_of_budget(error);
    if (!database_query(database, arena, &list_resting[halt->scope], parameters,
                        COUNT_OF(parameters), &rows, error))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        ids[i] = rows_text(&rows, i, 0);
    *out_ids = ids;
    *out_count = rows.count;
    return true;
}

bool limit_store_has_open(struct database *database,
                          struct arena *arena,
                          const char *user_id,
                          bool *out_has,
                          struct error *error)
{
    struct parameter parameter = parameter_text(user_id);
    struct rows rows = {0};

    if (!database_query(database, arena, &find_open, &parameter, 1, &rows, error))
        return false;
    *out_has = rows.count > 0;
    return true;
}

static void take_count(const struct rows *rows, struct counted_order *order)
{
    for (size_t i = 0; i < rows->count; i++)
        if (strcmp(rows_text(rows, i, 0), order->order->portfolio_id) == 0)
            order->placed = rows_int(rows, i, 1);
}

static void take_placed(const struct rows *rows, struct counted_order *order)
{
    order->is_there = false;
    for (size_t i = 0; i < rows->count; i++)
        order->is_there =
            order->is_there || (strcmp(rows_text(rows, i, 0), order->order->portfolio_id) == 0 &&
                                strcmp(rows_text(rows, i, 1), order->order->request_id) == 0);
}

bool limit_store_count(struct transaction *transaction,
                       struct counted_order *orders,
                       size_t count,
                       struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct columns portfolios;
    struct columns keys;
    struct columns requests;
    struct rows counts = {0};
    struct rows placed = {0};

    if (!columns_start(&portfolios, arena, 1, count, error) ||
        !columns_start(&keys, arena, 4, count, error) ||
        !columns_start(&requests, arena, 2, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct parameter key[4] = {
            parameter_text(orders[i].order->portfolio_id),
            parameter_text(orders[i].order->user_id),
            parameter_time(orders[i].day),
            parameter_int(orders[i].limit.revision),
        };
        struct parameter request[2] = {
            parameter_text(orders[i].order->portfolio_id),
            parameter_text(orders[i].order->request_id),
        };

        columns_add(&portfolios, key);
        columns_add(&keys, key);
        columns_add(&requests, request);
    }
    // Each statement sees what was committed when it begins, and those after the first begin with
    // the locks taken.
    if (!columns_queue(&portfolios, transaction, &lock_counts, NULL, 0, NULL, error) ||
        !columns_queue(&keys, transaction, &count_anew, NULL, 0, NULL, error) ||
        !columns_queue(&portfolios, transaction, &read_counts, NULL, 0, &counts, error) ||
        !columns_queue(&requests, transaction, &find_placed, NULL, 0, &placed, error) ||
        !transaction_flush(transaction, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        take_count(&counts, &orders[i]);
        take_placed(&placed, &orders[i]);
    }
    return true;
}

bool limit_store_add(struct transaction *transaction,
                     const struct counted_order *orders,
                     size_t count,
                     struct error *error)
{
    struct columns keys;

    if (!columns_start(&keys, transaction_arena(transaction), 2, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct parameter key[2] = {
            parameter_text(orders[i].order->id),
            parameter_text(orders[i].order->portfolio_id),
        };

        columns_add(&keys, key);
    }
    return columns_queue(&keys, transaction, &add_counts, NULL, 0, NULL, error);
}
