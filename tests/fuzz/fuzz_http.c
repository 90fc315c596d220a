// SPDX-License-Identifier: MIT
// fuzz_http: requests that come through the guards are what a strict reader of RFC 9112 sees in the
// same bytes, header by header and to the last one; and what is read of single headers is what they
// say.
//
// civetweb, which splits a head in place before the gateway sees it, is played by split_head: it
// takes what civetweb takes and leaves the buffer as civetweb does.
#include "fuzz.h"

#include "base/digest.h"
#include "rest/csrf.h"
#include "rest/endpoint.h"
#include "rest/exchange.h"
#include "server/client_address.h"
#include "server/guard.h"

#include <arpa/inet.h>
#include <strings.h>

enum { HEADERS_MAX = 64, ARENA_BUDGET = 256 * 1024 };

// A head in its buffer, as civetweb understands it.
struct head {
    char *method;
    char *target;
    char *version; // behind "HTTP/"
    struct http_header headers[HEADERS_MAX];
    size_t header_count;
    char *end; // behind its last byte
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(char c)
{
    return (unsigned char)c > ' ' && c != 0x7f;
}

// Where the head that begins at `start` ends: behind CR LF CR LF or LF LF. NULL when it does not,
// or has a byte that civetweb takes nowhere.
static char *find_end(char *start, const char *limit)
{
    for (char *at = start; at < limit; at++) {
        if (((unsigned char)*at < ' ' && *at != '\r' && *at != '\n') || *at == 0x7f)
            return NULL;
        if (limit - at >= 2 && memcmp(at, "\n\n", 2) == 0)
            return at + 2;
        if (limit - at >= 4 && memcmp(at, "\r\n\r\n", 4) == 0)
            return at + 4;
    }
    return NULL;
}

// Ends the word at `*at`, and everything up to the next one with it.
static bool end_word(char **at, bool is_last)
{
    while (is_word(**at))
        (*at)++;
    if (is_last ? **at != '\r' && **at != '\n' : **at != ' ')
        return false;
    do
        *(*at)++ = '\0';
    while (is_space(**at));
    return is_last || is_word(**at);
}

// Takes one header line; false when there is none, or with `*at` NULL when it cannot be one.
static bool split_header(char **at, struct http_header *header)
{
    char *c = *at;

    header->name = c;
    while (*c >= 33 && *c <= 126 && *c != ':')
        c++;
    if (c == *at)
        return false;
    while (*c == ' ')
        *c++ = '\0';
    if (*c != ':')
        return *at = NULL, false;
    *c = '\0';
    c += 1 + strspn(c + 1, " \t");
    header->value = c;
    c += strcspn(c, "\r\n");
    if (*c == '\r') {
        *c++ = '\0';
        if (*c != '\n')
            return *at = NULL, false;
    }
    if (*c != '\0')
        *c++ = '\0';
    *at = c;
    return true;
}

static bool split_headers(char *at, struct head *head)
{
    while (head->header_count < HEADERS_MAX &&
           split_header(&at, &head->headers[head->header_count])) {
        head->header_count++;
        if (*at == '\r' || *at == '\n' || *at == '\0')
            break;
    }
    return at != NULL;
}

// Splits the head at `start`, which lies in a buffer of HTTP_HEAD_MAX bytes that ends at `limit`.
static bool split_head(char *start, const char *limit, struct head *head)
{
    char *at = start;

    head->header_count = 0;
    head->end = find_end(start, limit);
    if (head->end == NULL)
        return false;
    head->end[-1] = '\0';
    head->method = at;
    if (!end_word(&at, false))
        return false;
    head->target = at;
    if (!end_word(&at, false))
        return false;
    head->version = at;
    if (!end_word(&at, true) || strncmp(head->version, "HTTP/", 5) != 0)
        return false;
    head->version += 5;
    return (strcmp(head->version, "1.1") == 0 || strcmp(head->version, "1.0") == 0) &&
           head->target[0] == '/' && split_headers(at, head);
}

// As read_head in http_server.c takes it over.
static bool take_head(struct head *head, struct http_request *request, struct error *error)
{
    char *query = strchr(head->target, '?');

    if (query != NULL)
        *query++ = '\0';
    request->is_head = strcmp(head->method, "HEAD") == 0;
    request->method = request->is_head ? "GET" : head->method;
    request->path = text_of(head->target);
    request->query = text_of(query);
    if (head->header_count >= HTTP_HEADERS_MAX)
        return false;
    request->header_count = head->header_count;
    memcpy(request->headers, head->headers, head->header_count * sizeof *head->headers);
    return guard_lines(request, head->method, head->version) &&
           guard_head(request, strcmp(head->version, "1.1") == 0, error);
}

static struct text cut(struct text *rest, size_t length)
{
    struct text piece = {rest->data, length};

