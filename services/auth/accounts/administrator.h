// SPDX-License-Identifier: MIT
// administrator: the commands of bourse-auth, for those who have the machine.
#pragma once

#include "service/service.h"

// bourse-auth create-administrator NAME [--if-none true]
//
// The password is in BOURSE_ADMIN_PASSWORD, or is read from standard input. With --if-none nothing
// is done, and nothing printed, when there is an administrator already; and without the variable a
// password is made and printed once: "administrator NAME password PASSWORD".
int administrator_create(struct service *service, int argc, char **argv);

// bourse-auth issue-token NAME prints an access token for an administrator.
int administrator_issue_token(struct service *service, int argc, char **argv);

// bourse-auth rotate-signing-key [--now true] announces a new signing key, unless there is one that
// does not sign yet. With --now, for a key that others may know, all keys there are end in seconds,
// and with them every access token; sessions go on.
int administrator_rotate_signing_key(struct service *service, int argc, char **argv);
