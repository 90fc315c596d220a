// SPDX-License-Identifier: MIT
// GET /api/v1/portfolios/{portfolio_id}/transactions: as JSON page by page, as CSV page after page
// of the service in one answer, of which only one page at a time is kept beside the text.
#include "rest/endpoint.h"

#include "bourse/portfolio/v1/portfolio_client.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/portfolio/v1/portfolio_rules.h"
#include "money/money.h"
#include "operations/transactions_api.h"
#include "rest/csv.h"
#include "rest/rest.h"

#include "base/timestamp.h"

#include <string.h>

enum {
    PAGE_ROWS = 500,
    TABLE_ROWS_MAX = 20000,
    TABLE_BYTES_MAX = 6 * 1024 * 1024, // a page more still fits into an answer
    PAGE_ARENA_BUDGET = 4 * 1024 * 1024,
    TOKEN_SIZE = 513,
};

// As in JSON.
static const char *type_name(const Portfolio__Transaction *row)
{
    const struct field_info *field = NULL;
    const ProtobufCEnumDescriptor *types = NULL;

    if (!message_find_field(&portfolio_transaction_info, "type", &field))
        return "";
    types = field->enumeration->descriptor;
    for (unsigned i = 0; i < types->n_values; i++) {
        if (types->values[i].value == (int)row->type && field->enumeration->names[i] != NULL)
            return field->enumeration->names[i];
    }
    return "";
}

// One cell: of each lot the shares, what they had cost and when they were bought.
static void write_lots(const Portfolio__Transaction *row, struct strbuf *out)
{
    char time[TIMESTAMP_SIZE];

    for (size_t i = 0; i < row->n_lots; i++) {
        const Portfolio__OpenedLot *lot = row->lots[i];

        if (i > 0)
            strbuf_append_string(out, "; ");
        csv_add_decimal(out, true, lot->quantity_nanos, QUANTITY_SCALE, 0);
        strbuf_append_char(out, ' ');
        csv_add_decimal(out, true, lot->cost_basis_micros, MONEY_SCALE, 2);
        strbuf_append_char(out, ' ');
        timestamp_print(lot->opened_at, time);
        strbuf_append_string(out, time);
    }
}

static void write_row(const Portfolio__Transaction *row, struct strbuf *out)
{
    char time[TIMESTAMP_SIZE] = "";

    if (row->has_booked_at)
        timestamp_print(row->booked_at, time);
    strbuf_append_string(out, time);
    csv_next(out);
    strbuf_append_string(out, type_name(row));
    csv_next(out);
    csv_add_text(out, row->ticker);
    csv_next(out);
    csv_add_decimal(out, row->has_quantity_nanos, row->quantity_nanos, QUANTITY_SCALE, 0);
    csv_next(out);
    csv_add_decimal(out, row->has_price_micros, row->price_micros, MONEY_SCALE, 2);
    csv_next(out);
    csv_add_decimal(out, row->has_commission_micros, row->commission_micros, MONEY_SCALE, 2);
    csv_next(out);
    csv_add_decimal(out, row->has_cash_change_micros, row->cash_change_micros, MONEY_SCALE, 2);
    csv_next(out);
    csv_add_decimal(out, row->has_cash_after_micros, row->cash_after_micros, MONEY_SCALE, 2);
    csv_next(out);
    csv_add_decimal(out, row->has_realized_pl_micros, row->realized_pl_micros, MONEY_SCALE, 2);
    csv_next(out);
    csv_add_decimal(out, row->has_realized_pl_fifo_micros, row->realized_pl_fifo_micros,
                    MONEY_SCALE, 2);
    csv_next(out);
    csv_add_text(out, row->note);
    csv_next(out);
    csv_add_text(out, row->order_id);
    csv_next(out);
    csv_add_text(out, row->id);
    csv_next(out);
    csv_add_decimal(out, row->has_cost_basis_micros, row->cost_basis_micros, MONEY_SCALE, 2);
    csv_next(out);
    write_lots(row, out);
    csv_end(out);
}

// One page of the service behind what is written already. `out_token` is "" after the last.
static bool add_page(struct exchange *exchange,
                     struct arena *arena,
                     Portfolio__ListTransactionsRequest *request,
                     char token[TOKEN_SIZE],
                     size_t *rows,
                     struct error *error)
{
    Portfolio__ListTransactionsResponse *response = NULL;
    struct rpc_client *portfolio = service_client(exchange->gateway->service, "portfolio");
    const char *next = NULL;
    struct call call;

    arena_reset(arena);
    if (token[0] != '\0')
        request->page_token = token;
    if (!exchange_call(exchange, &portfolio_method_list_transactions, &call, error))
        return false;
    call.arena = arena;
    if (!portfolio_client_list_transactions(portfolio, &call, request, &response, error))
        return false;
    for (size_t i = 0; i < response->n_transactions; i++)
        write_row(response->transactions[i], exchange->response->body);
    *rows += response->n_transactions;
    next = response->next_page_token == NULL ? "" : response->next_page_token;
    if (strlen(next) >= TOKEN_SIZE)
        return error_set(error, REASON_INTERNAL, "portfolio answered with too long a page token.");
    memcpy(token, next, strlen(next) + 1);
    return true;
}

bool transactions_write_table(struct exchange *exchange,
                              Portfolio__ListTransactionsRequest *request,
                              struct error *error)
{
    static const char heading[] =
        "booked_at,type,ticker,quantity,price,commission,cash_change,cash_after,realized_pl,"
        "realized_pl_fifo,note,order_id,id,cost_basis,lots\r\n";
    OWNED(arena) arena = arena_new(PAGE_ARENA_BUDGET);
    struct strbuf *out = exchange->response->body;
    size_t rows_max = request->has_limit ? request->limit : TABLE_ROWS_MAX;
    char token[TOKEN_SIZE] = "";
    size_t rows = 0;

    strbuf_append_string(out, heading);
    request->has_limit = true;
    do {
        request->limit = rows_max - rows < PAGE_ROWS ? (uint32_t)(rows_max - rows) : PAGE_ROWS;
        if (!add_page(exchange, arena, request, token, &rows, error))
            return false;
    } while (token[0] != '\0' && rows < rows_max && out->length < TABLE_BYTES_MAX);
    // The tokens of the service are digits.
    if (token[0] != '\0')
        http_response_header(exchange->response, "X-Next-Page-Token", token);
    exchange->response->content_type = "text/csv; charset=utf-8";
    exchange->response->policy = HTTP_PRIVATE;
    http_response_header(exchange->response, "Content-Disposition",
                         "attachment; filename=\"transactions.csv\"");
    return true;
}

bool transactions_list(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *request = NULL;
    struct call call;

    http_response_header(exchange->response, "Vary", "Accept");
    if (!http_request_accepts(exchange->request, "Accept", "text/csv") ||
        http_request_accepts(exchange->request, "Accept", "application/json"))
        return rest_answer(exchange, error);
    // Who may not ask is told so before what is wrong with the question.
    return exchange_call(exchange, &portfolio_method_list_transactions, &call, error) &&
           rest_read(exchange, &request, error) &&
           transactions_write_table(exchange, (Portfolio__ListTransactionsRequest *)request, error);
}
