// SPDX-License-Identifier: MIT
// rule_parser: a rule from its text, by recursive descent; steps are written as they are
// understood.
//
//     truth      = conjunction {"or" conjunction}
//     conjunction = negation {"and" negation}
//     negation   = "not" negation | comparison
//     comparison = sum [("<" | "<=" | ">" | ">=") sum]
//     sum        = product {("+" | "-") product}
//     product    = sign {("*" | "/") sign}
//     sign       = "-" sign | before
//     before     = primary {"[" whole number "]"}
//     primary    = number | name | name "(" ... ")" | "(" truth ")"
#include "strategy/rule.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "money/money.h"
#include "strategy/rule_emit.h"
#include "strategy/rule_lexer.h"

enum { NUMBER_SCALE = 6, QUOTED_MAX = 24 };

struct parser {
    struct rule_lexer lexer;
    struct rule_token token; // the one that is looked at
    struct rule_emitter emitter;
    struct rule_problem *problem;
    size_t nesting;
};

static bool parse_truth(struct parser *parser, enum rule_type *out_type);

PRINTF_LIKE(3, 4)
static bool fail(struct parser *parser, size_t column, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(parser->problem->sentence, sizeof(parser->problem->sentence), format, arguments);
    va_end(arguments);
    parser->problem->column = column;
    return false;
}

static void advance(struct parser *parser)
{
    parser->token = rule_lexer_next(&parser->lexer);
}

// Says that something else is expected where the parser is.
static bool expect(struct parser *parser, const char *what)
{
    const struct rule_token *token = &parser->token;
    bool is_long = token->text.length > QUOTED_MAX;

    if (token->kind == RULE_TOKEN_END)
        return fail(parser, token->column, "%s is expected here, where the rule ends", what);
    return fail(parser, token->column, "%s is expected here, not \"%.*s%s\"", what,
                (int)(is_long ? QUOTED_MAX : token->text.length), token->text.data,
                is_long ? "..." : "");
}

static bool take(struct parser *parser, const char *symbol, const char *what)
{
    if (!rule_token_is(&parser->token, symbol))
        return expect(parser, what);
    advance(parser);
    return true;
}

static bool emit(struct parser *parser, const struct rule_step *step, size_t column)
{
    parser->problem->column = column;
    return rule_emit(&parser->emitter, step, parser->problem);
}

static bool emit_plain(struct parser *parser, enum rule_operation operation, size_t column)
{
    const struct rule_step step = {.operation = (unsigned char)operation};

    return emit(parser, &step, column);
}

static bool
require(struct parser *parser, enum rule_type wanted, enum rule_type found, size_t column)
{
    if (wanted == found)
        return true;
    if (wanted == RULE_NUMBER)
        return fail(parser, column, "a number is needed here, and this is true or false");
    return fail(parser, column, "what is true or false is needed here, and this is a number");
}

static bool enter(struct parser *parser)
{
    if (parser->nesting == RULE_NESTING_MAX)
        return fail(parser, parser->token.column, "this is nested more than %d deep",
                    RULE_NESTING_MAX);
    parser->nesting++;
    return true;
}

static bool read_number(struct parser *parser, double *out_number)
{
    int64_t value = 0;

    if (parser->token.kind != RULE_TOKEN_NUMBER)
        return expect(parser, "a number");
    switch (decimal_parse(parser->token.text, NUMBER_SCALE, &value)) {
    case DECIMAL_FINE:
        break;
    case DECIMAL_TOO_FINE:
        return fail(parser, parser->token.column, "a number has at most %d decimals", NUMBER_SCALE);
    default:
        return fail(parser, parser->token.column, "this number is too large");
    }
    advance(parser);
    *out_number = (double)value / (double)MICROS_PER_UNIT;
    return true;
}

static bool read_whole_number(struct parser *parser, int64_t least, short *out_number)
{
    int64_t value = 0;

    if (parser->token.kind != RULE_TOKEN_NUMBER)
        return expect(parser, "a whole number");
    if (decimal_parse(parser->token.text, 0, &value) != DECIMAL_FINE || value < least ||
        value > RULE_PERIOD_MAX)
        return fail(
            parser, parser->token.column,
            "a whole number from %d to %d is expected here, not \"%.*s\"", (int)least,
            RULE_PERIOD_MAX,
            (int)(parser->token.text.length > QUOTED_MAX ? QUOTED_MAX : parser->token.text.length),
            parser->token.text.data);
    advance(parser);
    *out_number = (short)value;
    return true;
}

static bool parse_of_type(struct parser *parser, enum rule_type wanted)
{
    size_t column = parser->token.column;
    enum rule_type type = RULE_NUMBER;

    return parse_truth(parser, &type) && require(parser, wanted, type, column);
}

// One argument, of the kind that the letter says; `count` periods have been read.
static bool parse_argument(struct parser *parser, char kind, struct rule_step *step, size_t *count)
{
    switch (kind) {
    case 'x':
        return parse_of_type(parser, RULE_NUMBER);
    case 'n':
        return read_whole_number(parser, 1, &step->periods[(*count)++]);
    default:
        return read_number(parser, &step->number);
    }
}

