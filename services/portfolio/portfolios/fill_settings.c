// SPDX-License-Identifier: MIT
#include "portfolios/fill_settings.h"

#include <string.h>

#include "money/money.h"

#define MODEL_AS_NAME(name, text) text,
static const char *const models[] = {FILL_MODELS(MODEL_AS_NAME)};
#undef MODEL_AS_NAME

const char *fill_model_name(enum fill_model model)
{
    return models[model];
}

enum fill_model fill_model_find(const char *name)
{
    for (int model = 0; model < FILL_MODEL_COUNT; model++) {
        if (strcmp(models[model], name) == 0)
            return (enum fill_model)model;
    }
    return FILL_MODEL_QUOTE;
}

bool fill_settings_check(const Portfolio__FillSettings *message, struct error *error)
{
    error_clear(error);
    if (message != NULL && message->has_model &&
        message->model == PORTFOLIO__FILL_MODEL__FILL_MODEL_UNSPECIFIED)
        error_add_violation(error, "fill_settings.model", "must be quote or bar");
    return error->code == CODE_OK;
}

static bool are_same(const struct fill_settings *one, const struct fill_settings *other)
{
    return one->model == other->model &&
           one->slippage_bps_hundredths == other->slippage_bps_hundredths &&
           one->participation_percent_hundredths == other->participation_percent_hundredths &&
           one->commission_per_order == other->commission_per_order &&
           one->commission_per_share == other->commission_per_share &&
           one->commission_bps_hundredths == other->commission_bps_hundredths &&
           one->commission_minimum == other->commission_minimum &&
           one->commission_maximum == other->commission_maximum &&
           one->latency_ms == other->latency_ms;
}

static void take(bool has, int64_t value, int64_t *setting)
{
    if (has)
        *setting = value;
}

struct fill_settings fill_settings_merged(const struct fill_settings *before,
                                          const Portfolio__FillSettings *message)
{
    static const struct fill_settings first;
    struct fill_settings settings = before == NULL ? first : *before;
    struct fill_settings old = settings;

    if (message == NULL)
        return settings;
    if (message->has_model)
        settings.model = message->model == PORTFOLIO__FILL_MODEL__FILL_MODEL_BAR ? FILL_MODEL_BAR
                                                                                 : FILL_MODEL_QUOTE;
    take(message->has_slippage_bps_hundredths, message->slippage_bps_hundredths,
         &settings.slippage_bps_hundredths);
    take(message->has_participation_percent_hundredths, message->participation_percent_hundredths,
         &settings.participation_percent_hundredths);
    take(message->has_commission_per_order_micros, message->commission_per_order_micros,
         &settings.commission_per_order);
    take(message->has_commission_per_share_micros, message->commission_per_share_micros,
         &settings.commission_per_share);
    take(message->has_commission_bps_hundredths, message->commission_bps_hundredths,
         &settings.commission_bps_hundredths);
    take(message->has_commission_minimum_micros, message->commission_minimum_micros,
         &settings.commission_minimum);
    take(message->has_commission_maximum_micros, message->commission_maximum_micros,
         &settings.commission_maximum);
    take(message->has_latency_ms, message->latency_ms, &settings.latency_ms);
    if (!are_same(&old, &settings))
        settings.version++;
    return settings;
}

bool fill_settings_check_commission(const struct fill_settings *settings, struct error *error)
{
    char maximum[DECIMAL_SIZE];

    error_clear(error);
    if (settings->commission_maximum == 0 ||
        settings->commission_minimum <= settings->commission_maximum)
        return true;
    decimal_print(settings->commission_maximum, MONEY_SCALE, 2, maximum);
    error_add_violation(error, "fill_settings.commission_minimum",
                        "must be at most commission_maximum, which is %s", maximum);
    return false;
}

Portfolio__FillSettings *fill_settings_to_message(const struct fill_settings *settings,
                                                  struct arena *arena)
{
    Portfolio__FillSettings *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return NULL;
    portfolio__fill_settings__init(message);
    message->has_model = true;
    message->model = settings->model == FILL_MODEL_BAR ? PORTFOLIO__FILL_MODEL__FILL_MODEL_BAR
                                                       : PORTFOLIO__FILL_MODEL__FILL_MODEL_QUOTE;
    message->has_slippage_bps_hundredths = true;
    message->slippage_bps_hundredths = settings->slippage_bps_hundredths;
    message->has_participation_percent_hundredths = true;
    message->participation_percent_hundredths = settings->participation_percent_hundredths;
    message->has_commission_per_order_micros = true;
    message->commission_per_order_micros = settings->commission_per_order;
    message->has_commission_per_share_micros = true;
    message->commission_per_share_micros = settings->commission_per_share;
    message->has_commission_bps_hundredths = true;
    message->commission_bps_hundredths = settings->commission_bps_hundredths;
    message->has_commission_minimum_micros = true;
    message->commission_minimum_micros = settings->commission_minimum;
    message->has_commission_maximum_micros = true;
    message->commission_maximum_micros = settings->commission_maximum;
    message->has_latency_ms = true;
    message->latency_ms = (uint32_t)settings->latency_ms;
    return message;
}
