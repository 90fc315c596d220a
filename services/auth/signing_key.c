// SPDX-License-Identifier: MIT
#include "signing_key.h"

#include "auth_store.h"

static bool work(struct transaction *transaction, void *context, struct error *error)
{
    struct token_key *key = context;
    bool found = false;

    if (!store_lock(transaction, "signing_key", error) ||
        !store_newest_key(transaction, key, &found, error))
        return false;
    return found || (token_key_generate(key, error) && store_insert_key(transaction, key, error));
}

bool signing_key_get(struct database *database,
                     struct arena *arena,
                     struct token_key *out_key,
                     struct error *error)
{
    return database_transact(database, arena, 0, work, out_key, error);
}
