// SPDX-License-Identifier: MIT
// ledger: the rules of one portfolio's books: what may be held, and how each movement is booked.
//
// A book is a portfolio as far as it has been loaded: the balances, holds and movements that a
// batch of operations needs. The functions below either change the book and note what is to be
// written, or refuse and leave it as it was. Double entry: the lines of each journal sum to zero
// for money and for each ticker.
//
// Money is in micros, shares in nanos. Pure: no SQL, no clock. Threads: a book has one owner.
#pragma once

#include "base/error.h"
#include "base/uuid.h"
#include "ledger/lot.h"

enum {
    LEDGER_ASSET_SIZE = 16,
    LEDGER_NOTE_SIZE = 2001,
    LEDGER_LINES_MAX = 5,
    LEDGER_OPENED_LOTS_MAX = 1000, // that are told of one opening, and taken
};

#define LEDGER_CURRENCY "USD"

// X(NAME, name, holds money). The shares' own counter account keeps a ticker that is spelt like the
// currency apart from the money.
#define LEDGER_ACCOUNTS(X)                                                                         \
    X(CASH, "cash", true)                                                                          \
    X(SHARES, "shares", false)                                                                     \
    X(EXTERNAL, "external", true)                                                                  \
    X(MARKET, "market", true)                                                                      \
    X(MARKET_SHARES, "market_shares", false)                                                       \
    X(FEES, "fees", true)

#define LEDGER_ACCOUNT_AS_ENUM(name, text, is_money) LEDGER_##name,
enum ledger_account { LEDGER_ACCOUNTS(LEDGER_ACCOUNT_AS_ENUM) LEDGER_ACCOUNT_COUNT };
#undef LEDGER_ACCOUNT_AS_ENUM

const char *ledger_account_name(enum ledger_account account);
MUST_CHECK bool ledger_account_find(const char *name, enum ledger_account *out_account);
bool ledger_account_is_money(enum ledger_account account);

enum ledger_side { LEDGER_BUY, LEDGER_SELL };

// X(NAME, name, whether it can change what a position has realized)
#define LEDGER_KINDS(X)                                                                            \
    X(DEPOSIT, "deposit", false)                                                                   \
    X(WITHDRAWAL, "withdrawal", false)                                                             \
    X(BUY, "buy", false)                                                                           \
    X(SELL, "sell", true)                                                                          \
    X(OPENING, "opening", false)                                                                   \
    X(RESET, "reset", true)                                                                        \
    X(DIVIDEND, "dividend", false)                                                                 \
    X(SPLIT, "split", false)                                                                       \
    X(CASH_IN_LIEU, "cash_in_lieu", true)                                                          \
    X(FEE, "fee", false)

#define LEDGER_KIND_AS_ENUM(name, text, realizes) LEDGER_KIND_##name,
enum ledger_kind { LEDGER_KINDS(LEDGER_KIND_AS_ENUM) LEDGER_KIND_COUNT };
#undef LEDGER_KIND_AS_ENUM

enum ledger_hold_state { LEDGER_HOLD_ACTIVE, LEDGER_HOLD_RELEASED, LEDGER_HOLD_DONE };

const char *ledger_kind_name(enum ledger_kind kind);
bool ledger_kind_realizes(enum ledger_kind kind);

struct ledger_balance {
    enum ledger_account account;
    char asset[LEDGER_ASSET_SIZE];
    int64_t amount;
    int64_t held;        // of cash and shares: for open orders
    int64_t cost_basis;  // of shares, micros
    int64_t realized_pl; // of shares, micros
    int64_t series;      // of shares; see lot.h
    int64_t sold;        // shares of the series that have been sold
    int64_t sold_cost;   // what they had cost when the oldest are sold first
    int64_t cost_basis_fifo;
    int64_t realized_pl_fifo;
    int64_t first_series; // since the portfolio was reset
    int64_t seq;          // of the last entry
    int64_t sequence;     // of cash and shares: of the last change, see book_number_changes
    bool changed;
};

