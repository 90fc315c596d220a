// SPDX-License-Identifier: MIT
// bench_backtest: how many bars a second of its time one core backtests, beside the bare sums of
// two averages.
//
//     bench_backtest KIND PARAMETERS ROUNDS     prints for each round: bars a
//                                              second, those of the reference, and trades
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "money/money.h"
#include "strategies/backtest.h"

#define MINUTE_US INT64_C(60000000)
#define START_US INT64_C(1400000000000000)

enum { BARS = 500000, BUDGET = 64 * 1024, FAST = 20, SLOW = 50 };

// A walk of minutes around 100.00, the same each time.
static struct bar_columns *make_series(void)
{
    struct bar_columns *series = bar_columns_new();
    uint64_t state = 88172645463325252U;
    int64_t price = 100000000;

    for (int64_t i = 0; i < BARS; i++) {
        struct bar bar = {.time = START_US + i * MINUTE_US};
        int64_t move = 0;

        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        move = (int64_t)(state % 200001) - 100000;
        bar.values[BAR_OPEN] = price;
        price = price + move < 1000000 ? 1000000 : price + move;
        bar.values[BAR_CLOSE] = price;
        bar.values[BAR_HIGH] = (move > 0 ? price : price - move) + 10000;
        bar.values[BAR_LOW] = (move > 0 ? price - move : price) - 10000;
        bar.values[BAR_VOLUME] = 1000;
        if (!bar_columns_add(series, &bar))
            abort();
    }
    return series;
}

// The reference: two running sums and a comparison for each bar, and nothing else.
static int64_t sum_averages(const struct bar_columns *series)
{
    const int64_t *closes = series->columns[BAR_CLOSE];
    int64_t fast = 0;
    int64_t slow = 0;
    int64_t above = 0;

    for (size_t i = 0; i < series->count; i++) {
        fast += closes[i] - (i >= FAST ? closes[i - FAST] : 0);
        slow += closes[i] - (i >= SLOW ? closes[i - SLOW] : 0);
        above += fast * SLOW > slow * FAST ? 1 : 0;
    }
    return above;
}

static int fail(const struct error *error)
{
    fprintf(stderr, "%s %s %s\n", error->reason, error->message,
            error->detail_count > 0 ? error->details[0].value : "");
    return EXIT_FAILURE;
}

// Of the processor's time: others may be at work beside it.
static double bars_a_second(clock_t begun, clock_t ended)
{
    return (double)BARS * (double)CLOCKS_PER_SEC / (double)(ended - begun + 1);
}

struct figures {
    double backtest; // bars a second
    double reference;
    size_t trades;
};

// One round of both, one after the other.
static bool measure(const struct backtest_settings *settings,
                    struct rule_workspace *workspace,
                    struct backtest_result *result,
                    struct figures *out_figures,
                    struct error *error)
{
    clock_t begun = clock();
    volatile int64_t above = sum_averages(settings->symbols[0].series);
    clock_t between = clock();

    (void)above;
    if (!backtest_run(settings, workspace, result, error))
        return false;
    *out_figures = (struct figures){
        .backtest = bars_a_second(between, clock()),
        .reference = bars_a_second(begun, between),
        .trades = result->trade_count,
    };
    return true;
}

int main(int argc, char **argv)
{
    OWNED(arena) arena = arena_new(BUDGET);
    OWNED(bar_columns) series = make_series();
    struct strategy_program *program = allocate(sizeof(*program));
    const struct backtest_symbol symbol = {"ACME", series};
    const struct backtest_settings settings = {.program = program,
                                               .symbols = &symbol,
                                               .symbol_count = 1,
                                               .start = START_US,
                                               .cash = INT64_C(100000000000)};
    struct strategy_parameters parameters;
    enum strategy_kind kind = STRATEGY_SMA_CROSS;
    OWNED(rule_workspace) workspace = rule_workspace_new();
    struct backtest_result result = {0};
    struct figures figures;
    struct error error;
    int64_t rounds = 0;

    if (argc < 4 || decimal_parse(text_of(argv[3]), 0, &rounds) != DECIMAL_FINE ||
        !strategy_kind_find(text_of(argv[1]), &kind)) {
        fprintf(stderr, "usage: bench_backtest KIND PARAMETERS ROUNDS\n");
        return EXIT_FAILURE;
    }
    if (!strategy_parameters_read(kind, text_of(argv[2]), arena, &parameters, &error) ||
        !strategy_program_make(&parameters, program, &error))
        return fail(&error);
    // A service runs on: what it has allocated once is there, so the first round does not count.
    for (int round = 0; round <= rounds; round++) {
        if (!measure(&settings, workspace, &result, &figures, &error))
            return fail(&error);
        if (round > 0)
            printf("%.0f %.0f %zu\n", figures.backtest, figures.reference, figures.trades);
    }
    backtest_result_clear(&result);
    release(program);
    return EXIT_SUCCESS;
}
