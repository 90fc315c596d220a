// SPDX-License-Identifier: MIT
// Bars of all timeframes as lists, the present minutes, and daily bars set one at a time.
#include "market.h"

#include "bars/bar_series.h"
#include "bars/bar_source.h"
#include "clock/exchange_calendar.h"
#include "market_store.h"
#include "page_token.h"

#include <string.h>

enum { BARS_A_PAGE = 100 };

#define COMPUTING_US_MAX (2 * MICROS_PER_SECOND) // for one page

// What is asked for, in terms of the bars' times.
struct list {
    struct market *market;
    enum timeframe timeframe;
    enum market_hours hours;
    bool is_descending, is_adjusted;
    bool is_backwards; // from page to page, and while bars are collected
    size_t limit;
    int64_t now;
    int64_t from, until; // `until` not included
};

static enum timeframe read_timeframe(const Market__ListBarsRequest *request)
{
    static const enum timeframe timeframes[] = {
        [MARKET__TIMEFRAME__TIMEFRAME_UNSPECIFIED] = TIMEFRAME_DAY,
        [MARKET__TIMEFRAME__TIMEFRAME_1DAY] = TIMEFRAME_DAY,
        [MARKET__TIMEFRAME__TIMEFRAME_1MIN] = TIMEFRAME_MINUTE,
        [MARKET__TIMEFRAME__TIMEFRAME_5MIN] = TIMEFRAME_FIVE_MINUTES,
        [MARKET__TIMEFRAME__TIMEFRAME_15MIN] = TIMEFRAME_QUARTER,
        [MARKET__TIMEFRAME__TIMEFRAME_1HOUR] = TIMEFRAME_HOUR,
        [MARKET__TIMEFRAME__TIMEFRAME_1WEEK] = TIMEFRAME_WEEK,
        [MARKET__TIMEFRAME__TIMEFRAME_1MONTH] = TIMEFRAME_MONTH,
    };

    return request->has_timeframe ? timeframes[request->timeframe] : TIMEFRAME_DAY;
}

static int64_t clamp(int64_t at)
{
    if (at < CALENDAR_START_AT)
        return CALENDAR_START_AT;
    return at < CALENDAR_END_AT ? at : CALENDAR_END_AT - 1;
}

// A bare date is its midnight in UTC, before that day's session: as an end it means that day too.
static int64_t last_moment(int64_t end)
{
    return clamp(end) % MICROS_PER_DAY == 0 ? clamp(end) + MICROS_PER_DAY - 1 : clamp(end);
}

// The time of the first bar that does not begin before `at`, and of the first after it.
static int64_t first_from(const struct list *list, int64_t at)
{
    int64_t start = timeframe_start(list->timeframe, list->hours, at);

    return start >= at ? start : timeframe_next(list->timeframe, list->hours, at);
}

static int64_t first_after(const struct list *list, int64_t at)
{
    int64_t start = timeframe_start(list->timeframe, list->hours, at);

    return start > at ? start : timeframe_next(list->timeframe, list->hours, at);
}

static bool check_range(const Market__ListBarsRequest *request, struct error *error)
{
    char start[TIMESTAMP_SIZE], end[TIMESTAMP_SIZE];

    if (!request->has_start || !request->has_end || request->start <= last_moment(request->end))
        return true;
    timestamp_print(request->start, start);
    timestamp_print(request->end, end);
    error_clear(error);
    error_add_violation(error, "end", "%s is before the start, %s", end, start);
    return false;
}

// Begins after the last bar of the page before.
static bool go_on(struct list *list, const char *token, struct error *error)
{
    struct page_position after;

    if (!page_token_read(token, "bars", &after, error))
        return false;
    if (after.number < CALENDAR_START_AT || after.number >= CALENDAR_END_AT ||
        timeframe_start(list->timeframe, list->hours, after.number) != after.number)
        return error_set(error, REASON_INVALID_PAGE_TOKEN,
                         "the page token was not made for this timeframe");
    if (list->is_backwards && after.number < list->until)
        list->until = after.number;
    if (!list->is_backwards && after.number >= list->from)
        list->from = first_after(list, after.number);
    return true;
}

