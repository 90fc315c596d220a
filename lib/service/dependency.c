// SPDX-License-Identifier: MIT
#include "service/dependency.h"

#include "base/clock.h"
#include "service/log.h"

#include <inttypes.h>

void dependency_start(struct dependency *dependency,
                      const char *name,
                      int64_t patience_ms,
                      struct metrics *metrics,
                      int64_t now_us)
{
    *dependency = (struct dependency){
        .name = name,
        .patience_ms = patience_ms,
        .heard_at_us = now_us,
        .state = metrics_gauge(metrics, "bourse_dependency_up",
                               "1 while a service that this one asks answers.", "dependency", NULL),
    };
    metric_set(dependency->state, 0, name, NULL);
}

static void note_answer(struct dependency *dependency, int64_t now_us)
{
    if (dependency->is_told_of)
        log_write(LOG_INFO, "dependency_answers", "dependency", dependency->name, NULL);
    dependency->is_told_of = false;
    dependency->has_been_heard = true;
    dependency->heard_at_us = now_us;
}

static void
note_silence(struct dependency *dependency, int64_t silence_ms, struct strbuf *out_notes)
{
    strbuf_printf(out_notes, "%s has not answered for %" PRId64 " s; ", dependency->name,
                  silence_ms / 1000);
    if (!dependency->is_told_of)
        log_write(LOG_WARNING, "dependency_silent", "dependency", dependency->name, NULL);
    dependency->is_told_of = true;
}

void dependency_look(struct dependency *dependency,
                     bool answers,
                     int64_t now_us,
                     struct strbuf *reasons,
                     struct strbuf *notes)
{
    int64_t silence_ms = 0;

    if (answers)
        note_answer(dependency, now_us);
    silence_ms = (now_us - dependency->heard_at_us) / MICROS_PER_MS;
    metric_set(dependency->state,
               dependency->has_been_heard && silence_ms <= DEPENDENCY_SILENCE_NOTED_MS,
               dependency->name, NULL);
    if (!dependency->has_been_heard && silence_ms < dependency->patience_ms)
        strbuf_printf(reasons, "%s has not answered yet; ", dependency->name);
    else if (silence_ms > DEPENDENCY_SILENCE_NOTED_MS)
        note_silence(dependency, silence_ms, notes);
}
