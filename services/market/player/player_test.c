// SPDX-License-Identifier: MIT
// The player over bars that the test holds in memory, and a real time that the test moves.
#include "player/player.h"

#include "clock/exchange_calendar.h"

#include "support/wait.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BARS_MAX = 20000, HEARD_MAX = 200000 };

struct heard {
    char ticker[TICKER_SIZE]; // empty: only the clock
    int64_t price_micros;
    int64_t quoted_at;
    int64_t clock_now;
};

struct stage {
    pthread_mutex_t lock; // guards all of it, against the player's thread
    struct clock_state row;
    struct bar bars[BARS_MAX]; // in order of day and ticker
    size_t bar_count;
    int symbol_count; // of a simulated market: "S0000", "S0001" ...
    bool is_away;     // the database
    int failures_told;
    struct heard heard[HEARD_MAX];
    size_t heard_count;
    uint64_t sequence;
    _Atomic int64_t real_now;
    // It is freed before the rest of the stage also when a test has failed: its thread goes on
    // until then, and a failure leaves the test without cleaning up.
    struct player *player;
};

static int64_t at(const char *text)
{
    int64_t us = 0;

    assert_true(timestamp_parse(text_of(text), &us));
    return us;
}

static int64_t day_of(const char *text)
{
    struct date date;

    assert_true(date_parse(text_of(text), &date));
    return date_to_days(date);
}

static bool enter(struct stage *stage, struct error *error)
{
    (void)pthread_mutex_lock(&stage->lock);
    if (!stage->is_away)
        return true;
    (void)pthread_mutex_unlock(&stage->lock);
    return error_set(error, REASON_DATABASE_UNAVAILABLE, "it is away");
}

static bool load_clock(void *context, struct clock_state *out_state, struct error *error)
{
    struct stage *stage = context;

    if (!enter(stage, error))
        return false;
    *out_state = stage->row;
    (void)pthread_mutex_unlock(&stage->lock);
    return true;
}

static bool
allow_time(void *context, const struct clock_state *state, bool *out_is_same, struct error *error)
{
    struct stage *stage = context;

    if (!enter(stage, error))
        return false;
    *out_is_same = stage->row.version == state->version;
    if (*out_is_same)
        stage->row = *state;
    (void)pthread_mutex_unlock(&stage->lock);
    return true;
}

static bool load_bars(void *context,
                      int64_t after_day,
                      const char *after_ticker,
                      int64_t until_day,
                      struct bar *out_bars,
                      size_t max,
                      size_t *out_count,
                      struct error *error)
{
    struct stage *stage = context;

    if (!enter(stage, error))
        return false;
    *out_count = 0;
    for (size_t i = 0; i < stage->bar_count && *out_count < max; i++) {
        const struct bar *bar = &stage->bars[i];

        if (bar->day <= until_day &&
            (bar->day > after_day ||
             (bar->day == after_day && strcmp(bar->ticker, after_ticker) > 0)))
            out_bars[(*out_count)++] = *bar;
    }
    (void)pthread_mutex_unlock(&stage->lock);
    return true;
}

static void keep_latest(struct latest_bar *bars, size_t *count, const struct bar *bar)
{
    size_t i = 0;

    while (i < *count && strcmp(bars[i].bar.ticker, bar->ticker) != 0)
        i++;
    bars[i].previous_close_micros = i < *count ? bars[i].bar.close_micros : 0;
    bars[i].bar = *bar;
    *count += i == *count;
}

static bool load_latest(void *context,
                        const struct latest_query *query,
                        struct latest_bar *out_bars,
                        size_t max,
                        size_t *out_count,
                        struct error *error)
{
    struct stage *stage = context;

    (void)max;
    if (!enter(stage, error))
        return false;
    *out_count = 0;
    for (size_t i = 0; i < stage->bar_count; i++) {
        if (stage->bars[i].day <= query->until_day)
            keep_latest(out_bars, out_count, &stage->bars[i]);
    }
    (void)pthread_mutex_unlock(&stage->lock);
    return true;
}

static bool load_symbols(void *context,
                         const char *after_ticker,
                         struct simulated_symbol *out_symbols,
                         size_t max,
                         size_t *out_count,
                         struct error *error)
{
    struct stage *stage = context;

    if (!enter(stage, error))
        return false;
    *out_count = 0;
    for (int i = 0; i < stage->symbol_count && *out_count < max; i++) {
        struct simulated_symbol symbol = {.price_micros = 100000000,
                                          .volatility_basis_points = 3000};

        (void)snprintf(symbol.ticker, sizeof symbol.ticker, "S%04u", (unsigned)i % 10000);
        if (strcmp(symbol.ticker, after_ticker) > 0)
            out_symbols[(*out_count)++] = symbol;
    }
    (void)pthread_mutex_unlock(&stage->lock);
    return true;
}

