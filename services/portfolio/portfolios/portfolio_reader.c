// SPDX-License-Identifier: MIT
#include "portfolios/portfolio_reader.h"

#include <strings.h>

#include "bourse/portfolio/v1/portfolio_server.h"
#include "portfolios/access.h"
#include "valuation/appraisal.h"

enum { READER_BUDGET = 16 * 1024 * 1024 };

struct portfolio_reader {
    struct arena *arena; // of the present batch; the replies have been packed when the next begins
};

// What was read for some of the calls.
struct gathered {
    struct portfolio_record *records;
    size_t count;
    struct balance_record *balances;
    size_t balance_count;
};

struct portfolio_reader *portfolio_reader_new(void)
{
    struct portfolio_reader *reader = allocate(sizeof(*reader));

    reader->arena = arena_new(READER_BUDGET);
    return reader;
}

void portfolio_reader_free(struct portfolio_reader **reader)
{
    if (*reader == NULL)
        return;
    arena_free(&(*reader)->arena);
    release(*reader);
    *reader = NULL;
}

static const char *id_of(const struct rpc_batch_item *item)
{
    return ((const Portfolio__GetPortfolioRequest *)item->request)->portfolio_id;
}

static bool gather(struct portfolio *portfolio,
                   struct arena *arena,
                   const struct rpc_batch_item *items,
                   size_t count,
                   struct gathered *out_gathered,
                   struct error *error)
{
    const char *ids[RPC_BATCH_MAX] = {NULL};

    for (size_t i = 0; i < count; i++)
        ids[i] = id_of(&items[i]);
    return store_gather_portfolios(portfolio->database, arena, ids, count, appraisal_day(portfolio),
                                   &out_gathered->records, &out_gathered->count,
                                   &out_gathered->balances, &out_gathered->balance_count, error);
}

static const struct portfolio_record *find(const struct gathered *gathered, const char *id)
{
    for (size_t i = 0; i < gathered->count; i++)
        if (strcasecmp(gathered->records[i].id, id) == 0)
            return &gathered->records[i];
    return NULL;
}

static bool answer(struct portfolio *portfolio,
                   struct rpc_batch_item *item,
                   const struct gathered *gathered,
                   struct error *error)
{
    Portfolio__GetPortfolioResponse *response = (Portfolio__GetPortfolioResponse *)item->response;
    const char *id = id_of(item);
    const struct portfolio_record *record = find(gathered, id);
    struct arena *arena = item->call->arena;
    struct appraisal appraisal;

    return access_check(item->call, id, record, false, error) &&
           appraise(portfolio, arena, record->id, gathered->balances, gathered->balance_count,
                    &appraisal, error) &&
           appraisal_to_portfolio(&appraisal, arena, record, &response->portfolio, error);
}

// Reads and answers some calls together.
static bool read_together(struct portfolio *portfolio,
                          struct rpc_batch_item *items,
                          size_t count,
                          struct arena *arena)
{
    struct gathered gathered;
    struct error error;

    if (!gather(portfolio, arena, items, count, &gathered, &error)) {
        for (size_t i = 0; i < count; i++)
            items[i].error = error;
        return false;
    }
    for (size_t i = 0; i < count; i++)
        items[i].done = answer(portfolio, &items[i], &gathered, &items[i].error);
    return true;
}

void portfolio_api_get_portfolio(struct portfolio *portfolio,
                                 struct rpc_batch_item *items,
                                 size_t count)
{
    struct arena *arena = portfolio->reader->arena;

    arena_reset(arena);
    appraisal_catch_up(portfolio);
    if (read_together(portfolio, items, count, arena) ||
        !error_is(&items[0].error, REASON_OUT_OF_MEMORY_BUDGET))
        return;
    // Many large portfolios at once: each by itself, in the memory of its own call.
    for (size_t i = 0; i < count; i++) {
        error_clear(&items[i].error);
        (void)read_together(portfolio, &items[i], 1, items[i].call->arena);
    }
}
