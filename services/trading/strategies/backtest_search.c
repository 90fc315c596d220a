// SPDX-License-Identifier: MIT
#include "strategies/backtest_search.h"

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The backtest needs too much memory.");
}

// Makes a program and its line in the list. One whose parameters break a rule together is told of
// there, and `out_is_fine` is false.
static bool make(struct backtest_search *search,
                 size_t combination,
                 Trading__BacktestRun *line,
                 bool *out_is_fine,
                 struct error *error)
{
    struct strategy_parameters parameters = *search->parameters;
    OWNED(strbuf) json = strbuf_new(BACKTEST_GRID_JSON_MAX);
    const char *tickers[STRATEGY_SYMBOLS_MAX];
    char problem[ERROR_MESSAGE_SIZE];

    for (size_t i = 0; i < search->symbol_count; i++)
        tickers[i] = search->symbols[i].ticker;
    if (!backtest_grid_apply(&search->grid, combination, &parameters, json, error))
        return false;
    *out_is_fine = strategy_parameters_check(&parameters, tickers, search->symbol_count, error) &&
                   strategy_program_make(&parameters, search->program, error);
    if (line == NULL)
        return true;
    line->parameters = arena_copy(search->arena, json->data, json->length);
    if (!*out_is_fine) {
        error_print(error, problem);
        line->problem = arena_copy_string(search->arena, problem);
    }
    return (line->parameters != NULL && (*out_is_fine || line->problem != NULL)) ||
           out_of_budget(error);
}

bool backtest_search_make(struct backtest_search *search, size_t combination, struct error *error)
{
    bool is_fine = false;

    return make(search, combination, NULL, &is_fine, error) && is_fine;
}

bool backtest_search_list(struct backtest_search *search, struct error *error)
{
    size_t count = backtest_grid_count(&search->grid);
    Trading__BacktestRun *lines = arena_allocate(search->arena, count * sizeof(*lines));
    size_t fine = 0;

    search->runs = arena_allocate(search->arena, count * sizeof(*search->runs));
    if (lines == NULL || search->runs == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        bool is_fine = false;

        trading__backtest_run__init(&lines[i]);
        search->runs[i] = &lines[i];
        if (!make(search, i, &lines[i], &is_fine, error))
            return false;
        fine += is_fine;
        if (is_fine && search->program->warm_up > search->warm_up)
            search->warm_up = search->program->warm_up;
    }
    if (fine > 0)
        return true;
    error_clear(error);
    error_add_violation(error, "grid", "has no combination that can be run: %.100s",
                        lines[0].problem);
    return false;
}

bool backtest_search_run(struct backtest_search *search,
                         const struct backtest_settings *settings,
                         Trading__BacktestStatistics **out_statistics,
                         struct error *error)
{
    const struct backtest_figures_options options = {
        .settings = settings,
        .result = search->result,
        .periods_per_year = search->periods_per_year,
    };

    arena_reset(search->figures);
    return backtest_run(settings, search->workspace, search->result, error) &&
           backtest_statistics(&options, search->figures, out_statistics, error);
}

static void tell(Trading__BacktestRun *line, const Trading__BacktestStatistics *statistics)
{
    line->has_final_equity_micros = true;
    line->final_equity_micros = statistics->final_equity_micros;
    line->has_return_percent_micros = statistics->has_return_percent_micros;
    line->return_percent_micros = statistics->return_percent_micros;
    line->has_max_drawdown_percent_micros = statistics->has_max_drawdown_percent_micros;
    line->max_drawdown_percent_micros = statistics->max_drawdown_percent_micros;
    line->has_sharpe_ratio_micros = statistics->has_sharpe_ratio_micros;
    line->sharpe_ratio_micros = statistics->sharpe_ratio_micros;
    line->has_trades = true;
    line->trades = statistics->trades;
}

static bool is_better(const struct backtest_search *search, size_t one, size_t other)
{
    return !search->runs[other]->has_final_equity_micros ||
           search->runs[one]->final_equity_micros > search->runs[other]->final_equity_micros;
}

bool backtest_search_best(struct backtest_search *search,
                          const struct backtest_settings *settings,
                          struct error *error)
{
    size_t best = 0;

    for (size_t i = 0; i < backtest_grid_count(&search->grid); i++) {
        Trading__BacktestStatistics *statistics = NULL;

        search->run_number = i;
        if (search->runs[i]->problem != NULL)
            continue;
        if (!backtest_search_make(search, i, error) ||
            !backtest_search_run(search, settings, &statistics, error))
            return false;
        tell(search->runs[i], statistics);
        if (is_better(search, i, best))
            best = i;
    }
    search->runs[best]->has_best = true;
    search->runs[best]->best = true;
    return backtest_search_make(search, best, error);
}