static bool parse_call(struct parser *parser, const struct rule_function *function, size_t column)
{
    struct rule_step step = {.operation = (unsigned char)function->operation};
    size_t count = 0;

    for (const char *kind = function->parameters; *kind != '\0'; kind++) {
        if (kind != function->parameters && !take(parser, ",", "a comma and another argument"))
            return false;
        if (!parse_argument(parser, *kind, &step, &count))
            return false;
    }
    if (!take(parser, ")", "a closing bracket"))
        return false;
    step.number *= function->sign;
    // The average of a column of prices alone is made exactly.
    if (function->operation == RULE_SMA &&
        rule_emit_exact_average(&parser->emitter, step.periods[0]))
        return true;
    return emit(parser, &step, column);
}

static bool
parse_function(struct parser *parser, const struct rule_token *name, enum rule_type *out)
{
    const struct rule_function *function = rule_function_find(name->text);

    if (function == NULL)
        return fail(parser, name->column, "there is no function \"%.*s\"",
                    (int)(name->text.length > QUOTED_MAX ? QUOTED_MAX : name->text.length),
                    name->text.data);
    if (!enter(parser))
        return false;
    advance(parser);
    *out = function->type;
    if (!parse_call(parser, function, name->column))
        return false;
    parser->nesting--;
    return true;
}

static bool find_field(struct text name, unsigned char *out_field)
{
    static const char *const names[] = {[BAR_OPEN] = "open",
                                        [BAR_HIGH] = "high",
                                        [BAR_LOW] = "low",
                                        [BAR_CLOSE] = "close",
                                        [BAR_VOLUME] = "volume"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (text_equals(name, names[i])) {
            *out_field = (unsigned char)i;
            return true;
        }
    }
    return false;
}

static bool is_keyword(struct text name)
{
    return text_equals(name, "and") || text_equals(name, "or") || text_equals(name, "not");
}

static bool parse_name(struct parser *parser, enum rule_type *out_type)
{
    struct rule_token name = parser->token;
    struct rule_step step = {.operation = RULE_FIELD};

    if (is_keyword(name.text))
        return expect(parser, "a number, a name or an opening bracket");
    advance(parser);
    if (rule_token_is(&parser->token, "("))
        return parse_function(parser, &name, out_type);
    *out_type = RULE_NUMBER;
    if (text_equals(name.text, "true") || text_equals(name.text, "false")) {
        *out_type = RULE_TRUTH;
        step.operation = RULE_CONSTANT;
        step.number = text_equals(name.text, "true") ? 1.0 : 0.0;
    } else if (!find_field(name.text, &step.field)) {
        if (rule_function_find(name.text) != NULL)
            return expect(parser, "an opening bracket");
        return fail(parser, name.column,
                    "\"%.*s\" is not known: there are open, high, low, close and volume",
                    (int)(name.text.length > QUOTED_MAX ? QUOTED_MAX : name.text.length),
                    name.text.data);
    }
    return emit(parser, &step, name.column);
}

static bool parse_primary(struct parser *parser, enum rule_type *out_type)
{
    struct rule_step step = {.operation = RULE_CONSTANT};
    size_t column = parser->token.column;

    if (parser->token.kind == RULE_TOKEN_NAME)
        return parse_name(parser, out_type);
    if (parser->token.kind == RULE_TOKEN_NUMBER) {
        *out_type = RULE_NUMBER;
        return read_number(parser, &step.number) && emit(parser, &step, column);
    }
    if (!rule_token_is(&parser->token, "("))
        return expect(parser, "a number, a name or an opening bracket");
    if (!enter(parser))
        return false;
    advance(parser);
    if (!parse_truth(parser, out_type) || !take(parser, ")", "a closing bracket"))
        return false;
    parser->nesting--;
    return true;
}

static bool parse_before(struct parser *parser, enum rule_type *out_type)
{
    struct rule_step step = {.operation = RULE_SHIFT};

    if (!parse_primary(parser, out_type))
        return false;
    while (rule_token_is(&parser->token, "[")) {
        size_t column = parser->token.column;

        advance(parser);
        if (!read_whole_number(parser, 0, &step.periods[0]) ||
            !take(parser, "]", "a closing bracket \"]\"") || !emit(parser, &step, column))
            return false;
    }
    return true;
}

static bool parse_sign(struct parser *parser, enum rule_type *out_type)
{
    size_t column = 0;

    if (!rule_token_is(&parser->token, "-"))
        return parse_before(parser, out_type);
    if (!enter(parser))
        return false;
    advance(parser);
    column = parser->token.column;
    if (!parse_sign(parser, out_type) || !require(parser, RULE_NUMBER, *out_type, column) ||
        !emit_plain(parser, RULE_NEGATE, column))
        return false;
    parser->nesting--;
    return true;
}

// An operator between two values, and what may stand beside it.
struct infix {
    const char *symbol;
    enum rule_operation operation;
};

static const struct infix *
find_infix(const struct parser *parser, const struct infix *infixes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rule_token_is(&parser->token, infixes[i].symbol))
            return &infixes[i];
    return NULL;
}

