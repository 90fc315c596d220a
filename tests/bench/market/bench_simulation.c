// SPDX-License-Identifier: MIT
// The simulated market second by second, beside as many random words and as many copied quotes.
//
//     bench_simulation SYMBOLS SECONDS
//
// Prints the quotes made, the words made and the quotes copied, each as millions a CPU second; and
// how long it takes in ms to begin at the end of a day, as a restart does.
#include "simulation/simulation.h"
#include "simulation/simulation_math.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define START_AT (INT64_C(1772409600) * MICROS_PER_SECOND) // 2026-03-02T00:00:00Z

static double cpu_seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct simulation *simulate(size_t count)
{
    const struct simulation_options options = {.seed = 1, .hours = HOURS_AROUND_THE_CLOCK};
    struct simulated_symbol *symbols = allocate_array(count, sizeof *symbols);
    struct simulation *simulation;

    for (size_t i = 0; i < count; i++) {
        symbols[i].price_micros = (10 + (int64_t)i % 500) * 1000000;
        symbols[i].volatility_basis_points = 1500 + (int64_t)i % 3000;
        (void)snprintf(symbols[i].ticker, sizeof symbols[i].ticker, "S%05u",
                       (unsigned)(i % 100000));
        (void)snprintf(symbols[i].sector, sizeof symbols[i].sector, "Sector %u",
                       (unsigned)(i % 12));
    }
    simulation = simulation_new(&options, symbols, count);
    release(symbols);
    return simulation;
}

// Quotes a CPU second, taken out as the player does.
static double measure_quotes(size_t count, int64_t seconds, struct quote *out)
{
    OWNED(simulation) simulation = simulate(count);
    size_t changed = 0;
    double from;

    simulation_move(simulation, START_AT);
    from = cpu_seconds();
    for (int64_t second = 1; second <= seconds; second++) {
        simulation_move(simulation, START_AT + second * MICROS_PER_SECOND);
        for (size_t i = 0; i < count; i++) {
            if (!simulation_has_changed(simulation, i))
                continue;
            out[i] = *simulation_quote(simulation, i);
            changed++;
        }
    }
    from = cpu_seconds() - from;
    (void)fprintf(stderr, "%.3f of the quotes changed\n",
                  (double)changed / (double)count / (double)seconds);
    return (double)count * (double)seconds / from;
}

static double measure_words(size_t count, int64_t seconds)
{
    uint64_t sum = 0;
    double from = cpu_seconds();

    for (int64_t second = 0; second < seconds; second++) {
        for (size_t i = 0; i < count; i++)
            sum ^= simulation_word(i, (uint64_t)second);
    }
    from = cpu_seconds() - from;
    // Printed, so that it is computed.
    (void)fprintf(stderr, "sum of words %llx\n", (unsigned long long)sum);
    return (double)count * (double)seconds / from;
}

static double measure_copies(size_t count, int64_t seconds, struct quote *out)
{
    struct quote *quotes = allocate_array(count, sizeof *quotes);
    double from = cpu_seconds();
    int64_t sum = 0;

    for (int64_t second = 0; second < seconds; second++) {
        quotes[(size_t)second % count].volume = second;
        memcpy(out, quotes, count * sizeof *out);
        sum += out[(size_t)second % count].volume;
    }
    from = cpu_seconds() - from;
    (void)fprintf(stderr, "sum of copies %lld\n", (long long)sum);
    release(quotes);
    return (double)count * (double)seconds / from;
}

static double measure_start_ms(size_t count)
{
    double from = cpu_seconds();
    OWNED(simulation) simulation = simulate(count);

    simulation_move(simulation, START_AT + MICROS_PER_DAY - MICROS_PER_SECOND);
    return (cpu_seconds() - from) * 1000;
}

int main(int argc, char **argv)
{
    size_t count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    int64_t seconds = argc == 3 ? (int64_t)strtoul(argv[2], NULL, 10) : 0;
    struct quote *out;
    double quotes, words, copies;

    if (count == 0 || seconds <= 0) {
        fputs("usage: bench_simulation SYMBOLS SECONDS\n", stderr);
        return 2;
    }
    out = allocate_array(count, sizeof *out);
    quotes = measure_quotes(count, seconds, out);
    words = measure_words(count, seconds);
    copies = measure_copies(count, seconds, out);
    printf("%.2f %.2f %.2f %.0f\n", quotes / 1e6, words / 1e6, copies / 1e6,
           measure_start_ms(count));
    release(out);
    return EXIT_SUCCESS;
}
