// SPDX-License-Identifier: MIT
// fill_terms: how one order is filled, and what that costs: its portfolio's fill settings as they
// were when its funds were held. They stay with the order, so that whoever goes on with it comes to
// the same. Pure functions.
#pragma once

#include "base/base.h"

// X(NAME, name): by what an order is filled.
#define FILL_MODELS(X)                                                                             \
    X(QUOTE, "quote")                                                                              \
    X(BAR, "bar")

#define FILL_MODEL_AS_ENUM(name, text) FILL_MODEL_##name,
enum fill_model { FILL_MODELS(FILL_MODEL_AS_ENUM) FILL_MODEL_COUNT };
#undef FILL_MODEL_AS_ENUM

const char *fill_model_name(enum fill_model model);
MUST_CHECK bool fill_model_find(struct text name, enum fill_model *out_model);

// A basis point is a hundredth of a percent; these are hundredths of it, and of a percent.
#define FILL_TERMS_WHOLE_BPS INT64_C(1000000)
#define FILL_TERMS_WHOLE_PERCENT INT64_C(10000)

struct fill_terms {
    int64_t version; // of the settings
    enum fill_model model;
    int64_t slippage_bps_hundredths;
    int64_t participation_percent_hundredths; // 0 for no limit
    int64_t commission_per_order;             // these in micros
    int64_t commission_per_share;
    int64_t commission_bps_hundredths;
    int64_t commission_minimum;
    int64_t commission_maximum; // 0 for none
    int64_t latency_ms;
};

// Whether they are those of a portfolio that was never given any: filled at the quote, whole and
// for nothing.
bool fill_terms_are_plain(const struct fill_terms *terms);

enum { FILL_TERMS_SIZE = 256 };

// As "version=1 model=bar slippage_bps=5", and back: what is 0 is left out, so that plain ones are
// an empty text. False for a text that is none.
void fill_terms_print(const struct fill_terms *terms, char out[FILL_TERMS_SIZE]);
MUST_CHECK bool fill_terms_parse(const char *text, struct fill_terms *out_terms);
