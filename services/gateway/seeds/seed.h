// SPDX-License-Identifier: MIT
// seed: the paths and shapes of the systems that Bourse succeeds, on the native operations.
//
// /users/, /stocks/, /transactions/ and /api/portfolios/ for programs written against those
// systems. Nothing here knows more than the native API: a token is asked for, and what is asked
// for is checked, by the same services. Prices a client sends are ignored.
#pragma once

#include "rest/exchange.h"

#include "bourse/auth/v1/auth.pb-c.h"
#include "bourse/trading/v1/trading.pb-c.h"

enum { SEED_PAGE = 500, SEED_PAGES_MAX = 10 };

// Writes the problem with the member "error" that the seeds' clients look at, and 400 where the
// native API says 422, but for an Idempotency-Key used again.
void seed_write_problem(struct exchange *exchange, const struct error *error);

// Of an endpoint with a page: says that the answer depends on Accept, and sends who asks for
// text/html to the page. False for who is to get the JSON.
bool seed_go_to_page(struct exchange *exchange);

// Reads the JSON body. Fails as the native operations do.
MUST_CHECK bool seed_read_body(struct exchange *exchange,
                               const struct message_info *info,
                               ProtobufCMessage **out_message,
                               struct error *error);

// Fails with MALFORMED_REQUEST and the seed's sentence.
bool seed_missing_field(struct error *error, const char *field);

// BUY or SELL, in any case. Fails with INVALID_REQUEST.
MUST_CHECK bool seed_read_side(const char *text, Trading__OrderSide *out_side, struct error *error);

// Reads an ISO 8601 time; without a zone it is UTC. False when it is none.
MUST_CHECK bool seed_read_time(struct arena *arena, const char *text, int64_t *out_us);

// Who is meant by an id or username, as the caller may see it. Fails with USER_NOT_FOUND.
MUST_CHECK bool seed_find_user(struct exchange *exchange,
                               const char *name,
                               const Auth__User **out_user,
                               struct error *error);

// True when the caller is an administrator acting for somebody else, so that the user must be
// named in calls.
MUST_CHECK bool seed_is_for_other(struct exchange *exchange,
                                  const Auth__User *user,
                                  bool *out_is_other,
                                  struct error *error);

// Writers of the seeds' JSON: `"name":"155.00",` and so on. The object is closed by seed_end,
// which takes the place of the last comma.
void seed_add_text(struct strbuf *out, const char *name, const char *value); // NULL: null
void seed_add_money(struct strbuf *out, const char *name, bool is_there, int64_t micros);
void seed_add_quantity(struct strbuf *out, const char *name, int64_t nanos); // a JSON number
void seed_add_int(struct strbuf *out, const char *name, int64_t value);
void seed_add_time(struct strbuf *out, const char *name, bool is_there, int64_t us);
void seed_end(struct strbuf *out, char closing);

// pending, completed or failed.
const char *seed_status(Trading__OrderStatus status);

bool seed_create_user(struct exchange *exchange, struct error *error);
bool seed_get_user(struct exchange *exchange, struct error *error);
bool seed_list_stocks(struct exchange *exchange, struct error *error);
bool seed_create_stock(struct exchange *exchange, struct error *error);
bool seed_search_stocks(struct exchange *exchange, struct error *error);
bool seed_get_stock(struct exchange *exchange, struct error *error);
bool seed_get_price(struct exchange *exchange, struct error *error);
bool seed_create_transaction(struct exchange *exchange, struct error *error);
bool seed_list_transactions(struct exchange *exchange, struct error *error);
bool seed_transactions_by_date(struct exchange *exchange, struct error *error);
bool seed_transactions_between(struct exchange *exchange, struct error *error);
bool seed_list_portfolios(struct exchange *exchange, struct error *error);
bool seed_create_portfolio(struct exchange *exchange, struct error *error);
bool seed_get_portfolio(struct exchange *exchange, struct error *error);
bool seed_update_portfolio(struct exchange *exchange, struct error *error);
bool seed_delete_portfolio(struct exchange *exchange, struct error *error);
bool seed_perform_portfolio(struct exchange *exchange, struct error *error);
bool seed_summarize_portfolio(struct exchange *exchange, struct error *error);
bool seed_list_portfolio_transactions(struct exchange *exchange, struct error *error);
bool seed_create_portfolio_transaction(struct exchange *exchange, struct error *error);
bool seed_refuse_position(struct exchange *exchange, struct error *error);
