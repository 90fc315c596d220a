// SPDX-License-Identifier: MIT
// endpoint: the table of everything the gateway answers: the operations of gateway_routes, the
// gateway's own addresses, and the seeds' paths.
#pragma once

#include "bourse/market/v1/market.pb-c.h"
#include "rest/exchange.h"
#include "rest/route.h"

struct endpoint {
    const char *http_method;
    const char *path;
    char *operation; // "GET /path", for metrics and traces; made and freed by the gateway
    // Answers, or fails with an error that becomes a problem. May be called again for the same
    // request when a service could not be reached.
    bool (*answer)(struct exchange *exchange, struct error *error);
    const struct route *route; // of an operation; NULL for the gateway's own
    bool streams_body;         // reads the body by itself, of any size
    bool is_frequent;          // logged at debug level when all is well
    bool is_seed;              // fails in the seeds' form
    const char *page;          // of a seed's: where browsers are sent; NULL for nowhere
    const char *page_of_other; // the same of an administrator, about somebody else; NULL for page
    bool is_page;              // takes forms, and fails as a page
    bool keeps_typed;          // of a page's form: who must log in comes back to it as it was typed
    bool changes_market;       // answered once the gateway's own quotes show the change
};

// All endpoints; the caller releases the array.
struct endpoint *endpoint_list(size_t *out_count);

// The parts that endpoint_list is made of.
extern const struct endpoint docs_endpoints[];
extern const size_t docs_endpoint_count;
extern const struct endpoint page_endpoints[];
extern const size_t page_endpoint_count;
extern const struct endpoint seed_endpoints[]; // with the prefix "/api"
extern const size_t seed_endpoint_count;

bool bars_import(struct exchange *exchange, struct error *error);
bool health_answer(struct exchange *exchange, struct error *error);
bool jwks_get(struct exchange *exchange, struct error *error);
bool movers_get(struct exchange *exchange, struct error *error);
bool quotes_get_one(struct exchange *exchange, struct error *error);
bool stream_begin(struct exchange *exchange, struct error *error);
bool quotes_list(struct exchange *exchange, struct error *error);
bool symbols_import(struct exchange *exchange, struct error *error);
bool transactions_import(struct exchange *exchange, struct error *error);
bool transactions_list(struct exchange *exchange, struct error *error);

// Waits until the gateway's own quotes hold what market has published: who has just moved the clock
// or imported prices sees them with the next request.
void quotes_catch_up(struct gateway *gateway);

// Copies the latest quote of a ticker in any case; false when there is none.
MUST_CHECK bool quotes_find(struct quotes *quotes, struct text name, struct quote *out_quote);

// Fails with PRICE_UNAVAILABLE in a gateway that has just started while market is away.
MUST_CHECK bool quotes_check_known(struct quotes *quotes, struct error *error);

// Says why there is no quote, with QUOTE_NOT_FOUND or as quotes_check_known does; always false.
bool quotes_refuse_ticker(struct quotes *quotes, struct text name, struct error *error);

// Makes the cache that movers_get answers from. The caller owns it.
struct movers_cache *movers_new(struct gateway *gateway);

// Makes the message of a quote, whose texts are those of `quote`.
void quotes_fill(const struct quote *quote, Market__Quote *message);

// Appends a quote as JSON.
void quotes_write(const struct quote *quote, struct strbuf *out);
