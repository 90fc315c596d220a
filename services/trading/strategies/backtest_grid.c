// SPDX-License-Identifier: MIT
#include "strategies/backtest_grid.h"

#include <stdio.h>
#include <string.h>

size_t backtest_grid_count(const struct backtest_grid *grid)
{
    size_t count = 1;

    // Each has 50 values at most, so the product cannot overflow before it is too large.
    for (size_t i = 0; i < grid->count && count <= BACKTEST_RUNS_MAX; i++)
        count *= grid->parameters[i]->n_values;
    return count;
}

static void check_names(const struct backtest_grid *grid, struct error *error)
{
    char field[ERROR_NAME_SIZE];

    for (size_t i = 0; i < grid->count; i++) {
        snprintf(field, sizeof(field), "grid[%zu].parameter", i);
        for (size_t k = 0; k < i; k++)
            if (strcmp(grid->parameters[i]->parameter, grid->parameters[k]->parameter) == 0)
                error_add_violation(error, field, "has %s twice", grid->parameters[i]->parameter);
        snprintf(field, sizeof(field), "grid[%zu].values", i);
        if (grid->parameters[i]->n_values == 0)
            error_add_violation(error, field, "must have a value at least");
    }
}

bool backtest_grid_check(const struct backtest_grid *grid,
                         const struct strategy_parameters *parameters,
                         struct error *error)
{
    struct strategy_parameters tried = *parameters;
    char field[ERROR_NAME_SIZE];

    error_clear(error);
    check_names(grid, error);
    for (size_t i = 0; i < grid->count; i++) {
        const Trading__BacktestGridParameter *parameter = grid->parameters[i];
        struct text name = text_of(parameter->parameter);
        bool is_known = strategy_parameter_find(tried.kind, name) != NULL;

        // One that there is not is wrong once, whatever its values are. All are looked at.
        for (size_t k = 0; k < parameter->n_values && (is_known || k == 0); k++) {
            if (is_known)
                snprintf(field, sizeof(field), "grid[%zu].values[%zu]", i, k);
            else
                snprintf(field, sizeof(field), "grid[%zu].parameter", i);
            if (!strategy_parameters_set(&tried, name, text_of(parameter->values[k]), field, error))
                continue;
        }
    }
    if (error->code == CODE_OK && backtest_grid_count(grid) > BACKTEST_RUNS_MAX)
        error_add_violation(error, "grid", "has more than %d combinations", BACKTEST_RUNS_MAX);
    return error->code == CODE_OK;
}

bool backtest_grid_apply(const struct backtest_grid *grid,
                         size_t combination,
                         struct strategy_parameters *parameters,
                         struct strbuf *out_json,
                         struct error *error)
{
    size_t below = backtest_grid_count(grid); // combinations of this parameter and those after it

    error_clear(error);
    strbuf_append_char(out_json, '{');
    for (size_t i = 0; i < grid->count; i++) {
        const Trading__BacktestGridParameter *parameter = grid->parameters[i];
        const char *value = NULL;

        below /= parameter->n_values;
        value = parameter->values[combination / below % parameter->n_values];
        if (!strategy_parameters_set(parameters, text_of(parameter->parameter), text_of(value),
                                     "grid", error))
            return false;
        strbuf_printf(out_json, "%s\"%s\":", i > 0 ? "," : "", parameter->parameter);
        strbuf_append_json(out_json, text_of(value));
    }
    strbuf_append_char(out_json, '}');
    return true;
}
