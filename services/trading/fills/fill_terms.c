// SPDX-License-Identifier: MIT
#include "fills/fill_terms.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "money/money.h"

enum { HUNDREDTHS_SCALE = 2 };

struct term {
    const char *name;
    size_t offset;
    int scale;
};

static const struct term terms_of[] = {
    {"version", offsetof(struct fill_terms, version), 0},
    {"slippage_bps", offsetof(struct fill_terms, slippage_bps_hundredths), HUNDREDTHS_SCALE},
    {"participation_percent", offsetof(struct fill_terms, participation_percent_hundredths),
     HUNDREDTHS_SCALE},
    {"commission_per_order", offsetof(struct fill_terms, commission_per_order), MONEY_SCALE},
    {"commission_per_share", offsetof(struct fill_terms, commission_per_share), MONEY_SCALE},
    {"commission_bps", offsetof(struct fill_terms, commission_bps_hundredths), HUNDREDTHS_SCALE},
    {"commission_minimum", offsetof(struct fill_terms, commission_minimum), MONEY_SCALE},
    {"commission_maximum", offsetof(struct fill_terms, commission_maximum), MONEY_SCALE},
    {"latency_ms", offsetof(struct fill_terms, latency_ms), 0},
};

#define MODEL_AS_NAME(name, text) text,
static const char *const models[] = {FILL_MODELS(MODEL_AS_NAME)};
#undef MODEL_AS_NAME

const char *fill_model_name(enum fill_model model)
{
    return models[model];
}

bool fill_model_find(struct text name, enum fill_model *out_model)
{
    for (int model = 0; model < FILL_MODEL_COUNT; model++) {
        if (text_equals(name, models[model])) {
            *out_model = (enum fill_model)model;
            return true;
        }
    }
    return false;
}

static int64_t value_of(const struct fill_terms *terms, const struct term *term)
{
    int64_t value = 0;

    memcpy(&value, (const char *)terms + term->offset, sizeof(value));
    return value;
}

bool fill_terms_are_plain(const struct fill_terms *terms)
{
    // All but the version, which is the first.
    for (size_t i = 1; i < COUNT_OF(terms_of); i++) {
        if (value_of(terms, &terms_of[i]) != 0)
            return false;
    }
    return terms->model == FILL_MODEL_QUOTE;
}

void fill_terms_print(const struct fill_terms *terms, char out[FILL_TERMS_SIZE])
{
    size_t length = 0;

    out[0] = '\0';
    if (terms->model != FILL_MODEL_QUOTE)
        length = (size_t)snprintf(out, FILL_TERMS_SIZE, "model=%s", models[terms->model]);
    for (size_t i = 0; i < COUNT_OF(terms_of); i++) {
        int64_t value = value_of(terms, &terms_of[i]);
        char text[DECIMAL_SIZE];

        if (value == 0)
            continue;
        decimal_print(value, terms_of[i].scale, 0, text);
        length += (size_t)snprintf(out + length, FILL_TERMS_SIZE - length, "%s%s=%s",
                                   length == 0 ? "" : " ", terms_of[i].name, text);
    }
}

static bool take_term(struct text name, struct text value, struct fill_terms *terms)
{
    int64_t number = 0;

    if (text_equals(name, "model"))
        return fill_model_find(value, &terms->model);
    for (size_t i = 0; i < COUNT_OF(terms_of); i++) {
        if (!text_equals(name, terms_of[i].name))
            continue;
        if (decimal_parse(value, terms_of[i].scale, &number) != DECIMAL_FINE || number < 0)
            return false;
        memcpy((char *)terms + terms_of[i].offset, &number, sizeof(number));
        return true;
    }
    return false;
}

bool fill_terms_parse(const char *text, struct fill_terms *out_terms)
{
    struct fill_terms terms = {0};

    while (*text != '\0') {
        size_t name = strcspn(text, "= ");
        size_t length = strcspn(text, " ");

        if (name >= length || !take_term((struct text){text, name},
                                         (struct text){text + name + 1, length - name - 1}, &terms))
            return false;
        text += length + (text[length] == ' ' ? 1 : 0);
    }
    *out_terms = terms;
    return true;
}
