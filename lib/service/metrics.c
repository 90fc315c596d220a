// SPDX-License-Identifier: MIT
#include "service/metrics.h"

#include "base/checksum.h"
#include "base/clock.h"
#include "base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    RECENT_SIZE = 64,
    LABEL_VALUE_SIZE = 128,
    SCRAPE_CALLBACKS_MAX = 16,
};

// The upper bounds of the histograms' buckets, and how they are written.
static const struct {
    int64_t micros;
    const char *seconds;
} buckets[] = {{50, "0.00005"},  {100, "0.0001"},    {250, "0.00025"}, {500, "0.0005"},
               {1000, "0.001"},  {2500, "0.0025"},   {5000, "0.005"},  {10000, "0.01"},
               {25000, "0.025"}, {50000, "0.05"},    {100000, "0.1"},  {250000, "0.25"},
               {500000, "0.5"},  {1000000, "1"},     {2500000, "2.5"}, {5000000, "5"},
               {10000000, "10"}, {INT64_MAX, "+Inf"}};

enum { BUCKET_COUNT = COUNT_OF(buckets) };

enum metric_kind {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_SECONDS_COUNTER, // kept in microseconds
    METRIC_SECONDS_GAUGE,
    METRIC_DURATION,
};

static const char *const kind_names[] = {"counter", "gauge", "counter", "gauge", "histogram"};

// One pair of label values and what has been counted under it. Never freed before its metric, so a
// pointer found without the lock stays good.
struct series {
    char one[LABEL_VALUE_SIZE];
    char two[LABEL_VALUE_SIZE];
    _Atomic int64_t value;   // of a histogram: the sum in microseconds
    _Atomic int64_t *counts; // of a histogram only: BUCKET_COUNT, each without the ones below it
};

struct metric {
    struct metric *next;
    char *name;
    char *help;
    char *labels[2]; // NULL for none
    enum metric_kind kind;
    pthread_mutex_t lock; // guards the making of series
    size_t series_count;
    size_t series_max;      // one where there are no labels
    struct series **series; // in the order of their making; guarded by the lock
    // By the hash of the values, open addressing; entries are only ever added.
    _Atomic(struct series *) *index;
    size_t index_size;
    // By the addresses of the values, which mostly are constants: the usual update hashes no text.
    _Atomic(struct series *) recent[RECENT_SIZE];
    struct series other;
};

struct metrics {
    pthread_mutex_t lock; // guards the list and the callbacks
    struct metric *first;
    struct metric **last;
    struct {
        void (*update)(void *context);
        void *context;
    } callbacks[SCRAPE_CALLBACKS_MAX];
    size_t callback_count;
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = allocate(sizeof *metrics);

    pthread_mutex_init(&metrics->lock, NULL);
    metrics->last = &metrics->first;
    return metrics;
}

static void metric_free(struct metric *metric)
{
    for (size_t i = 0; i < metric->series_count; i++) {
        release(metric->series[i]->counts);
        release(metric->series[i]);
    }
    release(metric->other.counts);
    release(metric->series);
    release(metric->index);
    pthread_mutex_destroy(&metric->lock);
    release(metric->name);
    release(metric->help);
    release(metric->labels[0]);
    release(metric->labels[1]);
    release(metric);
}

void metrics_free(struct metrics **metrics)
{
    if (*metrics == NULL)
        return;
    for (struct metric *metric = (*metrics)->first, *next = NULL; metric != NULL; metric = next) {
        next = metric->next;
        metric_free(metric);
    }
    pthread_mutex_destroy(&(*metrics)->lock);
    release(*metrics);
    *metrics = NULL;
}

static void series_start(struct series *series, const struct metric *metric)
{
    if (metric->kind == METRIC_DURATION)
        series->counts = allocate_array(BUCKET_COUNT, sizeof *series->counts);
}

