// SPDX-License-Identifier: MIT
#include "strategies/backtest_queue.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "money/money.h"
#include "service/log.h"
#include "service/worker.h"
#include "strategies/backtest_bars.h"
#include "strategies/backtest_figures.h"
#include "strategies/backtest_grid.h"
#include "strategies/backtest_store.h"
#include "strategies/strategy_message.h"

enum {
    PERIOD_MS = 500,
    RENEW_EVERY_US = 1000 * 1000,
    ARENA_BUDGET = 16 * 1024 * 1024,
    RENEWAL_BUDGET = 256 * 1024,
};

// Fetching the bars is counted as the first half of the work: it takes longer than what follows.
#define FETCHED_MICROS INT64_C(500000)

struct backtest_queue {
    struct trading *trading;
    struct worker *worker;
    struct arena *arena;
    struct arena *renewal; // of statements while a backtest is under way
    struct arena *figures; // of one run of a grid
    struct rule_workspace *workspace;
    struct backtest_result result;
    struct backtest_claim claim;
    struct backtest_record record;
    int64_t renewed_at;
    int64_t progress_micros;
    size_t run_number; // of a grid, the present one
    size_t run_count;
    bool has_record;     // it has not been deleted meanwhile
    bool is_stopped;     // canceled, or somebody else's now
    bool is_interrupted; // the process is to end
    bool is_waiting;     // for the database; said once
    atomic_bool is_ending;
};

// Renews the lease when it is time. False when the work is to stop.
static bool goes_on(void *context, int64_t progress_micros)
{
    struct backtest_queue *queue = context;
    int64_t now = clock_monotonic_us();
    bool goes = true;
    struct error error;

    queue->progress_micros = progress_micros;
    if (atomic_load(&queue->is_ending)) {
        queue->is_interrupted = true;
        return false;
    }
    if (now - queue->renewed_at < RENEW_EVERY_US)
        return true;
    queue->renewed_at = now;
    arena_reset(queue->renewal);
    // Without the database the work goes on: what it comes to can be written only if the task is
    // this worker's still.
    if (backtest_store_progress(queue->trading->database, queue->renewal, &queue->claim,
                                progress_micros, &goes, &error))
        queue->is_stopped = !goes;
    return !queue->is_stopped;
}

static bool goes_on_fetching(void *context)
{
    struct backtest_queue *queue = context;

    return goes_on(queue, queue->progress_micros);
}

static bool goes_on_running(void *context, int64_t progress_micros)
{
    const struct backtest_queue *queue = context;
    int64_t done = ((int64_t)queue->run_number * MICROS_PER_UNIT + progress_micros) /
                   (int64_t)queue->run_count;

    return goes_on(context, FETCHED_MICROS + done / 2);
}

static bool claim_work(struct transaction *transaction, void *context, struct error *error)
{
    struct backtest_queue *queue = context;
    bool found = false;

    queue->claim.id[0] = '\0';
    return backtest_store_claim(transaction, queue->trading->worker, &queue->claim, &found,
                                error) &&
           (!found || backtest_store_find(transaction, queue->claim.id, false, &queue->record,
                                          &queue->has_record, error));
}

// What a backtest is made of while it is run.
struct job {
    struct strategy_parameters *parameters;
    struct backtest_grid grid;
    Trading__BacktestRun **runs; // of a grid
    size_t best;                 // of them
    size_t warm_up;              // bars that any of them needs
    struct strategy_program *program;
    struct backtest_symbol symbols[STRATEGY_SYMBOLS_MAX];
    size_t symbol_count;
    struct bar_columns *benchmark; // NULL for none
    struct backtest_settings settings;
};

