// SPDX-License-Identifier: MIT
// task_reporter: a thread that writes down every few seconds that this process works on the queue
// and what it has done, for the task monitor, and looks how much there is to do, for the metrics.
#pragma once

#include "service/metrics.h"
#include "trading.h"

enum { TASK_REPORT_EVERY_MS = 5000, TASK_WORKER_AWAY_MS = 3 * TASK_REPORT_EVERY_MS };

struct task_reporter;

// Reports what trading->statistics counts. The caller owns it; freeing it reports once more.
struct task_reporter *task_reporter_new(struct trading *trading, struct metrics *metrics);
void task_reporter_free(struct task_reporter **reporter);
