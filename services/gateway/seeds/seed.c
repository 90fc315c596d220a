// SPDX-License-Identifier: MIT
#include "seeds/seed.h"

#include "base/timestamp.h"
#include "bourse/auth/v1/auth_client.h"
#include "bourse/auth/v1/auth_methods.h"
#include "money/money.h"
#include "pages/local_path.h"
#include "pages/page.h"
#include "rest/endpoint.h"
#include "rest/problem.h"
#include "rest/rest.h"
#include "rest/url.h"

#include <string.h>
#include <strings.h>

#define ALL_ORDERS "/orders?status=all"

#define SEED(verb, address, function)                                                              \
    {                                                                                              \
        .http_method = (verb), .path = (address), .answer = (function), .is_seed = true            \
    }
#define SHOWN(address, function, shown)                                                            \
    {                                                                                              \
        .http_method = "GET", .path = (address), .answer = (function), .is_seed = true,            \
        .page = (shown)                                                                            \
    }
// Of a user, whom the address names first.
#define SHOWN_OF_USER(address, function, shown)                                                    \
    {                                                                                              \
        .http_method = "GET", .path = (address), .answer = (function), .is_seed = true,            \
        .page = (shown), .page_of_other = "/admin/users/{}"                                        \
    }
const struct endpoint seed_endpoints[] = {
    SEED("POST", "/api/users", seed_create_user),
    SHOWN_OF_USER("/api/users/{username}", seed_get_user, "/settings"),
    SHOWN("/api/stocks", seed_list_stocks, "/search"),
    {
        .http_method = "POST",
        .path = "/api/stocks",
        .answer = seed_create_stock,
        .is_seed = true,
        .changes_market = true,
    },
    SHOWN("/api/stocks/search", seed_search_stocks, "/search"),
    SHOWN("/api/stocks/{ticker}", seed_get_stock, "/symbols/{}"),
    SHOWN("/api/stocks/{ticker}/price", seed_get_price, "/symbols/{}"),
    SEED("POST", "/api/transactions", seed_create_transaction),
    SHOWN_OF_USER("/api/transactions/{user_id}", seed_list_transactions, ALL_ORDERS),
    SHOWN_OF_USER(
        "/api/transactions/{user_id}/transactions_by_date", seed_transactions_by_date, ALL_ORDERS),
    SHOWN_OF_USER(
        "/api/transactions/{user_id}/{start}/{end}", seed_transactions_between, ALL_ORDERS),
    SHOWN("/api/portfolios", seed_list_portfolios, "/portfolio"),
    SEED("POST", "/api/portfolios", seed_create_portfolio),
    SHOWN("/api/portfolios/{id}", seed_get_portfolio, "/portfolio/{}"),
    SEED("PUT", "/api/portfolios/{id}", seed_update_portfolio),
    SEED("PATCH", "/api/portfolios/{id}", seed_update_portfolio),
    SEED("DELETE", "/api/portfolios/{id}", seed_delete_portfolio),
    SHOWN("/api/portfolios/{id}/summary", seed_summarize_portfolio, "/portfolio/{}"),
    SHOWN("/api/portfolios/{id}/performance", seed_perform_portfolio, "/portfolio/{}/performance"),
    SHOWN("/api/portfolios/{id}/transactions",
          seed_list_portfolio_transactions,
          "/portfolio/{}/transactions"),
    SEED("POST", "/api/portfolios/{id}/transactions", seed_create_portfolio_transaction),
    SEED("POST", "/api/positions", seed_refuse_position),
    SEED("PUT", "/api/positions", seed_refuse_position),
};
#undef SHOWN_OF_USER
#undef SHOWN
#undef SEED
const size_t seed_endpoint_count = COUNT_OF(seed_endpoints);

// Whether an administrator asks about somebody else. All others are shown what is their own,
// whomever they name, and so learn nothing of who is there.
static bool is_of_other(struct exchange *exchange)
{
    struct text encoded = exchange->match->variables[0].value;
    struct identity identity;
    struct text name;
    struct error error;

    return exchange_begin(exchange, &error) && exchange_identity(exchange, &identity, &error) &&
           identity.role == ROLE_ADMINISTRATOR &&
           url_decode(exchange->request->arena, encoded, false, &name, &error) &&
           strcasecmp(name.data, identity.username) != 0 &&
           strcasecmp(name.data, identity.user_id) != 0;
}

// The page with the variable of the address, as it is encoded there, in the place of {}.
static const char *page_path(struct exchange *exchange)
{
    const char *of_other = exchange->endpoint->page_of_other;
    const char *page =
        of_other != NULL && is_of_other(exchange) ? of_other : exchange->endpoint->page;
    struct text query = exchange->request->query;
    const struct text *value = &exchange->match->variables[0].value;
    size_t before = strcspn(page, "{");

    if (page[before] != '\0')
        return arena_printf(exchange->request->arena, "%.*s%.*s%s", (int)before, page,
                            (int)value->length, value->data, page + before + strlen("{}"));
    // What is searched for is called the same there.
    if (strcmp(page, "/search") == 0 && query.length > 0)
        return arena_printf(exchange->request->arena, "%s?%.*s", page, (int)query.length,
                            query.data);
    return page;
}

bool seed_go_to_page(struct exchange *exchange)
{
    const char *path = NULL;
    struct error error;

    http_response_header(exchange->response, "Vary", "Accept");
    if (!http_request_accepts(exchange->request, "Accept", "text/html"))
        return false;
    path = page_path(exchange);
    return path != NULL && local_path_is_valid(path) && page_redirect(exchange, &error, "%s", path);
}

