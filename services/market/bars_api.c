// SPDX-License-Identifier: MIT
// Daily bars, one at a time and as lists.
#include "market.h"

#include "exchange_calendar.h"
#include "market_store.h"

#include <string.h>

enum { BARS_A_PAGE = 100, LIST_MEMORY = 8 * 1024 * 1024 };

// The first day whose session does not begin before `at`, and the last that does not begin after
// it.
static int64_t first_day_from(int64_t at)
{
    int64_t day;

    if (at <= CALENDAR_START_AT)
        return CALENDAR_FIRST_DAY;
    if (at >= CALENDAR_END_AT)
        return CALENDAR_LAST_DAY + 1;
    day = exchange_calendar_day(at);
    return exchange_calendar_at(day, CALENDAR_OPEN_MINUTE) < at ? day + 1 : day;
}

static int64_t last_day_until(int64_t at)
{
    int64_t day;

    if (at < CALENDAR_START_AT)
        return CALENDAR_FIRST_DAY - 1;
    if (at >= CALENDAR_END_AT)
        return CALENDAR_LAST_DAY;
    day = exchange_calendar_day(at);
    return exchange_calendar_at(day, CALENDAR_OPEN_MINUTE) > at ? day - 1 : day;
}

// A bare date is its midnight in UTC, before that day's session: as an end it means that day too.
static bool is_midnight(int64_t at)
{
    return at % (24 * 3600 * MICROS_PER_SECOND) == 0;
}

static bool
read_query(const Market__ListBarsRequest *request, struct bar_query *out_query, struct error *error)
{
    struct bar_query query = {
        .ticker = request->ticker,
        .first_day = request->has_start ? first_day_from(request->start) : CALENDAR_FIRST_DAY,
        .last_day = CALENDAR_LAST_DAY,
        .is_descending = request->sort == MARKET__SORT__SORT_DESC,
        .limit = request->has_limit ? request->limit : BARS_A_PAGE,
    };
    struct page_position after;

    if (request->has_end && is_midnight(request->end))
        query.last_day = last_day_until(request->end + 24 * 3600 * MICROS_PER_SECOND - 1);
    else if (request->has_end)
        query.last_day = last_day_until(request->end);
    if (request->page_token != NULL && request->page_token[0] != '\0') {
        if (!page_token_read(request->page_token, "bars", &after, error))
            return false;
        if (after.number < CALENDAR_FIRST_DAY || after.number > CALENDAR_LAST_DAY)
            return error_set(error, REASON_INVALID_PAGE_TOKEN, "the page token was not made here");
        if (query.is_descending && after.number - 1 < query.last_day)
            query.last_day = after.number - 1;
        if (!query.is_descending && after.number + 1 > query.first_day)
            query.first_day = after.number + 1;
    }
    *out_query = query;
    return true;
}

static bool fill_bars(struct arena *arena,
                      const struct bar *bars,
                      size_t count,
                      Market__ListBarsResponse *response,
                      struct error *error)
{
    Market__Bar *messages = arena_allocate(arena, (count + 1) * sizeof *messages);

    response->bars = arena_allocate(arena, (count + 1) * sizeof(Market__Bar *));
    if (messages == NULL || response->bars == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the bars do not fit");
    for (size_t i = 0; i < count; i++) {
        market_message_bar(&bars[i], &messages[i]);
        response->bars[i] = &messages[i];
    }
    response->n_bars = count;
    return true;
}

bool market_api_list_bars(struct market *market,
                          struct call *call,
                          const Market__ListBarsRequest *request,
                          Market__ListBarsResponse *response,
                          struct error *error)
{
    OWNED(arena) arena = arena_new(LIST_MEMORY); // ten thousand rows need more than a call has
    struct bar_query query;
    struct symbol symbol;
    struct bar *bars = NULL;
    size_t limit, count = 0;

    if (!read_query(request, &query, error) ||
        !store_get_symbol(market->database, call->arena, request->ticker, &symbol, error))
        return false;
    limit = query.limit++;
    if (query.first_day <= query.last_day &&
        !store_list_bars(market->database, arena, &query, &bars, &count, error))
        return false;
    if (count > limit) {
        const struct page_position last = {.number = bars[limit - 1].day};

        count = limit;
        response->next_page_token = page_token_write(call->arena, "bars", &last);
    }
    response->ticker = symbol.ticker;
    response->has_timeframe = true;
    response->timeframe = MARKET__TIMEFRAME__TIMEFRAME_1DAY;
    return fill_bars(call->arena, bars, count, response, error);
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
