// SPDX-License-Identifier: MIT
#include "strategy/strategy_parameters.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "message/json_syntax.h"
#include "money/money.h"

#define PREFIX "parameters."
#define WHOLE_PERCENT (100 * MICROS_PER_UNIT)

enum { QUOTED_MAX = 40, FIELD_SIZE = ERROR_NAME_SIZE };

struct reader {
    struct json json;
    struct arena *arena;
    struct strategy_parameters *parameters;
    struct error *error;
    bool seen[STRATEGY_PARAMETER_COUNT];
};

static int decimals_of(enum strategy_type type)
{
    return type == STRATEGY_WHOLE ? 0 : MONEY_SCALE;
}

// The kind's parameter of that name, or NULL.
const struct strategy_parameter *strategy_parameter_find(enum strategy_kind kind, struct text name)
{
    const struct strategy_parameter *parameter = NULL;

    for (size_t i = 0; (parameter = strategy_kind_parameter(kind, i)) != NULL; i++)
        if (text_equals(name, strategy_parameter_name(parameter->id)))
            return parameter;
    return NULL;
}

static void list_names(enum strategy_kind kind, struct strbuf *out)
{
    const struct strategy_parameter *parameter = NULL;

    for (size_t i = 0; (parameter = strategy_kind_parameter(kind, i)) != NULL; i++) {
        strbuf_append_string(out, i > 0 ? ", " : "");
        strbuf_append_string(out, strategy_parameter_name(parameter->id));
    }
}

static void refuse_unknown(enum strategy_kind kind, const char *field, struct error *error)
{
    OWNED(strbuf) names = strbuf_new(ERROR_VALUE_SIZE);

    list_names(kind, names);
    error_add_violation(error, field, "is no parameter of %s, which has %s",
                        strategy_kind_name(kind), names->data);
}

static void
refuse_choice(enum strategy_type type, struct text value, const char *field, struct error *error)
{
    OWNED(strbuf) names = strbuf_new(ERROR_VALUE_SIZE);
    size_t count = 0;
    const char *const *choices = strategy_choices(type, &count);

    for (size_t i = 0; i < count; i++) {
        strbuf_append_string(names, i > 0 ? ", " : "");
        strbuf_append_string(names, choices[i]);
    }
    error_add_violation(error, field, "must be one of %s, not \"%.*s\"", names->data,
                        (int)(value.length > QUOTED_MAX ? QUOTED_MAX : value.length), value.data);
}

static bool set_choice(struct strategy_parameters *parameters,
                       enum strategy_parameter_id id,
                       struct text value,
                       const char *field,
                       struct error *error)
{
    size_t count = 0;
    const char *const *choices = strategy_choices(strategy_parameter_type(id), &count);

    for (size_t i = 0; i < count; i++) {
        if (text_equals(value, choices[i])) {
            parameters->values[id] = (int64_t)i;
            return true;
        }
    }
    refuse_choice(strategy_parameter_type(id), value, field, error);
    return false;
}

// Reads a number within the parameter's bounds.
static bool read_number(const struct strategy_parameter *parameter,
                        struct text value,
                        const char *field,
                        int64_t *out_value,
                        struct error *error)
{
    int scale = decimals_of(strategy_parameter_type(parameter->id));
    enum decimal_problem problem = decimal_parse_json(value, scale, out_value);
    int length = (int)(value.length > QUOTED_MAX ? QUOTED_MAX : value.length);
    char minimum[DECIMAL_SIZE];
    char maximum[DECIMAL_SIZE];

    if (problem == DECIMAL_NOT_A_NUMBER) {
        error_add_violation(error, field, "must be a number, not \"%.*s\"", length, value.data);
        return false;
    }
    if (problem == DECIMAL_TOO_FINE) {
        error_add_violation(error, field, "must have at most %d decimals, not \"%.*s\"", scale,
                            length, value.data);
        return false;
    }
    if (problem == DECIMAL_FINE && *out_value >= parameter->minimum &&
        *out_value <= parameter->maximum)
        return true;
    (void)decimal_print(parameter->minimum, scale, 0, minimum);
    (void)decimal_print(parameter->maximum, scale, 0, maximum);
    error_add_violation(error, field, "must be from %s to %s, not %.*s", minimum, maximum, length,
                        value.data);
    return false;
}

static bool set_text(struct strategy_parameters *parameters,
                     const struct strategy_parameter *parameter,
                     struct text value,
                     const char *field,
                     struct error *error)
{
    int64_t number = 0;

