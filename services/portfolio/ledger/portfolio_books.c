// SPDX-License-Identifier: MIT
#include "ledger/portfolio_books.h"

#include <stdio.h>
#include <string.h>

#include "database/columns.h"
#include "money/money.h"

// The scale of numeric(22, 9) columns that hold money or shares.
static int scale_of(enum ledger_account account)
{
    return ledger_account_is_money(account) ? MONEY_SCALE : QUANTITY_SCALE;
}

// How long the arrays are says little about the best plan, and planning each time costs more than
// reading what a batch needs.
static const struct statement plan_once = {
    "plan_once",
    "SET LOCAL plan_cache_mode = force_generic_plan",
};

static const struct statement lock_portfolios = {
    "lock_portfolios",
    "SELECT id, closed_at IS NOT NULL, fill_settings_version, user_id, trades_from FROM portfolios"
    " WHERE id = ANY ($1::uuid[])"
    " ORDER BY id FOR UPDATE",
};

#define BALANCE_COLUMNS                                                                            \
    "b.portfolio_id, b.account, b.asset, b.amount, b.held, b.cost_basis, b.realized_pl, b.seq,"    \
    " b.series, b.sold, b.sold_cost, b.cost_basis_fifo, b.realized_pl_fifo, b.first_series,"       \
    " b.sequence"

// The keys come as pairs, so that each is looked up once; `= ANY` on both columns would look up
// every portfolio with every order.
static const struct statement load_balances = {
    "load_balances",
    "SELECT " BALANCE_COLUMNS " FROM unnest($1::uuid[], $2::text[]) AS k (portfolio_id, asset)"
    " JOIN balances b ON b.portfolio_id = k.portfolio_id AND b.asset = k.asset",
};

static const struct statement load_all_balances = {
    "load_all_balances",
    "SELECT " BALANCE_COLUMNS " FROM balances b WHERE b.portfolio_id = ANY ($1::uuid[])",
};

// The tickers that orders hold, for those who know only the orders.
static const struct statement load_held_balances = {
    "load_held_balances",
    "SELECT " BALANCE_COLUMNS " FROM unnest($1::uuid[], $2::uuid[]) AS k (portfolio_id, order_id)"
    " JOIN holds h ON h.portfolio_id = k.portfolio_id AND h.order_id = k.order_id"
    " JOIN balances b ON b.portfolio_id = h.portfolio_id AND b.asset = h.ticker"
    // As with the lots below.
    " AND b.account = CASE h.side WHEN 'sell' THEN 'shares' END",
};

static const struct statement load_holds = {
    "load_holds",
    "SELECT h.portfolio_id, h.order_id, h.side, h.ticker, h.quantity, h.amount, h.state"
    " FROM unnest($1::uuid[], $2::uuid[]) AS k (portfolio_id, order_id)"
    " JOIN holds h ON h.portfolio_id = k.portfolio_id AND h.order_id = k.order_id",
};

static const struct statement load_booked = {
    "load_booked",
    "SELECT j.portfolio_id, j.id FROM unnest($1::uuid[], $2::uuid[]) AS k (portfolio_id, id)"
    " JOIN journals j ON j.portfolio_id = k.portfolio_id AND j.id = k.id",
};

// The lot that has the last of so many shares of a position. The account is a key as the others
// are: were it said here, plans would take the index of all holders, and read all of that.
static const struct statement load_lots = {
    "load_lots",
    "SELECT l.portfolio_id, l.ticker, l.series, l.quantity, l.quantity_after, l.cost, l.cost_after,"
    " l.journal_id, l.opened_at"
    " FROM unnest($1::uuid[], $2::text[], $3::numeric[], $4::text[])"
    " AS k (portfolio_id, asset, quantity, account)"
    " JOIN balances b ON b.portfolio_id = k.portfolio_id AND b.asset = k.asset"
    "  AND b.account = k.account"
    " JOIN LATERAL (SELECT * FROM lots o WHERE o.portfolio_id = b.portfolio_id"
    "  AND o.ticker = b.asset AND o.series = b.series AND o.quantity_after >= b.sold + k.quantity"
    "  ORDER BY o.quantity_after LIMIT 1) l ON true",
};