static void publish(void *context, struct text body)
{
    struct stage *stage = context;
    Market__QuotePublication *publication =
        market__quote_publication__unpack(NULL, body.length, (const uint8_t *)body.data);

    assert_true(publication->n_quotes <= PUBLICATION_QUOTES_MAX);
    (void)pthread_mutex_lock(&stage->lock);
    stage->sequence++;
    for (size_t i = 0; i < publication->n_quotes || i == 0; i++) {
        struct heard *heard = &stage->heard[stage->heard_count++ % HEARD_MAX];

        *heard = (struct heard){.clock_now = publication->clock->now};
        if (i == publication->n_quotes)
            break;
        heard->price_micros = publication->quotes[i]->price_micros;
        heard->quoted_at = publication->quotes[i]->quoted_at;
        (void)snprintf(heard->ticker, sizeof heard->ticker, "%s", publication->quotes[i]->ticker);
    }
    (void)pthread_mutex_unlock(&stage->lock);
    market__quote_publication__free_unpacked(publication, NULL);
}

static void position(void *context, uint64_t *out_epoch, uint64_t *out_sequence)
{
    struct stage *stage = context;

    (void)pthread_mutex_lock(&stage->lock);
    *out_epoch = 1;
    *out_sequence = stage->sequence;
    (void)pthread_mutex_unlock(&stage->lock);
}

static void failed(void *context, const char *message)
{
    struct stage *stage = context;

    (void)pthread_mutex_lock(&stage->lock);
    stage->failures_told += message[0] != '\0';
    (void)pthread_mutex_unlock(&stage->lock);
}

static int64_t stage_real_now(void *context)
{
    return atomic_load(&((struct stage *)context)->real_now);
}

static struct player *play(struct stage *stage, bool is_simulated)
{
    const struct player_options options = {
        .source = {.load_clock = load_clock,
                   .allow_time = allow_time,
                   .load_bars = load_bars,
                   .load_latest = load_latest,
                   .load_symbols = load_symbols,
                   .publish = publish,
                   .position = position,
                   .failed = failed},
        .context = stage,
        .real_time = {.now_us = stage_real_now, .context = stage},
        .is_simulated = is_simulated,
        .seed = 1,
        .hours = is_simulated ? HOURS_AROUND_THE_CLOCK : HOURS_NEW_YORK,
    };
    struct error error;

    assert_true(player_new(&options, &stage->player, &error));
    return stage->player;
}

static struct player *play_on(struct stage *stage)
{
    return play(stage, false);
}

// Later than any machine takes. None of these tests is about how long the player may take, so what
// never comes is left to ctest to end.
enum { PATIENCE_MS = 3600 * 1000 };

static int64_t deadline(void)
{
    struct clock real = clock_real();

    return clock_now_us(&real) + PATIENCE_MS * MICROS_PER_MS;
}

static void wait_ready(struct player *player)
{
    assert_true_within(PATIENCE_MS, player_is_ready(player));
}

// Changes the clock as the service does: held, the row written, released, waited for.
static void set_clock(struct stage *stage, struct player *player, struct clock_change change)
{
    struct clock_state state, next;
    struct error error;
    int64_t now = 0;

    assert_true(player_hold(player, deadline(), &state, &now, &error));
    assert_true(clock_state_change(&state, &change, now, stage_real_now(stage), &next, &error));
    (void)pthread_mutex_lock(&stage->lock);
    stage->row = next;
    (void)pthread_mutex_unlock(&stage->lock);
    player_release(player, PLAYER_CHANGED, &next);
    assert_true(player_wait(player, next.base_at, deadline(), &error));
}

static void step_to(struct stage *stage, struct player *player, const char *time)
{
    set_clock(stage, player,
              (struct clock_change){.mode = CLOCK_STEP, .has_at = true, .at = at(time)});
}

static void add_bar(struct stage *stage, const char *ticker, int64_t day, int64_t price)
{
    struct bar bar = {.day = day,
                      .open_micros = price,
                      .high_micros = price + 20,
                      .low_micros = price - 10,
                      .close_micros = price + 5,
                      .volume = 400};

    (void)snprintf(bar.ticker, sizeof bar.ticker, "%s", ticker);
    (void)pthread_mutex_lock(&stage->lock);
    stage->bars[stage->bar_count++] = bar;
    (void)pthread_mutex_unlock(&stage->lock);
}

