// SPDX-License-Identifier: MIT
#include "providers/provider.h"

static const struct provider *const ALL[PROVIDER_COUNT] = {&provider_alpha_vantage, &provider_yahoo,
                                                           &provider_finnhub, &provider_twelve_data,
                                                           &provider_stooq};

const char *provider_outcome_name(enum provider_outcome outcome)
{
    static const char *const names[PROVIDER_OUTCOME_COUNT] = {
        "answered", "unknown_symbol", "rate_limited", "key_refused", "malformed", "unavailable"};

    return names[outcome];
}

const struct provider *provider_at(size_t index)
{
    return index < PROVIDER_COUNT ? ALL[index] : NULL;
}

const struct provider *provider_find(struct text name)
{
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        if (text_equals(name, ALL[i]->name))
            return ALL[i];
    }
    return NULL;
}

bool provider_can(const struct provider *provider, enum provider_ask ask)
{
    return (provider->asks & 1U << ask) != 0;
}
