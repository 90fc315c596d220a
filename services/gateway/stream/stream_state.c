// SPDX-License-Identifier: MIT
// Where what is sent comes from: prices from the gateway's copy, orders from trading's
// publications, the rest by asking; and who may have it.
#include "stream/stream.h"

#include "base/checksum.h"
#include "base/clock.h"
#include "base/digest.h"
#include "bourse/trading/v1/trading.pb-c.h"
#include "bourse/trading/v1/trading_rules.h"
#include "rest/endpoint.h"

#include <stdio.h>
#include <string.h>

enum { QUOTE_TEXT_MAX = 1024, ORDER_TEXT_MAX = 8192, CHANGES_MAX = 4096 };
#define ASK_EVERY_US (1 * MICROS_PER_SECOND)    // of a portfolio, while prices move
#define ASK_BACKTEST_US (100 * MICROS_PER_MS)   // while it is told of
#define ASK_AT_LEAST_US (5 * MICROS_PER_SECOND) // of either, for what nobody told of

// Prices.

// Makes the feed's text from the price of this moment; false when there is none.
static bool read_price(struct stream_server *server, struct stream_feed *feed)
{
    OWNED(strbuf) text = strbuf_new(QUOTE_TEXT_MAX);
    struct quote quote;

    if (!quotes_get(server->options.gateway->quotes, feed->ticker, &quote))
        return false;
    quotes_write(&quote, text);
    if (text->length > feed->length)
        feed->text = reallocate_array(feed->text, text->length, 1);
    // Without the brace that begins it: other members come before.
    feed->length = text->length - 1;
    memcpy(feed->text, text->data + 1, feed->length);
    feed->is_stale = quote.stale;
    return true;
}

void stream_tell_feed(struct stream_feed *feed, bool is_snapshot)
{
    for (struct stream_subscription *at = feed->subscriptions; at != NULL; at = at->next_of_feed) {
        at->is_snapshot |= is_snapshot;
        stream_topics_wait(&at->connection->topics, at);
        stream_touch(at->connection);
    }
}

void stream_tell_moved(struct stream_server *server)
{
    struct stream_feed *feed = NULL;
    bool is_gap = false;

    while ((feed = stream_feeds_next_moved(server->feeds, &is_gap)) != NULL) {
        if (feed->subscriptions == NULL) {
            stream_feeds_drop(server->feeds, feed);
            continue;
        }
        if (!read_price(server, feed))
            continue;
        stream_tell_feed(feed, is_gap);
    }
}

static void look_at_feed(void *context, struct stream_feed *feed)
{
    struct stream_server *server = context;
    struct quote quote;

    // A price becomes stale by the clock alone, or by market's silence: nothing is published then.
    if (quotes_get(server->options.gateway->quotes, feed->ticker, &quote) &&
        quote.stale != feed->is_stale)
        (void)stream_feeds_mark(server->feeds, feed->ticker, false);
}

void stream_look_at_feeds(struct stream_server *server)
{
    stream_feeds_each(server->feeds, look_at_feed, server);
}

void stream_join_feed(struct stream_connection *connection,
                      struct stream_subscription *subscription,
                      struct stream_feed *feed)
{
    subscription->feed = feed;
    subscription->connection = connection;
    subscription->next_of_feed = feed->subscriptions;
    if (feed->subscriptions != NULL)
        feed->subscriptions->previous_of_feed = subscription;
    feed->subscriptions = subscription;
    subscription->is_snapshot = true;
}

static bool follow_price(struct stream_connection *connection,
                         struct stream_subscription *subscription,
                         struct error *error)
{
    struct stream_server *server = connection->server;
    struct stream_feed *feed = stream_feeds_open(server->feeds, subscription->topic.name);

    if (feed->subscriptions == NULL && !read_price(server, feed)) {
        stream_feeds_drop(server->feeds, feed);
        return quotes_refuse_ticker(server->options.gateway->quotes,
                                    text_of(subscription->topic.name), error);
    }
    stream_join_feed(connection, subscription, feed);
    stream_topics_wait(&connection->topics, subscription);
    return true;
}

