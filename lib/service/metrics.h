// SPDX-License-Identifier: MIT
// metrics: counters, gauges and histograms in Prometheus' text format 0.0.4 on the admin port.
//
// Names are promtool-clean: base units, `_total` for counters, all with help. Label values come
// from small fixed sets (a method, a code), never from users. Threads: any; updates are atomic
// additions after the first use of a label pair.
#pragma once

#include "base/strbuf.h"

// Label pairs of one metric; further ones are counted together as "other".
enum { METRIC_SERIES_MAX = 2048 };

struct metrics;
struct metric;

struct metrics *metrics_new(void);
void metrics_free(struct metrics **metrics);

// Declares a metric with up to two labels (NULL for none); asking again for a name gives the same
// one.
struct metric *metrics_counter(struct metrics *metrics,
                               const char *name,
                               const char *help,
                               const char *label_one,
                               const char *label_two);
struct metric *metrics_gauge(struct metrics *metrics,
                             const char *name,
                             const char *help,
                             const char *label_one,
                             const char *label_two);
// A histogram of durations, observed in microseconds and shown in seconds, buckets from 50 us to 10
// s.
struct metric *metrics_duration(struct metrics *metrics,
                                const char *name,
                                const char *help,
                                const char *label_one,
                                const char *label_two);

// A counter and a gauge of time, added and set in microseconds and shown in seconds.
struct metric *metrics_seconds_counter(struct metrics *metrics,
                                       const char *name,
                                       const char *help,
                                       const char *label_one,
                                       const char *label_two);
struct metric *metrics_seconds_gauge(struct metrics *metrics,
                                     const char *name,
                                     const char *help,
                                     const char *label_one,
                                     const char *label_two);

// metric_set on a counter is for one that is counted elsewhere and copied at each scrape.
//
// Label values are NULL where the metric has no such label.
void metric_add(struct metric *metric, int64_t amount, const char *one, const char *two);
void metric_set(struct metric *metric, int64_t value, const char *one, const char *two);
void metric_observe_us(struct metric *metric, int64_t micros, const char *one, const char *two);

// Has `update` called before each scrape, to set gauges that are cheap to read and dear to keep. It
// runs on the admin port's thread and must not block. At most 16.
void metrics_on_scrape(struct metrics *metrics, void (*update)(void *context), void *context);

// Appends everything in the text format. One thread at a time.
void metrics_print(struct metrics *metrics, struct strbuf *out);
