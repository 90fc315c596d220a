// SPDX-License-Identifier: MIT
// A year of real prices replayed at full speed, twice, by two markets: what they publish is the
// same to the last byte, and ends with the last row of each file.
#include "imports/import_helper.h"
#include "market.h"
#include "market_host.h"
#include "rpc/rpc_topic.h"
#include "support/wait.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { FILES_MAX = 256, STREAM_MAX = 64 * 1024 * 1024, PATH_SIZE = 1024 };

#define YEAR_BEGIN "2013-12-31T23:00:00Z"
#define YEAR_END INT64_C(16435) // 2014-12-31, in days since 1970

struct file {
    char ticker[TICKER_SIZE];
    char path[PATH_SIZE];
    int64_t last_close_micros; // of the year's last row
};

struct run {
    struct market_host *host;
    pthread_mutex_t lock;  // guards the rest, against the subscriber's thread
    struct strbuf *stream; // every quote since the year began, packed, in order
    size_t quote_count;
    uint64_t heard; // the last publication's number
    bool is_recording;
    bool has_gap;
};

static void receive(void *context, struct text body, uint64_t epoch, uint64_t sequence, bool gap)
{
    struct run *run = context;
    Market__QuotePublication *publication =
        market__quote_publication__unpack(NULL, body.length, (const uint8_t *)body.data);
    uint8_t packed[1024];

    (void)epoch;
    assert_non_null(publication);
    (void)pthread_mutex_lock(&run->lock);
    run->heard = sequence;
    run->has_gap = run->has_gap || (run->is_recording && gap);
    for (size_t i = 0; run->is_recording && i < publication->n_quotes; i++) {
        assert_true(market__quote__get_packed_size(publication->quotes[i]) <= sizeof packed);
        strbuf_append(run->stream, packed, market__quote__pack(publication->quotes[i], packed));
        run->quote_count++;
    }
    (void)pthread_mutex_unlock(&run->lock);
    market__quote_publication__free_unpacked(publication, NULL);
}

static uint64_t last_heard(struct run *run)
{
    uint64_t heard = 0;

    (void)pthread_mutex_lock(&run->lock);
    heard = run->heard;
    (void)pthread_mutex_unlock(&run->lock);
    return heard;
}

// Waits until all that has been published was heard.
static void catch_up(struct run *run)
{
    uint64_t epoch, sequence;

    rpc_publisher_position(market_host_market(run->host)->publisher, "quotes", &epoch, &sequence);
    assert_true_within(60000, last_heard(run) >= sequence);
}

// The files, and of each the close of the year's last row.
static size_t read_folder(DIR *directory, struct file *files)
{
    size_t count = 0;

    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        size_t length = strlen(entry->d_name);

        if (length < 5 || length > 4 + TICKER_SIZE - 1 ||
            strcmp(entry->d_name + length - 4, ".csv") != 0)
            continue;
        assert_true(count < FILES_MAX);
        (void)snprintf(files[count].ticker, TICKER_SIZE, "%.*s", (int)length - 4, entry->d_name);
        (void)snprintf(files[count].path, PATH_SIZE, "%s/%s", BOURSE_PRICES_FOLDER, entry->d_name);
        count++;
    }
    return count;
}

static void import_file(struct run *run, struct file *file)
{
    OWNED(arena) arena = arena_new(16 * 1024 * 1024);
    OWNED(strbuf) lines = strbuf_new(192 * 1024);
    struct import_helper import =
        import_helper_start(market_host_market(run->host), arena, file->ticker);
    FILE *stream = fopen(file->path, "r");
    struct price_csv csv;
    int64_t last_day = 0;
    char line[1024], reason[BAR_REASON_SIZE];
    struct error error;
    struct bar bar;

    assert_non_null(stream);
    price_csv_start(&csv, file->ticker, (YEAR_END + 10000) * MICROS_PER_DAY);
    while (fgets(line, sizeof line, stream) != NULL) {
        struct text rest = text_of(line), text;

        strbuf_append_string(lines, line);
        assert_true(csv_next_line(&rest, &text));
        if (price_csv_read(&csv, text, &bar, reason) == CSV_ROW && bar.day <= YEAR_END &&
            bar.day > last_day) {
            last_day = bar.day;
            file->last_close_micros = bar.close_micros;
        }
    }
    (void)fclose(stream);
    assert_false(lines->overflowed);
    assert_true(import_helper_append(&import, strbuf_text(lines), &error));
    assert_int_equal(import_helper_finish(&import)->state, MARKET__IMPORT_STATE__IMPORT_STATE_DONE);
}

