// SPDX-License-Identifier: MIT
#include "actions/split_table.h"

#include "actions/corporate_action_store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

struct split_table {
    struct database *database;
    atomic_uint_fast64_t changes; // told so far
    pthread_mutex_t reading;      // one thread reads, the others wait for what it brings
    pthread_mutex_t lock;         // of what follows; held for a search or a copy
    bool is_read;
    uint64_t changes_known; // told before it was read
    struct split *splits;   // in order of tickers and days
    size_t count;
    struct split *unbooked; // of these
    size_t unbooked_count;
};

struct split_table *split_table_new(struct database *database)
{
    struct split_table *table = allocate(sizeof *table);

    table->database = database;
    atomic_init(&table->changes, 0);
    (void)pthread_mutex_init(&table->reading, NULL);
    (void)pthread_mutex_init(&table->lock, NULL);
    return table;
}

void split_table_free(struct split_table **table)
{
    struct split_table *old = *table;

    if (old == NULL)
        return;
    release(old->splits);
    release(old->unbooked);
    (void)pthread_mutex_destroy(&old->lock);
    (void)pthread_mutex_destroy(&old->reading);
    release(old);
    *table = NULL;
}

void split_table_changed(struct split_table *table)
{
    (void)atomic_fetch_add(&table->changes, 1);
}

static bool is_current(struct split_table *table)
{
    bool is_current;

    (void)pthread_mutex_lock(&table->lock);
    is_current = table->is_read && table->changes_known == atomic_load(&table->changes);
    (void)pthread_mutex_unlock(&table->lock);
    return is_current;
}

// Those that are not booked, in the same order.
static size_t copy_unbooked(const struct split *splits, size_t count, struct split **out_unbooked)
{
    size_t unbooked = 0, copied = 0;

    for (size_t i = 0; i < count; i++)
        unbooked += splits[i].is_booked ? 0 : 1;
    *out_unbooked = allocate_array(unbooked + 1, sizeof **out_unbooked);
    for (size_t i = 0; i < count; i++) {
        if (!splits[i].is_booked)
            (*out_unbooked)[copied++] = splits[i];
    }
    return unbooked;
}

static bool read_anew(struct split_table *table, struct error *error)
{
    // Before the table is read: a change told while it is may be in it or not.
    uint64_t changes = atomic_load(&table->changes);
    struct split *splits = NULL, *unbooked, *old, *old_unbooked;
    size_t count = 0, unbooked_count;

    if (!corporate_action_store_splits(table->database, &splits, &count, error))
        return false;
    unbooked_count = copy_unbooked(splits, count, &unbooked);
    (void)pthread_mutex_lock(&table->lock);
    old = table->splits;
    old_unbooked = table->unbooked;
    table->splits = splits;
    table->count = count;
    table->unbooked = unbooked;
    table->unbooked_count = unbooked_count;
    table->changes_known = changes;
    table->is_read = true;
    (void)pthread_mutex_unlock(&table->lock);
    release(old);
    release(old_unbooked);
    return true;
}

bool split_table_refresh(struct split_table *table, struct error *error)
{
    bool is_done = true;

    if (is_current(table))
        return true;
    (void)pthread_mutex_lock(&table->reading);
    if (!is_current(table))
        is_done = read_anew(table, error);
    (void)pthread_mutex_unlock(&table->reading);
    return is_done;
}

struct split_ratio split_table_ratio(struct split_table *table,
                                     const char *ticker,
                                     int64_t after_day,
                                     int64_t until_day)
{
    const struct split *first;
    struct split_ratio ratio;
    size_t count;

    (void)pthread_mutex_lock(&table->lock);
    count = splits_of(table->splits, table->count, ticker, &first);
    ratio = split_ratio_of(first, count, after_day, until_day);
    (void)pthread_mutex_unlock(&table->lock);
    return ratio;
}

int64_t
split_table_halted_from(struct split_table *table, const char *ticker, enum market_hours hours)
{
    const struct split *first;
    int64_t halted_from = INT64_MAX;

    (void)pthread_mutex_lock(&table->lock);
    if (splits_of(table->unbooked, table->unbooked_count, ticker, &first) > 0)
        halted_from = split_halted_from(hours, first->day);
    (void)pthread_mutex_unlock(&table->lock);
    return halted_from;
}

size_t split_table_copy(struct split_table *table, const char *ticker, struct split **out_splits)
{
    const struct split *first;
    size_t count;

    (void)pthread_mutex_lock(&table->lock);
    first = table->splits;
    count = ticker == NULL ? table->count : splits_of(table->splits, table->count, ticker, &first);
    *out_splits = allocate_array(count + 1, sizeof **out_splits);
    if (count > 0)
        memcpy(*out_splits, first, count * sizeof **out_splits);
    (void)pthread_mutex_unlock(&table->lock);
    return count;
}
