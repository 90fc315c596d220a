// SPDX-License-Identifier: MIT
#include "server/client_address.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { ADDRESS_BYTES = 16, ADDRESS_BITS = 128, MAPPED_BITS = 96, PORT_DIGITS_MAX = 5 };

// An address of either family in the 16 bytes of IPv6; IPv4 as ::ffff:a.b.c.d.
struct address {
    unsigned char bytes[ADDRESS_BYTES];
};

struct network {
    struct address address;
    unsigned bits;
};

struct proxy_list {
    struct network networks[PROXIES_MAX];
    size_t count;
};

static const unsigned char mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_ipv4(const struct address *address)
{
    return memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

// Copies into a terminated string what inet_pton can read; false when it is too long to be one.
static bool terminate(struct text text, char out[CLIENT_ADDRESS_SIZE])
{
    if (text.length == 0 || text.length >= CLIENT_ADDRESS_SIZE ||
        memchr(text.data, '\0', text.length) != NULL)
        return false;
    memcpy(out, text.data, text.length);
    out[text.length] = '\0';
    return true;
}

static bool read_address(struct text text, struct address *out_address)
{
    char string[CLIENT_ADDRESS_SIZE];
    struct address address;

    if (!terminate(text, string))
        return false;
    memcpy(address.bytes, mapped_prefix, sizeof mapped_prefix);
    if (inet_pton(AF_INET, string, address.bytes + sizeof mapped_prefix) != 1 &&
        inet_pton(AF_INET6, string, address.bytes) != 1)
        return false;
    *out_address = address;
    return true;
}

static void print_address(const struct address *address, char out[CLIENT_ADDRESS_SIZE])
{
    if (is_ipv4(address))
        inet_ntop(AF_INET, address->bytes + sizeof mapped_prefix, out, CLIENT_ADDRESS_SIZE);
    else
        inet_ntop(AF_INET6, address->bytes, out, CLIENT_ADDRESS_SIZE);
}

static bool is_in(const struct address *address, const struct network *network)
{
    size_t whole = network->bits / 8;
    unsigned rest = network->bits % 8;
    unsigned mask = 0xffU & (0xffU << (8 - rest));

    if (memcmp(address->bytes, network->address.bytes, whole) != 0)
        return false;
    return rest == 0 ||
           ((unsigned)(address->bytes[whole] ^ network->address.bytes[whole]) & mask) == 0;
}

static bool list_holds(const struct proxy_list *list, const struct address *address)
{
    for (size_t i = 0; i < list->count; i++)
        if (is_in(address, &list->networks[i]))
            return true;
    return false;
}

static struct text trim(struct text text)
{
    while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 &&
           (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
        text.length--;
    return text;
}

// The digits of a prefix length or a port, at most `maximum`.
static bool read_number(struct text text, unsigned maximum, unsigned *out_number)
{
    unsigned number = 0;

    if (text.length == 0 || text.length > PORT_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (unsigned)(text.data[i] - '0');
    }
    *out_number = number;
    return number <= maximum;
}

static bool read_network(struct text text, struct network *out_network)
{
    const char *slash = memchr(text.data, '/', text.length);
    struct text address = text;
    struct text digits = {NULL, 0};
    struct network network = {.bits = ADDRESS_BITS};
    unsigned offset = 0;

    if (slash != NULL) {
        address.length = (size_t)(slash - text.data);
        digits = (struct text){slash + 1, text.length - address.length - 1};
    }
    if (!read_address(address, &network.address))
        return false;
    // The bits of an IPv4 network count from where its address begins.
    if (is_ipv4(&network.address) && memchr(address.data, ':', address.length) == NULL)
        offset = MAPPED_BITS;
    if (slash != NULL) {
        if (!read_number(digits, ADDRESS_BITS - offset, &network.bits))
            return false;
        network.bits += offset;
    }
    *out_network = network;
    return true;
}

bool proxy_list_new(const char *text, struct proxy_list **out_list, struct error *error)
{
    struct proxy_list *list = allocate(sizeof *list);

    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        struct text entry = trim((struct text){text, length});

        if (list->count == PROXIES_MAX) {
            release(list);
            return error_set(error, REASON_INVALID_SETTING,
                             "--trusted-proxies takes at most %d addresses and networks",
                             PROXIES_MAX);
        }
        if (!read_network(entry, &list->networks[list->count])) {
            release(list);
            return error_set(error, REASON_INVALID_SETTING,
                             "--trusted-proxies must be addresses like 10.0.0.1 and networks like "
                             "10.0.0.0/8 or 2001:db8::/32, not \"%.*s\"",
                             (int)entry.length, entry.data);
        }
        list->count++;
        text += length + (text[length] == ',');
    }
    *out_list = list;
    return true;
}

void proxy_list_free(struct proxy_list **list)
{
    release(*list);
    *list = NULL;
}

// What a socket's address is printed as may name the interface: "fe80::1%eth0".
static bool read_peer(const char *peer, struct address *out_address)
{
    return read_address((struct text){peer, strcspn(peer, "%")}, out_address);
}

bool proxy_list_holds(const struct proxy_list *list, const char *address)
{
    struct address read;

    return list->count > 0 && read_peer(address, &read) && list_holds(list, &read);
}

// An entry of X-Forwarded-For: an address, with or without a port; IPv6 with a port in brackets.
static bool read_entry(struct text entry, struct address *out_address)
{
    const char *colon = memchr(entry.data, ':', entry.length);
    const char *end = NULL;
    struct text rest;
    unsigned port = 0;

    if (entry.length > 0 && entry.data[0] == '[') {
        end = memchr(entry.data, ']', entry.length);
        if (end == NULL)
            return false;
        rest = (struct text){end + 1, entry.length - (size_t)(end + 1 - entry.data)};
        entry = (struct text){entry.data + 1, (size_t)(end - entry.data - 1)};
        if (memchr(entry.data, ':', entry.length) == NULL)
            return false;
        if (rest.length > 0 &&
            (rest.data[0] != ':' ||
             !read_number((struct text){rest.data + 1, rest.length - 1}, UINT16_MAX, &port)))
            return false;
    } else if (colon != NULL && memchr(entry.data, '.', (size_t)(colon - entry.data)) != NULL) {
        rest = (struct text){colon + 1, entry.length - (size_t)(colon + 1 - entry.data)};
        if (!read_number(rest, UINT16_MAX, &port))
            return false;
        entry.length = (size_t)(colon - entry.data);
    }
    return read_address(entry, out_address);
}

// Cuts the last entry off a comma-separated list. False when nothing is left.
static bool take_last(struct text *list, struct text *out_entry)
{
    size_t begin = list->length;

    if (list->data == NULL)
        return false;
    while (begin > 0 && list->data[begin - 1] != ',')
        begin--;
    *out_entry = trim((struct text){list->data + begin, list->length - begin});
    if (begin == 0)
        *list = (struct text){NULL, 0};
    else
        list->length = begin - 1;
    return true;
}

void client_address_find(const struct proxy_list *list,
                         const char *peer,
                         const struct http_header *headers,
                         size_t header_count,
                         char out_address[CLIENT_ADDRESS_SIZE])
{
    struct address client;
    bool is_trusted = false;

    if (!read_peer(peer, &client)) {
        out_address[0] = '\0';
        return;
    }
    is_trusted = list_holds(list, &client);
    // Several lines of one name are one list, in their order.
    for (size_t i = header_count; is_trusted && i-- > 0;) {
        struct text rest = text_of(headers[i].value);
        struct text entry;
        struct address next;

        if (strcasecmp(headers[i].name, "X-Forwarded-For") != 0)
            continue;
        while (is_trusted && take_last(&rest, &entry)) {
            is_trusted = read_entry(entry, &next);
            if (is_trusted) {
                client = next;
                is_trusted = list_holds(list, &client);
            }
        }
    }
    print_address(&client, out_address);
}

bool client_address_says_https(const struct http_header *headers, size_t header_count)
{
    for (size_t i = header_count; i-- > 0;) {
        struct text value = text_of(headers[i].value);
        struct text last;

        if (strcasecmp(headers[i].name, "X-Forwarded-Proto") == 0)
            return take_last(&value, &last) && last.length == 5 &&
                   strncasecmp(last.data, "https", 5) == 0;
    }
    return false;
}
