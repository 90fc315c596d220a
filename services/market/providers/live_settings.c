// SPDX-License-Identifier: MIT
#include "providers/live_settings.h"

#include "base/digest.h"
#include "http/http_client.h"
#include "money/money.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 48, CALLS_MAX = 1000000 };

// What a provider is told: where, with which key.
#define URL_SETTING(provider)                                                                      \
    {                                                                                              \
        .name = provider "-url", .kind = SETTING_TEXT, .fallback = "",                             \
        .help =                                                                                    \
            "live: the address of " provider " instead of its own; https, or http on this machine" \
    }
#define KEY_SETTING(provider)                                                                      \
    {                                                                                              \
        .name = provider "-key", .kind = SETTING_SECRET, .fallback = "",                           \
        .help = "live: the key for " provider                                                      \
    }

const struct setting LIVE_SETTINGS[LIVE_SETTING_COUNT] = {
    {.name = "providers",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "live: providers in the order they are asked, separated by commas: alpha-vantage, "
             "finnhub, twelve-data, yahoo, stooq; unless given, those with a key, yahoo, stooq"},
    {.name = "provider-limits",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "live: calls a minute and a day that differ from the free plans, as in "
             "finnhub=300/0,twelve-data=55/0; 0 is no limit"},
    URL_SETTING("alpha-vantage"),
    URL_SETTING("yahoo"),
    URL_SETTING("finnhub"),
    URL_SETTING("twelve-data"),
    URL_SETTING("stooq"),
    KEY_SETTING("alpha-vantage"),
    KEY_SETTING("finnhub"),
    KEY_SETTING("twelve-data"),
    {.name = "quote-refresh-seconds",
     .kind = SETTING_INT,
     .fallback = "15",
     .min = 1,
     .max = 3600,
     .help = "live: seconds after which a symbol is asked for again during a session, if the "
             "budgets allow"},
    {.name = "quote-age-seconds",
     .kind = SETTING_INT,
     .fallback = "120",
     .min = 1,
     .max = 86400,
     .help = "live: seconds after which a price of the session is stale, and nothing trades on it"},
    {.name = "quote-wanted-seconds",
     .kind = SETTING_INT,
     .fallback = "600",
     .min = 60,
     .max = 86400,
     .help = "live: seconds for which a symbol is asked for after somebody last looked at it"},
    {.name = "quote-leap-percent",
     .kind = SETTING_INT,
     .fallback = "20",
     .min = 1,
     .max = 1000,
     .help = "live: a price further from the last one than this has to come twice"},
    {.name = "quote-future-seconds",
     .kind = SETTING_INT,
     .fallback = "60",
     .min = 0,
     .max = 3600,
     .help = "live: seconds that a provider's clock may be ahead of ours"},
};

static bool is_key_character(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '.' || character == '_' ||
           character == '-';
}

bool live_settings_read_key(const char *setting,
                            struct text text,
                            char out_key[PROVIDER_KEY_MAX + 1],
                            struct error *error)
{
    if (text.length > PROVIDER_KEY_MAX)
        return error_set(error, REASON_INVALID_SETTING, "--%s has more than %d characters", setting,
                         PROVIDER_KEY_MAX);
    for (size_t i = 0; i < text.length; i++) {
        if (!is_key_character(text.data[i]))
            return error_set(error, REASON_INVALID_SETTING,
                             "--%s has a character that no key has; letters, digits and . _ - are "
                             "taken",
                             setting);
    }
    if (text.length > 0)
        memcpy(out_key, text.data, text.length);
    out_key[text.length] = '\0';
    return true;
}

// The key of a provider that needs one; empty when it is not given.
static bool read_key(const struct service *service,
                     const struct provider *provider,
                     char out_key[PROVIDER_KEY_MAX + 1],
                     struct error *error)
{
    char setting[NAME_SIZE];

    if (!provider->needs_key)
        return true;
    (void)snprintf(setting, sizeof setting, "%s-key", provider->name);
    return live_settings_read_key(setting, text_of(service_text(service, setting)), out_key, error);
}

static bool find_provider(struct text name, size_t *out_index)
{
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        if (text_equals(name, provider_at(i)->name)) {
            *out_index = i;
            return true;
        }
    }
    return false;
}

// Cuts what stands before the separator off the rest.
static struct text cut(struct text *rest, char separator)
{
    const char *at = rest->length > 0 ? memchr(rest->data, separator, rest->length) : NULL;
    struct text part = {rest->data, at != NULL ? (size_t)(at - rest->data) : rest->length};

    rest->data += part.length + (at != NULL);
    rest->length -= part.length + (at != NULL);
    return part;
}

bool live_settings_read_order(const char *text,
                              size_t out_order[PROVIDER_COUNT],
                              size_t *out_count,
                              struct error *error)
{
    struct text rest = text_of(text);
    size_t order[PROVIDER_COUNT], count = 0;

