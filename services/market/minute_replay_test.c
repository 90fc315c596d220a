// SPDX-License-Identifier: MIT
// Imported minutes over a real PostgreSQL: what becomes of them, and how a replay quotes them. What
// is known of a moment must be the same whichever way time came there.
#include "imports/import_helper.h"
#include "market.h"
#include "market_host.h"

#include "rpc/rpc_client.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

enum { MINUTES = 390, STEP_SECONDS = 7 };

struct fixture {
    struct market_host *host;
    struct arena *arena;
};

static int set_up(void **state)
{
    struct fixture *f = allocate(sizeof *f);

    f->host = market_host_new();
    f->arena = arena_new(64 * 1024 * 1024);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    market_host_free(&f->host);
    arena_free(&f->arena);
    release(f);
    return 0;
}

static const Market__Import *import(struct fixture *f, const char *ticker, const char *csv)
{
    struct import_helper one = import_helper_start(market_host_market(f->host), f->arena, ticker);
    struct error error;

    if (!import_helper_append(&one, text_of(csv), &error))
        fail_msg("%s", error.message);
    return import_helper_finish(&one);
}

// Minutes of one day, with gaps, whose prices go up and down.
static void print_minutes(struct strbuf *out, const char *day, int first, int every)
{
    for (int minute = first; minute < MINUTES; minute += every) {
        int price = 100 + (minute * 37) % 41;

        strbuf_printf(out, "%s %02d:%02d:00,%d,%d.5,%d.25,%d,%d\n", day, 9 + (30 + minute) / 60,
                      (30 + minute) % 60, price, price + 3, price - 2, price + 1, 1001 + minute);
    }
}

static Market__ListQuoteHistoryResponse
history(struct fixture *f, const char *ticker, int64_t after, int64_t until)
{
    Market__ListQuoteHistoryRequest request = MARKET__LIST_QUOTE_HISTORY_REQUEST__INIT;
    Market__ListQuoteHistoryResponse response = MARKET__LIST_QUOTE_HISTORY_RESPONSE__INIT;
    struct call call = call_start(f->arena, 60000);
    struct error error;

    request.ticker = ticker;
    request.has_after = request.has_until = true;
    request.after = after;
    request.until = until;
    if (!market_api_list_quote_history(market_host_market(f->host), &call, &request, &response,
                                       &error))
        fail_msg("%s", error.message);
    return response;
}

static Market__ListBarsResponse
bars(struct fixture *f, const char *ticker, Market__Timeframe timeframe, const char *start)
{
    Market__ListBarsRequest request = MARKET__LIST_BARS_REQUEST__INIT;
    Market__ListBarsResponse response = MARKET__LIST_BARS_RESPONSE__INIT;
    struct call call = call_start(f->arena, 60000);
    struct error error;

    request.ticker = ticker;
    request.has_timeframe = request.has_start = request.has_limit = true;
    request.timeframe = timeframe;
    assert_true(timestamp_parse(text_of(start), &request.start));
    request.limit = 10000;
    if (!market_api_list_bars(market_host_market(f->host), &call, &request, &response, &error))
        fail_msg("%s", error.message);
    return response;
}

static struct quote present(struct fixture *f, const char *ticker)
{
    struct quote quote;

    assert_true(player_find(market_host_market(f->host)->player, ticker, &quote));
    return quote;
}

static void assert_same_quote(const struct quote *one, const Market__Quote *other)
{
    assert_int_equal(one->price_micros, other->price_micros);
    assert_int_equal(one->open_micros, other->open_micros);
    assert_int_equal(one->high_micros, other->high_micros);
    assert_int_equal(one->low_micros, other->low_micros);
    assert_int_equal(one->previous_close_micros,
                     other->has_previous_close_micros ? other->previous_close_micros : 0);
    assert_int_equal(one->volume, other->volume);
    assert_int_equal(one->quoted_at, other->quoted_at);
}

static void assert_same_figures(const Market__Bar *one, const Market__Bar *other)
{
    assert_int_equal(one->open_micros, other->open_micros);
    assert_int_equal(one->high_micros, other->high_micros);
    assert_int_equal(one->low_micros, other->low_micros);
    assert_int_equal(one->close_micros, other->close_micros);
    assert_int_equal(one->volume, other->volume);
}

// The day's bar is what has been quoted, and so are its minutes together.
static void assert_bars_are_the_quote(struct fixture *f, const struct quote *quote)
{
    Market__ListBarsResponse days =
        bars(f, "MINS", MARKET__TIMEFRAME__TIMEFRAME_1DAY, "2014-01-03T00:00:00Z");
    Market__ListBarsResponse minutes =
        bars(f, "MINS", MARKET__TIMEFRAME__TIMEFRAME_1MIN, "2014-01-03T00:00:00Z");
    const Market__Bar *day = days.bars[0];
    Market__Bar sum = *minutes.bars[0];

    assert_int_equal(days.n_bars, 1);
    for (size_t i = 1; i < minutes.n_bars; i++) {
        const Market__Bar *minute = minutes.bars[i];

        sum.high_micros =
            minute->high_micros > sum.high_micros ? minute->high_micros : sum.high_micros;
        sum.low_micros = minute->low_micros < sum.low_micros ? minute->low_micros : sum.low_micros;
        sum.close_micros = minute->close_micros;
        sum.volume += minute->volume;
    }
    assert_same_figures(day, &sum);
    assert_int_equal(day->open_micros, quote->open_micros);
    assert_int_equal(day->high_micros, quote->high_micros);
    assert_int_equal(day->low_micros, quote->low_micros);
    assert_int_equal(day->close_micros, quote->price_micros);
    assert_int_equal(day->volume, quote->volume);
}