    switch (strategy_parameter_type(parameter->id)) {
    case STRATEGY_WHOLE:
    case STRATEGY_DECIMAL:
        if (!read_number(parameter, value, field, &number, error))
            return false;
        parameters->values[parameter->id] = number;
        return true;
    case STRATEGY_FREQUENCY:
    case STRATEGY_SIZING:
        return set_choice(parameters, parameter->id, value, field, error);
    default:
        error_add_violation(error, field, "must be a number or a choice, and %s is neither",
                            strategy_parameter_name(parameter->id));
        return false;
    }
}

bool strategy_parameters_set(struct strategy_parameters *parameters,
                             struct text name,
                             struct text value,
                             const char *field,
                             struct error *error)
{
    const struct strategy_parameter *parameter = strategy_parameter_find(parameters->kind, name);

    if (parameter == NULL) {
        refuse_unknown(parameters->kind, field, error);
        return false;
    }
    return set_text(parameters, parameter, value, field, error);
}

// A rule is compiled to see that it can be; what it becomes is made again where it is needed.
static bool read_rule(struct reader *reader,
                      const struct strategy_parameter *parameter,
                      struct text value,
                      const char *field)
{
    struct rule *rule = allocate(sizeof(*rule));
    struct rule_problem problem;
    bool is_fine = rule_compile(value, RULE_TRUTH, rule, &problem);
    const char *copy = is_fine ? arena_copy(reader->arena, value.data, value.length) : NULL;

    release(rule);
    if (!is_fine) {
        error_add_violation(reader->error, field, "column %zu: %s", problem.column,
                            problem.sentence);
        return true;
    }
    if (copy == NULL)
        return error_set(reader->error, REASON_OUT_OF_MEMORY_BUDGET,
                         "The parameters need too much memory.");
    if (parameter->id == STRATEGY_PARAMETER_ENTER)
        reader->parameters->enter = copy;
    else
        reader->parameters->exit = copy;
    return true;
}

static bool is_ticker(struct text text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];

        if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '.' && c != '-')
            return false;
    }
    return text.length > 0 && text.length < STRATEGY_TICKER_SIZE;
}

static void add_weight(struct reader *reader,
                       const struct strategy_parameter *parameter,
                       struct text ticker,
                       struct text value)
{
    struct strategy_parameters *parameters = reader->parameters;
    struct strategy_weight *weight = &parameters->weights[parameters->weight_count];
    char field[FIELD_SIZE];

    snprintf(field, sizeof(field), PREFIX "weights.%.*s",
             (int)(ticker.length > QUOTED_MAX ? QUOTED_MAX : ticker.length), ticker.data);
    if (!is_ticker(ticker)) {
        error_add_violation(reader->error, field, "must be a ticker in upper case");
        return;
    }
    for (size_t i = 0; i < parameters->weight_count; i++) {
        if (text_equals(ticker, parameters->weights[i].ticker)) {
            error_add_violation(reader->error, field, "is there twice");
            return;
        }
    }
    if (parameters->weight_count == STRATEGY_SYMBOLS_MAX) {
        error_add_violation(reader->error, field, "is one more than the %d that there may be",
                            STRATEGY_SYMBOLS_MAX);
        return;
    }
    if (!read_number(parameter, value, field, &weight->percent, reader->error))
        return;
    snprintf(weight->ticker, sizeof(weight->ticker), "%.*s", (int)ticker.length, ticker.data);
    parameters->weight_count++;
}

// Takes a number or a string. False with the syntax's error; what is neither is told of, and
// `out_is_text` says so.
static bool
take_scalar(struct reader *reader, const char *field, struct text *out_text, bool *out_is_text)
{
    enum json_type type = json_peek(&reader->json);

    *out_is_text = type == JSON_STRING || type == JSON_NUMBER;
    if (type == JSON_STRING)
        return json_read_string(&reader->json, reader->arena, out_text);
    if (type == JSON_NUMBER)
        return json_number(&reader->json, out_text);
    error_add_violation(reader->error, field, "must be a number or a string");
    return json_skip(&reader->json);
}

static bool read_weights(struct reader *reader, const struct strategy_parameter *parameter)
{
    struct text ticker = {0};
    struct text value = {0};
    bool is_text = false;

    if (!json_take(&reader->json, '{')) {
        error_add_violation(reader->error, PREFIX "weights",
                            "must be an object of tickers and percentages");
        return json_skip(&reader->json);
    }
    if (json_take(&reader->json, '}'))
        return true;
    for (;;) {
        if (!json_name(&reader->json, reader->arena, &ticker) ||
            !take_scalar(reader, PREFIX "weights", &value, &is_text))
            return false;
        if (is_text)
            add_weight(reader, parameter, ticker, value);
        if (json_take(&reader->json, '}'))
            return true;
        if (!json_take(&reader->json, ','))
            return json_fail(&reader->json, "a comma or a closing brace is expected here");
    }
}