static void leave_feed(struct stream_server *server, struct stream_subscription *subscription)
{
    struct stream_feed *feed = subscription->feed;

    if (feed == NULL)
        return;
    if (subscription->previous_of_feed != NULL)
        subscription->previous_of_feed->next_of_feed = subscription->next_of_feed;
    else
        feed->subscriptions = subscription->next_of_feed;
    if (subscription->next_of_feed != NULL)
        subscription->next_of_feed->previous_of_feed = subscription->previous_of_feed;
    subscription->feed = NULL;
    if (subscription->topic.kind != STREAM_CLOCK)
        stream_feeds_drop(
            subscription->topic.kind == STREAM_QUOTES ? server->feeds : server->minutes, feed);
}

// Bars. Once a second those of all tickers that are followed are asked for, in one question; what
// is as it was is not sent. So a minute that ends without a trade is told of too.

static bool follow_bars(struct stream_connection *connection,
                        struct stream_subscription *subscription,
                        struct error *error)
{
    struct stream_server *server = connection->server;
    struct stream_feed *feed = NULL;
    struct quote quote;

    // Only tickers with a price get a feed, so nobody can fill the table.
    if (!quotes_get(server->options.gateway->quotes, subscription->topic.name, &quote))
        return quotes_refuse_ticker(server->options.gateway->quotes,
                                    text_of(subscription->topic.name), error);
    feed = stream_feeds_open(server->minutes, subscription->topic.name);
    stream_join_feed(connection, subscription, feed);
    if (feed->text != NULL)
        stream_topics_wait(&connection->topics, subscription);
    return true;
}

struct gathering {
    struct stream_minute *minutes;
    size_t count, capacity;
};

static void gather(void *context, struct stream_feed *feed)
{
    struct gathering *gathering = context;

    if (gathering->count == gathering->capacity) {
        gathering->capacity = gathering->capacity == 0 ? 64 : gathering->capacity * 2;
        gathering->minutes =
            reallocate_array(gathering->minutes, gathering->capacity, sizeof *gathering->minutes);
    }
    gathering->minutes[gathering->count] = (struct stream_minute){.text = NULL};
    memcpy(gathering->minutes[gathering->count++].ticker, feed->ticker, sizeof feed->ticker);
}

void stream_ask_minutes(struct stream_server *server)
{
    struct gathering gathering = {0};
    struct stream_question *question = NULL;

    if (server->asks_minutes)
        return;
    stream_feeds_each(server->minutes, gather, &gathering);
    if (gathering.count == 0)
        return;
    question = allocate(sizeof *question);
    question->kind = STREAM_ASKS_MINUTES;
    question->minutes = gathering.minutes;
    question->minute_count = gathering.count;
    server->asks_minutes = true;
    stream_asker_put(server->asker, question);
}

static void tell_minute(struct stream_server *server, struct stream_minute *minute)
{
    struct stream_feed *feed = stream_feeds_open(server->minutes, minute->ticker);
    bool is_same = feed->text != NULL && feed->length == minute->length &&
                   memcmp(feed->text, minute->text, minute->length) == 0;

    if (feed->subscriptions == NULL) {
        stream_feeds_drop(server->minutes, feed);
        return;
    }
    if (is_same)
        return;
    release(feed->text);
    feed->text = minute->text;
    feed->length = minute->length;
    minute->text = NULL;
    stream_tell_feed(feed, false);
}

void stream_take_minutes(struct stream_server *server, struct stream_question *question)
{
    server->asks_minutes = false;
    // What could not be answered is asked again in a second; what there is stays as it is.
    for (size_t i = 0; i < question->minute_count; i++)
        if (question->minutes[i].text != NULL)
            tell_minute(server, &question->minutes[i]);
    stream_question_free(question);
}

