// SPDX-License-Identifier: MIT
// dependency: a service that this one asks; whether it answers, and since when not.
//
// That it is away takes no readiness away: what needs it fails with a reason of its own, and
// everything else goes on. Otherwise the restart of a service of which there is one would take all
// replicas of all others out at once. Only a process that has just started waits for it, so that
// it is sent nothing that those which were there before it can do better.
//
// Threads: one at a time.
#pragma once

#include "base/strbuf.h"
#include "service/metrics.h"

enum { DEPENDENCY_SILENCE_NOTED_MS = 5000 };

struct dependency {
    const char *name;     // borrowed: a label of the metric
    int64_t patience_ms;  // how long a start waits for its first answer; INT64_MAX for ever
    int64_t heard_at_us;  // monotonic; of the last answer, or the start
    bool has_been_heard;  // since the start
    bool is_told_of;      // the log has a line that it is away
    struct metric *state; // 1 while it answers
};

// Nobody has answered at `now_us`.
void dependency_start(struct dependency *dependency,
                      const char *name,
                      int64_t patience_ms,
                      struct metrics *metrics,
                      int64_t now_us);

// Notes whether it answers at `now_us`, and appends what follows: to `reasons` why this service is
// not ready yet, or to `notes` since when it has not answered.
void dependency_look(struct dependency *dependency,
                     bool answers,
                     int64_t now_us,
                     struct strbuf *reasons,
                     struct strbuf *notes);
