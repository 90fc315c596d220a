// SPDX-License-Identifier: MIT
// market: what the handlers of the service share.
#pragma once

#include "bourse/market/v1/market_methods.h"
#include "bourse/market/v1/market_server.h"
#include "player.h"
#include "service/idempotency.h"
#include "service/service.h"
#include "service/worker.h"

struct rpc_publisher;

struct market {
    struct database *database;
    struct rpc_publisher *publisher;
    struct player *player;
    struct worker *pruner;
    struct arena *player_arena; // of the player's thread: what it reads from the database
    struct arena *pruner_arena; // of the pruner's thread
    struct metric *publications;
    struct clock real_time;
    int64_t spread_basis_points;
};

// The functions that service_main calls.
bool market_start(struct service *service, void **out_context, struct error *error);
void market_check(void *context, struct strbuf *out_reasons);
void market_stop(void **context);

// Today's date in New York: no price is of a later day.
int64_t market_today(const struct market *market);