// Subscriptions.

static void ask_again(struct stream_connection *connection,
                      struct stream_subscription *subscription)
{
    subscription->must_ask = true;
    subscription->is_snapshot = true;
    if (subscription->topic.kind == STREAM_ORDERS) {
        stream_topics_drop_events(&connection->topics);
        connection->topics.holds_events = true;
    }
    stream_touch(connection);
}

bool stream_subscribe(struct stream_connection *connection,
                      const struct stream_topic *topic,
                      struct error *error)
{
    struct stream_subscription *subscription = NULL;

    bool is_open = stream_kind_is_of_market(topic->kind);

    if (!is_open && connection->token == NULL)
        return error_set(
            error, REASON_UNAUTHENTICATED,
            "What is neither a price nor the clock needs a credential: authenticate first.");
    if (stream_kind_is_of_portfolio(topic->kind) && connection->identity.portfolio_id[0] != '\0' &&
        strcmp(connection->identity.portfolio_id, topic->name) != 0)
        return error_set(error, REASON_PORTFOLIO_NOT_FOUND, "There is no such portfolio.");
    if (stream_topics_find(&connection->topics, topic) != NULL)
        return true;
    if (!stream_topics_add(&connection->topics, topic, &subscription, error))
        return false;
    if (!is_open) {
        ask_again(connection, subscription);
        return true;
    }
    if ((topic->kind == STREAM_QUOTES ? follow_price
         : topic->kind == STREAM_BARS ? follow_bars
                                      : stream_follow_clock)(connection, subscription, error))
        return true;
    stream_topics_remove(&connection->topics, subscription);
    return false;
}

void stream_unsubscribe(struct stream_connection *connection,
                        struct stream_subscription *subscription)
{
    leave_feed(connection->server, subscription);
    stream_topics_remove(&connection->topics, subscription);
}

// Who it is.

static struct stream_connection **chain_of(struct stream_server *server, const char *user_id)
{
    return &server->users[checksum_add(CHECKSUM_START, text_of(user_id)) % STREAM_USERS];
}

bool stream_join_user(struct stream_connection *connection, struct error *error)
{
    struct stream_connection **chain = chain_of(connection->server, connection->identity.user_id);
    size_t maximum = connection->server->options.connections_user;
    size_t count = 0;

    for (struct stream_connection *at = *chain; at != NULL; at = at->next_of_user)
        count += strcmp(at->identity.user_id, connection->identity.user_id) == 0;
    if (count >= maximum)
        return error_set(error, REASON_LIMIT_EXCEEDED, "A user may have %zu streams.", maximum);
    connection->next_of_user = *chain;
    *chain = connection;
    return true;
}

void stream_leave_user(struct stream_connection *connection)
{
    struct stream_connection **at = chain_of(connection->server, connection->identity.user_id);

    while (*at != NULL && *at != connection)
        at = &(*at)->next_of_user;
    if (*at != NULL)
        *at = connection->next_of_user;
}

static struct stream_question *new_question(struct stream_connection *connection,
                                            enum stream_question_kind kind)
{
    struct stream_question *question = allocate(sizeof *question);

    question->connection = connection;
    question->kind = kind;
    snprintf(question->client_address, sizeof question->client_address, "%s",
             connection->client_address);
    connection->question = question;
    return question;
}

// A state that is being asked for is answered first; then the request that waits is looked at
// again.
void stream_ask_who(struct stream_connection *connection,
                    const struct stream_credential *credential)
{
    struct stream_question *question = NULL;

    if (connection->question != NULL) {
        connection->next_credential = allocate(sizeof *credential);
        *connection->next_credential = *credential;
        return;
    }
    question = new_question(connection, STREAM_ASKS_WHO);
    question->credential = *credential;
    stream_asker_put(connection->server->asker, question);
}

