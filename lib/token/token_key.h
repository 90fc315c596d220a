// SPDX-License-Identifier: MIT
// token_key: what the rest of lib/token needs of a key beyond its PEM.
#pragma once

#include "token/token.h"

// The point of a P-256 public key in PEM; false for everything else.
MUST_CHECK bool token_key_read_point(const char *public_pem,
                                     char out_x[TOKEN_COORDINATE_SIZE],
                                     char out_y[TOKEN_COORDINATE_SIZE]);
