// SPDX-License-Identifier: MIT
// One strategy: what it does, its backtests, and the form that asks for another one.
#include "pages/pages.h"

#include "base/timestamp.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_rules.h"
#include "page_templates.h"
#include "pages/page.h"
#include "pages/parameter_inputs.h"
#include "pages/strategy_kinds.h"
#include "pages/strategy_runs.h"

#include <stdio.h>
#include <string.h>

enum {
    BACKTESTS_SHOWN = 20,
    GRID_MAX = 4,
    GRID_VALUES_MAX = 50,
    DATE_LENGTH = 10,
    YEAR_DAYS = 365
};

#define GRID_PREFIX "grid."

// Showing.

static bool may_compare(const Trading__ListBacktestsResponse *list)
{
    size_t completed = 0;

    for (size_t i = 0; i < list->n_backtests; i++)
        if (list->backtests[i]->status == TRADING__BACKTEST_STATUS__BACKTEST_STATUS_COMPLETED)
            completed++;
    return completed > 1;
}

static bool add_backtests(struct exchange *exchange,
                          const Pages__StrategyQuery *query,
                          Pages__StrategyPage *page,
                          struct error *error)
{
    Trading__ListBacktestsRequest request = TRADING__LIST_BACKTESTS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.strategy_id = query->strategy_id;
    request.has_limit = true;
    request.limit = BACKTESTS_SHOWN;
    request.page_token = query->page_token;
    if (!page_call(exchange, "trading", &trading_method_list_backtests, &request.base, &response,
                   error))
        return false;
    page->list = (Trading__ListBacktestsResponse *)response;
    page->has_may_compare = true;
    page->may_compare = may_compare(page->list);
    return true;
}

// A rule and weights are not tried with several values.
static bool may_be_tried(const struct strategy_property *property)
{
    return property->type != STRATEGY_PROPERTY_RULE && property->type != STRATEGY_PROPERTY_WEIGHTS;
}

static bool add_grid(struct exchange *exchange,
                     const struct error *failure,
                     Pages__StrategyPage *page,
                     struct error *error)
{
    const struct parameter_inputs inputs = {
        .prefix = GRID_PREFIX, .form = failure != NULL ? exchange->form : NULL, .error = failure};
    struct arena *arena = exchange->request->arena;
    struct strategy_properties *properties = NULL;

    if (!strategy_kinds_read(exchange, page->about, &properties, error))
        return false;
    page->grid = arena_allocate(arena, STRATEGY_PROPERTIES_MAX * sizeof *page->grid);
    page->has_is_grid_open = true;
    for (size_t i = 0; page->grid != NULL && i < properties->count; i++) {
        Pages__ParameterInput *input = NULL;

        if (!may_be_tried(&properties->items[i]))
            continue;
        input = parameter_inputs_make(&inputs, &properties->items[i], arena);
        if (input == NULL)
            return page_out_of_memory(error);
        page->is_grid_open = page->is_grid_open || input->input->value != NULL;
        page->grid[page->n_grid++] = input;
    }
    return page->grid != NULL || page_out_of_memory(error);
}

// A year until now.
static void preset_start(const struct exchange *exchange, Pages__BacktestForm *form)
{
    struct platform_clock clock;
    char time[TIMESTAMP_SIZE];

    if (!quotes_clock(exchange->gateway->quotes, &clock))
        return;
    timestamp_print(clock.now - YEAR_DAYS * MICROS_PER_DAY, time);
    page_preset(form->start, arena_copy(exchange->request->arena, time, DATE_LENGTH));
}

static bool is_filled_in(const Pages__Input *const *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (inputs[i]->value != NULL && inputs[i]->value[0] != '\0')
            return true;
    return false;
}

// What few need is out of the way unless something was said of it.
static void open_sections(Pages__StrategyPage *page)
{
    const Pages__BacktestCostsInputs *costs = page->form->costs;
    const Pages__BacktestWalkForwardInputs *walk = page->form->walk_forward;
    const Pages__Input *of_costs[] = {costs->slippage_bps,         costs->participation_percent,
                                      costs->commission_per_order, costs->commission_per_share,
                                      costs->commission_bps,       costs->commission_minimum,
                                      costs->commission_maximum};
    const Pages__Input *of_walk[] = {walk->in_sample_days, walk->out_of_sample_days,
                                     walk->step_days, walk->anchored, walk->objective};

    page->has_is_costs_open = page->has_is_walk_forward_open = true;
    page->is_costs_open = is_filled_in(of_costs, COUNT_OF(of_costs));
    page->is_walk_forward_open = is_filled_in(of_walk, COUNT_OF(of_walk));
}

