// SPDX-License-Identifier: MIT
// fill_settings: how the orders of a portfolio are to be filled, and what that costs.
//
// They belong to the portfolio and are told to trading, which fills by them. Each change gives them
// another version, so that whoever remembers those of before can be told. Pure functions.
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "bourse/portfolio/v1/portfolio.pb-c.h"

enum { FILL_SETTINGS_SCALE = 2 }; // decimals of basis points and percentages

// X(NAME, name). The database's check comes from this list.
#define FILL_MODELS(X)                                                                             \
    X(QUOTE, "quote")                                                                              \
    X(BAR, "bar")

#define FILL_MODEL_AS_ENUM(name, text) FILL_MODEL_##name,
enum fill_model { FILL_MODELS(FILL_MODEL_AS_ENUM) FILL_MODEL_COUNT };
#undef FILL_MODEL_AS_ENUM

const char *fill_model_name(enum fill_model model);

// The model of that name; quote when there is none.
enum fill_model fill_model_find(const char *name);

struct fill_settings {
    enum fill_model model;
    int64_t slippage_bps_hundredths;
    int64_t participation_percent_hundredths; // 0 for no limit
    int64_t commission_per_order;             // these in micros
    int64_t commission_per_share;
    int64_t commission_bps_hundredths;
    int64_t commission_minimum;
    int64_t commission_maximum; // 0 for none
    int64_t latency_ms;
    int64_t version; // 0 until they are changed for the first time
};

// Checks what the ranges of the fields leave open. NULL is fine. Fails with INVALID_REQUEST.
MUST_CHECK bool fill_settings_check(const Portfolio__FillSettings *message, struct error *error);

// The settings of before (NULL for those of a new portfolio) with what the message says, which may
// be NULL. The version is another one only when something is different.
struct fill_settings fill_settings_merged(const struct fill_settings *before,
                                          const Portfolio__FillSettings *message);

// Checks that what an order costs at least is not more than what it costs at most, as the settings
// are with what was not said. Fails with INVALID_REQUEST.
MUST_CHECK bool fill_settings_check_commission(const struct fill_settings *settings,
                                               struct error *error);

// NULL when there is not enough memory.
Portfolio__FillSettings *fill_settings_to_message(const struct fill_settings *settings,
                                                  struct arena *arena);
