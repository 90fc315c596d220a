// SPDX-License-Identifier: MIT
#include "symbols/symbol_search.h"

#include "symbols/edit_distance.h"
#include "symbols/text_fold.h"

#include <string.h>

// A rank is one of these times RANK_STEP, and what tells equals apart.
enum { RANK_TICKER, RANK_TICKER_BEGINS, RANK_NAME_BEGINS, RANK_WORD_BEGINS, RANK_WORDS_BEGIN };
enum { RANK_MIDDLE = RANK_WORDS_BEGIN + 1, RANK_ERRORS = RANK_MIDDLE }; // and one for each error
enum { RANK_STEP = 1024, NOT_WHOLE = RANK_STEP / 2 };

enum {
    MIDDLE_LENGTH_MIN = 2,  // one letter is in the middle of nearly every name
    ERROR_LENGTH_MIN = 4,   // letters of a word that one error is forgiven in
    ERRORS_LENGTH_MIN = 6,  // and two
    ERRORS_COUNTED_MAX = 64 // of all words together
};

static bool is_blank(char character)
{
    return character == ' ' || character == '\t';
}

static struct text trim(const char *typed)
{
    struct text text = text_of(typed);

    while (text.length > 0 && is_blank(text.data[0])) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && is_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

static char *fold_ticker(struct arena *arena, struct text text)
{
    char *ticker = arena_copy(arena, text.data, text.length);

    for (char *letter = ticker; letter != NULL && *letter != '\0'; letter++) {
        if (*letter >= 'A' && *letter <= 'Z')
            *letter = (char)(*letter - 'A' + 'a');
        else if (strchr("-/ ", *letter) != NULL)
            *letter = '.';
    }
    return ticker;
}

// A text without words when it is not UTF-8, which nothing in the table is.
static char *fold_words(struct arena *arena, struct text text)
{
    char *folded = text_fold(text);
    char *copy = arena_copy_string(arena, folded == NULL ? "" : folded);

    release(folded);
    return copy;
}

static uint32_t letters_of(struct text word)
{
    uint32_t letters = 0;

    for (size_t i = 0; i < word.length; i++) {
        unsigned char letter = (unsigned char)word.data[i];

        letters |= UINT32_C(1) << (letter >= 'a' && letter <= 'z' ? letter - 'a' : 26 + letter % 6);
    }
    return letters;
}

static bool split_words(struct arena *arena,
                        const char *folded,
                        const struct search_word **out_words,
                        size_t *out_count,
                        uint32_t *out_letters)
{
    struct search_word *words;
    size_t count = 0;

    for (const char *blank = folded; (blank = strchr(blank, ' ')) != NULL; blank++)
        count++;
    words = arena_allocate(arena, (count + 1) * sizeof *words);
    if (words == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        words[i].text = (struct text){folded + 1, strcspn(folded + 1, " ")};
        words[i].letters = letters_of(words[i].text);
        folded += 1 + words[i].text.length;
    }
    *out_letters = 0;
    for (size_t i = 0; i < count; i++)
        *out_letters |= words[i].letters;
    *out_words = words;
    *out_count = count;
    return true;
}

bool symbol_search_read(struct arena *arena, const char *typed, struct symbol_search *out_search)
{
    struct text text = trim(typed == NULL ? "" : typed);
    struct symbol_search search = {.ticker = fold_ticker(arena, text),
                                   .phrase = fold_words(arena, text)};

    if (search.ticker == NULL || search.phrase == NULL ||
        !split_words(arena, search.phrase, &search.words, &search.word_count, &search.letters))
        return false;
    *out_search = search;
    return true;
}

bool symbol_search_prepare(struct arena *arena,
                           const char *ticker,
                           const char *name,
                           struct searched_symbol *out_symbol)
{
    struct searched_symbol symbol = {.ticker = fold_ticker(arena, text_of(ticker)),
                                     .name = fold_words(arena, text_of(name))};

