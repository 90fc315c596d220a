// SPDX-License-Identifier: MIT
// signing_key: the key pairs that access tokens are signed with, as they are kept in auth's schema.
//
// One key signs at a time. A new one is made by one replica, while the others wait at a lock row;
// it is announced, then signs, and the one before it is listed until its last token has expired.
// All of that is by the times in the table, so that replicas switch together without talking. Who
// can read auth's schema can sign tokens: nobody but auth's role may.
#pragma once

#include "database/database.h"
#include "token/token.h"

enum {
    // A new key is announced this long before it signs: longer than the five minutes for which
    // caches may keep the JWKS, and the second in which services ask for keys.
    SIGNING_KEY_ANNOUNCED_SECONDS = 10 * 60,
    // And this long when the one before it is known to others, and ends then with all its tokens:
    // services must have asked once.
    SIGNING_KEY_AT_ONCE_SECONDS = 3,
    // A key is listed this long after the next has begun to sign: until its last token has expired,
    // by the clock that is most behind of a signer that was most ahead.
    SIGNING_KEY_KEPT_SECONDS = TOKEN_LIFETIME_SECONDS + 2 * TOKEN_SKEW_SECONDS,
    // Keys there can be; more are not made. Rotations that follow one another as fast as they can
    // need four.
    SIGNING_KEYS_MAX = 8,
};

// Younger than any key will be: makes the first one and no other.
#define SIGNING_KEY_NEVER INT64_MAX

struct signing_key_rotation {
    int64_t now_us;
    int64_t least_age_us; // since the newest began to sign; 0: as soon as it signs
    bool at_once;         // whatever the age: the keys there are end in seconds
    // Filled:
    bool made;                      // else there was no need
    char newest[TOKEN_KEY_ID_SIZE]; // the key that was made, or that there was
    int64_t signs_from;             // of that one
};

// Makes a new key when the newest is old enough, or when there is none; that one signs at once.
// Also clears away what has ended. Several that call this at the same time make one key.
//
// Fails with TOO_MANY_REQUESTS when there are SIGNING_KEYS_MAX already.
MUST_CHECK bool signing_key_rotate(struct database *database,
                                   struct arena *arena,
                                   struct signing_key_rotation *rotation,
                                   struct error *error);
