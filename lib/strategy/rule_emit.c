// SPDX-License-Identifier: MIT
#include "strategy/rule_emit.h"

#include <stdarg.h>
#include <stdio.h>

// What is averaged by weights that fade is far enough from how it began after so many periods:
// what is left of the beginning is a ten-thousandth, and of Wilder's averages a twenty-thousandth.
enum { SETTLING_PERIODS = 5, WILDER_SETTLING_PERIODS = 10 };

static size_t larger(size_t one, size_t other)
{
    return one > other ? one : other;
}

// What the step adds to the bars that are needed before its inputs are known.
static size_t warm_up_of(const struct rule_step *step)
{
    size_t period = (size_t)step->periods[0];

    switch ((enum rule_operation)step->operation) {
    case RULE_SMA_OF_FIELD:
    case RULE_SMA:
    case RULE_SUM:
    case RULE_STDEV:
    case RULE_HIGHEST:
    case RULE_LOWEST:
    case RULE_BOLLINGER:
        return period - 1;
    case RULE_SHIFT:
    case RULE_CHANGE:
    case RULE_ROC:
        return period;
    case RULE_EMA:
        return SETTLING_PERIODS * period;
    case RULE_RSI:
    case RULE_ATR:
        return WILDER_SETTLING_PERIODS * period;
    case RULE_MACD:
        return SETTLING_PERIODS * larger(period, (size_t)step->periods[1]);
    case RULE_MACD_SIGNAL:
        return SETTLING_PERIODS *
               (larger(period, (size_t)step->periods[1]) + (size_t)step->periods[2]);
    case RULE_CROSS_ABOVE:
    case RULE_CROSS_BELOW:
        return 1;
    default:
        return 0;
    }
}

// About how many nanoseconds the step takes for a bar.
static size_t work_of(const struct rule_step *step)
{
    size_t period = (size_t)step->periods[0];

    switch ((enum rule_operation)step->operation) {
    case RULE_SMA:
    case RULE_SUM:
        return 2 + period / 2;
    case RULE_STDEV:
    case RULE_BOLLINGER:
        return 10 + period + period / 2;
    case RULE_RSI:
    case RULE_ATR:
    case RULE_MACD:
        return 12;
    case RULE_MACD_SIGNAL:
        return 16;
    case RULE_EMA:
    case RULE_HIGHEST:
    case RULE_LOWEST:
    case RULE_ROC:
    case RULE_DIVIDE:
    case RULE_SQRT:
    case RULE_CROSS_ABOVE:
    case RULE_CROSS_BELOW:
        return 5;
    default:
        return 2;
    }
}

PRINTF_LIKE(2, 3)
static bool refuse(struct rule_problem *problem, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(problem->sentence, sizeof(problem->sentence), format, arguments);
    va_end(arguments);
    return false;
}

bool rule_emit(struct rule_emitter *emitter,
               const struct rule_step *step,
               struct rule_problem *out_problem)
{
    struct rule *rule = emitter->rule;
    enum rule_operation operation = (enum rule_operation)step->operation;
    size_t takes = rule_operation_takes(operation);
    size_t left = emitter->stack - takes;
    size_t depth = emitter->stack + rule_operation_needs_room(operation);
    size_t warm_up = 0;

    depth = larger(rule->depth, larger(depth, left + 1));
    if (rule->count == RULE_STEPS_MAX)
        return refuse(out_problem, "this is step %zu of the rule, which may have %d",
                      rule->count + 1, RULE_STEPS_MAX);
    if (depth > RULE_DEPTH_MAX)
        return refuse(out_problem, "this needs %zu values at a time, and there may be %d", depth,
                      RULE_DEPTH_MAX);
    for (size_t i = left; i < emitter->stack; i++)
        warm_up = larger(warm_up, emitter->warm_ups[i]);
    warm_up += warm_up_of(step);
    if (warm_up > RULE_WARM_UP_MAX)
        return refuse(out_problem, "this needs %zu bars of warm-up, and there may be %d", warm_up,
                      RULE_WARM_UP_MAX);
    if (rule->work + work_of(step) > RULE_WORK_MAX)
        return refuse(out_problem, "up to here the rule is %zu units of work a bar, and may be %d",
                      rule->work + work_of(step), RULE_WORK_MAX);
    rule->work += work_of(step);
    rule->depth = depth;
    rule->warm_up = larger(rule->warm_up, warm_up);
    emitter->warm_ups[left] = warm_up;
    emitter->stack = left + 1;
    rule->steps[rule->count++] = *step;
    return true;
}

bool rule_emit_exact_average(struct rule_emitter *emitter, short period)
{
    struct rule *rule = emitter->rule;
    struct rule_step *last = &rule->steps[rule->count - 1];

    if (last->operation != RULE_FIELD || last->field == BAR_VOLUME)
        return false;
    last->operation = RULE_SMA_OF_FIELD;
    last->periods[0] = period;
    emitter->warm_ups[emitter->stack - 1] = warm_up_of(last);
    rule->warm_up = larger(rule->warm_up, warm_up_of(last));
    return true;
}
