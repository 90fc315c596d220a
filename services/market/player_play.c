// SPDX-License-Identifier: MIT
#include "player_private.h"

#include "exchange_calendar.h"

#include <stdio.h>
#include <string.h>

// The last day whose bars are quoted at `at`.
static int64_t last_quoted_day(int64_t at)
{
    int64_t day = exchange_calendar_day(at);

    return replay_due_at(day, PHASE_OPEN) <= at ? day : day - 1;
}

// Of streams' minutes: the one in which the bar is quoted in that phase, and the one before. What
// is published says them itself where they are stored.
static void put_minutes(struct player *player, const struct bar *bar, enum replay_phase phase)
{
    struct timed_bar minutes[PHASE_COUNT];
    const struct timed_bar none = {.at = INT64_MIN};

    if (player->options.stores_minutes)
        return;
    replay_minutes(bar, minutes);
    bar_builder_put(player->minutes, bar->ticker, &minutes[phase],
                    phase > PHASE_OPEN ? &minutes[phase - 1] : &none);
}

// Puts the latest bars of one page into the book; the quotes that differ are collected in
// player->quotes and published whenever that is full, and at the end.
static void put_latest(struct player *player, size_t count, bool publishes)
{
    size_t collected = 0;

    for (size_t i = 0; i < count; i++) {
        const struct latest_bar *latest = &player->latest[i];
        enum replay_phase phase = PHASE_CLOSE;
        const struct quote *quote;

        if (!replay_phase_at(latest->bar.day, player->position, &phase))
            continue;
        put_minutes(player, &latest->bar, phase);
        quote = quote_book_put(player->book, &latest->bar, phase, latest->previous_close_micros,
                               player->options.spread_basis_points);
        if (quote == NULL || !publishes)
            continue;
        player->quotes[collected++] = *quote;
        if (collected == PUBLICATION_QUOTES_MAX) {
            player_publish(player, player->quotes, collected, player_view(player).now);
            collected = 0;
        }
    }
    if (collected > 0)
        player_publish(player, player->quotes, collected, player_view(player).now);
}

// Reads the latest bars page by page. The position does not move meanwhile: only this thread moves
// it.
static bool
read_latest(struct player *player, struct latest_query query, bool publishes, struct error *error)
{
    char after[TICKER_SIZE] = "";
    size_t count = 0;

    query.until_day = last_quoted_day(player->position);
    query.after_ticker = after;
    do {
        bool is_loaded;

        (void)pthread_mutex_unlock(&player->lock);
        is_loaded = player->options.source.load_latest(
            player->options.context, &query, player->latest, PLAYER_PAGE_LATEST, &count, error);
        (void)pthread_mutex_lock(&player->lock);
        if (!is_loaded)
            return false;
        put_latest(player, count, publishes);
        if (count > 0)
            memcpy(after, player->latest[count - 1].bar.ticker, sizeof after);
    } while (count == PLAYER_PAGE_LATEST && !player->is_stopping);
    return true;
}

static bool build(struct player *player, struct error *error)
{
    return read_latest(player, (struct latest_query){0}, false, error);
}

static bool correct(struct player *player, struct error *error)
{
    char tickers[PLAYER_REFRESH_MAX][TICKER_SIZE];
    struct latest_query query = {.tickers = (const char(*)[TICKER_SIZE])tickers};
    uint64_t asked = player->refreshes_asked;

    if (!player->refresh_all)
        query.ticker_count = player->refresh_count;
    if (!player->refresh_all && query.ticker_count == 0) {
        player->refreshes_done = asked;
        return true;
    }
    // What is asked for from here on is another round; on failure everything is asked for again.
    memcpy(tickers, player->refresh, sizeof tickers);
    player->refresh_count = 0;
    player->refresh_all = false;
    if (!read_latest(player, query, true, error)) {
        player->refresh_all = true;
        return false;
    }
    player->refreshes_done = asked;
    return true;
}

