// SPDX-License-Identifier: MIT
#include "transactions/transaction_message.h"

#include <string.h>

static const struct {
    Portfolio__TransactionType type;
    const char *kind;
} kinds[] = {
    {PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_DEPOSIT, "deposit"},
    {PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_WITHDRAWAL, "withdrawal"},
    {PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_BUY, "buy"},
    {PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_SELL, "sell"},
    {PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_OPENING, "opening"},
    {PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_RESET, "reset"},
    {PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_DIVIDEND, "dividend"},
    {PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_SPLIT, "split"},
    {PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_CASH_IN_LIEU, "cash_in_lieu"},
    {PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_FEE, "fee"},
};

const char *transaction_kind_name(Portfolio__TransactionType type)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (kinds[i].type == type)
            return kinds[i].kind;
    }
    return NULL;
}

static Portfolio__TransactionType type_of(const char *kind)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (strcmp(kinds[i].kind, kind) == 0)
            return kinds[i].type;
    }
    return PORTFOLIO__TRANSACTION_TYPE__TRANSACTION_TYPE_UNSPECIFIED;
}

static bool takes_shares(const char *kind)
{
    return strcmp(kind, "sell") == 0 || strcmp(kind, "reset") == 0 ||
           strcmp(kind, "cash_in_lieu") == 0;
}

static bool add_lots(Portfolio__Transaction *message,
                     const struct movement_record *movement,
                     struct arena *arena)
{
    message->lots = arena_allocate(arena, (movement->lot_count + 1) * sizeof(*message->lots));
    if (message->lots == NULL)
        return false;
    for (size_t i = 0; i < movement->lot_count; i++) {
        Portfolio__OpenedLot *lot = arena_allocate(arena, sizeof(*lot));

        if (lot == NULL)
            return false;
        portfolio__opened_lot__init(lot);
        lot->has_quantity_nanos = lot->has_cost_basis_micros = lot->has_opened_at = true;
        lot->quantity_nanos = movement->lots[i].quantity;
        lot->cost_basis_micros = movement->lots[i].cost;
        lot->opened_at = movement->lots[i].opened_at;
        message->lots[message->n_lots++] = lot;
    }
    return true;
}

Portfolio__Transaction *transaction_of_movement(const struct movement_record *movement,
                                                const char *portfolio_id,
                                                struct arena *arena)
{
    Portfolio__Transaction *message = arena_allocate(arena, sizeof(*message));
    bool is_trade = strcmp(movement->kind, "buy") == 0 || strcmp(movement->kind, "sell") == 0;

    if (message == NULL)
        return NULL;
    portfolio__transaction__init(message);
    message->id = movement->id;
    message->portfolio_id = portfolio_id;
    message->has_type = true;
    message->type = type_of(movement->kind);
    message->ticker = movement->ticker;
    message->has_quantity_nanos = movement->quantity != 0;
    // What the position changed by, as cash_change is for the cash.
    message->quantity_nanos =
        takes_shares(movement->kind) ? -movement->quantity : movement->quantity;
    message->has_price_micros = movement->price != 0;
    message->price_micros = movement->price;
    message->has_cash_change_micros = true;
    message->cash_change_micros = movement->cash_change;
    message->has_cash_after_micros = true;
    message->cash_after_micros = movement->cash_after;
    message->has_commission_micros = is_trade;
    message->commission_micros = movement->commission;
    message->order_id = movement->order_id;
    message->note = movement->note != NULL && movement->note[0] != '\0' ? movement->note : NULL;
    message->has_booked_at = true;
    message->booked_at = movement->booked_at;
    message->has_realized_pl_micros = movement->has_realized_pl;
    message->realized_pl_micros = movement->realized_pl;
    message->has_realized_pl_fifo_micros = movement->has_realized_pl;
    message->realized_pl_fifo_micros = movement->realized_pl_fifo;
    message->has_cost_basis_micros = movement->has_cost;
    message->cost_basis_micros = movement->cost;
    return add_lots(message, movement, arena) ? message : NULL;
}

Portfolio__Transaction *transaction_of_journal(const struct book *book,
                                               const struct ledger_journal *journal,
                                               struct arena *arena)
{
    struct movement_record movement = {
        .id = arena_copy_string(arena, journal->id),
        .kind = ledger_kind_name(journal->kind),
        .ticker = journal->ticker[0] == '\0' ? NULL : arena_copy_string(arena, journal->ticker),
        .note = arena_copy_string(arena, journal->note),
        .quantity = journal->quantity,
        .price = journal->price,
        .commission = journal->commission,
        .has_realized_pl = ledger_kind_realizes(journal->kind) && journal->ticker[0] != '\0',
        .realized_pl = journal->realized_pl,
        .realized_pl_fifo = journal->realized_pl_fifo,
        .booked_at = journal->booked_at,
        .has_cost = journal->kind == LEDGER_KIND_OPENING && journal->ticker[0] != '\0',
        .cost = journal->cost_change,
    };
    const char *portfolio_id = arena_copy_string(arena, book->portfolio_id);
    bool fits = movement.id != NULL && movement.note != NULL && portfolio_id != NULL &&
                (movement.ticker != NULL || journal->ticker[0] == '\0');

    for (size_t i = 0; i < journal->line_count; i++) {
        if (journal->lines[i].account == LEDGER_CASH) {
            movement.cash_change = journal->lines[i].amount;
            movement.cash_after = journal->lines[i].balance_after;
        }
    }
    return fits ? transaction_of_movement(&movement, portfolio_id, arena) : NULL;
}
