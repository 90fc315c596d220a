// SPDX-License-Identifier: MIT
#include "server/connection_limit.h"

#include "base/checksum.h"
#include "service/rate_limit.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

enum { CHAINS = 1024 };

struct counted {
    struct counted *next;
    size_t count;
    char place[RATE_PLACE_SIZE];
};

struct connection_limit {
    size_t maximum;
    const struct proxy_list *proxies;
    pthread_mutex_t lock; // guards the chains; held for a handful of comparisons
    struct counted *chains[CHAINS];
};

struct connection_limit *connection_limit_new(size_t maximum, const struct proxy_list *proxies)
{
    struct connection_limit *limit = allocate(sizeof *limit);

    limit->maximum = maximum;
    limit->proxies = proxies;
    pthread_mutex_init(&limit->lock, NULL);
    return limit;
}

void connection_limit_free(struct connection_limit **limit)
{
    if (*limit == NULL)
        return;
    for (size_t i = 0; i < CHAINS; i++)
        assert((*limit)->chains[i] == NULL);
    pthread_mutex_destroy(&(*limit)->lock);
    release(*limit);
    *limit = NULL;
}

// Where the place is, or would be. Who has an address cannot choose its chain to any effect: there
// are never more entries than connections.
static struct counted **find(struct connection_limit *limit, const char *place)
{
    uint64_t hash = checksum_add(CHECKSUM_START, text_of(place));
    struct counted **at = &limit->chains[hash % CHAINS];

    while (*at != NULL && strcmp((*at)->place, place) != 0)
        at = &(*at)->next;
    return at;
}

bool connection_limit_enter(struct connection_limit *limit, const char *address)
{
    struct counted **at = NULL;
    char place[RATE_PLACE_SIZE];
    bool may_enter = true;

    if (proxy_list_holds(limit->proxies, address))
        return true;
    rate_limit_place(address, place);
    pthread_mutex_lock(&limit->lock);
    at = find(limit, place);
    if (*at == NULL) {
        *at = allocate(sizeof **at);
        memcpy((*at)->place, place, sizeof place);
    }
    may_enter = (*at)->count < limit->maximum;
    if (may_enter)
        (*at)->count++;
    pthread_mutex_unlock(&limit->lock);
    return may_enter;
}

void connection_limit_leave(struct connection_limit *limit, const char *address)
{
    struct counted **at = NULL;
    char place[RATE_PLACE_SIZE];

    if (proxy_list_holds(limit->proxies, address))
        return;
    rate_limit_place(address, place);
    pthread_mutex_lock(&limit->lock);
    at = find(limit, place);
    if (--(*at)->count == 0) {
        struct counted *last = *at;

        *at = last->next;
        release(last);
    }
    pthread_mutex_unlock(&limit->lock);
}

size_t connection_limit_maximum(const struct connection_limit *limit)
{
    return limit->maximum;
}
