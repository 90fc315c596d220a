// SPDX-License-Identifier: MIT
#include "shards/replica_follower.h"

#include <string.h>

#include "bourse/trading/v1/trading.pb-c.h"
#include "bourse/trading/v1/trading_rules.h"
#include "matcher/matcher.h"
#include "message/message.h"

enum { ARENA_BUDGET = 256 * 1024 };

struct replica_follower {
    struct trading *trading;
    uint64_t own_epoch; // of this process' publications
    struct arena *arena;
    struct rpc_subscriber *subscriber;
};

static void hear(struct replica_follower *follower, const Trading__Order *order)
{
    struct matcher *matcher = follower->trading->matcher;

    switch (order->status) {
    case TRADING__ORDER_STATUS__ORDER_STATUS_NEW:
    case TRADING__ORDER_STATUS__ORDER_STATUS_PARTIALLY_FILLED:
    case TRADING__ORDER_STATUS__ORDER_STATUS_REJECTED:
        // One that rests, or one that was refused and has left the order that it was to replace.
        matcher_look_for_arrivals(matcher, order->ticker);
        break;
    case TRADING__ORDER_STATUS__ORDER_STATUS_FILLED:
    case TRADING__ORDER_STATUS__ORDER_STATUS_CANCELED:
    case TRADING__ORDER_STATUS__ORDER_STATUS_EXPIRED:
    case TRADING__ORDER_STATUS__ORDER_STATUS_REPLACED:
        if (order->id != NULL && uuid_is_valid(order->id))
            matcher_forget(matcher, order->ticker, order->id);
        break;
    default:
        return;
    }
    if (order->status != TRADING__ORDER_STATUS__ORDER_STATUS_REJECTED && order->replaces != NULL &&
        uuid_is_valid(order->replaces))
        matcher_forget(matcher, order->ticker, order->replaces);
}

static void
receive(void *context, struct text body, uint64_t epoch, uint64_t sequence, bool is_after_gap)
{
    struct replica_follower *follower = context;
    ProtobufCMessage *message = NULL;
    const Trading__OrderEvent *event = NULL;
    struct error error;

    (void)sequence;
    (void)is_after_gap; // what was missed is in the database
    if (epoch == follower->own_epoch)
        return;
    arena_reset(follower->arena);
    if (!message_unpack(&trading_order_event_info, follower->arena, body, &message, &error))
        return;
    event = (const Trading__OrderEvent *)message;
    if (event->order != NULL && event->order->ticker != NULL)
        hear(follower, event->order);
}

bool replica_follower_new(struct trading *trading,
                          const char *addresses,
                          const char *listen,
                          const struct rpc_mesh_key *key,
                          struct replica_follower **out_follower,
                          struct error *error)
{
    struct replica_follower *follower = NULL;
    struct rpc_subscriber_options options = {
        .addresses = addresses, .topic = "orders", .key = *key, .receive = receive};
    uint64_t sequence = 0;

    *out_follower = NULL;
    if (addresses[0] == '\0' || strcmp(addresses, listen) == 0)
        return true;
    follower = allocate(sizeof(*follower));
    follower->trading = trading;
    follower->arena = arena_new(ARENA_BUDGET);
    rpc_publisher_position(trading->publisher, "orders", &follower->own_epoch, &sequence);
    options.context = follower;
    if (!rpc_subscriber_new(&options, &follower->subscriber, error)) {
        replica_follower_free(&follower);
        return false;
    }
    *out_follower = follower;
    return true;
}

void replica_follower_free(struct replica_follower **follower)
{
    if (*follower == NULL)
        return;
    rpc_subscriber_free(&(*follower)->subscriber);
    arena_free(&(*follower)->arena);
    release(*follower);
    *follower = NULL;
}
