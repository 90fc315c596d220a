// SPDX-License-Identifier: MIT
// The editor of strategies: a form whose fields are the JSON Schema of the kind, and what is wrong
// with a rule shown in it.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_rules.h"
#include "page_templates.h"
#include "pages/page.h"
#include "pages/parameter_inputs.h"
#include "pages/strategy_kinds.h"

#include <string.h>

enum { PARAMETERS_BYTES_MAX = 16 * 1024 };

// Those that many kinds share, which stand for themselves on the page.
static const char *const shared_parameters[] = {
    "sizing", "size", "stop_loss_percent", "trailing_stop_percent", "take_profit_percent",
};

static bool is_shared(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(shared_parameters); i++)
        if (strcmp(name, shared_parameters[i]) == 0)
            return true;
    return false;
}

// Showing.

static bool
add_kinds(struct arena *arena, const struct strategy_kinds *kinds, Pages__StrategyEditPage *page)
{
    page->kinds = arena_allocate(arena, kinds->count * sizeof *page->kinds);
    if (page->kinds == NULL)
        return false;
    for (size_t i = 0; i < kinds->count; i++) {
        page->kinds[i] = page_make_choice(arena, kinds->kinds[i]->kind, kinds->kinds[i]->title,
                                          kinds->kinds[i] == page->kind);
        if (page->kinds[i] == NULL)
            return false;
        page->n_kinds++;
    }
    return true;
}

static bool add_inputs(struct arena *arena,
                       const struct parameter_inputs *inputs,
                       const struct strategy_properties *properties,
                       Pages__StrategyEditPage *page)
{
    page->parameters = arena_allocate(arena, STRATEGY_PROPERTIES_MAX * sizeof *page->parameters);
    page->exits = arena_allocate(arena, STRATEGY_PROPERTIES_MAX * sizeof *page->exits);
    if (page->parameters == NULL || page->exits == NULL)
        return false;
    for (size_t i = 0; i < properties->count; i++) {
        Pages__ParameterInput *input = parameter_inputs_make(inputs, &properties->items[i], arena);

        if (input == NULL)
            return false;
        if (is_shared(properties->items[i].name))
            page->exits[page->n_exits++] = input;
        else
            page->parameters[page->n_parameters++] = input;
    }
    return true;
}

// The parameters that it has, as long as it stays of its kind.
static bool read_values(struct exchange *exchange,
                        const Pages__StrategyEditPage *page,
                        struct strategy_values **out_values,
                        struct error *error)
{
    struct arena *arena = exchange->request->arena;

    *out_values = NULL;
    if (page->strategy == NULL || strcmp(page->strategy->kind, page->kind->kind) != 0)
        return true;
    *out_values = arena_allocate(arena, sizeof **out_values);
    if (*out_values == NULL)
        return page_out_of_memory(error);
    return strategy_json_read_values(text_of(page->strategy->parameters), arena, *out_values,
                                     error);
}

static bool add_parameters(struct exchange *exchange,
                           const struct error *failure,
                           Pages__StrategyEditPage *page,
                           struct error *error)
{
    struct strategy_properties *properties = NULL;
    struct strategy_values *values = NULL;
    struct parameter_inputs inputs = {
        .prefix = STRATEGY_PARAMETERS_PREFIX, .form = exchange->form, .error = failure};

    if (!strategy_kinds_read(exchange, page->kind, &properties, error) ||
        !read_values(exchange, page, &values, error))
        return false;
    inputs.values = values;
    return add_inputs(exchange->request->arena, &inputs, properties, page) ||
           page_out_of_memory(error);
}

// What is said beside a parameter need not be said above the form as well.
static void soften_problem(const Pages__StrategyEditPage *page)
{
    bool is_beside = false;

    for (size_t i = 0; i < page->n_parameters; i++)
        is_beside = is_beside || page->parameters[i]->input->problem != NULL;
    for (size_t i = 0; i < page->n_exits; i++)
        is_beside = is_beside || page->exits[i]->input->problem != NULL;
    if (is_beside && page->form->problem != NULL)
        page->form->problem->sentence = "Please correct what is marked below.";
}

static bool add_form(struct exchange *exchange,
                     const struct error *failure,
                     Pages__StrategyEditPage *page,
                     struct error *error)
{
    page->form = arena_allocate(exchange->request->arena, sizeof *page->form);
    if (page->form == NULL)
        return page_out_of_memory(error);
    pages__strategy_form__init(page->form);
    if (!page_show_form(exchange, &pages_strategy_form_info, "strategy", failure, &page->form->base,
                        error))
        return false;
    if (page->strategy != NULL &&
        !page_preset_all(exchange, &pages_strategy_form_info, failure, &trading_strategy_info,
                         &page->strategy->base, &page->form->base, error))
        return false;
    page_preset(page->form->timeframe, "1Day");
    return add_parameters(exchange, failure, page, error);
}

// The kind that is asked for, that was sent, or that it has; the first one otherwise.
static void choose_kind(const struct exchange *exchange,
                        const struct strategy_kinds *kinds,
                        const char *asked,
                        Pages__StrategyEditPage *page)
{
    if (exchange->form != NULL)
        asked = form_find(exchange->form, "kind");
    page->kind = strategy_kinds_find(kinds, asked);
    if (page->kind == NULL && page->strategy != NULL)
        page->kind = strategy_kinds_find(kinds, page->strategy->kind);
    if (page->kind == NULL)
        page->kind = kinds->kinds[0];
}