static void minutes_make_their_day_in_place_of_what_had_been_known_of_it(void **state)
{
    struct fixture *f = *state;
    const Market__Import *result;

    result = import(f, "MADE",
                    "Date,Open,High,Low,Close,Volume\n"
                    "2013-12-30,1,2,1,2,5\n2013-12-31,1,2,1,2,5\n");
    assert_int_equal(result->timeframe, MARKET__TIMEFRAME__TIMEFRAME_1DAY);
    result =
        import(f, "MADE",
               "Datetime,Open,High,Low,Close,Volume\n"
               "2013-12-31 09:31,5,6,4,5,10\n2013-12-31 15:59,7,8,7,8,20\n"
               "2013-12-31 09:31,5,6,4,5,10\n2013-12-31 08:00,5,6,4,5,10\n2013-12-31,1,2,1,2,5\n");
    assert_int_equal(result->timeframe, MARKET__TIMEFRAME__TIMEFRAME_1MIN);
    assert_int_equal(result->imported, 2);
    assert_int_equal(result->rejected_count, 3);
    assert_string_equal(result->rejected[0]->reason,
                        "MADE 2013-12-31T14:31:00Z is there already in line 2");
    assert_string_equal(result->rejected[1]->reason,
                        "2013-12-31 08:00 in New York is outside of the session, 09:30 to 16:00");
    assert_string_equal(result->rejected[2]->reason,
                        "the date has no time of day, and the file is of minutes");
    // Days that come later do not count beside the minutes: neither of them is counted twice.
    result = import(f, "MADE",
                    "Date,Open,High,Low,Close,Volume\n2013-12-30,1,3,1,2,5\n2013-12-31,1,2,1,2,5\n"
                    "2014-01-02,1,2,1,2,5\n");
    assert_int_equal(result->imported, 1);
    assert_int_equal(result->updated, 1);
    assert_int_equal(result->rejected_count, 1);
    assert_string_equal(result->rejected[0]->reason,
                        "MADE 2013-12-31 is made of its imported minutes");
    // More minutes make the day anew.
    result = import(f, "MADE", "time,open,high,low,close,volume\n1388502000,5,9,5,6,1\n");
    assert_int_equal(result->imported, 1);
    result = import(f, "MADE", "time,open,high,low,close,volume\n1388502000,5,10,5,6,1\n");
    assert_int_equal(result->updated, 1);
    market_host_step(f->host, "2014-01-01T12:00:00Z");
    {
        Market__ListBarsResponse days =
            bars(f, "MADE", MARKET__TIMEFRAME__TIMEFRAME_1DAY, "2013-12-01T00:00:00Z");

        assert_int_equal(days.n_bars, 2);
        assert_int_equal(days.bars[1]->open_micros, 5000000);
        assert_int_equal(days.bars[1]->high_micros, 10000000);
        assert_int_equal(days.bars[1]->low_micros, 4000000);
        assert_int_equal(days.bars[1]->close_micros, 8000000);
        assert_int_equal(days.bars[1]->volume, 31);
    }
    assert_int_equal(present(f, "MADE").quoted_at, INT64_C(1388523599000000)); // 15:59:59
}

static void a_day_of_minutes_is_not_set_by_hand(void **state)
{
    struct fixture *f = *state;
    Market__PutBarRequest request = MARKET__PUT_BAR_REQUEST__INIT;
    Market__PutBarResponse response = MARKET__PUT_BAR_RESPONSE__INIT;
    struct call call = call_start(f->arena, 60000);
    struct error error;

    (void)import(f, "SET", "Date,Time,Open,High,Low,Close,Volume\n2013-12-31,10:00,5,6,4,5,10\n");
    request.ticker = "SET";
    request.date = "2013-12-31";
    request.open_micros = request.high_micros = request.low_micros = request.close_micros = 7;
    assert_false(
        market_api_put_bar(market_host_market(f->host), &call, &request, &response, &error));
    assert_string_equal(error.reason, "INVALID_REQUEST");
    assert_string_equal(error.details[0].name, "date");
}

