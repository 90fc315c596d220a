// SPDX-License-Identifier: MIT
// answer: the parts that answers of several operations have in common.
//
// Threads: any. Memory: the call's arena.
#pragma once

#include "auth.h"
#include "auth_store.h"
#include "bourse/auth/v1/auth.pb-c.h"

// Fails with OUT_OF_MEMORY_BUDGET, always.
bool answer_too_large(struct error *error);

// The user as others see it, without the balance.
MUST_CHECK bool answer_user(struct arena *arena,
                            const struct user_record *record,
                            Auth__User **out_user,
                            struct error *error);

// What a list's page begins after: an id, as lists of auth are in the order of ids. NULL for the
// first page. Fails with INVALID_PAGE_TOKEN.
MUST_CHECK bool
answer_read_page_token(const char *token, const char **out_before_id, struct error *error);

// Fills in the cash over the user's portfolios; it stays absent while that cannot be had.
void answer_balance(struct auth *auth, const struct call *call, Auth__User *user);