static int set_up(void **state)
{
    struct stage *stage = allocate(sizeof *stage);

    (void)pthread_mutex_init(&stage->lock, NULL);
    stage->row = (struct clock_state){.mode = CLOCK_STEP, .base_at = CALENDAR_START_AT};
    atomic_store(&stage->real_now, at("2026-11-22T00:00:00Z"));
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;

    player_free(&stage->player);
    (void)pthread_mutex_destroy(&stage->lock);
    release(stage);
    return 0;
}

static int64_t price_of(struct player *player, const char *ticker)
{
    OWNED(arena) arena = arena_new(1024 * 1024);
    struct player_page page;
    struct error error;

    assert_true(player_snapshot(player, arena, "", 100, &page, &error));
    for (size_t i = 0; i < page.count; i++) {
        if (strcmp(page.quotes[i].ticker, ticker) == 0)
            return page.quotes[i].price_micros;
    }
    return 0;
}

static int64_t now_of(struct player *player)
{
    struct clock_view view;
    struct error error;

    assert_true(player_clock(player, &view, &error));
    return view.now;
}

static size_t count_heard(struct stage *stage)
{
    size_t count = 0;

    (void)pthread_mutex_lock(&stage->lock);
    for (size_t i = 0; i < stage->heard_count; i++)
        count += stage->heard[i].ticker[0] != '\0';
    (void)pthread_mutex_unlock(&stage->lock);
    return count;
}

static void a_step_plays_every_quote_in_order_before_it_ends(void **state)
{
    struct stage *stage = *state;
    struct player *player = play_on(stage);
    static const int64_t prices[] = {100, 200, 90, 190, 120, 220, 105, 205, 110, 210};
    size_t found = 0;
    int64_t last = 0;

    add_bar(stage, "AAPL", day_of("2014-06-02"), 100);
    add_bar(stage, "IBM", day_of("2014-06-02"), 200);
    add_bar(stage, "AAPL", day_of("2014-06-03"), 110);
    add_bar(stage, "IBM", day_of("2014-06-03"), 210);
    wait_ready(player);
    step_to(stage, player, "2014-06-03T14:00:00Z");
    (void)pthread_mutex_lock(&stage->lock);
    for (size_t i = 0; i < stage->heard_count; i++) {
        assert_true(stage->heard[i].clock_now >= last);
        last = stage->heard[i].clock_now;
        if (stage->heard[i].ticker[0] == '\0')
            continue;
        assert_int_equal(stage->heard[i].price_micros, prices[found++]);
        assert_int_equal(stage->heard[i].quoted_at, stage->heard[i].clock_now);
    }
    (void)pthread_mutex_unlock(&stage->lock);
    assert_int_equal(found, COUNT_OF(prices));
    assert_int_equal(price_of(player, "AAPL"), 110);
    assert_int_equal(now_of(player), at("2014-06-03T14:00:00Z"));
}

static void steps_small_and_large_publish_the_same_quotes(void **state)
{
    struct stage *stage = *state;
    struct player *player = play_on(stage);
    size_t after_one_step;

    for (int64_t day = day_of("2014-06-02"); day <= day_of("2014-06-06"); day++) {
        add_bar(stage, "AAPL", day, 100 + day);
        add_bar(stage, "IBM", day, 200 + day);
    }
    wait_ready(player);
    for (int64_t day = day_of("2014-06-01"); day <= day_of("2014-06-07"); day++) {
        for (int hour = 0; hour < 24; hour++) {
            struct clock_change change = {.mode = CLOCK_STEP, .has_at = true};

            change.at = (day * 24 + hour) * 3600 * MICROS_PER_SECOND;
            set_clock(stage, player, change);
        }
    }
    after_one_step = count_heard(stage);
    assert_int_equal(after_one_step, 5 * 2 * PHASE_COUNT);
}

static void the_end_of_the_session_is_told_though_no_quote_comes_with_it(void **state)
{
    struct stage *stage = *state;
    struct player *player = play_on(stage);
    bool was_told = false;

    add_bar(stage, "AAPL", day_of("2014-06-02"), 100);
    wait_ready(player);
    step_to(stage, player, "2014-06-02T23:00:00Z");
    (void)pthread_mutex_lock(&stage->lock);
    for (size_t i = 0; i < stage->heard_count; i++)
        was_told |= stage->heard[i].clock_now == at("2014-06-02T20:00:00Z");
    (void)pthread_mutex_unlock(&stage->lock);
    assert_true(was_told);
}

