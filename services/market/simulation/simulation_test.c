// SPDX-License-Identifier: MIT
#include "simulation/simulation.h"

#include "base/digest.h"
#include "base/strbuf.h"
#include "clock/exchange_calendar.h"
#include "simulation/simulation_math.h"
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DOLLAR INT64_C(1000000)
// Ticker, time, price, bid, ask, open, high, low, previous close, volume; then the SHA-256 of the
// ten minutes that follow.
#define GOLDEN_DAY                                                                                 \
    "ACME 2026-03-09T17:23:45Z 173350000 173350000 173360000 173770000 175790000 172770000 "       \
    "172990000 1474542\n"                                                                          \
    "BOLT 2026-03-09T17:23:45Z 60110000 60110000 60120000 62640000 63540000 59870000 61560000 "    \
    "3125437\n"                                                                                    \
    "COAL 2026-03-09T17:23:45Z 101990000 101990000 102000000 102770000 102780000 101860000 "       \
    "102360000 12496854\n"                                                                         \
    "DUST 2026-03-09T17:23:45Z 231100 231100 231200 231000 240100 229300 226200 1609798035\n"
#define GOLDEN_CLOCK                                                                               \
    "ACME 2026-03-09T17:23:45Z 152790000 152790000 152800000 153210000 153980000 151590000 "       \
    "153210000 1697689\n"                                                                          \
    "BOLT 2026-03-09T17:23:45Z 39540000 39540000 39550000 41270000 41510000 39390000 41270000 "    \
    "3598418\n"                                                                                    \
    "COAL 2026-03-09T17:23:45Z 85130000 85130000 85140000 85340000 85540000 84920000 85340000 "    \
    "14388035\n"                                                                                   \
    "DUST 2026-03-09T17:23:45Z 203800 203800 203900 210400 213800 201600 210400 1853412938\n"
#define GOLDEN_HASH "d352a5d5d73df439af29904cffe2433e7cf5f4d29954d00fe37abccfd6ae8628"

enum { ACME, BOLT, COAL, DUST, SYMBOLS };

static const struct simulated_symbol symbols[SYMBOLS] = {
    [ACME] = {"ACME", "Technology", 230 * DOLLAR, 2800},
    [BOLT] = {"BOLT", "Technology", 75 * DOLLAR, 6200},
    [COAL] = {"COAL", "Energy", 110 * DOLLAR, 1600},
    [DUST] = {"DUST", "Energy", DOLLAR / 2, 9000},
};

static const struct simulation_options in_new_york = {.seed = 7};
static const struct simulation_options around = {.seed = 7, .hours = HOURS_AROUND_THE_CLOCK};

static int64_t at(const char *text)
{
    int64_t time = 0;

    assert_true(timestamp_parse(text_of(text), &time));
    return time;
}

static struct simulation *simulate(const struct simulation_options *options)
{
    return simulation_new(options, symbols, SYMBOLS);
}

static void print(const struct quote *quote, struct strbuf *out)
{
    char time[TIMESTAMP_SIZE];

    timestamp_print(quote->quoted_at, time);
    strbuf_printf(out, "%s %s %lld %lld %lld %lld %lld %lld %lld %lld\n", quote->ticker, time,
                  (long long)quote->price_micros, (long long)quote->bid_micros,
                  (long long)quote->ask_micros, (long long)quote->open_micros,
                  (long long)quote->high_micros, (long long)quote->low_micros,
                  (long long)quote->previous_close_micros, (long long)quote->volume);
}

static void print_all(const struct simulation *simulation, struct strbuf *out)
{
    strbuf_reset(out);
    for (size_t i = 0; i < SYMBOLS; i++)
        print(simulation_quote(simulation, i), out);
}

