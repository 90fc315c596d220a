// SPDX-License-Identifier: MIT
#include "stream/stream_asker.h"

#include "base/digest.h"
#include "bourse/market/v1/market_client.h"
#include "bourse/market/v1/market_rules.h"
#include "bourse/portfolio/v1/portfolio_client.h"
#include "bourse/portfolio/v1/portfolio_rules.h"
#include "bourse/trading/v1/trading_client.h"
#include "bourse/trading/v1/trading_rules.h"
#include "rest/exchange.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

enum {
    THREADS = 4,
    ARENA_BUDGET = 4 * 1024 * 1024,
    TIMEOUT_MS = 3000,
    ORDERS_MAX = 100, // of a snapshot
    EVENTS_MAX = 100, // of a message
    TEXT_MAX = 256 * 1024,
    MINUTES_A_CALL = 500,
    MINUTE_TEXT_MAX = 1024,
};

struct stream_asker {
    struct gateway *gateway;
    void (*answered)(void *context, struct stream_question *question);
    void *context;
    pthread_t threads[THREADS];
    size_t thread_count;
    pthread_mutex_t lock; // guards what follows
    pthread_cond_t wake;
    bool is_stopping;
    struct stream_question *first;
    struct stream_question *last;
};

// A request of nobody's, as the exchange of a credential wants one.
static bool ask_who(struct stream_asker *asker,
                    struct arena *arena,
                    struct stream_question *question,
                    struct error *error)
{
    struct http_request request = {.method = "GET",
                                   .arena = arena,
                                   .client_address = question->client_address,
                                   .remote_address = question->client_address,
                                   .route = ""};
    struct exchange exchange = {.gateway = asker->gateway,
                                .request = &request,
                                .credential = {.kind = question->credential.kind,
                                               .id = question->credential.id,
                                               .secret = question->credential.secret}};
    const char *token = NULL;

    request.id = uuid_new();
    if (!credential_token(&exchange, &token, error) ||
        !service_authenticate(asker->gateway->service, token, &question->identity, error))
        return false;
    question->token = allocate_string(token);
    return true;
}

static struct call start_call(struct arena *arena, const struct stream_question *question)
{
    struct call call = call_start(arena, TIMEOUT_MS);

    call.access_token = question->token;
    call.client_address = question->client_address;
    return call;
}

static bool ask_orders(struct stream_asker *asker,
                       struct arena *arena,
                       struct stream_question *question,
                       struct strbuf *out,
                       struct error *error)
{
    struct call call = start_call(arena, question);
    Trading__ListOrdersRequest request = TRADING__LIST_ORDERS_REQUEST__INIT;
    Trading__ListOrdersResponse *response = NULL;

    request.has_status = true;
    request.status = TRADING__ORDER_GROUP__ORDER_GROUP_OPEN;
    request.has_limit = true;
    request.limit = ORDERS_MAX;
    if (!trading_client_list_orders(service_client(asker->gateway->service, "trading"), &call,
                                    &request, &response, error))
        return false;
    strbuf_append_string(out, "\"orders\":[");
    for (size_t i = 0; i < response->n_orders; i++) {
        if (i > 0)
            strbuf_append_char(out, ',');
        message_to_json(&trading_order_info, &response->orders[i]->base, out);
    }
    strbuf_append_string(out, response->next_page_token != NULL ? "],\"more\":true}"
                                                                : "],\"more\":false}");
    return true;
}

static bool ask_portfolio(struct stream_asker *asker,
                          struct arena *arena,
                          struct stream_question *question,
                          struct strbuf *out,
                          struct error *error)
{
    struct call call = start_call(arena, question);
    Portfolio__GetPortfolioRequest request = PORTFOLIO__GET_PORTFOLIO_REQUEST__INIT;
    Portfolio__GetPortfolioResponse *response = NULL;

    request.portfolio_id = question->topic.name;
    if (!portfolio_client_get_portfolio(service_client(asker->gateway->service, "portfolio"), &call,
                                        &request, &response, error))
        return false;
    if (response->portfolio == NULL)
        return error_set(error, REASON_INTERNAL, "portfolio sent no portfolio.");
    strbuf_append_string(out, "\"portfolio\":");
    message_to_json(&portfolio_portfolio_info, &response->portfolio->base, out);
    strbuf_append_char(out, '}');
    return true;
}

