// SPDX-License-Identifier: MIT
#include "strategies/strategy_events.h"

#include "bourse/trading/v1/trading.pb-c.h"
#include "bourse/trading/v1/trading_rules.h"

enum { EVENT_BUDGET = 4096 };

void strategy_events_tell(struct trading *trading, const char *user_id, const char *id)
{
    OWNED(arena) arena = arena_new(EVENT_BUDGET);
    Trading__StrategyEvent event = TRADING__STRATEGY_EVENT__INIT;
    struct text packed;
    struct error error;

    event.user_id = user_id;
    event.id = id;
    // Only for want of memory; whoever misses the event sees the gap with the next one.
    if (message_pack(&event.base, arena, &packed, &error))
        rpc_publish(trading->publisher, "strategies", packed);
}
