// SPDX-License-Identifier: MIT
// rule_evaluate: runs the steps of a rule, each over whole columns.
#include <math.h>
#include <string.h>

#include "strategy/indicator.h"
#include "strategy/rule_step.h"

struct rule_workspace {
    size_t capacity; // of each column
    double *columns[RULE_DEPTH_MAX];
};

// The stack: `columns[0]` to `columns[top - 1]` are in use. One above them is free for a step that
// needs room.
struct stack {
    double *columns[RULE_DEPTH_MAX];
    size_t top;
    size_t count; // of each column
};

static void negate(double *column, size_t count)
{
    for (size_t i = 0; i < count; i++)
        column[i] = -column[i];
}

static void invert(double *column, size_t count)
{
    for (size_t i = 0; i < count; i++)
        column[i] = 1.0 - column[i];
}

static void make_absolute(double *column, size_t count)
{
    for (size_t i = 0; i < count; i++)
        column[i] = fabs(column[i]);
}

static void take_root(double *column, size_t count)
{
    for (size_t i = 0; i < count; i++)
        column[i] = column[i] < 0.0 ? (double)NAN : sqrt(column[i]);
}

static void divide(double *one, const double *other, size_t count)
{
    for (size_t i = 0; i < count; i++)
        one[i] = other[i] == 0.0 ? (double)NAN : one[i] / other[i];
}

static double truth(bool is_known, bool is_true)
{
    return is_known ? (is_true ? 1.0 : 0.0) : (double)NAN;
}

#define COMBINE(expression)                                                                        \
    for (size_t i = 0; i < count; i++) {                                                           \
        double a = one[i];                                                                         \
        double b = other[i];                                                                       \
                                                                                                   \
        one[i] = (expression);                                                                     \
    }                                                                                              \
    break

// What takes two numbers of one bar and leaves one, in the place of the first. A comparison with
// NAN is false, also in isunordered, which is what is unknown.
static void combine(enum rule_operation operation, double *one, const double *other, size_t count)
{
    switch (operation) {
    case RULE_ADD:
        COMBINE(a + b);
    case RULE_SUBTRACT:
        COMBINE(a - b);
    case RULE_MULTIPLY:
        COMBINE(a * b);
    case RULE_MINIMUM:
        COMBINE(isunordered(a, b) ? (double)NAN : (a < b ? a : b));
    case RULE_MAXIMUM:
        COMBINE(isunordered(a, b) ? (double)NAN : (a > b ? a : b));
    case RULE_BELOW:
        COMBINE(truth(!isunordered(a, b), a < b));
    case RULE_AT_MOST:
        COMBINE(truth(!isunordered(a, b), a <= b));
    case RULE_ABOVE:
        COMBINE(truth(!isunordered(a, b), a > b));
    case RULE_AT_LEAST:
        COMBINE(truth(!isunordered(a, b), a >= b));
    case RULE_AND:
        COMBINE(a == 0.0 || b == 0.0 ? 0.0 : a * b);
    case RULE_OR:
        COMBINE(a == 1.0 || b == 1.0 ? 1.0 : a + b);
    default:
        divide(one, other, count);
    }
}

// Whether `one` is above `other` at a bar and was not at the one before.
static void cross(const double *one, const double *other, size_t count, double *out)
{
    if (count > 0)
        out[0] = (double)NAN;
    for (size_t i = 1; i < count; i++)
        out[i] = truth(!isunordered(one[i], other[i]) && !isunordered(one[i - 1], other[i - 1]),
                       one[i] > other[i] && one[i - 1] <= other[i - 1]);
}

// Steps that leave their result in the free column; it takes the place of `taken`.
static void swap(struct stack *stack, size_t taken)
{
    double *result = stack->columns[stack->top];

    stack->columns[stack->top] = stack->columns[taken];
    stack->columns[taken] = result;
}

static void run_window(struct stack *stack, const struct rule_step *step)
{
    const double *in = stack->columns[stack->top - 1];
    double *out = stack->columns[stack->top];
    size_t period = (size_t)step->periods[0];

    switch ((enum rule_operation)step->operation) {
    case RULE_SMA:
        indicator_sma(in, stack->count, period, out);
        break;
    case RULE_SUM:
        indicator_sum(in, stack->count, period, out);
        break;
    case RULE_STDEV:
        indicator_stdev(in, stack->count, period, out);
        break;
    case RULE_HIGHEST:
        indicator_highest(in, stack->count, period, out);
        break;
    case RULE_LOWEST:
        indicator_lowest(in, stack->count, period, out);
        break;
    case RULE_CHANGE:
        indicator_change(in, stack->count, period, out);
        break;
    case RULE_ROC:
        indicator_roc(in, stack->count, period, out);
        break;
    default:
        indicator_bollinger(in, stack->count, period, step->number, out);
    }
    swap(stack, stack->top - 1);
}

