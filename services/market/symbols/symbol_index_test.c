// SPDX-License-Identifier: MIT
#include "symbols/symbol_index.h"

#include "imports/symbol_csv.h"
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 20000, SEARCH_MEMORY = 4 * 1024 * 1024 };

static void add(struct symbol_index *index, const struct symbol *symbol)
{
    struct error error;

    if (!symbol_index_add(index, symbol, &error))
        fail_msg("%s", error.message);
}

static struct symbol_index *make_index(void)
{
    static const struct symbol symbols[] = {
        {.ticker = "AAPL",
         .name = "Apple Inc.",
         .exchange = "NASDAQ",
         .sector = "Technology",
         .is_active = true},
        {.ticker = "APLE",
         .name = "Apple Hospitality REIT",
         .exchange = "NYSE",
         .sector = "Real Estate",
         .is_active = true},
        {.ticker = "MLP", .name = "Maui Land & Pineapple", .exchange = "NYSE", .is_active = false},
        {.ticker = "MSFT", .name = "Microsoft", .exchange = "NASDAQ", .is_active = true},
    };
    struct symbol_index *index = symbol_index_new();

    for (size_t i = 0; i < COUNT_OF(symbols); i++)
        add(index, &symbols[i]);
    return index;
}

// The tickers that are found, after one another.
static const char *found(const struct symbol_index *index,
                         struct arena *arena,
                         struct symbol_query query,
                         const char *q)
{
    struct symbol *symbols = NULL;
    size_t count = 0;
    char all[1024] = "";
    struct error error;

    if (query.limit == 0)
        query.limit = 50;
    if (query.after.text[0] == '\0')
        query.after.number = -1;
    assert_true(symbol_search_read(arena, q, &query.search));
    if (!symbol_index_search(index, arena, &query, &symbols, &count, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(all);

        (void)snprintf(all + length, sizeof all - length, "%s%s", i == 0 ? "" : " ",
                       symbols[i].ticker);
    }
    return arena_copy_string(arena, all);
}

static void what_is_found_is_in_order_and_within_the_filters(void **state)
{
    OWNED(symbol_index) index = make_index();
    OWNED(arena) arena = arena_new(SEARCH_MEMORY);

    (void)state;
    assert_string_equal(found(index, arena, (struct symbol_query){0}, ""), "AAPL APLE MLP MSFT");
    assert_string_equal(found(index, arena, (struct symbol_query){0}, "apple"), "AAPL APLE MLP");
    assert_string_equal(found(index, arena, (struct symbol_query){0}, "aple"), "APLE AAPL");
    assert_string_equal(found(index, arena, (struct symbol_query){.exchange = "nyse"}, "apple"),
                        "APLE MLP");
    assert_string_equal(
        found(index, arena, (struct symbol_query){.has_status = true, .is_active = true}, "apple"),
        "AAPL APLE");
    assert_string_equal(found(index, arena, (struct symbol_query){.sector = "technology"}, ""),
                        "AAPL");
    assert_string_equal(found(index, arena, (struct symbol_query){.sector = "Tech"}, ""), "");
}

static void one_more_than_the_limit_shows_that_there_are_more(void **state)
{
    OWNED(symbol_index) index = make_index();
    OWNED(arena) arena = arena_new(SEARCH_MEMORY);

    (void)state;
    assert_string_equal(found(index, arena, (struct symbol_query){.limit = 1}, "apple"),
                        "AAPL APLE");
    assert_string_equal(
        found(index, arena,
              (struct symbol_query){.limit = 2, .after = {.number = 0, .text = "AAPL"}}, ""),
        "APLE MLP MSFT");
}

struct list_line {
    char ticker[TICKER_SIZE];
    char name[256];
};

static int compare_lines(const void *left, const void *right)
{
    return strcmp(((const struct list_line *)left)->ticker,
                  ((const struct list_line *)right)->ticker);
}

// Adds what a real list has to `lines`; false when there is no such file.
static bool read_list(const char *name, struct list_line *lines, size_t *count)
{
    const char *folder = getenv("BOURSE_TEST_REFERENCE");
    struct symbol_csv csv;
    char path[1024], text[CSV_LINE_MAX];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : BOURSE_REFERENCE_FOLDER,
                   name);
    file = fopen(path, "r");
    if (file == NULL) {
        print_message("skipped: there is no file %s\n", path);
        return false;
    }
    symbol_csv_start(&csv);
    while (fgets(text, sizeof text, file) != NULL && *count < LIST_MAX) {
        struct text rest = text_of(text), one;
        struct symbol_line symbol;
        char reason[CSV_REASON_SIZE];

        if (!csv_next_line(&rest, &one) || symbol_csv_read(&csv, one, &symbol, reason) != CSV_ROW)
            continue;
        memcpy(lines[*count].ticker, symbol.ticker, TICKER_SIZE);
        (void)snprintf(lines[*count].name, sizeof lines->name, "%.*s", (int)symbol.name.length,
                       symbol.name.data);
        ++*count;
    }
    (void)fclose(file);
    return true;
}

// Both lists in one index; NULL when they are not there.
static struct symbol_index *read_lists(void)
{
    struct list_line *lines = allocate_array(LIST_MAX, sizeof *lines);
    struct symbol_index *index = NULL;
    size_t count = 0;

