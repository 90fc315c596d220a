// SPDX-License-Identifier: MIT
#include "strategies/backtest_actions.h"

#include "bourse/market/v1/market_client.h"

#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"

enum {
    PAGE_MAX = 500,
    PAGE_BUDGET = 4 * 1024 * 1024,
    PAGE_TIMEOUT_MS = 15000,
    TOKEN_SIZE = 513,
    FIRST_CAPACITY = 64,
    DAYS_OF_WEEK_BAR = 5, // from its first open to its last close, and less than to the next
};

void backtest_dividends_clear(struct backtest_dividends *dividends)
{
    release(dividends->list);
    *dividends = (struct backtest_dividends){0};
}

static int64_t common_divisor(int64_t one, int64_t other)
{
    while (other != 0) {
        int64_t rest = one % other;

        one = other;
        other = rest;
    }
    return one;
}

// One whose ratio cannot be counted any more stays at what was reached, as prices do.
static void split(struct backtest_dividend *dividend, int64_t numerator, int64_t denominator)
{
    int64_t shares = 0;
    int64_t of_then = 0;
    int64_t divisor = 0;

    if (__builtin_mul_overflow(dividend->numerator, numerator, &shares) ||
        __builtin_mul_overflow(dividend->denominator, denominator, &of_then))
        return;
    divisor = common_divisor(shares, of_then);
    dividend->numerator = shares / divisor;
    dividend->denominator = of_then / divisor;
}

static bool add(struct backtest_dividends *dividends,
                const struct backtest_dividend *dividend,
                struct error *error)
{
    if (dividends->count == BACKTEST_DIVIDENDS_MAX) {
        error_clear(error);
        error_add_violation(error, "start", "leads to more than %d dividends",
                            BACKTEST_DIVIDENDS_MAX);
        return false;
    }
    if (dividends->count == dividends->capacity) {
        dividends->capacity = dividends->capacity == 0 ? FIRST_CAPACITY : dividends->capacity * 2;
        dividends->list =
            reallocate_array(dividends->list, dividends->capacity, sizeof(*dividends->list));
    }
    dividends->list[dividends->count++] = *dividend;
    return true;
}

bool backtest_dividends_take(struct backtest_dividends *dividends,
                             size_t first,
                             size_t symbol,
                             const Market__CorporateAction *action,
                             int64_t start,
                             int64_t end,
                             struct error *error)
{
    const struct backtest_dividend dividend = {
        .symbol = symbol,
        .at = action->effective_at,
        .amount = action->amount_micros,
        .numerator = 1,
        .denominator = 1,
    };

    if (!action->in_effect)
        return true;
    if (action->kind == MARKET__CORPORATE_ACTION_KIND__CORPORATE_ACTION_KIND_SPLIT) {
        // Of one day the dividend comes first, and is on the shares of before, as portfolio has it.
        for (size_t i = first; i < dividends->count; i++)
            split(&dividends->list[i], action->numerator, action->denominator);
        return true;
    }
    if (action->effective_at < start || (end != 0 && action->effective_at > end))
        return true;
    return add(dividends, &dividend, error);
}

// One page; `token` is that of the next one then, and empty after the last.
static bool ask(struct trading *trading,
                struct arena *arena,
                const char *ticker,
                char token[TOKEN_SIZE],
                Market__ListCorporateActionsResponse **out_response,
                struct error *error)
{
    Market__ListCorporateActionsRequest request = MARKET__LIST_CORPORATE_ACTIONS_REQUEST__INIT;
    struct call call;
    const char *next = NULL;

    arena_reset(arena);
    call = call_start(arena, PAGE_TIMEOUT_MS);
    request.ticker = ticker;
    request.has_limit = true;
    request.limit = PAGE_MAX;
    request.page_token = token[0] == '\0' ? NULL : token;
    if (!market_client_list_corporate_actions(trading->market_client, &call, &request, out_response,
                                              error))
        return false;
    next = (*out_response)->next_page_token == NULL ? "" : (*out_response)->next_page_token;
    if (strlen(next) >= TOKEN_SIZE)
        return error_set(error, REASON_INTERNAL, "market has given a page token that is too long.");
    memcpy(token, next, strlen(next) + 1);
    return true;
}

bool backtest_actions_fetch(struct trading *trading,
                            const char *ticker,
                            size_t symbol,
                            int64_t start,
                            int64_t end,
                            struct backtest_dividends *dividends,
                            struct error *error)
{
    OWNED(arena) arena = arena_new(PAGE_BUDGET);
    size_t first = dividends->count;
    char token[TOKEN_SIZE] = "";

    do {
        Market__ListCorporateActionsResponse *response = NULL;

        if (!ask(trading, arena, ticker, token, &response, error))
            return false;
        for (size_t i = 0; i < response->n_corporate_actions; i++)
            if (!backtest_dividends_take(dividends, first, symbol, response->corporate_actions[i],
                                         start, end, error))
                return false;
    } while (token[0] != '\0');
    return true;
}

static int compare(const void *one, const void *other)
{
    const struct backtest_dividend *left = one;
    const struct backtest_dividend *right = other;

    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    return (left->symbol > right->symbol) - (left->symbol < right->symbol);
}

void backtest_dividends_sort(struct backtest_dividends *dividends)
{
    if (dividends->count > 0)
        qsort(dividends->list, dividends->count, sizeof(*dividends->list), compare);
}

static bool is_in_bar(const char *timeframe, int64_t start, int64_t at)
{
    struct date first = date_from_days(start / MICROS_PER_DAY);
    struct date day = date_from_days(at / MICROS_PER_DAY);

    if (strcmp(timeframe, "1Week") == 0)
        return at < start + DAYS_OF_WEEK_BAR * MICROS_PER_DAY;
    return strcmp(timeframe, "1Month") == 0 && first.year == day.year && first.month == day.month;
}

size_t backtest_dividends_until(const struct backtest_dividend *dividends,
                                size_t count,
                                const char *timeframe,
                                int64_t last)
{
    size_t until = 0;

    while (until < count &&
           (dividends[until].at <= last || is_in_bar(timeframe, last, dividends[until].at)))
        until++;
    return until;
}
