// SPDX-License-Identifier: MIT
// trading: the state of the service, as every handler and thread is given it.
//
// Threads: the pointers are fixed after start; each thing they point at says who may use it.
#pragma once

#include "database/database.h"
#include "execution/cache.h"
#include "limits/order_rate.h"
#include "queue/finished.h"
#include "queue/task_statistics.h"
#include "quotes/quotes.h"
#include "rpc/rpc_client.h"
#include "rpc/rpc_topic.h"
#include "shards/worker_name.h"

struct backtest_queue;
struct limit_follower;
struct limit_registry;
struct matcher;
struct placing_pool;
struct queue;
struct shard_lease;

struct trading {
    struct database *database;
    struct quotes *quotes;
    struct rpc_client *portfolio_client;
    struct rpc_client *market_client;
    struct rpc_client *auth_client;
    struct rpc_publisher *publisher;
    struct cache *owners;  // portfolio id to user id
    struct cache *symbols; // ticker to what may be done with it
    struct limit_registry *limit_registry;
    struct limit_follower *limit_follower; // NULL before there is one
    struct finished *finished;
    struct task_statistics *task_statistics; // what this process did of the queue
    struct shard_lease *shards; // which tickers' orders are in the book of this process
    struct matcher *matcher;
    struct queue *queue;
    struct backtest_queue *backtest_queue;
    struct placing_pool *placing_pool;
    struct order_rate limits;
    unsigned char limit_key[KEY_SIZE]; // of the hashes that accounts and addresses are counted by
    char worker[WORKER_NAME_SIZE];     // who holds a lease: host and process
};
