// SPDX-License-Identifier: MIT
// One SUB socket for each address. Their callbacks put what comes into one bounded queue; one
// thread checks it and calls the reader. What does not fit is dropped, and shows as a gap.
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "rpc/address.h"
#include "rpc/closer.h"
#include "rpc/resolver.h"
#include "rpc/task_threads.h"
#include "rpc/timing.h"
#include "rpc/topic.h"

enum { TICK_MS = 500, FREE_WAIT_MS = 1000, ARENA_BUDGET = 4 * RPC_MESSAGE_MAX };

// One publisher that is listened to.
struct source {
    struct source *next;
    struct rpc_subscriber *subscriber;
    struct address address;
    nng_socket socket;
    nng_aio *receive;
    uint64_t epoch; // of the last publication; the subscriber's thread only
    uint64_t sequence;
};

struct arrival {
    struct address from;
    nng_msg *message;
};

struct rpc_subscriber {
    struct rpc_subscriber_options options; // `topic` is owned; constant
    pthread_mutex_t mutex;                 // guards the queue and the end
    pthread_cond_t changed;
    struct arrival queue[TOPIC_QUEUE_MAX];
    size_t first;
    size_t count;
    bool is_stopping;
    struct source *sources; // the thread's own, once it runs
    struct arena *arena;    // the thread's own
    struct resolver *resolver;
    struct closer *closer;
    pthread_t thread;
    bool has_thread;
};

static void on_receive(void *argument)
{
    struct source *source = argument;
    struct rpc_subscriber *subscriber = source->subscriber;
    nng_msg *message = NULL;
    int result = nng_aio_result(source->receive);

    if (result == NNG_ECLOSED || result == NNG_ECANCELED)
        return;
    if (result == 0) {
        message = nng_aio_get_msg(source->receive);
        pthread_mutex_lock(&subscriber->mutex);
        if (subscriber->count < TOPIC_QUEUE_MAX && !subscriber->is_stopping) {
            size_t last = (subscriber->first + subscriber->count++) % TOPIC_QUEUE_MAX;

            subscriber->queue[last] = (struct arrival){source->address, message};
            message = NULL;
            pthread_cond_signal(&subscriber->changed);
        }
        pthread_mutex_unlock(&subscriber->mutex);
        nng_msg_free(message);
    }
    nng_recv_aio(source->socket, source->receive);
}

static void close_source(void *argument)
{
    struct source *source = argument;

    nng_close(source->socket);
    nng_aio_free(source->receive);
    release(source);
}

static bool start_source(struct source *source)
{
    const struct address *address = &source->address;
    char prefix[TOPIC_PREFIX_SIZE];
    size_t length = topic_prefix(source->subscriber->options.topic, prefix);
    nng_dialer dialer;
    char url[64];

    snprintf(url, sizeof url, "tcp://%s:%u", address->host, (unsigned)(address->port + TOPIC_PORT));
    if (nng_socket_set_size(source->socket, NNG_OPT_RECVMAXSZ, RPC_MESSAGE_MAX) != 0 ||
        nng_socket_set_int(source->socket, NNG_OPT_RECVBUF, TOPIC_QUEUE_MAX) != 0 ||
        nng_socket_set_ms(source->socket, NNG_OPT_RECONNMINT, 50) != 0 ||
        nng_socket_set_ms(source->socket, NNG_OPT_RECONNMAXT, 1000) != 0 ||
        nng_socket_set(source->socket, NNG_OPT_SUB_SUBSCRIBE, prefix, length) != 0 ||
        nng_dialer_create(&dialer, source->socket, url) != 0 ||
        nng_dialer_set_bool(dialer, NNG_OPT_TCP_KEEPALIVE, true) != 0 ||
        nng_dialer_start(dialer, NNG_FLAG_NONBLOCK) != 0)
        return false;
    nng_recv_aio(source->socket, source->receive);
    return true;
}

static bool
follow(struct rpc_subscriber *subscriber, const struct address *address, struct error *error)
{
    struct source *source = allocate(sizeof *source);

    source->subscriber = subscriber;
    source->address = *address;
    if (nng_sub0_open(&source->socket) != 0) {
        release(source);
        return error_set(error, REASON_INTERNAL, "no socket can be opened");
    }
    if (nng_aio_alloc(&source->receive, on_receive, source) != 0 || !start_source(source)) {
        closer_give(subscriber->closer, close_source, source);
        return error_set(error, REASON_INTERNAL, "%s cannot be followed", address->host);
    }
    source->next = subscriber->sources;
    subscriber->sources = source;
    return true;
}

