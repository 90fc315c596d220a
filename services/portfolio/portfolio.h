// SPDX-License-Identifier: MIT
// portfolio: the state of the service, as every handler is given it.
//
// Threads: all of it is fixed after start; database, history, quotes and client may be used by any
// thread.
#pragma once

#include "database/database.h"
#include "database/history.h"
#include "quotes/quotes.h"
#include "rpc/rpc_client.h"
#include "rpc/rpc_topic.h"

struct portfolio {
    struct database *database;
    struct history *history; // days and transactions that are over are read from
    struct quotes *quotes;
    struct rpc_client *market;
    struct rpc_publisher *publisher;
    struct portfolio_reader *reader; // of GetPortfolio, which runs one batch at a time
    struct close_cache *closes;
    struct standings_cache *standings;
    int64_t starting_cash;      // micros
    int64_t maximum_cash;       // micros; more is not given, neither at opening nor by a deposit
    int64_t maximum_portfolios; // open ones of a user
};

// The platform's time. Fails with UNAVAILABLE before market has been heard of.
MUST_CHECK bool portfolio_now(struct portfolio *portfolio, int64_t *out_now, struct error *error);
