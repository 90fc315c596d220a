// SPDX-License-Identifier: MIT
// The player's feed of a simulated market. Time may leap here without every second being played:
// the quotes of a leap's end are published, and followers ask for those before (ListQuoteHistory).
#include "player/player_private.h"

#include "clock/exchange_calendar.h"

#include <string.h>

// A clock that runs faster than this is followed a few times a real second, not at every tick.
#define TURNS_PER_SECOND 4

static int64_t next_event(const struct player *player, int64_t at)
{
    int64_t tick = simulation_next_tick(player->options.hours, at);
    int64_t stride = player->clock.speed_micros / TURNS_PER_SECOND;

    return tick > at + stride ? tick : tick + stride / MICROS_PER_SECOND * MICROS_PER_SECOND;
}

// Reads all symbols and begins to simulate them. The lock is not held.
static bool load(struct player *player, struct error *error)
{
    struct simulation_options options = {.seed = player->options.seed,
                                         .hours = player->options.hours};
    struct split *splits = NULL;
    struct simulated_symbol *symbols =
        allocate_array(QUOTE_BOOK_MAX + PLAYER_PAGE_SYMBOLS, sizeof *symbols);
    char after[TICKER_SIZE] = "";
    size_t count = 0, page = 0;
    bool is_loaded;

    do {
        is_loaded = player->options.source.load_symbols(
            player->options.context, after, symbols + count, PLAYER_PAGE_SYMBOLS, &page, error);
        count += is_loaded ? page : 0;
        if (is_loaded && page > 0)
            memcpy(after, symbols[count - 1].ticker, sizeof after);
    } while (is_loaded && page == PLAYER_PAGE_SYMBOLS && count < QUOTE_BOOK_MAX);
    if (is_loaded && player->options.source.copy_splits != NULL)
        options.split_count = player->options.source.copy_splits(player->options.context, &splits);
    options.splits = splits;
    if (is_loaded) {
        simulation_free(&player->simulation);
        player->simulation =
            simulation_new(&options, symbols, count < QUOTE_BOOK_MAX ? count : QUOTE_BOOK_MAX);
    }
    release(symbols);
    release(splits);
    return is_loaded;
}

static void put_minutes(struct player *player, size_t index, const char *ticker)
{
    struct timed_bar present, before;

    simulation_minutes(player->simulation, index, &present, &before);
    bar_builder_put(player->minutes, ticker, &present, &before);
}

// Puts what the last move has changed into the book, and publishes what differs as of `at`.
static void put_changed(struct player *player, int64_t at, bool publishes)
{
    int64_t day = exchange_calendar_day(at);
    size_t collected = 0;

    for (size_t i = 0; i < simulation_count(player->simulation); i++) {
        const struct quote *quote = simulation_quote(player->simulation, i);

        if (quote == NULL || !simulation_has_changed(player->simulation, i))
            continue;
        put_minutes(player, i, quote->ticker);
        quote = quote_book_put_quote(player->book, quote, day);
        if (quote == NULL || !publishes)
            continue;
        player->quotes[collected++] = *quote;
        if (collected < PUBLICATION_QUOTES_MAX)
            continue;
        player_publish(player, player->quotes, collected, at);
        collected = 0;
        // Let those in who want a snapshot or the time.
        (void)pthread_mutex_unlock(&player->lock);
        (void)pthread_mutex_lock(&player->lock);
    }
    if (collected > 0)
        player_publish(player, player->quotes, collected, at);
}

// Loads the symbols and brings them to the present position.
static bool load_present(struct player *player, bool publishes, struct error *error)
{
    int64_t position = player->position; // moved by this thread alone
    bool is_loaded;

    (void)pthread_mutex_unlock(&player->lock);
    is_loaded = load(player, error);
    if (is_loaded)
        simulation_move(player->simulation, position);
    (void)pthread_mutex_lock(&player->lock);
    if (is_loaded)
        put_changed(player, publishes ? player_view(player).now : position, publishes);
    return is_loaded;
}

static bool build(struct player *player, struct error *error)
{
    return load_present(player, false, error);
}

static bool correct(struct player *player, struct error *error)
{
    uint64_t asked = player->refreshes_asked;

    player->refresh_count = 0;
    player->refresh_all = false;
    if (!load_present(player, true, error))
        return false;
    player->refreshes_done = asked;
    return true;
}

static bool play(struct player *player, int64_t until, struct error *error)
{
    (void)error;
    (void)pthread_mutex_unlock(&player->lock);
    simulation_move(player->simulation, until);
    (void)pthread_mutex_lock(&player->lock);
    put_changed(player, until, true);
    player_move(player, until);
    return true;
}

const struct player_feed player_feed_simulation = {
    .next_event = next_event, .build = build, .correct = correct, .play = play};
