// SPDX-License-Identifier: MIT
// limit_registry: this process's copy of all limits and halts.
//
// What everybody's orders are looked at with must cost no round trip, so all there is is kept in
// memory: an entry for each portfolio or user of which there is something, rebuilt from the
// database at start and followed by revision. A change made here is there at once, one of another
// replica within half a second; and the statement that inserts orders leaves those out whose limits
// have changed after the revision known here (see STORE_LIMITS_ARE_KNOWN), so that none is placed
// by limits of before.
//
// Threads: any. Memory: its own; what is read is copied out, or looked at under its lock.
#pragma once

#include "limits/limit_store.h"

struct limit_registry;

struct limit_registry *limit_registry_new(void);
void limit_registry_free(struct limit_registry **registry);

// Takes over what has changed in the database. Fails when that cannot be asked; what is known
// stays.
MUST_CHECK bool limit_registry_follow(struct limit_registry *registry,
                                      struct database *database,
                                      struct error *error);

// Up to where everything is known; -1 before the first time.
int64_t limit_registry_revision(struct limit_registry *registry);

// Whether the order may be placed: trading is not halted, and its symbol and value are within the
// limits. Fails with TRADING_HALTED or LIMIT_EXCEEDED.
MUST_CHECK bool limit_registry_check(struct limit_registry *registry,
                                     const struct order *order,
                                     int64_t value,
                                     struct error *error);

// What is in force of one kind in a portfolio.
struct limit limit_registry_limit(struct limit_registry *registry,
                                  const char *portfolio_id,
                                  enum limit_kind kind);

// Fills `error` with TRADING_HALTED when it is, for that portfolio of that user.
bool limit_registry_is_halted(struct limit_registry *registry,
                              const char *portfolio_id,
                              const char *user_id,
                              struct error *error);

// Up to which platform time what was quoted fills no order of that portfolio: now while trading is
// halted, otherwise when it last went on; 0 when it never was.
int64_t limit_registry_blind_until(struct limit_registry *registry,
                                   const char *portfolio_id,
                                   const char *user_id,
                                   int64_t now);

// The first halt after that revision which is to cancel what rests, and has become known here less
// than 5 s ago: so long orders that were on their way may come to rest. False when there is none.
MUST_CHECK bool limit_registry_next_canceling(struct limit_registry *registry,
                                              int64_t after_revision,
                                              struct halt_record *out_halt);

// How often trading has gone on after a halt, as far as it is known here: orders that were looked
// at in between have to be looked at again.
int64_t limit_registry_resumptions(struct limit_registry *registry);

// Fills `error` with TRADING_HALTED and who can lift the halt.
void limit_registry_say_halt(const struct halt_record *halt, struct error *error);
