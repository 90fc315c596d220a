// SPDX-License-Identifier: MIT
// signing_key: the key pair that access tokens are signed with, kept in auth's schema.
//
// It is made at the first start, by one replica while the others wait at a lock row, so that all
// sign with the same one. Who can read auth's schema can sign tokens: nobody but auth's role may.
#pragma once

#include "database/database.h"
#include "token/token.h"

MUST_CHECK bool signing_key_get(struct database *database,
                                struct arena *arena,
                                struct token_key *out_key,
                                struct error *error);