// Which fills a dividend or split has overtaken. It is looked for once the portfolios are locked:
// what begins later finds the fill in the book.
static const struct statement find_overtaken = {
    "find_overtaken",
    "SELECT k.place - 1 FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY"
    " AS k (ticker, filled_at, place) WHERE EXISTS (SELECT 1 FROM corporate_actions a"
    " WHERE a.ticker = k.ticker AND a.effective_at > k.filled_at)",
};

static const struct statement save_balances = {
    "save_balances",
    "INSERT INTO balances"
    " (portfolio_id, account, asset, amount, held, cost_basis, realized_pl, seq, series, sold,"
    " sold_cost, cost_basis_fifo, realized_pl_fifo, first_series, sequence)"
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::numeric[], $5::numeric[],"
    " $6::numeric[], $7::numeric[], $8::bigint[], $9::integer[], $10::numeric[], $11::numeric[],"
    " $12::numeric[], $13::numeric[], $14::integer[], $15::bigint[])"
    " ON CONFLICT (portfolio_id, asset, account) DO UPDATE SET amount = excluded.amount,"
    " held = excluded.held, cost_basis = excluded.cost_basis,"
    " realized_pl = excluded.realized_pl, seq = excluded.seq, series = excluded.series,"
    " sold = excluded.sold, sold_cost = excluded.sold_cost,"
    " cost_basis_fifo = excluded.cost_basis_fifo, realized_pl_fifo = excluded.realized_pl_fifo,"
    " first_series = excluded.first_series, sequence = excluded.sequence",
};

static const struct statement save_lots = {
    "save_lots",
    "INSERT INTO lots (portfolio_id, ticker, series, quantity, quantity_after, cost, cost_after,"
    " journal_id, opened_at, carried)"
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::numeric[], $5::numeric[],"
    " $6::numeric[], $7::numeric[], $8::uuid[], $9::timestamptz[], $10::boolean[])",
};

static const struct statement save_sales = {
    "save_sales",
    "INSERT INTO sales (portfolio_id, ticker, series, quantity, quantity_after, cost, cost_after,"
    " proceeds, journal_id, closed_at)"
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::numeric[], $5::numeric[],"
    " $6::numeric[], $7::numeric[], $8::numeric[], $9::uuid[], $10::timestamptz[])",
};

static const struct statement save_holds = {
    "save_holds",
    "INSERT INTO holds (portfolio_id, order_id, side, ticker, quantity, amount, state)"
    " SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::numeric[],"
    " $6::numeric[], $7::text[])"
    " ON CONFLICT (portfolio_id, order_id) DO UPDATE SET quantity = excluded.quantity,"
    " amount = excluded.amount, state = excluded.state",
};

static const struct statement save_journals = {
    "save_journals",
    "INSERT INTO journals (portfolio_id, id, kind, reference, order_id, ticker, quantity, price,"
    " commission, realized_pl, realized_pl_fifo, note, booked_at, cost_change)"
    " SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[],"
    " $6::text[], $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[],"
    " $11::numeric[], $12::text[], $13::timestamptz[], $14::numeric[])",
};

static const struct statement save_entries = {
    "save_entries",
    "INSERT INTO entries (portfolio_id, account, asset, seq, journal_id, amount, balance_after)"
    " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::uuid[],"
    " $6::numeric[], $7::numeric[])",
};

void books_free(struct books **books)
{
    if (*books == NULL)
        return;
    for (size_t i = 0; i < (*books)->count; i++)
        book_free(&(*books)->books[i]);
    release((*books)->books);
    release((*books)->overtaken);
    release(*books);
    *books = NULL;
}

