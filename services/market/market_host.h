// SPDX-License-Identifier: MIT
// market_host: a whole market for tests, with a private PostgreSQL and a listening RPC server.
//
// Its header names nothing of the service, so that a test can look at it as another service does.
#pragma once

#include "rpc/rpc.h"

struct market;
struct market_host;

// Whatever goes wrong ends the test with a sentence. The caller owns it.
struct market_host *market_host_new(void);
void market_host_free(struct market_host **host);

// For tests of the service itself, until the next restart.
struct market *market_host_market(const struct market_host *host);

const char *market_host_address(const struct market_host *host);
struct rpc_mesh_key market_host_key(void);

// Stores `days` bars from 2014-01-02 on for each of `symbols` symbols "S0000", "S0001" ...: day n
// of symbol s opens at 1000 + s + n.
void market_host_fill(struct market_host *host, int symbols, int days);

void market_host_step(struct market_host *host, const char *time);

// Ends the market and its server, and starts them anew on the same database.
void market_host_restart(struct market_host *host);
