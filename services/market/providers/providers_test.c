// SPDX-License-Identifier: MIT
// What each provider's replies are read as, and that what cannot be believed is not.
#include "clock/exchange_calendar.h"
#include "providers/reply_json.h"
#include "providers/reply_time.h"
#include "providers/reply_value.h"

#include "support/test.h"

#include <stdio.h>
#include <string.h>

// A Tuesday after the close, by which all samples are of the past.
#define NOW INT64_C(1631664000000000) // 2021-09-15T00:00:00Z

static const char AAPL[1][TICKER_SIZE] = {"AAPL"};

// One reading with an arena of its own.
struct trial {
    struct arena *arena;
    struct provider_request request;
    struct provider_reply reply;
    struct provider_reading reading;
    struct provider_answer answers[PROVIDER_BATCH_MAX];
    struct provider_verdict verdict;
};

static void trial_start(struct trial *trial, const char (*tickers)[TICKER_SIZE], size_t count)
{
    *trial = (struct trial){.arena = arena_new(4 * 1024 * 1024)};
    trial->request = (struct provider_request){.ask = PROVIDER_QUOTES,
                                               .tickers = tickers,
                                               .ticker_count = count,
                                               .first_day = CALENDAR_FIRST_DAY,
                                               .last_day = CALENDAR_LAST_DAY,
                                               .minutes = 5};
    trial->reading = (struct provider_reading){.request = &trial->request,
                                               .reply = &trial->reply,
                                               .arena = trial->arena,
                                               .now = NOW,
                                               .future_us_max = 60 * MICROS_PER_SECOND};
}

static void
trial_read(struct trial *trial, const struct provider *provider, int status, struct text body)
{
    arena_reset(trial->arena);
    memset(trial->answers, 0, sizeof trial->answers);
    memset(&trial->verdict, 0, sizeof trial->verdict);
    trial->reply = (struct provider_reply){.status = status, .body = body};
    provider->read_quotes(&trial->reading, trial->answers, &trial->verdict);
}

static const struct quote *
answered(struct trial *trial, const struct provider *provider, const char *body)
{
    trial_read(trial, provider, 200, text_of(body));
    if (trial->verdict.outcome != PROVIDER_ANSWERED ||
        trial->answers[0].outcome != PROVIDER_ANSWERED)
        fail_msg("%s: %s / %s", provider->name, trial->verdict.problem, trial->answers[0].problem);
    return &trial->answers[0].quote;
}

// Reads a reply for AAPL that must come to `outcome`; gives the verdict's problem in `out`.
static void assert_refused(const struct provider *provider,
                           int status,
                           const char *body,
                           enum provider_outcome outcome,
                           const char *problem)
{
    struct trial trial;

    trial_start(&trial, AAPL, 1);
    trial_read(&trial, provider, status, text_of(body));
    if (trial.verdict.outcome != outcome || trial.answers[0].outcome != outcome ||
        strstr(trial.verdict.problem, problem) == NULL)
        fail_msg("%s: %s is %s (%s), not %s (%s)", provider->name, body,
                 provider_outcome_name(trial.verdict.outcome), trial.verdict.problem,
                 provider_outcome_name(outcome), problem);
    arena_free(&trial.arena);
}

static const char GLOBAL_QUOTE[] =
    "{\"Global Quote\":{\"01. symbol\":\"AAPL\",\"02. open\":\"123.5300\",\"03. "
    "high\":\"124.4900\","
    "\"04. low\":\"122.5500\",\"05. price\":\"123.6000\",\"06. volume\":\"4153200\","
    "\"07. latest trading day\":\"2021-07-30\",\"08. previous close\":\"122.0900\","
    "\"09. change\":\"1.5100\",\"10. change percent\":\"1.2368%\"}}";
static const char CHART[] =
    "{\"chart\":{\"result\":[{\"meta\":{\"currency\":\"USD\",\"symbol\":\"AAPL\","
    "\"regularMarketTime\":1598904001,\"gmtoffset\":-14400,\"regularMarketPrice\":129.04,"
    "\"chartPreviousClose\":118.5,\"regularMarketDayHigh\":131.0,\"regularMarketDayLow\":126.0,"
    "\"regularMarketVolume\":225702688},\"timestamp\":[1598535000,1598621400,1598880600],"
    "\"indicators\":{\"quote\":[{\"open\":[null,126.01,127.5800018310547],"
    "\"high\":[null,126.44,131.0],\"low\":[null,124.5776,126.0],"
    "\"close\":[null,124.80750274658203,129.0399932861328],"
    "\"volume\":[null,187630000,225702700]}]}}],\"error\":null}}";
static const char FINNHUB_QUOTE[] =
    "{\"c\":261.74,\"d\":2.29,\"dp\":0.88,\"h\":263.31,\"l\":260.68,\"o\":261.07,\"pc\":259.45,"
    "\"t\":1582641000}";
