// SPDX-License-Identifier: MIT
#include "shards/shard_store.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "database/columns.h"
#include "store/trading_store_private.h"

static const struct statement renew_replica = {
    "renew_replica",
    "INSERT INTO replicas (id, worker, expires_at)"
    " VALUES ($1, $2, now() + $3::bigint * interval '1 ms')"
    " ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at",
};

// Those whose time has been over for so long that nobody asks after them.
static const struct statement forget_replicas = {
    "forget_replicas",
    "DELETE FROM replicas WHERE expires_at < now() - interval '1 hour'",
};

static const struct statement list_replicas = {
    "list_replicas",
    "SELECT id, worker, expires_at > now() FROM replicas ORDER BY id LIMIT $1",
};

static const struct statement list_shards = {
    "list_shards",
    "SELECT shard, owner, epoch FROM shards ORDER BY shard",
};

// One that somebody holds at this moment is left for the next time: he may have been frozen with
// it, until PostgreSQL ends his session.
static const struct statement take_shards = {
    "take_shards",
    "WITH free AS MATERIALIZED (SELECT s.shard FROM shards s"
    " JOIN unnest($1::integer[], $2::bigint[]) AS n (shard, epoch)"
    " ON s.shard = n.shard AND s.epoch = n.epoch"
    " ORDER BY s.shard FOR NO KEY UPDATE OF s SKIP LOCKED)"
    " UPDATE shards s SET owner = $3, epoch = s.epoch + 1 FROM free WHERE s.shard = free.shard"
    " RETURNING s.shard, s.epoch",
};

static const struct statement give_shards_up = {
    "give_shards_up",
    "UPDATE shards s SET owner = NULL FROM unnest($1::integer[]) AS n (shard)"
    " WHERE s.shard = n.shard AND s.owner = $2",
};

static const struct statement give_all_up = {
    "give_all_up",
    "UPDATE shards SET owner = NULL WHERE owner = $1",
};

static const struct statement forget_replica = {
    "forget_replica",
    "DELETE FROM replicas WHERE id = $1",
};

// In the order of their numbers, as everybody locks them.
#define GOOD_CLAIMS(claims)                                                                        \
    "SELECT s.shard FROM shards s JOIN " claims " AS c (shard, epoch)"                             \
    " ON s.shard = c.shard AND s.epoch = c.epoch ORDER BY s.shard FOR SHARE OF s"

static const struct statement hold_shards = {
    "hold_shards",
    GOOD_CLAIMS("unnest($1::integer[], $2::bigint[])"),
};

static const struct statement announce_orders = {
    "announce_orders",
    "WITH good AS MATERIALIZED (" GOOD_CLAIMS("(SELECT DISTINCT * FROM unnest($3::integer[], "
                                              "$4::bigint[]))") ")"
                                                                " INSERT INTO arrivals (shard, "
                                                                "portfolio_id, order_id)"
                                                                " SELECT n.shard, n.portfolio_id, "
                                                                "n.id"
                                                                " FROM unnest($1::uuid[], "
                                                                "$2::uuid[], $3::integer[]) AS n "
                                                                "(id, portfolio_id, shard)"
                                                                " WHERE NOT EXISTS (SELECT 1 FROM "
                                                                "good WHERE good.shard = n.shard) "
                                                                "ON CONFLICT DO NOTHING",
};

static const struct statement has_arrivals = {
    "has_arrivals",
    "SELECT 1 FROM arrivals WHERE shard = ANY ($1::integer[]) LIMIT 1",
};

static const struct statement take_arrivals = {
    "take_arrivals",
    "WITH good AS MATERIALIZED (" GOOD_CLAIMS(
        "unnest($1::integer[], $2::bigint[])") "),"
                                               " due AS MATERIALIZED (SELECT a.shard, "
                                               "a.portfolio_id, a.order_id"
                                               "  FROM arrivals a JOIN good ON good.shard = "
                                               "a.shard LIMIT $3)"
                                               " DELETE FROM arrivals a USING due WHERE a.shard = "
                                               "due.shard"
                                               " AND a.portfolio_id = due.portfolio_id AND "
                                               "a.order_id = due.order_id RETURNING a.order_id",
};

