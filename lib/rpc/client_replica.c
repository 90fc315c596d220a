// SPDX-License-Identifier: MIT
#include "rpc/client.h"

#include <string.h>

static struct client_replica *find(struct rpc_client *client, const struct address *address)
{
    for (struct client_replica *each = client->replicas; each != NULL; each = each->next)
        if (!each->is_retired && each->address.port == address->port &&
            strcmp(each->address.host, address->host) == 0)
            return each;
    return NULL;
}

// Puts a new link among those of its lane. With the mutex.
static void enlist(struct rpc_client *client, struct client_link *link)
{
    struct client_lane *lane = &client->lanes[link->lane];

    if (link->is_ping) {
        link->replica->ping = link;
        return;
    }
    if (lane->link_count == lane->link_capacity) {
        lane->link_capacity = lane->link_capacity * 2 + 8;
        lane->links =
            reallocate_array(lane->links, lane->link_capacity, sizeof(struct client_link *));
    }
    lane->links[lane->link_count++] = link;
}

static bool connect_link(struct rpc_client *client,
                         struct client_replica *replica,
                         enum rpc_lane lane,
                         bool is_ping,
                         struct error *error)
{
    struct client_link *link = NULL;

    if (!client_link_new(client, replica, lane, is_ping, &link, error))
        return false;
    pthread_mutex_lock(&client->mutex);
    enlist(client, link);
    pthread_mutex_unlock(&client->mutex);
    client_link_dial(link);
    return true;
}

static bool
connect_replica(struct rpc_client *client, struct client_replica *replica, struct error *error)
{
    for (size_t lane = 0; lane < RPC_LANE_COUNT; lane++)
        for (size_t i = 0; i < client->sockets[lane]; i++)
            if (!connect_link(client, replica, (enum rpc_lane)lane, false, error))
                return false;
    return connect_link(client, replica, RPC_LANE_FAST, true, error);
}

bool client_replicas_set(struct rpc_client *client,
                         const struct address_set *set,
                         struct error *error)
{
    for (size_t i = 0; i < set->count; i++) {
        struct client_replica *replica = NULL;

        if (find(client, &set->addresses[i]) != NULL)
            continue;
        replica = allocate(sizeof *replica);
        replica->address = set->addresses[i];
        pthread_mutex_lock(&client->mutex);
        replica->next = client->replicas;
        client->replicas = replica;
        pthread_mutex_unlock(&client->mutex);
        if (!connect_replica(client, replica, error)) {
            // Half of it would be found the next time, and its other half never made.
            pthread_mutex_lock(&client->mutex);
            replica->is_retired = true;
            pthread_mutex_unlock(&client->mutex);
            return false;
        }
    }
    return true;
}

void client_replicas_keep_only(struct rpc_client *client, const struct address_set *set)
{
    pthread_mutex_lock(&client->mutex);
    for (struct client_replica *each = client->replicas; each != NULL; each = each->next)
        if (!address_set_has(set, &each->address))
            each->is_retired = true;
    pthread_mutex_unlock(&client->mutex);
}

// Gives the link to the closer. With the mutex.
static void retire(struct client_link *link)
{
    link->is_retired = true;
    closer_give(link->client->closer, client_link_close, link);
}

// Retires the links that have nothing under way, or all of them. With the mutex.
static void retire_links(struct rpc_client *client, bool of_all_replicas, bool busy_ones_too)
{
    for (size_t i = 0; i < RPC_LANE_COUNT; i++) {
        struct client_lane *lane = &client->lanes[i];
        size_t kept = 0;

        for (size_t j = 0; j < lane->link_count; j++) {
            struct client_link *link = lane->links[j];

            if ((of_all_replicas || link->replica->is_retired) && (busy_ones_too || !link->is_busy))
                retire(link);
            else
                lane->links[kept++] = link;
        }
        lane->link_count = kept;
    }
    for (struct client_replica *each = client->replicas; each != NULL; each = each->next)
        if (each->ping != NULL && (of_all_replicas || each->is_retired) &&
            (busy_ones_too || !each->ping->is_busy)) {
            retire(each->ping);
            each->ping = NULL;
        }
}

void client_replicas_clean(struct rpc_client *client)
{
    struct client_replica **place = &client->replicas;

    pthread_mutex_lock(&client->mutex);
    retire_links(client, false, false);
    while (*place != NULL) {
        struct client_replica *replica = *place;

        if (replica->is_retired && replica->link_count == 0) {
            *place = replica->next;
            release(replica);
        } else {
            place = &replica->next;
        }
    }
    pthread_mutex_unlock(&client->mutex);
}

bool client_replicas_renew(struct rpc_client *client, struct error *error)
{
    pthread_mutex_lock(&client->mutex);
    retire_links(client, true, true);
    pthread_mutex_unlock(&client->mutex);
    for (struct client_replica *each = client->replicas; each != NULL; each = each->next)
        if (!each->is_retired && !connect_replica(client, each, error))
            return false;
    return true;
}

void client_replicas_retire_all(struct rpc_client *client)
{
    pthread_mutex_lock(&client->mutex);
    retire_links(client, true, true);
    pthread_mutex_unlock(&client->mutex);
}
