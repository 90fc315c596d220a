// SPDX-License-Identifier: MIT
// import_merge_sql: the statements in which merging days and merging minutes differ. The order in
// which they are made is import_merge_store's.
//
// Threads: constants.
#pragma once

#include "database/database.h"

struct import_merge_sql {
    struct statement create;         // the table that the pieces are copied into
    struct statement order;          // import_ordered: all rows by their key
    struct statement reject_doubled; // $1 the import, $2 how many are told of
    struct statement look;           // how many blocks; earlier bars; earlier days of minutes
    // Of the rows from block $1 to before $2.
    struct statement update, insert;
    struct statement insert_all; // where there are no earlier bars
    struct statement make_days;  // of the minutes; none for days
};

extern const struct import_merge_sql import_merge_sql_days, import_merge_sql_minutes;