// The close before, by the splits since then.
static int64_t previous_close(struct player *player, const struct bar *bar)
{
    const struct quote_book_entry *entry = quote_book_find(player->book, bar->ticker);
    int64_t close = quote_book_previous_close(player->book, bar);

    // Of a bar that is in the book already it has been adjusted.
    if (entry == NULL || entry->day >= bar->day || player->options.source.adjust_close == NULL)
        return close;
    return player->options.source.adjust_close(player->options.context, bar->ticker, entry->day,
                                               bar->day, close);
}

// Publishes one phase of the day that has been collected.
static void play_phase(struct player *player, enum replay_phase phase, int64_t due)
{
    size_t collected = 0;

    for (size_t i = 0; i < player->day_count; i++) {
        const struct bar *bar = &player->day_bars[i];
        const struct quote *quote =
            quote_book_put(player->book, bar, phase, previous_close(player, bar),
                           player->options.spread_basis_points);

        put_minutes(player, bar, phase);
        if (quote != NULL)
            player->quotes[collected++] = *quote;
        if (collected < PUBLICATION_QUOTES_MAX)
            continue;
        player_publish(player, player->quotes, collected, due);
        collected = 0;
        // Let those in who want a snapshot or the time.
        (void)pthread_mutex_unlock(&player->lock);
        (void)pthread_mutex_lock(&player->lock);
    }
    player_move(player, due);
    if (collected > 0)
        player_publish(player, player->quotes, collected, due);
}

// Plays what is due of the collected day, and tells of the end of its session.
static void play_day(struct player *player, int64_t day, int64_t until)
{
    int64_t close_at;

    for (int phase = PHASE_OPEN; phase < PHASE_COUNT; phase++) {
        int64_t due = replay_due_at(day, (enum replay_phase)phase);

        if (due > until || player->is_stopping)
            return;
        if (due > player->position)
            play_phase(player, (enum replay_phase)phase, due);
    }
    if (!exchange_calendar_is_session(day))
        return;
    close_at = exchange_calendar_at(day, exchange_calendar_close_minute(day));
    if (close_at > player->position && close_at <= until) {
        player_move(player, close_at);
        player_publish(player, NULL, 0, close_at);
    }
}

static void collect(struct player *player, const struct bar *bar)
{
    if (player->day_count == player->day_capacity) {
        player->day_capacity = player->day_capacity == 0 ? 256 : player->day_capacity * 2;
        player->day_bars =
            reallocate_array(player->day_bars, player->day_capacity, sizeof *player->day_bars);
    }
    player->day_bars[player->day_count++] = *bar;
}

// Collects the page's bars day by day, and plays each day once a later one shows that it is
// complete.
static void play_page(struct player *player, size_t count, int64_t until)
{
    for (size_t i = 0; i < count && !player->is_stopping; i++) {
        if (player->day_count > 0 && player->day_bars[0].day != player->page[i].day) {
            play_day(player, player->day_bars[0].day, until);
            player->day_count = 0;
        }
        collect(player, &player->page[i]);
    }
}

static bool play(struct player *player, int64_t until, struct error *error)
{
    int64_t after_day = exchange_calendar_day(player->position) - 1;
    int64_t until_day = exchange_calendar_day(until);
    char after_ticker[TICKER_SIZE] = "~"; // after every ticker
    size_t count = 0;

    player->day_count = 0;
    do {
        bool is_loaded;

        (void)pthread_mutex_unlock(&player->lock);
        is_loaded = player->options.source.load_bars(player->options.context, after_day,
                                                     after_ticker, until_day, player->page,
                                                     PLAYER_PAGE_BARS, &count, error);
        (void)pthread_mutex_lock(&player->lock);
        if (!is_loaded)
            return false;
        play_page(player, count, until);
        if (count > 0) {
            after_day = player->page[count - 1].day;
            memcpy(after_ticker, player->page[count - 1].ticker, sizeof after_ticker);
        }
    } while (count == PLAYER_PAGE_BARS && !player->is_stopping);
    if (player->is_stopping)
        return true;
    if (player->day_count > 0)
        play_day(player, player->day_bars[0].day, until);
    player_move(player, until);
    return true;
}

static int64_t next_event(const struct player *player, int64_t at)
{
    (void)player;
    return replay_next_event(at);
}

const struct player_feed player_feed_bars = {
    .next_event = next_event, .build = build, .correct = correct, .play = play};
