// SPDX-License-Identifier: MIT
// replica_follower: hears from the other replicas of this service what becomes of orders.
//
// An order that one replica takes may belong into the book of another one. The topic "orders", on
// which all tell of their changes, lets the owner of its shard know within milliseconds. Nothing
// depends on it: what is missed is found in the database a moment later.
#pragma once

#include "rpc/rpc_topic.h"
#include "trading.h"

struct replica_follower;

// Follows the replicas at `addresses`, of which one may be this process itself: `listen` is its own
// address. Without others there is nothing to follow, and `*out_follower` is NULL.
MUST_CHECK bool replica_follower_new(struct trading *trading,
                                     const char *addresses,
                                     const char *listen,
                                     const struct rpc_mesh_key *key,
                                     struct replica_follower **out_follower,
                                     struct error *error);
void replica_follower_free(struct replica_follower **follower);