static bool ask_backtest(struct stream_asker *asker,
                         struct arena *arena,
                         struct stream_question *question,
                         struct strbuf *out,
                         struct error *error)
{
    struct call call = start_call(arena, question);
    Trading__GetBacktestRequest request = TRADING__GET_BACKTEST_REQUEST__INIT;
    Trading__GetBacktestResponse *response = NULL;

    request.backtest_id = question->topic.name;
    request.has_summary = request.summary = true;
    if (!trading_client_get_backtest(service_client(asker->gateway->service, "trading"), &call,
                                     &request, &response, error))
        return false;
    if (response->backtest == NULL)
        return error_set(error, REASON_INTERNAL, "trading sent no backtest.");
    strbuf_append_string(out, "\"backtest\":");
    message_to_json(&trading_backtest_info, &response->backtest->base, out);
    strbuf_append_char(out, '}');
    return true;
}

// What becomes of the order events begins with the orders that are open. Where the events stand is
// asked first: what happens in between comes with both.
static bool ask_open_orders(struct stream_asker *asker,
                            struct arena *arena,
                            struct stream_question *question,
                            struct strbuf *out,
                            struct error *error)
{
    struct rpc_client *trading = service_client(asker->gateway->service, "trading");
    struct call first = start_call(arena, question);
    struct call second = start_call(arena, question);
    Trading__ListOrderEventsRequest where = TRADING__LIST_ORDER_EVENTS_REQUEST__INIT;
    Trading__ListOrderEventsResponse *position = NULL;
    Trading__ListOrdersRequest request = TRADING__LIST_ORDERS_REQUEST__INIT;
    Trading__ListOrdersResponse *response = NULL;

    where.portfolio_id = request.portfolio_id = question->topic.name;
    request.has_limit = true;
    request.limit = ORDERS_MAX;
    if (!trading_client_list_order_events(trading, &first, &where, &position, error) ||
        !trading_client_list_orders(trading, &second, &request, &response, error))
        return false;
    for (size_t i = 0; i < response->n_orders; i++) {
        strbuf_append_string(out, i == 0 ? "{\"order\":" : ",{\"order\":");
        message_to_json(&trading_order_info, &response->orders[i]->base, out);
        strbuf_append_char(out, '}');
    }
    strbuf_append_string(out, response->next_page_token != NULL ? "],\"more\":true"
                                                                : "],\"more\":false");
    question->is_snapshot = question->has_news = true;
    question->after = position->next_after;
    return true;
}

static bool ask_order_events(struct stream_asker *asker,
                             struct arena *arena,
                             struct stream_question *question,
                             struct strbuf *out,
                             struct error *error)
{
    struct call call = start_call(arena, question);
    Trading__ListOrderEventsRequest request = TRADING__LIST_ORDER_EVENTS_REQUEST__INIT;
    Trading__ListOrderEventsResponse *response = NULL;

    if (!question->topic.has_after)
        return ask_open_orders(asker, arena, question, out, error);
    request.portfolio_id = question->topic.name;
    request.has_after = request.has_limit = true;
    request.after = question->topic.after;
    request.limit = EVENTS_MAX;
    if (!trading_client_list_order_events(service_client(asker->gateway->service, "trading"), &call,
                                          &request, &response, error))
        return error_is(error, REASON_EVENTS_GONE) &&
               ask_open_orders(asker, arena, question, out, error);
    for (size_t i = 0; i < response->n_events; i++) {
        if (i > 0)
            strbuf_append_char(out, ',');
        message_to_json(&trading_order_change_info, &response->events[i]->base, out);
    }
    strbuf_append_string(out, response->more ? "],\"more\":true" : "],\"more\":false");
    question->has_news = response->n_events > 0;
    question->has_more = response->more;
    question->after = response->next_after;
    return true;
}

// A portfolio's cash and positions are the events since there was none.
static bool ask_balance_events(struct stream_asker *asker,
                               struct arena *arena,
                               struct stream_question *question,
                               struct strbuf *out,
                               struct error *error)
{
    struct call call = start_call(arena, question);
    Portfolio__ListBalanceEventsRequest request = PORTFOLIO__LIST_BALANCE_EVENTS_REQUEST__INIT;
    Portfolio__ListBalanceEventsResponse *response = NULL;