static void take_token(struct stream_connection *connection, struct stream_question *question)
{
    if (connection->token != NULL)
        digest_wipe(connection->token, strlen(connection->token));
    release(connection->token);
    connection->token = question->token;
    question->token = NULL;
    if (connection->credential == NULL)
        connection->credential = allocate(sizeof *connection->credential);
    *connection->credential = question->credential;
    connection->identity = question->identity;
}

static void say_who(struct stream_connection *connection)
{
    char members[2 * UUID_SIZE];

    snprintf(members, sizeof members, "\"user_id\":\"%s\"}", connection->identity.user_id);
    stream_say(connection, "authenticated", text_of(members));
}

static void end_private(struct stream_connection *connection, const struct error *error)
{
    bool is_unknown = error_is_silence(error);
    struct error cause;

    if (is_unknown)
        error_set(&cause, REASON_UNAVAILABLE,
                  "it cannot be known whether the credential still counts");
    else
        error_set(&cause, REASON_INVALID_TOKEN, "the credential has ended");
    stream_close(connection, is_unknown ? CLOSE_TRY_AGAIN_LATER : CLOSE_POLICY, &cause);
}

static void learn_who(struct stream_connection *connection, struct stream_question *question)
{
    bool is_renewal = connection->waiting_request == NULL;
    bool is_first = connection->token == NULL;
    struct error error;

    if (!question->is_answered && is_renewal) {
        end_private(connection, &question->error);
    } else if (!question->is_answered) {
        stream_say_error(connection, &question->error, NULL);
    } else if (!is_first && strcmp(connection->identity.user_id, question->identity.user_id) != 0) {
        error_set(&error, REASON_PERMISSION_DENIED, "This stream is another user's already.");
        stream_say_error(connection, &error, NULL);
    } else {
        take_token(connection, question);
        if (is_first && !stream_join_user(connection, &error)) {
            stream_say_error(connection, &error, NULL);
            stream_close(connection, CLOSE_POLICY, &error);
            return;
        }
        if (!is_renewal)
            say_who(connection);
    }
    stream_resume(connection);
}

// What asking again would not change.
static bool is_for_good(const struct error *error)
{
    return error->code == CODE_NOT_FOUND || error->code == CODE_PERMISSION_DENIED ||
           error->code == CODE_INVALID_ARGUMENT;
}

static void learn_state(struct stream_connection *connection, struct stream_question *question)
{
    struct stream_subscription *subscription =
        stream_topics_find(&connection->topics, &question->topic);
    bool is_same = false;

    // No longer wanted; or it was given up meanwhile, and is wanted after another number now.
    if (subscription == NULL || subscription->topic.has_after != question->topic.has_after ||
        subscription->topic.after != question->topic.after)
        return;
    if (!question->is_answered) {
        // What may go away by itself is asked again in a second; a credential is looked at then
        // too.
        subscription->must_ask = true;
        subscription->has_failed = true;
        if (is_for_good(&question->error)) {
            stream_say_error(connection, &question->error, &question->topic);
            stream_unsubscribe(connection, subscription);
        }
        return;
    }
    subscription->has_failed = false;
    if (stream_kind_is_of_events(subscription->topic.kind)) {
        stream_learn_events(connection, subscription, question);
        return;
    }
    is_same = !subscription->is_snapshot && subscription->text != NULL &&
              subscription->length == question->length &&
              memcmp(subscription->text, question->text, question->length) == 0;
    release(subscription->text);
    subscription->text = question->text;
    subscription->length = question->length;
    question->text = NULL;
    if (subscription->topic.kind == STREAM_ORDERS)
        connection->topics.holds_events = false;
    subscription->is_snapshot |= subscription->topic.kind == STREAM_ORDERS;
    if (!is_same)
        stream_topics_wait(&connection->topics, subscription);
}