static const char TWELVE_QUOTE[] =
    "{\"symbol\":\"AAPL\",\"name\":\"Apple Inc\",\"exchange\":\"NASDAQ\",\"currency\":\"USD\","
    "\"datetime\":\"2021-09-14\",\"timestamp\":1631626200,\"last_quote_at\":1631649540,"
    "\"open\":\"148.44000\",\"high\":\"148.97\",\"low\":\"147.22\",\"close\":\"148.85\","
    "\"volume\":\"67903927\",\"previous_close\":\"149.03\"}";
static const char STOOQ_QUOTE[] = "Symbol,Date,Time,Open,High,Low,Close,Volume\r\n"
                                  "AAPL.US,2020-08-31,22:00:01,127.58,131,126,129.04,225702688\r\n";

struct sample {
    const struct provider *provider;
    const char *body;
    const char *price;  // as it stands in the body
    const char *symbol; // so too; NULL when the reply does not say it
    const char *quoted_at;
    int64_t open, high, low, close, previous, volume;
};

static const struct sample SAMPLES[] = {
    {&provider_alpha_vantage, GLOBAL_QUOTE, "123.6000", "AAPL", "2021-07-30T20:00:00Z", 123530000,
     124490000, 122550000, 123600000, 122090000, 4153200},
    {&provider_yahoo, CHART, "129.04,", "AAPL", "2020-08-31T20:00:01Z", 127580002, 131000000,
     126000000, 129040000, 124807503, 225702688},
    {&provider_finnhub, FINNHUB_QUOTE, "261.74", NULL, "2020-02-25T14:30:00Z", 261070000, 263310000,
     260680000, 261740000, 259450000, 0},
    {&provider_twelve_data, TWELVE_QUOTE, "148.85", "AAPL", "2021-09-14T19:59:00Z", 148440000,
     148970000, 147220000, 148850000, 149030000, 67903927},
    {&provider_stooq, STOOQ_QUOTE, "129.04", "AAPL", "2020-08-31T20:00:01Z", 127580000, 131000000,
     126000000, 129040000, 0, 225702688},
};

static void each_of_the_five_formats_is_read_to_the_last_digit(void **state)
{
    struct trial trial;

    (void)state;
    trial_start(&trial, AAPL, 1);
    for (size_t i = 0; i < COUNT_OF(SAMPLES); i++) {
        const struct sample *sample = &SAMPLES[i];
        const struct quote *quote = answered(&trial, sample->provider, sample->body);
        char at[TIMESTAMP_SIZE];

        timestamp_print(quote->quoted_at, at);
        assert_string_equal(at, sample->quoted_at);
        assert_int_equal(quote->price_micros, sample->close);
        assert_int_equal(quote->open_micros, sample->open);
        assert_int_equal(quote->high_micros, sample->high);
        assert_int_equal(quote->low_micros, sample->low);
        assert_int_equal(quote->previous_close_micros, sample->previous);
        assert_int_equal(quote->volume, sample->volume);
    }
    arena_free(&trial.arena);
}

static void a_reply_that_is_cut_off_anywhere_gives_no_price(void **state)
{
    struct trial trial;

    (void)state;
    trial_start(&trial, AAPL, 1);
    for (size_t i = 0; i < COUNT_OF(SAMPLES); i++) {
        size_t length = strlen(SAMPLES[i].body);

        for (size_t cut = 0; cut < length; cut++) {
            // A copy of just that size, so that reading past its end is noticed.
            char *body = allocate(cut + 1);

            memcpy(body, SAMPLES[i].body, cut);
            trial_read(&trial, SAMPLES[i].provider, 200, (struct text){body, cut});
            if (trial.answers[0].outcome == PROVIDER_ANSWERED ||
                trial.verdict.outcome == PROVIDER_ANSWERED)
                fail_msg("%s answers after %zu bytes", SAMPLES[i].provider->name, cut);
            release(body);
        }
    }
    arena_free(&trial.arena);
}

// The sample with one text in place of another. The caller releases it.
static char *changed(const char *body, const char *from, const char *to)
{
    const char *at = strstr(body, from);
    size_t size = strlen(body) + strlen(to) + 1;
    char *copy = allocate(size);

    assert_non_null(at);
    (void)snprintf(copy, size, "%.*s%s%s", (int)(at - body), body, to, at + strlen(from));
    return copy;
}

