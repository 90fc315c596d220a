// SPDX-License-Identifier: MIT
#include "connection_limit.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { CHAINS = 1024, ADDRESS_SIZE = 48 };

struct counted {
    struct counted *next;
    size_t count;
    char address[ADDRESS_SIZE];
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

// Where the address is, or would be. Who has an address cannot choose its chain to any effect:
// there are never more entries than connections.
static struct counted **find(struct connection_limit *limit, const char *address)
{
    uint32_t hash = 2166136261U; // FNV-1a
    struct counted **at = NULL;

    for (const char *c = address; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619U;
    at = &limit->chains[hash % CHAINS];
    while (*at != NULL && strcmp((*at)->address, address) != 0)
        at = &(*at)->next;
    return at;
}

bool connection_limit_enter(struct connection_limit *limit, const char *address)
{
    struct counted **at = NULL;
    bool may_enter = true;

    if (proxy_list_holds(limit->proxies, address))
        return true;
    pthread_mutex_lock(&limit->lock);
    at = find(limit, address);
    if (*at == NULL) {
        *at = allocate(sizeof **at);
        snprintf((*at)->address, sizeof(*at)->address, "%s", address);
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

    if (proxy_list_holds(limit->proxies, address))
        return;
    pthread_mutex_lock(&limit->lock);
    at = find(limit, address);
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