    rest->data += length;
    rest->length -= length;
    return piece;
}

static bool skip(struct text *rest, const char *wanted)
{
    size_t length = strlen(wanted);

    if (rest->length < length || memcmp(rest->data, wanted, length) != 0)
        return false;
    (void)cut(rest, length);
    return true;
}

// Takes what lies before the first of `ends`, which must be there.
static struct text cut_before(struct text *rest, const char *ends)
{
    size_t length = 0;

    while (length < rest->length && strchr(ends, rest->data[length]) == NULL)
        length++;
    MUST(length < rest->length);
    return cut(rest, length);
}

static void
check_request_line(struct text *rest, const struct head *head, const struct http_request *request)
{
    struct text target;

    MUST(text_equals(cut_before(rest, " \r\n"), head->method) && skip(rest, " "));
    target = cut_before(rest, " \r\n");
    MUST(target.length >= request->path.length &&
         texts_are_equal(cut(&target, request->path.length), request->path));
    MUST(skip(&target, "?") || target.length == 0);
    MUST(texts_are_equal(target, request->query));
    MUST(skip(rest, " HTTP/") && text_equals(cut_before(rest, "\r\n"), head->version));
}

// `raw`, as it came over the wire, is just what was made of it. Of the end of the request line
// civetweb leaves no more than how many blanks it had, as guard.h says.
static void
check_strictly(struct text raw, const struct head *head, const struct http_request *request)
{
    struct text rest = raw;

    check_request_line(&rest, head, request);
    MUST(rest.length >= 2 && is_space(rest.data[0]) && is_space(rest.data[1]));
    (void)cut(&rest, 2);
    for (size_t i = 0; i < request->header_count; i++) {
        MUST(text_equals(cut_before(&rest, ": \r\n"), request->headers[i].name));
        MUST(skip(&rest, ":"));
        while (skip(&rest, " "))
            continue;
        MUST(text_equals(cut_before(&rest, "\r\n"), request->headers[i].value));
        MUST(skip(&rest, "\r\n"));
    }
    // Without headers, as HTTP/1.0 has it, the connection ends with the request.
    MUST(request->header_count == 0 || text_equals(rest, "\r\n"));
}

static size_t count_of(const struct http_request *request, const char *name, const char **out_value)
{
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0) {
            *out_value = count == 0 ? request->headers[i].value : *out_value;
            count++;
        }
    return count;
}

// Where the body ends is said once, in one way.
static void check_framing(const struct http_request *request, bool is_http_1_1)
{
    const char *value = NULL;
    char digits[32];

    MUST(count_of(request, "Transfer-Encoding", &value) == 0);
    MUST(count_of(request, "Authorization", &value) <= 1);
    MUST(count_of(request, "Host", &value) == 1 || !is_http_1_1);
    if (count_of(request, "Content-Length", &value) == 0) {
        MUST(request->content_length == 0);
        return;
    }
    MUST(count_of(request, "Content-Length", &value) == 1);
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)request->content_length);
    while (value[0] == '0' && value[1] != '\0')
        value++;
    MUST(strcmp(digits, value) == 0);
}

static void check_trace(struct http_request *request)
{
    const char *given = http_request_trace_parent(request);
    const char *trace = http_request_trace(request);
    static const char form[] = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";

    MUST(strlen(trace) == sizeof form - 1);
    for (size_t i = 0; i < sizeof form - 1; i++)
        MUST(form[i] == 'x' ? strchr("0123456789abcdef", trace[i]) != NULL : trace[i] == form[i]);
    MUST(strspn(trace + 3, "0") < 32 && strspn(trace + 36, "0") < 16);
    // In the client's trace, where there is one, and never the client's own span.
    MUST(given == NULL ||
         (strncmp(given + 3, trace + 3, 33) == 0 && strncmp(given + 36, trace + 36, 16) != 0));
    MUST(http_request_trace(request) == trace);
}

