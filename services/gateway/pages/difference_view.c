// SPDX-License-Identifier: MIT
#include "pages/difference_view.h"

#include "base/clock.h"
#include "base/strbuf.h"
#include "base/timestamp.h"
#include "message/json_syntax.h"
#include "pages/parameter_inputs.h"

#include <string.h>

enum {
    TEXT_BYTES_MAX = 8000,
    DEPTH_MAX = 4, // a grid is a list of objects that have lists
};

static const char DIGITS[] = "0123456789";
static const char MONTHS[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static const char *find_label(const char *name)
{
    static const char *const labels[][2] = {
        {"strategy_version", "Version"},
        {"timeframe", "A bar is"},
        {"start", "From"},
        {"end", "To"},
        {"fractional", "Buys parts of shares"},
        {"grid", "Tried"},
        {"costs.slippage_bps", "Slippage, in 0.01 %"},
        {"costs.participation_percent", "Of the volume, in %"},
        {"costs.commission_per_order", "Commission an order"},
        {"costs.commission_per_share", "Commission a share"},
        {"costs.commission_bps", "Commission of the value, in 0.01 %"},
        {"costs.commission_minimum", "Commission at least"},
        {"walk_forward.in_sample_days", "Days in sample"},
        {"walk_forward.out_of_sample_days", "Days out of sample"},
        {"walk_forward.step_days", "Goes on by, in days"},
        {"walk_forward.anchored", "All begin at the first day"},
        {"walk_forward.objective", "Best is by"},
    };

    for (size_t i = 0; i < COUNT_OF(labels); i++)
        if (strcmp(labels[i][0], name) == 0)
            return labels[i][1];
    return NULL;
}

static const char *make_label(struct arena *arena, const char *name)
{
    const char *known = find_label(name);
    const char *point = strchr(name, '.');

    if (known != NULL)
        return arena_copy_string(arena, known);
    return parameter_inputs_label(arena, point == NULL ? name : point + 1);
}

static bool write_value(struct json *json, struct arena *arena, int depth, struct strbuf *out);

// What names a part of a grid says nothing that is not seen.
static bool is_worth_naming(struct text name)
{
    return !text_equals(name, "parameter") && !text_equals(name, "values");
}

// The parameter that a part of a grid is of, in words.
static bool write_parameter(struct json *json, struct arena *arena, struct strbuf *out)
{
    struct text name;
    const char *words = NULL;

    if (json_peek(json) != JSON_STRING || !json_read_string(json, arena, &name))
        return false;
    words = arena_copy(arena, name.data, name.length);
    words = words == NULL ? NULL : parameter_inputs_label(arena, words);
    if (words != NULL)
        strbuf_append_string(out, words);
    return words != NULL;
}

static bool write_object(struct json *json, struct arena *arena, int depth, struct strbuf *out)
{
    struct text name;

    for (const char *between = ""; json_peek(json) == JSON_STRING; between = ", ") {
        if (!json_name(json, arena, &name))
            return false;
        if (is_worth_naming(name)) {
            strbuf_append_string(out, between);
            strbuf_append_text(out, name);
        }
        if (out->length > 0 && out->data[out->length - 1] != ' ')
            strbuf_append_char(out, ' ');
        if (!(text_equals(name, "parameter") ? write_parameter(json, arena, out)
                                             : write_value(json, arena, depth, out)))
            return false;
        (void)json_take(json, ',');
    }
    return json_take(json, '}');
}

static bool write_list(struct json *json, struct arena *arena, int depth, struct strbuf *out)
{
    while (!json_take(json, ']')) {
        if (!write_value(json, arena, depth, out))
            return false;
        if (json_take(json, ','))
            strbuf_append_string(out, ", ");
    }
    return true;
}

static bool write_value(struct json *json, struct arena *arena, int depth, struct strbuf *out)
{
    struct text text;

    if (depth == 0)
        return false;
    if (json_take(json, '{'))
        return write_object(json, arena, depth - 1, out);
    if (json_take(json, '['))
        return write_list(json, arena, depth - 1, out);
    if (json_peek(json) == JSON_STRING ? !json_read_string(json, arena, &text)
                                       : !json_number(json, &text))
        return false;
    strbuf_append_text(out, text);
    return true;
}

// A list or an object: "AAPL, MSFT", "Fast 5, 10". What is none stays as it is.
static const char *flatten(struct arena *arena, const char *value)
{
    OWNED(strbuf) out = strbuf_new(TEXT_BYTES_MAX);
    struct error error;
    struct json json = json_of(text_of(value), &error);

    if ((value[0] != '[' && value[0] != '{') || !write_value(&json, arena, DEPTH_MAX, out))
        return value;
    return arena_copy(arena, out->data, out->length);
}

static const char *write_day(struct arena *arena, int64_t time)
{
    struct date date = date_from_days(time / MICROS_PER_DAY);

    return arena_printf(arena, "%s %d, %d", MONTHS[date.month - 1], date.day, date.year);
}

// "15Min" as "15 minutes".
static const char *write_timeframe(struct arena *arena, const char *value)
{
    static const char *const units[][2] = {
        {"Min", "minute"}, {"Hour", "hour"}, {"Day", "day"}, {"Week", "week"}, {"Month", "month"}};
    size_t digits = strspn(value, DIGITS);
    bool is_one = digits == 1 && value[0] == '1';

    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (strcmp(value + digits, units[i][0]) == 0)
            return arena_printf(arena, "%.*s %s%s", (int)digits, value, units[i][1],
                                is_one ? "" : "s");
    return value;
}

// A decimal with its thousands apart.
static const char *group(struct arena *arena, const char *value)
{
    OWNED(strbuf) out = strbuf_new(TEXT_BYTES_MAX);
    size_t whole = strspn(value, DIGITS);

    if (value[whole] != '.' || value[whole + 1 + strspn(value + whole + 1, DIGITS)] != '\0')
        return value;
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0)
            strbuf_append_char(out, ',');
        strbuf_append_char(out, value[i]);
    }
    strbuf_append_string(out, value + whole);
    return arena_copy(arena, out->data, out->length);
}

static const char *make_value(struct arena *arena, const char *name, const char *value)
{
    int64_t time = 0;

    if (value[0] == '\0')
        return "–";
    if (strcmp(name, "timeframe") == 0)
        return write_timeframe(arena, value);
    if (strcmp(name, "start") == 0 || strcmp(name, "end") == 0)
        return timestamp_parse(text_of(value), &time) ? write_day(arena, time) : value;
    if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        return value[0] == 't' ? "yes" : "no";
    value = flatten(arena, value);
    value = value == NULL ? NULL : group(arena, value);
    return value == NULL ? NULL : parameter_inputs_value(arena, value);
}

Pages__BacktestComparisonDifference *
difference_view_make(struct arena *arena, const Trading__BacktestDifference *difference)
{
    Pages__BacktestComparisonDifference *view = arena_allocate(arena, sizeof *view);
    size_t count = difference->n_values;

    if (view == NULL)
        return NULL;
    pages__backtest_comparison_difference__init(view);
    view->label = make_label(arena, difference->name);
    view->values = arena_allocate(arena, (count + 1) * sizeof *view->values);
    if (view->label == NULL || view->values == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        view->values[i] = make_value(arena, difference->name, difference->values[i]);
        if (view->values[i] == NULL)
            return NULL;
    }
    view->n_values = count;
    return view;
}
