// SPDX-License-Identifier: MIT
#include "strategy/strategy_kind.h"

#include "money/money.h"

#define UNIT MICROS_PER_UNIT
#define DOLLARS_MAX (INT64_C(1000000000) * UNIT)
#define SMALLEST (UNIT / 100)

static const struct strategy_parameter sma_cross_parameters[] = {
    {STRATEGY_PARAMETER_FAST, false, 20, 1, 999, "bars of the fast average; fewer than slow"},
    {STRATEGY_PARAMETER_SLOW, false, 50, 2, 1000, "bars of the slow average"},
};
static const struct strategy_parameter ema_cross_parameters[] = {
    {STRATEGY_PARAMETER_FAST, false, 12, 1, 999, "bars of the fast average; fewer than slow"},
    {STRATEGY_PARAMETER_SLOW, false, 26, 2, 1000, "bars of the slow average"},
};
static const struct strategy_parameter macd_parameters[] = {
    {STRATEGY_PARAMETER_FAST, false, 12, 1, 999, "bars of the fast average; fewer than slow"},
    {STRATEGY_PARAMETER_SLOW, false, 26, 2, 1000, "bars of the slow average"},
    {STRATEGY_PARAMETER_SIGNAL, false, 9, 1, 500, "bars of the signal line"},
};
static const struct strategy_parameter rsi_parameters[] = {
    {STRATEGY_PARAMETER_PERIOD, false, 14, 2, 500, "bars of the RSI"},
    {STRATEGY_PARAMETER_LOW, false, 30 * UNIT, 0, 100 * UNIT, "buys below; less than high"},
    {STRATEGY_PARAMETER_HIGH, false, 70 * UNIT, 0, 100 * UNIT, "sells above"},
};
static const struct strategy_parameter bollinger_parameters[] = {
    {STRATEGY_PARAMETER_PERIOD, false, 20, 2, 1000, "bars of the average"},
    {STRATEGY_PARAMETER_DEVIATIONS, false, 2 * UNIT, UNIT / 10, 10 * UNIT,
     "standard deviations from the average to the band"},
};
static const struct strategy_parameter donchian_parameters[] = {
    {STRATEGY_PARAMETER_ENTRY_PERIOD, false, 20, 1, 999, "bars whose highest high must be passed"},
    {STRATEGY_PARAMETER_EXIT_PERIOD, false, 10, 1, 999, "bars whose lowest low ends it"},
};
static const struct strategy_parameter rule_parameters[] = {
    {STRATEGY_PARAMETER_ENTER, true, 0, 1, RULE_LENGTH_MAX, "a rule: true when to be in"},
    {STRATEGY_PARAMETER_EXIT, true, 0, 1, RULE_LENGTH_MAX, "a rule: true when to be out"},
};
static const struct strategy_parameter momentum_parameters[] = {
    {STRATEGY_PARAMETER_LOOKBACK, false, 126, 1, 1000, "bars over which the rise is measured"},
    {STRATEGY_PARAMETER_TOP_N, false, 1, 1, 20, "how many symbols are held; at most all"},
    {STRATEGY_PARAMETER_FREQUENCY, false, STRATEGY_EVERY_MONTHLY, 0, 0,
     "how often they are chosen anew, at the first bar of each"},
};
static const struct strategy_parameter rebalance_parameters[] = {
    {STRATEGY_PARAMETER_WEIGHTS, true, 0, SMALLEST, 100 * UNIT,
     "percent of each symbol, together at most 100; the rest stays cash"},
    {STRATEGY_PARAMETER_FREQUENCY, false, STRATEGY_EVERY_MONTHLY, 0, 0,
     "how often the weights are looked at, at the first bar of each"},
    {STRATEGY_PARAMETER_BAND_PERCENT, false, 5 * UNIT, 0, 100 * UNIT,
     "how far off a weight may be, in percent of everything, before all are put right"},
};
static const struct strategy_parameter purchase_parameters[] = {
    {STRATEGY_PARAMETER_AMOUNT, true, 0, UNIT, DOLLARS_MAX, "dollars each time, for all symbols"},
    {STRATEGY_PARAMETER_FREQUENCY, false, STRATEGY_EVERY_MONTHLY, 0, 0,
     "how often it buys, at the first bar of each"},
};

const struct strategy_parameter strategy_common_parameters[] = {
    {STRATEGY_PARAMETER_SIZING, false, STRATEGY_SIZE_BY_PERCENT_OF_EQUITY, 0, 0,
     "what size counts"},
    {STRATEGY_PARAMETER_SIZE, false, 100 * UNIT, SMALLEST, DOLLARS_MAX,
     "how much is bought: percent of everything, shared equally by the symbols; or dollars, or "
     "shares, of each"},
    {STRATEGY_PARAMETER_STOP_LOSS_PERCENT, false, 0, 0, 99 * UNIT,
     "sells so far below what was paid; 0 for never"},
    {STRATEGY_PARAMETER_TRAILING_STOP_PERCENT, false, 0, 0, 99 * UNIT,
     "sells so far below the best price since; 0 for never"},
    {STRATEGY_PARAMETER_TAKE_PROFIT_PERCENT, false, 0, 0, 10000 * UNIT,
     "sells so far above what was paid; 0 for never"},
};
const size_t strategy_common_parameter_count = COUNT_OF(strategy_common_parameters);

#define LESS(one, other)                                                                           \
    {                                                                                              \
        STRATEGY_PARAMETER_##one, STRATEGY_PARAMETER_##other, true                                 \
    }
#define LIST(list) .parameters = (list), .parameter_count = COUNT_OF(list)

