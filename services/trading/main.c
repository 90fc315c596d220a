// SPDX-License-Identifier: MIT
// bourse-trading: orders, from the intent to the last fill.
#include "bourse/trading/v1/trading_server.h"

#include <string.h>

#include "execution/lookup.h"
#include "execution/placing.h"
#include "limits/limit_follower.h"
#include "limits/limit_registry.h"
#include "matcher/action_follower.h"
#include "matcher/matcher.h"
#include "orders/order_events.h"
#include "queue/queue.h"
#include "queue/task_reporter.h"
#include "queue/task_store.h"
#include "runs/runner.h"
#include "service/idempotency.h"
#include "service/service.h"
#include "service/worker.h"
#include "shards/replica_follower.h"
#include "shards/shard_lease.h"
#include "strategies/backtest_queue.h"
#include "trading.h"

extern const struct migration trading_migrations[];
extern const size_t trading_migration_count;

enum {
    OWNERS_MAX = 16384,
    SYMBOLS_MAX = 4096,
    ORDERS_MAX = 1000000, // most that a limit may be set to
    PRUNE_EVERY_MS = 60 * 1000,
    PRUNE_BUDGET = 256 * 1024,
    TASK_HOURS_MAX = 24 * 366,
    LEASE_SECONDS_MAX = 300,
};

static const struct setting settings[] = {
    {"orders-per-minute", SETTING_INT, "600", 0, ORDERS_MAX,
     "orders of one account in a minute; 0: no limit"},
    {"orders-at-once", SETTING_INT, "600", 1, ORDERS_MAX,
     "orders of one account at once, after a time without any"},
    {"address-orders-per-minute", SETTING_INT, "6000", 0, ORDERS_MAX,
     "orders from one address in a minute; 0: no limit"},
    {"address-orders-at-once", SETTING_INT, "6000", 1, ORDERS_MAX,
     "orders from one address at once, after a time without any"},
    {"task-history-hours", SETTING_INT, "168", 1, TASK_HOURS_MAX,
     "how long completed tasks are kept for the task monitor"},
    {"shard-lease-seconds", SETTING_INT, "10", 2, LEASE_SECONDS_MAX,
     "how long a replica that is silent keeps its part of the resting orders"},
    {"backtest-workers", SETTING_INT, "1", 1, BACKTEST_WORKERS_MAX,
     "backtests that are run at a time; each takes a core, and 100 MB at most"},
    {"trading-address", SETTING_TEXT, "", 0, 0,
     "all replicas of this service, as host:port[,host:port...], which hear from each other; a "
     "name "
     "stands for all its addresses; empty: none are heard"},
};

// What main owns beside what the handlers see.
struct program {
    struct trading trading; // first: the handlers are given its address
    struct metric *resting;
    struct metric *shards;
    struct metric *shards_taken;
    struct metric *quotes_taken;
    struct metric *triggers;
    struct worker *pruner;
    struct task_reporter *task_reporter;
    struct action_follower *action_follower;
    struct limit_follower *limit_follower;
    struct replica_follower *replica_follower;
    struct runner *runner;
    int64_t task_history_us;
};

static void update_metrics(void *context)
{
    struct program *program = context;
    struct matcher_numbers numbers = matcher_count(program->trading.matcher);

    metric_set(program->resting, (int64_t)numbers.resting, NULL, NULL);
    metric_set(program->shards, (int64_t)shard_lease_count(program->trading.shards), NULL, NULL);
    metric_set(program->shards_taken, (int64_t)shard_lease_taken(program->trading.shards), NULL,
               NULL);
    metric_set(program->quotes_taken, (int64_t)numbers.quotes, NULL, NULL);
    metric_set(program->triggers, (int64_t)numbers.triggers, NULL, NULL);
}

static void stop(void **context)
{
    struct program *program = *context;
    struct trading *trading = &program->trading;

    action_follower_free(&program->action_follower);
    limit_follower_free(&program->limit_follower);
    replica_follower_free(&program->replica_follower);
    worker_free(&program->pruner);
    runner_free(&program->runner);
    task_reporter_free(&program->task_reporter);
    queue_free(&trading->queue);
    backtest_queue_free(&trading->backtest_queue);
    // The copy of the quotes calls the matcher, and the matcher reads the copy.
    if (trading->matcher != NULL)
        matcher_stop(trading->matcher);
    shard_lease_free(&trading->shards);
    quotes_free(&trading->quotes);
    matcher_free(&trading->matcher);
    placing_pool_free(&trading->placing_pool);
    rpc_publisher_free(&trading->publisher);
    finished_free(&trading->finished);
    task_statistics_free(&trading->task_statistics);
    limit_registry_free(&trading->limit_registry);
    cache_free(&trading->symbols);
    cache_free(&trading->owners);
    release(program);
    *context = NULL;
}

static bool prune(void *context)
{
    struct program *program = context;
    struct database *database = program->trading.database;
    struct clock real = clock_real();
    OWNED(arena) arena = arena_new(PRUNE_BUDGET);
    bool has_more = rate_limit_prune(database, arena);

    has_more = idempotency_prune(database, arena) || has_more;
    has_more = order_events_prune(database, arena) || has_more;
    return task_store_prune(database, arena, program->task_history_us, clock_now_us(&real)) ||
           has_more;
}

