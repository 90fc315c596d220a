// SPDX-License-Identifier: MIT
#include "execution/lookup.h"

#include <stdio.h>
#include <string.h>

#include "bourse/market/v1/market_client.h"
#include "bourse/portfolio/v1/portfolio_client.h"
#include "money/money.h"
#include "service/ownership.h"
#include "store/trading_store.h"

enum { HASTE_MS = 500 };

// An owner never changes, but a portfolio may be closed; portfolio has the last word on that.
#define OWNER_GOOD_US (INT64_C(60) * MICROS_PER_SECOND)
#define SYMBOL_GOOD_US (INT64_C(30) * MICROS_PER_SECOND)

// What is remembered when an order asks for it.
enum remembered {
    REMEMBERED_NOTHING,
    REMEMBERED_ENDED, // it is asked for anew, and has to do when nobody answers
    REMEMBERED_GOOD,
};

static enum remembered
recall(struct cache *cache, const char *key, int64_t now, void *out_value, size_t size)
{
    if (cache_get(cache, key, now, out_value, size))
        return REMEMBERED_GOOD;
    if (!cache_get_ended(cache, key, now, out_value, size))
        return REMEMBERED_NOTHING;
    return cache_is_silent(cache, now) ? REMEMBERED_GOOD : REMEMBERED_ENDED;
}

// The call to ask with. When there is something to go on with without an answer, it waits less.
static struct call call_to_ask(const struct call *call, enum remembered remembered)
{
    struct call asking = *call;

    if (remembered == REMEMBERED_ENDED) {
        struct clock clock = clock_real();
        int64_t deadline_us = clock_now_us(&clock) + HASTE_MS * MICROS_PER_MS;

        if (deadline_us < asking.deadline_us)
            asking.deadline_us = deadline_us;
    }
    return asking;
}

// Whether an order can go on with what is remembered after asking has failed.
static bool can_go_on(struct cache *cache, enum remembered remembered, struct error *error)
{
    if (remembered != REMEMBERED_ENDED || !error_is_silence(error))
        return false;
    cache_note_silence(cache, clock_monotonic_us());
    error_clear(error);
    return true;
}

static bool refuse_portfolio(const char *portfolio_id, struct error *error)
{
    return error_set(error, REASON_PORTFOLIO_NOT_FOUND, "There is no portfolio %s.", portfolio_id);
}

// What portfolio tells of a portfolio, as it is remembered.
struct owned {
    char user_id[UUID_SIZE];
    struct fill_terms terms;
};

static struct fill_terms terms_from_message(const Portfolio__FillSettings *settings,
                                            uint64_t version)
{
    struct fill_terms terms = {.version = (int64_t)version};

    if (settings == NULL)
        return terms;
    terms.model = settings->model == PORTFOLIO__FILL_MODEL__FILL_MODEL_BAR ? FILL_MODEL_BAR
                                                                           : FILL_MODEL_QUOTE;
    terms.slippage_bps_hundredths = settings->slippage_bps_hundredths;
    terms.participation_percent_hundredths = settings->participation_percent_hundredths;
    terms.commission_per_order = settings->commission_per_order_micros;
    terms.commission_per_share = settings->commission_per_share_micros;
    terms.commission_bps_hundredths = settings->commission_bps_hundredths;
    terms.commission_minimum = settings->commission_minimum_micros;
    terms.commission_maximum = settings->commission_maximum_micros;
    terms.latency_ms = settings->latency_ms;
    return terms;
}

// Asks, and remembers the answer unless the portfolio is closed.
static bool ask_owner(struct trading *trading,
                      struct call *call,
                      const char *portfolio_id,
                      struct owned *out_owned,
                      bool *out_is_closed,
                      struct error *error)
{
    Portfolio__GetPortfolioOwnerRequest request = PORTFOLIO__GET_PORTFOLIO_OWNER_REQUEST__INIT;
    Portfolio__GetPortfolioOwnerResponse *response = NULL;

    request.portfolio_id = portfolio_id;
    if (!portfolio_client_get_portfolio_owner(trading->portfolio_client, call, &request, &response,
                                              error))
        return false;
    if (response->user_id == NULL)
        return error_set(error, REASON_INTERNAL, "portfolio named no owner.");
    *out_owned = (struct owned){
        .terms = terms_from_message(response->fill_settings, response->fill_settings_version)};
    snprintf(out_owned->user_id, UUID_SIZE, "%s", response->user_id);
    *out_is_closed = response->is_closed;
    if (!response->is_closed)
        cache_put(trading->owners, portfolio_id, clock_monotonic_us() + OWNER_GOOD_US, out_owned,
                  sizeof(*out_owned));
    return true;
}

static bool find_owned(struct trading *trading,
                       struct call *call,
                       const char *portfolio_id,
                       bool closed_too,
                       struct owned *out_owned,
                       struct error *error)
{
    enum remembered remembered =
        recall(trading->owners, portfolio_id, clock_monotonic_us(), out_owned, sizeof(*out_owned));
    bool is_closed = false;