static bool
read_value(struct reader *reader, const struct strategy_parameter *parameter, const char *field)
{
    struct text value = {0};
    bool is_text = false;

    if (strategy_parameter_type(parameter->id) == STRATEGY_WEIGHTS)
        return read_weights(reader, parameter);
    if (!take_scalar(reader, field, &value, &is_text))
        return false;
    if (!is_text)
        return true;
    if (strategy_parameter_type(parameter->id) == STRATEGY_RULE_TEXT)
        return read_rule(reader, parameter, value, field);
    (void)set_text(reader->parameters, parameter, value, field, reader->error);
    return true;
}

// False only for what ends the reading: syntax and memory.
static bool read_member(struct reader *reader)
{
    const struct strategy_parameter *parameter = NULL;
    struct text name = {0};
    char field[FIELD_SIZE];

    if (!json_name(&reader->json, reader->arena, &name))
        return false;
    snprintf(field, sizeof(field), PREFIX "%.*s",
             (int)(name.length > QUOTED_MAX ? QUOTED_MAX : name.length), name.data);
    parameter = strategy_parameter_find(reader->parameters->kind, name);
    if (parameter == NULL) {
        refuse_unknown(reader->parameters->kind, field, reader->error);
        return json_skip(&reader->json);
    }
    if (reader->seen[parameter->id]) {
        error_add_violation(reader->error, field, "is there twice");
        return json_skip(&reader->json);
    }
    reader->seen[parameter->id] = true;
    return read_value(reader, parameter, field);
}

static bool read_object(struct reader *reader)
{
    if (!json_take(&reader->json, '{'))
        return json_fail(&reader->json, "an object is expected here");
    if (!json_take(&reader->json, '}')) {
        do {
            if (!read_member(reader))
                return false;
        } while (json_take(&reader->json, ','));
        if (!json_take(&reader->json, '}'))
            return json_fail(&reader->json, "a comma or a closing brace is expected here");
    }
    return json_at_end(&reader->json) ||
           json_fail(&reader->json, "nothing is expected after the end of the object");
}

bool strategy_parameters_read(enum strategy_kind kind,
                              struct text json,
                              struct arena *arena,
                              struct strategy_parameters *out_parameters,
                              struct error *error)
{
    struct strategy_parameters parameters = {.kind = kind};
    struct reader reader = {json_of(json, error), arena, &parameters, error, {false}};
    const struct strategy_parameter *parameter = NULL;

    error_clear(error);
    for (size_t i = 0; (parameter = strategy_kind_parameter(kind, i)) != NULL; i++)
        parameters.values[parameter->id] = parameter->unless_said;
    if (json.length > 0 && !read_object(&reader))
        return false;
    for (size_t i = 0; (parameter = strategy_kind_parameter(kind, i)) != NULL; i++) {
        char field[FIELD_SIZE];

        snprintf(field, sizeof(field), PREFIX "%s", strategy_parameter_name(parameter->id));
        if (parameter->required && !reader.seen[parameter->id])
            error_add_violation(error, field, "is required by %s", strategy_kind_name(kind));
    }
    if (error->code != CODE_OK)
        return false;
    *out_parameters = parameters;
    return true;
}

static void check_order(const struct strategy_parameters *parameters, struct error *error)
{
    const struct strategy_order *order = &strategy_kind_info(parameters->kind)->order;
    int scale = decimals_of(strategy_parameter_type(order->less));
    int64_t less = parameters->values[order->less];
    int64_t more = parameters->values[order->more];
    char field[FIELD_SIZE];
    char one[DECIMAL_SIZE];
    char other[DECIMAL_SIZE];

    if (!order->is_there || less < more)
        return;
    (void)decimal_print(less, scale, 0, one);
    (void)decimal_print(more, scale, 0, other);
    snprintf(field, sizeof(field), PREFIX "%s", strategy_parameter_name(order->less));
    error_add_violation(error, field, "must be less than %s, and %s is not less than %s",
                        strategy_parameter_name(order->more), one, other);
}

static bool has_symbol(const char *const *symbols, size_t count, const char *ticker)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(symbols[i], ticker) == 0)
            return true;
    return false;
}

static void check_weights(const struct strategy_parameters *parameters,
                          const char *const *symbols,
                          size_t symbol_count,
                          struct error *error)
{
    char field[FIELD_SIZE];
    char sum_text[DECIMAL_SIZE];
    int64_t sum = 0;

    if (parameters->weight_count == 0)
        error_add_violation(error, PREFIX "weights", "must name a symbol at least");
    for (size_t i = 0; i < parameters->weight_count; i++) {
        const struct strategy_weight *weight = &parameters->weights[i];

        sum += weight->percent;
        snprintf(field, sizeof(field), PREFIX "weights.%s", weight->ticker);
        if (!has_symbol(symbols, symbol_count, weight->ticker))
            error_add_violation(error, field, "is not among the strategy's symbols");
    }
    if (sum > WHOLE_PERCENT) {
        (void)decimal_print(sum, MONEY_SCALE, 0, sum_text);
        error_add_violation(error, PREFIX "weights", "must be at most 100 together, not %s",
                            sum_text);
    }
}

