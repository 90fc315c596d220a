// SPDX-License-Identifier: MIT
#include "strategies/backtest_queue.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/fault.h"
#include "money/money.h"
#include "service/log.h"
#include "service/worker.h"
#include "strategies/backtest_actions.h"
#include "strategies/backtest_bars.h"
#include "strategies/backtest_search.h"
#include "strategies/backtest_store.h"
#include "strategies/strategy_events.h"
#include "strategies/strategy_message.h"
#include "strategies/walk_forward.h"

enum {
    PERIOD_MS = 500,
    RENEW_EVERY_US = 1000 * 1000,
    ARENA_BUDGET = 16 * 1024 * 1024,
    RENEWAL_BUDGET = 256 * 1024,
    NICENESS = 10,
};

// Fetching the bars is counted as the first half of the work: it takes longer than what follows.
#define FETCHED_MICROS INT64_C(500000)

// A thread, and what it works with.
struct runner {
    struct trading *trading;
    struct worker *worker;
    struct arena *arena;
    struct arena *renewal; // of statements while a backtest is under way
    struct arena *figures; // of one run of several
    struct rule_workspace *workspace;
    struct backtest_result result;
    struct backtest_claim claim;
    struct backtest_record record;
    int64_t renewed_at;
    int64_t progress_micros;
    const struct backtest_search *search; // of the work that is under way
    bool has_record;                      // it has not been deleted meanwhile
    bool is_stopped;                      // canceled, or somebody else's now
    bool is_interrupted;                  // the process is to end
    bool is_waiting;                      // for the database; said once
    bool has_given_way;
    atomic_bool is_ending;
};

static void tell(const struct runner *runner)
{
    strategy_events_tell(runner->trading, runner->claim.user_id, runner->claim.id);
}

// Renews the lease when it is time. False when the work is to stop.
static bool goes_on(void *context, int64_t progress_micros)
{
    struct runner *runner = context;
    int64_t now = clock_monotonic_us();
    bool goes = true;
    struct error error;

    runner->progress_micros = progress_micros;
    if (atomic_load(&runner->is_ending)) {
        runner->is_interrupted = true;
        return false;
    }
    if (now - runner->renewed_at < RENEW_EVERY_US)
        return true;
    runner->renewed_at = now;
    arena_reset(runner->renewal);
    // Without the database the work goes on: what it comes to can be written only if the task is
    // this worker's still.
    if (backtest_store_progress(runner->trading->database, runner->renewal, &runner->claim,
                                progress_micros, &goes, &error)) {
        runner->is_stopped = !goes;
        tell(runner);
    }
    return !runner->is_stopped;
}

static bool goes_on_fetching(void *context)
{
    struct runner *runner = context;

    return goes_on(runner, runner->progress_micros);
}

static bool goes_on_running(void *context, int64_t progress_micros)
{
    const struct runner *runner = context;
    int64_t done = ((int64_t)runner->search->run_number * MICROS_PER_UNIT + progress_micros) /
                   (int64_t)runner->search->run_count;

    (void)fault_point("trading.during_backtest");
    return goes_on(context, FETCHED_MICROS + done / 2);
}

static bool claim_work(struct transaction *transaction, void *context, struct error *error)
{
    struct runner *runner = context;
    bool found = false;

    runner->claim.id[0] = '\0';
    return backtest_store_claim(transaction, runner->trading->worker, &runner->claim, &found,
                                error) &&
           (!found || backtest_store_find(transaction, runner->claim.id, BACKTEST_IN_SHORT,
                                          &runner->record, &runner->has_record, error));
}

// What a backtest is made of while it is run.
struct job {
    struct strategy_parameters *parameters;
    const Trading__BacktestWalkForward *walk_forward; // NULL for none
    struct backtest_search search;
    struct backtest_symbol symbols[STRATEGY_SYMBOLS_MAX];
    size_t symbol_count;
    struct backtest_dividends dividends;
    struct bar_columns *benchmark; // NULL for none
    struct backtest_settings settings;
    struct walk_forward_outcome outcome; // of a walk-forward
};

static int periods_per_year(const char *timeframe)
{
    if (strcmp(timeframe, "1Week") == 0)
        return 52;
    return strcmp(timeframe, "1Month") == 0 ? 12 : 0;
}

