// SPDX-License-Identifier: MIT
// matcher: fills resting orders as quotes come, and ends those whose day is over.
//
// One thread has the book of resting orders. Quotes reach it through a bounded queue, each with the
// clock it was published with, so an order is filled at the first fit quote and at that quote's
// time, however fast the platform's clock runs. When quotes were missed (a gap, a full queue, a
// time in which this program did not run, a leap of the simulated market's clock), it asks market
// for the quotes since the orders were last looked at before it looks at newer ones.
//
// What the quotes have made of an order that trails is written to the database once a second, with
// the time up to which it has looked, and that time alone once an hour of orders that last for
// weeks. A process that starts has the quotes since then shown again, and comes to the same.
//
// Of several replicas each has the orders of its own shards in its book (shard_lease.h). It takes
// them from the database when a shard becomes its own, lets them go when it is lost, and decides
// about nothing else; orders that others let rest in its shards are in the table of arrivals.
#pragma once

#include "orders/order.h"
#include "trading.h"

// Makes a matcher that takes quotes from now on but does nothing yet.
struct matcher *matcher_new(struct trading *trading);

// Starts its thread, once `trading` is complete. It loads the resting orders first.
MUST_CHECK bool matcher_start(struct matcher *matcher, struct error *error);

// The callback for the copy of the quotes; `context` is the matcher.
void matcher_quotes_changed(void *context,
                            const struct quote *quotes,
                            size_t count,
                            const struct platform_clock *clock,
                            bool gap);

// Tells it that shards have been taken or lost; `context` is the matcher.
void matcher_shards_changed(void *context);

// Whether the orders of the ticker are in the book of this process.
bool matcher_has(struct matcher *matcher, const char *ticker);

// Has it look now for orders of that ticker which others have let rest, rather than within half a
// second.
void matcher_look_for_arrivals(struct matcher *matcher, const char *ticker);

// Tells it that an order rests no more, by what another replica says.
void matcher_forget(struct matcher *matcher, const char *ticker, const char *order_id);

// Gives it an order that rests since now. Of another one's shard it is not taken.
void matcher_add(struct matcher *matcher, const struct order *order);

// The same for several that come at once, such as the exits of a group: which of two is filled is
// decided by the quotes that they have missed only when both of them are shown those.
void matcher_add_all(struct matcher *matcher, const struct order *const *orders, size_t count);

// Tells it that an order rests no more.
void matcher_remove(struct matcher *matcher, const char *order_id);

// Has it take up again what it has let go of while trading was halted.
void matcher_load_again(struct matcher *matcher);

// The platform time up to which every quote has been shown to the book, with all orders that were
// placed before, and what came of it has been committed; 0 before the first.
int64_t matcher_looked_at(struct matcher *matcher);

// For the metrics.
struct matcher_numbers {
    size_t resting;    // orders in the book
    uint64_t quotes;   // that the book was shown, so far
    uint64_t triggers; // matches that were executed, repeats included, so far
};
struct matcher_numbers matcher_count(struct matcher *matcher);

// Ends the thread; after that nothing is filled any more, and quotes are not taken.
void matcher_stop(struct matcher *matcher);
void matcher_free(struct matcher **matcher);
