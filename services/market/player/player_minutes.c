// SPDX-License-Identifier: MIT
// Stored minutes as the player reads and quotes them.
#include "player/player_private.h"

#include "clock/exchange_calendar.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_US (60 * MICROS_PER_SECOND)

bool player_minutes_load(struct player *player, size_t count, int64_t until_at, struct error *error)
{
    size_t made = 0;

    player->so_far_count = 0;
    for (size_t i = 0; i < count; i++)
        made += player->latest[i].bar.is_of_minutes;
    return made == 0 || player->options.source.load_so_far(player->options.context, player->latest,
                                                           count, until_at, player->so_far,
                                                           &player->so_far_count, error);
}

// Of streams' minutes: what has been quoted of the present one, and the one before.
static void show_minute(struct player *player, const struct bar *minute, enum replay_phase phase)
{
    struct timed_bar present = {.at = INT64_MIN}, before = {.at = INT64_MIN};
    struct timed_bar seen = replay_minute_so_far(minute, phase);

    if (player->options.stores_minutes)
        return;
    if (bar_builder_find(player->minutes, minute->ticker, &present, &before) &&
        present.at < minute->at)
        before = present;
    bar_builder_put(player->minutes, minute->ticker, &seen, &before);
}

const struct quote *player_minutes_put_latest(struct player *player,
                                              const struct latest_bar *latest)
{
    const struct minutes_so_far *so_far = NULL;
    enum replay_phase last = PHASE_OPEN;
    struct quote quote;

    for (size_t i = 0; i < player->so_far_count && so_far == NULL; i++) {
        if (strcmp(player->so_far[i].last.ticker, latest->bar.ticker) == 0)
            so_far = &player->so_far[i];
    }
    if (so_far == NULL || !replay_minute_phase_at(so_far->last.at, player->position, &last))
        return NULL;
    for (int phase = PHASE_OPEN; phase <= (int)last; phase++) {
        const struct quote *before = phase > PHASE_OPEN    ? &quote
                                     : so_far->has_earlier ? &so_far->earlier
                                                           : NULL;

        quote =
            replay_minute_quote(before, &so_far->last, (enum replay_phase)phase,
                                latest->previous_close_micros, player->options.spread_basis_points);
    }
    show_minute(player, &so_far->last, last);
    return quote_book_put_quote(player->book, &quote, latest->bar.day);
}

const struct quote *
player_minutes_put(struct player *player, const struct bar *minute, enum replay_phase phase)
{
    const struct quote_book_entry *entry = quote_book_find(player->book, minute->ticker);
    const struct quote *before = entry != NULL && entry->day == minute->day ? &entry->quote : NULL;
    struct quote quote =
        replay_minute_quote(before, minute, phase, player_previous_close(player, minute),
                            player->options.spread_basis_points);

    show_minute(player, minute, phase);
    return quote_book_put_quote(player->book, &quote, minute->day);
}

static bool read_page(struct player *player, struct minute_reader *reader, struct error *error)
{
    const struct minutes_query query = {.after_at = reader->after_at,
                                        .after_ticker = reader->after_ticker,
                                        .until_at = reader->until_at};
    bool is_loaded;

    (void)pthread_mutex_unlock(&player->lock);
    is_loaded =
        player->options.source.load_minutes(player->options.context, &query, player->minute_page,
                                            PLAYER_PAGE_BARS, &reader->count, error);
    (void)pthread_mutex_lock(&player->lock);
    if (!is_loaded)
        return false;
    reader->next = 0;
    reader->is_end = reader->count < PLAYER_PAGE_BARS;
    if (reader->count > 0) {
        const struct bar *last = &player->minute_page[reader->count - 1];

        reader->after_at = last->at;
        memcpy(reader->after_ticker, last->ticker, sizeof reader->after_ticker);
    }
    return true;
}

static void add(struct player *player, const struct bar *minute)
{
    if (player->minute_count == player->minute_capacity) {
        player->minute_capacity = player->minute_capacity == 0 ? 256 : player->minute_capacity * 2;
        player->minute =
            reallocate_array(player->minute, player->minute_capacity, sizeof *player->minute);
    }
    player->minute[player->minute_count++] = *minute;
}

bool player_minutes_next(struct player *player, struct minute_reader *reader, struct error *error)
{
    player->minute_count = 0;
    for (;;) {
        while (reader->next < reader->count) {
            const struct bar *minute = &player->minute_page[reader->next];

            if (player->minute_count > 0 && player->minute[0].at != minute->at)
                return true;
            add(player, minute);
            reader->next++;
        }
        if (reader->is_end)
            return true;
        if (!read_page(player, reader, error))
            return false;
    }
}

bool player_minutes_first(struct player *player,
                          int64_t at,
                          int64_t until_at,
                          struct minute_reader *out_reader,
                          struct error *error)
{
    *out_reader = (struct minute_reader){.after_at = at - at % MINUTE_US - 1,
                                         .until_at = until_at,
                                         .after_ticker = "~"}; // after every ticker
    return player_minutes_next(player, out_reader, error);
}
