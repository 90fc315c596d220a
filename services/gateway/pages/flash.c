// SPDX-License-Identifier: MIT
#include "pages/flash.h"

#include "base/digest.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIVES_SECONDS = 60,
    SEAL_SIZE = 23,                  // of a keyed hash in base64url, with its end
    BARE_SIZE = FLASH_TEXT_MAX + 32, // "k1767225600text" with room
    CODED_SIZE = BARE_SIZE * 4 / 3 + 8,
    VALUE_SIZE = CODED_SIZE + 1 + SEAL_SIZE,
};

static const char *cookie_name(const struct http_request *request)
{
    return request->is_secure ? "__Host-bourse_flash" : "bourse_flash";
}

static void set_cookie(const struct http_request *request,
                       struct http_response *response,
                       const char *value,
                       int max_age)
{
    const char *line =
        arena_printf(request->arena, "%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s",
                     cookie_name(request), value, max_age, request->is_secure ? "; Secure" : "");

    if (line != NULL)
        http_response_header(response, "Set-Cookie", line);
}

static void seal(const unsigned char key[KEY_SIZE], const char *coded, char out[SEAL_SIZE])
{
    unsigned char hash[KEYED_HASH_SIZE];

    digest_keyed_pair(text_of("flash\n"), text_of(coded), key, hash);
    digest_base64url(hash, sizeof hash, out, SEAL_SIZE);
}

// The end of the longest beginning of `text` that fits, in whole characters.
static size_t cut(const char *text)
{
    size_t length = strnlen(text, FLASH_TEXT_MAX);

    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--;
    return length;
}

void flash_put(const struct http_request *request,
               struct http_response *response,
               const struct rpc_mesh_key *key,
               int64_t now_us,
               const struct flash *flash)
{
    char bare[BARE_SIZE];
    char value[VALUE_SIZE];
    int length = snprintf(bare, sizeof bare, "%c%lld %.*s", flash->is_error ? 'e' : 'd',
                          (long long)(now_us / MICROS_PER_SECOND + LIVES_SECONDS),
                          (int)cut(flash->text), flash->text);
    size_t coded = 0;

    digest_base64url(bare, (size_t)length, value, CODED_SIZE);
    coded = strlen(value);
    seal(key->bytes, value, value + coded + 1);
    value[coded] = '.';
    set_cookie(request, response, value, LIVES_SECONDS);
}

static bool is_sealed(const struct rpc_mesh_key *key, const char *coded, const char *given)
{
    char expected[SEAL_SIZE];

    if (strlen(given) != SEAL_SIZE - 1)
        return false;
    seal(key->bytes, coded, expected);
    if (digest_equal(expected, given, SEAL_SIZE - 1))
        return true;
    if (!key->has_second)
        return false;
    seal(key->second, coded, expected);
    return digest_equal(expected, given, SEAL_SIZE - 1);
}

// Takes apart what flash_put has put together.
static bool
open_value(struct arena *arena, char *value, const struct rpc_mesh_key *key, char **out_bare)
{
    char *dot = strchr(value, '.');
    char *bare = arena_allocate(arena, BARE_SIZE);
    size_t length = 0;

    if (dot == NULL || bare == NULL)
        return false;
    *dot = '\0';
    if (!is_sealed(key, value, dot + 1) ||
        !digest_base64url_decode(text_of(value), bare, BARE_SIZE - 1, &length))
        return false;
    bare[length] = '\0';
    *out_bare = bare;
    return strlen(bare) == length && utf8_is_valid(bare, length);
}

bool flash_take(const struct http_request *request,
                struct http_response *response,
                const struct rpc_mesh_key *key,
                int64_t now_us,
                struct flash *out_flash)
{
    const char *cookie = http_request_cookie(request, cookie_name(request));
    char *value = cookie == NULL ? NULL : arena_copy_string(request->arena, cookie);
    char *bare = NULL;
    char *text = NULL;

    if (value == NULL)
        return false;
    set_cookie(request, response, "", 0);
    if (!open_value(request->arena, value, key, &bare))
        return false;
    if (strtoll(bare + 1, &text, 10) < now_us / MICROS_PER_SECOND || *text != ' ')
        return false;
    *out_flash = (struct flash){.is_error = bare[0] == 'e', .text = text + 1};
    return true;
}
