// SPDX-License-Identifier: MIT
// bourse-market: what is traded and at what price.
#include "market.h"

#include <string.h>

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

static bool start(struct service *service, void **out_context, struct error *error)
{
    const char *kind = service_text(service, "market");
    const struct market_options options = {
        .database = service_database(service),
        .listen = service_text(service, "listen"),
        .key = *service_mesh_key(service),
        .metrics = service_metrics(service),
        .spread_basis_points = service_int(service, "spread-basis-points"),
    };
    struct market *market = NULL;

    if (strcmp(kind, "replay") != 0)
        return error_set(error, REASON_INVALID_SETTING,
                         "--market is \"%s\"; the only market there is now is \"replay\".", kind);
    if (!market_new(&options, &market, error))
        return false;
    *out_context = market;
    return true;
}

static void check(void *context, struct strbuf *out_reasons)
{
    struct market *market = context;

    if (!player_is_ready(market->player))
        strbuf_append_string(out_reasons, "prices: not read yet; ");
}

static void stop(void **context)
{
    struct market *market = *context;

    market_free(&market);
    *context = NULL;
}

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
        .has_audit_outbox = true,
        .handlers = market_handlers,
        .handler_count = market_handler_count,
        .peers = peers,
        .start = start,
        .check = check,
        .stop = stop,
    };

    return service_main(&definition, argc, argv);
}