static void step_through_year(struct run *run, int days_each)
{
    market_host_step(run->host, YEAR_BEGIN);
    catch_up(run);
    (void)pthread_mutex_lock(&run->lock);
    run->is_recording = true;
    (void)pthread_mutex_unlock(&run->lock);
    for (int64_t day = YEAR_END - 365; day < YEAR_END;) {
        char date[DATE_SIZE], time[DATE_SIZE + sizeof "T23:00:00Z"];

        day = day + days_each < YEAR_END ? day + days_each : YEAR_END;
        date_print(date_from_days(day), date);
        (void)snprintf(time, sizeof time, "%sT23:00:00Z", date);
        market_host_step(run->host, time);
        catch_up(run);
    }
}

static void check_last_quotes(struct run *run, const struct file *files, size_t count)
{
    OWNED(arena) arena = arena_new(16 * 1024 * 1024);
    struct player_page page;
    size_t found = 0;
    struct error error;

    assert_true(
        player_snapshot(market_host_market(run->host)->player, arena, "", 1000, &page, &error));
    for (size_t i = 0; i < page.count; i++)
        for (size_t k = 0; k < count; k++)
            if (strcmp(page.quotes[i].ticker, files[k].ticker) == 0) {
                assert_int_equal(page.quotes[i].price_micros, files[k].last_close_micros);
                found++;
            }
    // A file may begin after the year.
    for (size_t k = 0; k < count; k++)
        found += files[k].last_close_micros == 0;
    assert_int_equal(found, count);
}

// Plays the year in steps of so many days.
static void play(struct run *run, struct file *files, size_t count, int days_each)
{
    struct rpc_subscriber_options options = {
        .topic = "quotes", .key = market_host_key(), .receive = receive, .context = run};
    struct rpc_subscriber *subscriber = NULL;
    int64_t began_us;
    struct error error;

    run->host = market_host_new();
    run->stream = strbuf_new(STREAM_MAX);
    (void)pthread_mutex_init(&run->lock, NULL);
    options.addresses = market_host_address(run->host);
    assert_true(rpc_subscriber_new(&options, &subscriber, &error));
    for (size_t i = 0; i < count; i++)
        import_file(run, &files[i]);
    began_us = clock_monotonic_us();
    step_through_year(run, days_each);
    print_message("%zu quotes, %zu bytes, in steps of %d days: %lld ms\n", run->quote_count,
                  run->stream->length, days_each,
                  (long long)((clock_monotonic_us() - began_us) / MICROS_PER_MS));
    assert_false(run->has_gap);
    check_last_quotes(run, files, count);
    rpc_subscriber_free(&subscriber);
    market_host_free(&run->host);
    (void)pthread_mutex_destroy(&run->lock);
}

static void two_replays_of_a_year_of_real_prices_publish_the_same_bytes(void **state)
{
    DIR *directory = opendir(BOURSE_PRICES_FOLDER);
    static struct file files[FILES_MAX];
    struct run first = {0}, second = {0};
    size_t count;

    (void)state;
    if (directory == NULL) {
        print_message("skipped: there is no folder %s with price files\n", BOURSE_PRICES_FOLDER);
        skip();
    }
    count = read_folder(directory, files);
    (void)closedir(directory);
    assert_true(count > 0);
    play(&first, files, count, 7);
    play(&second, files, count, 30);
    assert_true(first.quote_count > count * 4 * 200);
    assert_int_equal(first.quote_count, second.quote_count);
    assert_int_equal(first.stream->length, second.stream->length);
    assert_memory_equal(first.stream->data, second.stream->data, first.stream->length);
    strbuf_free(&first.stream);
    strbuf_free(&second.stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_replays_of_a_year_of_real_prices_publish_the_same_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
