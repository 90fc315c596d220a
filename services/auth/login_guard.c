// SPDX-License-Identifier: MIT
#include "login_guard.h"

#include "base/clock.h"

#include <pthread.h>
#include <string.h>

enum {
    NAME_MAX_BYTES = 1024,
    SETS = 1024, // a power of two
    WAYS = 8,
    WRONG_FREE = 10, // in a row, before there is a wait
    FIRST_WAIT_SECONDS = 15,
    WAIT_SECONDS_MAX = 15 * 60,
    FORGET_AFTER_SECONDS = 30 * 60,
};

struct count {
    unsigned char name[KEYED_HASH_SIZE];
    int wrong; // 0: empty
    int64_t last_us;
    int64_t wait_until_us;
};

struct login_guard {
    unsigned char key[KEY_SIZE];
    pthread_mutex_t lock; // guards the counts
    struct count counts[SETS * WAYS];
};

struct login_guard *login_guard_new(const unsigned char key[KEY_SIZE])
{
    struct login_guard *guard = allocate(sizeof *guard);

    memcpy(guard->key, key, KEY_SIZE);
    pthread_mutex_init(&guard->lock, NULL);
    return guard;
}

void login_guard_free(struct login_guard **guard)
{
    if (*guard == NULL)
        return;
    pthread_mutex_destroy(&(*guard)->lock);
    digest_wipe((*guard)->key, KEY_SIZE);
    release(*guard);
    *guard = NULL;
}

// Names are the same in either case, as where they are looked up.
static void
hash_name(const struct login_guard *guard, const char *name, unsigned char out[KEYED_HASH_SIZE])
{
    char lower[NAME_MAX_BYTES];
    size_t length = strnlen(name, sizeof lower);

    for (size_t i = 0; i < length; i++)
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    digest_keyed((struct text){lower, length}, guard->key, out);
}

static struct count *set_of(struct login_guard *guard, const unsigned char hash[KEYED_HASH_SIZE])
{
    uint32_t number = 0;

    memcpy(&number, hash, sizeof number);
    return &guard->counts[(number & (SETS - 1)) * WAYS];
}

// The name's count, or NULL. With the lock held.
static struct count *find(struct login_guard *guard, const unsigned char hash[KEYED_HASH_SIZE])
{
    struct count *set = set_of(guard, hash);

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].wrong > 0 && memcmp(set[i].name, hash, KEYED_HASH_SIZE) == 0)
            return &set[i];
    return NULL;
}

// A count for a new name: an empty one, or the one untouched longest. With the lock held.
static struct count *make(struct login_guard *guard, const unsigned char hash[KEYED_HASH_SIZE])
{
    struct count *set = set_of(guard, hash);
    struct count *chosen = set;

    for (size_t i = 1; i < WAYS && chosen->wrong > 0; i++)
        if (set[i].wrong == 0 || set[i].last_us < chosen->last_us)
            chosen = &set[i];
    memset(chosen, 0, sizeof *chosen);
    memcpy(chosen->name, hash, KEYED_HASH_SIZE);
    return chosen;
}

static bool is_over(const struct count *count, int64_t now_us)
{
    return now_us - count->last_us >= FORGET_AFTER_SECONDS * MICROS_PER_SECOND;
}

static int64_t wait_after(int wrong)
{
    int64_t seconds = FIRST_WAIT_SECONDS;

    if (wrong < WRONG_FREE)
        return 0;
    for (int i = WRONG_FREE; i < wrong && seconds < WAIT_SECONDS_MAX; i++)
        seconds *= 2;
    return seconds < WAIT_SECONDS_MAX ? seconds : WAIT_SECONDS_MAX;
}

int64_t login_guard_wait_seconds(struct login_guard *guard, const char *name, int64_t now_us)
{
    unsigned char hash[KEYED_HASH_SIZE];
    const struct count *count = NULL;
    int64_t left_us = 0;

    hash_name(guard, name, hash);
    pthread_mutex_lock(&guard->lock);
    count = find(guard, hash);
    if (count != NULL)
        left_us = count->wait_until_us - now_us;
    pthread_mutex_unlock(&guard->lock);
    return left_us <= 0 ? 0 : (left_us + MICROS_PER_SECOND - 1) / MICROS_PER_SECOND;
}

void login_guard_count_wrong(struct login_guard *guard, const char *name, int64_t now_us)
{
    unsigned char hash[KEYED_HASH_SIZE];
    struct count *count = NULL;

    hash_name(guard, name, hash);
    pthread_mutex_lock(&guard->lock);
    count = find(guard, hash);
    if (count == NULL || is_over(count, now_us)) {
        if (count != NULL)
            count->wrong = 0;
        count = make(guard, hash);
    }
    // Those that were under way when the wait began do not make it longer.
    if (count->wait_until_us <= now_us) {
        count->wrong++;
        count->wait_until_us = now_us + wait_after(count->wrong) * MICROS_PER_SECOND;
    }
    count->last_us = now_us;
    pthread_mutex_unlock(&guard->lock);
}

void login_guard_forget(struct login_guard *guard, const char *name)
{
    unsigned char hash[KEYED_HASH_SIZE];
    struct count *count = NULL;

    hash_name(guard, name, hash);
    pthread_mutex_lock(&guard->lock);
    count = find(guard, hash);
    if (count != NULL)
        count->wrong = 0;
    pthread_mutex_unlock(&guard->lock);
}