// What every machine, compiler and optimization must give, to the last byte.
static void the_quotes_are_those_of_the_golden_file(void **state)
{
    OWNED(simulation) day = simulate(&in_new_york);
    OWNED(simulation) clock = simulate(&around);
    OWNED(strbuf) text = strbuf_new(1024 * 1024);
    char hash[SHA256_HEX_SIZE];

    (void)state;
    digest_start();
    simulation_move(day, at("2026-03-09T17:23:45Z"));
    print_all(day, text);
    assert_string_equal(strbuf_text(text).data, GOLDEN_DAY);
    simulation_move(clock, at("2026-03-09T17:23:45Z"));
    print_all(clock, text);
    assert_string_equal(strbuf_text(text).data, GOLDEN_CLOCK);
    strbuf_reset(text);
    for (int second = 1; second <= 600; second++) {
        simulation_move(clock, at("2026-03-09T17:23:45Z") + second * MICROS_PER_SECOND);
        for (size_t i = 0; i < SYMBOLS; i++)
            print(simulation_quote(clock, i), text);
    }
    digest_sha256_hex(strbuf_text(text), hash);
    assert_string_equal(hash, GOLDEN_HASH);
}

static void a_restart_at_any_moment_gives_the_same_quotes(void **state)
{
    static const char *const starts[] = {"2026-03-06T20:59:30Z", "2026-03-09T13:29:30Z",
                                         "2026-03-09T16:00:30Z", "2026-11-27T17:59:00Z"};
    static const int looked_at[] = {0, 1, 28, 29, 30, 31, 59, 60, 61, 89, 90, 91, 130};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(starts); i++) {
        OWNED(simulation) walked = simulate(&in_new_york);
        OWNED(strbuf) one = strbuf_new(4096);
        OWNED(strbuf) other = strbuf_new(4096);
        int second = 0;

        for (size_t j = 0; j < COUNT_OF(looked_at); j++) {
            OWNED(simulation) leapt = simulate(&in_new_york);

            for (; second <= looked_at[j]; second++)
                simulation_move(walked, at(starts[i]) + second * MICROS_PER_SECOND + 999);
            simulation_move(leapt, at(starts[i]) + looked_at[j] * MICROS_PER_SECOND);
            print_all(walked, one);
            print_all(leapt, other);
            assert_string_equal(strbuf_text(one).data, strbuf_text(other).data);
        }
    }
}

static void a_leap_from_the_middle_of_a_minute_loses_nothing(void **state)
{
    OWNED(simulation) walked = simulate(&around);
    OWNED(simulation) leaping = simulate(&around);
    OWNED(strbuf) one = strbuf_new(4096);
    OWNED(strbuf) other = strbuf_new(4096);

    (void)state;
    for (int second = 0; second < 3600; second++) {
        int64_t now = at("2026-03-09T00:00:00Z") + second * MICROS_PER_SECOND;

        simulation_move(walked, now);
        if (second % 47 != 0)
            continue;
        simulation_move(leaping, now);
        print_all(walked, one);
        print_all(leaping, other);
        assert_string_equal(strbuf_text(one).data, strbuf_text(other).data);
    }
}

static void another_seed_gives_another_path_and_other_symbols_do_not(void **state)
{
    struct simulation_options other = around;
    OWNED(simulation) one = simulate(&around);
    OWNED(simulation) alone = simulation_new(&around, &symbols[BOLT], 1);
    OWNED(simulation) another = NULL;
    int64_t now = at("2026-05-05T05:05:05Z");

    (void)state;
    other.seed++;
    another = simulate(&other);
    simulation_move(one, now);
    simulation_move(alone, now);
    simulation_move(another, now);
    assert_memory_equal(simulation_quote(one, BOLT), simulation_quote(alone, 0),
                        sizeof(struct quote));
    assert_true(simulation_quote(one, BOLT)->price_micros !=
                simulation_quote(another, BOLT)->price_micros);
}

