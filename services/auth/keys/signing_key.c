// SPDX-License-Identifier: MIT
#include "keys/signing_key.h"

#include "audit/audit.h"
#include "auth_store.h"

#include <string.h>

static void fill(struct signing_key_rotation *rotation, const char *id, int64_t signs_from)
{
    memcpy(rotation->newest, id, strlen(id) + 1);
    rotation->signs_from = signs_from;
}

static bool add_key(struct transaction *transaction,
                    struct signing_key_rotation *rotation,
                    bool is_first,
                    struct error *error)
{
    int64_t delay_seconds =
        rotation->at_once ? SIGNING_KEY_AT_ONCE_SECONDS : SIGNING_KEY_ANNOUNCED_SECONDS;
    int64_t kept_seconds = rotation->at_once ? 0 : SIGNING_KEY_KEPT_SECONDS;
    // The first one has no key before it that could sign in the meantime.
    int64_t signs_from = rotation->now_us + (is_first ? 0 : delay_seconds * MICROS_PER_SECOND);
    const struct call call = {0}; // nobody's: the service itself does it, or who has the machine
    struct token_key key;
    struct audit_event event = {.action = "signing_key.rotate",
                                .subject = key.id,
                                .detail = is_first            ? "the first"
                                          : rotation->at_once ? "at once"
                                                              : "announced"};
    bool done = false;

    if (!token_key_generate(&key, error))
        return false;
    done =
        store_queue_key_ends(transaction, signs_from + kept_seconds * MICROS_PER_SECOND, error) &&
        store_queue_key(transaction, &key, signs_from, error) &&
        audit_done(transaction, &call, &event, error) && transaction_flush(transaction, error);
    fill(rotation, key.id, signs_from);
    rotation->made = done;
    digest_wipe(&key, sizeof key);
    return done;
}

static bool work(struct transaction *transaction, void *context, struct error *error)
{
    struct signing_key_rotation *rotation = context;
    int64_t succeeded_by = rotation->now_us - 2 * TOKEN_SKEW_SECONDS * MICROS_PER_SECOND;
    struct key_list list;

    rotation->made = false;
    if (!store_lock(transaction, "signing_key", error) ||
        !store_queue_key_tidying(transaction, rotation->now_us, succeeded_by, error) ||
        !transaction_flush(transaction, error) ||
        !store_list_keys_within(transaction, rotation->now_us, &list, error))
        return false;
    if (list.count > 0 && !rotation->at_once &&
        rotation->now_us - list.items[0].signs_from < rotation->least_age_us) {
        fill(rotation, list.items[0].id, list.items[0].signs_from);
        return true;
    }
    if (list.count >= SIGNING_KEYS_MAX)
        return error_set(error, REASON_TOO_MANY_REQUESTS,
                         "There are %zu signing keys, and no more than %d may be: try again in %d "
                         "seconds.",
                         list.count, SIGNING_KEYS_MAX, SIGNING_KEY_AT_ONCE_SECONDS);
    return add_key(transaction, rotation, list.count == 0, error);
}

bool signing_key_rotate(struct database *database,
                        struct arena *arena,
                        struct signing_key_rotation *rotation,
                        struct error *error)
{
    return database_transact(database, arena, 0, work, rotation, error);
}
