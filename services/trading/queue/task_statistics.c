// SPDX-License-Identifier: MIT
#include "queue/task_statistics.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"

#define MINUTE_US (60 * MICROS_PER_SECOND)

struct task_statistics {
    pthread_mutex_t lock; // guards what follows
    struct task_minute minutes[TASK_MINUTES_MAX];
    size_t count;
    int64_t totals[TASK_OUTCOME_COUNT];
};

struct task_statistics *task_statistics_new(void)
{
    struct task_statistics *statistics = allocate(sizeof(*statistics));

    pthread_mutex_init(&statistics->lock, NULL);
    return statistics;
}

void task_statistics_free(struct task_statistics **statistics)
{
    if (*statistics == NULL)
        return;
    pthread_mutex_destroy(&(*statistics)->lock);
    release(*statistics);
    *statistics = NULL;
}

static int64_t minute_of(int64_t at_us)
{
    return at_us - at_us % MINUTE_US;
}

static void drop_first(struct task_statistics *statistics, size_t count)
{
    statistics->count -= count;
    memmove(statistics->minutes, statistics->minutes + count,
            statistics->count * sizeof(*statistics->minutes));
}

// The minute to count in. A clock that was set back counts in the latest there is.
static struct task_minute *present(struct task_statistics *statistics, int64_t now_us)
{
    int64_t at = minute_of(now_us);

    if (statistics->count == 0 || statistics->minutes[statistics->count - 1].at < at) {
        if (statistics->count == TASK_MINUTES_MAX)
            drop_first(statistics, 1);
        statistics->minutes[statistics->count++] = (struct task_minute){.at = at};
    }
    return &statistics->minutes[statistics->count - 1];
}

void task_statistics_add(struct task_statistics *statistics,
                         enum task_outcome outcome,
                         int64_t runtime_us,
                         int64_t now_us)
{
    struct task_minute *minute = NULL;

    pthread_mutex_lock(&statistics->lock);
    minute = present(statistics, now_us);
    minute->counts[outcome]++;
    statistics->totals[outcome]++;
    if (outcome == TASK_COMPLETED)
        runtime_histogram_add(&minute->runtimes, runtime_us);
    pthread_mutex_unlock(&statistics->lock);
}

size_t task_statistics_copy(struct task_statistics *statistics,
                            struct task_minute out_minutes[TASK_MINUTES_MAX],
                            int64_t out_totals[TASK_OUTCOME_COUNT])
{
    size_t count = 0;

    pthread_mutex_lock(&statistics->lock);
    count = statistics->count;
    memcpy(out_minutes, statistics->minutes, count * sizeof(*out_minutes));
    memcpy(out_totals, statistics->totals, sizeof(statistics->totals));
    pthread_mutex_unlock(&statistics->lock);
    return count;
}

void task_statistics_forget(struct task_statistics *statistics, int64_t now_us)
{
    size_t old = 0;

    pthread_mutex_lock(&statistics->lock);
    while (old < statistics->count && statistics->minutes[old].at < minute_of(now_us))
        old++;
    drop_first(statistics, old);
    pthread_mutex_unlock(&statistics->lock);
}