static void nothing_moves_while_there_is_no_session(void **state)
{
    OWNED(simulation) simulation = simulate(&in_new_york);
    struct quote close;

    (void)state;
    simulation_move(simulation, at("2026-03-06T21:00:00Z")); // a Friday
    close = *simulation_quote(simulation, ACME);
    assert_int_equal(close.quoted_at, at("2026-03-06T21:00:00Z"));
    assert_int_equal(close.valid_until, at("2026-03-09T13:30:00Z"));
    simulation_move(simulation, at("2026-03-09T13:29:59Z"));
    assert_false(simulation_has_changed(simulation, ACME));
    assert_int_equal(simulation_next_tick(HOURS_NEW_YORK, at("2026-03-06T21:00:00Z")),
                     at("2026-03-09T13:30:00Z"));
    simulation_move(simulation, at("2026-03-09T13:30:00Z"));
    assert_true(simulation_has_changed(simulation, ACME));
    assert_int_equal(simulation_quote(simulation, ACME)->previous_close_micros, close.price_micros);
    assert_true(simulation_quote(simulation, ACME)->open_micros != close.price_micros);
}

static void around_the_clock_a_day_goes_on_where_the_last_one_ended(void **state)
{
    OWNED(simulation) simulation = simulate(&around);
    const struct quote *quote;

    (void)state;
    simulation_move(simulation, at("2026-03-07T23:59:59Z")); // a Saturday
    simulation_move(simulation, at("2026-03-08T00:00:00Z"));
    quote = simulation_quote(simulation, ACME);
    assert_int_equal(quote->open_micros, quote->previous_close_micros);
    assert_int_equal(quote->price_micros, quote->open_micros);
    assert_int_equal(quote->valid_until, at("2026-03-09T00:00:00Z"));
}

static void before_the_first_session_there_are_no_quotes(void **state)
{
    OWNED(simulation) simulation = simulate(&in_new_york);

    (void)state;
    simulation_move(simulation, CALENDAR_START_AT);
    assert_null(simulation_quote(simulation, ACME));
    simulation_move(simulation, simulation_next_tick(HOURS_NEW_YORK, CALENDAR_START_AT));
    assert_non_null(simulation_quote(simulation, ACME));
}

// Returns of every minute of a year's sessions, and each night's.
struct year {
    double sum[SYMBOLS], product[SYMBOLS][SYMBOLS], night[SYMBOLS];
    int64_t minutes, nights;
};

static void add_returns(struct year *year, const double *before, const double *now, bool is_night)
{
    for (size_t i = 0; i < SYMBOLS; i++) {
        double one = now[i] - before[i];

        if (is_night)
            year->night[i] += one * one;
        for (size_t j = 0; j < SYMBOLS && !is_night; j++)
            year->product[i][j] += one * (now[j] - before[j]);
    }
    year->minutes += !is_night;
    year->nights += is_night;
}

static void
live(struct simulation *simulation, enum market_hours hours, int months, struct year *year)
{
    double before[SYMBOLS] = {0};
    struct market_session session;
    bool has_before = false;

    for (int64_t day = date_to_days((struct date){2025, 1, 1});
         day < date_to_days((struct date){2025, months, 31}); day++) {
        if (!market_hours_is_session(hours, day))
            continue;
        assert_true(market_hours_session(hours, (day + 1) * MICROS_PER_DAY - 1, &session));
        for (int64_t now = session.open_at; now <= session.close_at - (hours != HOURS_NEW_YORK);
             now += 60 * MICROS_PER_SECOND) {
            double logs[SYMBOLS];

            simulation_move(simulation, now);
            for (size_t i = 0; i < SYMBOLS; i++) {
                assert_true(simulation_quote(simulation, i)->price_micros > 0);
                logs[i] = log((double)simulation_quote(simulation, i)->price_micros);
            }
            if (has_before)
                add_returns(year, before, logs, hours == HOURS_NEW_YORK && now == session.open_at);
            memcpy(before, logs, sizeof before);
            has_before = true;
        }
    }
}

static double correlation(const struct year *year, size_t one, size_t other)
{
    return year->product[one][other] / sqrt(year->product[one][one] * year->product[other][other]);
}

static void check_correlations(const struct year *year)
{
    print_message("correlation: %.3f within a sector, %.3f and %.3f between two\n",
                  correlation(year, ACME, BOLT), correlation(year, ACME, COAL),
                  correlation(year, BOLT, COAL));
    assert_true(fabs(correlation(year, ACME, BOLT) - 0.5) < 0.02);
    assert_true(fabs(correlation(year, ACME, COAL) - 0.3) < 0.02);
    assert_true(fabs(correlation(year, BOLT, COAL) - 0.3) < 0.02);
}