static bool make_program(struct runner *runner, struct job *job, struct error *error)
{
    const struct backtest_record *record = &runner->record;
    enum strategy_kind kind = STRATEGY_KIND_COUNT;
    struct strategy_program *program = arena_allocate(runner->arena, sizeof(*program));
    const char **tickers = NULL;

    job->parameters = arena_allocate(runner->arena, sizeof(*job->parameters));
    if (job->parameters == NULL || program == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The backtest needs too much memory.");
    // They were checked when the strategy was written; a later build may know another rule.
    if (!strategy_kind_find(text_of(record->kind), &kind))
        return error_set(error, REASON_INVALID_REQUEST, "There is no kind %s any more.",
                         record->kind);
    if (!strategy_parameters_read(kind, text_of(record->parameters), runner->arena, job->parameters,
                                  error) ||
        !strategy_program_make(job->parameters, program, error) ||
        !strategy_symbols_split(record->symbols, runner->arena, &tickers, &job->symbol_count,
                                error))
        return false;
    for (size_t i = 0; i < job->symbol_count; i++)
        job->symbols[i].ticker = tickers[i];
    job->search = (struct backtest_search){
        .parameters = job->parameters,
        .symbols = job->symbols,
        .symbol_count = job->symbol_count,
        .periods_per_year = periods_per_year(record->timeframe),
        .program = program,
        .workspace = runner->workspace,
        .result = &runner->result,
        .arena = runner->arena,
        .figures = runner->figures,
        .run_count = 1,
        .warm_up = program->warm_up,
    };
    return true;
}

// Takes the grid, and how it is to be gone through.
static bool make_plan(struct runner *runner, struct job *job, struct error *error)
{
    const Trading__Backtest *plan = NULL;

    if (!backtest_plan_of(&runner->record, runner->arena, &plan, error))
        return false;
    if (plan == NULL)
        return true;
    job->walk_forward = plan->walk_forward;
    job->search.grid = (struct backtest_grid){plan->grid, plan->n_grid};
    job->search.run_count = backtest_grid_count(&job->search.grid);
    return backtest_search_list(&job->search, error);
}

static bool fetch_symbol(struct runner *runner,
                         const char *ticker,
                         size_t warm_up,
                         size_t most,
                         struct bar_columns **out_series,
                         struct error *error)
{
    const struct backtest_bars_request request = {
        .ticker = ticker,
        .timeframe = runner->record.timeframe,
        .start = runner->record.start_at,
        .end = runner->record.end_at,
        .warm_up = warm_up,
        .most = most,
        .goes_on = goes_on_fetching,
        .context = runner,
        .must_be_complete = true,
    };

    *out_series = bar_columns_new();
    return backtest_bars_fetch(runner->trading, &request, *out_series, error);
}

static bool fetch_all(struct runner *runner, struct job *job, struct error *error)
{
    size_t left = BACKTEST_BARS_MAX;

    for (size_t i = 0; i < job->symbol_count; i++) {
        if (!fetch_symbol(runner, job->symbols[i].ticker, job->search.warm_up, left,
                          &job->symbols[i].series, error) ||
            !backtest_actions_fetch(runner->trading, job->symbols[i].ticker, i,
                                    runner->record.start_at, runner->record.end_at, &job->dividends,
                                    error))
            return false;
        left -= job->symbols[i].series->count;
        runner->progress_micros =
            FETCHED_MICROS * (int64_t)(i + 1) / (int64_t)(job->symbol_count + 1);
    }
    return runner->record.benchmark == NULL ||
           fetch_symbol(runner, runner->record.benchmark, 0, BACKTEST_BARS_MAX, &job->benchmark,
                        error);
}

// The time of the last bar of any symbol; INT64_MIN when there is none.
static int64_t last_bar(const struct job *job)
{
    int64_t last = INT64_MIN;

    for (size_t i = 0; i < job->symbol_count; i++) {
        const struct bar_columns *series = job->symbols[i].series;

        if (series->count > 0 && series->times[series->count - 1] > last)
            last = series->times[series->count - 1];
    }
    return last;
}

// Packs what came of it: the figures for lists, and all the rest beside them.
static bool pack(struct runner *runner,
                 const struct job *job,
                 struct backtest_end *out_end,
                 struct error *error)
{
    const struct backtest_figures_options options = {
        .settings = &job->settings,
        .result = job->walk_forward != NULL ? &job->outcome.result : &runner->result,
        .benchmark = job->benchmark,
        .periods_per_year = job->search.periods_per_year,
        .efficiency = job->walk_forward != NULL ? &job->outcome.efficiency : NULL,
        .plan = job->walk_forward != NULL ? runner->record.grid : NULL,
    };
    Trading__Backtest *whole = NULL;
    Trading__Backtest figures = TRADING__BACKTEST__INIT;

    if (!backtest_figures(&options, runner->arena, &whole, error))
        return false;
    figures.statistics = whole->statistics;
    figures.has_engine_version = whole->has_engine_version;
    figures.engine_version = whole->engine_version;
    figures.fingerprint = whole->fingerprint;
    whole->statistics = NULL;
    if (job->walk_forward != NULL) {
        whole->n_windows = job->outcome.window_count;
        whole->windows = job->outcome.windows;
    } else if (job->search.grid.count > 0) {
        whole->n_runs = job->search.run_count;
        whole->runs = job->search.runs;
    }
    out_end->status = BACKTEST_IS_COMPLETED;
    return strategy_pack_text(&figures.base, runner->arena, &out_end->statistics, error) &&
           strategy_pack_text(&whole->base, runner->arena, &out_end->result, error);
}

static bool check_work(const struct job *job, struct error *error)
{
    int64_t bars = 0;

    for (size_t i = 0; i < job->symbol_count; i++)
        bars += (int64_t)job->symbols[i].series->count;
    // A walk-forward counts the bars of its windows itself.
    if (job->walk_forward != NULL || bars * (int64_t)job->search.run_count <= BACKTEST_WORK_MAX)
        return true;
    error_clear(error);
    error_add_violation(error, "grid",
                        "makes %" PRId64 " bars times %zu combinations, and %" PRId64
                        " bars may be run in all",
                        bars, job->search.run_count, BACKTEST_WORK_MAX);
    return false;
}

// What is shown is what came of the windows out of sample: it begins with the first of them.
static bool walk(const struct runner *runner, struct job *job, struct error *error)
{
    int64_t last = last_bar(job);
    const struct walk_forward walk = {
        .plan = job->walk_forward,
        .search = &job->search,
        .settings = &job->settings,
        .timeframe = runner->record.timeframe,
        .end = last < job->settings.start ? job->settings.start : last + 1,
    };
    struct bar_columns *benchmark = job->benchmark;

    if (!walk_forward_run(&walk, &job->outcome, error))
        return false;
    job->settings.start = job->outcome.first_at;
    if (benchmark != NULL)
        job->benchmark = bar_columns_copy(
            benchmark, bar_columns_find(benchmark, job->outcome.first_at), benchmark->count);
    bar_columns_free(&benchmark);
    return true;
}

static bool run(struct runner *runner, struct job *job, struct error *error)
{
    runner->search = &job->search;
    if (!make_program(runner, job, error) || !make_plan(runner, job, error) ||
        !fetch_all(runner, job, error) || !check_work(job, error))
        return false;
    backtest_dividends_sort(&job->dividends);
    job->settings = (struct backtest_settings){
        .program = job->search.program,
        .symbols = job->symbols,
        .symbol_count = job->symbol_count,
        .start = runner->record.start_at,
        .cash = runner->record.cash,
        .terms = runner->record.terms,
        .fractional = runner->record.fractional,
        .exits_at_close = runner->record.exits_at_close,
        .dividends = job->dividends.list,
        .dividend_count = backtest_dividends_until(job->dividends.list, job->dividends.count,
                                                   runner->record.timeframe, last_bar(job)),
        .goes_on = goes_on_running,
        .context = runner,
    };
    if (job->walk_forward != NULL)
        return walk(runner, job, error);
    return (job->search.grid.count == 0 ||
            backtest_search_best(&job->search, &job->settings, error)) &&
           backtest_run(&job->settings, runner->workspace, &runner->result, error);
}

static void clear_job(struct job *job)
{
    for (size_t i = 0; i < STRATEGY_SYMBOLS_MAX; i++)
        bar_columns_free(&job->symbols[i].series);
    bar_columns_free(&job->benchmark);
    backtest_dividends_clear(&job->dividends);
    backtest_result_clear(&job->outcome.result);
}

// What cannot be reached now may be later, and what took too long may be quicker once more;
// everything else will be as it is.
static bool is_worth_another_attempt(const struct runner *runner, const struct error *error)
{
    return error->code == CODE_UNAVAILABLE || (error->code == CODE_DEADLINE_EXCEEDED &&
                                               runner->claim.attempts < BACKTEST_ATTEMPTS_MAX);
}

static struct backtest_end failure(struct runner *runner, const struct error *error)
{
    char message[ERROR_MESSAGE_SIZE];
    struct backtest_end end = {
        .status =
            error_is(error, REASON_BACKTEST_CANCELED) ? BACKTEST_IS_CANCELED : BACKTEST_IS_FAILED,
        .reason = arena_copy_string(runner->arena, error->reason),
    };

    error_print(error, message);
    end.reason_message = arena_copy_string(runner->arena, message);
    if (end.status == BACKTEST_IS_CANCELED)
        end.reason = end.reason_message = NULL;
    return end;
}

struct finishing {
    struct runner *runner;
    const struct backtest_end *end;
};

static bool finish_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct finishing *finishing = context;

    return backtest_store_finish(transaction, &finishing->runner->claim, finishing->end, error);
}

