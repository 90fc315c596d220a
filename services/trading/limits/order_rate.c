// SPDX-License-Identifier: MIT
#include "limits/order_rate.h"

#include <assert.h>
#include <string.h>

#define NO_CLAIM SIZE_MAX

// The claims of a batch: one for each account and each address in it.
struct batch {
    const unsigned char *key;
    struct rate_claim claims[2 * ORDER_LIMITS_MAX];
    size_t count;
};

// The claim of that subject, with one more wanted.
static size_t claim(struct batch *batch, const struct rate_limit *limit, const char *subject)
{
    struct rate_claim one;

    if (!rate_limit_is_on(limit) || subject[0] == '\0')
        return NO_CLAIM;
    one = rate_claim_of(batch->key, limit, subject, 1);
    for (size_t i = 0; i < batch->count; i++)
        if (strcmp(batch->claims[i].key, one.key) == 0) {
            batch->claims[i].wanted++;
            return i;
        }
    batch->claims[batch->count] = one;
    return batch->count++;
}

static bool is_spent(const struct batch *batch, size_t claim)
{
    return claim != NO_CLAIM && batch->claims[claim].granted == 0;
}

static void spend(struct batch *batch, size_t claim)
{
    if (claim != NO_CLAIM)
        batch->claims[claim].granted--;
}

static void refuse(struct limited_order *order, const struct rate_claim *claim)
{
    order->refused = claim->limit;
    order->wait_us = claim->wait_us;
}

// What one limit granted to orders that the other one refused.
static bool
give_back(struct database *database, struct arena *arena, struct batch *batch, struct error *error)
{
    size_t count = 0;

    for (size_t i = 0; i < batch->count; i++)
        if (batch->claims[i].granted > 0) {
            batch->claims[count] = batch->claims[i];
            batch->claims[count].wanted = -batch->claims[count].granted;
            count++;
        }
    return rate_limit_take(database, arena, batch->claims, count, error);
}

bool order_rate_take(struct database *database,
                     struct arena *arena,
                     const unsigned char key[KEY_SIZE],
                     const struct order_rate *limits,
                     struct limited_order *orders,
                     size_t count,
                     struct error *error)
{
    struct batch batch = {.key = key};
    size_t accounts[ORDER_LIMITS_MAX];
    size_t addresses[ORDER_LIMITS_MAX];

    assert(count <= ORDER_LIMITS_MAX);
    for (size_t i = 0; i < count; i++) {
        char place[RATE_PLACE_SIZE];

        rate_limit_place(orders[i].address, place);
        accounts[i] = claim(&batch, &limits->of_account, orders[i].user_id);
        addresses[i] = claim(&batch, &limits->of_address, place);
    }
    if (!rate_limit_take(database, arena, batch.claims, batch.count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        orders[i].refused = NULL;
        if (is_spent(&batch, accounts[i])) {
            refuse(&orders[i], &batch.claims[accounts[i]]);
        } else if (is_spent(&batch, addresses[i])) {
            refuse(&orders[i], &batch.claims[addresses[i]]);
        } else {
            spend(&batch, accounts[i]);
            spend(&batch, addresses[i]);
        }
    }
    return give_back(database, arena, &batch, error);
}
