// SPDX-License-Identifier: MIT
#include "service/rate_limit.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    PRUNED_AT_ONCE = 10000,
    PARAMETERS = 4,
    ADDRESS_BYTES = 16,
    PREFIX_BYTES = 8, // of the /64
    MAPPED_BYTES = 12,
    SECONDS_PER_MINUTE = 60,
    PERIOD_TEXT_SIZE = 32,
};

// What is granted to one that asks for `excluded.granted` (negative: given back): no more than the
// tokens that are in the bucket now.
#define GRANTED                                                                                    \
    "CASE WHEN excluded.granted < 0 THEN excluded.granted ELSE"                                    \
    " greatest(0, least(excluded.granted, (excluded.burst * excluded.cost_us - (extract(epoch"     \
    " FROM greatest(r.full_at, now()) - now()) * 1000000)::bigint) / excluded.cost_us)) END"

static const struct statement take = {
    "rate_limit_take",
    "INSERT INTO rate_limits AS r (key, full_at, cost_us, burst, granted)"
    " SELECT n.key, now() + n.granted * n.cost_us * interval '1 microsecond', n.cost_us, n.burst,"
    " n.granted FROM (SELECT w.key, w.cost_us, w.burst, least(w.wanted, w.burst) AS granted"
    " FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])"
    " AS w (key, cost_us, burst, wanted)) AS n ORDER BY n.key"
    " ON CONFLICT (key) DO UPDATE SET cost_us = excluded.cost_us, burst = excluded.burst,"
    " granted = " GRANTED ", full_at = greatest(r.full_at, now()) + (" GRANTED
    ") * excluded.cost_us * interval '1 microsecond'"
    " RETURNING key, granted, full_at, now()"};

// What one token is worth in time.
static int64_t cost_us(const struct rate_limit *limit)
{
    int64_t cost = limit->period_us / limit->tokens;

    return cost < 1 ? 1 : cost;
}

bool rate_limit_is_on(const struct rate_limit *limit)
{
    return limit->tokens > 0;
}

int64_t rate_limit_wait_us(const struct rate_limit *limit, int64_t full_at, int64_t now)
{
    int64_t cost = 0;
    int64_t wait = 0;

    if (!rate_limit_is_on(limit) || full_at <= now)
        return 0;
    // The next token may be had when the bucket is at most all but one of them away from full.
    cost = cost_us(limit);
    wait = full_at - now - (limit->burst - 1) * cost;
    return wait < 0 ? 0 : wait;
}

void rate_limit_place(const char *address, char out_place[RATE_PLACE_SIZE])
{
    static const unsigned char mapped[MAPPED_BYTES] = {[10] = 0xff, [11] = 0xff};
    unsigned char bytes[ADDRESS_BYTES];

    snprintf(out_place, RATE_PLACE_SIZE, "%s", address == NULL ? "" : address);
    if (inet_pton(AF_INET6, out_place, bytes) != 1)
        return;
    if (memcmp(bytes, mapped, sizeof mapped) == 0) {
        inet_ntop(AF_INET, bytes + MAPPED_BYTES, out_place, RATE_PLACE_SIZE);
        return;
    }
    memset(bytes + PREFIX_BYTES, 0, ADDRESS_BYTES - PREFIX_BYTES);
    inet_ntop(AF_INET6, bytes, out_place, RATE_PLACE_SIZE);
}

void rate_limit_key(const unsigned char key[KEY_SIZE],
                    const char *what,
                    const char *subject,
                    char out_key[RATE_KEY_SIZE])
{
    unsigned char hash[KEYED_HASH_SIZE];

    // With the zero between them, so that no two pairs are one text.
    digest_keyed_pair((struct text){what, strlen(what) + 1}, text_of(subject), key, hash);
    digest_base64url(hash, sizeof hash, out_key, RATE_KEY_SIZE);
}

struct rate_claim rate_claim_of(const unsigned char key[KEY_SIZE],
                                const struct rate_limit *limit,
                                const char *subject,
                                int64_t wanted)
{
    struct rate_claim claim = {.limit = limit, .wanted = wanted};

    assert(rate_limit_is_on(limit) && limit->burst > 0);
    rate_limit_key(key, limit->what, subject, claim.key);
    return claim;
}

static bool fill_parameters(struct arena *arena,
                            const struct rate_claim *claims,
                            size_t count,
                            struct parameter out_parameters[PARAMETERS],
                            struct error *error)
{
    struct parameter *columns[PARAMETERS];