static bool is_same(const struct address *one, const struct address *other)
{
    return one->port == other->port && strcmp(one->host, other->host) == 0;
}

static struct source *find(struct rpc_subscriber *subscriber, const struct address *address)
{
    for (struct source *each = subscriber->sources; each != NULL; each = each->next)
        if (is_same(&each->address, address))
            return each;
    return NULL;
}

static bool
follow_all(struct rpc_subscriber *subscriber, const struct address_set *set, struct error *error)
{
    for (size_t i = 0; i < set->count; i++)
        if (find(subscriber, &set->addresses[i]) == NULL &&
            !follow(subscriber, &set->addresses[i], error))
            return false;
    return true;
}

// Leaves the sources that are not in the set; all of them when it is NULL.
static void leave(struct rpc_subscriber *subscriber, const struct address_set *set)
{
    struct source **place = &subscriber->sources;

    while (*place != NULL) {
        struct source *source = *place;

        if (set != NULL && address_set_has(set, &source->address)) {
            place = &source->next;
            continue;
        }
        *place = source->next;
        closer_give(subscriber->closer, close_source, source);
    }
}

static void follow_names(struct rpc_subscriber *subscriber)
{
    struct address_set set;
    struct error error;
    bool is_complete = false;

    if (subscriber->resolver == NULL || !resolver_take(subscriber->resolver, &set, &is_complete))
        return;
    // What cannot be followed now is tried again with the next answer.
    if (follow_all(subscriber, &set, &error) && is_complete)
        leave(subscriber, &set);
}

static void
tell(struct rpc_subscriber *subscriber, struct source *source, const Rpc__Publication *publication)
{
    const struct rpc_subscriber_options *options = &subscriber->options;
    struct text body = {(const char *)publication->body.data, publication->body.len};
    bool is_same_epoch = source->epoch == publication->epoch;
    bool is_next = is_same_epoch && publication->sequence == source->sequence + 1;

    // An old one again: somebody on the way repeats it.
    if (is_same_epoch && publication->sequence <= source->sequence)
        return;
    source->epoch = publication->epoch;
    source->sequence = publication->sequence;
    options->receive(options->context, body, publication->epoch, publication->sequence, !is_next);
}

static void open_arrival(struct rpc_subscriber *subscriber, const struct arrival *arrival)
{
    struct envelope_binding binding = {.kind = ENVELOPE_PUBLICATION};
    struct source *source = find(subscriber, &arrival->from);
    struct text wire = {nng_msg_body(arrival->message), nng_msg_len(arrival->message)};
    struct text packed;
    Rpc__Publication *publication = NULL;

    if (source != NULL && envelope_open(wire, &subscriber->options.key, &binding, &packed, NULL))
        publication = envelope_read_publication(packed, subscriber->arena);
    if (publication != NULL && publication->topic != NULL &&
        publication->version == ENVELOPE_VERSION &&
        strcmp(publication->topic, subscriber->options.topic) == 0)
        tell(subscriber, source, publication);
    arena_reset(subscriber->arena);
    nng_msg_free(arrival->message);
}

// Waits for the next arrival until that moment; false when there is none.
static bool take(struct rpc_subscriber *subscriber, int64_t until_us, struct arrival *out_arrival)
{
    bool is_there = false;

    pthread_mutex_lock(&subscriber->mutex);
    while (subscriber->count == 0 && !subscriber->is_stopping &&
           timing_wait(&subscriber->changed, &subscriber->mutex, until_us))
        continue;
    is_there = subscriber->count > 0 && !subscriber->is_stopping;
    if (is_there) {
        *out_arrival = subscriber->queue[subscriber->first];
        subscriber->first = (subscriber->first + 1) % TOPIC_QUEUE_MAX;
        subscriber->count--;
    }
    pthread_mutex_unlock(&subscriber->mutex);
    return is_there;
}

static bool is_stopping(struct rpc_subscriber *subscriber)
{
    bool result = false;

    pthread_mutex_lock(&subscriber->mutex);
    result = subscriber->is_stopping;
    pthread_mutex_unlock(&subscriber->mutex);
    return result;
}

