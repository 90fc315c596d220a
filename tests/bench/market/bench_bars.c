// SPDX-License-Identifier: MIT
// Bars: what it takes to build minutes from ticks, and to compute those of the simulated market.
//
//     bench_bars SYMBOLS MINUTES
//
// Prints how many million ticks a CPU second become minutes, one tick a symbol and second; then how
// many ms of CPU 10,000 bars take that are made of minutes, and a day.
#include "bars/bar_builder.h"
#include "bars/bar_series.h"
#include "simulation/simulation.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BARS = 10000, DAYS = 500 };

#define START_AT (INT64_C(1772409600) * MICROS_PER_SECOND) // 2026-03-02T00:00:00Z

static double cpu_seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double measure_ticks(size_t count, int64_t minutes)
{
    OWNED(bar_builder) builder = bar_builder_new();
    struct quote *quotes = allocate_array(count, sizeof *quotes);
    struct minute_bar *ended = allocate_array(count, sizeof *ended);
    double from;

    for (size_t i = 0; i < count; i++) {
        (void)snprintf(quotes[i].ticker, sizeof quotes[i].ticker, "S%05u", (unsigned)(i % 100000));
        quotes[i].price_micros = 100000000;
    }
    from = cpu_seconds();
    for (int64_t second = 0; second < minutes * 60; second++) {
        for (size_t i = 0; i < count; i++) {
            quotes[i].quoted_at = START_AT + second * MICROS_PER_SECOND;
            quotes[i].price_micros += (second + (int64_t)i) % 7 - 3;
            quotes[i].volume += 100;
            bar_builder_add(builder, &quotes[i], quotes[i].quoted_at);
        }
        (void)bar_builder_end(builder, START_AT + (second - 1) * MICROS_PER_SECOND);
        bar_builder_stored(builder, bar_builder_ended(builder, ended, count));
    }
    from = cpu_seconds() - from;
    release(quotes);
    release(ended);
    return (double)count * (double)minutes * 60 / from;
}

static struct simulation *simulate(enum market_hours hours)
{
    const struct simulation_options options = {.seed = 1, .hours = hours};
    const struct simulated_symbol symbol = {.ticker = "AAPL",
                                            .sector = "Technology",
                                            .price_micros = 200000000,
                                            .volatility_basis_points = 2500};

    return simulation_new(&options, &symbol, 1);
}

// The ms that BARS bars made of minutes take, all levels since 1990 included.
static double measure_bars(enum timeframe timeframe, enum market_hours hours)
{
    static struct timed_bar minutes[SIMULATED_MINUTES_MAX], bars[BARS];
    double from = cpu_seconds();
    OWNED(simulation) simulation = simulate(hours);
    struct bar_series series = {.timeframe = timeframe, .hours = hours, .bars = bars, .max = BARS};
    int64_t day = START_AT / MICROS_PER_DAY;
    bool is_full = false;

    while (!is_full) {
        size_t count = simulation_list_minutes(simulation, day++, INT64_MAX, minutes);

        for (size_t i = 0; i < count && !is_full; i++)
            is_full = !bar_series_add(&series, &minutes[i]);
    }
    return (cpu_seconds() - from) * 1000;
}

static double measure_day(enum market_hours hours)
{
    OWNED(simulation) simulation = simulate(hours);
    int64_t first = START_AT / MICROS_PER_DAY;
    struct timed_bar bar;
    int64_t count = 0;
    double from;

    // The levels until the first day are not of this measurement.
    if (!simulation_list_day(simulation, first, INT64_MAX, &bar))
        return 0;
    from = cpu_seconds();
    for (int64_t day = first + 1; day <= first + DAYS; day++)
        count += simulation_list_day(simulation, day, INT64_MAX, &bar);
    return (cpu_seconds() - from) * 1000 / (double)count;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"1Min", "5Min", "15Min", "1Hour"};
    static const char *const hours[] = {"in New York's hours", "around the clock"};
    size_t symbols = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    int64_t minutes = argc == 3 ? (int64_t)strtoul(argv[2], NULL, 10) : 0;

    if (symbols == 0 || minutes <= 0) {
        fputs("usage: bench_bars SYMBOLS MINUTES\n", stderr);
        return 2;
    }
    printf("market: %.1f million ticks a CPU second become minutes of %zu symbols\n",
           measure_ticks(symbols, minutes) / 1e6, symbols);
    for (int kind = 0; kind < 2; kind++) {
        for (int timeframe = 0; timeframe <= TIMEFRAME_HOUR; timeframe++)
            printf("market: %d simulated bars of %s %s take %.0f ms of CPU\n", BARS,
                   names[timeframe], hours[kind],
                   measure_bars((enum timeframe)timeframe, (enum market_hours)kind));
        printf("market: a simulated day %s takes %.2f ms of CPU\n", hours[kind],
               measure_day((enum market_hours)kind));
    }
    return EXIT_SUCCESS;
}