static struct metric *metric_new(const char *name,
                                 const char *help,
                                 enum metric_kind kind,
                                 const char *label_one,
                                 const char *label_two)
{
    struct metric *metric = allocate(sizeof *metric);

    pthread_mutex_init(&metric->lock, NULL);
    metric->name = allocate_string(name);
    metric->help = allocate_string(help);
    metric->kind = kind;
    metric->labels[0] = label_one != NULL ? allocate_string(label_one) : NULL;
    metric->labels[1] = label_two != NULL ? allocate_string(label_two) : NULL;
    metric->series_max = label_one != NULL ? METRIC_SERIES_MAX : 1;
    metric->series = allocate_array(metric->series_max, sizeof *metric->series);
    metric->index_size = 2 * metric->series_max;
    metric->index = allocate_array(metric->index_size, sizeof *metric->index);
    snprintf(metric->other.one, sizeof metric->other.one, "other");
    snprintf(metric->other.two, sizeof metric->other.two, "other");
    series_start(&metric->other, metric);
    return metric;
}

static struct metric *declare(struct metrics *metrics,
                              const char *name,
                              const char *help,
                              enum metric_kind kind,
                              const char *label_one,
                              const char *label_two)
{
    struct metric *metric = NULL;

    pthread_mutex_lock(&metrics->lock);
    for (metric = metrics->first; metric != NULL; metric = metric->next)
        if (strcmp(metric->name, name) == 0)
            break;
    if (metric == NULL) {
        metric = metric_new(name, help, kind, label_one, label_two);
        *metrics->last = metric;
        metrics->last = &metric->next;
    }
    pthread_mutex_unlock(&metrics->lock);
    assert(metric->kind == kind);
    return metric;
}

struct metric *metrics_counter(struct metrics *metrics,
                               const char *name,
                               const char *help,
                               const char *label_one,
                               const char *label_two)
{
    return declare(metrics, name, help, METRIC_COUNTER, label_one, label_two);
}

struct metric *metrics_gauge(struct metrics *metrics,
                             const char *name,
                             const char *help,
                             const char *label_one,
                             const char *label_two)
{
    return declare(metrics, name, help, METRIC_GAUGE, label_one, label_two);
}

struct metric *metrics_duration(struct metrics *metrics,
                                const char *name,
                                const char *help,
                                const char *label_one,
                                const char *label_two)
{
    return declare(metrics, name, help, METRIC_DURATION, label_one, label_two);
}

struct metric *metrics_seconds_counter(struct metrics *metrics,
                                       const char *name,
                                       const char *help,
                                       const char *label_one,
                                       const char *label_two)
{
    return declare(metrics, name, help, METRIC_SECONDS_COUNTER, label_one, label_two);
}

struct metric *metrics_seconds_gauge(struct metrics *metrics,
                                     const char *name,
                                     const char *help,
                                     const char *label_one,
                                     const char *label_two)
{
    return declare(metrics, name, help, METRIC_SECONDS_GAUGE, label_one, label_two);
}

// A series' name is cut at LABEL_VALUE_SIZE, so the values are compared as far as that goes.
static bool series_matches(const struct series *series, const char *one, const char *two)
{
    return strncmp(series->one, one, LABEL_VALUE_SIZE - 1) == 0 &&
           strncmp(series->two, two, LABEL_VALUE_SIZE - 1) == 0;
}

static struct text kept_part(const char *value)
{
    return (struct text){value, strnlen(value, LABEL_VALUE_SIZE - 1)};
}

static uint64_t hash_values(const char *one, const char *two)
{
    uint64_t hash = checksum_add(CHECKSUM_START, kept_part(one));

    // A byte between the two, so that what moves from one to the other is another pair.
    hash = checksum_add(hash, (struct text){"\xff", 1});
    return checksum_add(hash, kept_part(two));
}

