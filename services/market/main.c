// SPDX-License-Identifier: MIT
// bourse-market: what is traded and at what price.
#include "market.h"
#include "providers/live_settings.h"

#include <string.h>

extern const struct migration market_migrations[];
extern const size_t market_migration_count;

static const struct setting settings[] = {
    {.name = "market",
     .kind = SETTING_TEXT,
     .fallback = "simulated",
     .help = "where prices come from: simulated, replay (the stored bars), or live (providers)"},
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

enum market_kind { MARKET_SIMULATED, MARKET_REPLAY, MARKET_LIVE };

static bool read_market(struct service *service, enum market_kind *out_kind, struct error *error)
{
    static const char *const names[] = {"simulated", "replay", "live"};
    const char *name = service_text(service, "market");

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *out_kind = (enum market_kind)i;
            return true;
        }
    }
    return error_set(error, REASON_INVALID_SETTING,
                     "--market is \"%s\"; it must be \"simulated\", \"replay\" or \"live\".", name);
}

static bool read_hours(struct service *service,
                       enum market_kind kind,
                       enum market_hours *out_hours,
                       struct error *error)
{
    const char *hours = service_text(service, "trading-hours");
    bool is_simulated = kind == MARKET_SIMULATED;

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
        .history = service_history(service),
        .listen = service_text(service, "listen"),
        .key = *service_mesh_key(service),
        .metrics = service_metrics(service),
        .spread_basis_points = service_int(service, "spread-basis-points"),
        .minute_bar_days = service_int(service, "minute-bar-days"),
        .simulation = {.seed = service_int(service, "seed")},
    };
    enum market_kind kind = MARKET_SIMULATED;
    struct live_settings live = {0};
    struct market *market = NULL;
    bool is_started;

    if (!read_market(service, &kind, error) ||
        !read_hours(service, kind, &options.simulation.hours, error) ||
        (kind == MARKET_LIVE && !live_settings_read(service, &live, error)))
        return false;
    options.is_simulated = kind == MARKET_SIMULATED;
    options.live = kind == MARKET_LIVE ? &live.fetcher : NULL;
    options.stores_minutes = options.live != NULL;
    is_started = market_new(&options, &market, error);
    live_settings_wipe(&live);
    if (is_started)
        *out_context = market;
    return is_started;
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
    struct setting all[COUNT_OF(settings) + LIVE_SETTING_COUNT];
    const struct service_definition definition = {
        .name = "market",
        .summary =
            "What is traded and at what price: symbols, bars, quotes and the platform clock.",
        .settings = all,
        .setting_count = COUNT_OF(all),
        .has_database = true,
        .has_history = true,
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

    memcpy(all, settings, sizeof settings);
    memcpy(all + COUNT_OF(settings), LIVE_SETTINGS, sizeof LIVE_SETTINGS);
    return service_main(&definition, argc, argv);
}
