// SPDX-License-Identifier: MIT
#include "events/balance_events.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "bourse/portfolio/v1/portfolio.pb-c.h"
#include "message/message.h"
#include "money/money.h"

enum { EVENT_BUDGET = 64 * 1024 };

// There is one row at least, so that who has missed nothing learns where they stand, all of one
// moment.
static const struct statement page_events = {
    "page_balance_events",
    "SELECT l.number, e.sequence, e.account, e.asset, e.amount, e.held, e.cost_basis"
    " FROM (SELECT coalesce(max(sequence), 0) AS number FROM balances"
    " WHERE portfolio_id = $1 AND asset = 'USD' AND account = 'cash') AS l"
    " LEFT JOIN (SELECT sequence, account, asset, amount, held, cost_basis FROM balances"
    " WHERE portfolio_id = $1 AND account IN ('cash', 'shares') AND sequence > $2"
    " ORDER BY sequence LIMIT $3) AS e ON true ORDER BY e.sequence",
};

void balance_changes_take(struct balance_changes *changes, const struct books *books)
{
    changes->count = 0;
    for (size_t i = 0; i < books->count; i++) {
        const struct book *book = books->books[i];
        struct balance_change *change = &changes->portfolios[changes->count];

        if (!book->is_numbered)
            continue;
        assert(changes->count < BALANCE_CHANGES_MAX);
        changes->count++;
        memcpy(change->portfolio_id, book->portfolio_id, UUID_SIZE);
        memcpy(change->user_id, book->user_id, UUID_SIZE);
        change->sequence = book_balance(book, LEDGER_CASH, LEDGER_CURRENCY).sequence;
    }
}

void balance_changes_publish(struct portfolio *portfolio, const struct balance_changes *changes)
{
    Portfolio__BalanceEvent event = PORTFOLIO__BALANCE_EVENT__INIT;
    Portfolio__ChangedPortfolio portfolios[BALANCE_CHANGES_MAX];
    Portfolio__ChangedPortfolio *pointers[BALANCE_CHANGES_MAX];
    struct text packed;
    struct error error;
    OWNED(arena) arena = NULL;

    // No publisher: a test without followers.
    if (changes->count == 0 || portfolio->publisher == NULL)
        return;
    for (size_t i = 0; i < changes->count; i++) {
        portfolio__changed_portfolio__init(&portfolios[i]);
        portfolios[i].portfolio_id = changes->portfolios[i].portfolio_id;
        portfolios[i].user_id = changes->portfolios[i].user_id;
        portfolios[i].has_sequence = true;
        portfolios[i].sequence = changes->portfolios[i].sequence;
        pointers[i] = &portfolios[i];
    }
    event.n_portfolios = changes->count;
    event.portfolios = pointers;
    arena = arena_new(EVENT_BUDGET);
    // Only for want of memory; who misses the event asks a little later.
    if (message_pack(&event.base, arena, &packed, &error))
        rpc_publish(portfolio->publisher, "balances", packed);
}

static struct ledger_balance take_balance(const struct rows *rows, size_t row)
{
    struct ledger_balance balance = {.sequence = rows_int(rows, row, 1)};
    bool is_money = strcmp(rows_text(rows, row, 2), ledger_account_name(LEDGER_CASH)) == 0;
    int scale = is_money ? MONEY_SCALE : QUANTITY_SCALE;

    balance.account = is_money ? LEDGER_CASH : LEDGER_SHARES;
    snprintf(balance.asset, sizeof(balance.asset), "%s", rows_text(rows, row, 3));
    balance.amount = rows_decimal(rows, row, 4, scale);
    balance.held = rows_decimal(rows, row, 5, scale);
    balance.cost_basis = rows_decimal(rows, row, 6, MONEY_SCALE);
    return balance;
}

bool balance_events_page(struct database *database,
                         struct arena *arena,
                         const struct balance_event_page *page,
                         struct balance_events *out_events,
                         struct error *error)
{
    struct parameter parameters[3] = {parameter_text(page->portfolio_id),
                                      page->has_after ? parameter_int(page->after)
                                                      : parameter_null(),
                                      parameter_int((int64_t)page->limit)};
    struct balance_events events = {0};
    struct rows rows = {0};

    if (!database_query(database, arena, &page_events, parameters, 3, &rows, error))
        return false;
    events.balances = arena_allocate(arena, (rows.count + 1) * sizeof(*events.balances));
    if (events.balances == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
    events.latest = rows_int(&rows, 0, 0);
    for (size_t i = 0; i < rows.count && !rows_is_null(&rows, i, 1); i++)
        events.balances[events.count++] = take_balance(&rows, i);
    events.is_full = events.count == page->limit;
    events.next_after = events.is_full ? events.balances[events.count - 1].sequence : events.latest;
    *out_events = events;
    return true;
}