static void check_volatility(const struct year *year, size_t symbol, double years)
{
    double asked = (double)symbols[symbol].volatility_basis_points / 10000;
    double found = sqrt((year->product[symbol][symbol] + year->night[symbol]) / years);

    print_message("%s: volatility %.4f, asked %.4f\n", symbols[symbol].ticker, found, asked);
    assert_true(fabs(found / asked - 1) < 0.05);
}

static void
a_quarter_around_the_clock_has_the_volatility_and_the_correlations_asked_for(void **state)
{
    OWNED(simulation) simulation = simulate(&around);
    struct year year = {0};

    (void)state;
    live(simulation, HOURS_AROUND_THE_CLOCK, 3, &year);
    assert_int_equal(year.minutes, 89 * 1440 - 1);
    check_correlations(&year);
    for (size_t i = ACME; i <= COAL; i++)
        check_volatility(&year, i, 89.0 / 365);
}

static void
a_year_in_new_york_has_them_too_and_a_fifth_of_the_variance_comes_overnight(void **state)
{
    OWNED(simulation) simulation = simulate(&in_new_york);
    struct year year = {0};
    double night = 0, all = 0;

    (void)state;
    live(simulation, HOURS_NEW_YORK, 12, &year);
    check_correlations(&year);
    for (size_t i = ACME; i <= COAL; i++) {
        check_volatility(&year, i, (double)(year.nights + 1) / 252);
        night += year.night[i] / year.product[i][i];
        all += (year.night[i] + year.product[i][i]) / year.product[i][i];
    }
    print_message("overnight: %.3f of the variance\n", night / all);
    assert_true(fabs(night / all - 0.2) < 0.05);
}

// Steps of single seconds add up to the same variance as the minutes do.
static void seconds_have_the_volatility_too(void **state)
{
    OWNED(simulation) simulation = simulate(&around);
    int64_t start = at("2025-06-01T00:00:00Z"), seconds = 86400;
    double sum = 0, before = 0, found;

    (void)state;
    simulation_move(simulation, start);
    before = log((double)simulation_quote(simulation, BOLT)->price_micros);
    for (int64_t second = 1; second < seconds; second++) {
        double now;

        simulation_move(simulation, start + second * MICROS_PER_SECOND);
        now = log((double)simulation_quote(simulation, BOLT)->price_micros);
        sum += (now - before) * (now - before);
        before = now;
    }
    // The rounding to cents adds a sixth of a squared cent each time.
    sum -= (double)seconds / 6 * pow(10000.0 / exp(before), 2);
    found = sqrt(sum / (double)seconds * 365 * 86400);
    print_message("seconds: volatility %.4f, asked 0.6200\n", found);
    assert_true(fabs(found / 0.62 - 1) < 0.05);
}

static void a_price_stays_near_the_listed_one_for_a_century(void **state)
{
    OWNED(simulation) simulation = simulate(&around);
    double sum = 0;
    int count = 0;

    (void)state;
    for (int64_t day = CALENDAR_FIRST_DAY; day < CALENDAR_LAST_DAY; day += 30) {
        const struct quote *quote;

        simulation_move(simulation, day * MICROS_PER_DAY);
        quote = simulation_quote(simulation, ACME);
        assert_true(quote->price_micros > 230 * DOLLAR / 4);
        assert_true(quote->price_micros < 230 * DOLLAR * 4);
        sum += (double)quote->price_micros / (230 * DOLLAR);
        count++;
    }
    print_message("mean price: %.3f of the listed one\n", sum / count);
    assert_true(fabs(sum / count - 1) < 0.15);
}