struct book *books_find(const struct books *books, const char *portfolio_id)
{
    for (size_t i = 0; i < books->count; i++) {
        if (strcmp(books->books[i]->portfolio_id, portfolio_id) == 0)
            return books->books[i];
    }
    return NULL;
}

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The batch needs too much memory.");
}

// Queues a statement with the keys that go with the portfolios, one for one.
static bool queue_load(struct transaction *transaction,
                       const struct statement *statement,
                       const char **portfolio_ids,
                       const char **keys,
                       size_t count,
                       struct rows *out_rows,
                       struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    struct parameter parameters[2];

    if (count == 0)
        return true;
    return parameter_text_array(arena, portfolio_ids, count, &parameters[0], error) &&
           parameter_text_array(arena, keys, count, &parameters[1], error) &&
           transaction_queue(transaction, statement, parameters, 2, out_rows, error);
}

// Queues the balances of the currency and of the tickers that are wanted.
static bool queue_balances_load(struct transaction *transaction,
                                const struct books_wanted *wanted,
                                struct rows *out_rows,
                                struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    size_t count = wanted->count * (wanted->tickers == NULL ? 1 : 2);
    const char **portfolio_ids = arena_allocate(arena, (count + 1) * sizeof(*portfolio_ids));
    const char **assets = arena_allocate(arena, (count + 1) * sizeof(*assets));

    if (portfolio_ids == NULL || assets == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        bool is_money = i < wanted->count;

        portfolio_ids[i] = wanted->portfolio_ids[i % wanted->count];
        assets[i] = is_money ? LEDGER_CURRENCY : wanted->tickers[i - wanted->count];
    }
    return queue_load(transaction, &load_balances, portfolio_ids, assets, count, out_rows, error);
}

static void take_portfolios(struct books *books, const struct rows *rows)
{
    books->books = allocate_array(rows->count + 1, sizeof(struct book *));
    for (size_t i = 0; i < rows->count; i++) {
        struct book *book = book_new(rows_text(rows, i, 0), rows_bool(rows, i, 1));

        book->fill_settings_version = rows_int(rows, i, 2);
        snprintf(book->user_id, sizeof(book->user_id), "%s", rows_text(rows, i, 3));
        book->trades_from = rows_is_null(rows, i, 4) ? 0 : rows_time(rows, i, 4);
        books->books[books->count++] = book;
    }
}

static void take_balances(struct books *books, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct book *book = books_find(books, rows_text(rows, i, 0));
        struct ledger_balance balance = {0};

        if (book == NULL || !ledger_account_find(rows_text(rows, i, 1), &balance.account) ||
            book_has_balance(book, balance.account, rows_text(rows, i, 2)))
            continue;
        snprintf(balance.asset, sizeof(balance.asset), "%s", rows_text(rows, i, 2));
        balance.amount = rows_decimal(rows, i, 3, scale_of(balance.account));
        balance.held = rows_decimal(rows, i, 4, scale_of(balance.account));
        balance.cost_basis = rows_decimal(rows, i, 5, MONEY_SCALE);
        balance.realized_pl = rows_decimal(rows, i, 6, MONEY_SCALE);
        balance.seq = rows_int(rows, i, 7);
        balance.series = rows_int(rows, i, 8);
        balance.sold = rows_decimal(rows, i, 9, QUANTITY_SCALE);
        balance.sold_cost = rows_decimal(rows, i, 10, MONEY_SCALE);
        balance.cost_basis_fifo = rows_decimal(rows, i, 11, MONEY_SCALE);
        balance.realized_pl_fifo = rows_decimal(rows, i, 12, MONEY_SCALE);
        balance.first_series = rows_int(rows, i, 13);
        balance.sequence = rows_int(rows, i, 14);
        book_add_balance(book, &balance);
    }
}

static const char *const state_names[] = {"active", "released", "done"};

static enum ledger_hold_state state_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(state_names); i++) {
        if (strcmp(state_names[i], name) == 0)
            return (enum ledger_hold_state)i;
    }
    return LEDGER_HOLD_DONE;
}

