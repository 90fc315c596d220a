// SPDX-License-Identifier: MIT
#include "keys/signing_keys.h"

#include "auth_store.h"
#include "keys/signing_key.h"

#include <pthread.h>
#include <string.h>

struct signing_key {
    char id[TOKEN_KEY_ID_SIZE];
    int64_t signs_from;
    struct token_signer *signer;
};

struct signing_keys {
    struct signing_keys_options options;
    pthread_rwlock_t lock; // guards what follows; held while signing, so that no signer goes away
    struct signing_key keys[TOKEN_KEYS_MAX];
    size_t count;
};

struct signing_keys *signing_keys_new(const struct signing_keys_options *options)
{
    struct signing_keys *keys = allocate(sizeof *keys);

    keys->options = *options;
    pthread_rwlock_init(&keys->lock, NULL);
    return keys;
}

void signing_keys_free(struct signing_keys **keys)
{
    if (*keys == NULL)
        return;
    for (size_t i = 0; i < (*keys)->count; i++)
        token_signer_free(&(*keys)->keys[i].signer);
    pthread_rwlock_destroy(&(*keys)->lock);
    release(*keys);
    *keys = NULL;
}

bool signing_keys_prepare(struct signing_keys *keys, struct arena *arena, struct error *error)
{
    struct signing_key_rotation rotation = {
        .now_us = clock_now_us(&keys->options.clock),
        .least_age_us = SIGNING_KEY_NEVER,
    };

    return signing_key_rotate(keys->options.database, arena, &rotation, error) &&
           signing_keys_follow(keys, arena, error);
}

static bool announce(struct signing_keys *keys, const struct key_list *list, struct error *error)
{
    struct token_announced_key announced[TOKEN_KEYS_MAX];

    if (keys->options.verifier == NULL)
        return true;
    for (size_t i = 0; i < list->count; i++)
        announced[i] = (struct token_announced_key){list->items[i].id, list->items[i].public_pem};
    return token_verifier_set_keys(keys->options.verifier, announced, list->count, error);
}

// Reads a key's private part; `out_signer` stays NULL when it has just been deleted.
static bool open_signer(struct signing_keys *keys,
                        struct arena *arena,
                        const char *key_id,
                        struct token_signer **out_signer,
                        struct error *error)
{
    const char *pem = NULL;
    struct token_key key = {0};
    bool done = false;

    if (!store_find_private_key(keys->options.database, arena, key_id, &pem, error))
        return false;
    if (pem == NULL)
        return true;
    if (strlen(key_id) >= sizeof key.id || strlen(pem) >= sizeof key.private_pem)
        return error_set(error, REASON_INTERNAL, "A stored signing key is too long.");
    memcpy(key.id, key_id, strlen(key_id) + 1);
    memcpy(key.private_pem, pem, strlen(pem) + 1);
    done = token_signer_new(&key, out_signer, error);
    digest_wipe(&key, sizeof key);
    return done;
}

static const struct signing_key *find_key(const struct signing_keys *keys, const char *key_id)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->keys[i].id, key_id) == 0)
            return &keys->keys[i];
    return NULL;
}

// Adds the signers that are not here yet. Those that are need no lock to be read: nobody else
// changes them.
static bool add_signers(struct signing_keys *keys,
                        struct arena *arena,
                        const struct key_list *list,
                        struct error *error)
{
    for (size_t i = 0; i < list->count; i++) {
        struct signing_key key = {.signs_from = list->items[i].signs_from};

        if (!list->items[i].can_sign || find_key(keys, list->items[i].id) != NULL)
            continue;
        if (keys->count == COUNT_OF(keys->keys))
            return error_set(error, REASON_INTERNAL, "There are too many signing keys.");
        if (!open_signer(keys, arena, list->items[i].id, &key.signer, error))
            return false;
        if (key.signer == NULL)
            continue;
        memcpy(key.id, list->items[i].id, strlen(list->items[i].id) + 1);
        pthread_rwlock_wrlock(&keys->lock);
        keys->keys[keys->count++] = key;
        pthread_rwlock_unlock(&keys->lock);
    }
    return true;
}

static const struct key_record *find_record(const struct key_list *list, const char *key_id)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].can_sign && strcmp(list->items[i].id, key_id) == 0)
            return &list->items[i];
    return NULL;
}

static void drop_signers(struct signing_keys *keys, const struct key_list *list)
{
    size_t kept = 0;

    pthread_rwlock_wrlock(&keys->lock);
    for (size_t i = 0; i < keys->count; i++) {
        const struct key_record *record = find_record(list, keys->keys[i].id);

        if (record == NULL) {
            token_signer_free(&keys->keys[i].signer);
            continue;
        }
        keys->keys[i].signs_from = record->signs_from;
        keys->keys[kept++] = keys->keys[i];
    }
    keys->count = kept;
    pthread_rwlock_unlock(&keys->lock);
}

bool signing_keys_follow(struct signing_keys *keys, struct arena *arena, struct error *error)
{
    struct key_list list;

    if (!store_list_keys(keys->options.database, arena, clock_now_us(&keys->options.clock), &list,
                         error) ||
        !announce(keys, &list, error))
        return false;
    drop_signers(keys, &list);
    return add_signers(keys, arena, &list, error);
}

// The latest whose time has come. Clocks may be apart: should the time of none have come by this
// one, then the earliest.
static const struct signing_key *choose(const struct signing_keys *keys, int64_t now_us)
{
    const struct signing_key *latest = NULL;
    const struct signing_key *earliest = NULL;

    for (size_t i = 0; i < keys->count; i++) {
        const struct signing_key *key = &keys->keys[i];

        if (key->signs_from <= now_us && (latest == NULL || key->signs_from > latest->signs_from))
            latest = key;
        if (earliest == NULL || key->signs_from < earliest->signs_from)
            earliest = key;
    }
    return latest != NULL ? latest : earliest;
}

bool signing_keys_sign(struct signing_keys *keys,
                       const struct token_claims *claims,
                       char out_token[TOKEN_MAX],
                       struct error *error)
{
    const struct signing_key *key = NULL;
    bool done = false;

    pthread_rwlock_rdlock(&keys->lock);
    key = choose(keys, clock_now_us(&keys->options.clock));
    done = key != NULL ? token_sign(key->signer, claims, &keys->options.clock, out_token, error)
                       : error_set(error, REASON_INTERNAL, "There is no signing key.");
    pthread_rwlock_unlock(&keys->lock);
    return done;
}
