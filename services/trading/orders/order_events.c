// SPDX-License-Identifier: MIT
#include "orders/order_events.h"

#include <stdlib.h>
#include <string.h>

#include "service/log.h"
#include "store/trading_store_private.h"

enum { PRUNED_AT_ONCE = 16 }; // portfolios

// `back` is how many of the same portfolio come after it. The counters come sorted.
static const struct statement note_order_events = {
    "note_order_events",
    "WITH taken AS (INSERT INTO order_sequences AS s (portfolio_id, number)"
    " SELECT k.portfolio_id, k.added FROM unnest($4::uuid[], $5::bigint[])"
    " AS k (portfolio_id, added)"
    " ON CONFLICT (portfolio_id) DO UPDATE SET number = s.number + excluded.number"
    " RETURNING s.portfolio_id, s.number)"
    " INSERT INTO order_events (portfolio_id, sequence, order_id)"
    " SELECT n.portfolio_id, t.number - n.back, n.id"
    " FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS n (id, portfolio_id, back)"
    " JOIN taken t ON t.portfolio_id = n.portfolio_id",
};

// The new limit is committed with what goes for it, so who asks by it finds all or is told.
static const struct statement find_surplus = {
    "find_surplus_order_events",
    "UPDATE order_sequences SET kept_after = number - $1::bigint WHERE portfolio_id IN"
    " (SELECT portfolio_id FROM order_sequences WHERE number - kept_after >= $2::bigint"
    " ORDER BY portfolio_id LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING portfolio_id, kept_after",
};

static const struct statement delete_surplus = {
    "delete_surplus_order_events",
    "DELETE FROM order_events WHERE portfolio_id = $1 AND sequence <= $2",
};

bool order_events_start(struct order_events *events,
                        struct transaction *transaction,
                        size_t capacity,
                        struct error *error)
{
    return columns_start(&events->keys, transaction_arena(transaction), 2, capacity, error);
}

void order_events_add(struct order_events *events, const char *order_id, const char *portfolio_id)
{
    struct parameter row[2] = {parameter_text(order_id), parameter_text(portfolio_id)};

    columns_add(&events->keys, row);
}

void order_events_add_changes(struct order_events *events,
                              const struct store_change *changes,
                              size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct order *order = changes[i].order;

        if (!changes[i].changes_order || changes[i].is_dropped)
            continue;
        order_events_add(events, order->id, order->portfolio_id);
        if (changes[i].from == ORDER_PENDING_NEW && order->replaces[0] != '\0')
            order_events_add(events, order->replaces, order->portfolio_id);
    }
}

void order_events_add_inserted(struct order_events *events,
                               const struct store_new_order *orders,
                               size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!orders[i].is_leased && !orders[i].is_left_out)
            order_events_add(events, orders[i].order->id, orders[i].order->portfolio_id);
}

// A portfolio of the batch, and how many of its events have been seen, from the end.
struct tally {
    const char *portfolio_id;
    int64_t count;
};

static struct tally *find_tally(struct tally *tallies, size_t *count, const char *portfolio_id)
{
    size_t i = 0;

    while (i < *count && strcmp(tallies[i].portfolio_id, portfolio_id) != 0)
        i++;
    if (i == *count)
        tallies[(*count)++] = (struct tally){.portfolio_id = portfolio_id};
    return &tallies[i];
}

static int compare_tallies(const void *one, const void *other)
{
    return strcmp(((const struct tally *)one)->portfolio_id,
                  ((const struct tally *)other)->portfolio_id);
}

static bool array_of_tallies(struct arena *arena,
                             struct tally *tallies,
                             size_t count,
                             struct parameter out_arrays[2])
{
    struct parameter *ids = arena_allocate(arena, count * sizeof(*ids));
    struct parameter *counts = arena_allocate(arena, count * sizeof(*counts));

    if (ids == NULL || counts == NULL)
        return false;
    qsort(tallies, count, sizeof(*tallies), compare_tallies);
    for (size_t i = 0; i < count; i++) {
        ids[i] = parameter_text(tallies[i].portfolio_id);
        counts[i] = parameter_int(tallies[i].count);
    }
    return parameter_array(arena, ids, count, &out_arrays[0]) &&
           parameter_array(arena, counts, count, &out_arrays[1]);
}

bool order_events_note(const struct order_events *events,
                       struct transaction *transaction,
                       struct error *error)
{
    const struct columns *keys = &events->keys;
    struct arena *arena = transaction_arena(transaction);
    struct tally *tallies = arena_allocate(arena, (keys->count + 1) * sizeof(*tallies));
    struct parameter *backs = arena_allocate(arena, (keys->count + 1) * sizeof(*backs));
    struct parameter all[5];
    size_t count = 0;

    if (keys->count == 0)
        return true;
    if (tallies == NULL || backs == NULL)
        return store_out_of_budget(error);
    for (size_t i = keys->count; i-- > 0;)
        backs[i] = parameter_int(find_tally(tallies, &count, keys->values[1][i].text)->count++);
    if (!parameter_array(arena, keys->values[0], keys->count, &all[0]) ||
        !parameter_array(arena, keys->values[1], keys->count, &all[1]) ||
        !parameter_array(arena, backs, keys->count, &all[2]) ||
        !array_of_tallies(arena, tallies, count, &all[3]))
        return store_out_of_budget(error);
    return transaction_queue(transaction, &note_order_events, all, COUNT_OF(all), NULL, error);
}

static bool prune_work(struct transaction *transaction, void *context, struct error *error)
{
    size_t *out_count = context;
    struct parameter bounds[3] = {
        parameter_int(ORDER_EVENTS_KEPT),
        parameter_int(ORDER_EVENTS_KEPT + ORDER_EVENTS_PRUNED_FROM),
        parameter_int(PRUNED_AT_ONCE),
    };
    struct rows rows = {0};

    if (!transaction_query(transaction, &find_surplus, bounds, COUNT_OF(bounds), &rows, error))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        struct parameter surplus[2] = {parameter_text(rows_text(&rows, i, 0)),
                                       parameter_text(rows_text(&rows, i, 1))};

        if (!transaction_queue(transaction, &delete_surplus, surplus, COUNT_OF(surplus), NULL,
                               error))
            return false;
    }
    *out_count = rows.count;
    return true;
}

bool order_events_prune(struct database *database, struct arena *arena)
{
    size_t count = 0;
    struct error error;

    if (database_transact(database, arena, 0, prune_work, &count, &error))
        return count == PRUNED_AT_ONCE;
    log_write(LOG_WARNING, "order_events_not_pruned", "reason", error.reason, NULL);
    return false;
}
