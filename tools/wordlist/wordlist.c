// SPDX-License-Identifier: MIT
// wordlist: makes the table of common passwords that services/auth looks things up in.
//
//     wordlist PASSWORDS.json LEAST OUTPUT
//
// It exists because the list is a package's, fetched when building, and what auth wants of it is
// something else: each password in lower case and without the digits at its end (what is nothing
// but digits stays whole), each once, in the order of their bytes, a newline behind each. The same
// list gives the same file.
//
// The list is a JSON array of strings of printable ASCII without a backslash in them. Anything
// else, or fewer than LEAST words, means that the package has changed its form: the build fails
// rather than letting common passwords through.
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_BYTES_MAX = 64 * 1024 * 1024, WORD_BYTES_MAX = 512 };

struct word {
    char *bytes; // into the list, terminated
    size_t length;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static _Noreturn void give_up(const char *what, const char *detail)
{
    fprintf(stderr, "wordlist: %s: %s\n", detail, what);
    exit(EXIT_FAILURE);
}

// The whole file, terminated.
static char *read_list(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes = allocate(LIST_BYTES_MAX + 1);
    size_t length = 0;

    if (file == NULL)
        give_up("cannot be opened", path);
    length = fread(bytes, 1, LIST_BYTES_MAX, file);
    if (ferror(file) || !feof(file))
        give_up("cannot be read, or is longer than 64 MiB", path);
    fclose(file);
    if (strlen(bytes) != length)
        give_up("has a NUL byte", path);
    return bytes;
}

// Lower case, no digits at the end; what is digits alone stays as it is.
static struct word trim(char *bytes, size_t length)
{
    size_t stem = length;

    for (size_t i = 0; i < length; i++)
        bytes[i] = to_lower(bytes[i]);
    while (stem > 0 && is_digit(bytes[stem - 1]))
        stem--;
    if (stem == 0)
        stem = length;
    bytes[stem] = '\0';
    return (struct word){bytes, stem};
}

static char *skip_space(char *at)
{
    return at + strspn(at, " \t\r\n");
}

// Reads the string that begins at `at` and steps behind its closing quote.
static struct word read_word(char **at, const char *path)
{
    char *begin = *at + 1;
    char *end = begin;

    if (**at != '"')
        give_up("is not an array of strings", path);
    while (*end >= ' ' && *end <= '~' && *end != '"' && *end != '\\')
        end++;
    if (*end != '"' || end == begin || (size_t)(end - begin) > WORD_BYTES_MAX)
        give_up("has a string that is empty, too long, or not plain ASCII", path);
    *at = end + 1;
    return trim(begin, (size_t)(end - begin));
}

static struct word *read_words(char *list, const char *path, size_t *out_count)
{
    size_t capacity = 1024;
    struct word *words = allocate_array(capacity, sizeof *words);
    char *at = skip_space(list);
    size_t count = 0;

    if (*at != '[')
        give_up("is not an array", path);
    do {
        at = skip_space(at + 1);
        if (count == capacity) {
            capacity *= 2;
            words = reallocate_array(words, capacity, sizeof *words);
        }
        words[count++] = read_word(&at, path);
        at = skip_space(at);
    } while (*at == ',');
    if (*at != ']' || *skip_space(at + 1) != '\0')
        give_up("does not end with its array", path);
    *out_count = count;
    return words;
}

// The order of auth's search: by bytes, all of which are ASCII.
static int compare(const void *one, const void *other)
{
    return strcmp(((const struct word *)one)->bytes, ((const struct word *)other)->bytes);
}

static size_t drop_repeated(struct word *words, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (kept == 0 || strcmp(words[kept - 1].bytes, words[i].bytes) != 0)
            words[kept++] = words[i];
    return kept;
}

static void write_words(const struct word *words, size_t count, const char *path)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL)
        give_up("cannot be written", path);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s\n", words[i].bytes);
    if (ferror(file) || fclose(file) != 0)
        give_up("could not be written whole", path);
}

int main(int argc, char **argv)
{
    struct word *words = NULL;
    char *list = NULL;
    size_t least = 0;
    size_t count = 0;

    if (argc != 4)
        give_up("wordlist PASSWORDS.json LEAST OUTPUT", "usage");
    least = (size_t)strtoul(argv[2], NULL, 10);
    list = read_list(argv[1]);
    words = read_words(list, argv[1], &count);
    qsort(words, count, sizeof *words, compare);
    count = drop_repeated(words, count);
    if (count < least)
        give_up("has too few words", argv[1]);
    write_words(words, count, argv[3]);
    release(words);
    release(list);
    return EXIT_SUCCESS;
}