// The series of those values, or NULL and where it belongs in the index.
static struct series *
find_series(struct metric *metric, const char *one, const char *two, size_t *out_slot)
{
    size_t slot = (size_t)(hash_values(one, two) % metric->index_size);
    struct series *series = NULL;

    // The index is never more than half full, so there is always an empty slot to end at.
    while ((series = atomic_load_explicit(&metric->index[slot], memory_order_acquire)) != NULL) {
        if (series_matches(series, one, two))
            return series;
        slot = (slot + 1) % metric->index_size;
    }
    *out_slot = slot;
    return NULL;
}

static struct series *add_series(struct metric *metric, const char *one, const char *two)
{
    struct series *series = NULL;
    size_t slot = 0;

    pthread_mutex_lock(&metric->lock);
    // Another thread may have been first.
    series = find_series(metric, one, two, &slot);
    if (series == NULL && metric->series_count == metric->series_max)
        series = &metric->other;
    if (series == NULL) {
        series = allocate(sizeof *series);
        snprintf(series->one, sizeof series->one, "%s", one);
        snprintf(series->two, sizeof series->two, "%s", two);
        series_start(series, metric);
        metric->series[metric->series_count++] = series;
        atomic_store_explicit(&metric->index[slot], series, memory_order_release);
    }
    pthread_mutex_unlock(&metric->lock);
    return series;
}

static struct series *series_of(struct metric *metric, const char *one, const char *two)
{
    uintptr_t addresses = (uintptr_t)one * 31 ^ (uintptr_t)two * 17;
    size_t recent = (size_t)((addresses ^ addresses >> 9) % RECENT_SIZE);
    struct series *series = atomic_load_explicit(&metric->recent[recent], memory_order_acquire);
    size_t slot = 0;

    one = one != NULL ? one : "";
    two = two != NULL ? two : "";
    if (series != NULL && series_matches(series, one, two))
        return series;
    series = find_series(metric, one, two, &slot);
    if (series == NULL)
        series = add_series(metric, one, two);
    atomic_store_explicit(&metric->recent[recent], series, memory_order_release);
    return series;
}

void metric_add(struct metric *metric, int64_t amount, const char *one, const char *two)
{
    assert(metric->kind != METRIC_DURATION);
    atomic_fetch_add_explicit(&series_of(metric, one, two)->value, amount, memory_order_relaxed);
}

void metric_set(struct metric *metric, int64_t value, const char *one, const char *two)
{
    assert(metric->kind != METRIC_DURATION);
    atomic_store_explicit(&series_of(metric, one, two)->value, value, memory_order_relaxed);
}

void metric_observe_us(struct metric *metric, int64_t micros, const char *one, const char *two)
{
    struct series *series = series_of(metric, one, two);
    size_t bucket = 0;

    assert(metric->kind == METRIC_DURATION);
    micros = micros < 0 ? 0 : micros;
    while (micros > buckets[bucket].micros)
        bucket++;
    atomic_fetch_add_explicit(&series->counts[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&series->value, micros, memory_order_relaxed);
}

void metrics_on_scrape(struct metrics *metrics, void (*update)(void *context), void *context)
{
    pthread_mutex_lock(&metrics->lock);
    assert(metrics->callback_count < SCRAPE_CALLBACKS_MAX);
    metrics->callbacks[metrics->callback_count].update = update;
    metrics->callbacks[metrics->callback_count].context = context;
    metrics->callback_count++;
    pthread_mutex_unlock(&metrics->lock);
}

// What is no UTF-8 is replaced, as a single such byte would have a whole scrape refused: a value
// may have been cut within a character.
static void print_escaped(struct strbuf *out, const char *string, bool quotes_too)
{
    struct text rest = text_of(string);

    while (rest.length > 0) {
        size_t size = utf8_sequence_length(rest.data, rest.length);
        char first = rest.data[0];

        if (size == 0)
            strbuf_append_string(out, "\xef\xbf\xbd");
        else if (first == '\n')
            strbuf_append_string(out, "\\n");
        else if (first == '\\' || (first == '"' && quotes_too))
            strbuf_append(out, (char[]){'\\', first}, 2);
        else
            strbuf_append(out, rest.data, size);
        rest.data += size > 0 ? size : 1;
        rest.length -= size > 0 ? size : 1;
    }
}

// Writes {one="...",two="...",le="..."} of those that there are, or nothing.
static void print_labels(struct strbuf *out,
                         const struct metric *metric,
                         const struct series *series,
                         const char *bound)
{
    const char *names[] = {metric->labels[0], metric->labels[1], bound != NULL ? "le" : NULL};
    const char *values[] = {series->one, series->two, bound};
    char separator = '{';

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (names[i] == NULL)
            continue;
        strbuf_append_char(out, separator);
        strbuf_printf(out, "%s=\"", names[i]);
        print_escaped(out, values[i], true);
        strbuf_append_char(out, '"');
        separator = ',';
    }
    if (separator == ',')
        strbuf_append_char(out, '}');
}

