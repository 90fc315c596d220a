// SPDX-License-Identifier: MIT
// The platform clock, for who follows it. A clock runs on by itself, so it is told of at the
// beginning and then only when it is not what can be worked out from what was told: when the market
// opens or closes, when it was moved or set, or when it stands since market is silent.
#include "stream/stream.h"

#include "base/clock.h"
#include "bourse/market/v1/market_rules.h"
#include "message/message.h"
#include "quotes/clock_message.h"

#include <stdlib.h>
#include <string.h>

enum { CLOCK_TEXT_MAX = 512 };
// How far, in real time, a clock that runs may be from what was told before it is told of again.
#define APART_US (1 * MICROS_PER_SECOND)

static void write_clock(const struct platform_clock *clock, struct stream_told_clock *told)
{
    OWNED(strbuf) text = strbuf_new(CLOCK_TEXT_MAX);
    Market__Clock message;

    clock_message_make(clock, &message);
    strbuf_append_string(text, "\"clock\":");
    message_to_json(&market_clock_info, &message.base, text);
    strbuf_append_char(text, '}');
    release(told->feed.text);
    told->feed.length = text->length;
    told->feed.text = allocate(text->length);
    memcpy(told->feed.text, text->data, text->length);
}

static void set_clock(struct stream_told_clock *told, const struct platform_clock *clock)
{
    told->clock = *clock;
    told->told_us = clock_monotonic_us();
    write_clock(clock, told);
}

// Whether that is where the clock that was told of has come to meanwhile.
static bool goes_on(const struct stream_told_clock *told, const struct platform_clock *clock)
{
    const struct platform_clock *before = &told->clock;
    int64_t passed_us = clock_monotonic_us() - told->told_us;
    int64_t speed = before->speed_micros;
    int64_t expected = 0;
    int64_t apart = 0;

    return clock->mode == before->mode && clock->speed_micros == speed &&
           clock->session == before->session && clock->is_open == before->is_open &&
           clock->next_open == before->next_open && clock->next_close == before->next_close &&
           clock->previous_close == before->previous_close &&
           clock->extended_end == before->extended_end &&
           !__builtin_mul_overflow(passed_us, speed, &expected) &&
           !__builtin_mul_overflow(APART_US, speed, &apart) &&
           llabs(clock->now - before->now - expected / MICROS_PER_SECOND) <=
               apart / MICROS_PER_SECOND;
}

bool stream_follow_clock(struct stream_connection *connection,
                         struct stream_subscription *subscription,
                         struct error *error)
{
    struct stream_server *server = connection->server;
    struct platform_clock clock;

    if (!quotes_clock(server->options.gateway->quotes, &clock))
        return error_set(error, REASON_UNAVAILABLE, "market has not told the time yet.");
    if (server->clock.feed.subscriptions == NULL)
        set_clock(&server->clock, &clock);
    else // for who comes now; the others go by what they were told
        write_clock(&clock, &server->clock);
    stream_join_feed(connection, subscription, &server->clock.feed);
    stream_topics_wait(&connection->topics, subscription);
    return true;
}

void stream_look_at_clock(struct stream_server *server)
{
    struct platform_clock clock;

    if (server->clock.feed.subscriptions == NULL ||
        !quotes_clock(server->options.gateway->quotes, &clock) || goes_on(&server->clock, &clock))
        return;
    set_clock(&server->clock, &clock);
    stream_tell_feed(&server->clock.feed, false);
}