    for (size_t i = 0; i < PARAMETERS; i++) {
        columns[i] = arena_allocate(arena, count * sizeof(struct parameter));
        if (columns[i] == NULL)
            return error_set(error, REASON_OUT_OF_MEMORY_BUDGET,
                             "The limits need too much memory.");
    }
    for (size_t i = 0; i < count; i++) {
        columns[0][i] = parameter_text(claims[i].key);
        columns[1][i] = parameter_int(cost_us(claims[i].limit));
        columns[2][i] = parameter_int(claims[i].limit->burst);
        columns[3][i] = parameter_int(claims[i].wanted);
    }
    for (size_t i = 0; i < PARAMETERS; i++)
        if (!parameter_array(arena, columns[i], count, &out_parameters[i]))
            return error_set(error, REASON_OUT_OF_MEMORY_BUDGET,
                             "The limits need too much memory.");
    return true;
}

void rate_limit_read(const struct rows *rows, struct rate_claim *claims, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t row = 0; row < rows->count; row++)
            if (strcmp(rows_text(rows, row, 0), claims[i].key) == 0) {
                claims[i].granted = rows_int(rows, row, 1);
                claims[i].wait_us = rate_limit_wait_us(claims[i].limit, rows_time(rows, row, 2),
                                                       rows_time(rows, row, 3));
            }
}

bool rate_limit_take(struct database *database,
                     struct arena *arena,
                     struct rate_claim *claims,
                     size_t count,
                     struct error *error)
{
    struct parameter parameters[PARAMETERS];
    struct rows rows = {0};

    if (count == 0)
        return true;
    if (!fill_parameters(arena, claims, count, parameters, error))
        return false;
    if (!database_query(database, arena, &take, parameters, PARAMETERS, &rows, error)) {
        // Of what the caller wants to do nothing has been begun.
        if (error->outcome_unknown)
            error_set(error, REASON_DATABASE_UNAVAILABLE, "The database cannot be reached.");
        return false;
    }
    rate_limit_read(&rows, claims, count);
    return true;
}

bool rate_limit_queue(struct transaction *transaction,
                      const struct rate_claim *claims,
                      size_t count,
                      struct rows *out_rows,
                      struct error *error)
{
    struct parameter parameters[PARAMETERS];

    return count == 0 ||
           (fill_parameters(transaction_arena(transaction), claims, count, parameters, error) &&
            transaction_queue(transaction, &take, parameters, PARAMETERS, out_rows, error));
}

int64_t rate_limit_seconds(int64_t wait_us)
{
    return wait_us <= MICROS_PER_SECOND ? 1 : (wait_us + MICROS_PER_SECOND - 1) / MICROS_PER_SECOND;
}

// "a minute", "an hour", "15 minutes", "20 seconds".
static void print_period(int64_t period_us, char out[PERIOD_TEXT_SIZE])
{
    int64_t seconds = period_us / MICROS_PER_SECOND;
    int64_t minutes = seconds / SECONDS_PER_MINUTE;

    if (seconds % SECONDS_PER_MINUTE != 0)
        snprintf(out, PERIOD_TEXT_SIZE, "%lld seconds", (long long)seconds);
    else if (minutes == 1)
        snprintf(out, PERIOD_TEXT_SIZE, "a minute");
    else if (minutes == SECONDS_PER_MINUTE)
        snprintf(out, PERIOD_TEXT_SIZE, "an hour");
    else
        snprintf(out, PERIOD_TEXT_SIZE, "%lld minutes", (long long)minutes);
}

bool rate_limit_refuse(const struct rate_limit *limit, int64_t wait_us, struct error *error)
{
    int64_t seconds = rate_limit_seconds(wait_us);
    char period[PERIOD_TEXT_SIZE];

    print_period(limit->period_us, period);
    error_set(error, REASON_TOO_MANY_REQUESTS,
              "At most %lld %s are taken in %s, and %lld at once. Try again in %lld second%s.",
              (long long)limit->tokens, limit->what, period, (long long)limit->burst,
              (long long)seconds, seconds == 1 ? "" : "s");
    error_add_number(error, "retry_after", "%lld", (long long)seconds);
    error_add_number(error, "limit", "%lld", (long long)limit->tokens);
    error_add_number(error, "period_seconds", "%lld",
                     (long long)(limit->period_us / MICROS_PER_SECOND));
    return false;
}

bool rate_limit_prune(struct database *database, struct arena *arena)
{
    static const struct statement prune = {
        "rate_limit_prune", "DELETE FROM rate_limits WHERE key IN (SELECT key FROM rate_limits"
                            " WHERE full_at < now() LIMIT $1::bigint) AND full_at < now()"};
    struct parameter most = parameter_int(PRUNED_AT_ONCE);
    struct rows rows = {0};
    struct error error;

    // A failure only means that the rows stay until the next time.
    return database_query(database, arena, &prune, &most, 1, &rows, &error) &&
           rows.affected == PRUNED_AT_ONCE;
}
