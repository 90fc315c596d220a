// SPDX-License-Identifier: MIT
#include "market_message.h"

#include "clock/exchange_calendar.h"

#include <assert.h>
#include <protobuf-c/protobuf-c.h>

static int64_t extended_end(int64_t at)
{
    int64_t day = exchange_calendar_day(at);

    return exchange_calendar_at(day, exchange_calendar_after_hours_minute(day));
}

void market_message_clock(const struct clock_view *view, Market__Clock *out_clock)
{
    market__clock__init(out_clock);
    out_clock->has_mode = true;
    out_clock->mode = (Market__ClockMode)view->mode;
    out_clock->has_now = true;
    out_clock->now = view->now;
    out_clock->has_as_of = true;
    out_clock->as_of = view->as_of;
    out_clock->has_speed_micros = true;
    out_clock->speed_micros = view->speed_micros;
    out_clock->has_is_open = true;
    out_clock->is_open = market_hours_is_open(view->hours, view->now);
    out_clock->has_next_open = true;
    out_clock->next_open = market_hours_next_open(view->hours, view->now);
    out_clock->has_next_close = true;
    out_clock->next_close = market_hours_next_close(view->hours, view->now);
    out_clock->has_previous_close = true;
    out_clock->previous_close = market_hours_previous_close(view->hours, view->now);
    out_clock->has_session = true;
    out_clock->session = view->hours == HOURS_AROUND_THE_CLOCK
                             ? MARKET__SESSION__SESSION_REGULAR
                             : (Market__Session)exchange_calendar_session(view->now);
    out_clock->has_extended_end = view->hours != HOURS_AROUND_THE_CLOCK &&
                                  out_clock->session != MARKET__SESSION__SESSION_CLOSED;
    if (out_clock->has_extended_end)
        out_clock->extended_end = extended_end(view->now);
}

void market_message_quote(const struct quote *quote, int64_t now, Market__Quote *out_quote)
{
    market__quote__init(out_quote);
    out_quote->ticker = quote->ticker;
    out_quote->has_price_micros = true;
    out_quote->price_micros = quote->price_micros;
    out_quote->has_bid_micros = true;
    out_quote->bid_micros = quote->bid_micros;
    out_quote->has_ask_micros = true;
    out_quote->ask_micros = quote->ask_micros;
    out_quote->has_open_micros = quote->open_micros > 0;
    out_quote->open_micros = quote->open_micros;
    out_quote->has_high_micros = quote->high_micros > 0;
    out_quote->high_micros = quote->high_micros;
    out_quote->has_low_micros = quote->low_micros > 0;
    out_quote->low_micros = quote->low_micros;
    out_quote->has_previous_close_micros = quote->previous_close_micros > 0;
    out_quote->previous_close_micros = quote->previous_close_micros;
    if (replay_change(quote, &out_quote->change_micros, &out_quote->change_percent_micros)) {
        out_quote->has_change_micros = true;
        out_quote->has_change_percent_micros = true;
    }
    out_quote->has_volume = true;
    out_quote->volume = quote->volume;
    out_quote->has_quoted_at = true;
    out_quote->quoted_at = quote->quoted_at;
    out_quote->source = (char *)quote->source;
    out_quote->has_stale = true;
    out_quote->stale = now >= quote->valid_until;
    out_quote->has_valid_until = true;
    out_quote->valid_until = quote->valid_until;
}

void market_message_bar(const struct bar *bar, Market__Bar *out_bar)
{
    const struct timed_bar day = {.at = exchange_calendar_at(bar->day, CALENDAR_OPEN_MINUTE),
                                  .open_micros = bar->open_micros,
                                  .high_micros = bar->high_micros,
                                  .low_micros = bar->low_micros,
                                  .close_micros = bar->close_micros,
                                  .volume = bar->volume};

    market_message_timed_bar(&day, out_bar);
}

void market_message_timed_bar(const struct timed_bar *bar, Market__Bar *out_bar)
{
    market__bar__init(out_bar);
    out_bar->has_time = true;
    out_bar->time = bar->at;
    out_bar->has_open_micros = true;
    out_bar->open_micros = bar->open_micros;
    out_bar->has_high_micros = true;
    out_bar->high_micros = bar->high_micros;
    out_bar->has_low_micros = true;
    out_bar->low_micros = bar->low_micros;
    out_bar->has_close_micros = true;
    out_bar->close_micros = bar->close_micros;
    out_bar->has_volume = true;
    out_bar->volume = bar->volume;
    out_bar->has_running = bar->is_running;
    out_bar->running = bar->is_running;
}

struct text_sink {
    ProtobufCBuffer base; // first: protobuf-c hands back a pointer to it
    struct strbuf *buffer;
};

static void append(ProtobufCBuffer *base, size_t length, const uint8_t *data)
{
    strbuf_append(((struct text_sink *)base)->buffer, data, length);
}

void market_message_publication(const struct quote *quotes,
                                size_t count,
                                const struct clock_view *view,
                                struct strbuf *buffer)
{
    Market__QuotePublication publication = MARKET__QUOTE_PUBLICATION__INIT;
    Market__Quote messages[PUBLICATION_QUOTES_MAX];
    Market__Quote *pointers[PUBLICATION_QUOTES_MAX];
    Market__Clock clock;
    struct text_sink sink = {.base = {.append = append}, .buffer = buffer};

    assert(count <= PUBLICATION_QUOTES_MAX);
    for (size_t i = 0; i < count; i++) {
        market_message_quote(&quotes[i], view->now, &messages[i]);
        pointers[i] = &messages[i];
    }
    market_message_clock(view, &clock);
    publication.n_quotes = count;
    publication.quotes = pointers;
    publication.clock = &clock;
    strbuf_reset(buffer);
    (void)market__quote_publication__pack_to_buffer(&publication, &sink.base);
}