struct ledger_hold {
    char order_id[UUID_SIZE];
    enum ledger_side side;
    char ticker[LEDGER_ASSET_SIZE]; // empty for an order that was released before it was reserved
    int64_t quantity;               // that may still be filled
    int64_t amount;                 // of a buy: cash still held
    enum ledger_hold_state state;
    bool changed;
};

struct ledger_line {
    enum ledger_account account;
    char asset[LEDGER_ASSET_SIZE];
    int64_t amount;
    int64_t balance_after;
    int64_t seq;
};

struct ledger_journal {
    char id[UUID_SIZE];
    enum ledger_kind kind;
    char reference[UUID_SIZE];
    char order_id[UUID_SIZE];       // empty for none
    char ticker[LEDGER_ASSET_SIZE]; // empty for none
    int64_t quantity;               // of shares; 0 for none, below 0 of a split that takes some
    int64_t price;
    int64_t commission;
    int64_t realized_pl; // of a sell
    int64_t realized_pl_fifo;
    int64_t cost_change; // of the position, by an opening or a reset
    int64_t booked_at;
    char note[LEDGER_NOTE_SIZE];
    size_t line_count;
    struct ledger_line lines[LEDGER_LINES_MAX];
};

struct book {
    char portfolio_id[UUID_SIZE];
    char user_id[UUID_SIZE]; // empty when it was not asked for
    bool is_closed;
    int64_t fill_settings_version;
    int64_t trades_from; // platform time before which no order is held for; 0 for any
    bool lacks_lot;      // an operation was refused for want of a lot that was not loaded
    bool is_half_done;   // one was refused after its first half: nothing of the book may be written
    bool is_numbered;    // cash or shares have changed, and have their numbers
    size_t balance_count, hold_count, booked_count, journal_count;
    size_t lot_count, lots_loaded, sale_count;
    struct ledger_balance *balances;
    struct ledger_hold *holds;
    struct uuid *booked;             // journals that were there already, of those asked for
    struct ledger_journal *journals; // to be written
    struct lot *lots;                // the first `lots_loaded` are there, the others to be written
    struct sale *sales;              // to be written
};

struct book *book_new(const char *portfolio_id, bool is_closed);
void book_free(struct book **book);

// What the database has.
void book_add_balance(struct book *book, const struct ledger_balance *balance);
void book_add_hold(struct book *book, const struct ledger_hold *hold);
void book_add_booked(struct book *book, const char *journal_id);
void book_add_lot(struct book *book, const struct lot *lot);

bool book_has_balance(const struct book *book, enum ledger_account account, const char *asset);
bool book_has_hold(const struct book *book, const char *order_id);
// Whether something is or was held for the order: not for one that was refused or never seen.
bool book_has_held(const struct book *book, const char *order_id);
bool book_is_booked(const struct book *book, const char *journal_id);

// Numbers the cash and shares that have changed since the last time, once all is decided. Each
// change of a portfolio gets the next numbers, the cash the last of them, changed or not: so the
// number of the cash is the portfolio's, and who has seen it has seen all of the change. The cash
// must be loaded. False when nothing has changed.
bool book_number_changes(struct book *book);

// Puts the balances in the order of their assets. The database tells them, and a book adds them, in
// any order, and what is booked for one after the other must not depend on it.
void book_sort_balances(struct book *book);

// The balance, all zero when there has been none.
struct ledger_balance
book_balance(const struct book *book, enum ledger_account account, const char *asset);

struct ledger_reservation {
    const char *order_id;
    enum ledger_side side;
    const char *ticker;
    int64_t quantity;
    int64_t amount;                // of a buy
    const char *replaces_order_id; // NULL for none
    // Whether what is asked for was reckoned by fill settings, and the version of them.
    bool has_settings_version;
    int64_t settings_version;
};

