// SPDX-License-Identifier: MIT
// standings_api: who of a competition has how much.
//
// Before the end everybody's portfolio is valued, as its owner sees it, and all at the same prices;
// afterwards the snapshots of the last close say it. It costs two queries, once a second at most:
// see standings_cache.
#include "bourse/portfolio/v1/portfolio_server.h"

#include <stdlib.h>
#include <string.h>

#include "bourse/market/v1/market.pb-c.h"
#include "competitions/competition_message.h"
#include "competitions/competition_store.h"
#include "competitions/standings_cache.h"
#include "ledger/ledger.h"
#include "money/money.h"
#include "portfolios/portfolio_page_token.h"

enum { PAGE_DEFAULT = 50 };

struct reckoning {
    struct portfolio *portfolio;
    const struct competition *competition;
    int64_t now;
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The standings need too much memory.");
}

static int by_portfolio(const void *id, const void *standing)
{
    return strcmp(id, ((const struct standing *)standing)->portfolio_id);
}

// What one of an asset is worth now; 0 when that is not known.
static int64_t price_of(struct portfolio *portfolio, const char *asset)
{
    struct quote quote;

    return quotes_get(portfolio->quotes, asset, &quote) ? quote.price_micros : 0;
}

// Adds what an asset is worth to what its owner has, as valuation does.
static void add_asset(struct standing *standing,
                      const struct competing_asset *asset,
                      bool is_cash,
                      int64_t price)
{
    int64_t value = asset->amount;

    standing->has_value =
        standing->has_value &&
        (is_cash || (price > 0 && money_multiply_half_even(price, asset->amount, &value))) &&
        money_add(standing->total_value, value, &standing->total_value);
}

// Values all at the same prices: each is looked up once. The standings are by portfolio.
static bool value_all(const struct reckoning *reckoning,
                      struct arena *arena,
                      struct standing *standings,
                      size_t count,
                      struct error *error)
{
    struct competing_asset *assets = NULL;
    size_t asset_count = 0;
    int64_t price = 0;

    if (!store_list_assets(reckoning->portfolio->database, arena, reckoning->competition->id,
                           &assets, &asset_count, error))
        return false;
    for (size_t i = 0; i < count; i++)
        standings[i].has_value = true;
    for (size_t i = 0; i < asset_count; i++) {
        const struct competing_asset *asset = &assets[i];
        struct standing *standing =
            bsearch(asset->portfolio_id, standings, count, sizeof(*standings), by_portfolio);

        if (i == 0 || strcmp(asset->asset, assets[i - 1].asset) != 0)
            price = price_of(reckoning->portfolio, asset->asset);
        // Whoever has joined since the players were listed is in the next ones.
        if (standing != NULL)
            add_asset(standing, asset, strcmp(asset->asset, LEDGER_CURRENCY) == 0, price);
    }
    return true;
}

static bool is_all_known(const struct standing *standings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!standings[i].has_value)
            return false;
    }
    return true;
}

static bool
reckon(void *context, struct arena *arena, struct standings_table *out_table, struct error *error)
{
    const struct reckoning *reckoning = context;
    const struct competition *competition = reckoning->competition;
    struct database *database = reckoning->portfolio->database;
    bool has_ended = competition_state_at(competition, reckoning->now) == COMPETITION_ENDED;
    struct standings_table table = {.as_of = has_ended ? competition->ends_at : reckoning->now,
                                    .players = competition->players};

    if (has_ended ? !store_list_final(database, arena, competition->id, competition->ends_at,
                                      &table.standings, &table.count, error)
                  : !store_list_players(database, arena, competition->id, &table.standings,
                                        &table.count, error) ||
                        !value_all(reckoning, arena, table.standings, table.count, error))
        return false;
    table.is_final = has_ended && is_all_known(table.standings, table.count);
    standings_rank(table.standings, table.count, competition->cash);
    *out_table = table;
    return true;
}

// On a clock that is stepped time and prices change at once, and whoever has stepped it looks.
static bool is_stepped(struct portfolio *portfolio)
{
    struct platform_clock clock;

    return quotes_clock(portfolio->quotes, &clock) &&
           clock.mode == MARKET__CLOCK_MODE__CLOCK_MODE_STEP;
}

static bool fill_own(const struct standings_table *table,
                     const struct call *call,
                     Portfolio__Standing **out_own,
                     struct error *error)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->standings[i].user_id, call->identity.user_id) == 0)
            return standing_to_message(&table->standings[i], call, out_own, error);
    }
    return true;
}

static bool fill_page(const struct standings_table *table,
                      const struct call *call,
                      size_t first,
                      size_t limit,
                      Portfolio__ListStandingsResponse *response,
                      struct error *error)
{
    size_t left = first < table->count ? table->count - first : 0;
    size_t count = left < limit ? left : limit;

    response->standings = arena_allocate(call->arena, (count + 1) * sizeof(*response->standings));
    if (response->standings == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        if (!standing_to_message(&table->standings[first + i], call, &response->standings[i],
                                 error))
            return false;
    }
    response->n_standings = count;
    if (left > count) {
        response->next_page_token =
            movement_page_token_write(call->arena, (int64_t)(first + count));
        if (response->next_page_token == NULL)
            return out_of_budget(error);
    }
    response->has_as_of = response->has_is_final = true;
    response->as_of = table->as_of;
    response->is_final = table->is_final;
    return fill_own(table, call, &response->own, error);
}

bool portfolio_api_list_standings(struct portfolio *portfolio,
                                  struct call *call,
                                  const Portfolio__ListStandingsRequest *request,
                                  Portfolio__ListStandingsResponse *response,
                                  struct error *error)
{
    size_t limit = request->has_limit ? request->limit : PAGE_DEFAULT;
    struct competition competition = {0};
    struct reckoning reckoning = {.portfolio = portfolio, .competition = &competition};
    OWNED(standings_table) table = NULL;
    int64_t first = 0;
    bool found = false;

    if (!movement_page_token_read(request->page_token, &first, error) ||
        !portfolio_now(portfolio, &reckoning.now, error) ||
        !store_find_competition(portfolio->database, call->arena, request->competition_id,
                                call->identity.user_id, &competition, &found, error))
        return false;
    if (!found)
        return error_set(error, REASON_COMPETITION_NOT_FOUND, "There is no competition %s.",
                         request->competition_id);
    return standings_cache_get(portfolio->standings, competition.id, competition.players,
                               is_stepped(portfolio), reckon, &reckoning, &table, error) &&
           fill_page(table, call, (size_t)first, limit, response, error) &&
           competition_to_message(&competition, call, reckoning.now, &response->competition, error);
}