static void set_limits(struct trading *trading, const struct service *service)
{
    trading->limits = (struct order_rate){
        .of_account = {.what = "orders of one account",
                       .tokens = service_int(service, "orders-per-minute"),
                       .period_us = 60 * MICROS_PER_SECOND,
                       .burst = service_int(service, "orders-at-once")},
        .of_address = {.what = "orders from one address",
                       .tokens = service_int(service, "address-orders-per-minute"),
                       .period_us = 60 * MICROS_PER_SECOND,
                       .burst = service_int(service, "address-orders-at-once")},
    };
    memcpy(trading->limit_key, service_mesh_key(service)->bytes, KEY_SIZE);
}

// The book: the matcher, the quotes that come to it, and which part of the orders it has.
static bool start_book(struct program *program, struct service *service, struct error *error)
{
    struct trading *trading = &program->trading;
    struct quotes_options options = {
        .market = service_client(service, "market"),
        .market_addresses = service_text(service, "market-address"),
        .key = *service_mesh_key(service),
        .changed = matcher_quotes_changed,
    };
    struct shard_lease_options lease = {
        .lease_ms = service_int(service, "shard-lease-seconds") * 1000,
        .changed = matcher_shards_changed,
    };

    trading->matcher = matcher_new(trading);
    options.context = lease.context = trading->matcher;
    if (!quotes_new(&options, &trading->quotes, error))
        return false;
    trading->shards = shard_lease_new(trading, &lease);
    return matcher_start(trading->matcher, error) &&
           replica_follower_new(trading, service_text(service, "trading-address"),
                                service_text(service, "listen"), service_mesh_key(service),
                                &program->replica_follower, error);
}

static void declare_metrics(struct program *program, struct metrics *metrics)
{
    program->resting = metrics_gauge(metrics, "bourse_trading_resting_orders",
                                     "Orders that wait for a quote.", NULL, NULL);
    program->shards = metrics_gauge(metrics, "bourse_trading_shards",
                                    "Shards whose orders are in the book.", NULL, NULL);
    program->shards_taken = metrics_counter(metrics, "bourse_trading_shards_taken_total",
                                            "Shards taken into the book.", NULL, NULL);
    program->quotes_taken =
        metrics_counter(metrics, "bourse_trading_quotes_taken_total",
                        "Quotes that the book was shown, while orders rested in it.", NULL, NULL);
    program->triggers = metrics_counter(
        metrics, "bourse_trading_triggers_total",
        "Times that a quote or the clock had something done about an order that rested.", NULL,
        NULL);
    metrics_on_scrape(metrics, update_metrics, program);
}

static bool start(struct service *service, void **out_context, struct error *error)
{
    struct program *program = allocate(sizeof(*program));
    struct trading *trading = &program->trading;
    void *context = program;

    trading->database = service_database(service);
    trading->portfolio_client = service_client(service, "portfolio");
    trading->market_client = service_client(service, "market");
    trading->auth_client = service_client(service, "auth");
    trading->owners = cache_new(OWNERS_MAX, LOOKUP_KEEP_US);
    trading->symbols = cache_new(SYMBOLS_MAX, LOOKUP_KEEP_US);
    trading->limit_registry = limit_registry_new();
    trading->finished = finished_new();
    trading->task_statistics = task_statistics_new();
    worker_name_make(trading->worker);
    set_limits(trading, service);
    if (!rpc_publisher_new(service_text(service, "listen"), service_mesh_key(service),
                           &trading->publisher, error) ||
        !start_book(program, service, error)) {
        stop(&context);
        return false;
    }
    trading->placing_pool = placing_pool_new(trading);
    trading->queue = queue_new(trading);
    trading->backtest_queue =
        backtest_queue_new(trading, (size_t)service_int(service, "backtest-workers"));
    program->runner = runner_new(trading);
    program->task_reporter = task_reporter_new(trading, service_metrics(service));
    program->action_follower = action_follower_new(trading);
    program->limit_follower = limit_follower_new(trading);
    program->task_history_us =
        service_int(service, "task-history-hours") * 3600 * MICROS_PER_SECOND;
    program->pruner = worker_new("prune", PRUNE_EVERY_MS, prune, program);
    declare_metrics(program, service_metrics(service));
    *out_context = program;
    return true;
}

static bool hears(void *context, const char *peer)
{
    struct trading *trading = context;

    return strcmp(peer, "market") != 0 || quotes_is_ready(trading->quotes);
}

static void drain(void *context)
{
    struct trading *trading = context;

    matcher_stop(trading->matcher);
    // Others have the orders in their books before the last call here has been answered.
    shard_lease_leave(trading->shards);
}

static const char *const peers[] = {"portfolio", "market", NULL};

int main(int argc, char **argv)
{
    struct service_definition definition = {
        .name = "trading",
        .summary = "takes orders and brings them to their fills",
        .settings = settings,
        .setting_count = COUNT_OF(settings),
        .has_database = true,
        .migrations = trading_migrations,
        .migration_count = trading_migration_count,
        .has_audit_outbox = true,
        .handlers = trading_handlers,
        .handler_count = trading_handler_count,
        .peers = peers,
        .start = start,
        .hears = hears,
        .drain = drain,
        .stop = stop,
    };

    return service_main(&definition, argc, argv);
}