static bool read_list(struct market *market,
                      const Market__ListBarsRequest *request,
                      struct list *out_list,
                      struct error *error)
{
    struct clock_view clock;
    struct list list = {
        .market = market,
        .timeframe = read_timeframe(request),
        .hours = market_bar_hours(market),
        .is_descending = request->sort == MARKET__SORT__SORT_DESC,
        // Without a start the latest bars are meant.
        .is_backwards = request->sort == MARKET__SORT__SORT_DESC || !request->has_start,
        .is_adjusted = request->adjustment == MARKET__ADJUSTMENT__ADJUSTMENT_SPLIT,
        .limit = request->has_limit ? request->limit : BARS_A_PAGE,
    };

    if (!check_range(request, error) || !player_clock(market->player, &clock, error))
        return false;
    list.now = clock.now;
    list.from = first_from(&list, clamp(request->has_start ? request->start : CALENDAR_START_AT));
    list.until = first_after(&list, request->has_end ? clamp(last_moment(request->end))
                                                     : CALENDAR_END_AT - 1);
    if (request->page_token != NULL && request->page_token[0] != '\0' &&
        !go_on(&list, request->page_token, error))
        return false;
    *out_list = list;
    return true;
}

static void adjust(struct list *list, const char *ticker, struct timed_bar *bar)
{
    struct split_ratio ratio =
        split_table_ratio(list->market->splits, ticker, bar_day(list->hours, bar->at),
                          market_effective_day(list->market, list->now));

    bar->open_micros = split_ratio_price(&ratio, bar->open_micros);
    bar->high_micros = split_ratio_price(&ratio, bar->high_micros);
    bar->low_micros = split_ratio_price(&ratio, bar->low_micros);
    bar->close_micros = split_ratio_price(&ratio, bar->close_micros);
    bar->volume = split_ratio_volume(&ratio, bar->volume);
}

// Fills the series until there is one bar more than fits a page, or no more bars. When it has taken
// too long by then, the page ends with the bars that are whole.
static bool collect(struct list *list,
                    const char *ticker,
                    struct bar_source *source,
                    struct bar_series *series,
                    bool *out_has_more,
                    struct error *error)
{
    int64_t until_us = clock_monotonic_us() + COMPUTING_US_MAX;
    const struct timed_bar *bars = NULL;
    bool is_end = false, is_full = false;
    size_t count = 0;

    while (!is_end && !is_full) {
        if (series->count > 1 && clock_monotonic_us() > until_us)
            break;
        if (!bar_source_next(source, &bars, &count, &is_end, error))
            return false;
        for (size_t i = 0; i < count && !is_full; i++) {
            struct timed_bar bar = bars[i];

            if (list->is_adjusted)
                adjust(list, ticker, &bar);
            is_full = !bar_series_add(series, &bar) || series->count > list->limit;
        }
    }
    *out_has_more = !is_end || is_full;
    if (is_full || !is_end)
        series->count--; // the last one is not whole, or not of this page
    return true;
}

static bool fill_bars(struct arena *arena,
                      const struct bar_series *series,
                      Market__ListBarsResponse *response,
                      struct error *error)
{
    Market__Bar *messages = arena_allocate(arena, (series->count + 1) * sizeof *messages);

    response->bars = arena_allocate(arena, (series->count + 1) * sizeof(Market__Bar *));
    if (messages == NULL || response->bars == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the bars do not fit");
    for (size_t i = 0; i < series->count; i++) {
        market_message_timed_bar(&series->bars[i], &messages[i]);
        response->bars[i] = &messages[i];
    }
    response->n_bars = series->count;
    return true;
}

static bool list_bars(struct list *list,
                      struct call *call,
                      const char *ticker,
                      Market__ListBarsResponse *response,
                      struct error *error)
{
    const struct bar_source_options options = {
        .market = list->market,
        .ticker = ticker,
        .is_of_minutes = timeframe_is_of_minutes(list->timeframe),
        .is_descending = list->is_backwards,
        .from = list->from,
        .until = list->until,
        .now = list->now,
    };
    struct bar_series series = {.timeframe = list->timeframe,
                                .hours = list->hours,
                                .is_descending = list->is_backwards,
                                .max = list->limit + 1};
    OWNED(bar_source) source = NULL;
    bool has_more = false;