// An element such as "gzip;q=0.5", taken apart the long way.
static bool names(struct text element, const char *token, bool *out_is_refused)
{
    char *copy = copy_terminated(element);
    char *name = copy + strspn(copy, " ");
    char *parameters = name + strcspn(name, " ;");
    size_t blanks = strspn(parameters, " ;");
    char *weight = parameters + blanks;
    bool is_named = false;

    *out_is_refused = false;
    if (strncasecmp(weight, "q=0", 3) == 0) {
        char *digits = weight + 3;

        digits[strcspn(digits, " ")] = '\0';
        *out_is_refused = digits[strspn(digits, ".0")] == '\0';
    }
    *parameters = '\0';
    is_named = strcasecmp(name, token) == 0;
    release(copy);
    return is_named;
}

static void check_accepts(const struct http_request *request, const char *header, const char *token)
{
    struct text rest = text_of(http_request_header(request, header));
    bool accepts = false;

    while (rest.length > 0) {
        const char *comma = memchr(rest.data, ',', rest.length);
        struct text element = cut(&rest, comma != NULL ? (size_t)(comma - rest.data) : rest.length);
        bool is_refused = false;

        (void)skip(&rest, ",");
        if (names(element, token, &is_refused)) {
            accepts = !is_refused;
            break;
        }
    }
    MUST(http_request_accepts(request, header, token) == accepts);
}

// The credential that stands in Authorization, whole: a token, or what is base64 of id and secret.
static void check_authorization(const char *value, const struct credential *credential)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    OWNED(strbuf) plain = strbuf_new(HTTP_HEAD_MAX);
    const char *at = value + strcspn(value, " ");

    at += strspn(at, " ");
    if (credential->kind == CREDENTIAL_TOKEN) {
        MUST(strncasecmp(value, "bearer ", 7) == 0 && strcmp(at, credential->secret) == 0);
        MUST(at[0] != '\0' && strchr(at, ' ') == NULL);
        return;
    }
    MUST(credential->kind == CREDENTIAL_API_KEY && strncasecmp(value, "basic ", 6) == 0);
    MUST(strchr(credential->id, ':') == NULL);
    strbuf_printf(plain, "%s:%s", credential->id, credential->secret);
    for (size_t bit = 0; bit < plain->length * 8; bit += 6) {
        unsigned pair = (unsigned char)plain->data[bit / 8] * 256u +
                        (unsigned char)plain->data[bit / 8 + 1]; // its terminator, at the end

        MUST(*at++ == digits[pair >> (10 - bit % 8) & 63]);
    }
    MUST(strspn(at, "=") == strlen(at) && strlen(at) == (3 - plain->length % 3) % 3);
}

// How many cookies have that name; the value of the last goes to `out_value`.
static size_t
count_cookies(const struct http_request *request, const char *name, struct text *out_value)
{
    struct text rest = text_of(http_request_header(request, "Cookie"));
    size_t count = 0;

    while (rest.length > 0) {
        const char *end = memchr(rest.data, ';', rest.length);
        struct text cookie = cut(&rest, end != NULL ? (size_t)(end - rest.data) : rest.length);

        (void)skip(&rest, ";");
        while (skip(&cookie, " "))
            continue;
        if (skip(&cookie, name) && skip(&cookie, "=")) {
            *out_value = cookie;
            count++;
        }
    }
    return count;
}

static void check_credential(struct http_request *request, bool is_secure)
{
    const char *value = http_request_header(request, "Authorization");
    const char *key_id = http_request_header(request, "APCA-API-KEY-ID");
    const char *key_secret = http_request_header(request, "APCA-API-SECRET-KEY");
    bool is_alone = value == NULL && key_id == NULL && key_secret == NULL;
    struct text cookie = {"", 0};
    struct credential credential;
    struct error error;

    request->is_secure = is_secure;
    if (!credential_read(request, &credential, &error)) {
        MUST(error.code == CODE_UNAUTHENTICATED && !is_alone);
        return;
    }
    if (value != NULL) {
        check_authorization(value, &credential);
    } else if (!is_alone) {
        MUST(credential.kind == CREDENTIAL_API_KEY && key_id != NULL && key_secret != NULL);
        MUST(strcmp(credential.id, key_id) == 0 && strcmp(credential.secret, key_secret) == 0);
    } else if (count_cookies(request, credential_cookie_name(request), &cookie) == 1) {
        MUST(credential.kind == CREDENTIAL_COOKIE && text_equals(cookie, credential.secret));
    } else {
        MUST(credential.kind == CREDENTIAL_NONE);
    }
}