void stream_answer(struct stream_connection *connection, struct stream_question *question)
{
    struct stream_credential *next = connection->next_credential;

    connection->question = NULL;
    if (connection->phase == STREAM_IS_OPEN && question->kind == STREAM_ASKS_WHO)
        learn_who(connection, question);
    else if (connection->phase == STREAM_IS_OPEN)
        learn_state(connection, question);
    stream_question_free(question);
    connection->next_credential = NULL;
    if (next != NULL && connection->phase == STREAM_IS_OPEN)
        stream_ask_who(connection, next);
    if (next != NULL)
        digest_wipe(next, sizeof *next);
    release(next);
    stream_touch(connection);
}

static bool is_due(const struct stream_server *server,
                   const struct stream_subscription *subscription,
                   int64_t now_us)
{
    enum stream_kind kind = subscription->topic.kind;
    int64_t age_us = now_us - subscription->asked_us;
    int64_t every_us =
        kind == STREAM_BACKTEST && !subscription->has_failed ? ASK_BACKTEST_US : ASK_EVERY_US;
    bool is_state = kind == STREAM_PORTFOLIO || kind == STREAM_BACKTEST;
    bool may_have_changed =
        (is_state && age_us >= ASK_AT_LEAST_US) ||
        (kind == STREAM_PORTFOLIO && subscription->asked_moves != atomic_load(&server->moves));

    if (stream_kind_is_of_market(kind))
        return false;
    return (subscription->must_ask && subscription->asked_us == 0) ||
           (age_us >= every_us && (subscription->must_ask || may_have_changed));
}

void stream_ask_states(struct stream_connection *connection, int64_t now_us)
{
    struct stream_subscription *at = connection->topics.first;
    struct stream_question *question = NULL;

    if (connection->question != NULL || connection->token == NULL ||
        connection->phase != STREAM_IS_OPEN)
        return;
    while (at != NULL && !(stream_kind_is_of_events(at->topic.kind)
                               ? stream_events_are_due(connection, at, now_us)
                               : is_due(connection->server, at, now_us)))
        at = at->next;
    if (at == NULL)
        return;
    at->must_ask = false;
    at->asked_us = now_us;
    at->asked_moves = atomic_load(&connection->server->moves);
    question = new_question(connection, STREAM_ASKS_STATE);
    question->topic = at->topic;
    question->token = allocate_string(connection->token);
    stream_asker_put(connection->server->asker, question);
}

void stream_check_credential(struct stream_connection *connection)
{
    struct service *service = connection->server->options.gateway->service;
    struct identity identity;
    struct error error;

    if (connection->token == NULL || connection->phase != STREAM_IS_OPEN ||
        service_authenticate(service, connection->token, &identity, &error))
        return;
    // The token of an API key or a cookie ends before what it stands for does.
    if (connection->credential->kind == CREDENTIAL_TOKEN || !error_is(&error, REASON_INVALID_TOKEN))
        end_private(connection, &error);
    else if (connection->question == NULL)
        stream_ask_who(connection, connection->credential);
}

// Orders.

static struct stream_change *read_change(struct stream_server *server, struct text body)
{
    OWNED(strbuf) text = strbuf_new(ORDER_TEXT_MAX);
    ProtobufCMessage *message = NULL;
    const Trading__OrderEvent *event = NULL;
    struct stream_change *change = NULL;
    struct error error;

    arena_reset(server->orders_arena);
    if (!message_unpack(&trading_order_event_info, server->orders_arena, body, &message, &error))
        return NULL;
    event = (const Trading__OrderEvent *)message;
    if (event->order == NULL || event->user_id == NULL || event->order->id == NULL ||
        event->order->portfolio_id == NULL)
        return NULL;
    strbuf_append_string(text, "\"order\":");
    message_to_json(&trading_order_info, &event->order->base, text);
    strbuf_append_char(text, '}');
    change = allocate(sizeof *change);
    snprintf(change->user_id, sizeof change->user_id, "%s", event->user_id);
    snprintf(change->portfolio_id, sizeof change->portfolio_id, "%s", event->order->portfolio_id);
    snprintf(change->id, sizeof change->id, "%s", event->order->id);
    change->text = stream_text_new(strbuf_text(text));
    return change;
}