    if (read_list("sp500-constituents.csv", lines, &count) &&
        read_list("nasdaq-listed.csv", lines, &count)) {
        index = symbol_index_new();
        qsort(lines, count, sizeof *lines, compare_lines);
        for (size_t i = 0; i < count; i++) {
            const struct symbol symbol = {.ticker = lines[i].ticker, .name = lines[i].name};

            if (i == 0 || strcmp(lines[i].ticker, lines[i - 1].ticker) != 0)
                add(index, &symbol);
        }
    }
    release(lines);
    return index;
}

static void real_names_are_found_by_what_people_type(void **state)
{
    static const struct {
        const char *typed;
        const char *first; // the ticker that comes first
    } searches[] = {
        {"aapl", "AAPL"},      {"apple", "AAPL"},     {"appel", "AAPL"},
        {"microsoft", "MSFT"}, {"micorsoft", "MSFT"}, {"mcrosfot", "MSFT"},
        {"nvdia", "NVDA"},     {"amazn", "AMZN"},     {"estee", "EL"},
        {"mcdonalds", "MCD"},  {"o'reilly", "ORLY"},  {"brk-b", "BRK.B"},
        {"tesla", "TSLA"},     {"tessla", "TSLA"},    {"brown forman", "BF.B"},
        {"starbuks", "SBUX"},  {"hathaway", "BRK.B"}, {"johnson & johnson", "JNJ"},
        {"coca cola", "KO"},   {"intel", "INTC"},     {"qualcom", "QCOM"},
    };
    OWNED(symbol_index) index = read_lists();
    OWNED(arena) arena = index == NULL ? NULL : arena_new(SEARCH_MEMORY);
    size_t wrong = 0;

    (void)state;
    if (index == NULL)
        skip();
    for (size_t i = 0; i < COUNT_OF(searches); i++) {
        const char *all = found(index, arena, (struct symbol_query){.limit = 8}, searches[i].typed);
        size_t length = strlen(searches[i].first);

        if (strncmp(all, searches[i].first, length) == 0 && strchr(" ", all[length]) != NULL)
            continue;
        print_message("%s: %s\n", searches[i].typed, all);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void aple_finds_apple_among_all_real_names(void **state)
{
    OWNED(symbol_index) index = read_lists();
    OWNED(arena) arena = index == NULL ? NULL : arena_new(SEARCH_MEMORY);
    const char *all;

    (void)state;
    if (index == NULL)
        skip();
    all = found(index, arena, (struct symbol_query){.limit = 9}, "aple");
    assert_non_null(strstr(all, "AAPL"));
}

static void pages_put_together_are_the_whole_list(void **state)
{
    static const char *const typed[] = {"", "a", "inc", "common stck"};
    OWNED(symbol_index) index = read_lists();
    OWNED(arena) arena = index == NULL ? NULL : arena_new(64 * SEARCH_MEMORY);
    struct error error;

    (void)state;
    if (index == NULL)
        skip();
    for (size_t i = 0; i < COUNT_OF(typed); i++) {
        struct symbol_query whole = {.after = {.number = -1}, .limit = LIST_MAX};
        struct symbol_query page = {.after = {.number = -1}, .limit = 97};
        struct symbol *all = NULL, *some = NULL;
        size_t all_count = 0, some_count = 0, at = 0;

        assert_true(symbol_search_read(arena, typed[i], &whole.search));
        page.search = whole.search;
        assert_true(symbol_index_search(index, arena, &whole, &all, &all_count, &error));
        assert_true(all_count > 97);
        do {
            assert_true(symbol_index_search(index, arena, &page, &some, &some_count, &error));
            for (size_t j = 0; j < some_count && j < page.limit; j++, at++)
                assert_string_equal(some[j].ticker, all[at].ticker);
            if (some_count > page.limit) {
                page.after.number = some[page.limit - 1].rank;
                (void)snprintf(page.after.text, sizeof page.after.text, "%s",
                               some[page.limit - 1].ticker);
            }
        } while (some_count > page.limit);
        assert_int_equal(at, all_count);
    }
}

static void a_symbol_is_found_by_its_ticker_and_no_other(void **state)
{
    struct symbol_index *index = make_index();

    (void)state;
    assert_string_equal(symbol_index_find(index, "AAPL")->name, "Apple Inc.");
    assert_string_equal(symbol_index_find(index, "MLP")->name, "Maui Land & Pineapple");
    assert_string_equal(symbol_index_find(index, "MSFT")->name, "Microsoft");
    assert_null(symbol_index_find(index, "AAP"));
    assert_null(symbol_index_find(index, "Z"));
    assert_null(symbol_index_find(index, ""));
    symbol_index_free(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_symbol_is_found_by_its_ticker_and_no_other),
        cmocka_unit_test(what_is_found_is_in_order_and_within_the_filters),
        cmocka_unit_test(one_more_than_the_limit_shows_that_there_are_more),
        cmocka_unit_test(real_names_are_found_by_what_people_type),
        cmocka_unit_test(aple_finds_apple_among_all_real_names),
        cmocka_unit_test(pages_put_together_are_the_whole_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
