// SPDX-License-Identifier: MIT
#include "symbols/text_fold.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <utf8proc.h>

static bool is_apostrophe(utf8proc_int32_t letter)
{
    return letter == '\'' || letter == 0x2019 || letter == 0x2bc;
}

static bool is_of_a_word(utf8proc_int32_t letter)
{
    switch (utf8proc_category(letter)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return false;
    }
}

// Copies the words of folded letters, each after one blank, to `out`, which has room for them.
static void copy_words(const utf8proc_int32_t *letters, size_t count, char *out)
{
    bool is_inside = false;

    for (size_t i = 0; i < count; i++) {
        if (is_of_a_word(letters[i])) {
            if (!is_inside)
                *out++ = ' ';
            out += utf8proc_encode_char(letters[i], (utf8proc_uint8_t *)out);
            is_inside = true;
        } else if (!is_apostrophe(letters[i])) {
            is_inside = false;
        }
    }
    *out = '\0';
}

// Folds as many letters as there is room for; gives how many there are.
static size_t fold(struct text text, utf8proc_int32_t *letters, size_t room)
{
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
                                      UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK | UTF8PROC_IGNORE;
    utf8proc_ssize_t count =
        utf8proc_decompose((const utf8proc_uint8_t *)text.data, (utf8proc_ssize_t)text.length,
                           letters, (utf8proc_ssize_t)room, options);

    // It fails on what is not UTF-8, and on more than fits its numbers: neither comes here.
    if (count < 0)
        abort();
    return (size_t)count;
}

char *text_fold(struct text text)
{
    utf8proc_int32_t *letters;
    size_t count;
    char *words;

    if (!utf8_is_valid(text.data, text.length))
        return NULL;
    count = fold(text, NULL, 0);
    letters = allocate_array(count + 1, sizeof *letters);
    (void)fold(text, letters, count);
    // Each has up to four bytes, and a blank before it.
    words = allocate(count * 5 + 1);
    copy_words(letters, count, words);
    release(letters);
    return words;
}
