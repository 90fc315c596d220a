// SPDX-License-Identifier: MIT
#include "service/history_looker.h"

#include "service/log.h"
#include "service/worker.h"

#include <inttypes.h>

struct history_looker {
    struct history *history;
    struct worker *worker;
    bool has_looked;
    enum history_state state; // as of the last look
    struct metric *connections;
    struct metric *connections_in_use;
    struct metric *near;
    struct metric *lag;
    struct metric *reads;
};

static void log_state(enum history_state state, const struct error *error)
{
    switch (state) {
    case HISTORY_NEAR:
        log_write(LOG_INFO, "standby_used", NULL);
        break;
    case HISTORY_BEHIND:
        log_write(LOG_WARNING, "standby_behind", NULL);
        break;
    case HISTORY_AWAY:
        log_write(LOG_WARNING, "standby_away", "reason", error->reason, "cause", error->message,
                  NULL);
        break;
    }
}

static bool look(void *context)
{
    struct history_looker *looker = context;
    struct error error;
    enum history_state state = history_look(looker->history, &error);

    if (!looker->has_looked || state != looker->state)
        log_state(state, &error);
    looker->has_looked = true;
    looker->state = state;
    return false;
}

static void update(void *context)
{
    struct history_looker *looker = context;
    struct history_statistics statistics = history_statistics(looker->history);

    metric_set(looker->connections, (int64_t)statistics.standby.connections, NULL, NULL);
    metric_set(looker->connections_in_use, (int64_t)statistics.standby.in_use, NULL, NULL);
    metric_set(looker->near, statistics.state == HISTORY_NEAR, NULL, NULL);
    metric_set(looker->lag, statistics.lag_us, NULL, NULL);
    for (int i = 0; i < HISTORY_OUTCOMES; i++)
        metric_set(looker->reads, (int64_t)statistics.reads[i],
                   i == HISTORY_BY_STANDBY ? "standby" : "primary",
                   history_outcome_name((enum history_outcome)i));
}

struct history_looker *history_looker_new(struct history *history, struct metrics *metrics)
{
    struct history_looker *looker = allocate(sizeof *looker);

    looker->history = history;
    looker->connections = metrics_gauge(metrics, "standby_connections",
                                        "Connections to PostgreSQL's standby open.", NULL, NULL);
    looker->connections_in_use =
        metrics_gauge(metrics, "standby_connections_in_use",
                      "Connections to PostgreSQL's standby that are being used.", NULL, NULL);
    looker->near = metrics_gauge(metrics, "standby_near",
                                 "1 while the standby is near enough to be read from.", NULL, NULL);
    looker->lag = metrics_seconds_gauge(
        metrics, "standby_lag_seconds",
        "So long ago the standby had everything; a quarter of the bound when it always has.", NULL,
        NULL);
    looker->reads = metrics_counter(metrics, "history_reads_total",
                                    "Reads that a standby may answer, by who did and why.",
                                    "server", "standby");
    metrics_on_scrape(metrics, update, looker);
    looker->worker = worker_new("history", history_look_period_ms(history), look, looker);
    return looker;
}

void history_looker_free(struct history_looker **looker)
{
    if (*looker == NULL)
        return;
    worker_free(&(*looker)->worker);
    release(*looker);
    *looker = NULL;
}
