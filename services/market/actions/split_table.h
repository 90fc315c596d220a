// SPDX-License-Identifier: MIT
// split_table: all splits in memory, kept as new as the table they are in.
//
// Whoever changes the table says so, and whoever reads from the database next reads it anew first;
// market is one process, so that is every change but one made by hand.
//
// Threads: all functions may be called from any thread. Memory: at most CORPORATE_ACTIONS_MAX.
#pragma once

#include "actions/corporate_action.h"
#include "database/database.h"

struct split_table;

// Reads nothing yet. The caller owns it.
struct split_table *split_table_new(struct database *database);
void split_table_free(struct split_table **table);

// Says that corporate actions were added or removed, or may have been.
void split_table_changed(struct split_table *table);

// Reads the table if it may have changed. Fails as database_query does.
MUST_CHECK bool split_table_refresh(struct split_table *table, struct error *error);

// What follows goes by what was read last, and is quick.

// The splits of one ticker after `after_day` and until `until_day` as one ratio.
struct split_ratio split_table_ratio(struct split_table *table,
                                     const char *ticker,
                                     int64_t after_day,
                                     int64_t until_day);

// The moment from which the ticker is not traded for the first of its splits that is not booked,
// until it is. INT64_MAX when there is none.
int64_t
split_table_halted_from(struct split_table *table, const char *ticker, enum market_hours hours);

// Copies those of one ticker, or with NULL all, in order of tickers and days. The caller releases
// them.
size_t split_table_copy(struct split_table *table, const char *ticker, struct split **out_splits);
