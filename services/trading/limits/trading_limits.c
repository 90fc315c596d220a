// SPDX-License-Identifier: MIT
#include "limits/trading_limits.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "money/money.h"

struct kind {
    const char *name;
    int scale;
    int least_decimals;
};

#define LIMIT_KIND_AS_ROW(name, text, scale, least) {text, scale, least},
static const struct kind kinds[LIMIT_KIND_COUNT] = {LIMIT_KINDS(LIMIT_KIND_AS_ROW)};
#undef LIMIT_KIND_AS_ROW

static const char *const source_names[] = {"own", "default", "ceiling"};

const char *limit_kind_name(enum limit_kind kind)
{
    return kinds[kind].name;
}

const char *limit_source_name(enum limit_source source)
{
    return source_names[source];
}

bool limit_source_find(const char *name, enum limit_source *out_source)
{
    for (size_t i = 0; i < COUNT_OF(source_names); i++) {
        if (strcmp(source_names[i], name) != 0)
            continue;
        *out_source = (enum limit_source)i;
        return true;
    }
    return false;
}

// The ticker that the list goes on with, and where it goes on after it; NULL at its end.
static const char *next_ticker(const char *at, char out_ticker[ORDER_TICKER_SIZE])
{
    size_t length = 0;

    if (at[0] == '\0' || at[1] == '\0')
        return NULL;
    length = strcspn(at + 1, " ");
    assert(length < ORDER_TICKER_SIZE);
    memcpy(out_ticker, at + 1, length);
    out_ticker[length] = '\0';
    return at + 1 + length;
}

struct limit limit_in_force(const struct limits_in_force *limits, enum limit_kind kind)
{
    int64_t own = limits->own.values[kind];
    int64_t ceiling = limits->ceiling.values[kind];
    bool is_own = own > 0 && (ceiling == 0 || own <= ceiling);

    return (struct limit){
        .value = is_own ? own : ceiling,
        .source = is_own ? limits->own_source : LIMIT_CEILING,
        .revision = is_own ? limits->own.revision : limits->ceiling.revision,
    };
}

bool limit_order_value(const struct order *order, int64_t price, int64_t *out_value)
{
    if (order_is_in_group(order) && !order_is_parent(order)) {
        *out_value = 0;
        return true;
    }
    if (order->side == ORDER_BUY) {
        *out_value = order->hold_amount;
        return true;
    }
    return money_multiply_half_even(order->limit_price > 0 ? order->limit_price : price,
                                    order->quantity, out_value);
}

// Whose a limit is. Sentences name the limit after the word "limit" or "list", so that they can be
// read with its name in the API and with its label on pages.
static const char *whose(enum limit_source source)
{
    static const char *const owners[] = {"the owner's", "the platform's default",
                                         "the administrators'"};

    return owners[source];
}

static void name_limit(struct error *error, const char *name, enum limit_source source)
{
    error_add_number(error, "limit", "%s", name);
    error_add_number(error, "set_by", "%s", limit_source_name(source));
}

static bool refuse_value(const struct limit *limit,
                         const struct order *order,
                         int64_t value,
                         struct error *error)
{
    char maximum[DECIMAL_SIZE];
    char order_value[DECIMAL_SIZE];

    decimal_print(limit->value, MONEY_SCALE, 2, maximum);
    decimal_print(value, MONEY_SCALE, 2, order_value);
    error_set(error, REASON_LIMIT_EXCEEDED,
              "The order to %s %s counts for %s USD, which is more than %s limit max_order_value "
              "allows: %s USD.",
              order_side_name(order->side), order->ticker, order_value, whose(limit->source),
              maximum);
    name_limit(error, limit_kind_name(LIMIT_ORDER_VALUE), limit->source);
    error_add_number(error, "maximum", "%s", maximum);
    error_add_number(error, "order_value", "%s", order_value);
    return false;
}

static bool check_symbol(const struct trading_limits *limits,
                         enum limit_source source,
                         const char *ticker,
                         struct error *error)
{
    const char *list = NULL;

    if (limits->allowed_symbols[0] != '\0' && !limit_list_has(limits->allowed_symbols, ticker))
        list = "allowed_symbols";
    else if (limit_list_has(limits->forbidden_symbols, ticker))
        list = "forbidden_symbols";
    if (list == NULL)
        return true;
    error_set(error, REASON_LIMIT_EXCEEDED, "%s may not be bought: %s list %s %s it.", ticker,
              whose(source), list, strcmp(list, "allowed_symbols") == 0 ? "does not have" : "has");
    name_limit(error, list, source);
    error_add_number(error, "ticker", "%s", ticker);
    return false;
}

bool limit_check_order(const struct limits_in_force *limits,
                       const struct order *order,
                       int64_t value,
                       struct error *error)
{
    struct limit most = limit_in_force(limits, LIMIT_ORDER_VALUE);

    if (order->side == ORDER_BUY &&
        (!check_symbol(&limits->own, limits->own_source, order->ticker, error) ||
         !check_symbol(&limits->ceiling, LIMIT_CEILING, order->ticker, error)))
        return false;
    return most.value == 0 || value <= most.value || refuse_value(&most, order, value, error);
}

bool limit_refuse_count(const struct limit *limit, int64_t placed, struct error *error)
{
    error_set(error, REASON_LIMIT_EXCEEDED,
              "%lld orders have been placed in this portfolio today, and %s limit "
              "max_orders_per_day allows %lld.",
              (long long)placed, whose(limit->source), (long long)limit->value);
    name_limit(error, limit_kind_name(LIMIT_ORDERS_PER_DAY), limit->source);
    error_add_number(error, "maximum", "%lld", (long long)limit->value);
    error_add_number(error, "orders_today", "%lld", (long long)placed);
    return false;
}

