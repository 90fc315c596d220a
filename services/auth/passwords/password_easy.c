// SPDX-License-Identifier: MIT
#include "passwords/password_easy.h"

#include "accounts/user.h"
#include "base/utf8.h"

#include <string.h>
#include <strings.h>

enum {
    DIGITS_MAX = 12, // so few digits alone are a number somebody counts through
    WORD_MIN = 4,    // shorter ones are in many words by chance
    EASY_MAX = 4 * PASSWORD_MAX,
};

// The common ones in lower case, without the digits at their end, in the order of their bytes and
// each with a newline behind it; of at least 30,000 words, or it would not have been built.
__asm__(".pushsection .rodata\n"
        ".globl password_words_begin\npassword_words_begin:\n"
        ".incbin \"" WORDLIST_FILE "\"\n"
        ".globl password_words_end\npassword_words_end:\n"
        ".byte 0\n"
        ".popsection\n");
extern const char password_words_begin[];
extern const char password_words_end[];

// What those who come to a stock market think of, in lower case.
static const char *const trade_words[] = {
    "bearish",        "bitcoin",     "bourse",        "broker",      "bullish",    "buylow",
    "buylowsellhigh", "changeit",    "daytrader",     "daytrading",  "dividend",   "dividends",
    "dowjones",       "exchange",    "finance",       "hedgefund",   "invest",     "investing",
    "investment",     "investments", "investor",      "market",      "markets",    "money",
    "nasdaq",         "nyse",        "papertrading",  "portfolio",   "portfolios", "sellhigh",
    "shares",         "stock",       "stockexchange", "stockmarket", "stocks",     "stocktrading",
    "tothemoon",      "trade",       "trader",        "trades",      "trading",    "wallstreet",
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_one_character(struct text word)
{
    size_t same = 0;

    while (same < word.length && word.data[same] == word.data[0])
        same++;
    return same == word.length;
}

// Less than, equal to or more than 0, as `word` comes before, is, or comes after the line at
// `line`.
static int compare_with_line(struct text word, const char *line)
{
    size_t i = 0;

    while (i < word.length && line[i] != '\n' && line[i] == word.data[i])
        i++;
    if (i == word.length)
        return line[i] == '\n' ? 0 : -1;
    return line[i] == '\n' || (unsigned char)word.data[i] > (unsigned char)line[i] ? 1 : -1;
}

static bool is_common(struct text word)
{
    const char *low = password_words_begin;
    const char *high = password_words_end; // both at beginnings of lines

    while (low < high) {
        const char *line = low + (high - low) / 2;
        int order = 0;

        while (line > low && line[-1] != '\n')
            line--;
        order = compare_with_line(word, line);
        if (order == 0)
            return true;
        if (order < 0)
            high = line;
        else
            low = (const char *)memchr(line, '\n', (size_t)(high - line)) + 1;
    }
    return false;
}

static bool is_of_trade(struct text word)
{
    for (size_t i = 0; i < COUNT_OF(trade_words); i++)
        if (strlen(trade_words[i]) == word.length &&
            memcmp(trade_words[i], word.data, word.length) == 0)
            return true;
    return false;
}

static bool is_known(struct text word)
{
    return word.length > 0 && (is_one_character(word) || is_common(word) || is_of_trade(word));
}

// ASCII that is no letter: what "Password1!" ends with.
static bool is_decoration(char c)
{
    return c > ' ' && c <= '~' && !(c >= 'a' && c <= 'z');
}

bool password_is_easy(const char *password)
{
    char lower[EASY_MAX];
    struct text whole = {lower, strlen(password)};
    struct text stem = whole;
    struct text bare = whole;

    if (whole.length > sizeof lower)
        return false;
    for (size_t i = 0; i < whole.length; i++)
        lower[i] = to_lower(password[i]);
    while (stem.length > 0 && is_digit(stem.data[stem.length - 1]))
        stem.length--;
    while (bare.length > 0 && is_decoration(bare.data[bare.length - 1]))
        bare.length--;
    if (stem.length > 0)
        return is_known(stem) || is_known(bare);
    // The table has what is nothing but digits whole.
    return whole.length <= DIGITS_MAX || is_one_character(whole) || is_common(whole);
}

bool password_has_word(const char *password, struct text word)
{
    size_t left = utf8_count(password, strlen(password));
    size_t count = utf8_count(word.data, word.length);
    bool has = false;

    if (word.length == 0)
        return false;
    while (*password != '\0') {
        if (strncasecmp(password, word.data, word.length) == 0) {
            has = true;
            left -= count;
            password += word.length;
        } else {
            password++;
        }
    }
    return has && (count >= WORD_MIN || left < PASSWORD_MIN);
}
