// SPDX-License-Identifier: MIT
#include "base/traceparent.h"

#include "base/random.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
    TRACE_AT = 3,
    SPAN_AT = 36,
    FLAGS_AT = 53,
    LENGTH = TRACEPARENT_SIZE - 1,
};

static const char digits[] = "0123456789abcdef";

// The last digit of the flags where the lowest bit is set.
#define SAMPLED_DIGITS "13579bdf"

// What makes the ids of this process differ from those of others: random once, then counted, so
// that no id needs a system call. Spans are made everywhere, and nothing else depends on this.
static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t process_half; // the first half of all traces begun here
static atomic_uint_fast64_t counter;

static void start(void)
{
    struct random_source random = random_system();
    uint64_t first = 0;

    random_fill(&random, &process_half, sizeof process_half);
    random_fill(&random, &first, sizeof first);
    process_half |= 1;
    atomic_store(&counter, first);
}

// Never zero, and never twice in 2^64: a step of SplitMix64, which is a permutation.
static uint64_t next_id(void)
{
    struct random_source random;
    uint64_t state = 0;
    uint64_t id = 0;

    (void)pthread_once(&once, start);
    while (id == 0) {
        state =
            atomic_fetch_add_explicit(&counter, UINT64_C(0x9e3779b97f4a7c15), memory_order_relaxed);
        random = random_seeded(&state);
        random_fill(&random, &id, sizeof id);
    }
    return id;
}

static void write_hex(uint64_t number, char *out)
{
    for (size_t i = 16; i-- > 0; number >>= 4)
        out[i] = digits[number & 15];
}

static bool is_hex(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return false;
    return true;
}

static bool is_id(const char *text, size_t length)
{
    bool has_one = false;

    for (size_t i = 0; i < length; i++)
        has_one = has_one || text[i] != '0';
    return has_one && is_hex(text, length);
}

// Of one that is long enough.
static bool has_sampled_flag(const char *text)
{
    return strchr(SAMPLED_DIGITS, text[FLAGS_AT + 1]) != NULL;
}

bool traceparent_is_valid(const char *text)
{
    if (text == NULL || strnlen(text, LENGTH) < LENGTH)
        return false;
    if (!is_hex(text, 2) || text[2] != '-' || text[SPAN_AT - 1] != '-' ||
        text[FLAGS_AT - 1] != '-' || !is_id(text + TRACE_AT, TRACE_ID_SIZE - 1) ||
        !is_id(text + SPAN_AT, SPAN_ID_SIZE - 1) || !is_hex(text + FLAGS_AT, 2))
        return false;
    // Version ff is never one, and only what comes after 00 may say more.
    if (strncmp(text, "00", 2) == 0)
        return text[LENGTH] == '\0';
    return strncmp(text, "ff", 2) != 0 && (text[LENGTH] == '\0' || text[LENGTH] == '-');
}

static void finish(bool is_sampled, char *out)
{
    memcpy(out, "00-", TRACE_AT);
    out[SPAN_AT - 1] = '-';
    write_hex(next_id(), out + SPAN_AT);
    memcpy(out + FLAGS_AT - 1, is_sampled ? "-01" : "-00", 4);
}

void traceparent_begin(bool is_sampled, char out[TRACEPARENT_SIZE])
{
    write_hex(next_id(), out + TRACE_AT + 16);
    write_hex(process_half, out + TRACE_AT);
    finish(is_sampled, out);
}

void traceparent_descend(const char *parent, char out[TRACEPARENT_SIZE])
{
    if (!traceparent_is_valid(parent)) {
        traceparent_begin(false, out);
        return;
    }
    memmove(out + TRACE_AT, parent + TRACE_AT, TRACE_ID_SIZE - 1);
    finish(has_sampled_flag(parent), out);
}

bool traceparent_is_sampled(const char *text)
{
    // The flag first: most are not sampled, and this is asked of each call.
    return text != NULL && strnlen(text, LENGTH) == LENGTH && has_sampled_flag(text) &&
           traceparent_is_valid(text);
}

static void copy_id(const char *text, size_t at, size_t size, char *out)
{
    bool is_valid = traceparent_is_valid(text);

    if (is_valid)
        memcpy(out, text + at, size - 1);
    out[is_valid ? size - 1 : 0] = '\0';
}

void traceparent_trace_id(const char *text, char out[TRACE_ID_SIZE])
{
    copy_id(text, TRACE_AT, TRACE_ID_SIZE, out);
}

void traceparent_span_id(const char *text, char out[SPAN_ID_SIZE])
{
    copy_id(text, SPAN_AT, SPAN_ID_SIZE, out);
}