// Holds cash for a buy or shares for a sell. A repeat raises the hold, and never lowers it.
//
// With the id of an order that is replaced, what that holds is given back in the same step, and may
// be part of what is held anew; a refusal leaves it as it was. There is no moment without a hold,
// and none with two.
//
// An order that was refused once is refused for ever: whoever got that answer may have ended the
// order by it, while another process asks for the same order. The reason is the present one, or
// ORDER_NOT_OPEN when there is none any more.
//
// Fails with INSUFFICIENT_FUNDS (required, available), INSUFFICIENT_SHARES (requested, available,
// held_for_orders, existing_quantity, ticker), PORTFOLIO_CLOSED, FILL_SETTINGS_CHANGED for an order
// that holds nothing yet and was reckoned by other settings than there are, ORDER_NOT_OPEN after a
// release or the last fill, of this order or of the one that it replaces, and for a buy
// LIMIT_EXCEEDED when the lots of its ticker could not be counted any more.
MUST_CHECK bool ledger_reserve(struct book *book,
                               const struct ledger_reservation *reservation,
                               struct error *error);

// Has an order that holds nothing refused for ever, if the reason would be the same whenever one
// asks again: as ledger_reserve does by itself with what it refuses.
void ledger_remember_refusal(struct book *book, const char *order_id, const struct error *error);

// Gives back what is left of an order's hold, and remembers orders it has not seen, so that a
// Reserve that comes late is refused.
void ledger_release(struct book *book, const char *order_id);

struct ledger_fill {
    const char *fill_id;
    const char *order_id;
    const char *hold_id;        // what it is filled from; NULL for the order's own hold
    const char *shares_hold_id; // of a buy: what its shares are held under then; NULL for none
    enum ledger_side side;
    const char *ticker;
    int64_t quantity;
    int64_t price;
    int64_t commission;
    int64_t filled_at;
    bool is_final;
    bool is_overtaken; // a dividend or split of the ticker has come into effect since
};

// Books a fill; one that is booked already changes nothing. The hold covers it, so it cannot fail
// for want of funds: a fill that does not fit its hold fails with FILL_MISMATCH. One that needs a
// lot that was not loaded fails with INTERNAL and says so in the book: a sell needs that of the
// last share it sells. Shares that are to be held are added to that hold, unless it has been given
// back before: then nobody waits for them any more.
MUST_CHECK bool ledger_fill(struct book *book, const struct ledger_fill *fill, struct error *error);

// Holds, and books a fill from the hold in the same step; what the fill leaves of it stays held,
// unless it is the final one. One that is booked already changes nothing, whatever is held now.
// Fails as the two above do; where the fill is what fails, the book says that it is half done. One
// that is overtaken fails with CORPORATE_ACTION_IN_EFFECT: it would count among what the action has
// gone through already.
MUST_CHECK bool ledger_reserve_and_fill(struct book *book,
                                        const struct ledger_reservation *reservation,
                                        const struct ledger_fill *fill,
                                        struct error *error);

struct ledger_movement {
    enum ledger_kind kind; // deposit or withdrawal
    const char *reference; // the request's id
    const char *note;      // may be NULL
    int64_t amount;        // more than 0
    int64_t booked_at;
};

// Books a deposit or a withdrawal. Fails with INSUFFICIENT_FUNDS when the withdrawal would touch
// what is held, with PORTFOLIO_CLOSED, with LIMIT_EXCEEDED when the sum cannot be counted.
MUST_CHECK bool
ledger_move_cash(struct book *book, const struct ledger_movement *movement, struct error *error);

// A purchase of before a position was opened.
struct ledger_opened_lot {
    int64_t quantity; // more than 0
    int64_t cost;     // 0 or more
    int64_t opened_at;
};

// A movement that was made elsewhere and is booked as it was: nothing has been held for it. A reset
// is ledger_reset's.
struct ledger_imported {
    enum ledger_kind kind;
    const char *id;
    const char *reference; // the import's
    const char *ticker;    // empty for none
    const char *note;
    int64_t quantity;   // of what moves shares, more than 0; of a split what they change by, or 0
    int64_t price;      // of a trade, more than 0; of a dividend that of a share, or 0
    int64_t commission; // of a buy or sell
    int64_t amount;     // of the others: of cash, 0 or more
    int64_t numerator, denominator; // of a split
    int64_t cost;                   // of an opening of shares, with the lots they were bought in
    const struct ledger_opened_lot *lots;
    size_t lot_count;
    int64_t booked_at;
};

