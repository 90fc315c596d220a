// SPDX-License-Identifier: MIT
#include "actions/corporate_action_store.h"

#include "money/money.h"

#include <stdio.h>
#include <string.h>

enum { SPLITS_A_READ = 1000, SPLITS_MEMORY = 1024 * 1024 };

// Columns: id, ticker, kind, ex-date, numerator, denominator, amount, entered at, booked at.
#define ACTION_COLUMNS                                                                             \
    "id, ticker, kind, ex_date - DATE '1970-01-01', numerator, denominator, amount, entered_at,"   \
    " booked_at"

#define LIST_ACTIONS(condition)                                                                    \
    "SELECT " ACTION_COLUMNS " FROM corporate_actions"                                             \
    " WHERE ($1::text IS NULL OR ticker = $1)"                                                     \
    " AND ex_date BETWEEN DATE '1970-01-01' + $2::integer AND DATE '1970-01-01' + $3::integer"     \
    " AND (ex_date, ticker, kind) > (DATE '1970-01-01' + $4::integer, $5::text, "                  \
    "$6::text)" condition " ORDER BY ex_date, ticker, kind LIMIT $7::bigint"

static const char *kind_text(enum corporate_action_kind kind)
{
    return kind == ACTION_SPLIT ? "split" : "dividend";
}

static void read_action(const struct rows *rows, size_t row, struct corporate_action *out_action)
{
    *out_action = (struct corporate_action){
        .id = rows_text(rows, row, 0),
        .kind = strcmp(rows_text(rows, row, 2), "split") == 0 ? ACTION_SPLIT : ACTION_DIVIDEND,
        .ex_day = rows_int(rows, row, 3),
        .numerator = rows_int(rows, row, 4),
        .denominator = rows_int(rows, row, 5),
        .amount_micros = rows_is_null(rows, row, 6) ? 0 : rows_decimal(rows, row, 6, MONEY_SCALE),
        .entered_at = rows_time(rows, row, 7),
        .booked_at = rows_is_null(rows, row, 8) ? 0 : rows_time(rows, row, 8),
    };
    (void)snprintf(out_action->ticker, sizeof out_action->ticker, "%s", rows_text(rows, row, 1));
}

bool corporate_action_store_splits(struct database *database,
                                   struct split **out_splits,
                                   size_t *out_count,
                                   struct error *error)
{
    static const struct statement list = {
        "list_splits", "SELECT ticker, ex_date - DATE '1970-01-01', numerator, denominator,"
                       " booked_at IS NOT NULL FROM corporate_actions WHERE kind = 'split'"
                       " AND (ticker, ex_date) > ($1::text, DATE '1970-01-01' + $2::integer)"
                       " ORDER BY ticker, ex_date LIMIT $3::bigint"};
    OWNED(arena) arena = arena_new(SPLITS_MEMORY);
    struct split *splits = allocate_array(1, sizeof *splits);
    struct rows rows = {.count = SPLITS_A_READ};
    size_t count = 0;

    while (rows.count == SPLITS_A_READ) {
        const struct split *last = count > 0 ? &splits[count - 1] : NULL;
        const struct parameter values[] = {parameter_text(last == NULL ? "" : last->ticker),
                                           parameter_int(last == NULL ? 0 : last->day),
                                           parameter_int(SPLITS_A_READ)};

        arena_reset(arena);
        if (!database_query(database, arena, &list, values, COUNT_OF(values), &rows, error)) {
            release(splits);
            return false;
        }
        splits = reallocate_array(splits, count + rows.count + 1, sizeof *splits);
        for (size_t i = 0; i < rows.count; i++, count++) {
            splits[count] = (struct split){.day = rows_int(&rows, i, 1),
                                           .numerator = rows_int(&rows, i, 2),
                                           .denominator = rows_int(&rows, i, 3),
                                           .is_booked = rows_bool(&rows, i, 4)};
            (void)snprintf(splits[count].ticker, sizeof splits[count].ticker, "%s",
                           rows_text(&rows, i, 0));
        }
    }
    *out_splits = splits;
    *out_count = count;
    return true;
}

