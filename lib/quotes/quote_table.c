// SPDX-License-Identifier: MIT
#include "quotes/quote_table.h"

#include "base/checksum.h"

#include <stdatomic.h>
#include <string.h>

enum { SLOTS_AT_FIRST = 256 };

struct quote_table {
    struct quote *slots; // a slot with an empty ticker is free
    atomic_bool *marks;  // of the slots; what is moved loses its mark
    size_t slot_count;   // a power of two, more than 4/3 of `count`
    size_t count;
};

struct quote_table *quote_table_new(void)
{
    struct quote_table *table = allocate(sizeof *table);

    table->slot_count = SLOTS_AT_FIRST;
    table->slots = allocate_array(table->slot_count, sizeof *table->slots);
    table->marks = allocate_array(table->slot_count, sizeof *table->marks);
    return table;
}

void quote_table_free(struct quote_table **table)
{
    if (*table == NULL)
        return;
    release((*table)->slots);
    release((*table)->marks);
    release(*table);
    *table = NULL;
}

// Tickers come from the market service, so nobody gains by making them collide.
static size_t hash_ticker(const char *ticker)
{
    uint64_t hash = checksum_add(CHECKSUM_START, text_of(ticker));

    return (size_t)(hash ^ (hash >> 32));
}

// The slot that holds `ticker`, or the free one where it belongs.
static struct quote *find_slot(const struct quote_table *table, const char *ticker)
{
    size_t mask = table->slot_count - 1;
    size_t index = hash_ticker(ticker) & mask;

    while (table->slots[index].ticker[0] != '\0' && strcmp(table->slots[index].ticker, ticker) != 0)
        index = (index + 1) & mask;
    return &table->slots[index];
}

static void grow(struct quote_table *table)
{
    struct quote *old = table->slots;
    size_t old_count = table->slot_count;

    table->slot_count *= 2;
    table->slots = allocate_array(table->slot_count, sizeof *table->slots);
    release(table->marks);
    table->marks = allocate_array(table->slot_count, sizeof *table->marks);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].ticker[0] != '\0')
            *find_slot(table, old[i].ticker) = old[i];
    }
    release(old);
}

bool quote_table_put(struct quote_table *table, const struct quote *quote)
{
    struct quote *slot;

    if (quote->ticker[0] == '\0')
        return false;
    slot = find_slot(table, quote->ticker);
    if (slot->ticker[0] != '\0') {
        if (quote->quoted_at < slot->quoted_at)
            return false;
        *slot = *quote;
        return true;
    }
    if (table->count == QUOTE_TABLE_MAX)
        return false;
    *slot = *quote;
    table->count++;
    if (table->count * 4 > table->slot_count * 3)
        grow(table);
    return true;
}

const struct quote *quote_table_find(const struct quote_table *table, const char *ticker)
{
    const struct quote *slot;

    if (ticker[0] == '\0')
        return NULL;
    slot = find_slot(table, ticker);
    return slot->ticker[0] == '\0' ? NULL : slot;
}

void quote_table_mark(const struct quote_table *table, const struct quote *quote)
{
    atomic_bool *mark = &table->marks[quote - table->slots];

    // Reading it is cheaper than writing when it is set already.
    if (!atomic_load_explicit(mark, memory_order_relaxed))
        atomic_store_explicit(mark, true, memory_order_relaxed);
}

size_t quote_table_take_marked(const struct quote_table *table, char (*out_tickers)[16], size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < table->slot_count && count < max; i++) {
        if (!atomic_load_explicit(&table->marks[i], memory_order_relaxed))
            continue;
        atomic_store_explicit(&table->marks[i], false, memory_order_relaxed);
        if (table->slots[i].ticker[0] != '\0')
            memcpy(out_tickers[count++], table->slots[i].ticker, sizeof table->slots[i].ticker);
    }
    return count;
}

size_t quote_table_count(const struct quote_table *table)
{
    return table->count;
}

void quote_table_copy(const struct quote_table *table, struct quote *out)
{
    for (size_t i = 0; i < table->slot_count; i++) {
        if (table->slots[i].ticker[0] != '\0')
            *out++ = table->slots[i];
    }
}