static bool show(struct exchange *exchange, const struct error *failure, struct error *error)
{
    Pages__StrategyEditPage page = PAGES__STRATEGY_EDIT_PAGE__INIT;
    const Pages__StrategyEditQuery *asked = NULL;
    ProtobufCMessage *query = NULL;
    struct strategy_kinds kinds;

    if (!page_begin(exchange, PAGE_FOR_USERS, "strategies", "New strategy", &page.frame, error) ||
        !page_read_query(exchange, &pages_strategy_edit_query_info, &query, error) ||
        !strategy_kinds_list(exchange, &kinds, error))
        return false;
    asked = (const Pages__StrategyEditQuery *)query;
    if (asked->strategy_id != NULL &&
        !strategy_kinds_get_strategy(exchange, asked->strategy_id, &page.strategy, error))
        return false;
    if (page.strategy != NULL)
        page.frame->title = page.strategy->name;
    choose_kind(exchange, &kinds, asked->kind, &page);
    if (!add_kinds(exchange->request->arena, &kinds, &page))
        return page_out_of_memory(error);
    if (!add_form(exchange, failure, &page, error))
        return false;
    soften_problem(&page);
    return page_answer(exchange, &strategy_edit_page, &page.base, failure, error);
}

bool strategy_edit_page_show(struct exchange *exchange, struct error *error)
{
    return show(exchange, NULL, error);
}

// Sending.

// Whether the field is that of a parameter of the kind. What is another's stays, and is refused.
static bool is_parameter(const struct strategy_properties *properties, const char *name)
{
    size_t prefix = strlen(STRATEGY_PARAMETERS_PREFIX);

    if (strncmp(name, STRATEGY_PARAMETERS_PREFIX, prefix) != 0)
        return false;
    for (size_t i = 0; i < properties->count; i++)
        if (strcmp(name + prefix, properties->items[i].name) == 0)
            return true;
    return false;
}

// The form as the API has it: with one field for all parameters.
static bool fold(struct exchange *exchange,
                 const struct strategy_properties *properties,
                 const struct form **out_form,
                 struct error *error)
{
    struct arena *arena = exchange->request->arena;
    struct form *folded = arena_allocate(arena, sizeof *folded);
    OWNED(strbuf) json = strbuf_new(PARAMETERS_BYTES_MAX);
    const char *copied = NULL;

    strategy_json_print(properties, exchange->form, json);
    copied = arena_copy(arena, json->data, json->length);
    if (folded == NULL || copied == NULL)
        return page_out_of_memory(error);
    folded->count = 0;
    for (size_t i = 0; i < exchange->form->count; i++) {
        const struct form_field *field = &exchange->form->fields[i];

        if (!is_parameter(properties, field->name.data) &&
            !form_add(folded, field->name, field->value, error))
            return false;
    }
    *out_form = folded;
    return form_add(folded, text_of("parameters"), text_of(copied), error);
}

// Reads the request of an operation from what was typed.
static bool read_request(struct exchange *exchange,
                         const struct rpc_method *method,
                         bool sets_texts,
                         ProtobufCMessage **out_request,
                         struct error *error)
{
    const struct form *typed = exchange->form;
    const char *name = form_find(typed, "kind");
    struct strategy_properties none = {.count = 0};
    struct strategy_properties *properties = &none;
    struct strategy_kinds kinds;
    const Trading__StrategyKind *kind = NULL;
    bool done = false;

    if (!exchange_allows(exchange, method, error) || !strategy_kinds_list(exchange, &kinds, error))
        return false;
    // Trading says which kinds there are.
    kind = strategy_kinds_find(&kinds, name);
    if (kind != NULL && !strategy_kinds_read(exchange, kind, &properties, error))
        return false;
    done = fold(exchange, properties, &exchange->form, error) &&
           page_read_form(exchange, method->request, sets_texts, out_request, error);
    exchange->form = typed;
    return done;
}

bool strategy_create(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *request = NULL;
    ProtobufCMessage *response = NULL;
    const Trading__Strategy *strategy = NULL;
    struct error failure;

    if (!read_request(exchange, &trading_method_create_strategy, false, &request, &failure) ||
        !page_call(exchange, "trading", &trading_method_create_strategy, request, &response,
                   &failure))
        return page_fail(exchange, &failure, show, error);
    strategy = ((const Trading__CreateStrategyResponse *)response)->strategy;
    page_say(exchange, false, "The strategy %s is there. Test it on the past.", strategy->name);
    return page_redirect(exchange, error, "/strategies/%s", strategy->id);
}

bool strategy_update(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *message = NULL;
    ProtobufCMessage *response = NULL;
    Trading__UpdateStrategyRequest *request = NULL;
    struct error failure;

    if (!read_request(exchange, &trading_method_update_strategy, true, &message, &failure))
        return page_fail(exchange, &failure, show, error);
    request = (Trading__UpdateStrategyRequest *)message;
    request->has_symbols_given = true;
    request->symbols_given = true;
    if (!page_call(exchange, "trading", &trading_method_update_strategy, message, &response,
                   &failure))
        return page_fail(exchange, &failure, show, error);
    page_say(exchange, false, "The strategy was changed.");
    return page_redirect(exchange, error, "/strategies/%s", request->strategy_id);
}
