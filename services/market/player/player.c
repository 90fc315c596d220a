// SPDX-License-Identifier: MIT
#include "player/player.h"

#include "clock/exchange_calendar.h"
#include "player/player_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CLOCK_PUBLISHED_EVERY_US (500 * MICROS_PER_MS)
#define PAUSE_AFTER_FAILURE_US (200 * MICROS_PER_MS)

static int64_t least(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static int64_t greatest(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

int64_t player_real_now(const struct player *player)
{
    return clock_now_us(&player->options.real_time);
}

// What the clock would show if every quote could be played in no time. The lock is held.
static int64_t target(const struct player *player)
{
    int64_t now = clock_state_now(&player->clock, player_real_now(player));

    if (player->is_held)
        return greatest(player->position, player->held_at);
    if (player->clock.mode == CLOCK_REPLAY)
        now = least(now, player->clock.shown_until);
    return greatest(player->position, now);
}

// What the clock shows: never a time at which a quote is due that has not been published.
static int64_t shown_now(const struct player *player)
{
    return greatest(player->position, least(target(player), player->next_event - 1));
}

struct clock_view player_view(const struct player *player)
{
    return (struct clock_view){
        .mode = player->clock.mode,
        .now = shown_now(player),
        .as_of = player_real_now(player),
        .speed_micros = player->is_held || player->is_failing ? 0 : player->clock.speed_micros,
        .hours = player->options.hours,
    };
}

// A quote of a symbol is good until its split at most, and after that once it has been booked.
static void halt(const struct player *player, struct quote *quotes, size_t count)
{
    for (size_t i = 0; player->options.source.halted_from != NULL && i < count; i++)
        quotes[i].valid_until =
            least(quotes[i].valid_until,
                  player->options.source.halted_from(player->options.context, quotes[i].ticker));
}

// Publishes quotes that began to hold at platform time `at`. Their clock stands: the running one
// follows when all that is due has been played. The lock is held.
void player_publish(struct player *player, struct quote *quotes, size_t count, int64_t at)
{
    const struct clock_view view = {.mode = player->clock.mode,
                                    .now = at,
                                    .as_of = player_real_now(player),
                                    .hours = player->options.hours};

    for (size_t i = 0; player->options.stores_minutes && i < count; i++)
        bar_builder_add(player->minutes, &quotes[i], at);
    halt(player, quotes, count);
    market_message_publication(quotes, count, &view, player->buffer);
    player->options.source.publish(player->options.context, strbuf_text(player->buffer));
}

static void publish_clock(struct player *player)
{
    const struct clock_view view = player_view(player);

    market_message_publication(NULL, 0, &view, player->buffer);
    player->options.source.publish(player->options.context, strbuf_text(player->buffer));
    player->clock_published_us = clock_monotonic_us();
}

void player_move(struct player *player, int64_t position)
{
    player->position = greatest(player->position, position);
    player->next_event = player->feed->next_event(player, player->position);
    (void)pthread_cond_broadcast(&player->changed);
}

// Waits at most until that monotonic time. The lock is held.
static int wait_until(struct player *player, int64_t monotonic_us)
{
    struct timespec until = {.tv_sec = (time_t)(monotonic_us / MICROS_PER_SECOND),
                             .tv_nsec = (long)(monotonic_us % MICROS_PER_SECOND) * 1000};

    return pthread_cond_timedwait(&player->changed, &player->lock, &until);
}

static bool load_clock(struct player *player, struct error *error)
{
    struct clock_state state = {0};
    bool is_first = !player->is_ready;
    bool is_loaded;

    (void)pthread_mutex_unlock(&player->lock);
    is_loaded = player->options.source.load_clock(player->options.context, &state, error);
    (void)pthread_mutex_lock(&player->lock);
    if (!is_loaded)
        return false;
    if (player->is_held)
        return true; // whoever holds it says what the clock is from now on
    player->clock = is_first ? clock_state_resume(&state, player_real_now(player)) : state;
    player->must_reload = false;
    if (is_first)
        player_move(player, player->clock.base_at);
    return true;
}

static bool allow_time(struct player *player, struct error *error)
{
    struct clock_state state = player->clock;
    int64_t real_now = player_real_now(player);
    bool is_same = false;
    bool is_saved;

    if (player->is_held || !clock_state_needs_more(&player->clock, real_now, &state.shown_until))
        return true;
    // From here on it runs from where it is now, not from where it would be if it had never stood
    // still: while the database was away, or while playing took longer than it should.
    state.base_at = greatest(player->clock.base_at, shown_now(player));
    state.as_of = real_now;
    (void)pthread_mutex_unlock(&player->lock);
    is_saved = player->options.source.allow_time(player->options.context, &state, &is_same, error);
    (void)pthread_mutex_lock(&player->lock);
    if (!is_saved || player->clock.version != state.version)
        return is_saved;
    if (is_same)
        player->clock = state;
    else
        player->must_reload = !player->is_held;
    return true;
}

static bool load_splits(struct player *player, struct error *error)
{
    bool is_loaded = true;

    (void)pthread_mutex_unlock(&player->lock);
    if (player->options.source.load_splits != NULL)
        is_loaded = player->options.source.load_splits(player->options.context, error);
    (void)pthread_mutex_lock(&player->lock);
    return is_loaded;
}

static void tell_all(struct player *player)
{
    char after[TICKER_SIZE] = "";
    const struct quote_book_entry *entries;
    size_t left;

    while ((left = quote_book_after(player->book, after, &entries)) > 0) {
        size_t count = left < PUBLICATION_QUOTES_MAX ? left : PUBLICATION_QUOTES_MAX;

        for (size_t i = 0; i < count; i++)
            player->quotes[i] = entries[i].quote;
        memcpy(after, entries[count - 1].quote.ticker, sizeof after);
        player_publish(player, player->quotes, count, player_view(player).now);
    }
}

// Publishes what has been asked for, by the splits as they are now.
static bool tell(struct player *player, struct error *error)
{
    uint64_t asked = player->tells_asked;

    if (!load_splits(player, error))
        return false;
    for (size_t i = 0; i < player->tell_count; i++) {
        const struct quote_book_entry *entry = quote_book_find(player->book, player->tell[i]);

        if (entry != NULL) {
            player->quotes[0] = entry->quote;
            player_publish(player, player->quotes, 1, player_view(player).now);
        }
    }
    if (player->tell_all)
        tell_all(player);
    player->tell_count = 0;
    player->tell_all = false;
    player->tells_done = asked;
    return true;
}

// Does what is due. The lock is held at the beginning and at the end, and not while the source is
// asked. False when the source failed.
static bool work(struct player *player, struct error *error)
{
    int64_t until;
    bool is_played;

    if ((!player->is_ready || player->must_reload) && !load_clock(player, error))
        return false;
    if (!player->is_ready) {
        if (!load_splits(player, error) || !player->feed->build(player, error))
            return false;
        player->is_ready = true;
        publish_clock(player);
    }
    if (player->refreshes_done < player->refreshes_asked && !player->feed->correct(player, error))
        return false;
    if (player->tells_done < player->tells_asked && !tell(player, error))
        return false;
    if (!allow_time(player, error))
        return false;
    until = target(player);
    if (until < player->next_event) {
        player_move(player, until);
        return true;
    }
    player->is_playing = true;
    is_played = player->feed->play(player, until, error);
    player->is_playing = false;
    (void)pthread_cond_broadcast(&player->changed);
    if (is_played)
        publish_clock(player);
    return is_played;
}

// The monotonic time at which there is something to do again.
static int64_t next_turn(const struct player *player)
{
    int64_t turn = player->clock_published_us + CLOCK_PUBLISHED_EVERY_US;
    int64_t due = clock_state_due(&player->clock, player->next_event);
    int64_t real_now = player_real_now(player);

    if (player->is_held || due > real_now + CLOCK_PUBLISHED_EVERY_US)
        return turn;
    return least(turn, clock_monotonic_us() + greatest(due - real_now, 0));
}

static void note(struct player *player, bool is_failing, const struct error *error)
{
    if (is_failing != player->is_failing)
        player->options.source.failed(player->options.context, is_failing ? error->message : "");
    player->is_failing = is_failing;
}

static bool has_work(const struct player *player)
{
    return player->must_reload || player->refreshes_done < player->refreshes_asked ||
           player->tells_done < player->tells_asked || target(player) >= player->next_event;
}

static void *run(void *argument)
{
    struct player *player = argument;
    struct error error;

    (void)pthread_mutex_lock(&player->lock);
    while (!player->is_stopping) {
        bool is_done = work(player, &error);

        note(player, !is_done, &error);
        if (player->is_ready &&
            clock_monotonic_us() >= player->clock_published_us + CLOCK_PUBLISHED_EVERY_US)
            publish_clock(player);
        (void)pthread_cond_broadcast(&player->changed);
        if (player->is_stopping)
            break;
        if (!is_done)
            (void)wait_until(player, clock_monotonic_us() + PAUSE_AFTER_FAILURE_US);
        else if (!has_work(player))
            (void)wait_until(player, next_turn(player));
    }
    (void)pthread_mutex_unlock(&player->lock);
    return NULL;
}

bool player_new(const struct player_options *options,
                struct player **out_player,
                struct error *error)
{
    struct player *player = allocate(sizeof *player);
    pthread_condattr_t monotonic;

    player->options = *options;
    player->feed = options->is_live        ? &player_feed_live
                   : options->is_simulated ? &player_feed_simulation
                                           : &player_feed_bars;
    player->book = quote_book_new();
    player->minutes = bar_builder_new();
    player->buffer = strbuf_new(PUBLICATION_BYTES_MAX);
    player->page = allocate_array(PLAYER_PAGE_BARS, sizeof *player->page);
    player->latest = allocate_array(PLAYER_PAGE_LATEST, sizeof *player->latest);
    player->so_far = allocate_array(PLAYER_PAGE_LATEST, sizeof *player->so_far);
    player->minute_page = allocate_array(PLAYER_PAGE_BARS, sizeof *player->minute_page);
    player->day_known = INT64_MIN;
    (void)pthread_mutex_init(&player->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&player->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&player->thread, NULL, run, player) == 0) {
        player->has_thread = true;
        *out_player = player;
        return true;
    }
    player_free(&player);
    return error_set(error, REASON_INTERNAL, "no thread can be started");
}

void player_free(struct player **player)
{
    struct player *old = *player;

    if (old == NULL)
        return;
    (void)pthread_mutex_lock(&old->lock);
    old->is_stopping = true;
    (void)pthread_cond_broadcast(&old->changed);
    (void)pthread_mutex_unlock(&old->lock);
    if (old->has_thread)
        (void)pthread_join(old->thread, NULL);
    (void)pthread_cond_destroy(&old->changed);
    (void)pthread_mutex_destroy(&old->lock);
    simulation_free(&old->simulation);
    quote_book_free(&old->book);
    bar_builder_free(&old->minutes);
    strbuf_free(&old->buffer);
    release(old->page);
    release(old->latest);
    release(old->so_far);
    release(old->minute_page);
    release(old->minute);
    release(old->day_bars);
    release(old);
    *player = NULL;
}

bool player_is_ready(struct player *player)
{
    bool is_ready;

    (void)pthread_mutex_lock(&player->lock);
    is_ready = player->is_ready;
    (void)pthread_mutex_unlock(&player->lock);
    return is_ready;
}

static bool check_ready(const struct player *player, struct error *error)
{
    return player->is_ready ||
           error_set(error, REASON_UNAVAILABLE, "the prices have not been read yet");
}

bool player_find(struct player *player, const char *ticker, struct quote *out_quote)
{
    const struct quote_book_entry *entry;

    (void)pthread_mutex_lock(&player->lock);
    entry = quote_book_find(player->book, ticker);
    if (entry != NULL)
        *out_quote = entry->quote;
    (void)pthread_mutex_unlock(&player->lock);
    return entry != NULL;
}

bool player_clock(struct player *player, struct clock_view *out_view, struct error *error)
{
    bool is_ready;

    (void)pthread_mutex_lock(&player->lock);
    is_ready = check_ready(player, error);
    if (is_ready)
        *out_view = player_view(player);
    (void)pthread_mutex_unlock(&player->lock);
    return is_ready;
}

bool player_snapshot(struct player *player,
                     struct arena *arena,
                     const char *after_ticker,
                     size_t max,
                     struct player_page *out_page,
                     struct error *error)
{
    struct quote *quotes = arena_allocate(arena, max * sizeof *quotes);
    const struct quote_book_entry *entries;
    size_t there;
    bool is_ready;

    if (quotes == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the page does not fit");
    (void)pthread_mutex_lock(&player->lock);
    is_ready = check_ready(player, error);
    if (is_ready) {
        there = quote_book_after(player->book, after_ticker, &entries);
        *out_page = (struct player_page){.quotes = quotes,
                                         .count = there < max ? there : max,
                                         .more = there > max,
                                         .clock = player_view(player)};
        for (size_t i = 0; i < out_page->count; i++)
            quotes[i] = entries[i].quote;
        halt(player, quotes, out_page->count);
        player->options.source.position(player->options.context, &out_page->epoch,
                                        &out_page->sequence);
    }
    (void)pthread_mutex_unlock(&player->lock);
    return is_ready;
}

bool player_find_minutes(struct player *player,
                         const char *ticker,
                         struct timed_bar *out_present,
                         struct timed_bar *out_before)
{
    bool is_found;

    (void)pthread_mutex_lock(&player->lock);
    is_found = bar_builder_find(player->minutes, ticker, out_present, out_before) &&
               out_present->at != INT64_MIN;
    (void)pthread_mutex_unlock(&player->lock);
    return is_found;
}

size_t player_list_minutes(struct player *player,
                           const char *ticker,
                           struct timed_bar out_minutes[PLAYER_MINUTES_MAX])
{
    size_t count;

    (void)pthread_mutex_lock(&player->lock);
    count = bar_builder_list(player->minutes, ticker, out_minutes, PLAYER_MINUTES_MAX);
    (void)pthread_mutex_unlock(&player->lock);
    return count;
}

// Not every provider of live prices says how the day began and how far it went.
static int64_t known(int64_t micros, int64_t price_micros)
{
    return micros > 0 ? micros : price_micros;
}

size_t player_list_day(struct player *player, const char *ticker, struct timed_bar *out_day)
{
    const struct quote_book_entry *entry;
    size_t count = 0;

    (void)pthread_mutex_lock(&player->lock);
    entry = quote_book_find(player->book, ticker);
    if (entry != NULL) {
        const struct quote *quote = &entry->quote;

        *out_day = (struct timed_bar){
            .at = exchange_calendar_at(entry->day, CALENDAR_OPEN_MINUTE),
            .open_micros = known(quote->open_micros, quote->price_micros),
            .high_micros = known(quote->high_micros, quote->price_micros),
            .low_micros = known(quote->low_micros, quote->price_micros),
            .close_micros = quote->price_micros,
            .volume = quote->volume,
        };
        count = 1;
    }
    (void)pthread_mutex_unlock(&player->lock);
    return count;
}

size_t player_ended_minutes(struct player *player,
                            struct minute_bar *out_minutes,
                            size_t max,
                            size_t *out_lost)
{
    size_t count;

    (void)pthread_mutex_lock(&player->lock);
    // A quote of the minute's last second may come a moment after it.
    *out_lost = bar_builder_end(player->minutes, shown_now(player) - MICROS_PER_SECOND);
    count = bar_builder_ended(player->minutes, out_minutes, max);
    (void)pthread_mutex_unlock(&player->lock);
    return count;
}

void player_stored_minutes(struct player *player, size_t count)
{
    (void)pthread_mutex_lock(&player->lock);
    bar_builder_stored(player->minutes, count);
    (void)pthread_mutex_unlock(&player->lock);
}

// The monotonic time of a deadline given in real time.
static int64_t monotonic_of(int64_t deadline_us)
{
    struct clock real = clock_real();

    return clock_monotonic_us() + deadline_us - clock_now_us(&real);
}

bool player_hold(struct player *player,
                 int64_t deadline_us,
                 struct clock_state *out_state,
                 int64_t *out_now,
                 struct error *error)
{
    int64_t until_us = monotonic_of(deadline_us);
    int result = 0;
    bool is_held = false;

    (void)pthread_mutex_lock(&player->lock);
    // A clock that must be read again is not known, so there is nothing to hold yet.
    while ((player->is_held || player->must_reload) && result != ETIMEDOUT)
        result = wait_until(player, until_us);
    if (result != ETIMEDOUT && check_ready(player, error)) {
        player->held_at = greatest(player->clock.base_at, shown_now(player));
        player->is_held = true;
        while (player->is_playing && result != ETIMEDOUT)
            result = wait_until(player, until_us);
        player->held_at = greatest(player->held_at, player->position);
        player->is_held = result != ETIMEDOUT;
        is_held = player->is_held;
        *out_state = player->clock;
        *out_now = player->held_at;
    }
    if (result == ETIMEDOUT)
        (void)error_set(error, REASON_DEADLINE_EXCEEDED, "the clock is still being changed");
    (void)pthread_mutex_unlock(&player->lock);
    return is_held;
}

void player_release(struct player *player,
                    enum player_outcome outcome,
                    const struct clock_state *state)
{
    (void)pthread_mutex_lock(&player->lock);
    player->is_held = false;
    if (outcome == PLAYER_CHANGED)
        player->clock = *state;
    if (outcome == PLAYER_UNKNOWN)
        player->must_reload = true;
    player->clock_published_us = 0; // tell of it at once
    (void)pthread_cond_broadcast(&player->changed);
    (void)pthread_mutex_unlock(&player->lock);
}

bool player_wait(struct player *player, int64_t at, int64_t deadline_us, struct error *error)
{
    int64_t until_us = monotonic_of(deadline_us);
    int result = 0;
    bool is_played;

    (void)pthread_mutex_lock(&player->lock);
    while (player->position < at && result != ETIMEDOUT)
        result = wait_until(player, until_us);
    is_played = player->position >= at;
    (void)pthread_mutex_unlock(&player->lock);
    if (is_played)
        return true;
    (void)error_set(error, REASON_DEADLINE_EXCEEDED,
                    "the clock has been set; the quotes until then are still being played");
    error->outcome_unknown = true;
    return false;
}

void player_refresh(struct player *player,
                    const char (*tickers)[TICKER_SIZE],
                    size_t count,
                    int64_t deadline_us)
{
    int64_t until_us = monotonic_of(deadline_us);
    int result = 0;
    uint64_t number;

    (void)pthread_mutex_lock(&player->lock);
    if (player->refresh_count + count > PLAYER_REFRESH_MAX) {
        player->refresh_all = true;
    } else {
        memcpy(player->refresh + player->refresh_count, tickers, count * TICKER_SIZE);
        player->refresh_count += count;
    }
    number = ++player->refreshes_asked;
    (void)pthread_cond_broadcast(&player->changed);
    while (player->refreshes_done < number && !player->is_stopping && result != ETIMEDOUT)
        result = wait_until(player, until_us);
    (void)pthread_mutex_unlock(&player->lock);
}

void player_tell(struct player *player, const char *ticker, int64_t deadline_us)
{
    int64_t until_us = monotonic_of(deadline_us);
    int result = 0;
    uint64_t number;

    (void)pthread_mutex_lock(&player->lock);
    if (player->tell_count == PLAYER_REFRESH_MAX)
        player->tell_all = true;
    else
        (void)snprintf(player->tell[player->tell_count++], TICKER_SIZE, "%s", ticker);
    number = ++player->tells_asked;
    (void)pthread_cond_broadcast(&player->changed);
    while (player->tells_done < number && !player->is_stopping && result != ETIMEDOUT)
        result = wait_until(player, until_us);
    (void)pthread_mutex_unlock(&player->lock);
}
