// SPDX-License-Identifier: MIT
// bourse-portfolio: portfolios, the ledger, holds and positions; competitions and watchlists.
#include "bourse/portfolio/v1/portfolio_server.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "competitions/standings_cache.h"
#include "money/money.h"
#include "portfolio.h"
#include "portfolios/portfolio_reader.h"
#include "service/idempotency.h"
#include "service/service.h"
#include "service/worker.h"
#include "snapshots/snapshot_schedule.h"
#include "transactions/import_store.h"
#include "valuation/close_cache.h"

extern const struct migration portfolio_migrations[];
extern const size_t portfolio_migration_count;

enum { PRUNE_EVERY_MS = 60 * 1000, PRUNE_BUDGET = 256 * 1024 };

// What main owns beside what the handlers see.
struct program {
    struct portfolio portfolio; // first: the handlers are given its address
    struct worker *pruning;
    struct snapshot_schedule *schedule;
};

static bool prune(void *context)
{
    struct program *program = context;
    OWNED(arena) arena = arena_new(PRUNE_BUDGET);

    import_store_prune(program->portfolio.database, arena);
    return idempotency_prune(program->portfolio.database, arena);
}

static bool read_money(const struct service *service,
                       const char *name,
                       int64_t *out_micros,
                       struct error *error)
{
    const char *value = service_text(service, name);
    int64_t micros = 0;

    if (decimal_parse(text_of(value), MONEY_SCALE, &micros) != DECIMAL_FINE || micros < 0)
        return error_set(error, REASON_INVALID_SETTING,
                         "--%s must be an amount such as 100000.00, not \"%s\".", name, value);
    *out_micros = micros;
    return true;
}

static void stop(void **context)
{
    struct program *program = *context;

    snapshot_schedule_free(&program->schedule);
    worker_free(&program->pruning);
    quotes_free(&program->portfolio.quotes);
    portfolio_reader_free(&program->portfolio.reader);
    rpc_publisher_free(&program->portfolio.publisher);
    close_cache_free(&program->portfolio.closes);
    standings_cache_free(&program->portfolio.standings);
    release(program);
    *context = NULL;
}

static bool start(struct service *service, void **out_context, struct error *error)
{
    struct quotes_options options = {
        .market = service_client(service, "market"),
        .market_addresses = service_text(service, "market-address"),
        .key = *service_mesh_key(service),
    };
    int64_t starting_cash = 0;
    int64_t maximum_cash = 0;
    struct quotes *quotes = NULL;
    struct rpc_publisher *publisher = NULL;
    struct program *program = NULL;

    if (!read_money(service, "starting-cash", &starting_cash, error) ||
        !read_money(service, "maximum-cash", &maximum_cash, error))
        return false;
    if (starting_cash > maximum_cash)
        return error_set(error, REASON_INVALID_SETTING,
                         "--starting-cash is more than --maximum-cash.");
    if (!rpc_publisher_new(service_text(service, "listen"), service_mesh_key(service), &publisher,
                           error))
        return false;
    if (!quotes_new(&options, &quotes, error)) {
        rpc_publisher_free(&publisher);
        return false;
    }
    program = allocate(sizeof(*program));
    program->portfolio = (struct portfolio){
        .database = service_database(service),
        .history = service_history(service),
        .quotes = quotes,
        .market = options.market,
        .publisher = publisher,
        .reader = portfolio_reader_new(),
        .closes = close_cache_new(),
        .standings = standings_cache_new(),
        .starting_cash = starting_cash,
        .maximum_cash = maximum_cash,
        .maximum_portfolios = service_int(service, "maximum-portfolios"),
    };
    program->pruning = worker_new("prune", PRUNE_EVERY_MS, prune, program);
    program->schedule = snapshot_schedule_new(&program->portfolio);
    *out_context = program;
    return true;
}

static bool hears(void *context, const char *peer)
{
    struct program *program = context;

    return strcmp(peer, "market") != 0 || quotes_is_ready(program->portfolio.quotes);
}

static const struct setting settings[] = {
    {"starting-cash", SETTING_TEXT, "100000.00", 0, 0,
     "cash in USD of a portfolio that is opened without an amount"},
    {"maximum-cash", SETTING_TEXT, "1000000000.00", 0, 0,
     "most cash in USD that a portfolio is opened with or brought to by a deposit"},
    {"maximum-portfolios", SETTING_INT, "100", 1, 10000, "open portfolios that a user may have"},
};

static const char *const peers[] = {"market", NULL};

int main(int argc, char **argv)
{
    struct service_definition definition = {
        .name = "portfolio",
        .summary = "keeps portfolios, the ledger, holds and positions, competitions and watchlists",
        .settings = settings,
        .setting_count = COUNT_OF(settings),
        .has_database = true,
        .has_history = true,
        .migrations = portfolio_migrations,
        .migration_count = portfolio_migration_count,
        .has_audit_outbox = true,
        .handlers = portfolio_handlers,
        .handler_count = portfolio_handler_count,
        .peers = peers,
        .start = start,
        .hears = hears,
        .stop = stop,
    };

    return service_main(&definition, argc, argv);
}