void books_take_holds(struct books *books, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct book *book = books_find(books, rows_text(rows, i, 0));
        struct ledger_hold hold = {.quantity = rows_decimal(rows, i, 4, QUANTITY_SCALE),
                                   .amount = rows_decimal(rows, i, 5, MONEY_SCALE),
                                   .state = state_of(rows_text(rows, i, 6))};
        const char *side = rows_text(rows, i, 2);
        const char *ticker = rows_text(rows, i, 3);

        if (book == NULL || book_has_hold(book, rows_text(rows, i, 1)))
            continue;
        hold.side = side != NULL && strcmp(side, "sell") == 0 ? LEDGER_SELL : LEDGER_BUY;
        snprintf(hold.order_id, sizeof(hold.order_id), "%s", rows_text(rows, i, 1));
        snprintf(hold.ticker, sizeof(hold.ticker), "%s", ticker == NULL ? "" : ticker);
        book_add_hold(book, &hold);
    }
}

static void take_booked(struct books *books, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct book *book = books_find(books, rows_text(rows, i, 0));

        if (book != NULL)
            book_add_booked(book, rows_text(rows, i, 1));
    }
}

// Queues the lots that the sells of a batch end in.
static bool queue_lots_load(struct transaction *transaction,
                            const struct books_wanted *wanted,
                            struct rows *out_rows,
                            struct error *error)
{
    struct columns keys;

    if (wanted->sold == NULL)
        return true;
    if (!columns_start(&keys, transaction_arena(transaction), 4, wanted->count, error))
        return false;
    for (size_t i = 0; i < wanted->count; i++) {
        struct parameter row[4] = {
            parameter_text(wanted->portfolio_ids[i]),
            parameter_text(wanted->tickers[i]),
            parameter_decimal(wanted->sold[i], QUANTITY_SCALE),
            parameter_text(ledger_account_name(LEDGER_SHARES)),
        };

        if (wanted->sold[i] > 0)
            columns_add(&keys, row);
    }
    return columns_queue(&keys, transaction, &load_lots, NULL, 0, out_rows, error);
}

void books_take_lots(struct books *books, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct book *book = books_find(books, rows_text(rows, i, 0));
        struct lot lot = {
            .series = rows_int(rows, i, 2),
            .quantity = rows_decimal(rows, i, 3, QUANTITY_SCALE),
            .quantity_after = rows_decimal(rows, i, 4, QUANTITY_SCALE),
            .cost = rows_decimal(rows, i, 5, MONEY_SCALE),
            .cost_after = rows_decimal(rows, i, 6, MONEY_SCALE),
            .opened_at = rows_time(rows, i, 8),
        };

        snprintf(lot.ticker, sizeof(lot.ticker), "%s", rows_text(rows, i, 1));
        snprintf(lot.journal_id, sizeof(lot.journal_id), "%s", rows_text(rows, i, 7));
        if (book != NULL)
            book_add_lot(book, &lot);
    }
}

static bool queue_overtaken(struct transaction *transaction,
                            const struct books_wanted *wanted,
                            struct rows *out_rows,
                            struct error *error)
{
    struct columns table;

    if (wanted->filled_at == NULL)
        return true;
    if (!columns_start(&table, transaction_arena(transaction), 2, wanted->count, error))
        return false;
    for (size_t i = 0; i < wanted->count; i++) {
        int64_t filled_at = wanted->filled_at[i];
        struct parameter row[2] = {
            parameter_text(wanted->tickers[i]),
            filled_at == 0 ? parameter_null() : parameter_time(filled_at),
        };

        columns_add(&table, row);
    }
    return columns_queue(&table, transaction, &find_overtaken, NULL, 0, out_rows, error);
}

static void take_overtaken(struct books *books, size_t count, const struct rows *rows)
{
    books->overtaken = allocate_array(count, sizeof(*books->overtaken));
    for (size_t i = 0; i < rows->count; i++)
        books->overtaken[rows_int(rows, i, 0)] = true;
}

