// SPDX-License-Identifier: MIT
// The numbered events of portfolios and runs: what has become of orders, of cash and positions, and
// of a strategy that runs. None is left out and none comes twice, because they are always asked for
// after the last one that was taken; what is published only says that it is time to ask.
#include "stream/stream.h"

#include "base/clock.h"
#include "bourse/portfolio/v1/portfolio.pb-c.h"
#include "bourse/portfolio/v1/portfolio_rules.h"
#include "bourse/trading/v1/trading.pb-c.h"
#include "bourse/trading/v1/trading_rules.h"

#include <stdio.h>
#include <string.h>

#define ASK_EVERY_US (100 * MICROS_PER_MS)      // at most, while something happens
#define ASK_FAILED_US (1 * MICROS_PER_SECOND)   // after a question without an answer
#define ASK_AT_LEAST_US (5 * MICROS_PER_SECOND) // for what nobody told of

bool stream_events_are_due(const struct stream_connection *connection,
                           const struct stream_subscription *subscription,
                           int64_t now_us)
{
    int64_t age_us = now_us - subscription->asked_us;

    // Who has not taken what there is gets no more: it would have to be kept here.
    if (subscription->is_waiting || connection->left != NULL)
        return false;
    if (subscription->must_ask && subscription->asked_us == 0)
        return true;
    return age_us >= ASK_AT_LEAST_US ||
           (subscription->must_ask &&
            age_us >= (subscription->has_failed ? ASK_FAILED_US : ASK_EVERY_US));
}

void stream_learn_events(struct stream_connection *connection,
                         struct stream_subscription *subscription,
                         struct stream_question *question)
{
    subscription->topic.has_after = true;
    subscription->topic.after = question->after;
    if (question->has_more) {
        subscription->must_ask = true;
        subscription->asked_us = 0; // at once
    }
    if (!question->has_news)
        return;
    release(subscription->text);
    subscription->text = question->text;
    subscription->length = question->length;
    question->text = NULL;
    subscription->is_snapshot = question->is_snapshot;
    stream_topics_wait(&connection->topics, subscription);
}

void stream_tell_gap(struct stream_server *server, enum stream_kind kind)
{
    for (struct stream_connection *at = server->connections; at != NULL; at = at->next) {
        struct stream_subscription *subscription = at->topics.first;

        for (; subscription != NULL; subscription = subscription->next)
            if (subscription->topic.kind == kind)
                subscription->must_ask = true;
        stream_touch(at);
    }
}

static struct stream_change *read_change(const Portfolio__ChangedPortfolio *portfolio)
{
    struct stream_change *change = NULL;

    if (portfolio->portfolio_id == NULL || portfolio->user_id == NULL)
        return NULL;
    change = allocate(sizeof *change);
    snprintf(change->user_id, sizeof change->user_id, "%s", portfolio->user_id);
    snprintf(change->portfolio_id, sizeof change->portfolio_id, "%s", portfolio->portfolio_id);
    change->sequence = portfolio->sequence;
    return change;
}

void stream_receive_balances(
    void *context, struct text body, uint64_t epoch, uint64_t sequence, bool gap)
{
    struct stream_server *server = context;
    struct stream_inbox *inbox = &server->inbox;
    ProtobufCMessage *message = NULL;
    const Portfolio__BalanceEvent *event = NULL;
    struct error error;

    (void)epoch;
    (void)sequence;
    arena_reset(server->balances_arena);
    if (message_unpack(&portfolio_balance_event_info, server->balances_arena, body, &message,
                       &error))
        event = (const Portfolio__BalanceEvent *)message;
    pthread_mutex_lock(&inbox->lock);
    if (gap || event == NULL)
        inbox->has_balance_gap = true;
    for (size_t i = 0; event != NULL && i < event->n_portfolios; i++) {
        struct stream_change *change = read_change(event->portfolios[i]);

        if (change != NULL)
            stream_put_change(inbox, change, &inbox->has_balance_gap);
    }
    pthread_mutex_unlock(&inbox->lock);
    stream_wake(server);
}

void stream_receive_strategy(
    void *context, struct text body, uint64_t epoch, uint64_t sequence, bool gap)
{
    struct stream_server *server = context;
    struct stream_inbox *inbox = &server->inbox;
    ProtobufCMessage *message = NULL;
    const Trading__StrategyEvent *event = NULL;
    struct stream_change *change = NULL;
    struct error error;

    (void)epoch;
    (void)sequence;
    arena_reset(server->strategies_arena);
    if (message_unpack(&trading_strategy_event_info, server->strategies_arena, body, &message,
                       &error))
        event = (const Trading__StrategyEvent *)message;
    if (event != NULL && event->user_id != NULL && event->id != NULL) {
        change = allocate(sizeof *change);
        snprintf(change->user_id, sizeof change->user_id, "%s", event->user_id);
        snprintf(change->id, sizeof change->id, "%s", event->id);
    }
    pthread_mutex_lock(&inbox->lock);
    if (gap || change == NULL)
        inbox->has_strategy_gap = true;
    if (change != NULL)
        stream_put_change(inbox, change, &inbox->has_strategy_gap);
    pthread_mutex_unlock(&inbox->lock);
    stream_wake(server);
}