// What a limit is called in the request.
static const char *name_within(const char *field, const char *name, char out_name[ERROR_NAME_SIZE])
{
    (void)snprintf(out_name, ERROR_NAME_SIZE, "%s%s%s", field, field[0] == '\0' ? "" : ".", name);
    return out_name;
}

static void check_list_ceiling(const struct trading_limits *own,
                               const struct trading_limits *ceiling,
                               const char *field,
                               struct error *error)
{
    char ticker[ORDER_TICKER_SIZE];
    char name[ERROR_NAME_SIZE];
    const char *at = own->allowed_symbols;

    (void)name_within(field, "allowed_symbols", name);
    while ((at = next_ticker(at, ticker)) != NULL) {
        if (ceiling->allowed_symbols[0] != '\0' &&
            !limit_list_has(ceiling->allowed_symbols, ticker))
            error_add_violation(error, name, "has %s, which administrators do not allow", ticker);
        else if (limit_list_has(ceiling->forbidden_symbols, ticker))
            error_add_violation(error, name, "has %s, which administrators forbid", ticker);
    }
}

bool limit_check_ceiling(const struct trading_limits *own,
                         const struct trading_limits *ceiling,
                         const char *field,
                         struct error *error)
{
    error_clear(error);
    for (int kind = 0; kind < LIMIT_KIND_COUNT; kind++) {
        char maximum[DECIMAL_SIZE];
        char name[ERROR_NAME_SIZE];

        if (ceiling->values[kind] == 0 || own->values[kind] <= ceiling->values[kind])
            continue;
        decimal_print(ceiling->values[kind], kinds[kind].scale, kinds[kind].least_decimals,
                      maximum);
        error_add_violation(error, name_within(field, kinds[kind].name, name),
                            "must be at most %s, the ceiling that administrators have set",
                            maximum);
    }
    check_list_ceiling(own, ceiling, field, error);
    return error->code == CODE_OK;
}

bool limit_list_has(const char *list, const char *ticker)
{
    size_t length = strlen(ticker);

    for (const char *at = list; (at = strstr(at, ticker)) != NULL; at += length)
        // A list begins and ends with a blank.
        if (at > list && at[-1] == ' ' && at[length] == ' ')
            return true;
    return false;
}

bool limit_list_make(const char *const *tickers,
                     size_t count,
                     const char *field,
                     char out_list[TRADING_LIMITS_LIST_SIZE],
                     struct error *error)
{
    char list[TRADING_LIMITS_LIST_SIZE] = " ";
    size_t length = 1;

    assert(count <= TRADING_LIMITS_SYMBOLS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (limit_list_has(list, tickers[i])) {
            error_clear(error);
            error_add_violation(error, field, "has %s twice", tickers[i]);
            return false;
        }
        length += (size_t)snprintf(list + length, sizeof(list) - length, "%s ", tickers[i]);
    }
    snprintf(out_list, TRADING_LIMITS_LIST_SIZE, "%s", count == 0 ? "" : list);
    return true;
}

const char **limit_list_split(const char *list, struct arena *arena, size_t *out_count)
{
    // A ticker and the blank after it take two characters at least.
    const char **tickers = arena_allocate(arena, (strlen(list) / 2 + 1) * sizeof(*tickers));
    char ticker[ORDER_TICKER_SIZE];
    size_t count = 0;

    while (tickers != NULL && (list = next_ticker(list, ticker)) != NULL) {
        tickers[count] = arena_copy_string(arena, ticker);
        if (tickers[count++] == NULL)
            return NULL;
    }
    *out_count = count;
    return tickers;
}

static void append(char *list, const char *ticker)
{
    size_t length = strlen(list);

    if (length == 0)
        length = (size_t)snprintf(list, TRADING_LIMITS_LIST_SIZE, " ");
    snprintf(list + length, 2 * TRADING_LIMITS_LIST_SIZE - length, "%s ", ticker);
}

bool limit_merge_symbols(const struct limits_in_force *limits,
                         struct arena *arena,
                         struct trading_limits *out_limits,
                         bool *out_is_restricted)
{
    const struct trading_limits *own = &limits->own;
    const struct trading_limits *ceiling = &limits->ceiling;
    bool is_both = own->allowed_symbols[0] != '\0' && ceiling->allowed_symbols[0] != '\0';
    const char *allowed =
        own->allowed_symbols[0] != '\0' ? own->allowed_symbols : ceiling->allowed_symbols;
    char *common = arena_allocate(arena, 2 * TRADING_LIMITS_LIST_SIZE);
    char *forbidden = arena_allocate(arena, 2 * TRADING_LIMITS_LIST_SIZE);
    char ticker[ORDER_TICKER_SIZE];

    if (common == NULL || forbidden == NULL)
        return false;
    common[0] = '\0';
    snprintf(forbidden, TRADING_LIMITS_LIST_SIZE, "%s", own->forbidden_symbols);
    for (const char *at = allowed; (at = next_ticker(at, ticker)) != NULL;)
        if (!is_both || limit_list_has(ceiling->allowed_symbols, ticker))
            append(common, ticker);
    for (const char *at = ceiling->forbidden_symbols; (at = next_ticker(at, ticker)) != NULL;)
        if (!limit_list_has(forbidden, ticker))
            append(forbidden, ticker);
    *out_limits =
        (struct trading_limits){.allowed_symbols = common, .forbidden_symbols = forbidden};
    *out_is_restricted = allowed[0] != '\0';
    return true;
}