bool books_load(struct transaction *transaction,
                const struct books_wanted *wanted,
                struct books **out_books,
                struct error *error)
{
    struct arena *arena = transaction_arena(transaction);
    const char **ids = wanted->portfolio_ids;
    size_t orders = wanted->order_ids == NULL ? 0 : wanted->count;
    size_t held_orders = wanted->held_shares ? orders : 0;
    size_t journals = wanted->journal_ids == NULL ? 0 : wanted->count;
    struct rows portfolios = {0};
    struct rows balances = {0};
    struct rows held = {0};
    struct rows holds = {0};
    struct rows booked = {0};
    struct rows lots = {0};
    struct rows overtaken = {0};
    struct parameter array;
    struct books *books = NULL;

    // One round trip: each statement sees what was committed when it begins, and it begins after
    // the locks have been taken.
    if (!transaction_queue(transaction, &plan_once, NULL, 0, NULL, error) ||
        !parameter_text_array(arena, ids, wanted->count, &array, error) ||
        !transaction_queue(transaction, &lock_portfolios, &array, 1, &portfolios, error) ||
        !(wanted->all_balances
              ? transaction_queue(transaction, &load_all_balances, &array, 1, &balances, error)
              : queue_balances_load(transaction, wanted, &balances, error)) ||
        !queue_load(transaction, &load_held_balances, ids, wanted->order_ids, held_orders, &held,
                    error) ||
        !queue_load(transaction, &load_holds, ids, wanted->order_ids, orders, &holds, error) ||
        !queue_load(transaction, &load_booked, ids, wanted->journal_ids, journals, &booked,
                    error) ||
        !queue_lots_load(transaction, wanted, &lots, error) ||
        !queue_overtaken(transaction, wanted, &overtaken, error) ||
        !transaction_flush(transaction, error))
        return false;
    books = allocate(sizeof(*books));
    take_portfolios(books, &portfolios);
    take_balances(books, &balances);
    take_balances(books, &held);
    books_take_holds(books, &holds);
    take_booked(books, &booked);
    books_take_lots(books, &lots);
    if (wanted->filled_at != NULL)
        take_overtaken(books, wanted->count, &overtaken);
    *out_books = books;
    return true;
}

bool books_load_all_balances(struct transaction *transaction,
                             struct books *books,
                             const char **portfolio_ids,
                             size_t count,
                             struct error *error)
{
    struct rows balances = {0};
    struct parameter array;

    if (!parameter_text_array(transaction_arena(transaction), portfolio_ids, count, &array,
                              error) ||
        !transaction_queue(transaction, &load_all_balances, &array, 1, &balances, error) ||
        !transaction_flush(transaction, error))
        return false;
    take_balances(books, &balances);
    return true;
}

static size_t count_of(const struct books *books, size_t (*count)(const struct book *book))
{
    size_t sum = 0;

    for (size_t i = 0; i < books->count; i++)
        sum += count(books->books[i]);
    return sum;
}

static size_t balances_of(const struct book *book)
{
    return book->balance_count;
}

static size_t holds_of(const struct book *book)
{
    return book->hold_count;
}

static size_t journals_of(const struct book *book)
{
    return book->journal_count;
}

