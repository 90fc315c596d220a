// SPDX-License-Identifier: MIT
#include "player/quote_book.h"

#include <string.h>

struct quote_book {
    struct quote_book_entry *entries; // in order of tickers
    size_t count;
    size_t capacity;
};

struct quote_book *quote_book_new(void)
{
    return allocate(sizeof(struct quote_book));
}

void quote_book_free(struct quote_book **book)
{
    if (*book == NULL)
        return;
    release((*book)->entries);
    release(*book);
    *book = NULL;
}

// The index of the first entry whose ticker is not before `ticker`.
static size_t lower_bound(const struct quote_book *book, const char *ticker)
{
    size_t low = 0, high = book->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(book->entries[middle].quote.ticker, ticker) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct quote_book *book, size_t index, const char *ticker)
{
    return index < book->count && strcmp(book->entries[index].quote.ticker, ticker) == 0;
}

const struct quote_book_entry *quote_book_find(const struct quote_book *book, const char *ticker)
{
    size_t index = lower_bound(book, ticker);

    return is_at(book, index, ticker) ? &book->entries[index] : NULL;
}

static void make_room(struct quote_book *book, size_t index)
{
    if (book->count == book->capacity) {
        book->capacity = book->capacity == 0 ? 256 : book->capacity * 2;
        book->entries = reallocate_array(book->entries, book->capacity, sizeof *book->entries);
    }
    memmove(book->entries + index + 1, book->entries + index,
            (book->count - index) * sizeof *book->entries);
    memset(&book->entries[index], 0, sizeof book->entries[index]);
    book->count++;
}

static bool is_same(const struct quote *one, const struct quote *other)
{
    return one->price_micros == other->price_micros && one->bid_micros == other->bid_micros &&
           one->ask_micros == other->ask_micros && one->open_micros == other->open_micros &&
           one->high_micros == other->high_micros && one->low_micros == other->low_micros &&
           one->previous_close_micros == other->previous_close_micros &&
           one->volume == other->volume && one->quoted_at == other->quoted_at &&
           one->valid_until == other->valid_until;
}

// Puts the quote into the entry of its ticker; NULL when the book is full.
static struct quote_book_entry *
put(struct quote_book *book, const struct quote *quote, bool *out_has_changed)
{
    size_t index = lower_bound(book, quote->ticker);
    bool is_new = !is_at(book, index, quote->ticker);
    struct quote_book_entry *entry;

    if (is_new && book->count == QUOTE_BOOK_MAX)
        return NULL;
    if (is_new)
        make_room(book, index);
    entry = &book->entries[index];
    *out_has_changed = is_new || !is_same(&entry->quote, quote);
    if (*out_has_changed)
        entry->quote = *quote;
    return entry;
}

const struct quote *quote_book_put(struct quote_book *book,
                                   const struct bar *bar,
                                   enum replay_phase phase,
                                   int64_t previous_close_micros,
                                   int64_t spread_basis_points)
{
    struct quote quote = replay_quote(bar, phase, previous_close_micros, spread_basis_points);
    bool has_changed = false;
    struct quote_book_entry *entry = put(book, &quote, &has_changed);

    if (entry == NULL)
        return NULL;
    entry->day = bar->day;
    entry->close_micros = bar->close_micros;
    return has_changed ? &entry->quote : NULL;
}

const struct quote *
quote_book_put_quote(struct quote_book *book, const struct quote *quote, int64_t day)
{
    bool has_changed = false;
    struct quote_book_entry *entry = put(book, quote, &has_changed);

    if (entry == NULL)
        return NULL;
    entry->day = day;
    entry->close_micros = quote->price_micros;
    return has_changed ? &entry->quote : NULL;
}

int64_t quote_book_previous_close(const struct quote_book *book, const struct bar *bar)
{
    const struct quote_book_entry *entry = quote_book_find(book, bar->ticker);

    if (entry == NULL)
        return 0;
    return entry->day < bar->day ? entry->close_micros : entry->quote.previous_close_micros;
}

size_t quote_book_after(const struct quote_book *book,
                        const char *after,
                        const struct quote_book_entry **out_first)
{
    size_t index = lower_bound(book, after);

    if (is_at(book, index, after))
        index++;
    *out_first = book->entries + index;
    return book->count - index;
}

size_t quote_book_count(const struct quote_book *book)
{
    return book->count;
}
