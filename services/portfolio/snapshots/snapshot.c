// SPDX-License-Identifier: MIT
#include "snapshots/snapshot.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "money/money.h"

static bool cannot_count(struct error *error)
{
    return error_set(error, REASON_INTERNAL, "The portfolio is worth more than can be counted.");
}

bool snapshot_begin(const struct snapshot *before,
                    size_t more,
                    struct arena *arena,
                    struct snapshot *out_snapshot,
                    struct error *error)
{
    size_t count = before == NULL ? 0 : before->position_count;
    struct snapshot snapshot = {.begins = before == NULL, .position_capacity = count + more};

    snapshot.positions = arena_allocate(arena, (count + more + 1) * sizeof(*snapshot.positions));
    if (snapshot.positions == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET,
                         "The portfolio's days need too much memory.");
    if (before != NULL) {
        snapshot.cash = before->cash;
        snapshot.start_value = snapshot_equity(before);
        snapshot.movements = before->movements;
        snapshot.through_seq = before->through_seq;
    }
    for (size_t i = 0; i < count; i++) {
        const struct snapshot_position *held = &before->positions[i];
        struct snapshot_position *position = &snapshot.positions[snapshot.position_count];

        if (held->quantity == 0)
            continue;
        *position = (struct snapshot_position){.quantity = held->quantity,
                                               .price = held->price,
                                               .start_quantity = held->quantity,
                                               .start_value = held->value};
        memcpy(position->ticker, held->ticker, sizeof(position->ticker));
        snapshot.position_count++;
    }
    *out_snapshot = snapshot;
    return true;
}

void snapshot_begin_anew(struct snapshot *snapshot)
{
    snapshot->begins = snapshot->is_anew = true;
    snapshot->start_value = 0;
    snapshot->deposits = snapshot->cash;
    snapshot->withdrawals = 0;
    snapshot->traded = 0;
    snapshot->position_count = 0;
}

static struct snapshot_position *find_position(struct snapshot *snapshot, const char *ticker)
{
    struct snapshot_position *position = NULL;

    for (size_t i = 0; i < snapshot->position_count; i++) {
        if (strcmp(snapshot->positions[i].ticker, ticker) == 0)
            return &snapshot->positions[i];
    }
    assert(snapshot->position_count < snapshot->position_capacity);
    position = &snapshot->positions[snapshot->position_count++];
    *position = (struct snapshot_position){0};
    snprintf(position->ticker, sizeof(position->ticker), "%s", ticker);
    return position;
}

static bool move_money(struct snapshot *snapshot, const struct snapshot_movement *movement)
{
    // What a new beginning sets the cash to is what it begins with, whatever there was.
    if (movement->kind == LEDGER_KIND_RESET && snapshot->is_anew)
        return money_add(snapshot->deposits, movement->cash, &snapshot->deposits);
    return movement->cash > 0
               ? money_add(snapshot->deposits, movement->cash, &snapshot->deposits)
               : money_subtract(snapshot->withdrawals, movement->cash, &snapshot->withdrawals);
}

static bool trade(struct snapshot *snapshot,
                  struct snapshot_position *position,
                  const struct snapshot_movement *movement)
{
    int64_t paid = movement->kind == LEDGER_KIND_BUY ? -movement->cash : 0;
    int64_t bought = movement->kind == LEDGER_KIND_BUY ? movement->quantity : 0;
    int64_t value = movement->cash < 0 ? -movement->cash : movement->cash;

    return money_add(snapshot->traded, value, &snapshot->traded) &&
           money_add(position->paid, paid, &position->paid) &&
           money_add(position->bought, bought, &position->bought);
}

// The price of before a split is worth what it was in the shares of after it.
static bool split_price(struct snapshot_position *position, int64_t more)
{
    int64_t after = 0;

    if (position->start_quantity <= 0 || position->price == 0)
        return true;
    if (!money_add(position->start_quantity, more, &after))
        return false;
    if (after <= 0)
        return true;
    return money_scale_half_even(position->price, position->start_quantity, after,
                                 &position->price);
}

bool snapshot_add(struct snapshot *snapshot,
                  const struct snapshot_movement *movement,
                  struct error *error)
{
    struct snapshot_position *position = NULL;
    bool done = money_add(snapshot->cash, movement->cash, &snapshot->cash);

    // A fee that is of no ticker is a loss all the same: that of a position without a name.
    if (movement->ticker[0] == '\0' && movement->kind != LEDGER_KIND_FEE) {
        done = done && move_money(snapshot, movement);
        return done || cannot_count(error);
    }
    position = find_position(snapshot, movement->ticker);
    done = done && money_add(position->quantity, movement->quantity, &position->quantity) &&
           money_add(position->cash, movement->cash, &position->cash);
    switch (movement->kind) {
    case LEDGER_KIND_BUY:
    case LEDGER_KIND_SELL:
        done = done && trade(snapshot, position, movement);
        break;
    case LEDGER_KIND_OPENING:
        done = done && money_add(position->opened, movement->quantity, &position->opened);
        break;
    case LEDGER_KIND_SPLIT:
        done = done && split_price(position, movement->quantity);
        break;
    default:
        break;
    }
    return done || cannot_count(error);
}

static void take_price(struct snapshot *snapshot,
                       struct snapshot_position *position,
                       snapshot_price *price,
                       void *context)
{
    int64_t found = 0;
    bool is_of_day = false;

    if (price(context, snapshot, position->ticker, &found, &is_of_day) && is_of_day) {
        position->price = found;
        return;
    }
    snapshot->is_estimated = true;
    if (position->price > 0)
        return;
    if (found > 0)
        position->price = found;
    else if (position->bought > 0 &&
             !money_divide_half_even(position->paid, position->bought, &position->price))
        position->price = 0;
}

static bool value_position(struct snapshot *snapshot, struct snapshot_position *position)
{
    int64_t in_kind = 0;

    return money_multiply_half_even(position->price, position->quantity, &position->value) &&
           money_multiply_half_even(position->price, position->opened, &in_kind) &&
           money_add(snapshot->deposits, in_kind, &snapshot->deposits) &&
           money_subtract(position->value, position->start_value, &position->gain) &&
           money_add(position->gain, position->cash, &position->gain) &&
           money_subtract(position->gain, in_kind, &position->gain) &&
           money_add(snapshot->market_value, position->value, &snapshot->market_value);
}

bool snapshot_close(struct snapshot *snapshot,
                    snapshot_price *price,
                    void *context,
                    struct error *error)
{
    size_t kept = 0;
    int64_t equity = 0;

    snapshot->market_value = 0;
    for (size_t i = 0; i < snapshot->position_count; i++) {
        struct snapshot_position *position = &snapshot->positions[i];

        if (position->quantity != 0 || position->opened != 0)
            take_price(snapshot, position, price, context);
        if (!value_position(snapshot, position))
            return cannot_count(error);
        if (position->quantity != 0 || position->gain != 0)
            snapshot->positions[kept++] = *position;
    }
    snapshot->position_count = kept;
    return money_add(snapshot->cash, snapshot->market_value, &equity) || cannot_count(error);
}

int64_t snapshot_equity(const struct snapshot *snapshot)
{
    return snapshot->cash + snapshot->market_value;
}