    request.portfolio_id = question->topic.name;
    request.has_after = request.has_limit = true;
    request.after = question->topic.after;
    request.limit = EVENTS_MAX;
    if (!portfolio_client_list_balance_events(service_client(asker->gateway->service, "portfolio"),
                                              &call, &request, &response, error))
        return false;
    for (size_t i = 0; i < response->n_events; i++) {
        if (i > 0)
            strbuf_append_char(out, ',');
        message_to_json(&portfolio_balance_change_info, &response->events[i]->base, out);
    }
    strbuf_append_string(out, response->more ? "],\"more\":true" : "],\"more\":false");
    question->is_snapshot = !question->topic.has_after;
    question->has_news = question->is_snapshot || response->n_events > 0;
    question->has_more = response->more;
    question->after = response->next_after;
    return true;
}

// What was decided before the snapshot is listed elsewhere.
static bool ask_run(struct stream_asker *asker,
                    struct arena *arena,
                    struct stream_question *question,
                    bool is_snapshot,
                    Trading__ListStrategyRunEventsResponse **out_response,
                    struct error *error)
{
    struct call call = start_call(arena, question);
    Trading__ListStrategyRunEventsRequest request = TRADING__LIST_STRATEGY_RUN_EVENTS_REQUEST__INIT;

    request.run_id = question->topic.name;
    request.has_after = !is_snapshot;
    request.after = question->topic.after;
    request.has_limit = true;
    request.limit = EVENTS_MAX;
    question->is_snapshot = is_snapshot;
    return trading_client_list_strategy_run_events(
        service_client(asker->gateway->service, "trading"), &call, &request, out_response, error);
}

static bool ask_run_events(struct stream_asker *asker,
                           struct arena *arena,
                           struct stream_question *question,
                           struct strbuf *out,
                           struct error *error)
{
    Trading__ListStrategyRunEventsResponse *response = NULL;

    if (!ask_run(asker, arena, question, !question->topic.has_after, &response, error) &&
        (!error_is(error, REASON_EVENTS_GONE) ||
         !ask_run(asker, arena, question, true, &response, error)))
        return false;
    for (size_t i = 0; i < response->n_events; i++) {
        if (i > 0)
            strbuf_append_char(out, ',');
        message_to_json(&trading_strategy_run_change_info, &response->events[i]->base, out);
    }
    strbuf_append_string(out, response->more ? "],\"more\":true" : "],\"more\":false");
    question->has_news = response->n_events > 0;
    question->has_more = response->more;
    question->after = response->next_after;
    return true;
}

static bool ask_events(struct stream_asker *asker,
                       struct arena *arena,
                       struct stream_question *question,
                       struct strbuf *out,
                       struct error *error)
{
    char name[STREAM_TOPIC_SIZE];

    stream_topic_print(&question->topic, name);
    strbuf_printf(out, "\"topic\":\"%s\",\"events\":[", name);
    if (!(question->topic.kind == STREAM_ORDER_EVENTS ? ask_order_events
          : question->topic.kind == STREAM_BALANCE_EVENTS
              ? ask_balance_events
              : ask_run_events)(asker, arena, question, out, error))
        return false;
    strbuf_printf(out, ",\"after\":%" PRId64 "}", question->after);
    return true;
}

static bool ask_state(struct stream_asker *asker,
                      struct arena *arena,
                      struct stream_question *question,
                      struct error *error)
{
    OWNED(strbuf) out = strbuf_new(TEXT_MAX);
    enum stream_kind kind = question->topic.kind;
    bool is_done = (kind == STREAM_ORDERS      ? ask_orders
                    : kind == STREAM_PORTFOLIO ? ask_portfolio
                    : kind == STREAM_BACKTEST  ? ask_backtest
                                               : ask_events)(asker, arena, question, out, error);

    if (!is_done)
        return false;
    if (out->overflowed)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer is over %d bytes.",
                         TEXT_MAX);
    question->text = allocate(out->length + 1);
    memcpy(question->text, out->data, out->length);
    question->length = out->length;
    return true;
}

static void keep_minute(struct stream_question *question, const Market__PresentMinute *minute)
{
    OWNED(strbuf) text = strbuf_new(MINUTE_TEXT_MAX);
    size_t i = 0;

    while (i < question->minute_count && strcmp(question->minutes[i].ticker, minute->ticker) != 0)
        i++;
    if (i == question->minute_count || question->minutes[i].text != NULL)
        return; // not asked for
    message_to_json(&market_present_minute_info, &minute->base, text);
    if (text->overflowed || text->length == 0)
        return;
    // Without the brace that begins it: other members come before.
    question->minutes[i].length = text->length - 1;
    question->minutes[i].text = allocate(text->length);
    memcpy(question->minutes[i].text, text->data + 1, text->length - 1);
}