static void prices_that_cannot_be_are_refused(void **state)
{
    static const char *const prices[] = {
        "0",     "0.00", "-129.04", "1000000001", "1e30",   "0.00000001", "99999999999", "1000000",
        "1.2.3", "NaN",  "0x7f",    "12a",        "1e9999", "",           "null"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(SAMPLES); i++) {
        for (size_t j = 0; j < COUNT_OF(prices); j++) {
            const char *comma = strchr(SAMPLES[i].price, ',') != NULL ? "," : "";
            char price[32];
            char *body;

            (void)snprintf(price, sizeof price, "%s%s", prices[j], comma);
            body = changed(SAMPLES[i].body, SAMPLES[i].price, price);
            assert_refused(SAMPLES[i].provider, 200, body, PROVIDER_MALFORMED, "");
            release(body);
        }
    }
}

static void a_price_of_zero_is_refused_where_no_range_of_the_day_is_known(void **state)
{
    char *without_high = changed(CHART, "\"regularMarketDayHigh\":131.0,", "");
    char *without_range = changed(without_high, "\"regularMarketDayLow\":126.0,", "");
    char *body = changed(without_range, "129.04,", "0,");
    struct trial trial;

    (void)state;
    trial_start(&trial, AAPL, 1);
    assert_int_equal(answered(&trial, &provider_yahoo, without_range)->price_micros, 129040000);
    assert_refused(&provider_yahoo, 200, body, PROVIDER_MALFORMED, "price 0 is not above 0");
    arena_free(&trial.arena);
    release(body);
    release(without_range);
    release(without_high);
}

static void a_reply_for_another_symbol_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SAMPLES); i++) {
        char *body;

        if (SAMPLES[i].symbol == NULL)
            continue;
        body = changed(SAMPLES[i].body, SAMPLES[i].symbol, "AAPB");
        assert_refused(SAMPLES[i].provider, 200, body, PROVIDER_MALFORMED, "");
        release(body);
    }
}

static void a_price_of_a_time_to_come_is_refused(void **state)
{
    (void)state;
    char *bodies[] = {changed(GLOBAL_QUOTE, "2021-07-30", "2021-09-16"),
                      changed(CHART, "1598904001", "1631750400"),
                      changed(FINNHUB_QUOTE, "1582641000", "1631664061"),
                      changed(TWELVE_QUOTE, "1631649540", "1631664061"),
                      changed(STOOQ_QUOTE, "2020-08-31", "2021-09-15")};

    for (size_t i = 0; i < COUNT_OF(SAMPLES); i++) {
        assert_refused(SAMPLES[i].provider, 200, bodies[i], PROVIDER_MALFORMED, "its time is");
        release(bodies[i]);
    }
}

static void a_price_a_little_ahead_of_our_clock_is_of_now(void **state)
{
    struct trial trial;
    char *body = changed(FINNHUB_QUOTE, "1582641000", "1631664060");

    (void)state;
    trial_start(&trial, AAPL, 1);
    assert_int_equal(answered(&trial, &provider_finnhub, body)->quoted_at, NOW);
    release(body);
    arena_free(&trial.arena);
}

static void a_price_outside_of_the_days_range_is_refused(void **state)
{
    char *body = changed(FINNHUB_QUOTE, "261.74", "200");

    (void)state;
    assert_refused(&provider_finnhub, 200, body, PROVIDER_MALFORMED,
                   "price 200 does not fit the day's open, high and low");
    release(body);
    body = changed(STOOQ_QUOTE, "131,126", "126,131");
    assert_refused(&provider_stooq, 200, body, PROVIDER_MALFORMED, "high and low");
    release(body);
}

static void a_page_instead_of_data_is_refused(void **state)
{
    static const char page[] = "<!DOCTYPE html><html><body>Please wait</body></html>";

    (void)state;
    for (size_t i = 0; i < COUNT_OF(SAMPLES); i++) {
        assert_refused(SAMPLES[i].provider, 200, page, PROVIDER_MALFORMED, "<!DOCTYPE html>");
        assert_refused(SAMPLES[i].provider, 503, page, PROVIDER_UNAVAILABLE, "status 503");
        assert_refused(SAMPLES[i].provider, 302, page, PROVIDER_UNAVAILABLE, "status 302");
        assert_refused(SAMPLES[i].provider, 429, page, PROVIDER_RATE_LIMITED, "429");
        assert_refused(SAMPLES[i].provider, 401, page, PROVIDER_KEY_REFUSED, "401");
    }
}

struct failure {
    const struct provider *provider;
    int status;
    const char *body;
    enum provider_outcome outcome;
    const char *problem;
};

