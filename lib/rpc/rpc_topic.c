// SPDX-License-Identifier: MIT
#include "rpc/rpc_topic.h"

#include <assert.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "rpc/address.h"
#include "rpc/closer.h"
#include "rpc/task_threads.h"
#include "rpc/topic.h"

enum { TOPICS_MAX = 8, FREE_WAIT_MS = 1000 };

struct topic {
    char name[TOPIC_NAME_SIZE];
    uint64_t sequence;
};

struct rpc_publisher {
    struct rpc_mesh_key key;
    uint64_t epoch;
    nng_socket socket;
    pthread_mutex_t mutex; // guards the topics, and the order of what is sent
    struct topic topics[TOPICS_MAX];
    size_t count;
    struct closer *closer;
};

static bool
listen_on(struct rpc_publisher *publisher, const struct address_name *address, struct error *error)
{
    char url[320];
    int result = 0;

    snprintf(url, sizeof url, "tcp://%s:%u", address->host, (unsigned)(address->port + TOPIC_PORT));
    result = nng_socket_set_int(publisher->socket, NNG_OPT_SENDBUF, TOPIC_QUEUE_MAX);
    if (result == 0)
        result = nng_socket_set_size(publisher->socket, NNG_OPT_RECVMAXSZ, RPC_MESSAGE_MAX);
    if (result == 0)
        result = nng_listen(publisher->socket, url, NULL, 0);
    if (result != 0)
        return error_set(error, REASON_INVALID_SETTING, "%s cannot be listened on: %s", url,
                         nng_strerror(result));
    return true;
}

static void close_socket(void *argument)
{
    struct rpc_publisher *publisher = argument;

    nng_close(publisher->socket);
}

bool rpc_publisher_new(const char *listen,
                       const struct rpc_mesh_key *key,
                       struct rpc_publisher **out_publisher,
                       struct error *error)
{
    struct clock real = clock_real();
    struct address_list addresses;
    struct rpc_publisher *publisher = NULL;

    if (!address_list_parse(listen, &addresses, error))
        return false;
    digest_start();
    task_threads_park();
    publisher = allocate(sizeof *publisher);
    publisher->key = *key;
    publisher->epoch = (uint64_t)clock_now_us(&real);
    pthread_mutex_init(&publisher->mutex, NULL);
    if (nng_pub0_open(&publisher->socket) != 0) {
        release(publisher);
        return error_set(error, REASON_INTERNAL, "no socket can be opened");
    }
    if (!closer_new(&publisher->closer, error) ||
        !listen_on(publisher, &addresses.names[0], error)) {
        rpc_publisher_free(&publisher);
        return false;
    }
    *out_publisher = publisher;
    return true;
}

static void destroy(void *argument)
{
    struct rpc_publisher *publisher = argument;

    digest_wipe(&publisher->key, sizeof publisher->key);
    pthread_mutex_destroy(&publisher->mutex);
    release(publisher);
}

void rpc_publisher_free(struct rpc_publisher **publisher_pointer)
{
    struct rpc_publisher *publisher = *publisher_pointer;

    if (publisher == NULL)
        return;
    *publisher_pointer = NULL;
    if (publisher->closer != NULL)
        closer_give(publisher->closer, close_socket, publisher);
    // When closing hangs, what nng may still touch is left behind.
    (void)closer_free(&publisher->closer, destroy, publisher, FREE_WAIT_MS);
}

// The topic of that name, new when it was never used. With the mutex.
static struct topic *find(struct rpc_publisher *publisher, const char *name)
{
    struct topic *topic = NULL;

    for (size_t i = 0; i < publisher->count; i++)
        if (strcmp(publisher->topics[i].name, name) == 0)
            return &publisher->topics[i];
    assert(publisher->count < TOPICS_MAX && strlen(name) < TOPIC_NAME_SIZE);
    topic = &publisher->topics[publisher->count++];
    snprintf(topic->name, sizeof topic->name, "%s", name);
    return topic;
}

// Best effort: what cannot be sent is a gap that readers notice by the next number.
static void send_publication(struct rpc_publisher *publisher, const Rpc__Publication *publication)
{
    struct envelope_binding binding = {.kind = ENVELOPE_PUBLICATION};
    size_t size = envelope_size(&publication->base);
    nng_msg *message = NULL;

    if (size > RPC_MESSAGE_MAX - ENVELOPE_TRANSPORT_OVERHEAD || nng_msg_alloc(&message, size) != 0)
        return;
    envelope_seal(&publication->base, publisher->key.bytes, &binding, nng_msg_body(message), NULL);
    if (nng_sendmsg(publisher->socket, message, NNG_FLAG_NONBLOCK) != 0)
        nng_msg_free(message);
}

uint64_t rpc_publish(struct rpc_publisher *publisher, const char *topic, struct text body)
{
    Rpc__Publication publication = RPC__PUBLICATION__INIT;

    publication.has_version = true;
    publication.version = ENVELOPE_VERSION;
    publication.topic = topic;
    publication.has_epoch = true;
    publication.epoch = publisher->epoch;
    publication.has_sequence = true;
    publication.has_body = true;
    publication.body.data = (uint8_t *)(uintptr_t)body.data;
    publication.body.len = body.length;
    // Numbered and sent under one lock, so that they go out in the order of their numbers.
    pthread_mutex_lock(&publisher->mutex);
    publication.sequence = ++find(publisher, topic)->sequence;
    send_publication(publisher, &publication);
    pthread_mutex_unlock(&publisher->mutex);
    return publication.sequence;
}

void rpc_publisher_position(struct rpc_publisher *publisher,
                            const char *topic,
                            uint64_t *out_epoch,
                            uint64_t *out_sequence)
{
    pthread_mutex_lock(&publisher->mutex);
    *out_epoch = publisher->epoch;
    *out_sequence = find(publisher, topic)->sequence;
    pthread_mutex_unlock(&publisher->mutex);
}
