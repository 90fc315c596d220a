// SPDX-License-Identifier: MIT
// auth_store_trading_stops: those who trade no more, until the trading service has seen to it.
#include "auth_store.h"

enum { STOPS_MAX = 50 };

bool store_queue_trading_stop(struct transaction *transaction,
                              const char *user_id,
                              struct error *error)
{
    static const struct statement add = {
        "trading_stop_add",
        "INSERT INTO trading_stops (user_id) VALUES ($1) ON CONFLICT (user_id) DO UPDATE"
        " SET asked_at = excluded.asked_at, told_at = NULL, tried_at = NULL, attempts = 0"};
    struct parameter user = parameter_text(user_id);

    return transaction_queue(transaction, &add, &user, 1, NULL, error);
}

bool store_queue_trading_stop_end(struct transaction *transaction,
                                  const char *user_id,
                                  struct error *error)
{
    static const struct statement end = {
        "trading_stop_end", "DELETE FROM trading_stops WHERE user_id = $1 AND told_at IS NOT NULL"};
    struct parameter user = parameter_text(user_id);

    return transaction_queue(transaction, &end, &user, 1, NULL, error);
}

// Two minutes: a service trusts no token once it has not heard of auth for one, and what was asked
// with a token just before has ended a while later.
bool store_list_trading_stops(struct database *database,
                              struct arena *arena,
                              struct trading_stop **out_stops,
                              size_t *out_count,
                              struct error *error)
{
    static const struct statement list = {
        "trading_stop_list", "SELECT s.user_id, s.asked_at,"
                             " u.is_active OR s.asked_at < now() - interval '2 minutes', s.attempts"
                             " FROM trading_stops s JOIN users u ON u.id = s.user_id"
                             " WHERE (s.tried_at IS NULL OR s.tried_at < now()"
                             "  - least(5 * 2 ^ least(s.attempts, 4), 60) * interval '1 second')"
                             " AND (s.told_at IS NULL"
                             "  OR (s.asked_at < now() - interval '2 minutes' AND NOT u.is_active))"
                             " ORDER BY s.tried_at NULLS FIRST, s.asked_at LIMIT $1::bigint"};
    struct parameter most = parameter_int(STOPS_MAX);
    struct trading_stop *stops = NULL;
    struct rows rows;

    if (!database_query(database, arena, &list, &most, 1, &rows, error))
        return false;
    stops = arena_allocate(arena, (rows.count + 1) * sizeof *stops);
    if (stops == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The list is too large.");
    for (size_t i = 0; i < rows.count; i++)
        stops[i] = (struct trading_stop){.user_id = rows_text(&rows, i, 0),
                                         .asked_at = rows_time(&rows, i, 1),
                                         .is_last = rows_bool(&rows, i, 2),
                                         .refusals = rows_int(&rows, i, 3)};
    *out_stops = stops;
    *out_count = rows.count;
    return true;
}

bool store_mark_trading_stop(struct database *database,
                             struct arena *arena,
                             const struct trading_stop *stop,
                             enum trading_stop_answer answer,
                             struct error *error)
{
    static const struct statement done = {
        "trading_stop_done", "DELETE FROM trading_stops WHERE user_id = $1 AND asked_at = $2"};
    static const struct statement told = {
        "trading_stop_told", "UPDATE trading_stops SET told_at = now(), tried_at = NULL,"
                             " attempts = 0 WHERE user_id = $1 AND asked_at = $2"};
    static const struct statement under_way = {
        "trading_stop_under_way", "UPDATE trading_stops SET tried_at = now(), attempts = 0"
                                  " WHERE user_id = $1 AND asked_at = $2"};
    static const struct statement refused = {
        "trading_stop_refused", "UPDATE trading_stops SET tried_at = now(),"
                                " attempts = attempts + 1 WHERE user_id = $1 AND asked_at = $2"};
    const struct statement *const marks[] = {
        [TRADING_STOP_DONE] = stop->is_last ? &done : &told,
        [TRADING_STOP_UNDER_WAY] = &under_way,
        [TRADING_STOP_REFUSED] = &refused,
    };

    return database_query(
        database, arena, marks[answer],
        (struct parameter[]){parameter_text(stop->user_id), parameter_time(stop->asked_at)}, 2,
        NULL, error);
}
