// SPDX-License-Identifier: MIT
// client_address: who a request really comes from when proxies stand in front.
//
// A proxy appends the address it was called from to X-Forwarded-For, so the entries are only as
// true as the proxies that wrote them: read from the right, the first address that is not a trusted
// proxy is the client, and everything further left is the client's own invention. From a peer that
// is not a trusted proxy the headers mean nothing at all.
//
// Threads: pure functions; a list is read-only once made.
#pragma once

#include "server/http_message.h"

enum { PROXIES_MAX = 64 };

struct proxy_list;

// Reads "10.0.0.1, 192.168.0.0/16, 2001:db8::/32"; empty for none. The caller owns it. Fails with
// INVALID_SETTING for what is no address or network, and above PROXIES_MAX of them.
MUST_CHECK bool proxy_list_new(const char *text, struct proxy_list **out_list, struct error *error);
void proxy_list_free(struct proxy_list **list);

// True when that address is one of the list's or in one of its networks. An IPv4 address is the
// same in IPv6's notation ("::ffff:10.0.0.1").
bool proxy_list_holds(const struct proxy_list *list, const char *address);

// Writes the client's address, for a request that came from `peer` with those headers. What cannot
// be read ends the walk at the last address that could be.
void client_address_find(const struct proxy_list *list,
                         const char *peer,
                         const struct http_header *headers,
                         size_t header_count,
                         char out_address[CLIENT_ADDRESS_SIZE]);

// True when the nearest proxy says in X-Forwarded-Proto that it was asked over TLS. To be believed
// only from a trusted one.
bool client_address_says_https(const struct http_header *headers, size_t header_count);