static void every_documented_failure_is_told_apart(void **state)
{
    static const struct failure failures[] = {
        {&provider_alpha_vantage, 200, "{\"Global Quote\":{}}", PROVIDER_UNKNOWN_SYMBOL, "no such"},
        {&provider_alpha_vantage, 200,
         "{\"Note\":\"Thank you for using Alpha Vantage! Our standard API call frequency is 5 "
         "calls "
         "per minute and 500 calls per day.\"}",
         PROVIDER_RATE_LIMITED, "a minute"},
        {&provider_alpha_vantage, 200,
         "{\"Information\":\"We have detected your API key as ABCDEF and our standard API rate "
         "limit "
         "is 25 requests per day. Please subscribe to any of the premium plans\"}",
         PROVIDER_RATE_LIMITED, "a day"},
        {&provider_alpha_vantage, 200,
         "{\"Information\":\"Please consider spreading out your free API requests more sparingly "
         "(1 request per second). ... (25 requests per day)\"}",
         PROVIDER_RATE_LIMITED, "a second"},
        {&provider_alpha_vantage, 200,
         "{\"Information\":\"Thank you! This is a premium endpoint.\"}", PROVIDER_KEY_REFUSED,
         "plan"},
        {&provider_alpha_vantage, 200,
         "{\"Information\":\"The **demo** API key is for demo purposes only.\"}",
         PROVIDER_KEY_REFUSED, "demo"},
        {&provider_alpha_vantage, 200,
         "{\"Error Message\":\"Invalid API call. Please retry or visit the documentation\"}",
         PROVIDER_UNKNOWN_SYMBOL, "invalid"},
        {&provider_alpha_vantage, 200,
         "{\"Error Message\":\"the parameter apikey is invalid or missing.\"}",
         PROVIDER_KEY_REFUSED, "invalid or missing"},
        {&provider_alpha_vantage, 200, "{\"Information\":\"Something new\"}", PROVIDER_MALFORMED,
         "Something new"},
        {&provider_alpha_vantage, 200, "{}", PROVIDER_MALFORMED, "no quote"},
        {&provider_yahoo, 404,
         "{\"chart\":{\"result\":null,\"error\":{\"code\":\"Not Found\",\"description\":\"No data "
         "found, symbol may be delisted\"}}}",
         PROVIDER_UNKNOWN_SYMBOL, "no such"},
        {&provider_yahoo, 429, "Too Many Requests\r\n", PROVIDER_RATE_LIMITED, "429"},
        {&provider_yahoo, 200,
         "{\"chart\":{\"result\":null,\"error\":{\"code\":\"Internal\",\"description\":\"odd\"}}}",
         PROVIDER_MALFORMED, "odd"},
        {&provider_finnhub, 200,
         "{\"c\":0,\"d\":null,\"dp\":null,\"h\":0,\"l\":0,\"o\":0,\"pc\":0,\"t\":0}",
         PROVIDER_UNKNOWN_SYMBOL, "no such"},
        {&provider_finnhub, 401, "{\"error\":\"Invalid API key\"}", PROVIDER_KEY_REFUSED, "401"},
        {&provider_finnhub, 403, "{\"error\":\"You don't have access to this resource.\"}",
         PROVIDER_KEY_REFUSED, "403"},
        {&provider_finnhub, 429, "{\"error\":\"API limit reached. Remaining Limit: 0\"}",
         PROVIDER_RATE_LIMITED, "429"},
        {&provider_finnhub, 200, "{\"error\":\"Odd\"}", PROVIDER_MALFORMED, "Odd"},
        {&provider_twelve_data, 200, "{\"code\":401,\"message\":\"key\",\"status\":\"error\"}",
         PROVIDER_KEY_REFUSED, "401"},
        {&provider_twelve_data, 200, "{\"code\":400,\"message\":\"symbol\",\"status\":\"error\"}",
         PROVIDER_UNKNOWN_SYMBOL, "400"},
        {&provider_twelve_data, 404, "{\"code\":404,\"message\":\"symbol\",\"status\":\"error\"}",
         PROVIDER_UNKNOWN_SYMBOL, "404"},
        {&provider_twelve_data, 200, "{\"code\":403,\"message\":\"plan\",\"status\":\"error\"}",
         PROVIDER_KEY_REFUSED, "403"},
        {&provider_twelve_data, 200, "{\"code\":414,\"message\":\"long\",\"status\":\"error\"}",
         PROVIDER_MALFORMED, "long"},
        {&provider_twelve_data, 200,
         "{\"code\":429,\"message\":\"You have run out of API credits for the current minute.\","
         "\"status\":\"error\"}",
         PROVIDER_RATE_LIMITED, "429"},
        {&provider_stooq, 200,
         "Symbol,Date,Time,Open,High,Low,Close,Volume\r\nAAPL.US,N/D,N/D,N/D,N/D,N/D,N/D,N/D\r\n",
         PROVIDER_UNKNOWN_SYMBOL, "no such"},
        {&provider_stooq, 200, "No data", PROVIDER_UNKNOWN_SYMBOL, "no data"},
        {&provider_stooq, 200, "Exceeded the daily hits limit", PROVIDER_RATE_LIMITED, "a day"},
        {&provider_stooq, 200, "", PROVIDER_UNAVAILABLE, "empty"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(failures); i++)
        assert_refused(failures[i].provider, failures[i].status, failures[i].body,
                       failures[i].outcome, failures[i].problem);
}

static void a_limit_says_for_how_long_to_wait(void **state)
{
    struct trial trial;

    (void)state;
    trial_start(&trial, AAPL, 1);
    trial_read(&trial, &provider_twelve_data, 200,
               text_of("{\"code\":429,\"message\":\"credits for the day\",\"status\":\"error\"}"));
    assert_int_equal(trial.verdict.blocked_us, 3600 * MICROS_PER_SECOND);
    trial_read(&trial, &provider_finnhub, 429, text_of("{\"error\":\"API limit reached.\"}"));
    assert_int_equal(trial.verdict.blocked_us, 60 * MICROS_PER_SECOND);
    trial_read(&trial, &provider_alpha_vantage, 200,
               text_of("{\"Information\":\"(1 request per second)\"}"));
    assert_int_equal(trial.verdict.blocked_us, 5 * MICROS_PER_SECOND);
    arena_free(&trial.arena);
}

static void a_batch_gives_each_symbol_its_own_answer(void **state)
{
    static const char tickers[3][TICKER_SIZE] = {"MSFT", "AAPL", "NONE"};
    struct trial trial;
    char body[2048];

    (void)state;
    trial_start(&trial, tickers, 3);
    trial_read(&trial, &provider_stooq, 200,
               text_of("Symbol,Date,Time,Open,High,Low,Close,Volume\r\n"
                       "AAPL.US,2020-08-31,22:00:01,127.58,131,126,129.04,225702688\r\n"
                       "MSFT.US,2020-08-31,22:00:02,227,228.7,224.31,225.53,28774156\r\n"
                       "NONE.US,N/D,N/D,N/D,N/D,N/D,N/D,N/D\r\n"));
    assert_int_equal(trial.verdict.outcome, PROVIDER_ANSWERED);
    assert_int_equal(trial.answers[0].quote.price_micros, 225530000);
    assert_int_equal(trial.answers[1].quote.price_micros, 129040000);
    assert_int_equal(trial.answers[2].outcome, PROVIDER_UNKNOWN_SYMBOL);

    // The second is under a name that is not its own.
    (void)snprintf(body, sizeof body,
                   "{\"AAPL\":%s,\"MSFT\":%s,\"NONE\":{\"code\":404,\"message\":\"no\","
                   "\"status\":\"error\"}}",
                   TWELVE_QUOTE, TWELVE_QUOTE);
    trial_read(&trial, &provider_twelve_data, 200, text_of(body));
    assert_int_equal(trial.answers[0].outcome, PROVIDER_MALFORMED);
    assert_int_equal(trial.answers[1].outcome, PROVIDER_ANSWERED);
    assert_int_equal(trial.answers[2].outcome, PROVIDER_UNKNOWN_SYMBOL);
    arena_free(&trial.arena);
}

static void numbers_are_rounded_half_to_even_once(void **state)
{
    static const struct {
        const char *text;
        int64_t micros;
    } numbers[] = {{"129.0399932861328", 129039993},
                   {"0.0000005", 0},
                   {"0.0000015", 2},
                   {"0.00000050000000001", 1},
                   {"1e-6", 1},
                   {"2.25702688E8", 225702688000000},
                   {"000.10", 100000},
                   {"-1.5", -1500000},
                   {"0", 0},
                   {"0e40", 0},
                   {"9223372036854.775807", INT64_MAX}};
    static const char *const wrong[] = {"",
                                        ".5",
                                        "1.",
                                        "1e",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "--1",
                                        "1e41",
                                        "0x1",
                                        "1,000",
                                        "9223372036854.775808",
                                        "12345678901234567890123456789012345678901"};
    int64_t micros;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        if (!reply_read_decimal(text_of(numbers[i].text), 6, &micros) ||
            micros != numbers[i].micros)
            fail_msg("%s", numbers[i].text);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        if (reply_read_decimal(text_of(wrong[i]), 6, &micros))
            fail_msg("%s is read as %lld", wrong[i], (long long)micros);
    }
}

