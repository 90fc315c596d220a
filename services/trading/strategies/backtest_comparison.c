// SPDX-License-Identifier: MIT
#include "strategies/backtest_comparison.h"

#include "bourse/trading/v1/trading_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/uuid.h"
#include "message/json_syntax.h"
#include "message/message.h"
#include "money/money.h"

#define HUNDRED (100 * MICROS_PER_UNIT)

enum {
    NAMES_MAX = 64,
    NAME_SIZE = 48,
    REQUEST_SIZE_MAX = 64 * 1024,
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The comparison needs too much memory.");
}

static bool check_id(const char *id, const char *const *before, size_t count, struct error *error)
{
    if (!uuid_is_valid(id))
        error_add_violation(error, "ids", "has %.40s, which is no id", id);
    for (size_t i = 0; i < count; i++)
        if (strcmp(id, before[i]) == 0)
            error_add_violation(error, "ids", "has %s twice", id);
    return error->code == CODE_OK;
}

bool backtest_comparison_ids(const char *ids,
                             struct arena *arena,
                             const char ***out_list,
                             size_t *out_count,
                             struct error *error)
{
    const char **list = arena_allocate(arena, BACKTESTS_COMPARED_MAX * sizeof(*list));
    size_t count = 0;

    if (list == NULL)
        return out_of_budget(error);
    error_clear(error);
    for (const char *at = ids; at != NULL; count++) {
        size_t length = strcspn(at, ",");

        if (count < BACKTESTS_COMPARED_MAX) {
            list[count] = arena_copy(arena, at, length);
            if (list[count] == NULL)
                return out_of_budget(error);
            if (!check_id(list[count], list, count, error))
                return false;
        }
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    if (count < BACKTESTS_COMPARED_MIN || count > BACKTESTS_COMPARED_MAX) {
        error_add_violation(error, "ids", "must be from %d to %d backtests, not %zu",
                            BACKTESTS_COMPARED_MIN, BACKTESTS_COMPARED_MAX, count);
        return false;
    }
    *out_list = list;
    *out_count = count;
    return true;
}

// What the backtests were asked for: names as they come, and for each the values of all.
struct differences {
    struct arena *arena;
    struct error *error;
    char names[NAMES_MAX][NAME_SIZE];
    const char *values[NAMES_MAX][BACKTESTS_COMPARED_MAX];
    size_t count;
};

static bool
note(struct differences *differences, size_t backtest, const char *name, struct text value)
{
    size_t index = 0;

    // Texts are told without their quotes.
    if (value.length >= 2 && value.data[0] == '"')
        value = (struct text){value.data + 1, value.length - 2};
    while (index < differences->count && strcmp(differences->names[index], name) != 0)
        index++;
    if (index == NAMES_MAX)
        return out_of_budget(differences->error);
    if (index == differences->count) {
        memcpy(differences->names[index], name, strlen(name) + 1);
        differences->count++;
    }
    differences->values[index][backtest] = arena_copy(differences->arena, value.data, value.length);
    return differences->values[index][backtest] != NULL || out_of_budget(differences->error);
}

// Notes the members of an object; those that are objects themselves by their own members.
static bool
note_members(struct differences *differences, size_t backtest, struct json *json, const char *above)
{
    struct text name = {0};
    char whole[NAME_SIZE];

    if (!json_take(json, '{'))
        return json_fail(json, "an object is expected here");
    if (json_take(json, '}'))
        return true;
    do {
        const char *start = NULL;

        if (!json_name(json, differences->arena, &name))
            return false;
        (void)snprintf(whole, sizeof(whole), "%s%s%.*s", above, above[0] == '\0' ? "" : ".",
                       (int)name.length, name.data);
        if (json_peek(json) == JSON_OBJECT && above[0] == '\0') {
            if (!note_members(differences, backtest, json, whole))
                return false;
            continue;
        }
        start = json->at;
        if (!json_skip(json) ||
            !note(differences, backtest, whole, (struct text){start, (size_t)(json->at - start)}))
            return false;
    } while (json_take(json, ','));
    return json_take(json, '}') || json_fail(json, "a closing brace is expected here");
}

// Only what was asked for; the user and the times of the work are nobody's choice.
static bool
note_request(struct differences *differences, size_t index, const Trading__Backtest *backtest)
{
    OWNED(strbuf) text = strbuf_new(REQUEST_SIZE_MAX);
    Trading__Backtest request = TRADING__BACKTEST__INIT;
    struct json json;

    request.strategy_id = backtest->strategy_id;
    request.has_strategy_version = backtest->has_strategy_version;
    request.strategy_version = backtest->strategy_version;
    request.kind = backtest->kind;
    request.parameters = backtest->parameters;
    request.n_symbols = backtest->n_symbols;
    request.symbols = backtest->symbols;
    request.has_timeframe = backtest->has_timeframe;
    request.timeframe = backtest->timeframe;
    request.has_start = backtest->has_start;
    request.start = backtest->start;
    request.has_end = backtest->has_end;
    request.end = backtest->end;
    request.has_cash_micros = backtest->has_cash_micros;
    request.cash_micros = backtest->cash_micros;
    request.costs = backtest->costs;
    request.has_fractional = backtest->has_fractional;
    request.fractional = backtest->fractional;
    request.benchmark = backtest->benchmark;
    request.n_grid = backtest->n_grid;
    request.grid = backtest->grid;
    request.walk_forward = backtest->walk_forward;
    message_to_json(&trading_backtest_info, &request.base, text);
    json = json_of(strbuf_text(text), differences->error);
    return note_members(differences, index, &json, "");
}

static bool differs(const char *const *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((values[i] == NULL) != (values[0] == NULL) ||
            (values[i] != NULL && strcmp(values[i], values[0]) != 0))
            return true;
    }
    return false;
}

