// SPDX-License-Identifier: MIT
// trading_store_private: what the parts of the store share.
#pragma once

#include "money/money.h"
#include "store/trading_store.h"

// Whether the resting order r could trade with the order that is placed: of the other side, and at
// prices that meet. `meets_limit` is the limit it may come to trade at. An order without a limit
// meets any; those that trail meet none.
#define STORE_MEETS(order)                                                                         \
    "r.side <> " order ".side AND NOT r.trails AND " order ".type <> 'trailing_stop'"              \
    " AND (r.limit_price IS NULL OR " order ".meets_limit IS NULL"                                 \
    " OR CASE WHEN r.side = 'sell' THEN " order ".meets_limit >= r.limit_price"                    \
    " ELSE " order ".meets_limit <= r.limit_price END)"

// Of tasks that are looked up by their keys. The same said as a list of states would let plans take
// the index of those that are due, and read all of it.
#define STORE_IS_UNFINISHED "t.state <> 'completed' AND t.state <> 'failed'"

// Whether the limits and halts that the order was checked by are those of now. Most of the time
// nothing at all has changed, which is one look at one row for all orders of a statement.
#define STORE_LIMITS_ARE_KNOWN(order, revision)                                                    \
    "(" revision " >= (SELECT v.number FROM limits_revision v WHERE v.id = 1)"                     \
    " OR (NOT EXISTS (SELECT 1 FROM trading_limits l WHERE l.subject IN (" order ".portfolio_id,"  \
    " '00000000-0000-0000-0000-000000000000') AND l.revision > " revision ")"                      \
    " AND NOT EXISTS (SELECT 1 FROM trading_halts h WHERE h.subject IN (" order ".portfolio_id,"   \
    " " order ".user_id, '00000000-0000-0000-0000-000000000000')"                                  \
    " AND h.revision > " revision ")))"

// Of trading_store.c: removes those that have ended from the ones that rest, by their ids,
// portfolios and tickers.
extern const struct statement store_end_resting;

// Of trading_store.c: to be queued before statements whose plans are made anew otherwise.
extern const struct statement store_plan_once;

// Whether the first column has that id.
bool store_has_id(const struct rows *rows, const char *id);

static inline bool store_out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The batch needs too much memory.");
}

static inline struct parameter store_text_or_null(const char *text)
{
    return parameter_text(text == NULL || text[0] == '\0' ? NULL : text);
}

static inline struct parameter store_price_or_null(int64_t price)
{
    return price == 0 ? parameter_null() : parameter_decimal(price, MONEY_SCALE);
}

static inline struct parameter store_time_or_null(int64_t at)
{
    return at == 0 ? parameter_null() : parameter_time(at);
}

// NULL for plain ones; most are.
static inline struct parameter store_terms_or_null(struct arena *arena, const struct order *order)
{
    char terms[FILL_TERMS_SIZE];

    fill_terms_print(&order->terms, terms);
    return terms[0] == '\0' ? parameter_null() : parameter_text(arena_copy_string(arena, terms));
}

// Only what is filled with a share of the volume looks at it.
static inline struct parameter store_volume_or_null(const struct order *order)
{
    return order->terms.participation_percent_hundredths == 0 ? parameter_null()
                                                              : parameter_int(order->volume_seen);
}
