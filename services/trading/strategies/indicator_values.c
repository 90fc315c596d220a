// SPDX-License-Identifier: MIT
#include "strategies/indicator_values.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "money/money.h"

enum { RULES_SIZE_MAX = 8 * RULE_LENGTH_MAX, LINES_SIZE_MAX = 2048 };

#define VALUE_MAX 9.0e12 // more is not told: it does not fit into micros

struct values {
    struct bar_columns *series;
    size_t bar;
    struct rule_workspace *workspace;
    struct rule *rule;
    struct strbuf *lines;
    struct text names[INDICATOR_VALUES_MAX];
    size_t count;
};

static bool is_of_name(char one)
{
    return (one >= 'a' && one <= 'z') || (one >= '0' && one <= '9') || one == '_';
}

// The call that begins at `from`, with its arguments; empty when there is none.
static struct text call_at(struct text rules, size_t from)
{
    size_t end = from;
    size_t depth = 0;

    while (end < rules.length && is_of_name(rules.data[end]))
        end++;
    if (end == from || end == rules.length || rules.data[end] != '(')
        return (struct text){0};
    for (; end < rules.length; end++) {
        depth += rules.data[end] == '(' ? 1 : 0;
        depth -= rules.data[end] == ')' ? 1 : 0;
        if (depth == 0)
            return (struct text){rules.data + from, end + 1 - from};
    }
    return (struct text){0};
}

static bool is_there(const struct values *values, struct text name)
{
    for (size_t i = 0; i < values->count; i++)
        if (values->names[i].length == name.length &&
            memcmp(values->names[i].data, name.data, name.length) == 0)
            return true;
    return false;
}

static void add(struct values *values, struct text name)
{
    double value = rule_evaluate(values->rule, values->series, values->workspace)[values->bar];
    char printed[DECIMAL_SIZE] = "";

    if (value > -VALUE_MAX && value < VALUE_MAX) // also false for one that is not known
        decimal_print((int64_t)llround(value * (double)MICROS_PER_UNIT), MONEY_SCALE, 0, printed);
    strbuf_printf(values->lines, "%s%.*s=%s", values->count > 0 ? "\n" : "", (int)name.length,
                  name.data, printed);
    values->names[values->count++] = name;
}

// What is a number is told; what is a truth, such as cross_above, is made of numbers.
static void look(struct values *values, struct text rules)
{
    struct rule_problem problem;
    bool was_of_name = false;

    for (size_t i = 0; i < rules.length && values->count < INDICATOR_VALUES_MAX;) {
        struct text call = was_of_name ? (struct text){0} : call_at(rules, i);

        was_of_name = is_of_name(rules.data[i]);
        if (call.length == 0 || call.length > INDICATOR_NAME_MAX ||
            !rule_compile(call, RULE_NUMBER, values->rule, &problem)) {
            i++;
            continue;
        }
        if (!is_there(values, call))
            add(values, call);
        i += call.length;
        was_of_name = false;
    }
}

bool indicator_values_print(const struct strategy_program *program,
                            struct bar_columns *series,
                            size_t bar,
                            struct rule_workspace *workspace,
                            struct arena *arena,
                            const char **out_lines,
                            struct error *error)
{
    const struct strategy_kind_info *info = strategy_kind_info(program->parameters.kind);
    const char *const patterns[] = {info->enter, info->exit, info->score};
    OWNED(strbuf) rules = strbuf_new(RULES_SIZE_MAX);
    OWNED(strbuf) lines = strbuf_new(LINES_SIZE_MAX);
    struct values values = {.series = series, .bar = bar, .workspace = workspace, .lines = lines};

    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        if (patterns[i] == NULL)
            continue;
        strategy_rule_print(&program->parameters, patterns[i], rules);
        strbuf_append_string(rules, " ");
    }
    values.rule = allocate(sizeof(*values.rule));
    look(&values, strbuf_text(rules));
    release(values.rule);
    *out_lines = arena_copy(arena, lines->data, lines->length);
    return *out_lines != NULL ||
           error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The indicators need too much memory.");
}