static void *run(void *argument)
{
    struct rpc_subscriber *subscriber = argument;
    const struct rpc_subscriber_options *options = &subscriber->options;
    bool minds_quiet = options->quiet != NULL && options->quiet_ms > 0;
    int64_t heard_us = clock_monotonic_us();

    while (!is_stopping(subscriber)) {
        int64_t until_us = clock_monotonic_us() + TICK_MS * MICROS_PER_MS;
        int64_t quiet_us = heard_us + options->quiet_ms * MICROS_PER_MS;
        struct arrival arrival;

        if (minds_quiet && quiet_us < until_us)
            until_us = quiet_us;
        if (take(subscriber, until_us, &arrival)) {
            open_arrival(subscriber, &arrival);
            heard_us = clock_monotonic_us();
        } else if (minds_quiet && clock_monotonic_us() >= quiet_us && !is_stopping(subscriber)) {
            options->quiet(options->context);
            heard_us = clock_monotonic_us();
        }
        follow_names(subscriber);
    }
    return NULL;
}

static bool
start(struct rpc_subscriber *subscriber, const struct address_list *names, struct error *error)
{
    struct address_set set;

    if (!closer_new(&subscriber->closer, error))
        return false;
    if (!address_list_is_numeric(names)) {
        if (!resolver_new(names, &subscriber->resolver, error))
            return false;
    } else if (!address_resolve(names, &set)) {
        return error_set(error, REASON_INVALID_SETTING, "the addresses cannot be read");
    } else if (!follow_all(subscriber, &set, error)) {
        return false;
    }
    if (pthread_create(&subscriber->thread, NULL, run, subscriber) != 0)
        return error_set(error, REASON_INTERNAL, "no thread can be started");
    subscriber->has_thread = true;
    return true;
}

bool rpc_subscriber_new(const struct rpc_subscriber_options *options,
                        struct rpc_subscriber **out_subscriber,
                        struct error *error)
{
    struct address_list names;
    struct rpc_subscriber *subscriber = NULL;

    if (!address_list_parse(options->addresses, &names, error))
        return false;
    if (strlen(options->topic) >= TOPIC_NAME_SIZE)
        return error_set(error, REASON_INVALID_SETTING, "the topic \"%s\" is too long",
                         options->topic);
    digest_start();
    task_threads_park();
    subscriber = allocate(sizeof *subscriber);
    subscriber->options = *options;
    subscriber->options.topic = allocate_string(options->topic);
    subscriber->options.addresses = NULL;
    subscriber->arena = arena_new(ARENA_BUDGET);
    pthread_mutex_init(&subscriber->mutex, NULL);
    timing_condition_start(&subscriber->changed);
    if (!start(subscriber, &names, error)) {
        rpc_subscriber_free(&subscriber);
        return false;
    }
    *out_subscriber = subscriber;
    return true;
}

static void destroy(void *argument)
{
    struct rpc_subscriber *subscriber = argument;

    for (; subscriber->count > 0; subscriber->count--) {
        nng_msg_free(subscriber->queue[subscriber->first].message);
        subscriber->first = (subscriber->first + 1) % TOPIC_QUEUE_MAX;
    }
    arena_free(&subscriber->arena);
    digest_wipe(&subscriber->options.key, sizeof subscriber->options.key);
    release((char *)(uintptr_t)subscriber->options.topic);
    pthread_cond_destroy(&subscriber->changed);
    pthread_mutex_destroy(&subscriber->mutex);
    release(subscriber);
}

void rpc_subscriber_free(struct rpc_subscriber **subscriber_pointer)
{
    struct rpc_subscriber *subscriber = *subscriber_pointer;

    if (subscriber == NULL)
        return;
    *subscriber_pointer = NULL;
    pthread_mutex_lock(&subscriber->mutex);
    subscriber->is_stopping = true;
    pthread_cond_signal(&subscriber->changed);
    pthread_mutex_unlock(&subscriber->mutex);
    if (subscriber->has_thread)
        pthread_join(subscriber->thread, NULL);
    resolver_free(&subscriber->resolver);
    leave(subscriber, NULL);
    // When closing hangs, what nng may still touch is left behind.
    (void)closer_free(&subscriber->closer, destroy, subscriber, FREE_WAIT_MS);
}