void stream_change_free(struct stream_change *change)
{
    if (change->text != NULL)
        stream_text_leave(change->text);
    release(change);
}

void stream_put_change(struct stream_inbox *inbox, struct stream_change *change, bool *gap)
{
    if (inbox->change_count >= CHANGES_MAX) {
        *gap = true;
        inbox->dropped_count++;
        stream_change_free(change);
        return;
    }
    if (inbox->changes == NULL)
        inbox->changes = change;
    else
        inbox->last_change->next = change;
    inbox->last_change = change;
    inbox->change_count++;
}

void stream_receive_order(
    void *context, struct text body, uint64_t epoch, uint64_t sequence, bool gap)
{
    struct stream_server *server = context;
    struct stream_inbox *inbox = &server->inbox;
    struct stream_change *change = read_change(server, body);

    (void)epoch;
    (void)sequence;
    pthread_mutex_lock(&inbox->lock);
    if (gap || change == NULL)
        inbox->has_order_gap = true;
    if (change != NULL)
        stream_put_change(inbox, change, &inbox->has_order_gap);
    pthread_mutex_unlock(&inbox->lock);
    stream_wake(server);
}

static bool may_see(const struct stream_connection *connection, const struct stream_change *change)
{
    const struct identity *identity = &connection->identity;

    return strcmp(identity->user_id, change->user_id) == 0 &&
           (identity->portfolio_id[0] == '\0' ||
            strcmp(identity->portfolio_id, change->portfolio_id) == 0);
}

// Has a topic of that id asked for, unless the change has been told of already.
static void ask_for(struct stream_connection *connection,
                    enum stream_kind kind,
                    const char *id,
                    const struct stream_change *change)
{
    struct stream_topic topic = {.kind = kind};
    struct stream_subscription *subscription = NULL;

    memcpy(topic.name, id, sizeof topic.name);
    subscription = stream_topics_find(&connection->topics, &topic);
    if (subscription != NULL && (change->sequence == 0 || !subscription->topic.has_after ||
                                 subscription->topic.after < change->sequence))
        subscription->must_ask = true;
}

static void tell_of_order(struct stream_connection *connection, const struct stream_change *change)
{
    const struct stream_topic orders = {.kind = STREAM_ORDERS, .name = ""};
    struct stream_subscription *subscription = stream_topics_find(&connection->topics, &orders);

    if (subscription != NULL &&
        !stream_topics_put_event(&connection->topics, change->id, change->text))
        ask_again(connection, subscription);
}

void stream_tell_change(struct stream_server *server, const struct stream_change *change)
{
    struct stream_connection *at = *chain_of(server, change->user_id);
    bool is_order = change->text != NULL;
    bool is_of_portfolio = change->portfolio_id[0] != '\0';

    for (; at != NULL; at = at->next_of_user) {
        if (!may_see(at, change))
            continue;
        if (is_order)
            tell_of_order(at, change);
        if (is_of_portfolio) {
            ask_for(at, STREAM_PORTFOLIO, change->portfolio_id, change);
            ask_for(at, is_order ? STREAM_ORDER_EVENTS : STREAM_BALANCE_EVENTS,
                    change->portfolio_id, change);
        } else {
            ask_for(at, STREAM_RUN_EVENTS, change->id, change);
            ask_for(at, STREAM_BACKTEST, change->id, change);
        }
        stream_touch(at);
    }
}

void stream_tell_order_gap(struct stream_server *server)
{
    const struct stream_topic orders = {.kind = STREAM_ORDERS, .name = ""};

    for (struct stream_connection *at = server->connections; at != NULL; at = at->next) {
        struct stream_subscription *subscription = stream_topics_find(&at->topics, &orders);

        if (subscription != NULL)
            ask_again(at, subscription);
    }
    stream_tell_gap(server, STREAM_ORDER_EVENTS);
}