void seed_write_problem(struct exchange *exchange, const struct error *error)
{
    static const struct {
        enum reason reason;
        const char *sentence;
    } sentences[] = {
        {REASON_USER_NOT_FOUND, "User not found"},
        {REASON_SYMBOL_NOT_FOUND, "Stock not found"},
        {REASON_PORTFOLIO_NOT_FOUND, "Portfolio not found"},
    };
    const char *sentence = NULL;

    for (size_t i = 0; i < COUNT_OF(sentences); i++)
        if (error_is(error, sentences[i].reason))
            sentence = sentences[i].sentence;
    problem_write_seed(exchange->request, exchange->response, error, sentence);
}

bool seed_read_body(struct exchange *exchange,
                    const struct message_info *info,
                    ProtobufCMessage **out_message,
                    struct error *error)
{
    static const struct router_match no_variables = {.variable_count = 0};
    struct rest_input input = {
        .info = info,
        .arena = exchange->request->arena,
        .match = &no_variables,
        .body = exchange->body,
        .content_type = http_request_header(exchange->request, "Content-Type"),
        .takes_body = true,
    };

    return rest_read_message(&input, out_message, error);
}

bool seed_missing_field(struct error *error, const char *field)
{
    return error_set(error, REASON_MALFORMED_REQUEST, "Missing required field: %s", field);
}

bool seed_read_side(const char *text, Trading__OrderSide *out_side, struct error *error)
{
    if (strcasecmp(text, "BUY") == 0) {
        *out_side = TRADING__ORDER_SIDE__ORDER_SIDE_BUY;
        return true;
    }
    if (strcasecmp(text, "SELL") == 0) {
        *out_side = TRADING__ORDER_SIDE__ORDER_SIDE_SELL;
        return true;
    }
    error_clear(error);
    error_add_violation(error, "transaction_type", "must be BUY or SELL");
    return false;
}

bool seed_read_time(struct arena *arena, const char *text, int64_t *out_us)
{
    const char *with_zone = NULL;

    if (timestamp_parse(text_of(text), out_us))
        return true;
    with_zone = arena_printf(arena, "%sZ", text);
    return with_zone != NULL && timestamp_parse(text_of(with_zone), out_us);
}

bool seed_find_user(struct exchange *exchange,
                    const char *name,
                    const Auth__User **out_user,
                    struct error *error)
{
    Auth__GetUserRequest request = AUTH__GET_USER_REQUEST__INIT;
    Auth__GetUserResponse *response = NULL;
    struct rpc_client *auth = service_client(exchange->gateway->service, "auth");
    struct call call;

    request.user = name;
    if (!exchange_call(exchange, &auth_method_get_user, &call, error) ||
        !auth_client_get_user(auth, &call, &request, &response, error))
        return false;
    if (response->user == NULL || response->user->id == NULL || response->user->username == NULL)
        return error_set(error, REASON_INTERNAL, "auth answered without a user.");
    *out_user = response->user;
    return true;
}

bool seed_is_for_other(struct exchange *exchange,
                       const Auth__User *user,
                       bool *out_is_other,
                       struct error *error)
{
    struct identity identity;

    if (!exchange_identity(exchange, &identity, error))
        return false;
    *out_is_other = strcmp(identity.user_id, user->id) != 0;
    if (*out_is_other && identity.role != ROLE_ADMINISTRATOR)
        return error_set(error, REASON_USER_NOT_FOUND, "There is no such user.");
    return true;
}

static void add_name(struct strbuf *out, const char *name)
{
    strbuf_append_json(out, text_of(name));
    strbuf_append_char(out, ':');
}

void seed_add_text(struct strbuf *out, const char *name, const char *value)
{
    add_name(out, name);
    if (value != NULL)
        strbuf_append_json(out, text_of(value));
    else
        strbuf_append_string(out, "null");
    strbuf_append_char(out, ',');
}

void seed_add_money(struct strbuf *out, const char *name, bool is_there, int64_t micros)
{
    char digits[DECIMAL_SIZE];

    if (is_there)
        decimal_print(micros, MONEY_SCALE, 2, digits);
    seed_add_text(out, name, is_there ? digits : NULL);
}

void seed_add_quantity(struct strbuf *out, const char *name, int64_t nanos)
{
    char digits[DECIMAL_SIZE];

    decimal_print(nanos, QUANTITY_SCALE, 0, digits);
    add_name(out, name);
    strbuf_append_string(out, digits);
    strbuf_append_char(out, ',');
}

void seed_add_int(struct strbuf *out, const char *name, int64_t value)
{
    add_name(out, name);
    strbuf_append_int(out, value);
    strbuf_append_char(out, ',');
}

void seed_add_time(struct strbuf *out, const char *name, bool is_there, int64_t us)
{
    char time[TIMESTAMP_SIZE];

    if (is_there)
        timestamp_print(us, time);
    seed_add_text(out, name, is_there ? time : NULL);
}

void seed_end(struct strbuf *out, char closing)
{
    if (out->length > 0 && out->data[out->length - 1] == ',')
        strbuf_truncate(out, out->length - 1);
    strbuf_append_char(out, closing);
}

const char *seed_status(Trading__OrderStatus status)
{
    switch (status) {
    case TRADING__ORDER_STATUS__ORDER_STATUS_FILLED:
        return "completed";
    // Nothing more comes of one whose place another has taken; what was filled of it before is in
    // its total.
    case TRADING__ORDER_STATUS__ORDER_STATUS_REPLACED:
    case TRADING__ORDER_STATUS__ORDER_STATUS_CANCELED:
    case TRADING__ORDER_STATUS__ORDER_STATUS_EXPIRED:
    case TRADING__ORDER_STATUS__ORDER_STATUS_REJECTED:
        return "failed";
    default:
        return "pending";
    }
}
