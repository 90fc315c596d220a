// SPDX-License-Identifier: MIT
#include "imports/import_merge_sql.h"

#define PRICES                                                                                     \
    " open numeric(20, 6), high numeric(20, 6), low numeric(20, 6), close numeric(20, 6),"         \
    " volume bigint) ON COMMIT DROP"
#define SLICE "r.ctid >= $1::tid AND r.ctid < $2::tid AND r.line = r.first_line"
#define BLOCKS "pg_relation_size('import_ordered') / current_setting('block_size')::bigint"

const struct import_merge_sql import_merge_sql_days = {
    .create = {"import_create_rows",
               "CREATE TEMPORARY TABLE import_rows (line bigint, ticker text COLLATE \"C\","
               " day date," PRICES},
    .order = {"import_order",
              "CREATE TEMPORARY TABLE import_ordered ON COMMIT DROP AS"
              " SELECT *, first_value(line) OVER (PARTITION BY ticker, day ORDER BY line)"
              "  AS first_line FROM import_rows ORDER BY ticker, day, line"},
    .reject_doubled = {"import_reject_doubled",
                       "INSERT INTO import_rejections SELECT $1, line,"
                       "  format('%s %s is there already in line %s', ticker, day, first_line)"
                       " FROM import_ordered WHERE line <> first_line ORDER BY line"
                       " LIMIT $2::bigint"},
    .look = {"import_layout",
             "SELECT " BLOCKS ","
             " EXISTS (SELECT 1 FROM import_tickers t JOIN bars b ON b.ticker = t.ticker),"
             " EXISTS (SELECT 1 FROM import_tickers t JOIN bars b ON b.ticker = t.ticker"
             "  WHERE b.is_of_minutes)"},
    .update = {"import_update",
               "UPDATE bars b SET open = r.open, high = r.high, low = r.low, close = r.close,"
               " volume = r.volume, is_of_quotes = false, adjusted_through = NULL"
               " FROM import_ordered r WHERE " SLICE
               " AND b.ticker = r.ticker AND b.day = r.day AND NOT b.is_of_minutes"
               " AND (b.open, b.high, b.low, b.close, b.volume, b.is_of_quotes, b.adjusted_through)"
               " IS DISTINCT FROM (r.open, r.high, r.low, r.close, r.volume, false, NULL::date)"},
    // A subquery for each row is a look into the key, and never a join.
    .insert = {"import_insert",
               "INSERT INTO bars SELECT r.ticker, r.day, r.open, r.high, r.low, r.close, r.volume"
               " FROM import_ordered r WHERE " SLICE " AND"
               " (SELECT b.close FROM bars b WHERE b.ticker = r.ticker AND b.day = r.day) IS NULL"},
    .insert_all = {"import_insert_all",
                   "INSERT INTO bars SELECT r.ticker, r.day, r.open, r.high, r.low, r.close,"
                   " r.volume FROM import_ordered r WHERE " SLICE},
};

// A session is within one day of UTC, whose date it has.
const struct import_merge_sql import_merge_sql_minutes = {
    .create = {"import_create_minutes",
               "CREATE TEMPORARY TABLE import_rows (line bigint, ticker text COLLATE \"C\","
               " at timestamptz," PRICES},
    .order = {"import_order_minutes",
              "CREATE TEMPORARY TABLE import_ordered ON COMMIT DROP AS"
              " SELECT *, first_value(line) OVER (PARTITION BY ticker, at ORDER BY line)"
              "  AS first_line FROM import_rows ORDER BY ticker, at, line"},
    .reject_doubled = {"import_reject_doubled_minutes",
                       "INSERT INTO import_rejections SELECT $1, line,"
                       "  format('%s %s is there already in line %s', ticker,"
                       "   to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
                       "   first_line)"
                       " FROM import_ordered WHERE line <> first_line ORDER BY line"
                       " LIMIT $2::bigint"},
    .look = {"import_layout_minutes",
             "SELECT " BLOCKS ","
             " EXISTS (SELECT 1 FROM import_tickers t JOIN minute_bars b ON b.ticker = t.ticker),"
             " false"},
    .update = {"import_update_minutes",
               "UPDATE minute_bars b SET open = r.open, high = r.high, low = r.low,"
               " close = r.close, volume = r.volume, is_imported = true"
               " FROM import_ordered r WHERE " SLICE " AND b.ticker = r.ticker AND b.at = r.at"
               " AND (b.open, b.high, b.low, b.close, b.volume, b.is_imported)"
               " IS DISTINCT FROM (r.open, r.high, r.low, r.close, r.volume, true)"},
    .insert = {"import_insert_minutes",
               "INSERT INTO minute_bars SELECT r.ticker, r.at, r.open, r.high, r.low, r.close,"
               " r.volume, true FROM import_ordered r WHERE " SLICE " AND"
               " (SELECT b.close FROM minute_bars b WHERE b.ticker = r.ticker AND b.at = r.at)"
               " IS NULL"},
    .insert_all = {"import_insert_all_minutes",
                   "INSERT INTO minute_bars SELECT r.ticker, r.at, r.open, r.high, r.low, r.close,"
                   " r.volume, true FROM import_ordered r WHERE " SLICE},
    .make_days =
        {"import_make_days",
         "INSERT INTO bars (ticker, day, open, high, low, close, volume, is_of_minutes)"
         " SELECT d.ticker, d.day, m.open, m.high, m.low, m.close, m.volume, true"
         " FROM (SELECT ticker, (at AT TIME ZONE 'UTC')::date AS day FROM import_ordered"
         "  GROUP BY 1, 2 ORDER BY 1, 2) d CROSS JOIN LATERAL"
         " (SELECT (array_agg(b.open ORDER BY b.at))[1] AS open, max(b.high) AS high,"
         "   min(b.low) AS low, (array_agg(b.close ORDER BY b.at DESC))[1] AS close,"
         "   least(sum(b.volume), 1000000000000000)::bigint AS volume"
         "  FROM minute_bars b WHERE b.ticker = d.ticker AND b.is_imported"
         "  AND b.at >= d.day::timestamp AT TIME ZONE 'UTC'"
         "  AND b.at < (d.day + 1)::timestamp AT TIME ZONE 'UTC') m"
         " ON CONFLICT (ticker, day) DO UPDATE SET open = excluded.open, high = excluded.high,"
         "  low = excluded.low, close = excluded.close, volume = excluded.volume,"
         "  is_of_minutes = true, is_of_quotes = false, adjusted_through = NULL"},
};
