// SPDX-License-Identifier: MIT
// The clock's row; declared in market_store.h.
#include "market_store.h"

#include "money/money.h"

#include <string.h>

static const char *const MODE_NAMES[] = {"", "real", "replay", "step"};

bool store_get_clock(struct database *database,
                     struct arena *arena,
                     struct clock_state *out_state,
                     struct error *error)
{
    static const struct statement get = {
        "get_clock", "SELECT mode, base_at, as_of, speed, shown_until, version FROM clock"};
    struct rows rows;

    if (!database_query(database, arena, &get, NULL, 0, &rows, error))
        return false;
    if (rows.count != 1)
        return error_set(error, REASON_INTERNAL, "the clock has no row");
    *out_state = (struct clock_state){
        .base_at = rows_time(&rows, 0, 1),
        .as_of = rows_time(&rows, 0, 2),
        .speed_micros = rows_decimal(&rows, 0, 3, MONEY_SCALE),
        .shown_until = rows_time(&rows, 0, 4),
        .version = rows_int(&rows, 0, 5),
    };
    for (int mode = CLOCK_REAL; mode <= CLOCK_STEP; mode++) {
        if (strcmp(rows_text(&rows, 0, 0), MODE_NAMES[mode]) == 0)
            out_state->mode = (enum clock_mode)mode;
    }
    return true;
}

bool store_change_clock(struct transaction *transaction,
                        int64_t version,
                        const struct clock_state *state,
                        struct error *error)
{
    static const struct statement change = {
        "change_clock", "UPDATE clock SET mode = $2, base_at = $3, as_of = $4, speed = $5,"
                        " shown_until = $6, version = $7 WHERE version = $1"};
    const struct parameter values[] = {parameter_int(version),
                                       parameter_text(MODE_NAMES[state->mode]),
                                       parameter_time(state->base_at),
                                       parameter_time(state->as_of),
                                       parameter_decimal(state->speed_micros, MONEY_SCALE),
                                       parameter_time(state->shown_until),
                                       parameter_int(state->version)};
    struct rows rows;

    if (!transaction_query(transaction, &change, values, COUNT_OF(values), &rows, error))
        return false;
    return rows.affected == 1 || error_set(error, REASON_CONFLICT, "another has set the clock");
}

bool store_allow_time(struct database *database,
                      struct arena *arena,
                      const struct clock_state *state,
                      bool *out_is_same,
                      struct error *error)
{
    static const struct statement allow = {
        "allow_time", "UPDATE clock SET base_at = $2, as_of = $3, shown_until = $4"
                      " WHERE version = $1 AND mode = 'replay'"};
    const struct parameter values[] = {parameter_int(state->version),
                                       parameter_time(state->base_at), parameter_time(state->as_of),
                                       parameter_time(state->shown_until)};
    struct rows rows;

    if (!database_query(database, arena, &allow, values, COUNT_OF(values), &rows, error))
        return false;
    *out_is_same = rows.affected == 1;
    return true;
}
