// SPDX-License-Identifier: MIT
// composition_api: what a portfolio consists of.
#include "bourse/portfolio/v1/portfolio_server.h"

#include <stdlib.h>
#include <string.h>

#include "analytics/analytics.h"
#include "money/money.h"
#include "performance/performance_message.h"
#include "portfolios/access.h"
#include "valuation/appraisal.h"
#include "watchlists/catalogue.h"

enum { CATALOGUE_TICKERS_MAX = 500, CATALOGUE_TIMEOUT_MS = 3000 };

#define CASH_NAME "cash"

// A holding and what it belongs to.
struct member {
    const char *class;
    const struct holding *holding;
};

// A class of the composition while it is summed; its tickers are among those of all holdings.
struct part {
    const char *name;
    bool is_cash;
    int64_t value;
    const char **tickers;
    size_t count;
};

struct composing {
    struct portfolio *portfolio;
    struct call *call;
    Portfolio__CompositionBy by;
    struct appraisal appraisal;
    struct member *members; // one for each holding
    struct part *parts;
    size_t count;
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool load(struct composing *composing, const char *portfolio_id, struct error *error)
{
    struct portfolio *portfolio = composing->portfolio;
    struct balance_record *balances = NULL;
    size_t count = 0;

    appraisal_catch_up(portfolio);
    return store_list_balances(portfolio->database, composing->call->arena, &portfolio_id, 1,
                               appraisal_day(portfolio), &balances, &count, error) &&
           appraise(portfolio, composing->call->arena, portfolio_id, balances, count,
                    &composing->appraisal, error);
}

static const char *class_of(const struct composing *composing, const Market__Symbol *symbol)
{
    const char *name = NULL;

    if (symbol != NULL)
        name = composing->by == PORTFOLIO__COMPOSITION_BY__COMPOSITION_BY_SECTOR ? symbol->sector
                                                                                 : symbol->exchange;
    return name == NULL ? "" : name;
}

// Asks market what the tickers belong to, 500 at a time.
static bool ask_classes(struct composing *composing, struct error *error)
{
    const struct appraisal *appraisal = &composing->appraisal;
    const char **tickers =
        arena_allocate(composing->call->arena, CATALOGUE_TICKERS_MAX * sizeof(*tickers));

    if (tickers == NULL)
        return out_of_budget(error);
    for (size_t from = 0; from < appraisal->count; from += CATALOGUE_TICKERS_MAX) {
        size_t rest = appraisal->count - from;
        size_t count = rest < CATALOGUE_TICKERS_MAX ? rest : CATALOGUE_TICKERS_MAX;
        struct catalogue catalogue;

        for (size_t i = 0; i < count; i++)
            tickers[i] = appraisal->holdings[from + i].ticker;
        if (!catalogue_ask(composing->portfolio, composing->call, tickers, count,
                           CATALOGUE_TIMEOUT_MS, &catalogue, error))
            return false;
        for (size_t i = 0; i < count; i++)
            composing->members[from + i].class =
                class_of(composing, catalogue_find(&catalogue, tickers[i]));
    }
    return true;
}

static int compare_members(const void *one, const void *other)
{
    const struct member *left = one;
    const struct member *right = other;
    int order = strcmp(left->class, right->class);

    return order != 0 ? order : strcmp(left->holding->ticker, right->holding->ticker);
}

// Finds out what each holding belongs to, and brings those of one class together.
static bool classify(struct composing *composing, struct error *error)
{
    const struct appraisal *appraisal = &composing->appraisal;
    bool is_by_ticker = composing->by == PORTFOLIO__COMPOSITION_BY__COMPOSITION_BY_TICKER;

    composing->members = arena_allocate(composing->call->arena,
                                        (appraisal->count + 1) * sizeof(*composing->members));
    if (composing->members == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < appraisal->count; i++) {
        const struct holding *holding = &appraisal->holdings[i];

        composing->members[i] = (struct member){.class = holding->ticker, .holding = holding};
    }
    if (!is_by_ticker && !ask_classes(composing, error))
        return false;
    qsort(composing->members, appraisal->count, sizeof(*composing->members), compare_members);
    return true;
}

static int compare_parts(const void *one, const void *other)
{
    const struct part *left = one;
    const struct part *right = other;

    if (left->value != right->value)
        return left->value > right->value ? -1 : 1;
    return strcmp(left->name, right->name);
}

static bool sum_parts(struct composing *composing, struct error *error)
{
    const struct appraisal *appraisal = &composing->appraisal;
    struct arena *arena = composing->call->arena;
    const char **tickers = arena_allocate(arena, (appraisal->count + 1) * sizeof(*tickers));
    struct part *part = NULL;

    composing->parts = arena_allocate(arena, (appraisal->count + 1) * sizeof(*composing->parts));
    if (tickers == NULL || composing->parts == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < appraisal->count; i++) {
        const struct member *member = &composing->members[i];

        if (part == NULL || strcmp(part->name, member->class) != 0) {
            part = &composing->parts[composing->count++];
            *part = (struct part){.name = member->class, .tickers = tickers + i};
        }
        part->tickers[part->count++] = member->holding->ticker;
        if (!money_add(part->value, member->holding->market_value, &part->value))
            return error_set(error, REASON_INTERNAL, "A class is worth more than can be counted.");
    }
    composing->parts[composing->count++] =
        (struct part){.name = CASH_NAME, .is_cash = true, .value = appraisal->cash};
    qsort(composing->parts, composing->count, sizeof(*composing->parts), compare_parts);
    return true;
}

static bool answer(const struct composing *composing,
                   Portfolio__GetCompositionResponse *response,
                   struct error *error)
{
    struct arena *arena = composing->call->arena;
    int64_t total = composing->appraisal.valuation.total_value;
    double *weights = arena_allocate(arena, (composing->count + 1) * sizeof(*weights));
    struct analytics_figure concentration;

