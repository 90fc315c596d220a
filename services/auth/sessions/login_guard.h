// SPDX-License-Identifier: MIT
// login_guard: who may try a password, and who has to wait.
//
// Wrong logins are counted three times, whether somebody has the name or not:
//
//   of the name from the address   after ten in a row that pair waits, 15 s at first, twice as long
//                                  after each further one, up to 15 minutes;
//   of the name, from anywhere     \ so many in 15 minutes (a rate_limit); then those wait who come
//   from the address, of any name  / from where this user has not logged in of late.
//
// So a stranger's guessing never locks the owner out at home, and guessing from many addresses, or
// of many names, is slowed down all the same.
//
// Pure rules: no SQL, no clock. Threads: any. Memory: nothing kept.
#pragma once

#include "service/rate_limit.h"

enum {
    LOGIN_WRONG_FREE = 10, // in a row, before there is a wait
    LOGIN_FORGET_SECONDS = 30 * 60,
};

// By setting.
struct login_limits {
    struct rate_limit of_name;
    struct rate_limit of_address;
};

// What is known before a password is looked at. All times are the database's.
struct login_history {
    int64_t now;
    int64_t wrong;         // in a row with this name from this address
    int64_t last_wrong_at; // 0: never
    int64_t name_full_at;  // of the buckets; 0: no row
    int64_t address_full_at;
    bool is_from_known_place;
};

struct login_verdict {
    int64_t wait_us;                // 0: the password may be tried
    const struct rate_limit *limit; // that the wait is for; NULL: the name from this address
};

struct login_verdict login_guard_judge(const struct login_limits *limits,
                                       const struct login_history *history);

// How many wrong logins in a row one more may be the last of. Of several that were tried at once
// the later ones do not lengthen the wait that the first began.
int64_t login_guard_wrong_max(const struct login_history *history);
