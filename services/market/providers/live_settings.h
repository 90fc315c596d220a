// SPDX-License-Identifier: MIT
// live_settings: what the live market is told at start: providers, their addresses, keys and
// limits.
//
// A key comes from the environment or from a file that not everybody can read. It is letters,
// digits and . _ - alone, so that it can be no more than a key in a header or an address.
//
// Threads: one, at start.
#pragma once

#include "providers/fetcher.h"
#include "service/service.h"

// Beside those of the service.
enum { LIVE_SETTING_COUNT = 15 };
extern const struct setting LIVE_SETTINGS[LIVE_SETTING_COUNT];

struct live_settings {
    struct fetcher_options fetcher; // without sink, clock and metrics
    char keys[PROVIDER_COUNT][PROVIDER_KEY_MAX + 1];
};

// Fills the options, which borrow the service's texts and `out_settings` itself. Fails with
// INVALID_SETTING.
MUST_CHECK bool live_settings_read(const struct service *service,
                                   struct live_settings *out_settings,
                                   struct error *error);

// Forgets the keys, once the fetcher has its copies.
void live_settings_wipe(struct live_settings *settings);

// Reads "finnhub,yahoo" into providers in that order, as numbers of provider_at. Fails with
// INVALID_SETTING.
MUST_CHECK bool live_settings_read_order(const char *text,
                                         size_t out_order[PROVIDER_COUNT],
                                         size_t *out_count,
                                         struct error *error);

// The order when the setting says none: providers with a key, for they have been asked to be used,
// then those that need none.
size_t live_settings_default_order(char keys[PROVIDER_COUNT][PROVIDER_KEY_MAX + 1],
                                   size_t out_order[PROVIDER_COUNT]);

// Changes limits as "finnhub=300/0,yahoo=30/2000" says: calls a minute and a day, 0 for no limit.
// Fails with INVALID_SETTING.
MUST_CHECK bool live_settings_read_limits(const char *text,
                                          struct provider_limits limits[PROVIDER_COUNT],
                                          struct error *error);

// Checks a key and copies it. Fails with INVALID_SETTING, in a sentence without the key.
MUST_CHECK bool live_settings_read_key(const char *setting,
                                       struct text text,
                                       char out_key[PROVIDER_KEY_MAX + 1],
                                       struct error *error);