static bool
queue_balances(struct transaction *transaction, const struct books *books, struct error *error)
{
    struct columns table;

    if (!columns_start(&table, transaction_arena(transaction), 15, count_of(books, balances_of),
                       error))
        return false;
    for (size_t i = 0; i < books->count; i++) {
        const struct book *book = books->books[i];

        for (size_t j = 0; j < book->balance_count; j++) {
            const struct ledger_balance *balance = &book->balances[j];
            int scale = scale_of(balance->account);
            struct parameter row[15] = {
                parameter_text(book->portfolio_id),
                parameter_text(ledger_account_name(balance->account)),
                parameter_text(balance->asset),
                parameter_decimal(balance->amount, scale),
                parameter_decimal(balance->held, scale),
                parameter_decimal(balance->cost_basis, MONEY_SCALE),
                parameter_decimal(balance->realized_pl, MONEY_SCALE),
                parameter_int(balance->seq),
                parameter_int(balance->series),
                parameter_decimal(balance->sold, QUANTITY_SCALE),
                parameter_decimal(balance->sold_cost, MONEY_SCALE),
                parameter_decimal(balance->cost_basis_fifo, MONEY_SCALE),
                parameter_decimal(balance->realized_pl_fifo, MONEY_SCALE),
                parameter_int(balance->first_series),
                parameter_int(balance->sequence),
            };

            if (balance->changed)
                columns_add(&table, row);
        }
    }
    return columns_queue(&table, transaction, &save_balances, NULL, 0, NULL, error);
}

static bool
queue_holds(struct transaction *transaction, const struct books *books, struct error *error)
{
    struct columns table;

    if (!columns_start(&table, transaction_arena(transaction), 7, count_of(books, holds_of), error))
        return false;
    for (size_t i = 0; i < books->count; i++) {
        const struct book *book = books->books[i];

        for (size_t j = 0; j < book->hold_count; j++) {
            const struct ledger_hold *hold = &book->holds[j];
            bool is_known = hold->ticker[0] != '\0';
            struct parameter row[7] = {
                parameter_text(book->portfolio_id),
                parameter_text(hold->order_id),
                parameter_text(!is_known                  ? NULL
                               : hold->side == LEDGER_BUY ? "buy"
                                                          : "sell"),
                parameter_text(is_known ? hold->ticker : NULL),
                parameter_decimal(hold->quantity, QUANTITY_SCALE),
                parameter_decimal(hold->amount, MONEY_SCALE),
                parameter_text(state_names[hold->state]),
            };

            if (hold->changed)
                columns_add(&table, row);
        }
    }
    return columns_queue(&table, transaction, &save_holds, NULL, 0, NULL, error);
}

static struct parameter text_or_null(const char *text)
{
    return parameter_text(text[0] == '\0' ? NULL : text);
}

static struct parameter decimal_or_null(bool is_there, int64_t value, int scale)
{
    return is_there ? parameter_decimal(value, scale) : parameter_null();
}

static void
add_journal(struct columns *table, const struct book *book, const struct ledger_journal *journal)
{
    bool is_of_shares = journal->ticker[0] != '\0';
    bool realizes = is_of_shares && ledger_kind_realizes(journal->kind);
    bool moves_cost = is_of_shares &&
                      (journal->kind == LEDGER_KIND_OPENING || journal->kind == LEDGER_KIND_RESET);
    struct parameter row[14] = {
        parameter_text(book->portfolio_id),
        parameter_text(journal->id),
        parameter_text(ledger_kind_name(journal->kind)),
        parameter_text(journal->reference),
        text_or_null(journal->order_id),
        text_or_null(journal->ticker),
        decimal_or_null(journal->quantity != 0, journal->quantity, QUANTITY_SCALE),
        decimal_or_null(journal->price != 0, journal->price, MONEY_SCALE),
        parameter_decimal(journal->commission, MONEY_SCALE),
        decimal_or_null(realizes, journal->realized_pl, MONEY_SCALE),
        decimal_or_null(realizes, journal->realized_pl_fifo, MONEY_SCALE),
        parameter_text(journal->note),
        parameter_time(journal->booked_at),
        decimal_or_null(moves_cost, journal->cost_change, MONEY_SCALE),
    };

    columns_add(table, row);
}

static void
add_lines(struct columns *table, const struct book *book, const struct ledger_journal *journal)
{
    for (size_t i = 0; i < journal->line_count; i++) {
        const struct ledger_line *line = &journal->lines[i];
        int scale = scale_of(line->account);
        struct parameter row[7] = {
            parameter_text(book->portfolio_id),
            parameter_text(ledger_account_name(line->account)),
            parameter_text(line->asset),
            parameter_int(line->seq),
            parameter_text(journal->id),
            parameter_decimal(line->amount, scale),
            parameter_decimal(line->balance_after, scale),
        };

        columns_add(table, row);
    }
}