// What stands to the right of the operator that is looked at, and the step for both.
static bool parse_right(struct parser *parser,
                        const struct infix *infix,
                        bool (*parse)(struct parser *parser, enum rule_type *out_type),
                        enum rule_type operands)
{
    size_t operator_column = parser->token.column;
    size_t column = 0;
    enum rule_type type = RULE_NUMBER;

    advance(parser);
    column = parser->token.column;
    return parse(parser, &type) && require(parser, operands, type, column) &&
           emit_plain(parser, infix->operation, operator_column);
}

// {operator value}: values of one kind, from left to right.
static bool parse_chain(struct parser *parser,
                        const struct infix *infixes,
                        size_t count,
                        bool (*parse)(struct parser *parser, enum rule_type *out_type),
                        enum rule_type operands,
                        enum rule_type *out_type)
{
    size_t column = parser->token.column;
    const struct infix *infix = NULL;

    if (!parse(parser, out_type))
        return false;
    while ((infix = find_infix(parser, infixes, count)) != NULL) {
        if (!require(parser, operands, *out_type, column) ||
            !parse_right(parser, infix, parse, operands))
            return false;
    }
    return true;
}

static bool parse_product(struct parser *parser, enum rule_type *out_type)
{
    static const struct infix infixes[] = {{"*", RULE_MULTIPLY}, {"/", RULE_DIVIDE}};

    return parse_chain(parser, infixes, COUNT_OF(infixes), parse_sign, RULE_NUMBER, out_type);
}

static bool parse_sum(struct parser *parser, enum rule_type *out_type)
{
    static const struct infix infixes[] = {{"+", RULE_ADD}, {"-", RULE_SUBTRACT}};

    return parse_chain(parser, infixes, COUNT_OF(infixes), parse_product, RULE_NUMBER, out_type);
}

static bool parse_comparison(struct parser *parser, enum rule_type *out_type)
{
    static const struct infix infixes[] = {
        {"<", RULE_BELOW}, {"<=", RULE_AT_MOST}, {">", RULE_ABOVE}, {">=", RULE_AT_LEAST}};
    size_t column = parser->token.column;
    const struct infix *infix = NULL;

    if (!parse_sum(parser, out_type))
        return false;
    infix = find_infix(parser, infixes, COUNT_OF(infixes));
    if (infix == NULL)
        return true;
    if (!require(parser, RULE_NUMBER, *out_type, column) ||
        !parse_right(parser, infix, parse_sum, RULE_NUMBER))
        return false;
    *out_type = RULE_TRUTH;
    if (find_infix(parser, infixes, COUNT_OF(infixes)) != NULL)
        return fail(parser, parser->token.column,
                    "comparisons are not chained: join them with \"and\"");
    return true;
}

static bool parse_negation(struct parser *parser, enum rule_type *out_type)
{
    size_t column = 0;

    if (!rule_token_is(&parser->token, "not"))
        return parse_comparison(parser, out_type);
    if (!enter(parser))
        return false;
    advance(parser);
    column = parser->token.column;
    if (!parse_negation(parser, out_type) || !require(parser, RULE_TRUTH, *out_type, column) ||
        !emit_plain(parser, RULE_NOT, column))
        return false;
    parser->nesting--;
    return true;
}

static bool parse_conjunction(struct parser *parser, enum rule_type *out_type)
{
    static const struct infix infixes[] = {{"and", RULE_AND}};

    return parse_chain(parser, infixes, COUNT_OF(infixes), parse_negation, RULE_TRUTH, out_type);
}

static bool parse_truth(struct parser *parser, enum rule_type *out_type)
{
    static const struct infix infixes[] = {{"or", RULE_OR}};

    return parse_chain(parser, infixes, COUNT_OF(infixes), parse_conjunction, RULE_TRUTH, out_type);
}

bool rule_compile(struct text source,
                  enum rule_type type,
                  struct rule *out_rule,
                  struct rule_problem *out_problem)
{
    struct parser parser = {
        .lexer = {source, 1},
        .emitter = {.rule = out_rule},
        .problem = out_problem,
    };
    enum rule_type found = RULE_NUMBER;
    size_t column = 0;

    out_rule->type = type;
    out_rule->count = out_rule->depth = out_rule->warm_up = out_rule->work = 0;
    *out_problem = (struct rule_problem){.column = 1};
    if (!utf8_is_valid(source.data, source.length))
        return fail(&parser, 1, "a rule must be UTF-8 without a NUL character");
    if (utf8_count(source.data, source.length) > RULE_LENGTH_MAX)
        return fail(&parser, RULE_LENGTH_MAX + 1, "a rule has at most %d characters, not %zu",
                    RULE_LENGTH_MAX, utf8_count(source.data, source.length));
    advance(&parser);
    column = parser.token.column;
    if (!parse_truth(&parser, &found))
        return false;
    // Before the type, as it is the rest that would have made it another one.
    if (parser.token.kind != RULE_TOKEN_END)
        return expect(&parser, "an operator, or the end of the rule,");
    return require(&parser, type, found, column);
}