static void a_restart_has_the_quotes_of_the_present(void **state)
{
    struct stage *stage = *state;
    struct player *player = NULL;

    add_bar(stage, "AAPL", day_of("2014-05-30"), 100);
    add_bar(stage, "IBM", day_of("2014-05-30"), 200);
    add_bar(stage, "AAPL", day_of("2014-06-02"), 110);
    stage->row.base_at = at("2014-06-02T16:00:00Z");
    player = play_on(stage);
    wait_ready(player);
    assert_int_equal(price_of(player, "AAPL"), 100); // the low of 110
    assert_int_equal(price_of(player, "IBM"), 205);  // the close of the day before
    assert_int_equal(count_heard(stage), 0);
}

static void an_import_corrects_the_present_quotes_at_once(void **state)
{
    struct stage *stage = *state;
    struct player *player = play_on(stage);
    static const char tickers[1][TICKER_SIZE] = {"AAPL"};

    add_bar(stage, "AAPL", day_of("2014-06-02"), 100);
    wait_ready(player);
    step_to(stage, player, "2014-06-02T23:00:00Z");
    assert_int_equal(price_of(player, "AAPL"), 105);
    (void)pthread_mutex_lock(&stage->lock);
    stage->bars[0].close_micros = 107;
    (void)pthread_mutex_unlock(&stage->lock);
    player_refresh(player, tickers, 1, deadline());
    assert_int_equal(price_of(player, "AAPL"), 107);
    assert_int_equal(count_heard(stage), 5);
    player_refresh(player, tickers, 1, deadline());
    assert_int_equal(count_heard(stage), 5);
}

static void a_replay_plays_as_real_time_goes_on(void **state)
{
    struct stage *stage = *state;
    struct player *player = play_on(stage);

    add_bar(stage, "AAPL", day_of("2014-06-02"), 100);
    wait_ready(player);
    set_clock(stage, player,
              (struct clock_change){.mode = CLOCK_REPLAY,
                                    .has_at = true,
                                    .at = at("2014-06-02T13:29:00Z"),
                                    .has_speed = true,
                                    .speed_micros = 60000000});
    assert_int_equal(price_of(player, "AAPL"), 0);
    atomic_fetch_add(&stage->real_now, 999999);
    // It must not have moved after a moment in which it would have.
    (void)wait_a_moment(INT64_MAX);
    assert_int_equal(price_of(player, "AAPL"), 0);
    atomic_fetch_add(&stage->real_now, 1);
    assert_true_within(PATIENCE_MS, price_of(player, "AAPL") == 100);
    assert_int_equal(now_of(player), at("2014-06-02T13:30:00Z"));
}

static void without_its_database_a_replay_stands_still_and_then_goes_on(void **state)
{
    struct stage *stage = *state;
    struct player *player = play_on(stage);
    struct clock_view view;
    struct error error;

    add_bar(stage, "AAPL", day_of("2014-06-02"), 100);
    wait_ready(player);
    set_clock(stage, player,
              (struct clock_change){.mode = CLOCK_REPLAY,
                                    .has_at = true,
                                    .at = at("2014-06-02T13:29:00Z"),
                                    .has_speed = true,
                                    .speed_micros = 60000000});
    (void)pthread_mutex_lock(&stage->lock);
    stage->is_away = true;
    (void)pthread_mutex_unlock(&stage->lock);
    atomic_fetch_add(&stage->real_now, 600 * MICROS_PER_SECOND);
    assert_true_within(PATIENCE_MS, player_clock(player, &view, &error) && view.speed_micros == 0);
    assert_true(view.now < at("2014-06-02T13:30:00Z"));
    (void)pthread_mutex_lock(&stage->lock);
    stage->is_away = false;
    (void)pthread_mutex_unlock(&stage->lock);
    assert_true_within(PATIENCE_MS, player_clock(player, &view, &error) && view.speed_micros != 0);
    // The ten minutes of real time, ten hours of the replay, are not leapt over.
    assert_true(view.now <= at("2014-06-02T13:30:00Z"));
    assert_int_equal(stage->failures_told, 1);
}

static void when_it_is_not_known_whether_the_clock_was_changed_its_row_decides(void **state)
{
    struct stage *stage = *state;
    struct player *player = play_on(stage);
    struct clock_state held;
    struct error error;
    int64_t now = 0;

    wait_ready(player);
    assert_true(player_hold(player, deadline(), &held, &now, &error));
    (void)pthread_mutex_lock(&stage->lock);
    stage->row.base_at = at("2014-06-02T13:29:00Z");
    stage->row.version++;
    (void)pthread_mutex_unlock(&stage->lock);
    player_release(player, PLAYER_UNKNOWN, NULL);
    assert_true(player_wait(player, at("2014-06-02T13:29:00Z"), deadline(), &error));
    assert_int_equal(now_of(player), at("2014-06-02T13:29:00Z"));
}