    series.bars = arena_allocate(call->arena, series.max * sizeof *series.bars);
    if (series.bars == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the bars do not fit");
    if (!split_table_refresh(list->market->splits, error) ||
        !bar_source_new(&options, &source, error) ||
        !collect(list, ticker, source, &series, &has_more, error))
        return false;
    if (has_more) {
        const struct page_position last = {.number = series.bars[series.count - 1].at};

        response->next_page_token = page_token_write(call->arena, "bars", &last);
    }
    if (list->is_backwards != list->is_descending)
        bar_series_reverse(&series);
    bar_series_mark(&series, list->now);
    return fill_bars(call->arena, &series, response, error);
}

// Has days fetched that are missing, and says whether any are.
static bool complete(struct list *list,
                     struct call *call,
                     const char *ticker,
                     bool waits,
                     Market__ListBarsResponse *response,
                     struct error *error)
{
    const struct history_want want = {.ticker = ticker, .until = list->until, .waits = waits};
    struct history_standing standing = {.is_complete = true};
    char *date;

    if (!timeframe_is_of_minutes(list->timeframe) &&
        !market_fetch_history(list->market, call->arena, &want, &standing, error))
        return false;
    response->has_is_complete = true;
    response->is_complete = standing.is_complete;
    if (standing.is_complete || !standing.has_through)
        return true;
    date = arena_allocate(call->arena, DATE_SIZE);
    if (date == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the bars do not fit");
    date_print(date_from_days(standing.complete_through), date);
    response->complete_through = date;
    return true;
}

bool market_api_list_bars(struct market *market,
                          struct call *call,
                          const Market__ListBarsRequest *request,
                          Market__ListBarsResponse *response,
                          struct error *error)
{
    struct symbol symbol;
    struct list list;

    if (!read_list(market, request, &list, error) ||
        !market_get_symbol(market, call->arena, request->ticker, &symbol, error) ||
        !complete(&list, call, symbol.ticker, request->wait, response, error) ||
        !list_bars(&list, call, symbol.ticker, response, error))
        return false;
    response->ticker = symbol.ticker;
    response->has_timeframe = true;
    response->timeframe = request->has_timeframe && request->timeframe != 0
                              ? request->timeframe
                              : MARKET__TIMEFRAME__TIMEFRAME_1DAY;
    response->has_adjustment = true;
    response->adjustment = list.is_adjusted ? MARKET__ADJUSTMENT__ADJUSTMENT_SPLIT
                                            : MARKET__ADJUSTMENT__ADJUSTMENT_RAW;
    response->has_as_of = true;
    response->as_of = list.now;
    return true;
}

// One symbol's minutes; `running` says whether time is still in them.
static bool fill_minutes(struct arena *arena,
                         const char *ticker,
                         const struct timed_bar bars[2],
                         Market__PresentMinute **out_minute)
{
    Market__PresentMinute *minute = arena_allocate(arena, sizeof *minute);
    Market__Bar *messages = arena_allocate(arena, 2 * sizeof *messages);

    if (minute == NULL || messages == NULL)
        return false;
    market__present_minute__init(minute);
    minute->ticker = ticker;
    market_message_timed_bar(&bars[0], &messages[0]);
    minute->bar = &messages[0];
    if (bars[1].at != INT64_MIN) {
        market_message_timed_bar(&bars[1], &messages[1]);
        minute->previous = &messages[1];
    }
    *out_minute = minute;
    return true;
}

bool market_api_list_present_minutes(struct market *market,
                                     struct call *call,
                                     const Market__ListPresentMinutesRequest *request,
                                     Market__ListPresentMinutesResponse *response,
                                     struct error *error)
{
    struct clock_view clock;
    struct timed_bar bars[2];