    if (symbol.ticker == NULL || symbol.name == NULL ||
        !split_words(arena, symbol.name, &symbol.words, &symbol.word_count, &symbol.letters))
        return false;
    symbol.name_length = strlen(symbol.name);
    *out_symbol = symbol;
    return true;
}

static int64_t make_rank(int rank, bool is_whole, size_t length)
{
    return (int64_t)rank * RANK_STEP + (is_whole ? 0 : NOT_WHOLE) +
           (int64_t)(length < NOT_WHOLE ? length : NOT_WHOLE - 1);
}

static int64_t rank_ticker(const struct symbol_search *search, const struct searched_symbol *symbol)
{
    size_t length = strlen(search->ticker);

    if (length == 0)
        return RANK_TICKER;
    if (strncmp(symbol->ticker, search->ticker, length) != 0)
        return -1;
    if (symbol->ticker[length] == '\0')
        return RANK_TICKER;
    return make_rank(RANK_TICKER_BEGINS, true, strlen(symbol->ticker));
}

static bool ends_word(char character)
{
    return character == ' ' || character == '\0';
}

// The phrase as it stands in the name, at the beginning of a word.
static int64_t rank_phrase(const struct symbol_search *search, const struct searched_symbol *symbol)
{
    const char *phrase = search->phrase + 1; // without the blank before its first word
    size_t length = strlen(phrase);
    int64_t best = -1;

    for (size_t i = 0; i < symbol->word_count; i++) {
        const char *word = symbol->words[i].text.data;
        int64_t rank;

        if (word[0] != phrase[0] || strncmp(word, phrase, length) != 0)
            continue;
        rank = make_rank(i == 0 ? RANK_NAME_BEGINS : RANK_WORD_BEGINS, ends_word(word[length]),
                         symbol->name_length);
        if (best < 0 || rank < best)
            best = rank;
    }
    return best;
}

static int errors_allowed(size_t length)
{
    return length >= ERRORS_LENGTH_MIN ? 2 : length >= ERROR_LENGTH_MIN ? 1 : 0;
}

static bool begins_with(struct text word, struct text beginning)
{
    return word.length >= beginning.length && word.data[0] == beginning.data[0] &&
           memcmp(word.data, beginning.data, beginning.length) == 0;
}

// What nearly all words fail, before the distance is computed: an error brings or takes away one
// letter at most, or one each.
static bool
may_be_near(const struct search_word *typed, const struct search_word *word, int allowed)
{
    if (word->text.length + (size_t)allowed < typed->text.length ||
        __builtin_popcount(typed->letters & ~word->letters) > allowed)
        return false;
    return typed->text.length >= ERRORS_LENGTH_MIN ||
           (word->text.length <= typed->text.length + (size_t)allowed &&
            __builtin_popcount(word->letters & ~typed->letters) <= allowed);
}

struct nearness {
    int errors;
    bool is_whole;
};

static bool is_better(struct nearness one, struct nearness other)
{
    return one.errors < other.errors ||
           (one.errors == other.errors && one.is_whole && !other.is_whole);
}

// How near the nearest word of the name is; more errors than allowed when none is.
static struct nearness
find_nearest(const struct search_word *typed, const struct searched_symbol *symbol, int allowed)
{
    struct nearness best = {allowed + 1, false};

    for (size_t i = 0; i < symbol->word_count; i++) {
        const struct search_word *word = &symbol->words[i];
        struct nearness found = {0, word->text.length == typed->text.length};

        if (!begins_with(word->text, typed->text)) {
            struct edit_distance distance;

            if (allowed == 0 || !may_be_near(typed, word, allowed))
                continue;
            distance = edit_distance(typed->text, word->text, allowed);
            found = (struct nearness){distance.whole, true};
            if (typed->text.length >= ERRORS_LENGTH_MIN && distance.prefix < distance.whole)
                found = (struct nearness){distance.prefix, false};
        }
        if (is_better(found, best))
            best = found;
    }
    return best;
}

// Each word by itself, with errors or without.
static int64_t rank_words(const struct symbol_search *search, const struct searched_symbol *symbol)
{
    bool is_whole = true;
    int errors = 0;

    for (size_t i = 0; i < search->word_count; i++) {
        const struct search_word *typed = &search->words[i];
        int allowed = errors_allowed(typed->text.length);
        struct nearness nearest = find_nearest(typed, symbol, allowed);

        if (nearest.errors > allowed)
            return -1;
        errors += nearest.errors;
        is_whole &= nearest.is_whole;
    }
    if (errors > ERRORS_COUNTED_MAX)
        errors = ERRORS_COUNTED_MAX;
    return make_rank(errors == 0 ? RANK_WORDS_BEGIN : RANK_ERRORS + errors, is_whole,
                     symbol->name_length);
}

// What most names fail, before any of their words is looked at: a typed word with more letters that
// the name has nowhere than it may have errors.
static bool may_match(const struct symbol_search *search, const struct searched_symbol *symbol)
{
    for (size_t i = 0; i < search->word_count; i++) {
        const struct search_word *typed = &search->words[i];

        if (__builtin_popcount(typed->letters & ~symbol->letters) >
            errors_allowed(typed->text.length))
            return false;
    }
    return search->word_count > 0;
}

static bool is_in_the_middle(const struct symbol_search *search,
                             const struct searched_symbol *symbol)
{
    const char *inside = search->phrase + 1;

    return (search->letters & ~symbol->letters) == 0 && strlen(inside) >= MIDDLE_LENGTH_MIN &&
           strstr(symbol->name, inside) != NULL;
}

int64_t symbol_search_rank(const struct symbol_search *search, const struct searched_symbol *symbol)
{
    int64_t rank = rank_ticker(search, symbol);

    if (rank >= 0 || !may_match(search, symbol))
        return rank;
    rank = rank_phrase(search, symbol);
    if (rank >= 0)
        return rank;
    rank = rank_words(search, symbol);
    if (rank >= 0 && rank < (int64_t)RANK_MIDDLE * RANK_STEP)
        return rank;
    return is_in_the_middle(search, symbol) ? make_rank(RANK_MIDDLE, false, symbol->name_length)
                                            : rank;
}
