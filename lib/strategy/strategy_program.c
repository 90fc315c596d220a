// SPDX-License-Identifier: MIT
#include "strategy/strategy_program.h"

enum { RULE_SIZE_MAX = 4 * RULE_LENGTH_MAX };

// Compiles a rule of the kind with the parameters in it.
static bool compile(const struct strategy_parameters *parameters,
                    const char *pattern,
                    enum rule_type type,
                    struct rule *out_rule,
                    struct error *error)
{
    OWNED(strbuf) source = strbuf_new(RULE_SIZE_MAX);
    struct rule_problem problem;

    strategy_rule_print(parameters, pattern, source);
    if (rule_compile(strbuf_text(source), type, out_rule, &problem))
        return true;
    error_clear(error);
    error_add_violation(error, "parameters", "column %zu of \"%.60s\": %s", problem.column,
                        source->data, problem.sentence);
    return false;
}

static size_t larger(size_t one, size_t other)
{
    return one > other ? one : other;
}

bool strategy_program_make(const struct strategy_parameters *parameters,
                           struct strategy_program *out_program,
                           struct error *error)
{
    const struct strategy_kind_info *info = strategy_kind_info(parameters->kind);

    out_program->parameters = *parameters;
    out_program->has_signals = info->enter != NULL;
    out_program->has_exit = info->exit != NULL;
    out_program->has_score = info->score != NULL;
    out_program->warm_up = 0;
    if (info->enter != NULL) {
        if (!compile(parameters, info->enter, RULE_TRUTH, &out_program->enter, error) ||
            (info->exit != NULL &&
             !compile(parameters, info->exit, RULE_TRUTH, &out_program->exit, error)))
            return false;
        out_program->warm_up =
            larger(out_program->enter.warm_up, info->exit != NULL ? out_program->exit.warm_up : 0);
    }
    if (info->score != NULL) {
        if (!compile(parameters, info->score, RULE_NUMBER, &out_program->score, error))
            return false;
        out_program->warm_up = out_program->score.warm_up;
    }
    return true;
}

void strategy_program_signals(const struct strategy_program *program,
                              struct bar_columns *series,
                              struct rule_workspace *workspace,
                              uint8_t *out_signals)
{
    const double *values = rule_evaluate(&program->enter, series, workspace);

    for (size_t i = 0; i < series->count; i++)
        out_signals[i] = (uint8_t)(values[i] == 1.0                         ? STRATEGY_IS_IN
                                   : !program->has_exit && values[i] == 0.0 ? STRATEGY_LEAVES
                                                                            : 0);
    if (!program->has_exit)
        return;
    values = rule_evaluate(&program->exit, series, workspace);
    for (size_t i = 0; i < series->count; i++)
        out_signals[i] |= (uint8_t)(values[i] == 1.0 ? STRATEGY_LEAVES : 0);
}