static void print_value(struct strbuf *out, int64_t value, bool is_time)
{
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    if (is_time)
        strbuf_printf(out, " %s%" PRIu64 ".%06" PRIu64 "\n", value < 0 ? "-" : "",
                      size / MICROS_PER_SECOND, size % MICROS_PER_SECOND);
    else
        strbuf_printf(out, " %" PRId64 "\n", value);
}

static void
print_duration(struct strbuf *out, const struct metric *metric, const struct series *series)
{
    int64_t count = 0;

    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        count += atomic_load_explicit(&series->counts[i], memory_order_relaxed);
        strbuf_printf(out, "%s_bucket", metric->name);
        print_labels(out, metric, series, buckets[i].seconds);
        print_value(out, count, false);
    }
    strbuf_printf(out, "%s_sum", metric->name);
    print_labels(out, metric, series, NULL);
    print_value(out, atomic_load_explicit(&series->value, memory_order_relaxed), true);
    // The same number as the last bucket's, also when observations come in meanwhile.
    strbuf_printf(out, "%s_count", metric->name);
    print_labels(out, metric, series, NULL);
    print_value(out, count, false);
}

static void
print_series(struct strbuf *out, const struct metric *metric, const struct series *series)
{
    if (metric->kind == METRIC_DURATION) {
        print_duration(out, metric, series);
        return;
    }
    strbuf_append_string(out, metric->name);
    print_labels(out, metric, series, NULL);
    print_value(out, atomic_load_explicit(&series->value, memory_order_relaxed),
                metric->kind == METRIC_SECONDS_COUNTER || metric->kind == METRIC_SECONDS_GAUGE);
}

static void print_metric(struct strbuf *out, struct metric *metric)
{
    strbuf_printf(out, "# HELP %s ", metric->name);
    print_escaped(out, metric->help, false);
    strbuf_printf(out, "\n# TYPE %s %s\n", metric->name, kind_names[metric->kind]);
    pthread_mutex_lock(&metric->lock);
    // A counter without labels is 0 before its first use; one with labels has no series yet.
    if (metric->series_count == 0 && metric->labels[0] == NULL)
        print_series(out, metric, &(const struct series){.counts = metric->other.counts});
    for (size_t i = 0; i < metric->series_count; i++)
        print_series(out, metric, metric->series[i]);
    if (metric->labels[0] != NULL && metric->series_count == metric->series_max)
        print_series(out, metric, &metric->other);
    pthread_mutex_unlock(&metric->lock);
}

void metrics_print(struct metrics *metrics, struct strbuf *out)
{
    size_t callback_count = 0;

    pthread_mutex_lock(&metrics->lock);
    callback_count = metrics->callback_count;
    pthread_mutex_unlock(&metrics->lock);
    // Without the lock, for a callback may declare a metric; callbacks are only ever added.
    for (size_t i = 0; i < callback_count; i++)
        metrics->callbacks[i].update(metrics->callbacks[i].context);
    pthread_mutex_lock(&metrics->lock);
    for (struct metric *metric = metrics->first; metric != NULL; metric = metric->next)
        print_metric(out, metric);
    pthread_mutex_unlock(&metrics->lock);
}
