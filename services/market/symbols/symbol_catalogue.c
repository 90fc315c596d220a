// SPDX-License-Identifier: MIT
#include "symbols/symbol_catalogue.h"

#include "bars/bar.h"
#include "base/clock.h"
#include "market_store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { SYMBOLS_A_READ = 1000, READ_MEMORY = 8 * 1024 * 1024 };

#define INDEX_AGE_US_MAX (60 * MICROS_PER_SECOND)

struct symbol_catalogue {
    struct database *database;
    atomic_uint_fast64_t changes; // told so far
    pthread_mutex_t reading;      // one thread reads the table, the others wait for what it brings
    pthread_rwlock_t lock;        // of what follows
    struct symbol_index *index;   // NULL before the first search
    uint64_t changes_known;       // told before the index was read
    int64_t read_us;              // of the monotonic clock
};

struct symbol_catalogue *symbol_catalogue_new(struct database *database)
{
    struct symbol_catalogue *catalogue = allocate(sizeof *catalogue);

    catalogue->database = database;
    atomic_init(&catalogue->changes, 0);
    (void)pthread_mutex_init(&catalogue->reading, NULL);
    (void)pthread_rwlock_init(&catalogue->lock, NULL);
    return catalogue;
}

void symbol_catalogue_free(struct symbol_catalogue **catalogue)
{
    struct symbol_catalogue *old = *catalogue;

    if (old == NULL)
        return;
    symbol_index_free(&old->index);
    (void)pthread_rwlock_destroy(&old->lock);
    (void)pthread_mutex_destroy(&old->reading);
    release(old);
    *catalogue = NULL;
}

void symbol_catalogue_changed(struct symbol_catalogue *catalogue)
{
    (void)atomic_fetch_add(&catalogue->changes, 1);
}

// Reads the whole table, a part at a time.
static bool read_table(struct database *database, struct symbol_index *index, struct error *error)
{
    OWNED(arena) arena = arena_new(READ_MEMORY);
    char last[TICKER_SIZE] = "";
    size_t count = SYMBOLS_A_READ;

    while (count == SYMBOLS_A_READ) {
        struct symbol *symbols = NULL;

        arena_reset(arena);
        if (!store_read_symbols(database, arena, last, SYMBOLS_A_READ, &symbols, &count, error))
            return false;
        for (size_t i = 0; i < count; i++) {
            if (!symbol_index_add(index, &symbols[i], error))
                return false;
        }
        if (count > 0)
            (void)snprintf(last, sizeof last, "%s", symbols[count - 1].ticker);
    }
    return true;
}

enum state { STATE_CURRENT, STATE_OLD, STATE_WRONG };

static enum state state_of(struct symbol_catalogue *catalogue)
{
    enum state state = STATE_CURRENT;

    (void)pthread_rwlock_rdlock(&catalogue->lock);
    if (catalogue->index == NULL || catalogue->changes_known != atomic_load(&catalogue->changes))
        state = STATE_WRONG;
    else if (clock_monotonic_us() - catalogue->read_us > INDEX_AGE_US_MAX)
        state = STATE_OLD;
    (void)pthread_rwlock_unlock(&catalogue->lock);
    return state;
}

static bool read_anew(struct symbol_catalogue *catalogue, struct error *error)
{
    // Before the table is read: a change told while it is may be in it or not.
    uint64_t changes = atomic_load(&catalogue->changes);
    struct symbol_index *index = symbol_index_new();
    struct symbol_index *old;

    if (!read_table(catalogue->database, index, error)) {
        symbol_index_free(&index);
        return false;
    }
    (void)pthread_rwlock_wrlock(&catalogue->lock);
    old = catalogue->index;
    catalogue->index = index;
    catalogue->changes_known = changes;
    catalogue->read_us = clock_monotonic_us();
    (void)pthread_rwlock_unlock(&catalogue->lock);
    symbol_index_free(&old);
    return true;
}

static bool refresh(struct symbol_catalogue *catalogue, struct error *error)
{
    enum state state;
    bool is_done = true;

    if (state_of(catalogue) == STATE_CURRENT)
        return true;
    (void)pthread_mutex_lock(&catalogue->reading);
    // Another thread may have read it meanwhile.
    state = state_of(catalogue);
    if (state != STATE_CURRENT)
        is_done = read_anew(catalogue, error);
    (void)pthread_mutex_unlock(&catalogue->reading);
    // Nothing that is known to have changed is missing from an index that is merely old.
    return is_done || state == STATE_OLD;
}

bool symbol_catalogue_search(struct symbol_catalogue *catalogue,
                             struct arena *arena,
                             const struct symbol_query *query,
                             struct symbol **out_symbols,
                             size_t *out_count,
                             struct error *error)
{
    bool is_done;

    if (!refresh(catalogue, error))
        return false;
    (void)pthread_rwlock_rdlock(&catalogue->lock);
    is_done = symbol_index_search(catalogue->index, arena, query, out_symbols, out_count, error);
    (void)pthread_rwlock_unlock(&catalogue->lock);
    return is_done;
}

bool symbol_catalogue_find_active(struct symbol_catalogue *catalogue,
                                  const char *const *tickers,
                                  size_t count,
                                  const char **out_tickers,
                                  size_t *out_count,
                                  struct error *error)
{
    size_t found = 0;

    if (!refresh(catalogue, error))
        return false;
    (void)pthread_rwlock_rdlock(&catalogue->lock);
    for (size_t i = 0; i < count; i++) {
        const struct symbol *symbol = symbol_index_find(catalogue->index, tickers[i]);

        if (symbol != NULL && symbol->is_active)
            out_tickers[found++] = tickers[i];
    }
    (void)pthread_rwlock_unlock(&catalogue->lock);
    *out_count = found;
    return true;
}