// Writes what has become of it; when that cannot be, its lease runs out and it is run again.
static void finish(struct runner *runner, const struct backtest_end *end)
{
    struct finishing finishing = {runner, end};
    struct error error;

    if (database_transact(runner->trading->database, runner->arena, 0, finish_work, &finishing,
                          &error))
        tell(runner);
    else
        log_write(LOG_WARNING, "backtest_not_finished", "backtest", runner->claim.id, "reason",
                  error.reason, NULL);
}

// Leaves it to who comes next. That others were away, or that the process ends, is no attempt that
// it has failed at.
static void put_off(struct runner *runner, bool counted)
{
    struct error error;

    // What cannot be put off is tried again when its lease is over.
    if (backtest_store_put_off(runner->trading->database, runner->arena, &runner->claim, counted,
                               &error))
        tell(runner);
    else
        log_write(LOG_WARNING, "backtest_not_put_off", "backtest", runner->claim.id, "reason",
                  error.reason, NULL);
}

static void work_on(struct runner *runner)
{
    struct job job = {0};
    struct backtest_end end = {0};
    struct error error;
    bool is_done = false;

    // So that it is asked at once whether it is to be canceled.
    runner->renewed_at = 0;
    runner->progress_micros = 0;
    runner->is_stopped = false;
    if (!runner->has_record)
        error_fill(&error, REASON_BACKTEST_CANCELED, "It has been deleted.");
    else if (runner->claim.attempts > BACKTEST_ATTEMPTS_MAX)
        error_fill(&error, REASON_INTERNAL, "It was begun %d times and never came to its end.",
                   BACKTEST_ATTEMPTS_MAX);
    else
        is_done = run(runner, &job, &error) && pack(runner, &job, &end, &error);
    if (!is_done && (runner->is_interrupted || is_worth_another_attempt(runner, &error))) {
        put_off(runner, !runner->is_interrupted && error.code == CODE_DEADLINE_EXCEEDED);
    } else {
        if (!is_done)
            end = failure(runner, &error);
        finish(runner, &end);
    }
    clear_job(&job);
}

