// SPDX-License-Identifier: MIT
// Lists of symbols of any bytes: whatever is read as a symbol keeps the rules of symbols, and
// whatever is refused is refused with a reason that may be shown. The columns that are passed over
// may be shown too.
#include "fuzz.h"

#include "imports/symbol_csv.h"

#include "base/utf8.h"

enum { ARENA_BUDGET = 64 * 1024 };

static void check_text(struct text text, size_t characters_max)
{
    MUST(utf8_is_valid(text.data, text.length));
    MUST(utf8_count(text.data, text.length) <= characters_max);
    for (size_t i = 0; i < text.length; i++)
        MUST((unsigned char)text.data[i] >= ' ');
}

static void check_line(struct symbol_csv *csv, struct text line)
{
    struct symbol_line symbol;
    char ticker[TICKER_SIZE];
    char reason[CSV_REASON_SIZE] = "";

    switch (symbol_csv_read(csv, line, &symbol, reason)) {
    case CSV_ROW:
        MUST(bar_read_ticker(text_of(symbol.ticker), ticker));
        MUST(symbol.name.length > 0);
        check_text(symbol.name, SYMBOL_NAME_MAX);
        check_text(symbol.exchange, SYMBOL_EXCHANGE_MAX);
        check_text(symbol.sector, SYMBOL_SECTOR_MAX);
        break;
    case CSV_REJECTED:
    case CSV_NO_HEADER:
        MUST(reason[0] != '\0');
        check_text(text_of(reason), CSV_REASON_SIZE);
        break;
    case CSV_NOTHING:
        break;
    }
}

static void check_ignored(struct text line)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    char *header = copy_terminated(line);
    const char **names = NULL;
    size_t count = 0;

    MUST(symbol_csv_list_ignored(arena, header, &names, &count));
    MUST(count <= CSV_COLUMNS_MAX);
    for (size_t i = 0; i < count; i++)
        check_text(text_of(names[i]), CSV_SHOWN_SIZE);
    release(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data, size};
    struct symbol_csv csv;
    struct text line;

    symbol_csv_start(&csv);
    while (csv_next_line(&rest, &line)) {
        check_ignored(line);
        check_line(&csv, line);
    }
    return 0;
}
