// SPDX-License-Identifier: MIT
#include "service/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "support/test.h"

enum { TEXT_MAX = 4 * 1024 * 1024, THREADS = 4, ADDITIONS = 20000 };

static void assert_prints(struct metrics *metrics, const char *expected)
{
    OWNED(strbuf) text = strbuf_new(TEXT_MAX);

    metrics_print(metrics, text);
    assert_string_equal(text->data, expected);
}

static void counters_and_gauges_print_with_help_type_and_labels(void **state)
{
    OWNED(metrics) metrics = metrics_new();
    struct metric *orders =
        metrics_counter(metrics, "orders_total", "Orders placed.", "side", "type");
    struct metric *open = metrics_gauge(metrics, "orders_open", "Orders\nopen \\.", NULL, NULL);

    (void)state;
    metric_add(orders, 2, "buy", "market");
    metric_add(orders, 1, "sell", "market");
    metric_add(orders, 3, "buy", "market");
    metric_set(open, -4, NULL, NULL);
    assert_prints(metrics, "# HELP orders_total Orders placed.\n"
                           "# TYPE orders_total counter\n"
                           "orders_total{side=\"buy\",type=\"market\"} 5\n"
                           "orders_total{side=\"sell\",type=\"market\"} 1\n"
                           "# HELP orders_open Orders\\nopen \\\\.\n"
                           "# TYPE orders_open gauge\n"
                           "orders_open -4\n");
}

static void a_counter_without_labels_is_zero_before_its_first_use(void **state)
{
    OWNED(metrics) metrics = metrics_new();

    (void)state;
    metrics_counter(metrics, "fills_total", "Fills.", NULL, NULL);
    metrics_counter(metrics, "calls_total", "Calls.", "method", NULL);
    assert_prints(metrics, "# HELP fills_total Fills.\n# TYPE fills_total counter\nfills_total 0\n"
                           "# HELP calls_total Calls.\n# TYPE calls_total counter\n");
}

static void label_values_are_escaped(void **state)
{
    OWNED(metrics) metrics = metrics_new();

    (void)state;
    metric_add(metrics_counter(metrics, "calls_total", "Calls.", "name", NULL), 1, "a\"b\\c\nd",
               NULL);
    assert_prints(metrics, "# HELP calls_total Calls.\n# TYPE calls_total counter\n"
                           "calls_total{name=\"a\\\"b\\\\c\\nd\"} 1\n");
}

static void what_is_no_utf_8_is_replaced_also_where_a_long_value_is_cut(void **state)
{
    OWNED(metrics) metrics = metrics_new();
    struct metric *calls = metrics_counter(metrics, "calls_total", "Calls.", "name", NULL);
    OWNED(strbuf) expected = strbuf_new(1024);
    char value[200];

    (void)state;
    metric_add(calls, 1, "caf\xc3\xa9 \xff", NULL);
    // 127 bytes of a value are kept, here half of the last character.
    memset(value, 'a', 126);
    memcpy(value + 126, "\xc3\xa9", sizeof "\xc3\xa9");
    metric_add(calls, 1, value, NULL);
    metric_add(calls, 1, value, NULL);
    strbuf_printf(expected,
                  "# HELP calls_total Calls.\n# TYPE calls_total counter\n"
                  "calls_total{name=\"caf\xc3\xa9 \xef\xbf\xbd\"} 1\n"
                  "calls_total{name=\"%.126s\xef\xbf\xbd\"} 2\n",
                  value);
    assert_prints(metrics, expected->data);
}

static void times_go_in_as_microseconds_and_come_out_as_seconds(void **state)
{
    OWNED(metrics) metrics = metrics_new();

    (void)state;
    metric_add(metrics_seconds_counter(metrics, "cpu_seconds_total", "Time.", NULL, NULL), 1500000,
               NULL, NULL);
    metric_set(metrics_seconds_gauge(metrics, "age_seconds", "Age.", NULL, NULL), -20, NULL, NULL);
    assert_prints(metrics, "# HELP cpu_seconds_total Time.\n# TYPE cpu_seconds_total counter\n"
                           "cpu_seconds_total 1.500000\n"
                           "# HELP age_seconds Age.\n# TYPE age_seconds gauge\n"
                           "age_seconds -0.000020\n");
}