// By what a walk-forward chooses, as trading names it.
static bool add_objectives(struct arena *arena, Pages__StrategyPage *page)
{
    static const char *const objectives[][2] = {
        {"sharpe_ratio", "the Sharpe ratio"},   {"sortino_ratio", "the Sortino ratio"},
        {"calmar_ratio", "the Calmar ratio"},   {"return_percent", "the return"},
        {"profit_factor", "the profit factor"},
    };
    const char *chosen = page->form->walk_forward->objective->value;

    page->objectives = arena_allocate(arena, COUNT_OF(objectives) * sizeof *page->objectives);
    if (page->objectives == NULL)
        return false;
    for (size_t i = 0; i < COUNT_OF(objectives); i++) {
        Pages__Choice *choice =
            page_make_choice(arena, objectives[i][0], objectives[i][1],
                             chosen != NULL && strcmp(chosen, objectives[i][0]) == 0);

        if (choice == NULL)
            return false;
        page->objectives[page->n_objectives++] = choice;
    }
    return true;
}

static bool add_form(struct exchange *exchange,
                     const struct error *failure,
                     Pages__StrategyPage *page,
                     struct error *error)
{
    page->form = arena_allocate(exchange->request->arena, sizeof *page->form);
    if (page->form == NULL)
        return page_out_of_memory(error);
    pages__backtest_form__init(page->form);
    if (!page_show_form(exchange, &pages_backtest_form_info, "backtest", failure, &page->form->base,
                        error))
        return false;
    preset_start(exchange, page->form);
    page_preset(page->form->cash, "100000.00");
    open_sections(page);
    if (!add_objectives(exchange->request->arena, page))
        return page_out_of_memory(error);
    return add_grid(exchange, failure, page, error);
}

static bool add_portfolios(struct arena *arena,
                           const struct page_portfolios *portfolios,
                           const char *chosen,
                           Pages__StrategyPage *page)
{
    page->portfolios = arena_allocate(arena, (portfolios->count + 1) * sizeof *page->portfolios);
    if (page->portfolios == NULL)
        return false;
    for (size_t i = 0; i < portfolios->count; i++) {
        const Portfolio__Portfolio *portfolio = portfolios->portfolios[i];

        page->portfolios[i] =
            page_make_choice(arena, portfolio->id, portfolio->name,
                             chosen != NULL && strcmp(chosen, portfolio->id) == 0);
        if (page->portfolios[i] == NULL)
            return false;
        page->n_portfolios++;
    }
    return true;
}

static bool add_runs(struct exchange *exchange,
                     const struct error *failure,
                     Pages__StrategyPage *page,
                     struct error *error)
{
    Trading__ListStrategyRunsRequest request = TRADING__LIST_STRATEGY_RUNS_REQUEST__INIT;
    struct arena *arena = exchange->request->arena;
    struct page_portfolios portfolios;

    request.strategy_id = page->strategy->id;
    page->start = arena_allocate(arena, sizeof *page->start);
    if (page->start == NULL)
        return page_out_of_memory(error);
    pages__strategy_start_form__init(page->start);
    if (!page_portfolios_find(exchange, NULL, &portfolios, error) ||
        !strategy_runs_list(exchange, &request, &portfolios, &page->runs, &page->n_runs, error) ||
        !page_show_form(exchange, &pages_strategy_start_form_info, "start", failure,
                        &page->start->base, error))
        return false;
    return add_portfolios(arena, &portfolios, page->start->portfolio_id->value, page) ||
           page_out_of_memory(error);
}

// Which of the two forms on the page has failed, and why.
struct failures {
    const struct error *test;
    const struct error *start;
};

static bool show(struct exchange *exchange, const struct failures *failures, struct error *error)
{
    Pages__StrategyPage page = PAGES__STRATEGY_PAGE__INIT;
    const Pages__StrategyQuery *asked = NULL;
    ProtobufCMessage *query = NULL;
    struct strategy_kinds kinds;

    if (!page_begin(exchange, PAGE_FOR_USERS, "strategies", "Strategy", &page.frame, error) ||
        !page_read_query(exchange, &pages_strategy_query_info, &query, error))
        return false;
    asked = (const Pages__StrategyQuery *)query;
    if (!strategy_kinds_get_strategy(exchange, asked->strategy_id, &page.strategy, error) ||
        !strategy_kinds_list(exchange, &kinds, error) ||
        !add_backtests(exchange, asked, &page, error) ||
        !strategy_kinds_show_values(exchange, page.strategy->parameters, &page.values,
                                    &page.n_values, error))
        return false;
    page.frame->title = page.strategy->name;
    page.about = strategy_kinds_find(&kinds, page.strategy->kind);
    if (page.about == NULL)
        return error_set(error, REASON_INTERNAL, "There is no kind %s.", page.strategy->kind);
    return add_form(exchange, failures->test, &page, error) &&
           add_runs(exchange, failures->start, &page, error) &&
           page_answer(exchange, &strategy_page, &page.base,
                       failures->test != NULL ? failures->test : failures->start, error);
}

bool strategy_page_show(struct exchange *exchange, struct error *error)
{
    return show(exchange, &(struct failures){.test = NULL}, error);
}

static bool show_test(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.test = failure}, error);
}

bool strategy_page_show_start(struct exchange *exchange,
                              const struct error *failure,
                              struct error *error)
{
    return show(exchange, &(struct failures){.start = failure}, error);
}

// Asking for a backtest.

// Cuts the values apart. Fails with a violation for too many.
static bool split_values(struct arena *arena,
                         const char *field,
                         const char *typed,
                         Trading__BacktestGridParameter *parameter,
                         struct error *error)
{
    static const char blanks[] = ", ;\t\r\n";