static bool ends_with_host(const char *origin, const char *host)
{
    size_t length = strlen(origin);
    size_t host_length = host != NULL ? strlen(host) : 0;

    return host != NULL && length >= host_length + 3 &&
           strcasecmp(origin + length - host_length, host) == 0 &&
           strstr(origin, "://") == origin + length - host_length - 3;
}

// A change sent with a cookie passes with the session's own token, made with either key, and from
// the same site alone.
static void check_csrf(const struct http_request *request)
{
    static const struct rpc_mesh_key first = {.bytes = {1, 2, 3}};
    static const struct rpc_mesh_key second = {.bytes = {4, 5, 6}};
    static const struct rpc_mesh_key key = {
        .bytes = {1, 2, 3}, .second = {4, 5, 6}, .has_second = true};
    static const char session_id[] = "00000000-0000-7000-8000-000000000001";
    const char *given = http_request_header(request, "X-CSRF-Token");
    const char *site = http_request_header(request, "Sec-Fetch-Site");
    const char *origin = http_request_header(request, "Origin");
    char tokens[2][CSRF_TOKEN_SIZE];
    struct error error;
    bool may_pass = false;

    csrf_token(&first, session_id, tokens[0]);
    csrf_token(&second, session_id, tokens[1]);
    may_pass = given != NULL && (strcmp(given, tokens[0]) == 0 || strcmp(given, tokens[1]) == 0) &&
               (site == NULL || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0) &&
               (origin == NULL || ends_with_host(origin, http_request_header(request, "Host")));
    MUST(csrf_check(request, given, &key, session_id, &error) == may_pass);
    MUST(may_pass || error_is(&error, REASON_CSRF_REJECTED));
}

// An address in the one form it is told in; false when the text is none.
static bool normalise(const char *string, char out[CLIENT_ADDRESS_SIZE])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    unsigned char bytes[16];

    if (inet_pton(AF_INET, string, bytes) == 1)
        return inet_ntop(AF_INET, bytes, out, CLIENT_ADDRESS_SIZE) != NULL;
    if (inet_pton(AF_INET6, string, bytes) != 1)
        return false;
    if (memcmp(bytes, mapped, sizeof mapped) == 0)
        return inet_ntop(AF_INET, bytes + sizeof mapped, out, CLIENT_ADDRESS_SIZE) != NULL;
    return inet_ntop(AF_INET6, bytes, out, CLIENT_ADDRESS_SIZE) != NULL;
}

static bool is_port(const char *digits)
{
    size_t length = strspn(digits, "0123456789");
    unsigned port = 0;

    for (size_t i = 0; i < length && i < 5; i++)
        port = port * 10 + (unsigned)(digits[i] - '0');
    return length > 0 && length <= 5 && digits[length] == '\0' && port <= UINT16_MAX;
}

// An entry of X-Forwarded-For; `entry` is cut to pieces.
static bool read_forwarded(char *entry, char out[CLIENT_ADDRESS_SIZE])
{
    char *end = strchr(entry, ']');
    char *colon = strchr(entry, ':');

    if (entry[0] == '[') {
        if (end == NULL || strchr(entry, ':') == NULL || strchr(entry, ':') > end ||
            (end[1] != '\0' && (end[1] != ':' || !is_port(end + 2))))
            return false;
        *end = '\0';
        return normalise(entry + 1, out);
    }
    if (colon != NULL && memchr(entry, '.', (size_t)(colon - entry)) != NULL) {
        if (!is_port(colon + 1))
            return false;
        *colon = '\0';
    }
    return normalise(entry, out);
}

// As far as the proxies of check_client_address go.
static bool is_proxy(const char *address)
{
    return strncmp(address, "10.", 3) == 0 || strcmp(address, "2001:db8::1") == 0;
}