    while (rest.length > 0) {
        struct text name = cut(&rest, ',');
        size_t index = 0;

        if (!find_provider(name, &index))
            return error_set(error, REASON_INVALID_SETTING,
                             "--providers has \"%.*s\"; there are alpha-vantage, finnhub, "
                             "twelve-data, yahoo and stooq",
                             (int)(name.length < NAME_SIZE ? name.length : NAME_SIZE), name.data);
        for (size_t i = 0; i < count; i++) {
            if (order[i] == index)
                return error_set(error, REASON_INVALID_SETTING, "--providers has %s twice",
                                 provider_at(index)->name);
        }
        order[count++] = index;
    }
    memcpy(out_order, order, count * sizeof *order);
    *out_count = count;
    return true;
}

// A whole number of calls.
static bool read_calls(struct text text, int64_t *out_calls)
{
    return decimal_parse(text, 0, out_calls) == DECIMAL_FINE && *out_calls >= 0 &&
           *out_calls <= CALLS_MAX;
}

bool live_settings_read_limits(const char *text,
                               struct provider_limits limits[PROVIDER_COUNT],
                               struct error *error)
{
    struct text rest = text_of(text);

    while (rest.length > 0) {
        struct text part = cut(&rest, ','), whole = part;
        struct text name = cut(&part, '='), minute = cut(&part, '/');
        struct provider_limits read;
        size_t index = 0;

        if (!find_provider(name, &index) || !read_calls(minute, &read.per_minute) ||
            !read_calls(part, &read.per_day))
            return error_set(error, REASON_INVALID_SETTING,
                             "--provider-limits has \"%.*s\"; it must be a provider, =, calls a "
                             "minute, / and calls a day, each from 0 (no limit) to %d",
                             (int)(whole.length < 64 ? whole.length : 64), whole.data, CALLS_MAX);
        limits[index] = read;
    }
    return true;
}

size_t live_settings_default_order(char keys[PROVIDER_COUNT][PROVIDER_KEY_MAX + 1],
                                   size_t out_order[PROVIDER_COUNT])
{
    static const struct provider *const preferred[PROVIDER_COUNT] = {
        &provider_finnhub, &provider_twelve_data, &provider_alpha_vantage, &provider_yahoo,
        &provider_stooq};
    size_t count = 0;

    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        size_t index = 0;

        if (find_provider(text_of(preferred[i]->name), &index) &&
            (!preferred[i]->needs_key || keys[index][0] != '\0'))
            out_order[count++] = index;
    }
    return count;
}

static bool add_provider(const struct service *service,
                         struct live_settings *settings,
                         size_t index,
                         const struct provider_limits *limits,
                         struct error *error)
{
    const struct provider *provider = provider_at(index);
    struct plan_options *plan = &settings->fetcher.plan;
    struct fetcher_access *access = &settings->fetcher.access[plan->provider_count];
    char name[NAME_SIZE];

    (void)snprintf(name, sizeof name, "%s-url", provider->name);
    access->url = service_text(service, name);
    if (access->url[0] == '\0')
        access->url = provider->url;
    if (!http_client_check_url(name, access->url, error))
        return false;
    access->key = settings->keys[index];
    if (provider->needs_key && access->key[0] == '\0')
        return error_set(error, REASON_INVALID_SETTING,
                         "--providers has %s, which needs a key: give --%s-key-file",
                         provider->name, provider->name);
    plan->providers[plan->provider_count++] =
        (struct plan_provider_options){provider, limits[index]};
    return true;
}

bool live_settings_read(const struct service *service,
                        struct live_settings *out_settings,
                        struct error *error)
{
    struct plan_options *plan = &out_settings->fetcher.plan;
    struct provider_limits limits[PROVIDER_COUNT];
    size_t order[PROVIDER_COUNT], count = 0;

    memset(out_settings, 0, sizeof *out_settings);
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        limits[i] = provider_at(i)->limits;
        if (!read_key(service, provider_at(i), out_settings->keys[i], error))
            return false;
    }
    if (!live_settings_read_limits(service_text(service, "provider-limits"), limits, error) ||
        !live_settings_read_order(service_text(service, "providers"), order, &count, error))
        return false;
    if (count == 0)
        count = live_settings_default_order(out_settings->keys, order);
    for (size_t i = 0; i < count; i++) {
        if (!add_provider(service, out_settings, order[i], limits, error))
            return false;
    }
    plan->refresh_us = service_int(service, "quote-refresh-seconds") * MICROS_PER_SECOND;
    plan->age_us = service_int(service, "quote-age-seconds") * MICROS_PER_SECOND;
    plan->wanted_us = service_int(service, "quote-wanted-seconds") * MICROS_PER_SECOND;
    plan->leap_percent_max = service_int(service, "quote-leap-percent");
    out_settings->fetcher.future_us_max =
        service_int(service, "quote-future-seconds") * MICROS_PER_SECOND;
    return true;
}

void live_settings_wipe(struct live_settings *settings)
{
    digest_wipe(settings, sizeof *settings);
}