static void check_quote(const struct quote *quote)
{
    int64_t spread = quote->ask_micros - quote->bid_micros;

    assert_true(quote->bid_micros > 0);
    assert_true(quote->bid_micros <= quote->price_micros);
    assert_true(quote->price_micros <= quote->ask_micros);
    assert_true(spread >= simulation_tick_micros(quote->bid_micros));
    assert_int_equal(quote->price_micros % simulation_tick_micros(quote->price_micros), 0);
    assert_int_equal(quote->bid_micros % simulation_tick_micros(quote->bid_micros), 0);
    assert_int_equal(quote->ask_micros % simulation_tick_micros(quote->ask_micros), 0);
    assert_true(quote->low_micros <= quote->price_micros);
    assert_true(quote->price_micros <= quote->high_micros);
    assert_true(quote->low_micros <= quote->open_micros);
    assert_true(quote->open_micros <= quote->high_micros);
}

static void prices_keep_to_ticks_and_bid_and_ask_to_their_sides(void **state)
{
    static const struct simulated_symbol extremes[] = {
        {"DOLLAR", "", DOLLAR, 5000},
        {"LEAST", "", 1, SIMULATED_VOLATILITY_MAX},
        {"MOST", "", PRICE_MICROS_MAX / 10, SIMULATED_VOLATILITY_MAX},
        {"CALM", "", 50 * DOLLAR, 1},
        {"USUAL", "", 230 * DOLLAR, 2800},
    };
    OWNED(simulation) simulation = simulation_new(&around, extremes, COUNT_OF(extremes));
    int64_t start = at("2026-01-01T00:00:00Z");
    bool was_below = false, was_above = false;

    (void)state;
    for (int64_t day = 0; day < 365 * 4; day++) {
        simulation_move(simulation, start + day * MICROS_PER_DAY + 30 * MICROS_PER_SECOND);
        for (size_t i = 0; i < COUNT_OF(extremes); i++)
            check_quote(simulation_quote(simulation, i));
        was_below |= simulation_quote(simulation, 0)->price_micros < DOLLAR;
        was_above |= simulation_quote(simulation, 0)->price_micros >= DOLLAR;
    }
    assert_true(was_below && was_above);
    assert_int_equal(simulation_quote(simulation, 3)->ask_micros -
                         simulation_quote(simulation, 3)->bid_micros,
                     10000);
    // 230 dollars at 28 percent lie 2 cents apart or so.
    assert_in_range(simulation_quote(simulation, 4)->ask_micros -
                        simulation_quote(simulation, 4)->bid_micros,
                    10000, 60000);
    assert_int_equal(simulation_tick_micros(DOLLAR), 10000);
    assert_int_equal(simulation_tick_micros(DOLLAR - 1), 100);
}

static void volume_grows_all_day_and_most_at_both_ends(void **state)
{
    OWNED(simulation) simulation = simulate(&in_new_york);
    int64_t open = at("2026-03-09T13:30:00Z"), before = 0, total;
    int64_t half_hours[13];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(half_hours); i++) {
        simulation_move(simulation, open + (int64_t)(i + 1) * 1800 * MICROS_PER_SECOND);
        half_hours[i] = simulation_quote(simulation, ACME)->volume - before;
        before = simulation_quote(simulation, ACME)->volume;
    }
    total = before;
    for (size_t i = 0; i < 6; i++) {
        assert_true(half_hours[i] > half_hours[i + 1]);
        assert_true(half_hours[12 - i] > half_hours[11 - i]);
    }
    assert_true(half_hours[6] > total / 13 * 45 / 100 && half_hours[6] < total / 13 * 55 / 100);
    assert_true(half_hours[0] > total / 13 * 15 / 10);
}

