// SPDX-License-Identifier: MIT
// ports: those that a test's own servers listen on. They stay the test's while such a server is
// being started again, whatever runs beside it: each process takes a range for itself, of the same
// ranges as tests/support/ports.mjs.
#pragma once

#include <stdint.h>

enum { PORTS_ADDRESS_SIZE = 24 };

// The first of four free ports in a row, which is what a server of lib/rpc listens on. Those given
// out before come again when all 49 fours have been. Ends the test when there are none. Not for
// several threads at once.
uint16_t ports_take(void);

// The same as the address of a server, "127.0.0.1:10201".
void ports_take_address(char out_address[PORTS_ADDRESS_SIZE]);
