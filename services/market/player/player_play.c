// SPDX-License-Identifier: MIT
#include "player/player_private.h"

#include "clock/exchange_calendar.h"

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

static const struct quote *put_one(struct player *player, const struct latest_bar *latest)
{
    enum replay_phase phase = PHASE_CLOSE;

    if (!replay_phase_at(latest->bar.day, player->position, &phase))
        return NULL;
    put_minutes(player, &latest->bar, phase);
    return quote_book_put(player->book, &latest->bar, phase, latest->previous_close_micros,
                          player->options.spread_basis_points);
}

// Puts the latest bars of one page into the book; the quotes that differ are collected in
// player->quotes and published whenever that is full, and at the end.
static void put_latest(struct player *player, size_t count, bool publishes)
{
    size_t collected = 0;

    for (size_t i = 0; i < count; i++) {
        const struct latest_bar *latest = &player->latest[i];
        const struct quote *quote = latest->bar.is_of_minutes
                                        ? player_minutes_put_latest(player, latest)
                                        : put_one(player, latest);

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
    query.until_at = player->position;
    query.after_ticker = after;
    do {
        bool is_loaded;

        (void)pthread_mutex_unlock(&player->lock);
        is_loaded =
            player->options.source.load_latest(player->options.context, &query, player->latest,
                                               PLAYER_PAGE_LATEST, &count, error) &&
            player_minutes_load(player, count, query.until_at, error);
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
    player->day_known = INT64_MIN;
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

int64_t player_previous_close(struct player *player, const struct bar *bar)
{
    const struct quote_book_entry *entry = quote_book_find(player->book, bar->ticker);
    int64_t close = quote_book_previous_close(player->book, bar);

    // Of a bar that is in the book already it has been adjusted.
    if (entry == NULL || entry->day >= bar->day || player->options.source.adjust_close == NULL)
        return close;
    return player->options.source.adjust_close(player->options.context, bar->ticker, entry->day,
                                               bar->day, close);
}

// What is due at one moment of the day being played.
struct moment {
    int64_t due;
    enum replay_phase day_phase, minute_phase; // PHASE_COUNT for nothing of days, or of minutes
};

// Publishes a full page of what has been collected, or, with the moment reached, all that is left.
static void publish_page(struct player *player, size_t *collected, int64_t due)
{
    player_publish(player, player->quotes, *collected, due);
    *collected = 0;
    // Let those in who want a snapshot or the time.
    (void)pthread_mutex_unlock(&player->lock);
    (void)pthread_mutex_lock(&player->lock);
}

static void play_moment(struct player *player, const struct moment *moment)
{
    size_t days = moment->day_phase < PHASE_COUNT ? player->day_count : 0;
    size_t minutes = moment->minute_phase < PHASE_COUNT ? player->minute_count : 0;
    size_t collected = 0;

    for (size_t i = 0; i < days + minutes; i++) {
        const struct quote *quote = NULL;

        if (i >= days) {
            quote = player_minutes_put(player, &player->minute[i - days], moment->minute_phase);
        } else if (!player->day_bars[i].is_of_minutes) {
            const struct bar *bar = &player->day_bars[i];

            quote = quote_book_put(player->book, bar, moment->day_phase,
                                   player_previous_close(player, bar),
                                   player->options.spread_basis_points);
            put_minutes(player, bar, moment->day_phase);
        }
        if (quote != NULL)
            player->quotes[collected++] = *quote;
        if (collected == PUBLICATION_QUOTES_MAX)
            publish_page(player, &collected, moment->due);
    }
    player_move(player, moment->due);
    if (collected > 0)
        player_publish(player, player->quotes, collected, moment->due);
}

// The first moment after `at` at which the collected day, or the minute that has been read, is due.
static struct moment next_moment(const struct player *player, int64_t day, int64_t at)
{
    struct moment moment = {
        .due = INT64_MAX, .day_phase = PHASE_COUNT, .minute_phase = PHASE_COUNT};

    for (int phase = PHASE_OPEN; phase < PHASE_COUNT; phase++) {
        int64_t due = replay_due_at(day, (enum replay_phase)phase);

        if (due > at && due < moment.due)
            moment = (struct moment){due, (enum replay_phase)phase, PHASE_COUNT};
    }
    for (int phase = PHASE_OPEN; player->minute_count > 0 && phase < PHASE_COUNT; phase++) {
        int64_t due = replay_minute_due_at(player->minute[0].at, (enum replay_phase)phase);

        if (due > at && due < moment.due)
            moment = (struct moment){due, PHASE_COUNT, PHASE_COUNT};
        if (due > at && due == moment.due)
            moment.minute_phase = (enum replay_phase)phase;
    }
    return moment;
}

// Whether all of the minute that has been read is over.
static bool is_minute_over(const struct player *player)
{
    return player->minute_count > 0 &&
           replay_minute_due_at(player->minute[0].at, PHASE_CLOSE) <= player->position;
}

static bool has_minutes(const struct player *player)
{
    for (size_t i = 0; i < player->day_count; i++) {
        if (player->day_bars[i].is_of_minutes)
            return true;
    }
    return false;
}

// Plays what is due of the collected day, and tells of the end of its session.
static bool play_day(struct player *player, int64_t day, int64_t until, struct error *error)
{
    int64_t begin = exchange_calendar_at(day, 0), end = exchange_calendar_at(day + 1, 0) - 1;
    struct minute_reader reader = {.is_end = true};
    int64_t close_at;

    player->minute_count = 0;
    if (has_minutes(player) &&
        !player_minutes_first(player, player->position > begin ? player->position : begin,
                              until < end ? until : end, &reader, error))
        return false;
    while (!player->is_stopping) {
        struct moment moment;

        while (is_minute_over(player)) {
            if (!player_minutes_next(player, &reader, error))
                return false;
        }
        moment = next_moment(player, day, player->position);
        if (moment.due > until)
            break;
        play_moment(player, &moment);
    }
    if (!exchange_calendar_is_session(day) || player->is_stopping)
        return true;
    close_at = exchange_calendar_at(day, exchange_calendar_close_minute(day));
    if (close_at > player->position && close_at <= until) {
        player_move(player, close_at);
        player_publish(player, NULL, 0, close_at);
    }
    return true;
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
static bool play_page(struct player *player, size_t count, int64_t until, struct error *error)
{
    for (size_t i = 0; i < count && !player->is_stopping; i++) {
        if (player->day_count > 0 && player->day_bars[0].day != player->page[i].day) {
            if (!play_day(player, player->day_bars[0].day, until, error))
                return false;
            player->day_count = 0;
        }
        collect(player, &player->page[i]);
    }
    return true;
}

// Reads and plays all days until that of `until`, whose bars stay collected.
static bool play_days(struct player *player, int64_t until, struct error *error)
{
    int64_t after_day = exchange_calendar_day(player->position) - 1;
    int64_t until_day = exchange_calendar_day(until);
    char after_ticker[TICKER_SIZE] = "~"; // after every ticker
    size_t count = 0;

    player->day_known = INT64_MIN;
    player->day_count = 0;
    do {
        bool is_loaded;

        (void)pthread_mutex_unlock(&player->lock);
        is_loaded = player->options.source.load_bars(player->options.context, after_day,
                                                     after_ticker, until_day, player->page,
                                                     PLAYER_PAGE_BARS, &count, error);
        (void)pthread_mutex_lock(&player->lock);
        if (!is_loaded || !play_page(player, count, until, error))
            return false;
        if (count > 0) {
            after_day = player->page[count - 1].day;
            memcpy(after_ticker, player->page[count - 1].ticker, sizeof after_ticker);
        }
    } while (count == PLAYER_PAGE_BARS && !player->is_stopping);
    if (player->is_stopping)
        return true;
    if (player->day_count > 0 && !play_day(player, player->day_bars[0].day, until, error))
        return false;
    if (player->day_count > 0 && player->day_bars[0].day != until_day)
        player->day_count = 0;
    player->day_has_minutes = has_minutes(player);
    player->day_known = until_day;
    return true;
}

static bool play(struct player *player, int64_t until, struct error *error)
{
    int64_t day = exchange_calendar_day(until);
    bool is_known = player->day_known == day && exchange_calendar_day(player->position) == day;

    // Within a day its bars need not be read again: a correction of them is told.
    if (!(is_known ? player->day_count == 0 || play_day(player, day, until, error)
                   : play_days(player, until, error)))
        return false;
    if (!player->is_stopping)
        player_move(player, until);
    return true;
}

// While it is not known whether the day has minutes, it may have some.
static int64_t next_event(const struct player *player, int64_t at)
{
    return player->day_known == exchange_calendar_day(at) && !player->day_has_minutes
               ? replay_next_event(at)
               : replay_next_minute_event(at);
}

const struct player_feed player_feed_bars = {
    .next_event = next_event, .build = build, .correct = correct, .play = play};
