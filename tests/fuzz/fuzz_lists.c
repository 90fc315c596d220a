// SPDX-License-Identifier: MIT
// fuzz_lists: what clients send to walk and search lists. A page token that is taken is written and
// read again as the same position; a name and a ticker are found by
// themselves, whatever they are.
//
// The first byte says what follows: 't' a token, 'p' what lies in one of market's before it becomes
// base64url, 's' what was typed and, after a line feed, a name to find or not.
#include "fuzz.h"

#include "base/digest.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "page_token.h"
#include "portfolios/portfolio_page_token.h"
#include "symbols/symbol_search.h"

enum { ARENA_BUDGET = 8 * 1024 * 1024 };

static void check_market_token(struct arena *arena, const char *token)
{
    struct page_position position = {.number = 0};
    struct page_position again = {.number = 0};
    const char *written = NULL;
    struct error error;

    if (!page_token_read(token, "symbols", &position, &error)) {
        MUST(error_is(&error, REASON_INVALID_PAGE_TOKEN));
        return;
    }
    MUST(utf8_is_valid(position.text, strlen(position.text)));
    written = page_token_write(arena, "symbols", &position);
    MUST(written != NULL && page_token_read(written, "symbols", &again, &error));
    MUST(again.number == position.number && strcmp(again.text, position.text) == 0);
    MUST(!page_token_read(written, "symbol", &again, &error));
    MUST(!page_token_read(written, "bars", &again, &error));
}

static void check_portfolio_tokens(struct arena *arena, const char *token)
{
    int64_t created_at = -1;
    int64_t sequence = -1;
    int64_t again = -1;
    const char *id = NULL;
    const char *id_again = NULL;
    struct error error;

    if (!portfolio_page_token_read(token, &created_at, &id, &error)) {
        MUST(created_at == -1 && id == NULL && error_is(&error, REASON_INVALID_PAGE_TOKEN));
    } else if (token[0] != '\0') {
        MUST(created_at >= 0 && uuid_is_valid(id));
        MUST(portfolio_page_token_read(portfolio_page_token_write(arena, created_at, id), &again,
                                       &id_again, &error));
        MUST(again == created_at && strcmp(id, id_again) == 0);
    }
    if (!movement_page_token_read(token, &sequence, &error)) {
        MUST(sequence == -1 && error_is(&error, REASON_INVALID_PAGE_TOKEN));
    } else if (token[0] != '\0') {
        MUST(sequence >= 1 && strspn(token, "0123456789.") == strlen(token));
        MUST(movement_page_token_read(movement_page_token_write(arena, sequence), &again, &error));
        MUST(again == sequence);
    }
}

static void check_plain(struct arena *arena, struct text plain)
{
    char *token = allocate(plain.length * 4 / 3 + 4);
    struct page_position ignored;
    struct error error;

    digest_base64url(plain.data, plain.length, token, plain.length * 4 / 3 + 4);
    check_market_token(arena, token);
    if (page_token_read(token, "symbols", &ignored, &error))
        MUST(plain.length > 8 && memcmp(plain.data, "symbols ", 8) == 0);
    release(token);
}

static void check_search(struct arena *arena, const char *typed, const char *name)
{
    struct symbol_search search;
    struct searched_symbol symbol;
    int64_t rank = 0;

    MUST(symbol_search_read(arena, typed, &search));
    MUST(strpbrk(search.ticker, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL);
    MUST(search.word_count == 0 ? search.phrase[0] == '\0' : search.phrase[0] == ' ');
    MUST(symbol_search_prepare(arena, "BRK.B", name, &symbol));
    rank = symbol_search_rank(&search, &symbol);
    MUST(rank >= -1 && rank <= SYMBOL_RANK_MAX);
    // A name is found by itself, before any name that is merely like it.
    MUST(symbol_search_prepare(arena, "BRK.B", typed, &symbol));
    rank = symbol_search_rank(&search, &symbol);
    MUST(search.word_count == 0 || (rank >= 0 && rank < 3 * 1024));
    if (search.ticker[0] != '\0') {
        MUST(symbol_search_prepare(arena, search.ticker, name, &symbol));
        MUST(symbol_search_rank(&search, &symbol) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    struct text rest = {(const char *)data + 1, size - 1};
    char *first = NULL;
    char *second = NULL;

    if (size == 0)
        return 0;
    digest_start();
    if (data[0] == 'p')
        check_plain(arena, rest);
    first = copy_terminated(data[0] == 's' ? cut_line(&rest) : rest);
    second = copy_terminated(rest);
    if (data[0] == 's')
        check_search(arena, first, second);
    if (data[0] == 't') {
        check_market_token(arena, first);
        check_portfolio_tokens(arena, first);
    }
    release(first);
    release(second);
    return 0;
}