// Steps that change the column on top of the stack in its place.
static void run_in_place(struct stack *stack, const struct rule_step *step)
{
    double *column = stack->columns[stack->top - 1];
    size_t count = stack->count;

    switch ((enum rule_operation)step->operation) {
    case RULE_NEGATE:
        negate(column, count);
        break;
    case RULE_NOT:
        invert(column, count);
        break;
    case RULE_ABS:
        make_absolute(column, count);
        break;
    case RULE_SQRT:
        take_root(column, count);
        break;
    case RULE_SHIFT:
        indicator_shift(column, count, (size_t)step->periods[0], column);
        break;
    case RULE_EMA:
        indicator_ema(column, count, (size_t)step->periods[0], column);
        break;
    case RULE_RSI:
        indicator_rsi(column, count, (size_t)step->periods[0], column);
        break;
    default:
        indicator_macd(column, count, (size_t)step->periods[0], (size_t)step->periods[1],
                       stack->columns[stack->top], column);
        if (step->operation == RULE_MACD_SIGNAL)
            indicator_ema(column, count, (size_t)step->periods[2], column);
    }
}

static void run_pair(struct stack *stack, const struct rule_step *step)
{
    double *one = stack->columns[stack->top - 2];
    double *other = stack->columns[stack->top - 1];

    if (step->operation == RULE_CROSS_ABOVE)
        cross(one, other, stack->count, stack->columns[stack->top]);
    else if (step->operation == RULE_CROSS_BELOW)
        cross(other, one, stack->count, stack->columns[stack->top]);
    else
        combine((enum rule_operation)step->operation, one, other, stack->count);
    if (rule_operation_needs_room((enum rule_operation)step->operation))
        swap(stack, stack->top - 2);
    stack->top--;
}

// Steps that read the bars, and put a column on the stack.
static void
run_source(struct stack *stack, const struct rule_step *step, struct bar_columns *series)
{
    double *out = stack->columns[stack->top];

    switch ((enum rule_operation)step->operation) {
    case RULE_FIELD:
        memcpy(out, bar_columns_numbers(series, (enum bar_field)step->field),
               stack->count * sizeof(*out));
        break;
    case RULE_SMA_OF_FIELD:
        indicator_sma_exact(series->columns[step->field], stack->count, (size_t)step->periods[0],
                            out);
        break;
    case RULE_ATR:
        indicator_atr(bar_columns_numbers(series, BAR_HIGH), bar_columns_numbers(series, BAR_LOW),
                      bar_columns_numbers(series, BAR_CLOSE), stack->count,
                      (size_t)step->periods[0], out);
        break;
    default:
        for (size_t i = 0; i < stack->count; i++)
            out[i] = step->number;
    }
    stack->top++;
}

static bool is_in_place(enum rule_operation operation)
{
    return !rule_operation_needs_room(operation) || operation == RULE_MACD ||
           operation == RULE_MACD_SIGNAL;
}

static void run(struct stack *stack, const struct rule_step *step, struct bar_columns *series)
{
    enum rule_operation operation = (enum rule_operation)step->operation;

    switch (rule_operation_takes(operation)) {
    case 0:
        run_source(stack, step, series);
        break;
    case 1:
        if (is_in_place(operation))
            run_in_place(stack, step);
        else
            run_window(stack, step);
        break;
    default:
        run_pair(stack, step);
    }
}

struct rule_workspace *rule_workspace_new(void)
{
    return allocate(sizeof(struct rule_workspace));
}

static void clear(struct rule_workspace *workspace)
{
    for (size_t i = 0; i < RULE_DEPTH_MAX; i++) {
        release(workspace->columns[i]);
        workspace->columns[i] = NULL;
    }
}

void rule_workspace_free(struct rule_workspace **workspace)
{
    if (*workspace == NULL)
        return;
    clear(*workspace);
    release(*workspace);
    *workspace = NULL;
}

// Makes room for `depth` columns of `count` numbers.
static void make_room(struct rule_workspace *workspace, size_t depth, size_t count)
{
    if (workspace->capacity < count + 1) {
        clear(workspace);
        workspace->capacity = count + 1;
    }
    for (size_t i = 0; i < depth; i++)
        if (workspace->columns[i] == NULL)
            workspace->columns[i] = allocate_array(workspace->capacity, sizeof(double));
}

const double *
rule_evaluate(const struct rule *rule, struct bar_columns *series, struct rule_workspace *workspace)
{
    struct stack stack = {.count = series->count};

    make_room(workspace, rule->depth, series->count);
    memcpy(stack.columns, workspace->columns, sizeof(stack.columns));
    for (size_t i = 0; i < rule->count; i++)
        run(&stack, &rule->steps[i], series);
    return stack.columns[0];
}