static void a_histogram_counts_each_duration_in_its_bucket_and_all_above(void **state)
{
    OWNED(metrics) metrics = metrics_new();
    struct metric *duration =
        metrics_duration(metrics, "call_seconds", "Duration.", "method", NULL);
    OWNED(strbuf) text = strbuf_new(TEXT_MAX);

    (void)state;
    metric_observe_us(duration, 50, "a", NULL);       // on the bound: inside
    metric_observe_us(duration, 51, "a", NULL);       // just over it
    metric_observe_us(duration, 20000000, "a", NULL); // over all bounds
    metric_observe_us(duration, -1, "a", NULL);       // a clock that went back
    metrics_print(metrics, text);
    assert_non_null(strstr(text->data, "call_seconds_bucket{method=\"a\",le=\"0.00005\"} 2\n"));
    assert_non_null(strstr(text->data, "call_seconds_bucket{method=\"a\",le=\"0.0001\"} 3\n"));
    assert_non_null(strstr(text->data, "call_seconds_bucket{method=\"a\",le=\"10\"} 3\n"));
    assert_non_null(strstr(text->data, "call_seconds_bucket{method=\"a\",le=\"+Inf\"} 4\n"));
    assert_non_null(strstr(text->data, "call_seconds_sum{method=\"a\"} 20.000101\n"));
    assert_non_null(strstr(text->data, "call_seconds_count{method=\"a\"} 4\n"));
}

static void asking_again_for_a_name_gives_the_same_metric(void **state)
{
    OWNED(metrics) metrics = metrics_new();

    (void)state;
    assert_ptr_equal(metrics_counter(metrics, "a_total", "A.", NULL, NULL),
                     metrics_counter(metrics, "a_total", "A.", NULL, NULL));
}

static void pairs_beyond_the_limit_are_counted_as_other(void **state)
{
    OWNED(metrics) metrics = metrics_new();
    struct metric *metric = metrics_counter(metrics, "a_total", "A.", "name", NULL);
    OWNED(strbuf) text = strbuf_new(TEXT_MAX);

    (void)state;
    for (int i = 0; i < METRIC_SERIES_MAX + 3; i++) {
        char name[16];

        snprintf(name, sizeof name, "n%d", i);
        metric_add(metric, 1, name, NULL);
    }
    metric_add(metric, 1, "n2047", NULL);
    metrics_print(metrics, text);
    assert_non_null(strstr(text->data, "a_total{name=\"n2047\"} 2\n"));
    assert_null(strstr(text->data, "n2048"));
    assert_non_null(strstr(text->data, "a_total{name=\"other\"} 3\n"));
}

// The quick way finds a series by the address of its label, which may hold another text next time.
static void one_buffer_with_changing_text_is_counted_under_each_text(void **state)
{
    OWNED(metrics) metrics = metrics_new();
    struct metric *metric = metrics_counter(metrics, "a_total", "A.", "name", NULL);
    char name[2] = "x";

    (void)state;
    metric_add(metric, 1, name, NULL);
    name[0] = 'y';
    metric_add(metric, 5, name, NULL);
    name[0] = 'x';
    metric_add(metric, 1, name, NULL);
    assert_prints(metrics, "# HELP a_total A.\n# TYPE a_total counter\n"
                           "a_total{name=\"x\"} 2\na_total{name=\"y\"} 5\n");
}

static void *add_many(void *argument)
{
    static const char *const names[] = {"a", "b", "c"};

    for (int i = 0; i < ADDITIONS; i++)
        metric_add(argument, 1, names[i % 3], NULL);
    return NULL;
}

static void additions_of_many_threads_are_all_counted(void **state)
{
    OWNED(metrics) metrics = metrics_new();
    struct metric *metric = metrics_counter(metrics, "a_total", "A.", "name", NULL);
    pthread_t threads[THREADS];
    char expected[128];
    OWNED(strbuf) text = strbuf_new(TEXT_MAX);

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, metric), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    metrics_print(metrics, text);
    snprintf(expected, sizeof expected, "a_total{name=\"b\"} %d\n",
             THREADS * ((ADDITIONS + 1) / 3));
    assert_non_null(strstr(text->data, expected));
}

static void set_to_nine(void *context)
{
    metric_set(context, 9, NULL, NULL);
}

static void gauges_are_brought_up_to_date_before_each_scrape(void **state)
{
    OWNED(metrics) metrics = metrics_new();
    struct metric *metric = metrics_gauge(metrics, "a", "A.", NULL, NULL);

    (void)state;
    metrics_on_scrape(metrics, set_to_nine, metric);
    assert_prints(metrics, "# HELP a A.\n# TYPE a gauge\na 9\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_and_gauges_print_with_help_type_and_labels),
        cmocka_unit_test(a_counter_without_labels_is_zero_before_its_first_use),
        cmocka_unit_test(label_values_are_escaped),
        cmocka_unit_test(what_is_no_utf_8_is_replaced_also_where_a_long_value_is_cut),
        cmocka_unit_test(times_go_in_as_microseconds_and_come_out_as_seconds),
        cmocka_unit_test(a_histogram_counts_each_duration_in_its_bucket_and_all_above),
        cmocka_unit_test(asking_again_for_a_name_gives_the_same_metric),
        cmocka_unit_test(pairs_beyond_the_limit_are_counted_as_other),
        cmocka_unit_test(one_buffer_with_changing_text_is_counted_under_each_text),
        cmocka_unit_test(additions_of_many_threads_are_all_counted),
        cmocka_unit_test(gauges_are_brought_up_to_date_before_each_scrape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