    parameter->values = arena_allocate(arena, GRID_VALUES_MAX * sizeof *parameter->values);
    if (parameter->values == NULL)
        return page_out_of_memory(error);
    for (typed += strspn(typed, blanks); *typed != '\0'; typed += strspn(typed, blanks)) {
        size_t length = strcspn(typed, blanks);
        const char *value = arena_copy(arena, typed, length);

        if (value == NULL)
            return page_out_of_memory(error);
        if (parameter->n_values == GRID_VALUES_MAX) {
            error_clear(error);
            error_add_violation(error, field, "must have at most %d values", GRID_VALUES_MAX);
            return false;
        }
        parameter->values[parameter->n_values++] = value;
        typed += length;
    }
    return true;
}

static bool add_grid_parameter(struct arena *arena,
                               const struct form_field *field,
                               Trading__CreateBacktestRequest *request,
                               struct error *error)
{
    Trading__BacktestGridParameter *parameter = arena_allocate(arena, sizeof *parameter);

    if (parameter == NULL)
        return page_out_of_memory(error);
    trading__backtest_grid_parameter__init(parameter);
    parameter->parameter = field->name.data + strlen(GRID_PREFIX);
    if (!split_values(arena, field->name.data, field->value.data, parameter, error))
        return false;
    if (parameter->n_values == 0)
        return true;
    if (request->n_grid == GRID_MAX) {
        error_clear(error);
        error_add_violation(error, field->name.data, "is one more than the %d that may be tried",
                            GRID_MAX);
        return false;
    }
    request->grid[request->n_grid++] = parameter;
    return true;
}

static bool is_of_grid(const struct form_field *field)
{
    return strncmp(field->name.data, GRID_PREFIX, strlen(GRID_PREFIX)) == 0;
}

// The form without the fields of the grid, which is a list of messages in the API.
static bool read_request(struct exchange *exchange,
                         Trading__CreateBacktestRequest **out_request,
                         struct error *error)
{
    struct arena *arena = exchange->request->arena;
    const struct form *typed = exchange->form;
    struct form *rest = arena_allocate(arena, sizeof *rest);
    ProtobufCMessage *message = NULL;
    bool done = true;

    if (rest == NULL)
        return page_out_of_memory(error);
    rest->count = 0;
    for (size_t i = 0; i < typed->count; i++)
        if (!is_of_grid(&typed->fields[i]) &&
            !form_add(rest, typed->fields[i].name, typed->fields[i].value, error))
            return false;
    exchange->form = rest;
    done = page_read_form(exchange, &trading_create_backtest_request_info, false, &message, error);
    exchange->form = typed;
    if (!done)
        return false;
    *out_request = (Trading__CreateBacktestRequest *)message;
    (*out_request)->grid = arena_allocate(arena, GRID_MAX * sizeof *(*out_request)->grid);
    if ((*out_request)->grid == NULL)
        return page_out_of_memory(error);
    for (size_t i = 0; i < typed->count; i++)
        if (is_of_grid(&typed->fields[i]) &&
            !add_grid_parameter(arena, &typed->fields[i], *out_request, error))
            return false;
    return true;
}

// Until the end of the day that was chosen; that of today is still to come, so the present is
// meant.
static void include_last_day(const struct exchange *exchange,
                             Trading__CreateBacktestRequest *request)
{
    const char *end = form_find(exchange->form, "end");
    struct platform_clock clock;

    if (!request->has_end || end == NULL || strlen(end) != DATE_LENGTH)
        return;
    if (quotes_clock(exchange->gateway->quotes, &clock) && clock.now >= request->end &&
        clock.now - request->end < MICROS_PER_DAY)
        request->has_end = false;
    else
        request->end += MICROS_PER_DAY - 1;
}

// What trading says of "grid[0].values[2]" is about the field "grid.fast".
static void name_fields(const Trading__CreateBacktestRequest *request, struct error *failure)
{
    for (size_t i = 0; i < failure->detail_count; i++) {
        struct error_detail *detail = &failure->details[i];
        size_t index = (size_t)(detail->name[strlen("grid[")] - '0');

        if (detail->kind == ERROR_VIOLATION && strncmp(detail->name, "grid[", 5) == 0 &&
            index < request->n_grid)
            (void)snprintf(detail->name, sizeof detail->name, GRID_PREFIX "%s",
                           request->grid[index]->parameter);
    }
}

bool backtest_create(struct exchange *exchange, struct error *error)
{
    Trading__CreateBacktestRequest *request = NULL;
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!exchange_allows(exchange, &trading_method_create_backtest, error))
        return false;
    if (!read_request(exchange, &request, &failure))
        return page_fail(exchange, &failure, show_test, error);
    include_last_day(exchange, request);
    if (!page_call(exchange, "trading", &trading_method_create_backtest, &request->base, &response,
                   &failure)) {
        name_fields(request, &failure);
        return page_fail(exchange, &failure, show_test, error);
    }
    return page_redirect(exchange, error, "/backtests/%s",
                         ((const Trading__CreateBacktestResponse *)response)->backtest->id);
}
