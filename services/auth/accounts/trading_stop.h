// SPDX-License-Identifier: MIT
// trading_stop: whoever is shut out or has ended the account trades no more, whatever happens
// between the two services.
//
// The transaction that shuts the user out says so in a row; this worker, of any replica, has
// trading stop the user's strategies and cancel the open orders. What is asked for twice is done
// once.
#pragma once

#include "auth.h"

// The worker's function: tells trading of all that are due. True when there may be more.
bool trading_stop_all(void *auth);