bool corporate_action_store_list(struct database *database,
                                 struct arena *arena,
                                 const struct corporate_action_query *query,
                                 struct corporate_action **out_actions,
                                 size_t *out_count,
                                 struct error *error)
{
    static const struct statement list = {"list_corporate_actions", LIST_ACTIONS("")};
    // Asked every second: it has an index of its own.
    static const struct statement list_unbooked = {"list_unbooked_actions",
                                                   LIST_ACTIONS(" AND booked_at IS NULL")};
    const struct parameter values[] = {
        parameter_text(query->ticker),
        parameter_int(query->first_day),
        parameter_int(query->last_day),
        parameter_int(query->after_day),
        parameter_text(query->after_ticker == NULL ? "" : query->after_ticker),
        parameter_text(query->after_ticker == NULL ? "" : kind_text(query->after_kind)),
        parameter_int((int64_t)query->limit)};
    struct rows rows;

    if (!database_query(database, arena, query->unbooked ? &list_unbooked : &list, values,
                        COUNT_OF(values), &rows, error))
        return false;
    *out_actions = arena_allocate(arena, (rows.count + 1) * sizeof **out_actions);
    if (*out_actions == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the corporate actions do not fit");
    for (size_t i = 0; i < rows.count; i++)
        read_action(&rows, i, &(*out_actions)[i]);
    *out_count = rows.count;
    return true;
}

// The symbol's row is held, so that it is not deleted meanwhile, and no history is stored that does
// not see the change.
static const struct statement lock_symbol = {"lock_symbol",
                                             "SELECT 1 FROM symbols WHERE ticker = $1 FOR UPDATE"};

// A price of before a split of $3 for $4, within the limits of prices.
#define AS_BEFORE(price)                                                                           \
    price " = least(greatest(round(" price " * $3::numeric / $4::numeric, 6), 0.000001),"          \
          " 1000000000), "

// Days are kept as traded. Those that came divided by a split of which nothing was known are
// multiplied when it is, and divided again when it turns out to have been none. The history is then
// asked for anew, as days may fit that did not.
static bool put_back_days(struct transaction *transaction,
                          const struct corporate_action *split,
                          int64_t numerator,
                          int64_t denominator,
                          struct error *error)
{
    static const struct statement put_back = {
        "put_back_days",
        "UPDATE bars SET " AS_BEFORE("open") AS_BEFORE("high") AS_BEFORE("low")
            AS_BEFORE("close") "volume = least(round(volume * $4::numeric / $3::numeric), "
                               "1000000000000000)::bigint"
                               " WHERE ticker = $1 AND day < DATE '1970-01-01' + $2::integer"
                               " AND adjusted_through >= DATE '1970-01-01' + $2::integer"};
    static const struct statement forget = {
        "ask_for_history_anew", "UPDATE histories SET settled_through = NULL, continued_on = NULL"
                                " WHERE ticker = $1"};
    const struct parameter values[] = {parameter_text(split->ticker), parameter_int(split->ex_day),
                                       parameter_int(numerator), parameter_int(denominator)};

    return transaction_queue(transaction, &put_back, values, COUNT_OF(values), NULL, error) &&
           transaction_queue(transaction, &forget, values, 1, NULL, error) &&
           transaction_flush(transaction, error);
}

bool corporate_action_store_insert(struct transaction *transaction,
                                   const struct corporate_action *action,
                                   struct error *error)
{
    static const struct statement count = {"count_corporate_actions",
                                           "SELECT count(*) FROM corporate_actions"};
    static const struct statement insert = {
        "insert_corporate_action",
        "INSERT INTO corporate_actions (id, ticker, kind, ex_date, numerator, denominator, amount,"
        " entered_at, booked_at)"
        " SELECT $1, ticker, $3, DATE '1970-01-01' + $4::integer, $5, $6, $7, $8, $9"
        " FROM symbols WHERE ticker = $2 ON CONFLICT DO NOTHING"};
    bool is_split = action->kind == ACTION_SPLIT;
    const struct parameter values[] = {
        parameter_text(action->id),
        parameter_text(action->ticker),
        parameter_text(kind_text(action->kind)),
        parameter_int(action->ex_day),
        is_split ? parameter_int(action->numerator) : parameter_null(),
        is_split ? parameter_int(action->denominator) : parameter_null(),
        is_split ? parameter_null() : parameter_decimal(action->amount_micros, MONEY_SCALE),
        parameter_time(action->entered_at),
        action->booked_at == 0 ? parameter_null() : parameter_time(action->booked_at)};
    struct rows locked = {0}, inserted = {0}, counted = {0};

