// SPDX-License-Identifier: MIT
// strategy_schema: the parameters of a kind as a JSON Schema, from the same tables that check them.
#include "money/money.h"
#include "strategy/strategy_parameters.h"

// A decimal is taken as a number or as a string, and told as a string.
#define DECIMAL_TYPE "\"type\":[\"string\",\"number\"],\"pattern\":\"^[0-9]+([.][0-9]{1,6})?$\""

static void print_bound(const char *name, int64_t value, int scale, struct strbuf *out)
{
    char number[DECIMAL_SIZE];

    (void)decimal_print(value, scale, 0, number);
    strbuf_printf(out, ",\"%s\":%s", name, number);
}

static void print_number(const struct strategy_parameter *parameter, struct strbuf *out)
{
    bool is_whole = strategy_parameter_type(parameter->id) == STRATEGY_WHOLE;
    int scale = is_whole ? 0 : MONEY_SCALE;
    char number[DECIMAL_SIZE];

    strbuf_append_string(out, is_whole ? "\"type\":\"integer\"" : DECIMAL_TYPE);
    print_bound("minimum", parameter->minimum, scale, out);
    print_bound("maximum", parameter->maximum, scale, out);
    if (parameter->required)
        return;
    (void)decimal_print(parameter->unless_said, scale, 0, number);
    strbuf_printf(out, is_whole ? ",\"default\":%s" : ",\"default\":\"%s\"", number);
}

static void print_choice(const struct strategy_parameter *parameter, struct strbuf *out)
{
    size_t count = 0;
    const char *const *choices = strategy_choices(strategy_parameter_type(parameter->id), &count);

    strbuf_append_string(out, "\"type\":\"string\",\"enum\":[");
    for (size_t i = 0; i < count; i++)
        strbuf_printf(out, "%s\"%s\"", i > 0 ? "," : "", choices[i]);
    strbuf_printf(out, "],\"default\":\"%s\"", choices[parameter->unless_said]);
}

static void print_weights(const struct strategy_parameter *parameter, struct strbuf *out)
{
    strbuf_append_string(out, "\"type\":\"object\",\"additionalProperties\":{" DECIMAL_TYPE);
    print_bound("minimum", parameter->minimum, MONEY_SCALE, out);
    print_bound("maximum", parameter->maximum, MONEY_SCALE, out);
    strbuf_printf(out, "},\"minProperties\":1,\"maxProperties\":%d", STRATEGY_SYMBOLS_MAX);
}

static void print_property(const struct strategy_parameter *parameter, struct strbuf *out)
{
    strbuf_printf(out, "\"%s\":{", strategy_parameter_name(parameter->id));
    switch (strategy_parameter_type(parameter->id)) {
    case STRATEGY_WHOLE:
    case STRATEGY_DECIMAL:
        print_number(parameter, out);
        break;
    case STRATEGY_RULE_TEXT:
        strbuf_printf(out, "\"type\":\"string\",\"minLength\":1,\"maxLength\":%d", RULE_LENGTH_MAX);
        break;
    case STRATEGY_WEIGHTS:
        print_weights(parameter, out);
        break;
    default:
        print_choice(parameter, out);
    }
    strbuf_append_string(out, ",\"description\":");
    strbuf_append_json(out, text_of(parameter->description));
    strbuf_append_char(out, '}');
}

static void print_required(enum strategy_kind kind, struct strbuf *out)
{
    const struct strategy_parameter *parameter = NULL;
    bool is_first = true;

    strbuf_append_string(out, "\"required\":[");
    for (size_t i = 0; (parameter = strategy_kind_parameter(kind, i)) != NULL; i++) {
        if (!parameter->required)
            continue;
        strbuf_printf(out, "%s\"%s\"", is_first ? "" : ",", strategy_parameter_name(parameter->id));
        is_first = false;
    }
    strbuf_append_char(out, ']');
}

void strategy_schema_print(enum strategy_kind kind, struct strbuf *out)
{
    const struct strategy_parameter *parameter = NULL;

    strbuf_append_string(out, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
                              "\"type\":\"object\",\"additionalProperties\":false,");
    print_required(kind, out);
    strbuf_append_string(out, ",\"properties\":{");
    for (size_t i = 0; (parameter = strategy_kind_parameter(kind, i)) != NULL; i++) {
        strbuf_append_string(out, i > 0 ? "," : "");
        print_property(parameter, out);
    }
    strbuf_append_string(out, "}}");
}
