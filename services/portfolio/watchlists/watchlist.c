// SPDX-License-Identifier: MIT
#include "watchlists/watchlist.h"

#include <stdio.h>
#include <string.h>

bool watchlist_check_count(size_t count, struct error *error)
{
    if (count < WATCHLISTS_MAX)
        return true;
    error_set(error, REASON_LIMIT_EXCEEDED, "A user has at most %d watchlists, and there are %zu.",
              WATCHLISTS_MAX, count);
    error_add_number(error, "watchlists", "%zu", count);
    error_add_number(error, "maximum", "%d", WATCHLISTS_MAX);
    return false;
}

bool watchlist_check_symbols(const char *const *tickers, size_t count, struct error *error)
{
    char field[32];

    error_clear(error);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(tickers[i], tickers[j]) != 0)
                continue;
            snprintf(field, sizeof(field), "symbols[%zu]", i);
            error_add_violation(error, field, "is %s, as symbols[%zu] is already", tickers[i], j);
            return false;
        }
    }
    return true;
}

bool watchlist_check_delete(const struct watchlist *list, struct error *error)
{
    if (!list->is_default)
        return true;
    return error_set(error, REASON_WATCHLIST_IS_DEFAULT,
                     "Watchlist %s is the default one, which cannot be deleted.", list->id);
}

// Its place in the list, or the list's count.
static size_t find(const struct watchlist *list, const char *ticker)
{
    size_t index = 0;

    while (index < list->count && strcmp(list->tickers[index], ticker) != 0)
        index++;
    return index;
}

bool watchlist_has(const struct watchlist *list, const char *ticker)
{
    return find(list, ticker) < list->count;
}

bool watchlist_add(struct watchlist *list, const char *ticker, bool *out_added, struct error *error)
{
    bool is_new = !watchlist_has(list, ticker);

    if (is_new && list->count >= WATCHLIST_SYMBOLS_MAX) {
        error_set(error, REASON_LIMIT_EXCEEDED,
                  "A watchlist has at most %d symbols, and this one has %zu.",
                  WATCHLIST_SYMBOLS_MAX, list->count);
        error_add_number(error, "symbols", "%zu", list->count);
        error_add_number(error, "maximum", "%d", WATCHLIST_SYMBOLS_MAX);
        return false;
    }
    if (is_new)
        list->tickers[list->count++] = ticker;
    *out_added = is_new;
    return true;
}

bool watchlist_remove(struct watchlist *list, const char *ticker, struct error *error)
{
    size_t index = find(list, ticker);

    if (index == list->count) {
        error_set(error, REASON_WATCHLIST_SYMBOL_NOT_FOUND, "%s is not in watchlist %s.", ticker,
                  list->id);
        error_add_number(error, "ticker", "%s", ticker);
        return false;
    }
    list->count--;
    memmove(&list->tickers[index], &list->tickers[index + 1],
            (list->count - index) * sizeof(*list->tickers));
    return true;
}
