// SPDX-License-Identifier: MIT
#include "watchlists/watchlist_message.h"

#include "quotes/quote_change.h"
#include "service/log.h"
#include "valuation/appraisal.h"
#include "watchlists/catalogue.h"

// The names are worth waiting for, but not for long: the rest of the answer is there.
enum { NAMES_TIMEOUT_MS = 1000 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool to_symbols(const struct watchlist *list,
                       struct arena *arena,
                       Portfolio__Watchlist *message,
                       struct error *error)
{
    Portfolio__WatchlistSymbol *symbols =
        arena_allocate(arena, (list->count + 1) * sizeof(*symbols));

    message->symbols = arena_allocate(arena, (list->count + 1) * sizeof(*message->symbols));
    if (symbols == NULL || message->symbols == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < list->count; i++) {
        portfolio__watchlist_symbol__init(&symbols[i]);
        symbols[i].ticker = list->tickers[i];
        message->symbols[i] = &symbols[i];
    }
    message->n_symbols = list->count;
    return true;
}

bool watchlist_to_message(const struct watchlist *list,
                          struct arena *arena,
                          Portfolio__Watchlist **out_message,
                          struct error *error)
{
    Portfolio__Watchlist *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    portfolio__watchlist__init(message);
    message->id = arena_copy_string(arena, list->id);
    message->user_id = arena_copy_string(arena, list->user_id);
    message->name = list->name;
    message->has_is_default = true;
    message->is_default = list->is_default;
    message->has_created_at = true;
    message->created_at = list->created_at;
    message->has_updated_at = true;
    message->updated_at = list->updated_at;
    if (message->id == NULL || message->user_id == NULL)
        return out_of_budget(error);
    if (!to_symbols(list, arena, message, error))
        return false;
    *out_message = message;
    return true;
}

static void add_quote(struct portfolio *portfolio, Portfolio__WatchlistSymbol *symbol)
{
    struct quote_change change;
    struct quote quote;

    if (!quotes_get(portfolio->quotes, symbol->ticker, &quote) || quote.price_micros <= 0)
        return;
    symbol->has_price_micros = true;
    symbol->price_micros = quote.price_micros;
    symbol->has_quoted_at = true;
    symbol->quoted_at = quote.quoted_at;
    symbol->has_stale = true;
    symbol->stale = quote.stale;
    if (!quote_change(&quote, &change))
        return;
    symbol->has_change_micros = true;
    symbol->change_micros = change.change_micros;
    symbol->has_change_percent_micros = change.has_percent;
    symbol->change_percent_micros = change.percent_micros;
}

static void add_names(const struct catalogue *catalogue, Portfolio__WatchlistSymbol *symbol)
{
    const Market__Symbol *found = catalogue_find(catalogue, symbol->ticker);

    if (found == NULL)
        return;
    symbol->name = found->name;
    symbol->has_is_active = found->has_status;
    symbol->is_active = found->status == MARKET__SYMBOL_STATUS__SYMBOL_STATUS_ACTIVE;
}

bool watchlist_complete(struct portfolio *portfolio,
                        const struct call *call,
                        Portfolio__Watchlist *const *messages,
                        size_t count,
                        struct error *error)
{
    const char *tickers[WATCHLIST_SYMBOLS_MAX];
    struct catalogue catalogue = {0};
    struct error problem;
    size_t total = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < messages[i]->n_symbols; j++) {
            if (total == WATCHLIST_SYMBOLS_MAX)
                return error_set(error, REASON_INTERNAL, "The watchlists have too many symbols.");
            tickers[total++] = messages[i]->symbols[j]->ticker;
        }
    }
    if (total == 0)
        return true;
    appraisal_catch_up(portfolio);
    if (!catalogue_ask(portfolio, call, tickers, total, NAMES_TIMEOUT_MS, &catalogue, &problem))
        log_write(LOG_WARNING, "names_missing", "reason", problem.reason, "message",
                  problem.message, NULL);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < messages[i]->n_symbols; j++) {
            add_quote(portfolio, messages[i]->symbols[j]);
            add_names(&catalogue, messages[i]->symbols[j]);
        }
    }
    return true;
}