static const struct strategy_kind_info kinds[STRATEGY_KIND_COUNT] = {
    [STRATEGY_BUY_AND_HOLD] = {.title = "Buy and hold",
                               .description = "Buys at once and never sells.",
                               .enter = "true",
                               .exit = "false"},
    [STRATEGY_SMA_CROSS] = {.title = "Crossing averages",
                            .description =
                                "In the market while the fast average is above the slow one.",
                            LIST(sma_cross_parameters),
                            .enter = "sma(close, {fast}) > sma(close, {slow})",
                            .order = LESS(FAST, SLOW)},
    [STRATEGY_EMA_CROSS] =
        {.title = "Crossing exponential averages",
         .description = "In the market while the fast exponential average is above the slow "
                        "one.",
         LIST(ema_cross_parameters),
         .enter = "ema(close, {fast}) > ema(close, {slow})",
         .order = LESS(FAST, SLOW)},
    [STRATEGY_MACD] = {.title = "MACD",
                       .description = "In the market while the MACD is above its signal line.",
                       LIST(macd_parameters),
                       .enter = "macd(close, {fast}, {slow}) > "
                                "macd_signal(close, {fast}, {slow}, {signal})",
                       .order = LESS(FAST, SLOW)},
    [STRATEGY_RSI_REVERSION] = {.title = "RSI reversion",
                                .description =
                                    "Buys what has fallen much, and sells what has risen much.",
                                LIST(rsi_parameters),
                                .enter = "rsi(close, {period}) < {low}",
                                .exit = "rsi(close, {period}) > {high}",
                                .order = LESS(LOW, HIGH)},
    [STRATEGY_BOLLINGER] = {.title = "Bollinger bands",
                            .description = "Buys below the lower band, and sells at the average.",
                            LIST(bollinger_parameters),
                            .enter = "close < bollinger_lower(close, {period}, {deviations})",
                            .exit = "close >= sma(close, {period})"},
    [STRATEGY_DONCHIAN] =
        {.title = "Breakout of a Donchian channel",
         .description = "Buys above the highest high of the bars before, and sells below the "
                        "lowest low.",
         LIST(donchian_parameters),
         .enter = "close > highest(high, {entry_period})[1]",
         .exit = "close < lowest(low, {exit_period})[1]"},
    [STRATEGY_RULE] = {.title = "Your own rules",
                       .description =
                           "Enters when the one rule is true and leaves when the other is.",
                       LIST(rule_parameters),
                       .enter = "{enter}",
                       .exit = "{exit}"},
    [STRATEGY_MOMENTUM] =
        {.title = "Momentum",
         .description = "Holds the symbols that have risen most, in equal parts; none that has "
                        "not risen.",
         LIST(momentum_parameters),
         .score = "roc(close, {lookback})"},
    [STRATEGY_REBALANCE] = {.title = "Fixed weights",
                            .description = "Puts the weights right when one of them is off.",
                            LIST(rebalance_parameters)},
    [STRATEGY_REGULAR_PURCHASE] = {.title = "Regular purchase",
                                   .description = "Buys for the same amount again and again.",
                                   LIST(purchase_parameters)},
};

static const char *const kind_names[] = {
#define STRATEGY_KIND_AS_NAME(name, text) text,
    STRATEGY_KINDS(STRATEGY_KIND_AS_NAME)
#undef STRATEGY_KIND_AS_NAME
};

static const struct {
    const char *name;
    enum strategy_type type;
} parameters[] = {
#define STRATEGY_PARAMETER_AS_ROW(name, text, type) {text, STRATEGY_##type},
    STRATEGY_PARAMETERS(STRATEGY_PARAMETER_AS_ROW)
#undef STRATEGY_PARAMETER_AS_ROW
};

static const char *const frequency_names[] = {
#define STRATEGY_FREQUENCY_AS_NAME(name, text) text,
    STRATEGY_FREQUENCIES(STRATEGY_FREQUENCY_AS_NAME)
#undef STRATEGY_FREQUENCY_AS_NAME
};

static const char *const sizing_names[] = {
#define STRATEGY_SIZING_AS_NAME(name, text) text,
    STRATEGY_SIZINGS(STRATEGY_SIZING_AS_NAME)
#undef STRATEGY_SIZING_AS_NAME
};

const struct strategy_kind_info *strategy_kind_info(enum strategy_kind kind)
{
    return &kinds[kind];
}

const char *strategy_kind_name(enum strategy_kind kind)
{
    return kind_names[kind];
}

bool strategy_kind_find(struct text name, enum strategy_kind *out_kind)
{
    for (size_t i = 0; i < COUNT_OF(kind_names); i++) {
        if (text_equals(name, kind_names[i])) {
            *out_kind = (enum strategy_kind)i;
            return true;
        }
    }
    return false;
}

bool strategy_kind_has_signals(enum strategy_kind kind)
{
    return kinds[kind].enter != NULL;
}

const struct strategy_parameter *strategy_kind_parameter(enum strategy_kind kind, size_t index)
{
    const struct strategy_kind_info *info = &kinds[kind];

    if (index < info->parameter_count)
        return &info->parameters[index];
    index -= info->parameter_count;
    return strategy_kind_has_signals(kind) && index < strategy_common_parameter_count
               ? &strategy_common_parameters[index]
               : NULL;
}

const char *strategy_parameter_name(enum strategy_parameter_id id)
{
    return parameters[id].name;
}

enum strategy_type strategy_parameter_type(enum strategy_parameter_id id)
{
    return parameters[id].type;
}

const char *const *strategy_choices(enum strategy_type type, size_t *out_count)
{
    if (type == STRATEGY_FREQUENCY) {
        *out_count = COUNT_OF(frequency_names);
        return frequency_names;
    }
    *out_count = type == STRATEGY_SIZING ? COUNT_OF(sizing_names) : 0;
    return sizing_names;
}