// The address that the proxies vouch for, found from the end of all the lists written as one.
static void find_client(const struct http_request *request, char out[CLIENT_ADDRESS_SIZE])
{
    OWNED(strbuf) all = strbuf_new(HTTP_HEAD_MAX);
    char next[CLIENT_ADDRESS_SIZE];
    char *comma = NULL;

    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, "X-Forwarded-For") == 0)
            strbuf_printf(all, ",%s", request->headers[i].value);
    while (is_proxy(out) && (comma = strrchr(all->data, ',')) != NULL) {
        char *entry = comma + 1 + strspn(comma + 1, " ");
        size_t length = strlen(entry);

        while (length > 0 && entry[length - 1] == ' ')
            entry[--length] = '\0';
        *comma = '\0';
        if (!read_forwarded(entry, next))
            return;
        memcpy(out, next, sizeof next);
    }
}

static void check_client_address(const struct http_request *request)
{
    static const char *const peers[] = {"10.9.9.9", "::ffff:10.1.1.1", "198.51.100.7",
                                        "2001:db8::1"};
    static struct proxy_list *proxies;
    struct error error;
    char found[CLIENT_ADDRESS_SIZE];
    char expected[CLIENT_ADDRESS_SIZE];

    if (proxies == NULL)
        MUST(proxy_list_new("10.0.0.0/8, 2001:db8::1", &proxies, &error));
    for (size_t i = 0; i < COUNT_OF(peers); i++) {
        client_address_find(proxies, peers[i], request->headers, request->header_count, found);
        MUST(normalise(peers[i], expected));
        find_client(request, expected);
        MUST(strcmp(found, expected) == 0);
    }
}

// What is read of Idempotency-Key. With a credential beside it a service would be asked.
static void check_exchange(struct http_request *request)
{
    struct endpoint endpoint = {.http_method = "POST", .path = "/x"};
    struct exchange exchange = {.request = request, .endpoint = &endpoint};
    const char *key = http_request_header(request, "Idempotency-Key");
    struct credential credential;
    struct uuid effect_id;
    struct error error;

    if (!credential_read(request, &credential, &error) || credential.kind != CREDENTIAL_NONE)
        return;
    if (!exchange_begin(&exchange, &error)) {
        MUST(error_is(&error, REASON_INVALID_REQUEST) && key != NULL);
        return;
    }
    MUST(exchange.has_key == (key != NULL && strcmp(request->method, "GET") != 0));
    MUST(exchange.has_key == (strcmp(exchange.effect_id.string, request->id.string) != 0));
    effect_id = exchange.effect_id;
    MUST(exchange_begin(&exchange, &error));
    MUST(strcmp(effect_id.string, exchange.effect_id.string) == 0);
}

static void check_request(struct text raw, struct head *head)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    struct http_request request = {
        .remote_address = "192.0.2.1", .arena = arena, .id = uuid_from_name(text_of("request"))};
    struct error error;

    if (!take_head(head, &request, &error))
        return;
    check_strictly(raw, head, &request);
    check_framing(&request, strcmp(head->version, "1.1") == 0);
    check_trace(&request);
    check_accepts(&request, "Accept-Encoding", "gzip");
    check_accepts(&request, "Accept", "text/html");
    check_credential(&request, false);
    check_credential(&request, true);
    check_csrf(&request);
    check_client_address(&request);
    check_exchange(&request);
}

static bool is_followed_by_nul(const struct head *head, const char *limit)
{
    return limit - head->end >= 2 && head->end[0] == '\r' && head->end[1] == '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    // Of just the size that the server gives civetweb, so that looking behind it is noticed.
    char *buffer = allocate(HTTP_HEAD_MAX);
    char *raw = NULL;
    char *start = buffer;
    const char *limit = buffer + HTTP_HEAD_MAX;
    struct head head;

    digest_start();
    size = size < HTTP_HEAD_MAX ? size : HTTP_HEAD_MAX;
    memcpy(buffer, data, size);
    // Empty lines that come before a request are overlooked.
    while (start < buffer + size && is_space(*start))
        start++;
    size -= (size_t)(start - buffer);
    raw = copy_terminated((struct text){start, size});
    // Behind LF LF, where a head ends too, CR and NUL pass for the end of an empty line. It is the
    // last request: the next one would begin with them.
    if (split_head(start, limit, &head) && !is_followed_by_nul(&head, limit))
        check_request((struct text){raw, (size_t)(head.end - start)}, &head);
    release(raw);
    release(buffer);
    return 0;
}
