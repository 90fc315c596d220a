// SPDX-License-Identifier: MIT
#include "base/uuid.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

static struct uuid format(const unsigned char bytes[16])
{
    static const char digits[] = "0123456789abcdef";
    struct uuid uuid;
    size_t at = 0;

    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            uuid.string[at++] = '-';
        uuid.string[at++] = digits[bytes[i] >> 4];
        uuid.string[at++] = digits[bytes[i] & 15];
    }
    uuid.string[at] = '\0';
    return uuid;
}

static void set_version(unsigned char bytes[16], unsigned char version)
{
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | version << 4);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
}

static void put_time(unsigned char bytes[16], int64_t ms)
{
    for (size_t i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(ms >> (8 * (5 - i)));
}

struct uuid uuid_at(int64_t now_us, const struct random_source *source)
{
    unsigned char bytes[16];

    random_fill(source, bytes, sizeof bytes);
    put_time(bytes, now_us / MICROS_PER_MS);
    set_version(bytes, 7);
    return format(bytes);
}

struct uuid uuid_new(void)
{
    // The lock guards the last stamp. The 12 bits after the version hold a fraction of the
    // millisecond (RFC 9562 section 6.2, method 3), which here also counts within one moment.
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int64_t last;
    struct clock clock = clock_real();
    unsigned char bytes[16];
    int64_t stamp = 0;

    randombytes_buf(bytes, sizeof bytes);
    pthread_mutex_lock(&lock);
    // 4096 steps a millisecond.
    stamp = clock_now_us(&clock) * 4096 / MICROS_PER_MS;
    if (stamp <= last)
        stamp = last + 1;
    last = stamp;
    pthread_mutex_unlock(&lock);
    put_time(bytes, stamp / 4096);
    bytes[6] = (unsigned char)(stamp >> 8 & 0x0f);
    bytes[7] = (unsigned char)(stamp & 0xff);
    set_version(bytes, 7);
    return format(bytes);
}

struct uuid uuid_from_name(struct text name)
{
    unsigned char bytes[16];

    crypto_generichash(bytes, sizeof bytes, (const unsigned char *)name.data, name.length, NULL, 0);
    set_version(bytes, 8);
    return format(bytes);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool uuid_is_valid(const char *string)
{
    for (size_t i = 0; i < UUID_SIZE - 1; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? string[i] != '-' : !is_hex(string[i]))
            return false;
    }
    return string[UUID_SIZE - 1] == '\0';
}
