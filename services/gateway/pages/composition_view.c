// SPDX-License-Identifier: MIT
#include "pages/composition_view.h"

#include "bourse/portfolio/v1/portfolio_methods.h"

enum {
    BAR_WIDTH = 100,
    PER_CENT = 100,
};

static const int64_t whole = 10000000000; // a weight is counted in these parts

static const struct {
    Portfolio__CompositionBy by;
    const char *name;
    const char *label;
} groupings[] = {
    {PORTFOLIO__COMPOSITION_BY__COMPOSITION_BY_TICKER, "ticker", "Symbol"},
    {PORTFOLIO__COMPOSITION_BY__COMPOSITION_BY_SECTOR, "sector", "Sector"},
    {PORTFOLIO__COMPOSITION_BY__COMPOSITION_BY_EXCHANGE, "exchange", "Exchange"},
};

static bool list_groupings(struct arena *arena,
                           Portfolio__CompositionBy chosen,
                           Pages__Composition *composition)
{
    composition->groupings =
        arena_allocate(arena, COUNT_OF(groupings) * sizeof *composition->groupings);
    if (composition->groupings == NULL)
        return false;
    for (size_t i = 0; i < COUNT_OF(groupings); i++) {
        bool is_chosen = groupings[i].by == chosen;

        composition->groupings[i] =
            page_make_choice(arena, groupings[i].name, groupings[i].label, is_chosen);
        if (composition->groupings[i] == NULL)
            return false;
        if (is_chosen)
            composition->by = groupings[i].name;
        composition->n_groupings++;
    }
    return true;
}

static bool fill(struct arena *arena,
                 const Portfolio__GetCompositionResponse *answer,
                 Pages__Composition *composition)
{
    Pages__CompositionClassView *views =
        arena_allocate(arena, (answer->n_classes + 1) * sizeof *views);

    composition->classes =
        arena_allocate(arena, (answer->n_classes + 1) * sizeof *composition->classes);
    if (views == NULL || composition->classes == NULL)
        return false;
    for (size_t i = 0; i < answer->n_classes; i++) {
        Portfolio__CompositionClass *part = answer->classes[i];

        pages__composition_class_view__init(&views[i]);
        views[i].part = part;
        views[i].has_width = true;
        views[i].has_percent_parts = part->has_weight_parts;
        views[i].percent_parts = part->weight_parts * PER_CENT;
        views[i].width = (uint32_t)(part->weight_parts * BAR_WIDTH / whole);
        composition->classes[i] = &views[i];
    }
    composition->n_classes = answer->n_classes;
    composition->has_concentration_parts = answer->has_concentration_parts;
    composition->concentration_parts = answer->concentration_parts;
    return true;
}

bool composition_view_make(struct exchange *exchange,
                           const char *portfolio_id,
                           Portfolio__CompositionBy by,
                           Pages__Composition **out_composition,
                           struct error *error)
{
    struct arena *arena = exchange->request->arena;
    Portfolio__GetCompositionRequest request = PORTFOLIO__GET_COMPOSITION_REQUEST__INIT;
    Pages__Composition *composition = arena_allocate(arena, sizeof *composition);
    ProtobufCMessage *response = NULL;

    if (composition == NULL)
        return page_out_of_memory(error);
    pages__composition__init(composition);
    *out_composition = composition;
    composition->portfolio_id = portfolio_id;
    if (!list_groupings(arena, by, composition))
        return page_out_of_memory(error);
    request.portfolio_id = portfolio_id;
    request.has_by = true;
    request.by = by;
    if (!page_call_for_part(exchange, "portfolio", &portfolio_method_get_composition, &request.base,
                            &response, error))
        return false;
    composition->has_is_away = true;
    composition->is_away = response == NULL;
    return composition->is_away ||
           fill(arena, (const Portfolio__GetCompositionResponse *)response, composition) ||
           page_out_of_memory(error);
}
