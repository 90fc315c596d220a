// SPDX-License-Identifier: MIT
#include "stream/stream_topics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TICKER_LENGTH_MAX = 15 };

static const char *const prefixes[STREAM_KIND_COUNT] = {
    [STREAM_QUOTES] = "quotes:",
    [STREAM_BARS] = "bars:",
    [STREAM_CLOCK] = "clock",
    [STREAM_ORDERS] = "orders",
    [STREAM_PORTFOLIO] = "portfolio:",
    [STREAM_ORDER_EVENTS] = "orders:",
    [STREAM_BALANCE_EVENTS] = "balances:",
    [STREAM_RUN_EVENTS] = "run:",
    [STREAM_BACKTEST] = "backtest:",
};

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool read_ticker(const char *text, char *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    size_t length = strlen(text);

    if (length == 0 || length > TICKER_LENGTH_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        out[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
    out[length] = '\0';
    return out[strspn(out, letters)] == '\0';
}

static bool read_id(const char *text, size_t length, char *out)
{
    if (length != UUID_SIZE - 1)
        return false;
    for (size_t i = 0; i < length; i++)
        out[i] = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] - 'A' + 'a') : text[i];
    out[length] = '\0';
    return uuid_is_valid(out);
}

static bool read_number(const char *text, int64_t *out_number)
{
    int64_t number = 0;

    if (text[0] == '\0')
        return false;
    for (; *text != '\0'; text++)
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, *text - '0', &number))
            return false;
    *out_number = number;
    return true;
}

// "ID" or "ID@NUMBER".
static bool read_events(const char *text, struct stream_topic *topic, struct error *error)
{
    size_t length = strcspn(text, "@");

    topic->has_after = text[length] == '@';
    if (!read_id(text, length, topic->name))
        return false;
    return !topic->has_after || read_number(text + length + 1, &topic->after) ||
           error_set(error, REASON_INVALID_REQUEST,
                     "Behind @ stands the number of the last event there was, 0 to %" PRId64
                     ", and not \"%.24s\".",
                     INT64_MAX, text + length + 1);
}

bool stream_kind_is_of_market(enum stream_kind kind)
{
    return kind == STREAM_QUOTES || kind == STREAM_BARS || kind == STREAM_CLOCK;
}

bool stream_kind_is_of_portfolio(enum stream_kind kind)
{
    return kind == STREAM_PORTFOLIO || kind == STREAM_ORDER_EVENTS || kind == STREAM_BALANCE_EVENTS;
}

bool stream_kind_is_of_events(enum stream_kind kind)
{
    return kind == STREAM_ORDER_EVENTS || kind == STREAM_BALANCE_EVENTS ||
           kind == STREAM_RUN_EVENTS;
}

// What is behind the prefix.
static bool read_name(const char *text, struct stream_topic *topic, struct error *error)
{
    switch (topic->kind) {
    case STREAM_QUOTES:
    case STREAM_BARS:
        return read_ticker(text, topic->name);
    case STREAM_CLOCK:
    case STREAM_ORDERS:
        return text[0] == '\0';
    case STREAM_PORTFOLIO:
    case STREAM_BACKTEST:
        return read_id(text, strlen(text), topic->name);
    default:
        return read_events(text, topic, error);
    }
}

bool stream_topic_read(const char *text, struct stream_topic *out, struct error *error)
{
    error_clear(error);
    for (size_t i = 0; i < STREAM_KIND_COUNT; i++) {
        struct stream_topic topic = {.kind = (enum stream_kind)i};

        if (!starts_with(text, prefixes[i]) ||
            !read_name(text + strlen(prefixes[i]), &topic, error))
            continue;
        *out = topic;
        return true;
    }
    if (error->code == CODE_OK)
        error_set(error, REASON_INVALID_REQUEST,
                  "\"%.64s\" is no topic: there are quotes:TICKER, bars:TICKER, clock, orders, "
                  "portfolio:ID, orders:ID, balances:ID, run:ID and backtest:ID.",
                  text);
    return false;
}

void stream_topic_print(const struct stream_topic *topic, char out[STREAM_TOPIC_SIZE])
{
    snprintf(out, STREAM_TOPIC_SIZE, "%s%s", prefixes[topic->kind], topic->name);
}

struct stream_subscription *stream_topics_find(const struct stream_topics *topics,
                                               const struct stream_topic *topic)
{
    struct stream_subscription *at = topics->first;

    while (at != NULL &&
           (at->topic.kind != topic->kind || strcmp(at->topic.name, topic->name) != 0))
        at = at->next;
    return at;
}

static bool has_id(enum stream_kind kind)
{
    return stream_kind_is_of_portfolio(kind) || stream_kind_is_of_events(kind) ||
           kind == STREAM_BACKTEST;
}