bool shard_store_renew(struct transaction *transaction,
                       const char *id,
                       const char *worker,
                       int64_t lease_ms,
                       struct error *error)
{
    struct parameter parameters[] = {parameter_text(id), parameter_text(worker),
                                     parameter_int(lease_ms)};

    return transaction_queue(transaction, &renew_replica, parameters, COUNT_OF(parameters), NULL,
                             error) &&
           transaction_queue(transaction, &forget_replicas, NULL, 0, NULL, error);
}

static void take_picture(const struct rows *shards,
                         const struct rows *replicas,
                         struct shard_picture *out_picture,
                         const char **out_workers)
{
    *out_picture = (struct shard_picture){.replica_count = replicas->count};
    for (size_t i = 0; i < shards->count; i++) {
        int64_t shard = rows_int(shards, i, 0);
        const char *owner = rows_text(shards, i, 1);
        struct shard_row *row = NULL;

        assert(shard >= 0 && shard < SHARD_COUNT);
        row = &out_picture->rows[shard];
        snprintf(row->owner, UUID_SIZE, "%s", owner == NULL ? "" : owner);
        row->epoch = rows_int(shards, i, 2);
    }
    for (size_t i = 0; i < replicas->count; i++) {
        struct shard_replica *replica = &out_picture->replicas[i];

        snprintf(replica->id, UUID_SIZE, "%s", rows_text(replicas, i, 0));
        replica->is_alive = rows_bool(replicas, i, 2);
        out_workers[i] = rows_text(replicas, i, 1);
    }
}

bool shard_store_read(struct transaction *transaction,
                      struct shard_picture *out_picture,
                      const char **out_workers,
                      struct error *error)
{
    struct parameter most = parameter_int(SHARD_REPLICAS_MAX + 1);
    struct rows shards = {0};
    struct rows replicas = {0};

    if (!transaction_queue(transaction, &list_shards, NULL, 0, &shards, error) ||
        !transaction_queue(transaction, &list_replicas, &most, 1, &replicas, error) ||
        !transaction_flush(transaction, error))
        return false;
    if (replicas.count > SHARD_REPLICAS_MAX)
        return error_set(error, REASON_OVERLOADED, "There are more than %d replicas of trading.",
                         SHARD_REPLICAS_MAX);
    if (shards.count != SHARD_COUNT)
        return error_set(error, REASON_INTERNAL, "There are %zu shards instead of %d.",
                         shards.count, SHARD_COUNT);
    take_picture(&shards, &replicas, out_picture, out_workers);
    return true;
}

// Makes the arrays of claims: shards, and their epochs.
static bool claim_arrays(struct arena *arena,
                         const struct shard_claim *claims,
                         size_t count,
                         struct parameter out_arrays[2],
                         struct error *error)
{
    struct parameter *values = arena_allocate(arena, 2 * (count + 1) * sizeof(*values));

    if (values == NULL)
        return store_out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        values[i] = parameter_int(claims[i].shard);
        values[count + i] = parameter_int(claims[i].epoch);
    }
    return (parameter_array(arena, values, count, &out_arrays[0]) &&
            parameter_array(arena, values + count, count, &out_arrays[1])) ||
           store_out_of_budget(error);
}

bool shard_store_take(struct transaction *transaction,
                      const char *id,
                      const struct shard_picture *picture,
                      const int *shards,
                      size_t count,
                      struct shard_claim *out_claims,
                      size_t *out_count,
                      struct error *error)
{
    struct shard_claim claims[SHARD_COUNT];
    struct parameter parameters[3];
    struct rows rows = {0};

