// SPDX-License-Identifier: MIT
// POST /api/v1/portfolios/{portfolio_id}/transactions:import: a CSV that is small enough for one
// call, which portfolio reads.
#include "rest/endpoint.h"

#include "bourse/portfolio/v1/portfolio_client.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/portfolio/v1/portfolio_rules.h"
#include "operations/transactions_api.h"
#include "rest/csv.h"
#include "rest/rest.h"
#include "server/http_server.h"

// Reads what the address says of the import.
static bool read_address(struct exchange *exchange,
                         const Portfolio__ImportTransactionsRequest **out_request,
                         struct error *error)
{
    const struct rest_input input = {
        .info = &portfolio_import_transactions_request_info,
        .arena = exchange->request->arena,
        .match = exchange->match,
        .query = exchange->request->query,
    };
    ProtobufCMessage *asked = NULL;

    if (!rest_read_message(&input, &asked, error))
        return false;
    *out_request = (const Portfolio__ImportTransactionsRequest *)asked;
    return true;
}

static bool take(struct exchange *exchange,
                 const Portfolio__TakeTransactionsRequest *request,
                 struct error *error)
{
    struct rpc_client *portfolio = service_client(exchange->gateway->service, "portfolio");
    Portfolio__ImportTransactionsResponse *response = NULL;
    struct call call;

    if (!exchange_call(exchange, &portfolio_method_take_transactions, &call, error) ||
        !portfolio_client_take_transactions(portfolio, &call, request, &response, error))
        return false;
    exchange_note(exchange, &call);
    message_to_json(&portfolio_import_transactions_response_info, &response->base,
                    exchange->response->body);
    return true;
}

bool transactions_import(struct exchange *exchange, struct error *error)
{
    const Portfolio__ImportTransactionsRequest *asked = NULL;
    Portfolio__TakeTransactionsRequest request = PORTFOLIO__TAKE_TRANSACTIONS_REQUEST__INIT;
    struct text body;

    // Before the body is read for nothing; portfolio checks again.
    if (!exchange_allows(exchange, exchange->endpoint->route->method, error))
        return false;
    if (!csv_is_type(http_request_header(exchange->request, "Content-Type")))
        return error_set(error, REASON_UNSUPPORTED_MEDIA_TYPE,
                         "Send the file as Content-Type: text/csv.");
    if (!read_address(exchange, &asked, error) ||
        !http_read_body(exchange->request, TRANSACTIONS_FILE_MAX, &body, error))
        return false;
    request.portfolio_id = asked->portfolio_id;
    request.has_dry_run = true;
    request.dry_run = !asked->has_dry_run || asked->dry_run;
    request.has_csv = true;
    request.csv = (ProtobufCBinaryData){body.length, (uint8_t *)(uintptr_t)body.data};
    return take(exchange, &request, error);
}
