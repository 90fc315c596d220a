// SPDX-License-Identifier: MIT
// user: what a name, a password and an e-mail address must be like.
//
// Pure rules: no SQL, no RPC, no clock. Threads: any. Memory: nothing kept.
#pragma once

#include "base/error.h"

enum {
    USERNAME_MIN = 3,
    USERNAME_MAX = 32,
    EMAIL_MAX = 254,
    PASSWORD_MIN = 8,   // code points
    PASSWORD_MAX = 128, // code points; a longer one is refused, never cut
    USERNAME_SKELETON_SIZE = 2 * USERNAME_MAX + 1,
};

// What somebody registers with. NULL is absent.
struct registration {
    const char *username;
    const char *email;
    const char *password;
    bool by_administrator; // may leave out e-mail address and password, and answers for passwords
    bool without_email;    // the e-mail address may be left out
};

// Fails with INVALID_REQUEST and one violation a broken rule.
MUST_CHECK bool registration_check(const struct registration *registration, struct error *error);

// A password somebody chooses, and whose it is to be.
struct password_choice {
    const char *field; // of the request, for violations
    const char *password;
    const char *username;
    const char *email;     // NULL for none
    bool by_administrator; // may be easy to guess
};

// 8 to 128 code points of UTF-8; neither the name nor the address; and, unless an administrator
// answers for it, none of those that are tried first, nor made of the name or of what is before the
// address's @. Adds one violation for the rule it breaks, if any; false when it breaks one.
MUST_CHECK bool user_check_password(const struct password_choice *choice, struct error *error);

// At most EMAIL_MAX bytes of ASCII: only there is "the same in either case" the same everywhere. (A
// domain of other letters has an ASCII form, xn--...) Adds a violation of "email", or none.
MUST_CHECK bool user_check_email(const char *email, struct error *error);

// 3 to 32 of a-z A-Z 0-9 . _ - and a letter first.
bool username_is_valid(const char *username);

// What a valid name looks like at a glance: two names with the same skeleton are taken for each
// other. In either case, 0 is o, 1 and i are l, rn is m, vv is w, and . _ - are one another. (The
// idea of UTS #39, for the few characters of names.) The migration 003_lookalikes.sql says the same
// in SQL.
void username_skeleton(const char *username, char out_skeleton[USERNAME_SKELETON_SIZE]);

// True when the name given at a login is an e-mail address; no username has an @.
bool login_is_email(const char *login);
