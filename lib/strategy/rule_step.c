// SPDX-License-Identifier: MIT
#include "strategy/rule_step.h"

static const unsigned char takes[] = {
#define RULE_OPERATION_AS_ROW(name, columns) columns,
    RULE_OPERATIONS(RULE_OPERATION_AS_ROW)
#undef RULE_OPERATION_AS_ROW
};

static const struct rule_function functions[] = {
    {"abs", "x", RULE_ABS, RULE_NUMBER, 0.0},
    {"atr", "n", RULE_ATR, RULE_NUMBER, 0.0},
    {"bollinger_lower", "xnk", RULE_BOLLINGER, RULE_NUMBER, -1.0},
    {"bollinger_upper", "xnk", RULE_BOLLINGER, RULE_NUMBER, 1.0},
    {"change", "xn", RULE_CHANGE, RULE_NUMBER, 0.0},
    {"cross_above", "xx", RULE_CROSS_ABOVE, RULE_TRUTH, 0.0},
    {"cross_below", "xx", RULE_CROSS_BELOW, RULE_TRUTH, 0.0},
    {"ema", "xn", RULE_EMA, RULE_NUMBER, 0.0},
    {"highest", "xn", RULE_HIGHEST, RULE_NUMBER, 0.0},
    {"lowest", "xn", RULE_LOWEST, RULE_NUMBER, 0.0},
    {"macd", "xnn", RULE_MACD, RULE_NUMBER, 0.0},
    {"macd_signal", "xnnn", RULE_MACD_SIGNAL, RULE_NUMBER, 0.0},
    {"max", "xx", RULE_MAXIMUM, RULE_NUMBER, 0.0},
    {"min", "xx", RULE_MINIMUM, RULE_NUMBER, 0.0},
    {"roc", "xn", RULE_ROC, RULE_NUMBER, 0.0},
    {"rsi", "xn", RULE_RSI, RULE_NUMBER, 0.0},
    {"sma", "xn", RULE_SMA, RULE_NUMBER, 0.0},
    {"sqrt", "x", RULE_SQRT, RULE_NUMBER, 0.0},
    {"stdev", "xn", RULE_STDEV, RULE_NUMBER, 0.0},
    {"sum", "xn", RULE_SUM, RULE_NUMBER, 0.0},
};

size_t rule_operation_takes(enum rule_operation operation)
{
    return takes[operation];
}

bool rule_operation_needs_room(enum rule_operation operation)
{
    switch (operation) {
    case RULE_SMA:
    case RULE_SUM:
    case RULE_STDEV:
    case RULE_HIGHEST:
    case RULE_LOWEST:
    case RULE_CHANGE:
    case RULE_ROC:
    case RULE_BOLLINGER:
    case RULE_MACD:
    case RULE_MACD_SIGNAL:
    case RULE_CROSS_ABOVE:
    case RULE_CROSS_BELOW:
        return true;
    default:
        return false;
    }
}

const struct rule_function *rule_function_find(struct text name)
{
    for (size_t i = 0; i < COUNT_OF(functions); i++)
        if (text_equals(name, functions[i].name))
            return &functions[i];
    return NULL;
}