static void a_replay_quotes_minutes_the_same_whichever_way_time_comes_there(void **state)
{
    struct fixture *f = *state;
    OWNED(strbuf) lines = strbuf_new(1024 * 1024);
    int64_t day = 0, at, before;
    size_t quotes = 0;

    strbuf_append_string(lines, "Datetime,Open,High,Low,Close,Volume\n");
    print_minutes(lines, "2014-01-02", 0, 1);
    print_minutes(lines, "2014-01-03", 4, 3); // begins at 09:34
    assert_int_equal(import(f, "MINS", lines->data)->imported, 390 + 129);
    (void)import(f, "DAYS",
                 "Date,Open,High,Low,Close,Volume\n2014-01-02,10,13,9,12,40\n"
                 "2014-01-03,11,14,10,13,44\n");
    market_host_step(f->host, "2014-01-02T21:00:00Z");
    assert_true(timestamp_parse(text_of("2014-01-03T14:30:00Z"), &day));
    at = before = day - 60 * MICROS_PER_SECOND;
    for (int step = 0; at < day + 13 * 60 * MICROS_PER_SECOND; step++) {
        Market__ListQuoteHistoryResponse due;
        char text[TIMESTAMP_SIZE];
        struct quote quote;

        at += STEP_SECONDS * MICROS_PER_SECOND;
        timestamp_print(at, text);
        market_host_step(f->host, text);
        quote = present(f, "MINS");
        due = history(f, "MINS", before, at);
        quotes += due.n_quotes;
        if (due.n_quotes > 0)
            assert_same_quote(&quote, due.quotes[due.n_quotes - 1]);
        // Before its first minute the day is the one before.
        if (quote.quoted_at > day)
            assert_bars_are_the_quote(f, &quote);
        else
            assert_true(quote.quoted_at < day - 3600 * MICROS_PER_SECOND);
        if (step % 17 == 5) {
            struct quote again;

            market_host_restart(f->host);
            again = present(f, "MINS");
            assert_memory_equal(again.ticker, quote.ticker, sizeof quote.ticker);
            quote.source = again.source = NULL;
            assert_memory_equal(&again, &quote, sizeof quote);
        }
        before = at;
        arena_reset(f->arena);
    }
    assert_int_equal(quotes, 13); // of 09:34, 09:37 and 09:40, and the first of 09:43
    // Those of days are quoted as always beside them.
    market_host_step(f->host, "2014-01-03T20:59:00Z");
    assert_int_equal(present(f, "DAYS").price_micros, 13000000);
    market_host_step(f->host, "2014-01-03T22:00:00Z");
    {
        struct quote quote = present(f, "MINS");

        assert_bars_are_the_quote(f, &quote);
        assert_int_equal(history(f, "MINS", day, day + 8 * 3600 * MICROS_PER_SECOND).n_quotes,
                         4 * 129);
    }
}

static void a_leap_over_minutes_plays_all_of_them(void **state)
{
    struct fixture *f = *state;
    OWNED(strbuf) lines = strbuf_new(1024 * 1024);
    Market__ListBarsResponse hours;

    strbuf_append_string(lines, "Symbol,Datetime,Open,High,Low,Close,Volume\n");
    for (int i = 0; i < 30; i++) {
        OWNED(strbuf) own = strbuf_new(1024 * 1024);
        struct text rest, line;

        print_minutes(own, i % 2 == 0 ? "2014-01-06" : "2014-01-07", 0, 1);
        rest = strbuf_text(own);
        while (csv_next_line(&rest, &line)) {
            strbuf_printf(lines, "L%02d,", i / 2);
            strbuf_append(lines, line.data, line.length);
            strbuf_append_char(lines, '\n');
        }
        if (lines->length > 100 * 1024 || i == 29) {
            assert_int_equal(import(f, NULL, lines->data)->state,
                             MARKET__IMPORT_STATE__IMPORT_STATE_DONE);
            strbuf_reset(lines);
            strbuf_append_string(lines, "Symbol,Datetime,Open,High,Low,Close,Volume\n");
        }
    }
    market_host_step(f->host, "2014-01-07T21:00:00Z");
    for (int i = 0; i < 15; i++) {
        char ticker[TICKER_SIZE];
        struct quote quote;
        Market__ListBarsResponse days;

        (void)snprintf(ticker, sizeof ticker, "L%02d", i);
        quote = present(f, ticker);
        days = bars(f, ticker, MARKET__TIMEFRAME__TIMEFRAME_1DAY, "2014-01-06T00:00:00Z");
        assert_int_equal(days.n_bars, 2);
        assert_int_equal(quote.previous_close_micros, days.bars[0]->close_micros);
        assert_int_equal(quote.volume, days.bars[1]->volume);
        assert_int_equal(quote.high_micros, days.bars[1]->high_micros);
        assert_int_equal(quote.low_micros, days.bars[1]->low_micros);
    }
    hours = bars(f, "L00", MARKET__TIMEFRAME__TIMEFRAME_1HOUR, "2014-01-06T00:00:00Z");
    assert_int_equal(hours.n_bars, 14);
    assert_int_equal(
        bars(f, "L00", MARKET__TIMEFRAME__TIMEFRAME_1MIN, "2014-01-06T00:00:00Z").n_bars, 780);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minutes_make_their_day_in_place_of_what_had_been_known_of_it),
        cmocka_unit_test(a_day_of_minutes_is_not_set_by_hand),
        cmocka_unit_test(a_replay_quotes_minutes_the_same_whichever_way_time_comes_there),
        cmocka_unit_test(a_leap_over_minutes_plays_all_of_them),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
