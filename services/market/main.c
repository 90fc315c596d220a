// SPDX-License-Identifier: MIT
// bourse-market: what is traded and at what price.
#include "market.h"

extern const struct migration market_migrations[];
extern const size_t market_migration_count;

static const struct setting settings[] = {
    {.name = "market",
     .kind = SETTING_TEXT,
     .fallback = "replay",
     .help = "where prices come from: replay, the stored daily bars"},
    {.name = "spread-basis-points",
     .kind = SETTING_INT,
     .fallback = "0",
     .min = 0,
     .max = 1000,
     .help = "how far bid and ask of a replayed price lie apart, in hundredths of a percent"},
};

int main(int argc, char **argv)
{
    static const char *const peers[] = {NULL};
    const struct service_definition definition = {
        .name = "market",
        .summary =
            "What is traded and at what price: symbols, bars, quotes and the platform clock.",
        .settings = settings,
        .setting_count = COUNT_OF(settings),
        .has_database = true,
        .migrations = market_migrations,
        .migration_count = market_migration_count,
        .handlers = market_handlers,
        .handler_count = market_handler_count,
        .peers = peers,
        .start = market_start,
        .check = market_check,
        .stop = market_stop,
    };

    return service_main(&definition, argc, argv);
}