static bool ask_minutes(struct stream_asker *asker,
                        struct arena *arena,
                        struct stream_question *question,
                        struct error *error)
{
    Market__ListPresentMinutesRequest request = MARKET__LIST_PRESENT_MINUTES_REQUEST__INIT;
    Market__ListPresentMinutesResponse *response = NULL;
    const char *tickers[MINUTES_A_CALL];
    size_t done = 0;

    while (done < question->minute_count) {
        struct call call = call_start(arena, TIMEOUT_MS);

        request.n_tickers = 0;
        request.tickers = tickers;
        while (request.n_tickers < MINUTES_A_CALL &&
               done + request.n_tickers < question->minute_count) {
            tickers[request.n_tickers] = question->minutes[done + request.n_tickers].ticker;
            request.n_tickers++;
        }
        if (!market_client_list_present_minutes(service_client(asker->gateway->service, "market"),
                                                &call, &request, &response, error))
            return false;
        for (size_t i = 0; i < response->n_minutes; i++)
            keep_minute(question, response->minutes[i]);
        done += request.n_tickers;
        arena_reset(arena);
    }
    return true;
}

// The next question; NULL when it is time to stop.
static struct stream_question *take(struct stream_asker *asker)
{
    struct stream_question *question = NULL;

    pthread_mutex_lock(&asker->lock);
    while (asker->first == NULL && !asker->is_stopping)
        pthread_cond_wait(&asker->wake, &asker->lock);
    question = asker->is_stopping ? NULL : asker->first;
    if (question != NULL) {
        asker->first = question->next;
        if (asker->first == NULL)
            asker->last = NULL;
    }
    pthread_mutex_unlock(&asker->lock);
    return question;
}

static void *run(void *context)
{
    struct stream_asker *asker = context;
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    struct stream_question *question = NULL;

    while ((question = take(asker)) != NULL) {
        arena_reset(arena);
        question->is_answered = (question->kind == STREAM_ASKS_WHO ? ask_who
                                 : question->kind == STREAM_ASKS_STATE
                                     ? ask_state
                                     : ask_minutes)(asker, arena, question, &question->error);
        asker->answered(asker->context, question);
    }
    return NULL;
}

bool stream_asker_new(struct gateway *gateway,
                      void (*answered)(void *context, struct stream_question *question),
                      void *context,
                      struct stream_asker **out_asker,
                      struct error *error)
{
    struct stream_asker *asker = allocate(sizeof *asker);

    asker->gateway = gateway;
    asker->answered = answered;
    asker->context = context;
    pthread_mutex_init(&asker->lock, NULL);
    pthread_cond_init(&asker->wake, NULL);
    for (; asker->thread_count < THREADS; asker->thread_count++)
        if (pthread_create(&asker->threads[asker->thread_count], NULL, run, asker) != 0) {
            stream_asker_free(&asker);
            return error_set(error, REASON_INTERNAL, "The threads for streams cannot be started.");
        }
    *out_asker = asker;
    return true;
}

void stream_asker_free(struct stream_asker **asker)
{
    struct stream_asker *old = *asker;

    if (old == NULL)
        return;
    pthread_mutex_lock(&old->lock);
    old->is_stopping = true;
    pthread_cond_broadcast(&old->wake);
    pthread_mutex_unlock(&old->lock);
    for (size_t i = 0; i < old->thread_count; i++)
        pthread_join(old->threads[i], NULL);
    while (old->first != NULL) {
        struct stream_question *question = old->first;

        old->first = question->next;
        error_set(&question->error, REASON_UNAVAILABLE, "The gateway is being stopped.");
        old->answered(old->context, question);
    }
    pthread_cond_destroy(&old->wake);
    pthread_mutex_destroy(&old->lock);
    release(old);
    *asker = NULL;
}

void stream_asker_put(struct stream_asker *asker, struct stream_question *question)
{
    pthread_mutex_lock(&asker->lock);
    question->next = NULL;
    if (asker->last == NULL)
        asker->first = question;
    else
        asker->last->next = question;
    asker->last = question;
    pthread_cond_signal(&asker->wake);
    pthread_mutex_unlock(&asker->lock);
}

static void wipe_string(char *string)
{
    if (string != NULL)
        digest_wipe(string, strlen(string));
    release(string);
}

void stream_question_free(struct stream_question *question)
{
    digest_wipe(&question->credential, sizeof question->credential);
    wipe_string(question->token);
    release(question->text);
    for (size_t i = 0; i < question->minute_count; i++)
        release(question->minutes[i].text);
    release(question->minutes);
    release(question);
}