bool strategy_parameters_check(const struct strategy_parameters *parameters,
                               const char *const *symbols,
                               size_t symbol_count,
                               struct error *error)
{
    int64_t size = parameters->values[STRATEGY_PARAMETER_SIZE];
    int64_t top = parameters->values[STRATEGY_PARAMETER_TOP_N];

    error_clear(error);
    check_order(parameters, error);
    if (parameters->kind == STRATEGY_REBALANCE)
        check_weights(parameters, symbols, symbol_count, error);
    if (parameters->kind == STRATEGY_MOMENTUM && top > (int64_t)symbol_count)
        error_add_violation(error, PREFIX "top_n",
                            "must be at most the number of symbols, %zu, not %" PRId64,
                            symbol_count, top);
    if (strategy_kind_has_signals(parameters->kind) &&
        parameters->values[STRATEGY_PARAMETER_SIZING] == STRATEGY_SIZE_BY_PERCENT_OF_EQUITY &&
        size > WHOLE_PERCENT)
        error_add_violation(error, PREFIX "size", "must be at most 100 percent of equity");
    return error->code == CODE_OK;
}

static void print_weights(const struct strategy_parameters *parameters, struct strbuf *out)
{
    char number[DECIMAL_SIZE];

    strbuf_append_char(out, '{');
    for (size_t i = 0; i < parameters->weight_count; i++) {
        (void)decimal_print(parameters->weights[i].percent, MONEY_SCALE, 0, number);
        strbuf_printf(out, "%s\"%s\":\"%s\"", i > 0 ? "," : "", parameters->weights[i].ticker,
                      number);
    }
    strbuf_append_char(out, '}');
}

static void print_value(const struct strategy_parameters *parameters,
                        enum strategy_parameter_id id,
                        struct strbuf *out)
{
    enum strategy_type type = strategy_parameter_type(id);
    int64_t value = parameters->values[id];
    char number[DECIMAL_SIZE];
    size_t count = 0;

    switch (type) {
    case STRATEGY_WHOLE:
        strbuf_append_int(out, value);
        break;
    case STRATEGY_DECIMAL:
        (void)decimal_print(value, MONEY_SCALE, 0, number);
        strbuf_printf(out, "\"%s\"", number);
        break;
    case STRATEGY_RULE_TEXT:
        strbuf_append_json(
            out, text_of(id == STRATEGY_PARAMETER_ENTER ? parameters->enter : parameters->exit));
        break;
    case STRATEGY_WEIGHTS:
        print_weights(parameters, out);
        break;
    default:
        strbuf_printf(out, "\"%s\"", strategy_choices(type, &count)[value]);
    }
}

void strategy_parameters_print(const struct strategy_parameters *parameters, struct strbuf *out)
{
    const struct strategy_parameter *parameter = NULL;

    strbuf_append_char(out, '{');
    for (size_t i = 0; (parameter = strategy_kind_parameter(parameters->kind, i)) != NULL; i++) {
        strbuf_printf(out, "%s\"%s\":", i > 0 ? "," : "", strategy_parameter_name(parameter->id));
        print_value(parameters, parameter->id, out);
    }
    strbuf_append_char(out, '}');
}

// What stands for "{name}" in a pattern.
static void
print_placed(const struct strategy_parameters *parameters, struct text name, struct strbuf *out)
{
    const struct strategy_parameter *parameter = strategy_parameter_find(parameters->kind, name);
    char number[DECIMAL_SIZE];

    if (parameter == NULL)
        return;
    if (parameter->id == STRATEGY_PARAMETER_ENTER)
        strbuf_append_string(out, parameters->enter);
    else if (parameter->id == STRATEGY_PARAMETER_EXIT)
        strbuf_append_string(out, parameters->exit);
    else {
        (void)decimal_print(parameters->values[parameter->id],
                            decimals_of(strategy_parameter_type(parameter->id)), 0, number);
        strbuf_append_string(out, number);
    }
}

void strategy_rule_print(const struct strategy_parameters *parameters,
                         const char *pattern,
                         struct strbuf *out)
{
    const char *open = NULL;

    while ((open = strchr(pattern, '{')) != NULL) {
        const char *close = strchr(open, '}');

        strbuf_append(out, pattern, (size_t)(open - pattern));
        print_placed(parameters, (struct text){open + 1, (size_t)(close - open - 1)}, out);
        pattern = close + 1;
    }
    strbuf_append_string(out, pattern);
}