static void warsaw_has_summer_time_from_the_last_sunday_of_march_to_that_of_october(void **state)
{
    static const struct {
        const char *day, *time, *utc;
    } times[] = {{"2021-01-15", "22:00:00", "2021-01-15T21:00:00Z"},
                 {"2021-07-15", "22:00:00", "2021-07-15T20:00:00Z"},
                 {"2021-03-28", "01:59:59", "2021-03-28T00:59:59Z"},
                 {"2021-03-28", "03:00:00", "2021-03-28T01:00:00Z"},
                 {"2021-10-31", "01:59:59", "2021-10-30T23:59:59Z"},
                 {"2021-10-31", "03:00:00", "2021-10-31T02:00:00Z"},
                 {"2021-03-19", "21:00:00", "2021-03-19T20:00:00Z"}};
    char utc[TIMESTAMP_SIZE];
    int64_t at;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        assert_true(reply_read_warsaw(text_of(times[i].day), text_of(times[i].time), &at));
        timestamp_print(at, utc);
        assert_string_equal(utc, times[i].utc);
    }
    assert_false(reply_read_warsaw(text_of("2021-02-29"), text_of("10:00:00"), &at));
    assert_false(reply_read_warsaw(text_of("2021-02-28"), text_of("24:00:00"), &at));
}