    if (remembered != REMEMBERED_GOOD) {
        struct call asking = call_to_ask(call, remembered);

        if (!ask_owner(trading, &asking, portfolio_id, out_owned, &is_closed, error) &&
            !can_go_on(trading->owners, remembered, error))
            return false;
    }
    if (!ownership_may_see(&call->identity, out_owned->user_id, portfolio_id))
        return refuse_portfolio(portfolio_id, error);
    return !is_closed || closed_too ||
           error_set(error, REASON_PORTFOLIO_CLOSED, "Portfolio %s is closed.", portfolio_id);
}

bool lookup_owner(struct trading *trading,
                  struct call *call,
                  const char *portfolio_id,
                  bool closed_too,
                  char out_user_id[UUID_SIZE],
                  struct error *error)
{
    struct owned owned;

    if (!find_owned(trading, call, portfolio_id, closed_too, &owned, error))
        return false;
    memcpy(out_user_id, owned.user_id, UUID_SIZE);
    return true;
}

bool lookup_portfolio(struct trading *trading,
                      struct call *call,
                      const char *portfolio_id,
                      char out_user_id[UUID_SIZE],
                      struct fill_terms *out_terms,
                      struct error *error)
{
    struct owned owned;

    if (!find_owned(trading, call, portfolio_id, false, &owned, error))
        return false;
    memcpy(out_user_id, owned.user_id, UUID_SIZE);
    *out_terms = owned.terms;
    return true;
}

bool lookup_terms(struct trading *trading,
                  struct call *call,
                  const char *portfolio_id,
                  struct fill_terms *out_terms,
                  struct error *error)
{
    struct owned owned;
    bool is_closed = false;

    if (!ask_owner(trading, call, portfolio_id, &owned, &is_closed, error))
        return false;
    *out_terms = owned.terms;
    return true;
}

bool lookup_order(struct trading *trading,
                  struct call *call,
                  const char *order_id,
                  struct order **out_order,
                  struct error *error)
{
    struct order *orders = NULL;
    size_t count = 0;

    if (!store_load_orders(trading->database, call->arena, &order_id, 1, &orders, &count, error))
        return false;
    if (count == 0 ||
        !ownership_may_see(&call->identity, orders[0].user_id, orders[0].portfolio_id))
        return error_set(error, REASON_ORDER_NOT_FOUND, "There is no order %s.", order_id);
    *out_order = &orders[0];
    return true;
}

struct symbol {
    bool is_active;
    bool is_fractionable;
};

static bool ask_symbol(struct trading *trading,
                       struct call *call,
                       const char *ticker,
                       struct symbol *out_symbol,
                       struct error *error)
{
    Market__GetSymbolRequest request = MARKET__GET_SYMBOL_REQUEST__INIT;
    Market__GetSymbolResponse *response = NULL;

    request.ticker = ticker;
    if (!market_client_get_symbol(trading->market_client, call, &request, &response, error))
        return false;
    if (response->symbol == NULL)
        return error_set(error, REASON_INTERNAL, "market described no symbol.");
    out_symbol->is_active = response->symbol->status == MARKET__SYMBOL_STATUS__SYMBOL_STATUS_ACTIVE;
    out_symbol->is_fractionable = response->symbol->fractionable;
    return true;
}

static bool find_symbol(struct trading *trading,
                        struct call *call,
                        const char *ticker,
                        struct symbol *out_symbol,
                        struct error *error)
{
    int64_t now = clock_monotonic_us();
    struct symbol symbol;
    enum remembered remembered = recall(trading->symbols, ticker, now, out_symbol, sizeof(symbol));
    struct call asking;

    if (remembered == REMEMBERED_GOOD)
        return true;
    asking = call_to_ask(call, remembered);
    if (!ask_symbol(trading, &asking, ticker, &symbol, error))
        return can_go_on(trading->symbols, remembered, error);
    cache_put(trading->symbols, ticker, now + SYMBOL_GOOD_US, &symbol, sizeof(symbol));
    *out_symbol = symbol;
    return true;
}

bool lookup_fractionable(struct trading *trading,
                         struct call *call,
                         const char *ticker,
                         bool *out_is_fractionable,
                         struct error *error)
{
    struct symbol symbol;

    if (!find_symbol(trading, call, ticker, &symbol, error))
        return false;
    *out_is_fractionable = symbol.is_fractionable;
    return true;
}

bool lookup_tradable(struct trading *trading,
                     struct call *call,
                     const char *ticker,
                     int64_t quantity,
                     struct error *error)
{
    struct symbol symbol;

    if (!find_symbol(trading, call, ticker, &symbol, error))
        return false;
    if (!symbol.is_active)
        return error_set(error, REASON_SYMBOL_NOT_TRADABLE, "%s is not traded any more.", ticker);
    if (quantity % NANOS_PER_UNIT != 0 && !symbol.is_fractionable)
        return error_set(error, REASON_NOT_FRACTIONABLE, "Only whole shares of %s are traded.",
                         ticker);
    return true;
}