    assert(count <= SHARD_COUNT);
    *out_count = 0;
    if (count == 0)
        return true;
    for (size_t i = 0; i < count; i++)
        claims[i] =
            (struct shard_claim){.shard = shards[i], .epoch = picture->rows[shards[i]].epoch};
    parameters[2] = parameter_text(id);
    if (!claim_arrays(transaction_arena(transaction), claims, count, parameters, error) ||
        !transaction_query(transaction, &take_shards, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        out_claims[i] = (struct shard_claim){.shard = (int)rows_int(&rows, i, 0),
                                             .epoch = rows_int(&rows, i, 1)};
    *out_count = rows.count;
    return true;
}

bool shard_store_give_up(struct transaction *transaction,
                         const char *id,
                         const int *shards,
                         size_t count,
                         struct error *error)
{
    struct parameter values[SHARD_COUNT];
    struct parameter parameters[2];

    assert(count <= SHARD_COUNT);
    if (count == 0)
        return true;
    for (size_t i = 0; i < count; i++)
        values[i] = parameter_int(shards[i]);
    parameters[1] = parameter_text(id);
    if (!parameter_array(transaction_arena(transaction), values, count, &parameters[0]))
        return store_out_of_budget(error);
    return transaction_queue(transaction, &give_shards_up, parameters, COUNT_OF(parameters), NULL,
                             error);
}

bool shard_store_leave(struct transaction *transaction, const char *id, struct error *error)
{
    struct parameter parameter = parameter_text(id);

    return transaction_queue(transaction, &give_all_up, &parameter, 1, NULL, error) &&
           transaction_queue(transaction, &forget_replica, &parameter, 1, NULL, error);
}

bool shard_store_hold(struct transaction *transaction,
                      const struct shard_claim *claims,
                      size_t count,
                      bool *out_is_good,
                      struct error *error)
{
    struct parameter parameters[2];
    struct rows rows = {0};

    assert(count <= SHARD_COUNT);
    if (!claim_arrays(transaction_arena(transaction), claims, count, parameters, error) ||
        !transaction_query(transaction, &hold_shards, parameters, COUNT_OF(parameters), &rows,
                           error))
        return false;
    for (size_t i = 0; i < count; i++) {
        out_is_good[i] = false;
        for (size_t j = 0; j < rows.count && !out_is_good[i]; j++)
            out_is_good[i] = rows_int(&rows, j, 0) == claims[i].shard;
    }
    return true;
}

bool shard_store_announce(struct transaction *transaction,
                          const struct shard_arrival *arrivals,
                          size_t count,
                          struct error *error)
{
    struct columns table;

    if (!columns_start(&table, transaction_arena(transaction), 4, count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct parameter row[4] = {
            parameter_text(arrivals[i].order_id),
            parameter_text(arrivals[i].portfolio_id),
            parameter_int(arrivals[i].claim.shard),
            parameter_int(arrivals[i].claim.epoch),
        };

        columns_add(&table, row);
    }
    // A statement without rows is not sent.
    return columns_queue(&table, transaction, &announce_orders, NULL, 0, NULL, error);
}

bool shard_store_has_arrivals(struct database *database,
                              struct arena *arena,
                              const struct shard_claim *claims,
                              size_t count,
                              bool *out_has,
                              struct error *error)
{
    struct parameter parameters[2];
    struct rows rows = {0};

    if (!claim_arrays(arena, claims, count, parameters, error) ||
        !database_query(database, arena, &has_arrivals, parameters, 1, &rows, error))
        return false;
    *out_has = rows.count > 0;
    return true;
}

bool shard_store_take_arrivals(struct database *database,
                               struct arena *arena,
                               const struct shard_claim *claims,
                               size_t count,
                               size_t limit,
                               const char ***out_ids,
                               size_t *out_count,
                               struct error *error)
{
    struct parameter parameters[3];
    struct rows rows = {0};
    const char **ids = NULL;

    parameters[2] = parameter_int((int64_t)limit);
    if (!claim_arrays(arena, claims, count, parameters, error) ||
        !database_query(database, arena, &take_arrivals, parameters, COUNT_OF(parameters), &rows,
                        error))
        return false;
    ids = arena_allocate(arena, (rows.count + 1) * sizeof(*ids));
    if (ids == NULL)
        return store_out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        ids[i] = rows_text(&rows, i, 0);
    *out_ids = ids;
    *out_count = rows.count;
    return true;
}