static void a_price_with_a_day_alone_is_of_the_open_until_the_session_is_over(void **state)
{
    int64_t day = date_to_days((struct date){2021, 7, 30});
    int64_t open_at = exchange_calendar_at(day, CALENDAR_OPEN_MINUTE);
    int64_t close_at = exchange_calendar_at(day, CALENDAR_CLOSE_MINUTE);

    (void)state;
    assert_int_equal(reply_time_of_day(day, open_at + 1), open_at);
    assert_int_equal(reply_time_of_day(day, close_at - 1), open_at);
    assert_int_equal(reply_time_of_day(day, close_at), close_at);
    assert_int_equal(reply_time_of_day(day, NOW), close_at);
}

static void a_name_that_is_there_twice_says_nothing(void **state)
{
    char *body = changed(FINNHUB_QUOTE, "{", "{\"c\":1,");

    (void)state;
    assert_refused(&provider_finnhub, 200, body, PROVIDER_MALFORMED, "not complete");
    release(body);
}

// Addresses and keys.

static void assert_call(const struct provider *provider,
                        const struct provider_request *request,
                        const char *target,
                        const char *header)
{
    OWNED(strbuf) text = strbuf_new(PROVIDER_URL_MAX);
    struct provider_call call = {.target = text};

    provider->write_call(request, "KEY/1", &call);
    assert_string_equal(text->data, target);
    assert_string_equal(call.header, header);
}

static void the_key_is_in_a_header_where_the_provider_takes_one(void **state)
{
    static const char tickers[2][TICKER_SIZE] = {"BRK.B", "AAPL"};
    struct provider_request request = {
        .ask = PROVIDER_QUOTES, .tickers = tickers, .ticker_count = 1};

    (void)state;
    assert_call(&provider_alpha_vantage, &request,
                "?function=GLOBAL_QUOTE&symbol=BRK-B&apikey=KEY%2F1", "");
    assert_call(&provider_yahoo, &request, "/v8/finance/chart/BRK-B?interval=1d&range=5d", "");
    assert_call(&provider_finnhub, &request, "/quote?symbol=BRK.B", "X-Finnhub-Token: KEY/1");
    request.ticker_count = 2;
    assert_call(&provider_twelve_data, &request, "/quote?symbol=BRK.B,AAPL",
                "Authorization: apikey KEY/1");
    assert_call(&provider_stooq, &request, "/q/l/?s=brk-b.us+aapl.us&f=sd2t2ohlcv&h&e=csv", "");
    request = (struct provider_request){.ask = PROVIDER_SEARCH, .words = "at&t 1"};
    assert_call(&provider_finnhub, &request, "/search?q=at%26t%201", "X-Finnhub-Token: KEY/1");
    assert_call(&provider_alpha_vantage, &request,
                "?function=SYMBOL_SEARCH&keywords=at%26t%201&apikey=KEY%2F1", "");
}

// Bars.

static void
assert_bars(struct trial *trial, const struct provider *provider, const char *body, size_t count)
{
    struct provider_bars bars = {0};
    size_t length = strlen(body);

    arena_reset(trial->arena);
    trial->reply = (struct provider_reply){.status = 200, .body = {body, length}};
    provider->read_bars(&trial->reading, &bars, &trial->verdict);
    if (trial->verdict.outcome != PROVIDER_ANSWERED)
        fail_msg("%s: %s", provider->name, trial->verdict.problem);
    assert_int_equal(bars.count, count);
    assert_int_equal(bars.bars[count - 1].day, date_to_days((struct date){2020, 8, 31}));
    assert_int_equal(bars.bars[count - 1].close_micros, 129040000);
    assert_int_equal(bars.bars[count - 1].open_micros, 127580000);
    for (size_t cut = 0; cut < length; cut++) {
        arena_reset(trial->arena);
        trial->reply.body.length = cut;
        memset(&trial->verdict, 0, sizeof trial->verdict);
        provider->read_bars(&trial->reading, &bars, &trial->verdict);
        // A table of lines may end after any of them.
        if (trial->verdict.outcome == PROVIDER_ANSWERED && (cut == 0 || body[cut - 1] != '\n'))
            fail_msg("%s answers after %zu bytes", provider->name, cut);
    }
}