    response->minutes =
        arena_allocate(call->arena, (request->n_tickers + 1) * sizeof(Market__PresentMinute *));
    if (response->minutes == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the minutes do not fit");
    if (!player_clock(market->player, &clock, error))
        return false;
    for (size_t i = 0; i < request->n_tickers; i++) {
        if (!player_find_minutes(market->player, request->tickers[i], &bars[0], &bars[1]))
            continue;
        bars[0].is_running =
            timeframe_end(TIMEFRAME_MINUTE, market_bar_hours(market), bars[0].at) > clock.now;
        if (!fill_minutes(call->arena, request->tickers[i], bars,
                          &response->minutes[response->n_minutes++]))
            return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the minutes do not fit");
    }
    return true;
}

struct put {
    struct call *call;
    const Market__PutBarRequest *request;
    const struct bar *bar;
    Market__PutBarResponse *response;
    bool was_done;
};

static bool put(struct transaction *transaction, void *context, struct error *error)
{
    struct put *what = context;
    const struct rpc_method *method = &market_method_put_bar;
    const struct audit_outbox_event event = {
        .call = what->call,
        .action = "bar.put",
        .subject = what->bar->ticker,
        .method = method,
        .request = &what->request->base,
    };
    bool was_there = false;

    if (!idempotency_begin(transaction, what->call, method, &what->response->base, &what->was_done,
                           error))
        return false;
    if (what->was_done)
        return true;
    if (!store_put_bar(transaction, what->bar, &was_there, error) ||
        !audit_outbox_add(transaction, &event, 1, error))
        return false;
    what->response->bar = arena_allocate(what->call->arena, sizeof *what->response->bar);
    if (what->response->bar == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the bar does not fit");
    market_message_bar(what->bar, what->response->bar);
    what->response->has_updated = true;
    what->response->updated = was_there;
    return idempotency_finish(transaction, what->call, method, &what->response->base, error);
}

// Names the field that a broken rule of bars is about: the first word of the phrase.
static bool refuse(const char *reason, struct error *error)
{
    static const char *const fields[] = {"open", "high", "low", "close", "volume"};

    error_clear(error);
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        size_t length = strlen(fields[i]);

        if (strncmp(reason, fields[i], length) == 0 && reason[length] == ' ') {
            error_add_violation(error, fields[i], "%s", reason + length + 1);
            return false;
        }
    }
    error_add_violation(error, "date", "%s", reason);
    return false;
}

bool market_api_put_bar(struct market *market,
                        struct call *call,
                        const Market__PutBarRequest *request,
                        Market__PutBarResponse *response,
                        struct error *error)
{
    struct bar bar = {
        .open_micros = request->open_micros,
        .high_micros = request->high_micros,
        .low_micros = request->low_micros,
        .close_micros = request->close_micros,
        .volume = request->volume,
    };
    struct put what = {.call = call, .request = request, .bar = &bar, .response = response};
    char reason[BAR_REASON_SIZE];
    struct date date;
    bool is_done;

    if (!bar_read_ticker(text_of(request->ticker), bar.ticker) ||
        !date_parse(text_of(request->date), &date)) {
        error_clear(error);
        error_add_violation(error, "ticker", "must begin with a letter or a digit");
        return false;
    }
    bar.day = date_to_days(date);
    if (!bar_check(&bar, market_today(market), reason))
        return refuse(reason, error);
    is_done = database_transact(market->database, call->arena, 0, put, &what, error);
    // It may have added the symbol, also when the outcome is unknown.
    symbol_catalogue_changed(market->catalogue);
    if (!is_done)
        return false;
    if (!what.was_done)
        player_refresh(market->player, (const char(*)[TICKER_SIZE]) & bar.ticker, 1,
                       call->deadline_us);
    return true;
}