// Of the processor, which does not count what others take.
static int64_t worked_ms(void)
{
    struct timespec worked;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &worked), 0);
    return worked.tv_sec * 1000 + worked.tv_nsec / 1000000;
}

static void a_year_of_seventy_symbols_is_stepped_over_in_a_few_seconds(void **state)
{
    struct stage *stage = *state;
    struct player *player = play_on(stage);
    int64_t took_ms;

    for (int64_t day = day_of("2014-01-01"); day <= day_of("2014-12-31"); day++) {
        for (int i = 0; i < 70 && exchange_calendar_is_session(day); i++) {
            char ticker[TICKER_SIZE];

            (void)snprintf(ticker, sizeof ticker, "T%02d", i);
            add_bar(stage, ticker, day, 1000 + day % 100);
        }
    }
    wait_ready(player);
    took_ms = worked_ms();
    step_to(stage, player, "2015-01-01T00:00:00Z");
    took_ms = worked_ms() - took_ms;
    print_message("stepped over %zu quotes in %lld ms\n", count_heard(stage), (long long)took_ms);
    assert_true(took_ms < 20 * 1000);
    assert_int_equal(count_heard(stage), 252 * 70 * PHASE_COUNT);
}

static void a_simulated_market_publishes_what_each_second_changes(void **state)
{
    struct stage *stage = *state;
    struct player *player = NULL;
    size_t before;

    stage->symbol_count = 1200;
    player = play(stage, true);
    wait_ready(player);
    step_to(stage, player, "1990-03-02T12:00:00Z");
    before = count_heard(stage);
    step_to(stage, player, "1990-03-02T12:00:00.9Z");
    assert_int_equal(count_heard(stage), before);
    step_to(stage, player, "1990-03-02T12:00:01Z");
    assert_int_equal(count_heard(stage), before + 1200);
    assert_int_equal(stage->heard[stage->heard_count - 2].quoted_at, at("1990-03-02T12:00:01Z"));
    // However far time leaps, the quotes of its end are told once.
    step_to(stage, player, "1990-03-05T12:00:01Z");
    assert_int_equal(count_heard(stage), before + 2400);
}

static void a_simulated_market_is_the_same_after_a_restart_and_moves_in_real_time(void **state)
{
    struct stage *stage = *state;
    struct player *player = NULL;
    int64_t price;

    stage->symbol_count = 3;
    stage->row = (struct clock_state){.mode = CLOCK_REAL,
                                      .base_at = at("2026-11-22T00:00:00Z"),
                                      .as_of = at("2026-11-22T00:00:00Z"),
                                      .speed_micros = CLOCK_SPEED_ONE};
    player = play(stage, true);
    wait_ready(player);
    price = price_of(player, "S0001");
    for (int seconds = 0; price_of(player, "S0001") == price; seconds++) {
        int64_t second = atomic_fetch_add(&stage->real_now, MICROS_PER_SECOND) + MICROS_PER_SECOND;

        assert_true_within(PATIENCE_MS, now_of(player) >= second);
        assert_true(seconds < 100);
    }
    price = price_of(player, "S0001");
    player_free(&stage->player);
    player = play(stage, true);
    wait_ready(player);
    assert_int_equal(price_of(player, "S0001"), price);
}

static void a_simulated_market_waits_for_its_symbols(void **state)
{
    struct stage *stage = *state;
    struct player *player = NULL;
    struct clock_view view;
    struct error error;

    stage->symbol_count = 1;
    stage->row.base_at = at("2026-03-02T12:00:00Z");
    stage->is_away = true;
    player = play(stage, true);
    assert_false(player_clock(player, &view, &error));
    (void)pthread_mutex_lock(&stage->lock);
    stage->is_away = false;
    (void)pthread_mutex_unlock(&stage->lock);
    wait_ready(player);
    assert_true(price_of(player, "S0000") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_step_plays_every_quote_in_order_before_it_ends, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(steps_small_and_large_publish_the_same_quotes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            the_end_of_the_session_is_told_though_no_quote_comes_with_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_restart_has_the_quotes_of_the_present, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_import_corrects_the_present_quotes_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_replay_plays_as_real_time_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_its_database_a_replay_stands_still_and_then_goes_on,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            when_it_is_not_known_whether_the_clock_was_changed_its_row_decides, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_year_of_seventy_symbols_is_stepped_over_in_a_few_seconds,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_simulated_market_publishes_what_each_second_changes,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_simulated_market_is_the_same_after_a_restart_and_moves_in_real_time, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(a_simulated_market_waits_for_its_symbols, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
