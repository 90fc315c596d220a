// SPDX-License-Identifier: MIT
// fuzz_rule: whatever a rule is, it is refused with a place in it, or stays within its limits; what
// it says of a bar is true, false or unknown, and depends on no later bar.
#include "fuzz.h"

#include <math.h>

#include "base/utf8.h"
#include "strategy/rule.h"

enum { BARS = 48, FEWER_BARS = 29 };

static struct bar_columns *make_series(size_t count)
{
    struct bar_columns *series = bar_columns_new();

    for (size_t i = 0; i < count; i++) {
        int64_t close = 1000000 + (int64_t)(i * i * 7919 % 101) * 12345;
        const struct bar bar = {
            .time = (int64_t)i,
            .values = {close - 5000, close + 70000, close - 60000, close, (int64_t)(i * 37 % 11)}};

        if (!bar_columns_add(series, &bar))
            abort();
    }
    return series;
}

static void check_problem(struct text source, const struct rule_problem *problem)
{
    size_t length =
        utf8_is_valid(source.data, source.length) ? utf8_count(source.data, source.length) : 0;

    MUST(problem->column >= 1 && problem->column <= length + 1);
    MUST(problem->sentence[0] != '\0' && strlen(problem->sentence) < RULE_SENTENCE_SIZE - 1);
    MUST(utf8_is_valid(problem->sentence, strlen(problem->sentence)));
}

static void check_values(const struct rule *rule)
{
    OWNED(bar_columns) series = make_series(BARS);
    OWNED(bar_columns) fewer = make_series(FEWER_BARS);
    OWNED(rule_workspace) workspace = rule_workspace_new();
    OWNED(rule_workspace) other = rule_workspace_new();
    const double *values = rule_evaluate(rule, series, workspace);
    const double *some = rule_evaluate(rule, fewer, other);

    for (size_t i = 0; i < BARS; i++)
        MUST(rule->type == RULE_NUMBER || isnan(values[i]) || values[i] == 0.0 || values[i] == 1.0);
    for (size_t i = 0; i < FEWER_BARS; i++)
        MUST(isnan(values[i]) ? isnan(some[i]) : values[i] == some[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text source = {(const char *)data, size};
    struct rule rule;
    struct rule_problem problem;

    for (int type = RULE_NUMBER; type <= RULE_TRUTH; type++) {
        if (!rule_compile(source, (enum rule_type)type, &rule, &problem)) {
            check_problem(source, &problem);
            continue;
        }
        MUST(utf8_count(source.data, source.length) <= RULE_LENGTH_MAX);
        MUST(rule.count >= 1 && rule.count <= RULE_STEPS_MAX);
        MUST(rule.depth >= 1 && rule.depth <= RULE_DEPTH_MAX);
        MUST(rule.warm_up <= RULE_WARM_UP_MAX && rule.work <= RULE_WORK_MAX);
        check_values(&rule);
    }
    return 0;
}