// The latest point at that time or before; the first one when there is none.
static const Trading__BacktestPoint *point_at(const Trading__Backtest *backtest, int64_t at)
{
    size_t low = 0;
    size_t high = backtest->n_curve;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (backtest->curve[middle]->time <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return backtest->curve[low == 0 ? 0 : low - 1];
}

// Backtests until the present were each asked for at another moment. That is no difference where
// their curves end alike.
static bool is_same_end(const char *name, Trading__Backtest *const *backtests, size_t count)
{
    if (strcmp(name, "end") != 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (backtests[i]->n_curve == 0 ||
            point_at(backtests[i], INT64_MAX)->time != point_at(backtests[0], INT64_MAX)->time)
            return false;
    return true;
}

static bool tell_difference(const struct differences *differences,
                            size_t index,
                            size_t count,
                            Trading__BacktestDifference **out_message)
{
    Trading__BacktestDifference *message = arena_allocate(differences->arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(differences->error);
    trading__backtest_difference__init(message);
    message->name = arena_copy_string(differences->arena, differences->names[index]);
    message->values = arena_allocate(differences->arena, count * sizeof(*message->values));
    if (message->name == NULL || message->values == NULL)
        return out_of_budget(differences->error);
    message->n_values = count;
    for (size_t i = 0; i < count; i++)
        message->values[i] =
            differences->values[index][i] == NULL ? "" : differences->values[index][i];
    *out_message = message;
    return true;
}

static bool tell_differences(Trading__Backtest *const *backtests,
                             size_t count,
                             struct arena *arena,
                             Trading__CompareBacktestsResponse *response,
                             struct error *error)
{
    struct differences *differences = arena_allocate(arena, sizeof(*differences));

    response->differences = arena_allocate(arena, NAMES_MAX * sizeof(*response->differences));
    if (differences == NULL || response->differences == NULL)
        return out_of_budget(error);
    differences->arena = arena;
    differences->error = error;
    for (size_t i = 0; i < count; i++)
        if (!note_request(differences, i, backtests[i]))
            return false;
    for (size_t i = 0; i < differences->count; i++) {
        if (differs(differences->values[i], count) &&
            !is_same_end(differences->names[i], backtests, count) &&
            !tell_difference(differences, i, count,
                             &response->differences[response->n_differences++]))
            return false;
    }
    return true;
}

static int compare_times(const void *one, const void *other)
{
    int64_t left = *(const int64_t *)one;
    int64_t right = *(const int64_t *)other;

    return (left > right) - (left < right);
}

// The times at which any of them has a point, from the latest beginning to the earliest end, in
// order and each once.
static bool common_times(Trading__Backtest *const *backtests,
                         size_t count,
                         struct arena *arena,
                         int64_t **out_times,
                         size_t *out_count,
                         struct error *error)
{
    int64_t from = INT64_MIN;
    int64_t to = INT64_MAX;
    size_t room = 0;
    size_t taken = 0;
    int64_t *times = NULL;

    for (size_t i = 0; i < count; i++) {
        if (backtests[i]->n_curve == 0)
            return error_set(error, REASON_INTERNAL, "A backtest has no curve.");
        from = backtests[i]->curve[0]->time > from ? backtests[i]->curve[0]->time : from;
        to = point_at(backtests[i], INT64_MAX)->time < to ? point_at(backtests[i], INT64_MAX)->time
                                                          : to;
        room += backtests[i]->n_curve;
    }
    times = arena_allocate(arena, room * sizeof(*times));
    if (times == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < backtests[i]->n_curve; k++)
            if (backtests[i]->curve[k]->time >= from && backtests[i]->curve[k]->time <= to)
                times[taken++] = backtests[i]->curve[k]->time;
    qsort(times, taken, sizeof(*times), compare_times);
    *out_count = 0;
    for (size_t i = 0; i < taken; i++)
        if (i == 0 || times[i] != times[i - 1])
            times[(*out_count)++] = times[i];
    *out_times = times;
    return true;
}

// What 100 has become; of nothing it stays nothing.
static bool index_of(int64_t value, int64_t base, int64_t *out_index, struct error *error)
{
    *out_index = 0;
    return base <= 0 || money_scale_half_even(value, HUNDRED, base, out_index) ||
           error_set(error, REASON_BACKTEST_OVERFLOW, "A curve is too large to be compared.");
}

static const Trading__Backtest *
benchmarked(Trading__Backtest *const *backtests, size_t count, int64_t from)
{
    for (size_t i = 0; i < count; i++)
        if (point_at(backtests[i], from)->has_benchmark_micros)
            return backtests[i];
    return NULL;
}

static bool tell_point(Trading__Backtest *const *backtests,
                       size_t count,
                       int64_t from,
                       int64_t at,
                       struct arena *arena,
                       Trading__BacktestComparisonPoint *message,
                       struct error *error)
{
    const Trading__Backtest *benchmark = benchmarked(backtests, count, from);

    trading__backtest_comparison_point__init(message);
    message->has_time = true;
    message->time = at;
    message->equity_micros = arena_allocate(arena, count * sizeof(*message->equity_micros));
    if (message->equity_micros == NULL)
        return out_of_budget(error);
    message->n_equity_micros = count;
    for (size_t i = 0; i < count; i++)
        if (!index_of(point_at(backtests[i], at)->equity_micros,
                      point_at(backtests[i], from)->equity_micros, &message->equity_micros[i],
                      error))
            return false;
    message->has_benchmark_micros = benchmark != NULL;
    return benchmark == NULL ||
           index_of(point_at(benchmark, at)->benchmark_micros,
                    point_at(benchmark, from)->benchmark_micros, &message->benchmark_micros, error);
}

// So many points that are spread evenly, the first and the last among them.
static bool tell_curve(Trading__Backtest *const *backtests,
                       size_t count,
                       struct arena *arena,
                       Trading__CompareBacktestsResponse *response,
                       struct error *error)
{
    Trading__BacktestComparisonPoint *points = NULL;
    int64_t *times = NULL;
    size_t time_count = 0;
    size_t told = 0;

    if (!common_times(backtests, count, arena, &times, &time_count, error))
        return false;
    told = time_count < BACKTEST_COMPARED_POINTS_MAX ? time_count : BACKTEST_COMPARED_POINTS_MAX;
    points = arena_allocate(arena, (told + 1) * sizeof(*points));
    response->curve = arena_allocate(arena, (told + 1) * sizeof(*response->curve));
    if (points == NULL || response->curve == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < told; i++) {
        size_t index = told == 1 ? 0 : i * (time_count - 1) / (told - 1);

        if (!tell_point(backtests, count, times[0], times[index], arena, &points[i], error))
            return false;
        response->curve[i] = &points[i];
    }
    response->n_curve = told;
    return true;
}

bool backtest_comparison(Trading__Backtest *const *backtests,
                         size_t count,
                         struct arena *arena,
                         Trading__CompareBacktestsResponse *response,
                         struct error *error)
{
    return tell_differences(backtests, count, arena, response, error) &&
           tell_curve(backtests, count, arena, response, error);
}
