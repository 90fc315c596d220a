// SPDX-License-Identifier: MIT
// The catalogue of what is traded.
#include "market.h"

#include "market_store.h"

#include <stdio.h>

enum { SYMBOLS_A_PAGE = 50 };

static const char *or_null(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static bool fill_symbol(struct arena *arena,
                        const struct symbol *symbol,
                        Market__Symbol **out_message,
                        struct error *error)
{
    Market__Symbol *message = arena_allocate(arena, sizeof *message);

    if (message == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the symbol does not fit");
    market__symbol__init(message);
    message->ticker = symbol->ticker;
    message->name = symbol->name;
    message->exchange = symbol->exchange;
    message->sector = symbol->sector;
    message->currency = symbol->currency;
    message->has_status = true;
    message->status = symbol->is_active ? MARKET__SYMBOL_STATUS__SYMBOL_STATUS_ACTIVE
                                        : MARKET__SYMBOL_STATUS__SYMBOL_STATUS_INACTIVE;
    message->has_fractionable = true;
    message->fractionable = symbol->is_fractionable;
    *out_message = message;
    return true;
}

static bool read_query(struct arena *arena,
                       const Market__ListSymbolsRequest *request,
                       struct symbol_query *out_query,
                       struct error *error)
{
    struct symbol_query query = {
        .exchange = or_null(request->exchange),
        .sector = or_null(request->sector),
        .has_status = request->has_status &&
                      request->status != MARKET__SYMBOL_STATUS__SYMBOL_STATUS_UNSPECIFIED,
        .is_active = request->status == MARKET__SYMBOL_STATUS__SYMBOL_STATUS_ACTIVE,
        .after = {.number = -1},
        .limit = request->has_limit ? request->limit : SYMBOLS_A_PAGE,
    };

    if (!symbol_search_read(arena, request->q, &query.search))
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the search does not fit");
    if (or_null(request->page_token) != NULL &&
        !page_token_read(request->page_token, "symbols", &query.after, error))
        return false;
    // No rank is larger.
    if (query.after.number < -1 || query.after.number > SYMBOL_RANK_MAX)
        return error_set(error, REASON_INVALID_PAGE_TOKEN, "the page token was not made here");
    *out_query = query;
    return true;
}

static bool fill_next_page(struct arena *arena,
                           const struct symbol *last,
                           const char **out_token,
                           struct error *error)
{
    struct page_position position = {.number = last->rank};

    (void)snprintf(position.text, sizeof position.text, "%s", last->ticker);
    *out_token = page_token_write(arena, "symbols", &position);
    return *out_token != NULL ||
           error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the page token does not fit");
}

static bool fill_symbols(struct arena *arena,
                         const struct symbol *symbols,
                         size_t count,
                         Market__Symbol ***out_messages,
                         struct error *error)
{
    Market__Symbol **messages = arena_allocate(arena, (count + 1) * sizeof *messages);

    if (messages == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the symbols do not fit");
    for (size_t i = 0; i < count; i++) {
        if (!fill_symbol(arena, &symbols[i], &messages[i], error))
            return false;
    }
    *out_messages = messages;
    return true;
}

bool market_api_list_symbols(struct market *market,
                             struct call *call,
                             const Market__ListSymbolsRequest *request,
                             Market__ListSymbolsResponse *response,
                             struct error *error)
{
    struct symbol_query query;
    struct symbol *symbols = NULL;
    size_t count = 0;

    if (!read_query(call->arena, request, &query, error) ||
        !symbol_catalogue_search(market->catalogue, call->arena, &query, &symbols, &count, error))
        return false;
    // What is there is not looked for elsewhere.
    if (count == 0 && request->q != NULL && or_null(request->page_token) == NULL &&
        query.exchange == NULL && query.sector == NULL && !query.has_status &&
        !market_search_providers(market, request->q, error))
        return false;
    if (count > query.limit) {
        count = query.limit;
        if (!fill_next_page(call->arena, &symbols[count - 1], &response->next_page_token, error))
            return false;
    }
    response->n_symbols = count;
    return fill_symbols(call->arena, symbols, count, &response->symbols, error);
}

bool market_api_get_symbol(struct market *market,
                           struct call *call,
                           const Market__GetSymbolRequest *request,
                           Market__GetSymbolResponse *response,
                           struct error *error)
{
    struct symbol symbol;

    return market_get_symbol(market, call->arena, request->ticker, &symbol, error) &&
           fill_symbol(call->arena, &symbol, &response->symbol, error);
}

bool market_api_find_symbols(struct market *market,
                             struct call *call,
                             const Market__FindSymbolsRequest *request,
                             Market__FindSymbolsResponse *response,
                             struct error *error)
{
    struct symbol *symbols = NULL;

    return store_find_symbols(market->database, call->arena, request->tickers, request->n_tickers,
                              &symbols, &response->n_symbols, error) &&
           fill_symbols(call->arena, symbols, response->n_symbols, &response->symbols, error);
}

// What the three changing operations hand to their transactions.
struct change {
    struct call *call;
    const void *request;
    void *response;
};

static bool note(struct transaction *transaction,
                 const struct change *change,
                 const char *action,
                 const char *ticker,
                 const struct rpc_method *method,
                 struct error *error)
{
    const struct audit_outbox_event event = {
        .call = change->call,
        .action = action,
        .subject = ticker,
        .method = method,
        .request = change->request,
    };

    return audit_outbox_add(transaction, &event, 1, error);
}

// The catalogue is told whatever the outcome: it may be unknown. A simulated market then looks at
// its symbols anew.
static bool change_symbols(struct market *market,
                           const char *ticker,
                           bool (*work)(struct transaction *, void *, struct error *),
                           struct change *change,
                           struct error *error)
{
    bool is_done = database_transact(market->database, change->call->arena, 0, work, change, error);
    char changed[1][TICKER_SIZE];

    symbol_catalogue_changed(market->catalogue);
    (void)snprintf(changed[0], sizeof changed[0], "%s", ticker);
    if (market->is_simulated && is_done)
        player_refresh(market->player, (const char(*)[TICKER_SIZE])changed, 1,
                       change->call->deadline_us);
    return is_done;
}

static bool create(struct transaction *transaction, void *context, struct error *error)
{
    const struct change *change = context;
    const Market__CreateSymbolRequest *request = change->request;
    Market__CreateSymbolResponse *response = change->response;
    const struct rpc_method *method = &market_method_create_symbol;
    struct symbol symbol = {
        .ticker = request->ticker,
        .name = request->name,
        .exchange = request->exchange,
        .sector = request->sector,
        .is_fractionable = !request->has_fractionable || request->fractionable,
    };
    bool was_done = false;

    if (!idempotency_begin(transaction, change->call, method, &response->base, &was_done, error))
        return false;
    return was_done ||
           (store_insert_symbol(transaction, &symbol, &symbol, error) &&
            note(transaction, change, "symbol.create", request->ticker, method, error) &&
            fill_symbol(change->call->arena, &symbol, &response->symbol, error) &&
            idempotency_finish(transaction, change->call, method, &response->base, error));
}

bool market_api_create_symbol(struct market *market,
                              struct call *call,
                              const Market__CreateSymbolRequest *request,
                              Market__CreateSymbolResponse *response,
                              struct error *error)
{
    struct change change = {call, request, response};

    return change_symbols(market, request->ticker, create, &change, error);
}

static bool update(struct transaction *transaction, void *context, struct error *error)
{
    const struct change *change = context;
    const Market__UpdateSymbolRequest *request = change->request;
    Market__UpdateSymbolResponse *response = change->response;
    const struct rpc_method *method = &market_method_update_symbol;
    const struct symbol_change what = {
        .ticker = request->ticker,
        .name = request->name,
        .exchange = request->exchange,
        .sector = request->sector,
        .has_status = request->has_status,
        .is_active = request->status == MARKET__SYMBOL_STATUS__SYMBOL_STATUS_ACTIVE,
        .has_fractionable = request->has_fractionable,
        .is_fractionable = request->fractionable,
    };
    struct symbol symbol;
    bool was_done = false;

    if (!idempotency_begin(transaction, change->call, method, &response->base, &was_done, error))
        return false;
    return was_done ||
           (store_update_symbol(transaction, &what, &symbol, error) &&
            note(transaction, change, "symbol.update", request->ticker, method, error) &&
            fill_symbol(change->call->arena, &symbol, &response->symbol, error) &&
            idempotency_finish(transaction, change->call, method, &response->base, error));
}

bool market_api_update_symbol(struct market *market,
                              struct call *call,
                              const Market__UpdateSymbolRequest *request,
                              Market__UpdateSymbolResponse *response,
                              struct error *error)
{
    struct change change = {call, request, response};

    if (request->has_status &&
        request->status == MARKET__SYMBOL_STATUS__SYMBOL_STATUS_UNSPECIFIED) {
        error_clear(error);
        error_add_violation(error, "status", "must be active or inactive");
        return false;
    }
    return change_symbols(market, request->ticker, update, &change, error);
}

static bool delete (struct transaction *transaction, void *context, struct error *error)
{
    const struct change *change = context;
    const Market__DeleteSymbolRequest *request = change->request;
    Market__DeleteSymbolResponse *response = change->response;
    const struct rpc_method *method = &market_method_delete_symbol;
    bool was_done = false;

    if (!idempotency_begin(transaction, change->call, method, &response->base, &was_done, error))
        return false;
    return was_done ||
           (store_delete_symbol(transaction, request->ticker, error) &&
            note(transaction, change, "symbol.delete", request->ticker, method, error) &&
            idempotency_finish(transaction, change->call, method, &response->base, error));
}

bool market_api_delete_symbol(struct market *market,
                              struct call *call,
                              const Market__DeleteSymbolRequest *request,
                              Market__DeleteSymbolResponse *response,
                              struct error *error)
{
    struct change change = {call, request, response};

    return change_symbols(market, request->ticker, delete, &change, error);
}