bool stream_topics_add(struct stream_topics *topics,
                       const struct stream_topic *topic,
                       struct stream_subscription **out_subscription,
                       struct error *error)
{
    struct stream_subscription *subscription = stream_topics_find(topics, topic);

    if (subscription != NULL) {
        *out_subscription = subscription;
        return true;
    }
    if (topics->count >= STREAM_SUBSCRIPTIONS_MAX)
        return error_set(error, REASON_LIMIT_EXCEEDED, "A stream follows at most %d topics.",
                         STREAM_SUBSCRIPTIONS_MAX);
    if (has_id(topic->kind) && topics->counts[topic->kind] >= STREAM_ASKED_MAX)
        return error_set(error, REASON_LIMIT_EXCEEDED,
                         "A stream follows at most %d topics that begin with \"%s\".",
                         STREAM_ASKED_MAX, prefixes[topic->kind]);
    subscription = allocate(sizeof *subscription);
    subscription->topic = *topic;
    subscription->next = topics->first;
    topics->first = subscription;
    topics->count++;
    topics->counts[topic->kind]++;
    *out_subscription = subscription;
    return true;
}

static void stop_waiting(struct stream_topics *topics, struct stream_subscription *subscription)
{
    struct stream_subscription *before = NULL;
    struct stream_subscription *at = topics->waiting;

    while (at != NULL && at != subscription) {
        before = at;
        at = at->next_waiting;
    }
    if (at == NULL)
        return;
    if (before == NULL)
        topics->waiting = at->next_waiting;
    else
        before->next_waiting = at->next_waiting;
    if (topics->last_waiting == at)
        topics->last_waiting = before;
}

void stream_topics_remove(struct stream_topics *topics, struct stream_subscription *subscription)
{
    struct stream_subscription **at = &topics->first;

    while (*at != subscription)
        at = &(*at)->next;
    *at = subscription->next;
    if (subscription->is_waiting)
        stop_waiting(topics, subscription);
    if (subscription->topic.kind == STREAM_ORDERS)
        stream_topics_drop_events(topics);
    topics->count--;
    topics->counts[subscription->topic.kind]--;
    release(subscription->text);
    release(subscription);
}

void stream_topics_wait(struct stream_topics *topics, struct stream_subscription *subscription)
{
    if (subscription->is_waiting)
        return;
    subscription->is_waiting = true;
    subscription->next_waiting = NULL;
    if (topics->waiting == NULL)
        topics->waiting = subscription;
    else
        topics->last_waiting->next_waiting = subscription;
    topics->last_waiting = subscription;
}

struct stream_subscription *stream_topics_next(struct stream_topics *topics)
{
    struct stream_subscription *subscription = topics->waiting;

    if (subscription == NULL)
        return NULL;
    topics->waiting = subscription->next_waiting;
    if (topics->waiting == NULL)
        topics->last_waiting = NULL;
    subscription->is_waiting = false;
    return subscription;
}

bool stream_topics_put_event(struct stream_topics *topics,
                             const char *order_id,
                             struct stream_text *text)
{
    struct stream_event *event = topics->events;

    while (event != NULL && strcmp(event->order_id, order_id) != 0)
        event = event->next;
    if (event == NULL && topics->event_count >= STREAM_EVENTS_MAX) {
        stream_topics_drop_events(topics);
        return false;
    }
    text->users++;
    if (event != NULL) {
        stream_text_leave(event->text);
        event->text = text;
        return true;
    }
    event = allocate(sizeof *event);
    snprintf(event->order_id, sizeof event->order_id, "%s", order_id);
    event->text = text;
    if (topics->events == NULL)
        topics->events = event;
    else
        topics->last_event->next = event;
    topics->last_event = event;
    topics->event_count++;
    return true;
}

struct stream_event *stream_topics_next_event(struct stream_topics *topics)
{
    struct stream_event *event = topics->events;

    if (event == NULL || topics->holds_events)
        return NULL;
    topics->events = event->next;
    topics->event_count--;
    return event;
}

void stream_event_free(struct stream_event *event)
{
    stream_text_leave(event->text);
    release(event);
}

void stream_topics_drop_events(struct stream_topics *topics)
{
    struct stream_event *event = NULL;

    topics->holds_events = false;
    while ((event = stream_topics_next_event(topics)) != NULL)
        stream_event_free(event);
}

struct stream_text *stream_text_new(struct text text)
{
    struct stream_text *shared = allocate(sizeof *shared + text.length);

    shared->users = 1;
    shared->length = text.length;
    memcpy(shared->data, text.data, text.length);
    return shared;
}

void stream_text_leave(struct stream_text *text)
{
    if (--text->users == 0)
        release(text);
}
