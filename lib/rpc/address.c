// SPDX-License-Identifier: MIT
#include "rpc/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "rpc/rpc.h"

static bool read_port(const char *digits, size_t length, uint16_t *out_port)
{
    unsigned port = 0;

    if (length == 0 || length > 5)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        port = port * 10 + (unsigned)(digits[i] - '0');
    }
    if (port == 0 || port + RPC_PORTS - 1 > UINT16_MAX)
        return false;
    *out_port = (uint16_t)port;
    return true;
}

static bool read_name(const char *text, size_t length, struct address_name *out_name)
{
    const char *colon = memchr(text, ':', length);
    size_t host_length = colon != NULL ? (size_t)(colon - text) : 0;

    if (host_length == 0 || host_length >= sizeof out_name->host)
        return false;
    memcpy(out_name->host, text, host_length);
    out_name->host[host_length] = '\0';
    return read_port(colon + 1, length - host_length - 1, &out_name->port);
}

bool address_list_parse(const char *text, struct address_list *out_list, struct error *error)
{
    struct address_list list = {.count = 0};

    for (const char *at = text;;) {
        size_t length = strcspn(at, ",");

        if (list.count == ADDRESS_NAMES_MAX)
            return error_set(error, REASON_INVALID_SETTING, "more than %d addresses in \"%s\"",
                             ADDRESS_NAMES_MAX, text);
        if (!read_name(at, length, &list.names[list.count]))
            return error_set(error, REASON_INVALID_SETTING,
                             "\"%.*s\" is not host:port with a port from 1 to %d", (int)length, at,
                             UINT16_MAX - RPC_PORTS + 1);
        list.count++;
        if (at[length] == '\0')
            break;
        at += length + 1;
    }
    *out_list = list;
    return true;
}

static bool is_numeric(const char *host)
{
    struct in_addr ignored;

    return inet_pton(AF_INET, host, &ignored) == 1;
}

bool address_list_is_numeric(const struct address_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (!is_numeric(list->names[i].host))
            return false;
    return true;
}

bool address_set_has(const struct address_set *set, const struct address *address)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->addresses[i].port == address->port &&
            strcmp(set->addresses[i].host, address->host) == 0)
            return true;
    return false;
}

static void add(struct address_set *set, const struct address *address)
{
    if (set->count < ADDRESS_REPLICAS_MAX && !address_set_has(set, address))
        set->addresses[set->count++] = *address;
}

static bool resolve_name(const struct address_name *name, struct address_set *set)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;

    if (getaddrinfo(name->host, NULL, &hints, &found) != 0)
        return false;
    for (struct addrinfo *each = found; each != NULL; each = each->ai_next) {
        struct address address = {.port = name->port};
        struct sockaddr_in socket_address;

        memcpy(&socket_address, each->ai_addr, sizeof socket_address);
        inet_ntop(AF_INET, &socket_address.sin_addr, address.host, sizeof address.host);
        add(set, &address);
    }
    freeaddrinfo(found);
    return true;
}

bool address_resolve(const struct address_list *list, struct address_set *out_set)
{
    bool is_complete = true;

    out_set->count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!resolve_name(&list->names[i], out_set))
            is_complete = false;
    return is_complete;
}