static void daily_bars_come_oldest_first_from_all_that_have_them(void **state)
{
    struct trial trial;

    (void)state;
    trial_start(&trial, AAPL, 1);
    trial.request.ask = PROVIDER_DAILY_BARS;
    assert_bars(&trial, &provider_alpha_vantage,
                "{\"Meta Data\":{\"2. Symbol\":\"AAPL\",\"5. Time Zone\":\"US/Eastern\"},"
                "\"Time Series (Daily)\":{\"2020-08-31\":{\"1. open\":\"127.5800\",\"2. high\":"
                "\"131.0000\",\"3. low\":\"126.0000\",\"4. close\":\"129.0400\",\"5. volume\":"
                "\"225702688\"},\"2020-08-28\":{\"1. open\":\"504.0500\",\"2. high\":\"505.7700\","
                "\"3. low\":\"498.3100\",\"4. close\":\"499.2300\",\"5. volume\":\"46907479\"}}}",
                2);
    assert_bars(&trial, &provider_yahoo,
                "{\"chart\":{\"result\":[{\"meta\":{\"currency\":\"USD\",\"symbol\":\"AAPL\"},"
                "\"timestamp\":[1598535000,1598621400,1598880600],\"indicators\":{\"quote\":[{"
                "\"open\":[null,126.01,127.58],\"high\":[null,126.44,131.0],\"low\":[null,124.58,"
                "126.0],\"close\":[null,124.81,129.04],\"volume\":[null,187630000,225702700]}]}}],"
                "\"error\":null}}",
                2);
    assert_bars(
        &trial, &provider_finnhub,
        "{\"c\":[124.81,129.04],\"h\":[126.44,131],\"l\":[124.58,126],\"o\":[126.01,127.58],"
        "\"t\":[1598572800,1598832000],\"v\":[1,2],\"s\":\"ok\"}",
        2);
    assert_bars(
        &trial, &provider_twelve_data,
        "{\"meta\":{\"symbol\":\"AAPL\",\"currency\":\"USD\"},\"values\":[{\"datetime\":"
        "\"2020-08-31\",\"open\":\"127.58000\",\"high\":\"131\",\"low\":\"126\",\"close\":"
        "\"129.04\",\"volume\":\"225702688\"},{\"datetime\":\"2020-08-28\",\"open\":\"126.01\""
        ",\"high\":\"126.44\",\"low\":\"124.58\",\"close\":\"124.81\",\"volume\":\"1\"}],"
        "\"status\":\"ok\"}",
        2);
    assert_bars(&trial, &provider_stooq,
                "Date,Open,High,Low,Close,Volume\r\n2020-08-28,126.01,126.44,124.58,124.81,1\r\n"
                "2020-08-31,127.58,131,126,129.04,225702688\r\n",
                2);
    arena_free(&trial.arena);
}

static void intraday_bars_have_new_yorks_time(void **state)
{
    struct provider_bars bars = {0};
    struct trial trial;
    char at[TIMESTAMP_SIZE];

    (void)state;
    trial_start(&trial, AAPL, 1);
    trial.request.ask = PROVIDER_INTRADAY_BARS;
    trial.reply = (struct provider_reply){
        .status = 200,
        .body = text_of("{\"Meta Data\":{\"2. Symbol\":\"AAPL\",\"6. Time Zone\":\"US/Eastern\"},"
                        "\"Time Series (5min)\":{\"2021-07-30 15:55:00\":{\"1. open\":\"141.1\","
                        "\"2. high\":\"141.2\",\"3. low\":\"141.0\",\"4. close\":\"141.1\","
                        "\"5. volume\":\"7\"}}}")};
    provider_alpha_vantage.read_bars(&trial.reading, &bars, &trial.verdict);
    assert_int_equal(trial.verdict.outcome, PROVIDER_ANSWERED);
    assert_int_equal(bars.count, 1);
    timestamp_print(bars.bars[0].at, at);
    assert_string_equal(at, "2021-07-30T19:55:00Z");
    arena_free(&trial.arena);
}

