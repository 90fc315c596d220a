// SPDX-License-Identifier: MIT
// bourse-market: what is traded and at what price.
#include "market.h"

#include <string.h>

extern const struct migration market_migrations[];
extern const size_t market_migration_count;

static const struct setting settings[] = {
    {.name = "market",
     .kind = SETTING_TEXT,
     .fallback = "simulated",
     .help = "where prices come from: simulated, or replay, the stored daily bars"},
    {.name = "seed",
     .kind = SETTING_INT,
     .fallback = "1",
     .min = 0,
     .max = INT64_MAX,
     .help = "what the simulated prices follow from: the same one gives the same prices"},
    {.name = "trading-hours",
     .kind = SETTING_TEXT,
     .fallback = "",
     .help = "new-york, or around-the-clock, which a simulated market has unless told otherwise"},
    {.name = "spread-basis-points",
     .kind = SETTING_INT,
     .fallback = "0",
     .min = 0,
     .max = 1000,
     .help = "how far bid and ask of a replayed price lie apart, in hundredths of a percent"},
    {.name = "minute-bar-days",
     .kind = SETTING_INT,
     .fallback = "365",
     .min = 1,
     .max = 40000,
     .help = "how many days stored bars of minutes are kept"},
};

static bool read_market(struct service *service, bool *out_is_simulated, struct error *error)
{
    const char *kind = service_text(service, "market");

    *out_is_simulated = strcmp(kind, "simulated") == 0;
    return *out_is_simulated || strcmp(kind, "replay") == 0 ||
           error_set(error, REASON_INVALID_SETTING,
                     "--market is \"%s\"; it must be \"simulated\" or \"replay\".", kind);
}

static bool read_hours(struct service *service,
                       bool is_simulated,
                       enum market_hours *out_hours,
                       struct error *error)
{
    const char *hours = service_text(service, "trading-hours");

    // Who tries it in the evening would see nothing move if New York's hours were the default.
    *out_hours = is_simulated ? HOURS_AROUND_THE_CLOCK : HOURS_NEW_YORK;
    if (hours[0] == '\0' || (strcmp(hours, "around-the-clock") == 0 && is_simulated))
        return true;
    *out_hours = HOURS_NEW_YORK;
    return strcmp(hours, "new-york") == 0 ||
           error_set(error, REASON_INVALID_SETTING,
                     "--trading-hours is \"%s\"; it must be \"new-york\", or with a simulated "
                     "market \"around-the-clock\".",
                     hours);
}

static bool start(struct service *service, void **out_context, struct error *error)
{
    struct market_options options = {
        .database = service_database(service),
        .listen = service_text(service, "listen"),
        .key = *service_mesh_key(service),
        .metrics = service_metrics(service),
        .spread_basis_points = service_int(service, "spread-basis-points"),
        .minute_bar_days = service_int(service, "minute-bar-days"),
        .simulation = {.seed = service_int(service, "seed")},
    };
    struct market *market = NULL;

    if (!read_market(service, &options.is_simulated, error) ||
        !read_hours(service, options.is_simulated, &options.simulation.hours, error) ||
        !market_new(&options, &market, error))
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