// So that orders do not wait for backtests where there are fewer cores than threads. On Linux the
// priority is of the calling thread alone.
static void give_way(struct runner *runner)
{
    if (!runner->has_given_way)
        (void)setpriority(PRIO_PROCESS, 0, NICENESS);
    runner->has_given_way = true;
}

static bool work(void *context)
{
    struct runner *runner = context;
    struct platform_clock clock;
    struct error error;

    give_way(runner);
    // Nothing can be asked of market before its first word.
    if (!quotes_clock(runner->trading->quotes, &clock))
        return false;
    arena_reset(runner->arena);
    if (!database_transact(runner->trading->database, runner->arena, 0, claim_work, runner,
                           &error)) {
        if (!runner->is_waiting)
            log_write(LOG_WARNING, "backtests_wait", "reason", error.reason, NULL);
        runner->is_waiting = true;
        return false;
    }
    runner->is_waiting = false;
    if (runner->claim.id[0] == '\0')
        return false;
    tell(runner);
    work_on(runner);
    return !runner->is_interrupted;
}

static struct runner *runner_new(struct trading *trading)
{
    struct runner *runner = allocate(sizeof(*runner));

    runner->trading = trading;
    runner->arena = arena_new(ARENA_BUDGET);
    runner->renewal = arena_new(RENEWAL_BUDGET);
    runner->figures = arena_new(ARENA_BUDGET);
    runner->workspace = rule_workspace_new();
    runner->worker = worker_new("backtests", PERIOD_MS, work, runner);
    return runner;
}

static void runner_free(struct runner **runner)
{
    worker_free(&(*runner)->worker);
    backtest_result_clear(&(*runner)->result);
    rule_workspace_free(&(*runner)->workspace);
    arena_free(&(*runner)->renewal);
    arena_free(&(*runner)->figures);
    arena_free(&(*runner)->arena);
    release(*runner);
    *runner = NULL;
}

struct backtest_queue {
    size_t count;
    struct runner *runners[BACKTEST_WORKERS_MAX];
};

struct backtest_queue *backtest_queue_new(struct trading *trading, size_t workers)
{
    struct backtest_queue *queue = allocate(sizeof(*queue));

    for (; queue->count < workers; queue->count++)
        queue->runners[queue->count] = runner_new(trading);
    return queue;
}

void backtest_queue_wake(struct backtest_queue *queue)
{
    if (queue == NULL)
        return;
    for (size_t i = 0; i < queue->count; i++)
        worker_wake(queue->runners[i]->worker);
}

void backtest_queue_free(struct backtest_queue **queue)
{
    if (*queue == NULL)
        return;
    // All are told before any is waited for.
    for (size_t i = 0; i < (*queue)->count; i++)
        atomic_store(&(*queue)->runners[i]->is_ending, true);
    for (size_t i = 0; i < (*queue)->count; i++)
        runner_free(&(*queue)->runners[i]);
    release(*queue);
    *queue = NULL;
}
