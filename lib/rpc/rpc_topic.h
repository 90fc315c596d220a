// SPDX-License-Identifier: MIT
// rpc_topic: publications from a service to all who follow a topic, over nng pub/sub.
//
// Best effort and in order: publications are numbered within an epoch of the publisher, and a
// reader that finds a gap (or a new epoch) is told so and asks the service for the state.
// Authenticated by the mesh key like calls. Published on the service's port plus 3.
#pragma once

#include "rpc/rpc.h"

struct rpc_publisher;

// Starts publishing as `service` on the topics' port of `listen` ("host:port", its RPC address).
MUST_CHECK bool rpc_publisher_new(const char *listen,
                                  const struct rpc_mesh_key *key,
                                  struct rpc_publisher **out_publisher,
                                  struct error *error);
void rpc_publisher_free(struct rpc_publisher **publisher);

// Publishes a packed message; returns its sequence number on that topic. Any thread; publications
// of one topic go out in the order of their numbers. At most 8 topics, names of at most 31 bytes.
uint64_t rpc_publish(struct rpc_publisher *publisher, const char *topic, struct text body);

// What a publisher would say of the topic now, for a snapshot: its epoch and its last number.
void rpc_publisher_position(struct rpc_publisher *publisher,
                            const char *topic,
                            uint64_t *out_epoch,
                            uint64_t *out_sequence);

struct rpc_subscriber_options {
    const char *addresses; // of the service, as for rpc_client; its topics' ports are derived
    const char *topic;
    struct rpc_mesh_key key;
    // Called from one thread of the subscriber, in order. `gap` is true when publications were
    // missed before this one, when the epoch changed, and for the first one ever.
    void (*receive)(void *context, struct text body, uint64_t epoch, uint64_t sequence, bool gap);
    // Called from that thread when nothing has come for `quiet_ms` (0: never).
    void (*quiet)(void *context);
    int64_t quiet_ms;
    void *context;
};

struct rpc_subscriber;

MUST_CHECK bool rpc_subscriber_new(const struct rpc_subscriber_options *options,
                                   struct rpc_subscriber **out_subscriber,
                                   struct error *error);
void rpc_subscriber_free(struct rpc_subscriber **subscriber);