static void bars_that_cannot_be_are_left_out_and_counted(void **state)
{
    struct provider_bars bars = {0};
    struct trial trial;

    (void)state;
    trial_start(&trial, AAPL, 1);
    trial.request.ask = PROVIDER_DAILY_BARS;
    trial.request.first_day = date_to_days((struct date){2020, 8, 28});
    trial.reply = (struct provider_reply){
        .status = 200,
        .body = text_of("Date,Open,High,Low,Close,Volume\n2020-08-27,1,1,1,1,1\n"
                        "2020-08-28,0,1,1,1,1\n2020-08-29,1,2,3,1,1\n2020-08-31,1,1,1,1,1\n"
                        "2020-08-31,2,2,2,2,1\n2022-08-31,1,1,1,1,1\n")};
    provider_stooq.read_bars(&trial.reading, &bars, &trial.verdict);
    assert_int_equal(trial.verdict.outcome, PROVIDER_ANSWERED);
    assert_int_equal(bars.refused, 3); // a price of 0, a low above the high, a day to come
    assert_int_equal(bars.count, 1);   // one is before the first day, and one there twice
    arena_free(&trial.arena);
}

// Symbols.

static void searches_and_overviews_name_symbols(void **state)
{
    struct provider_symbols symbols = {0};
    struct trial trial;

    (void)state;
    trial_start(&trial, AAPL, 1);
    trial.request.ask = PROVIDER_SEARCH;
    trial.reply = (struct provider_reply){
        .status = 200,
        .body = text_of("{\"bestMatches\":[{\"1. symbol\":\"TSCO.LON\",\"2. name\":\"Tesco PLC\","
                        "\"8. currency\":\"GBX\"},{\"1. symbol\":\"TSCO\",\"2. name\":\"Tractor "
                        "Supply Co\",\"8. currency\":\"USD\"}]}")};
    provider_alpha_vantage.read_symbols(&trial.reading, &symbols, &trial.verdict);
    assert_int_equal(trial.verdict.outcome, PROVIDER_ANSWERED);
    assert_int_equal(symbols.count, 1);
    assert_string_equal(symbols.symbols[0].ticker, "TSCO");
    assert_string_equal(symbols.symbols[0].name, "Tractor Supply Co");
    trial.reply.body = text_of(
        "{\"count\":1,\"result\":[{\"description\":\"APPLE INC\",\"displaySymbol\":\"AAPL\","
        "\"symbol\":\"AAPL\",\"type\":\"Common Stock\"}]}");
    provider_finnhub.read_symbols(&trial.reading, &symbols, &trial.verdict);
    assert_int_equal(symbols.count, 1);
    assert_string_equal(symbols.symbols[0].name, "APPLE INC");
    trial.request.ask = PROVIDER_OVERVIEW;
    trial.reply.body =
        text_of("{\"Symbol\":\"AAPL\",\"Name\":\"Apple Inc\",\"Exchange\":\"NASDAQ\","
                "\"Sector\":\"None\"}");
    provider_alpha_vantage.read_symbols(&trial.reading, &symbols, &trial.verdict);
    assert_int_equal(symbols.count, 1);
    assert_string_equal(symbols.symbols[0].exchange, "NASDAQ");
    assert_null(symbols.symbols[0].sector);
    trial.reply.body = text_of("{}");
    provider_alpha_vantage.read_symbols(&trial.reading, &symbols, &trial.verdict);
    assert_int_equal(trial.verdict.outcome, PROVIDER_UNKNOWN_SYMBOL);
    arena_free(&trial.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_the_five_formats_is_read_to_the_last_digit),
        cmocka_unit_test(a_reply_that_is_cut_off_anywhere_gives_no_price),
        cmocka_unit_test(prices_that_cannot_be_are_refused),
        cmocka_unit_test(a_price_of_zero_is_refused_where_no_range_of_the_day_is_known),
        cmocka_unit_test(a_reply_for_another_symbol_is_refused),
        cmocka_unit_test(a_price_of_a_time_to_come_is_refused),
        cmocka_unit_test(a_price_a_little_ahead_of_our_clock_is_of_now),
        cmocka_unit_test(a_price_outside_of_the_days_range_is_refused),
        cmocka_unit_test(a_page_instead_of_data_is_refused),
        cmocka_unit_test(every_documented_failure_is_told_apart),
        cmocka_unit_test(a_limit_says_for_how_long_to_wait),
        cmocka_unit_test(a_batch_gives_each_symbol_its_own_answer),
        cmocka_unit_test(numbers_are_rounded_half_to_even_once),
        cmocka_unit_test(warsaw_has_summer_time_from_the_last_sunday_of_march_to_that_of_october),
        cmocka_unit_test(a_price_with_a_day_alone_is_of_the_open_until_the_session_is_over),
        cmocka_unit_test(a_name_that_is_there_twice_says_nothing),
        cmocka_unit_test(the_key_is_in_a_header_where_the_provider_takes_one),
        cmocka_unit_test(daily_bars_come_oldest_first_from_all_that_have_them),
        cmocka_unit_test(intraday_bars_have_new_yorks_time),
        cmocka_unit_test(bars_that_cannot_be_are_left_out_and_counted),
        cmocka_unit_test(searches_and_overviews_name_symbols),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