// Books it behind all that is booked already. What is held for open orders stays. A split is of the
// shares that were bought before; all open lots of its ticker must be loaded. Fails with
// INSUFFICIENT_FUNDS, INSUFFICIENT_SHARES (requested, available), CONFLICT when shares are opened
// that there are already, or a split does not come to what it says or splits what is held for
// orders, with LIMIT_EXCEEDED when it cannot be counted, and as ledger_post_sale does when the lot
// of a sale is not loaded.
MUST_CHECK bool
ledger_import(struct book *book, const struct ledger_imported *imported, struct error *error);

// How a portfolio begins, anew or as another one stands.
struct ledger_beginning {
    const char *reference; // the request's id, or the import's
    const char *name;      // what the ids of its movements are made of; NULL for the reference
    const char *note;      // may be NULL
    int64_t cash;          // 0 or more
    int64_t booked_at;
};

// Takes every position to nothing, in the order of their tickers, and the cash to that of the
// beginning; profits count from there on. All balances must be loaded; the book has them sorted
// then. Fails with PORTFOLIO_HAS_OPEN_ORDERS (held_cash, held_positions) while anything is held,
// with PORTFOLIO_CLOSED, with LIMIT_EXCEEDED when it cannot be counted.
MUST_CHECK bool
ledger_reset(struct book *book, const struct ledger_beginning *beginning, struct error *error);

// Opens a position of a new portfolio: amount and costs of `position`. Its lots are the caller's to
// write, in series 1. Returns the journal's id, good until there is another.
const char *ledger_open_position(struct book *book,
                                 const struct ledger_balance *position,
                                 const struct ledger_beginning *beginning);

// Opens the cash of a new portfolio. Fails with LIMIT_EXCEEDED when it cannot be counted.
MUST_CHECK bool
ledger_open_cash(struct book *book, const struct ledger_beginning *beginning, struct error *error);

// A dividend or split as it comes to a portfolio that held the shares.
struct ledger_action {
    const char *id;
    const char *ticker;
    int64_t numerator, denominator; // of a split: so many new shares for so many old ones
    int64_t amount;                 // of a dividend: a share
    int64_t price;                  // that the rest of a share is paid at
    int64_t booked_at;
    const char *imported_as; // its id when it was imported; NULL for not looked for
};

// The id that its booking has in the portfolio.
struct uuid ledger_action_journal(const char *portfolio_id, const char *action_id);

// The id that a dividend or split of that ticker and day has in the portfolio when it was imported,
// since the portfolio began anew with the cash movement behind `reset_seq`: with it in the book,
// the action is booked, too. `at` is any time of the day, which is one of UTC.
struct uuid ledger_imported_action(
    const char *portfolio_id, int64_t reset_seq, bool is_split, const char *ticker, int64_t at);

// Pays a dividend on so many shares. One that is booked already changes nothing. Fails with
// LIMIT_EXCEEDED when the cash cannot be counted.
MUST_CHECK bool ledger_dividend(struct book *book,
                                const struct ledger_action *action,
                                int64_t quantity,
                                struct error *error);

// Splits so many shares of a position, which may have others too; its cost stays, and its lots are
// the caller's to carry over into the series that begins. A split into fewer shares scales what is
// held for sells, each hold rounded down to a multiple of `unit`, and ends those that come to
// nothing: so no hold is ever of more than there is. The holds must be loaded. One that is booked
// already changes nothing. Fails with LIMIT_EXCEEDED.
MUST_CHECK bool ledger_split(struct book *book,
                             const struct ledger_action *action,
                             int64_t quantity,
                             int64_t unit,
                             struct error *error);

// Pays in cash what of a position is not a whole share and not held, after a split: a sale without
// commission. Returns how many shares are to be sold, 0 for none.
int64_t ledger_rest_of_share(const struct book *book, const char *ticker);
MUST_CHECK bool ledger_pay_rest_of_share(struct book *book,
                                         const struct ledger_action *action,
                                         int64_t quantity,
                                         struct error *error);
