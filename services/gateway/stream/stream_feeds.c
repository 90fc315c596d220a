// SPDX-License-Identifier: MIT
#include "stream/stream_feeds.h"

#include "base/checksum.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { CHAINS = 8192 };

struct stream_feeds {
    pthread_mutex_t lock; // held for a handful of comparisons
    struct stream_feed *chains[CHAINS];
    struct stream_feed *moved; // the newest first
};

struct stream_feeds *stream_feeds_new(void)
{
    struct stream_feeds *feeds = allocate(sizeof *feeds);

    pthread_mutex_init(&feeds->lock, NULL);
    return feeds;
}

static void release_feed(struct stream_feed *feed)
{
    release(feed->text);
    release(feed);
}

void stream_feeds_free(struct stream_feeds **feeds)
{
    if (*feeds == NULL)
        return;
    for (size_t i = 0; i < CHAINS; i++)
        while ((*feeds)->chains[i] != NULL) {
            struct stream_feed *feed = (*feeds)->chains[i];

            (*feeds)->chains[i] = feed->next;
            release_feed(feed);
        }
    pthread_mutex_destroy(&(*feeds)->lock);
    release(*feeds);
    *feeds = NULL;
}

// Where the ticker is, or would be. Only tickers with a price get here, so nobody can fill a chain.
static struct stream_feed **find(struct stream_feeds *feeds, const char *ticker)
{
    uint64_t hash = checksum_add(CHECKSUM_START, text_of(ticker));
    struct stream_feed **at = &feeds->chains[hash % CHAINS];

    while (*at != NULL && strcmp((*at)->ticker, ticker) != 0)
        at = &(*at)->next;
    return at;
}

struct stream_feed *stream_feeds_open(struct stream_feeds *feeds, const char *ticker)
{
    struct stream_feed **at = NULL;
    struct stream_feed *feed = NULL;

    pthread_mutex_lock(&feeds->lock);
    at = find(feeds, ticker);
    if (*at == NULL) {
        *at = allocate(sizeof **at);
        snprintf((*at)->ticker, sizeof(*at)->ticker, "%s", ticker);
    }
    feed = *at;
    pthread_mutex_unlock(&feeds->lock);
    return feed;
}

void stream_feeds_drop(struct stream_feeds *feeds, struct stream_feed *feed)
{
    bool is_dropped = false;

    pthread_mutex_lock(&feeds->lock);
    // One that is noted as moved is dropped when its turn comes, unless somebody follows it again.
    is_dropped = feed->subscriptions == NULL && !feed->has_moved;
    if (is_dropped)
        *find(feeds, feed->ticker) = feed->next;
    pthread_mutex_unlock(&feeds->lock);
    if (is_dropped)
        release_feed(feed);
}

bool stream_feeds_mark(struct stream_feeds *feeds, const char *ticker, bool is_gap)
{
    struct stream_feed *feed = NULL;
    bool is_first = false;

    pthread_mutex_lock(&feeds->lock);
    feed = *find(feeds, ticker);
    if (feed != NULL)
        feed->is_gap |= is_gap;
    if (feed != NULL && !feed->has_moved) {
        is_first = feeds->moved == NULL;
        feed->has_moved = true;
        feed->next_moved = feeds->moved;
        feeds->moved = feed;
    }
    pthread_mutex_unlock(&feeds->lock);
    return is_first;
}

struct stream_feed *stream_feeds_next_moved(struct stream_feeds *feeds, bool *out_is_gap)
{
    struct stream_feed *feed = NULL;

    pthread_mutex_lock(&feeds->lock);
    feed = feeds->moved;
    if (feed != NULL) {
        feeds->moved = feed->next_moved;
        feed->has_moved = false;
        *out_is_gap = feed->is_gap;
        feed->is_gap = false;
    }
    pthread_mutex_unlock(&feeds->lock);
    return feed;
}

void stream_feeds_each(struct stream_feeds *feeds,
                       void (*look)(void *context, struct stream_feed *feed),
                       void *context)
{
    // Only this thread changes the chains, so reading them needs no lock.
    for (size_t i = 0; i < CHAINS; i++)
        for (struct stream_feed *feed = feeds->chains[i]; feed != NULL; feed = feed->next)
            look(context, feed);
}