static bool make_program(struct backtest_queue *queue, struct job *job, struct error *error)
{
    const struct backtest_record *record = &queue->record;
    enum strategy_kind kind = STRATEGY_KIND_COUNT;
    const Trading__Backtest *grid = NULL;
    const char **tickers = NULL;

    job->parameters = arena_allocate(queue->arena, sizeof(*job->parameters));
    job->program = arena_allocate(queue->arena, sizeof(*job->program));
    if (job->parameters == NULL || job->program == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The backtest needs too much memory.");
    // They were checked when the strategy was written; a later build may know another rule.
    if (!strategy_kind_find(text_of(record->kind), &kind))
        return error_set(error, REASON_INVALID_REQUEST, "There is no kind %s any more.",
                         record->kind);
    if (!strategy_parameters_read(kind, text_of(record->parameters), queue->arena, job->parameters,
                                  error) ||
        !strategy_program_make(job->parameters, job->program, error) ||
        !backtest_grid_of(record, queue->arena, &grid, error) ||
        !strategy_symbols_split(record->symbols, queue->arena, &tickers, &job->symbol_count, error))
        return false;
    for (size_t i = 0; i < job->symbol_count; i++)
        job->symbols[i].ticker = tickers[i];
    if (grid != NULL)
        job->grid = (struct backtest_grid){grid->grid, grid->n_grid};
    queue->run_number = 0;
    queue->run_count = backtest_grid_count(&job->grid);
    job->warm_up = job->program->warm_up;
    return true;
}

// Makes the program of one combination of the grid, and its line in the list. One whose parameters
// break a rule together is told of there, and `out_is_fine` is false.
static bool make_combination(struct backtest_queue *queue,
                             struct job *job,
                             size_t combination,
                             bool *out_is_fine,
                             struct error *error)
{
    struct strategy_parameters parameters = *job->parameters;
    Trading__BacktestRun *line = job->runs[combination];
    OWNED(strbuf) json = strbuf_new(BACKTEST_GRID_JSON_MAX);
    const char *tickers[STRATEGY_SYMBOLS_MAX];

    for (size_t i = 0; i < job->symbol_count; i++)
        tickers[i] = job->symbols[i].ticker;
    if (!backtest_grid_apply(&job->grid, combination, &parameters, json, error))
        return false;
    line->parameters = arena_copy(queue->arena, json->data, json->length);
    *out_is_fine = strategy_parameters_check(&parameters, tickers, job->symbol_count, error) &&
                   strategy_program_make(&parameters, job->program, error);
    if (!*out_is_fine)
        line->problem =
            arena_printf(queue->arena, "%s %s", error->details[0].name, error->details[0].value);
    return true;
}

// The list of combinations, and how many bars of warm-up any of them needs.
static bool list_combinations(struct backtest_queue *queue, struct job *job, struct error *error)
{
    Trading__BacktestRun *lines = arena_allocate(queue->arena, queue->run_count * sizeof(*lines));

    job->runs = arena_allocate(queue->arena, queue->run_count * sizeof(*job->runs));
    if (lines == NULL || job->runs == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The backtest needs too much memory.");
    for (size_t i = 0; i < queue->run_count; i++) {
        bool is_fine = false;

        trading__backtest_run__init(&lines[i]);
        job->runs[i] = &lines[i];
        if (!make_combination(queue, job, i, &is_fine, error))
            return false;
        if (is_fine && job->program->warm_up > job->warm_up)
            job->warm_up = job->program->warm_up;
    }
    return true;
}

static bool fetch_symbol(struct backtest_queue *queue,
                         const char *ticker,
                         size_t warm_up,
                         size_t most,
                         struct bar_columns **out_series,
                         struct error *error)
{
    const struct backtest_bars_request request = {
        .ticker = ticker,
        .timeframe = queue->record.timeframe,
        .start = queue->record.start_at,
        .end = queue->record.end_at,
        .warm_up = warm_up,
        .most = most,
        .goes_on = goes_on_fetching,
        .context = queue,
    };

    *out_series = bar_columns_new();
    return backtest_bars_fetch(queue->trading, &request, *out_series, error);
}

static bool fetch_all(struct backtest_queue *queue, struct job *job, struct error *error)
{
    size_t left = BACKTEST_BARS_MAX;

    for (size_t i = 0; i < job->symbol_count; i++) {
        if (!fetch_symbol(queue, job->symbols[i].ticker, job->warm_up, left,
                          &job->symbols[i].series, error))
            return false;
        left -= job->symbols[i].series->count;
        queue->progress_micros =
            FETCHED_MICROS * (int64_t)(i + 1) / (int64_t)(job->symbol_count + 1);
    }
    return queue->record.benchmark == NULL ||
           fetch_symbol(queue, queue->record.benchmark, 0, BACKTEST_BARS_MAX, &job->benchmark,
                        error);
}

static int periods_per_year(const char *timeframe)
{
    if (strcmp(timeframe, "1Week") == 0)
        return 52;
    return strcmp(timeframe, "1Month") == 0 ? 12 : 0;
}

// Packs what came of it: the figures for lists, and all the rest beside them.
static bool pack(struct backtest_queue *queue,
                 const struct job *job,
                 struct backtest_end *out_end,
                 struct error *error)
{
    const struct backtest_figures_options options = {
        .settings = &job->settings,
        .result = &queue->result,
        .benchmark = job->benchmark,
        .periods_per_year = periods_per_year(queue->record.timeframe),
    };
    Trading__Backtest *whole = NULL;
    Trading__Backtest figures = TRADING__BACKTEST__INIT;

    if (!backtest_figures(&options, queue->arena, &whole, error))
        return false;
    figures.statistics = whole->statistics;
    figures.has_engine_version = whole->has_engine_version;
    figures.engine_version = whole->engine_version;
    figures.fingerprint = whole->fingerprint;
    whole->statistics = NULL;
    if (job->grid.count > 0) {
        whole->n_runs = queue->run_count;
        whole->runs = job->runs;
    }
    out_end->status = BACKTEST_IS_COMPLETED;
    return strategy_pack_text(&figures.base, queue->arena, &out_end->statistics, error) &&
           strategy_pack_text(&whole->base, queue->arena, &out_end->result, error);
}

static bool
check_work(const struct backtest_queue *queue, const struct job *job, struct error *error)
{
    int64_t bars = 0;

    for (size_t i = 0; i < job->symbol_count; i++)
        bars += (int64_t)job->symbols[i].series->count;
    if (bars * (int64_t)queue->run_count <= BACKTEST_WORK_MAX)
        return true;
    error_clear(error);
    error_add_violation(error, "grid",
                        "makes %" PRId64 " bars times %zu combinations, and %" PRId64
                        " bars may be run in all",
                        bars, queue->run_count, BACKTEST_WORK_MAX);
    return false;
}

// Runs one combination, and writes into its line what came of it.
static bool
run_combination(struct backtest_queue *queue, struct job *job, size_t number, struct error *error)
{
    const struct backtest_figures_options options = {
        .settings = &job->settings,
        .result = &queue->result,
        .periods_per_year = periods_per_year(queue->record.timeframe),
    };
    Trading__BacktestRun *line = job->runs[number];
    Trading__BacktestStatistics *statistics = NULL;

    arena_reset(queue->figures);
    if (!backtest_run(&job->settings, queue->workspace, &queue->result, error) ||
        !backtest_statistics(&options, queue->figures, &statistics, error))
        return false;
    line->has_final_equity_micros = true;
    line->final_equity_micros = statistics->final_equity_micros;
    line->has_return_percent_micros = statistics->has_return_percent_micros;
    line->return_percent_micros = statistics->return_percent_micros;
    line->has_max_drawdown_percent_micros = statistics->has_max_drawdown_percent_micros;
    line->max_drawdown_percent_micros = statistics->max_drawdown_percent_micros;
    line->has_sharpe_ratio_micros = statistics->has_sharpe_ratio_micros;
    line->sharpe_ratio_micros = statistics->sharpe_ratio_micros;
    line->has_trades = true;
    line->trades = statistics->trades;
    return true;
}

static bool is_better(const struct job *job, size_t number)
{
    return !job->runs[job->best]->has_final_equity_micros ||
           job->runs[number]->final_equity_micros > job->runs[job->best]->final_equity_micros;
}

// Runs all combinations, and leaves the best one's program to be run in full.
static bool run_grid(struct backtest_queue *queue, struct job *job, struct error *error)
{
    bool is_fine = false;

    for (size_t i = 0; i < queue->run_count; i++) {
        queue->run_number = i;
        if (!make_combination(queue, job, i, &is_fine, error) ||
            (is_fine && !run_combination(queue, job, i, error)))
            return false;
        if (is_fine && is_better(job, i))
            job->best = i;
    }
    if (!job->runs[job->best]->has_final_equity_micros) {
        error_clear(error);
        error_add_violation(error, "grid", "has no combination that can be run: %.100s",
                            job->runs[0]->problem);
        return false;
    }
    job->runs[job->best]->has_best = true;
    job->runs[job->best]->best = true;
    return make_combination(queue, job, job->best, &is_fine, error);
}

static bool run(struct backtest_queue *queue, struct job *job, struct error *error)
{
    if (!make_program(queue, job, error) ||
        (job->grid.count > 0 && !list_combinations(queue, job, error)) ||
        !fetch_all(queue, job, error) || !check_work(queue, job, error))
        return false;
    job->settings = (struct backtest_settings){
        .program = job->program,
        .symbols = job->symbols,
        .symbol_count = job->symbol_count,
        .start = queue->record.start_at,
        .cash = queue->record.cash,
        .terms = queue->record.terms,
        .fractional = queue->record.fractional,
        .exits_at_close = queue->record.exits_at_close,
        .goes_on = goes_on_running,
        .context = queue,
    };
    return (job->grid.count == 0 || run_grid(queue, job, error)) &&
           backtest_run(&job->settings, queue->workspace, &queue->result, error);
}

static void clear_job(struct job *job)
{
    for (size_t i = 0; i < STRATEGY_SYMBOLS_MAX; i++)
        bar_columns_free(&job->symbols[i].series);
    bar_columns_free(&job->benchmark);
}

// What cannot be reached now may be later; everything else will be as it is.
static bool is_worth_another_attempt(const struct backtest_queue *queue, const struct error *error)
{
    return (error->code == CODE_UNAVAILABLE || error->code == CODE_DEADLINE_EXCEEDED) &&
           queue->claim.attempts < BACKTEST_ATTEMPTS_MAX;
}

// Says why it failed, with the field and its rule when that was it.
static struct backtest_end failure(struct backtest_queue *queue, const struct error *error)
{
    struct backtest_end end = {
        .status =
            error_is(error, REASON_BACKTEST_CANCELED) ? BACKTEST_IS_CANCELED : BACKTEST_IS_FAILED,
        .reason = arena_copy_string(queue->arena, error->reason),
        .reason_message = arena_copy_string(queue->arena, error->message),
    };

    if (error->detail_count > 0 && error->details[0].kind == ERROR_VIOLATION)
        end.reason_message =
            arena_printf(queue->arena, "%s %s", error->details[0].name, error->details[0].value);
    if (end.status == BACKTEST_IS_CANCELED)
        end.reason = end.reason_message = NULL;
    return end;
}

struct finishing {
    struct backtest_queue *queue;
    const struct backtest_end *end;
};

static bool finish_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct finishing *finishing = context;

    return backtest_store_finish(transaction, &finishing->queue->claim, finishing->end, error);
}

// Writes what has become of it; when that cannot be, its lease runs out and it is run again.
static void finish(struct backtest_queue *queue, const struct backtest_end *end)
{
    struct finishing finishing = {queue, end};
    struct error error;

    if (!database_transact(queue->trading->database, queue->arena, 0, finish_work, &finishing,
                           &error))
        log_write(LOG_WARNING, "backtest_not_finished", "backtest", queue->claim.id, "reason",
                  error.reason, NULL);
}

static void work_on(struct backtest_queue *queue)
{
    struct job job = {0};
    struct backtest_end end = {0};
    struct error error;
    bool is_done = false;

    // So that it is asked at once whether it is to be canceled.
    queue->renewed_at = 0;
    queue->progress_micros = 0;
    queue->is_stopped = false;
    if (!queue->has_record)
        error_fill(&error, REASON_BACKTEST_CANCELED, "It has been deleted.");
    else if (queue->claim.attempts > BACKTEST_ATTEMPTS_MAX)
        error_fill(&error, REASON_INTERNAL, "It was begun %d times and never came to its end.",
                   BACKTEST_ATTEMPTS_MAX);
    else
        is_done = run(queue, &job, &error) && pack(queue, &job, &end, &error);
    if (!is_done && !queue->is_interrupted && !is_worth_another_attempt(queue, &error))
        end = failure(queue, &error);
    if (is_done || end.status == BACKTEST_IS_FAILED || end.status == BACKTEST_IS_CANCELED)
        finish(queue, &end);
    clear_job(&job);
}

static bool work(void *context)
{
    struct backtest_queue *queue = context;
    struct platform_clock clock;
    struct error error;

    // Nothing can be asked of market before its first word.
    if (!quotes_clock(queue->trading->quotes, &clock))
        return false;
    arena_reset(queue->arena);
    if (!database_transact(queue->trading->database, queue->arena, 0, claim_work, queue, &error)) {
        if (!queue->is_waiting)
            log_write(LOG_WARNING, "backtests_wait", "reason", error.reason, NULL);
        queue->is_waiting = true;
        return false;
    }
    queue->is_waiting = false;
    if (queue->claim.id[0] == '\0')
        return false;
    work_on(queue);
    return !queue->is_interrupted;
}

struct backtest_queue *backtest_queue_new(struct trading *trading)
{
    struct backtest_queue *queue = allocate(sizeof(*queue));

    queue->trading = trading;
    queue->arena = arena_new(ARENA_BUDGET);
    queue->renewal = arena_new(RENEWAL_BUDGET);
    queue->figures = arena_new(ARENA_BUDGET);
    queue->workspace = rule_workspace_new();
    queue->worker = worker_new("backtests", PERIOD_MS, work, queue);
    return queue;
}

void backtest_queue_wake(struct backtest_queue *queue)
{
    if (queue != NULL)
        worker_wake(queue->worker);
}

void backtest_queue_free(struct backtest_queue **queue)
{
    if (*queue == NULL)
        return;
    atomic_store(&(*queue)->is_ending, true);
    worker_free(&(*queue)->worker);
    backtest_result_clear(&(*queue)->result);
    rule_workspace_free(&(*queue)->workspace);
    arena_free(&(*queue)->renewal);
    arena_free(&(*queue)->figures);
    arena_free(&(*queue)->arena);
    release(*queue);
    *queue = NULL;
}
