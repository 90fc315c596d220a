// SPDX-License-Identifier: MIT
#include "pages/strategy_kinds.h"

#include "bourse/trading/v1/trading_methods.h"
#include "pages/parameter_inputs.h"

#include <string.h>

bool strategy_kinds_list(struct exchange *exchange,
                         struct strategy_kinds *out_kinds,
                         struct error *error)
{
    Trading__ListStrategyKindsRequest request = TRADING__LIST_STRATEGY_KINDS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    if (!page_call(exchange, "trading", &trading_method_list_strategy_kinds, &request.base,
                   &response, error))
        return false;
    out_kinds->kinds = ((Trading__ListStrategyKindsResponse *)response)->kinds;
    out_kinds->count = ((Trading__ListStrategyKindsResponse *)response)->n_kinds;
    return out_kinds->count > 0 ||
           error_set(error, REASON_INTERNAL, "There are no kinds of strategies.");
}

Trading__StrategyKind *strategy_kinds_find(const struct strategy_kinds *kinds, const char *name)
{
    for (size_t i = 0; name != NULL && i < kinds->count; i++)
        if (strcmp(kinds->kinds[i]->kind, name) == 0)
            return kinds->kinds[i];
    return NULL;
}

bool strategy_kinds_read(struct exchange *exchange,
                         const Trading__StrategyKind *kind,
                         struct strategy_properties **out_properties,
                         struct error *error)
{
    struct arena *arena = exchange->request->arena;

    *out_properties = arena_allocate(arena, sizeof **out_properties);
    if (*out_properties == NULL)
        return page_out_of_memory(error);
    return strategy_json_read_schema(text_of(kind->parameters_schema), arena, *out_properties,
                                     error);
}

bool strategy_kinds_get_strategy(struct exchange *exchange,
                                 const char *strategy_id,
                                 Trading__Strategy **out_strategy,
                                 struct error *error)
{
    Trading__GetStrategyRequest request = TRADING__GET_STRATEGY_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.strategy_id = strategy_id;
    if (!page_call(exchange, "trading", &trading_method_get_strategy, &request.base, &response,
                   error))
        return false;
    *out_strategy = ((Trading__GetStrategyResponse *)response)->strategy;
    return true;
}

// What is 0 for never is not worth a line.
static bool is_worth_showing(const struct strategy_value *value)
{
    size_t length = strlen(value->name);
    size_t suffix = strlen("_percent");

    return length < suffix || strcmp(value->name + length - suffix, "_percent") != 0 ||
           strspn(value->text, "0.") != strlen(value->text);
}

bool strategy_kinds_show_values(struct exchange *exchange,
                                const char *json,
                                Pages__ParameterView ***out_views,
                                size_t *out_count,
                                struct error *error)
{
    struct arena *arena = exchange->request->arena;
    struct strategy_values *values = arena_allocate(arena, sizeof *values);

    *out_views = arena_allocate(arena, STRATEGY_VALUES_MAX * sizeof **out_views);
    *out_count = 0;
    if (values == NULL || *out_views == NULL)
        return page_out_of_memory(error);
    if (!strategy_json_read_values(text_of(json), arena, values, error))
        return false;
    for (size_t i = 0; i < values->count; i++) {
        Pages__ParameterView *view = arena_allocate(arena, sizeof *view);

        if (!is_worth_showing(&values->items[i]))
            continue;
        if (view == NULL)
            return page_out_of_memory(error);
        pages__parameter_view__init(view);
        view->name = parameter_inputs_label(arena, values->items[i].name);
        view->has_is_rule = true;
        view->is_rule = strcmp(values->items[i].name, "enter") == 0 ||
                        strcmp(values->items[i].name, "exit") == 0;
        view->value = values->items[i].text;
        if (!view->is_rule)
            view->value = parameter_inputs_value(arena, view->value);
        if (view->name == NULL || view->value == NULL)
            return page_out_of_memory(error);
        (*out_views)[(*out_count)++] = view;
    }
    return true;
}
