// SPDX-License-Identifier: MIT
// topic: what publisher and subscriber share; private to lib/rpc.
#pragma once

#include "rpc/envelope.h"
#include "rpc/rpc_topic.h"

enum {
    TOPIC_NAME_SIZE = 32,
    TOPIC_PORT = RPC_LANE_COUNT, // after the service's port
    TOPIC_QUEUE_MAX = 1024,      // publications that wait for a slow reader, on each side
    // The version's and the name's field, as they stand at the front of each publication.
    TOPIC_PREFIX_SIZE = 4 + TOPIC_NAME_SIZE,
};

// Writes the bytes with which every publication of the topic begins; returns their number.
static inline size_t topic_prefix(const char *topic, char out[TOPIC_PREFIX_SIZE])
{
    Rpc__Publication publication = RPC__PUBLICATION__INIT;

    publication.has_version = true;
    publication.version = ENVELOPE_VERSION;
    publication.topic = topic;
    return protobuf_c_message_pack(&publication.base, (uint8_t *)out);
}