static void the_history_is_what_was_quoted(void **state)
{
    OWNED(simulation) simulation = simulate(&in_new_york);
    int64_t start = at("2026-03-09T19:59:00Z"), until = at("2026-03-10T13:30:02Z");
    struct quote *quotes = allocate_array(100, sizeof *quotes);
    size_t count = simulation_list_quotes(&in_new_york, &symbols[BOLT], start, until, quotes, 100);
    size_t found = 0;

    (void)state;
    simulation_move(simulation, start);
    for (int64_t now = start + MICROS_PER_SECOND; now <= until;
         now = simulation_next_tick(HOURS_NEW_YORK, now)) {
        simulation_move(simulation, now);
        if (!simulation_has_changed(simulation, BOLT))
            continue;
        assert_true(found < count);
        assert_memory_equal(&quotes[found++], simulation_quote(simulation, BOLT), sizeof *quotes);
    }
    assert_int_equal(found, count);
    assert_true(count > 50 && count <= 63); // 59 seconds, the close, and three of the next day
    assert_int_equal(simulation_list_quotes(&in_new_york, &symbols[BOLT], start, until, quotes, 10),
                     10);
    release(quotes);
}

static void the_exponential_is_exact_enough_and_never_falls(void **state)
{
    uint64_t table[EXPONENT_TABLE_SIZE];
    int64_t before = 0;

    (void)state;
    simulation_make_exponents(table);
    assert_int_equal(simulation_scale(table, 12345, 0, INT64_MAX), 12345);
    assert_int_equal(simulation_scale(table, 12345, INT64_C(3) << 32, INT64_MAX), 98760);
    assert_int_equal(simulation_scale(table, 12345, INT64_C(40) << 32, 1000), 1000);
    assert_int_equal(simulation_scale(table, 12345, -(INT64_C(100) << 32), 1000), 0);
    for (int64_t step = -2 * EXPONENT_TABLE_SIZE; step < 2 * EXPONENT_TABLE_SIZE; step++) {
        for (int64_t beside = -3; beside <= 3; beside++) {
            int64_t exponent = step * (INT64_C(1) << 24) + beside;
            int64_t scaled = simulation_scale(table, PRICE_MICROS_MAX / 10, exponent, INT64_MAX);
            double exact = 1e14 * exp2((double)exponent / 4294967296.0);

            assert_true(scaled >= before);
            assert_true(fabs((double)scaled / exact - 1) < 1e-11);
            before = scaled;
        }
    }
}

static void variates_have_mean_0_and_deviation_1(void **state)
{
    double sums[2] = {0}, squares[2] = {0};
    const int count = 1000000;

    (void)state;
    for (int i = 0; i < count; i++) {
        double values[2] = {(double)simulation_normal_quick(42, (uint64_t)i) / (double)NORMAL_ONE,
                            (double)simulation_normal(43, (uint64_t)i * 3) / (double)NORMAL_ONE};

        for (int j = 0; j < 2; j++) {
            sums[j] += values[j];
            squares[j] += values[j] * values[j];
        }
    }
    for (int j = 0; j < 2; j++) {
        assert_true(fabs(sums[j] / count) < 0.005);
        assert_true(fabs(squares[j] / count - 1) < 0.005);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_quotes_are_those_of_the_golden_file),
        cmocka_unit_test(a_restart_at_any_moment_gives_the_same_quotes),
        cmocka_unit_test(a_leap_from_the_middle_of_a_minute_loses_nothing),
        cmocka_unit_test(another_seed_gives_another_path_and_other_symbols_do_not),
        cmocka_unit_test(nothing_moves_while_there_is_no_session),
        cmocka_unit_test(around_the_clock_a_day_goes_on_where_the_last_one_ended),
        cmocka_unit_test(before_the_first_session_there_are_no_quotes),
        cmocka_unit_test(
            a_quarter_around_the_clock_has_the_volatility_and_the_correlations_asked_for),
        cmocka_unit_test(
            a_year_in_new_york_has_them_too_and_a_fifth_of_the_variance_comes_overnight),
        cmocka_unit_test(seconds_have_the_volatility_too),
        cmocka_unit_test(a_price_stays_near_the_listed_one_for_a_century),
        cmocka_unit_test(prices_keep_to_ticks_and_bid_and_ask_to_their_sides),
        cmocka_unit_test(volume_grows_all_day_and_most_at_both_ends),
        cmocka_unit_test(the_history_is_what_was_quoted),
        cmocka_unit_test(the_exponential_is_exact_enough_and_never_falls),
        cmocka_unit_test(variates_have_mean_0_and_deviation_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
