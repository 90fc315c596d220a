// SPDX-License-Identifier: MIT
#include "rest/endpoint.h"

#include "operations/session_api.h"
#include "rest/rest.h"
#include "rest/table_api.h"

#include <stdlib.h>
#include <string.h>

enum { SEED_PREFIXES = 2 };

// The operations that are declared `from_gateway`, and those of services that take more here than
// translating.
static const struct {
    const char *operation;
    bool (*answer)(struct exchange *exchange, struct error *error);
} own_operations[] = {
    {"GetQuote", quotes_get_one},       {"ListQuotes", quotes_list},
    {"GetMovers", movers_get},          {"ImportBars", bars_import},
    {"ImportSymbols", symbols_import},  {"ImportTransactions", transactions_import},
    {"Login", session_login},           {"Logout", session_end},
    {"DeleteAccount", session_end},     {"ListTransactions", transactions_list},
    {"ListSnapshots", table_answer},    {"GetPerformance", table_answer},
    {"ListEquityPoints", table_answer}, {"GetComposition", table_answer},
    {"ListRealized", table_answer},     {"ListLots", table_answer},
    {"ListPositions", table_answer},    {"ListStandings", table_answer},
    {"CompareBacktests", table_answer}, {"ListOrders", table_answer},
    {"ListFills", table_answer},        {"GetEquityCurve", table_answer},
    {"ShowSession", session_show},      {"GetJsonWebKeySet", jwks_get},
};

static bool (*answer_of(const struct route *route))(struct exchange *, struct error *)
{
    for (size_t i = 0; i < COUNT_OF(own_operations); i++)
        if (strcmp(own_operations[i].operation, route->method->short_name) == 0)
            return own_operations[i].answer;
    // The .proto declares an operation of the gateway's that the gateway does not have.
    if (route->from_gateway)
        abort();
    return rest_answer;
}

static struct endpoint endpoint_of_route(const struct route *route)
{
    struct endpoint endpoint = {
        .http_method = route->http_method,
        .path = route->path,
        .answer = answer_of(route),
        .route = route,
    };

    endpoint.streams_body = endpoint.answer == bars_import || endpoint.answer == symbols_import ||
                            endpoint.answer == transactions_import;
    endpoint.changes_market =
        strcmp(route->service, "market") == 0 && !route->method->no_side_effects;
    endpoint.is_frequent = endpoint.answer == quotes_get_one || endpoint.answer == quotes_list ||
                           endpoint.answer == movers_get;
    return endpoint;
}

struct endpoint *endpoint_list(size_t *out_count)
{
    static const struct endpoint health = {
        .http_method = "GET", .path = "/healthz", .answer = health_answer, .is_frequent = true};
    // Not declared in the .proto: it is no operation with one answer.
    static const struct endpoint stream = {
        .http_method = "GET", .path = "/api/v1/stream", .answer = stream_begin};
    // The seeds' paths twice: one of them had them below /api, the other not. The strings of the
    // second form begin inside those of the first.
    size_t count = gateway_route_count + docs_endpoint_count + page_endpoint_count + 2 +
                   SEED_PREFIXES * seed_endpoint_count;
    struct endpoint *endpoints = allocate_array(count, sizeof *endpoints);
    size_t at = 0;

    for (size_t i = 0; i < gateway_route_count; i++)
        endpoints[at++] = endpoint_of_route(&gateway_routes[i]);
    for (size_t i = 0; i < docs_endpoint_count; i++)
        endpoints[at++] = docs_endpoints[i];
    for (size_t i = 0; i < page_endpoint_count; i++)
        endpoints[at++] = page_endpoints[i];
    endpoints[at++] = health;
    endpoints[at++] = stream;
    for (size_t i = 0; i < seed_endpoint_count; i++) {
        // What is below /api is for programs alone.
        endpoints[at] = seed_endpoints[i];
        endpoints[at++].page = NULL;
        endpoints[at] = seed_endpoints[i];
        endpoints[at++].path += strlen("/api");
    }
    *out_count = at;
    return endpoints;
}
