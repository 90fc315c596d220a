// SPDX-License-Identifier: MIT
#include "symbols/symbol_index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_MEMORY = 256 * 1024 * 1024 }; // 20,000 names of 200 letters, folded, are below

struct entry {
    struct symbol symbol;
    struct searched_symbol searched;
};

struct symbol_index {
    struct arena *arena; // of everything the entries point to
    struct entry *entries;
    size_t count;
    size_t room;
};

struct symbol_index *symbol_index_new(void)
{
    struct symbol_index *index = allocate(sizeof *index);

    index->arena = arena_new(INDEX_MEMORY);
    return index;
}

void symbol_index_free(struct symbol_index **index)
{
    struct symbol_index *old = *index;

    if (old == NULL)
        return;
    arena_free(&old->arena);
    release(old->entries);
    release(old);
    *index = NULL;
}

static bool copy_text(struct arena *arena, const char **text)
{
    if (*text != NULL)
        *text = arena_copy_string(arena, *text);
    return *text != NULL;
}

static bool copy_symbol(struct arena *arena, const struct symbol *symbol, struct symbol *out_symbol)
{
    *out_symbol = *symbol;
    return copy_text(arena, &out_symbol->ticker) && copy_text(arena, &out_symbol->name) &&
           (symbol->exchange == NULL || copy_text(arena, &out_symbol->exchange)) &&
           (symbol->sector == NULL || copy_text(arena, &out_symbol->sector)) &&
           (symbol->currency == NULL || copy_text(arena, &out_symbol->currency));
}

bool symbol_index_add(struct symbol_index *index, const struct symbol *symbol, struct error *error)
{
    struct entry *entry;

    assert(index->count == 0 ||
           strcmp(index->entries[index->count - 1].symbol.ticker, symbol->ticker) < 0);
    if (index->count == index->room) {
        index->room = index->room == 0 ? 1024 : index->room * 2;
        index->entries = reallocate_array(index->entries, index->room, sizeof *index->entries);
    }
    entry = &index->entries[index->count];
    if (!copy_symbol(index->arena, symbol, &entry->symbol) ||
        !symbol_search_prepare(index->arena, symbol->ticker, symbol->name, &entry->searched))
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the index of symbols does not fit");
    index->count++;
    return true;
}

size_t symbol_index_count(const struct symbol_index *index)
{
    return index->count;
}

const struct symbol *symbol_index_find(const struct symbol_index *index, const char *ticker)
{
    size_t low = 0, high = index->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(index->entries[middle].symbol.ticker, ticker);

        if (order == 0)
            return &index->entries[middle].symbol;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool equals_ignoring_case(const char *text, const char *wanted)
{
    size_t length = strlen(wanted);

    if (text == NULL || strlen(text) != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        char one = text[i], other = wanted[i];

        one = one >= 'A' && one <= 'Z' ? (char)(one - 'A' + 'a') : one;
        other = other >= 'A' && other <= 'Z' ? (char)(other - 'A' + 'a') : other;
        if (one != other)
            return false;
    }
    return true;
}

static bool is_wanted(const struct symbol *symbol, const struct symbol_query *query)
{
    return (!query->has_status || symbol->is_active == query->is_active) &&
           (query->exchange == NULL || equals_ignoring_case(symbol->exchange, query->exchange)) &&
           (query->sector == NULL || equals_ignoring_case(symbol->sector, query->sector));
}

struct match {
    int64_t rank;
    size_t at; // entries are in order of tickers, so this orders equals
};

static int compare_matches(const void *left, const void *right)
{
    const struct match *one = left, *other = right;

    if (one->rank != other->rank)
        return one->rank < other->rank ? -1 : 1;
    return one->at < other->at ? -1 : one->at > other->at;
}

// Everything that matches and is after the position, in order.
static size_t
find_matches(const struct symbol_index *index, const struct symbol_query *query, struct match *out)
{
    size_t count = 0;

    for (size_t i = 0; i < index->count; i++) {
        const struct entry *entry = &index->entries[i];
        int64_t rank;

        if (!is_wanted(&entry->symbol, query))
            continue;
        rank = symbol_search_rank(&query->search, &entry->searched);
        if (rank < 0 || rank < query->after.number ||
            (rank == query->after.number && strcmp(entry->symbol.ticker, query->after.text) <= 0))
            continue;
        out[count++] = (struct match){rank, i};
    }
    // A list of everything is in order already.
    if (query->search.ticker[0] != '\0')
        qsort(out, count, sizeof *out, compare_matches);
    return count;
}

bool symbol_index_search(const struct symbol_index *index,
                         struct arena *arena,
                         const struct symbol_query *query,
                         struct symbol **out_symbols,
                         size_t *out_count,
                         struct error *error)
{
    struct match *matches = allocate_array(index->count + 1, sizeof *matches);
    size_t count = find_matches(index, query, matches);
    struct symbol *symbols;
    bool fits;

    if (count > query->limit + 1)
        count = query->limit + 1;
    symbols = arena_allocate(arena, (count + 1) * sizeof *symbols);
    fits = symbols != NULL;
    for (size_t i = 0; fits && i < count; i++) {
        fits = copy_symbol(arena, &index->entries[matches[i].at].symbol, &symbols[i]);
        symbols[i].rank = matches[i].rank;
    }
    release(matches);
    if (!fits)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the symbols do not fit");
    *out_symbols = symbols;
    *out_count = count;
    return true;
}