static bool
queue_journals(struct transaction *transaction, const struct books *books, struct error *error)
{
    size_t count = count_of(books, journals_of);
    struct arena *arena = transaction_arena(transaction);
    struct columns journals;
    struct columns lines;

    if (!columns_start(&journals, arena, 14, count, error) ||
        !columns_start(&lines, arena, 7, count * LEDGER_LINES_MAX, error))
        return false;
    for (size_t i = 0; i < books->count; i++) {
        const struct book *book = books->books[i];

        for (size_t j = 0; j < book->journal_count; j++) {
            add_journal(&journals, book, &book->journals[j]);
            add_lines(&lines, book, &book->journals[j]);
        }
    }
    return columns_queue(&journals, transaction, &save_journals, NULL, 0, NULL, error) &&
           columns_queue(&lines, transaction, &save_entries, NULL, 0, NULL, error);
}

static size_t lots_of(const struct book *book)
{
    return book->lot_count - book->lots_loaded;
}

static size_t sales_of(const struct book *book)
{
    return book->sale_count;
}

static bool
queue_lots(struct transaction *transaction, const struct books *books, struct error *error)
{
    struct columns table;

    if (!columns_start(&table, transaction_arena(transaction), 10, count_of(books, lots_of), error))
        return false;
    for (size_t i = 0; i < books->count; i++) {
        const struct book *book = books->books[i];

        for (size_t j = book->lots_loaded; j < book->lot_count; j++) {
            const struct lot *lot = &book->lots[j];
            struct parameter row[10] = {
                parameter_text(book->portfolio_id),
                parameter_text(lot->ticker),
                parameter_int(lot->series),
                parameter_decimal(lot->quantity, QUANTITY_SCALE),
                parameter_decimal(lot->quantity_after, QUANTITY_SCALE),
                parameter_decimal(lot->cost, MONEY_SCALE),
                parameter_decimal(lot->cost_after, MONEY_SCALE),
                parameter_text(lot->journal_id),
                parameter_time(lot->opened_at),
                parameter_bool(lot->is_carried),
            };

            columns_add(&table, row);
        }
    }
    return columns_queue(&table, transaction, &save_lots, NULL, 0, NULL, error);
}

static bool
queue_sales(struct transaction *transaction, const struct books *books, struct error *error)
{
    struct columns table;

    if (!columns_start(&table, transaction_arena(transaction), 10, count_of(books, sales_of),
                       error))
        return false;
    for (size_t i = 0; i < books->count; i++) {
        const struct book *book = books->books[i];

        for (size_t j = 0; j < book->sale_count; j++) {
            const struct sale *sale = &book->sales[j];
            struct parameter row[10] = {
                parameter_text(book->portfolio_id),
                parameter_text(sale->ticker),
                parameter_int(sale->series),
                parameter_decimal(sale->quantity, QUANTITY_SCALE),
                parameter_decimal(sale->quantity_after, QUANTITY_SCALE),
                parameter_decimal(sale->cost, MONEY_SCALE),
                parameter_decimal(sale->cost_after, MONEY_SCALE),
                parameter_decimal(sale->proceeds, MONEY_SCALE),
                parameter_text(sale->journal_id),
                parameter_time(sale->closed_at),
            };

            columns_add(&table, row);
        }
    }
    return columns_queue(&table, transaction, &save_sales, NULL, 0, NULL, error);
}

bool books_save(struct transaction *transaction, const struct books *books, struct error *error)
{
    for (size_t i = 0; i < books->count; i++)
        books->books[i]->is_numbered |= book_number_changes(books->books[i]);
    return queue_journals(transaction, books, error) && queue_balances(transaction, books, error) &&
           queue_holds(transaction, books, error) && queue_lots(transaction, books, error) &&
           queue_sales(transaction, books, error);
}