    if (!transaction_queue(transaction, &lock_symbol, &values[1], 1, &locked, error) ||
        !transaction_queue(transaction, &insert, values, COUNT_OF(values), &inserted, error) ||
        !transaction_queue(transaction, &count, NULL, 0, &counted, error) ||
        !transaction_flush(transaction, error))
        return false;
    if (locked.count == 0) {
        (void)error_set(error, REASON_SYMBOL_NOT_FOUND, "there is no symbol %s", action->ticker);
        error_add_number(error, "ticker", "%s", action->ticker);
        return false;
    }
    if (inserted.affected == 0)
        return error_set(error, REASON_CORPORATE_ACTION_EXISTS,
                         "there is a %s of %s with that ex-date already", kind_text(action->kind),
                         action->ticker);
    if (rows_int(&counted, 0, 0) > CORPORATE_ACTIONS_MAX)
        return error_set(error, REASON_LIMIT_EXCEEDED, "there can be %d corporate actions at most",
                         CORPORATE_ACTIONS_MAX);
    return !is_split ||
           put_back_days(transaction, action, action->numerator, action->denominator, error);
}

bool corporate_action_store_delete(struct transaction *transaction,
                                   const char *id,
                                   struct corporate_action *out_action,
                                   struct error *error)
{
    static const struct statement delete = {
        "delete_corporate_action",
        "DELETE FROM corporate_actions WHERE id = $1 RETURNING " ACTION_COLUMNS};
    const struct parameter value = parameter_text(id);
    struct parameter ticker;
    struct rows rows;

    if (!transaction_query(transaction, &delete, &value, 1, &rows, error))
        return false;
    if (rows.count == 0)
        return error_set(error, REASON_CORPORATE_ACTION_NOT_FOUND,
                         "there is no corporate action %s", id);
    read_action(&rows, 0, out_action);
    ticker = parameter_text(out_action->ticker);
    return out_action->kind != ACTION_SPLIT ||
           (transaction_query(transaction, &lock_symbol, &ticker, 1, NULL, error) &&
            put_back_days(transaction, out_action, out_action->denominator, out_action->numerator,
                          error));
}

bool corporate_action_store_confirm(struct database *database,
                                    struct arena *arena,
                                    const char *id,
                                    int64_t until_day,
                                    int64_t now,
                                    char out_ticker[TICKER_SIZE],
                                    struct error *error)
{
    static const struct statement confirm = {
        "confirm_corporate_action",
        "UPDATE corporate_actions SET booked_at = coalesce(booked_at, $3)"
        " WHERE id = $1 AND ex_date <= DATE '1970-01-01' + $2::integer RETURNING ticker"};
    const struct parameter values[] = {parameter_text(id), parameter_int(until_day),
                                       parameter_time(now)};
    struct rows rows;

    if (!database_query(database, arena, &confirm, values, COUNT_OF(values), &rows, error))
        return false;
    if (rows.count == 0)
        return error_set(error, REASON_CORPORATE_ACTION_NOT_FOUND,
                         "there is no corporate action %s that is in effect", id);
    (void)snprintf(out_ticker, TICKER_SIZE, "%s", rows_text(&rows, 0, 0));
    return true;
}