    response->classes = arena_allocate(arena, (composing->count + 1) * sizeof(*response->classes));
    if (response->classes == NULL || weights == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < composing->count; i++) {
        const struct part *part = &composing->parts[i];
        Portfolio__CompositionClass *message = arena_allocate(arena, sizeof(*message));

        if (message == NULL)
            return out_of_budget(error);
        portfolio__composition_class__init(message);
        message->name = part->name;
        message->has_is_cash = message->has_value_micros = message->has_positions = true;
        message->is_cash = part->is_cash;
        message->value_micros = part->value;
        message->positions = (uint32_t)part->count;
        message->tickers = part->tickers;
        message->n_tickers = part->count;
        message->has_weight_parts =
            total > 0 &&
            performance_to_parts((double)part->value / (double)total, &message->weight_parts);
        weights[i] = (double)part->value;
        response->classes[response->n_classes++] = message;
    }
    concentration = analytics_concentration(weights, composing->count);
    response->has_concentration_parts =
        concentration.reason == ANALYTICS_KNOWN &&
        performance_to_parts(concentration.value, &response->concentration_parts);
    response->has_total_value_micros = true;
    response->total_value_micros = total;
    return true;
}

bool portfolio_api_get_composition(struct portfolio *portfolio,
                                   struct call *call,
                                   const Portfolio__GetCompositionRequest *request,
                                   Portfolio__GetCompositionResponse *response,
                                   struct error *error)
{
    struct composing composing = {
        .portfolio = portfolio,
        .call = call,
        .by = request->has_by ? request->by : PORTFOLIO__COMPOSITION_BY__COMPOSITION_BY_TICKER};
    struct portfolio_record record;

    if (!access_find(portfolio, call, request->portfolio_id, false, &record, error) ||
        !load(&composing, record.id, error))
        return false;
    response->has_by = true;
    response->by = composing.by;
    if (!composing.appraisal.valuation.has_value)
        return true;
    return classify(&composing, error) && sum_parts(&composing, error) &&
           answer(&composing, response, error);
}
