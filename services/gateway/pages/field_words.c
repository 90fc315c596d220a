// SPDX-License-Identifier: MIT
#include "pages/field_words.h"

#include "base/strbuf.h"
#include "base/timestamp.h"
#include "pages/parameter_inputs.h"
#include "template/format.h"

#include <string.h>

enum {
    SENTENCE_BYTES_MAX = 2000,
    TIME_LENGTH_MIN = 19, // without the Z
};

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz_0123456789"

static const struct {
    const char *name;
    const char *label;
} words[] = {
#define AS_WORDS(name, label) {name, label},
    FIELD_WORDS(AS_WORDS)
#undef AS_WORDS
};

static const char *find_label(struct text name)
{
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (text_equals(name, words[i].name))
            return words[i].label;
    return NULL;
}

static const char *finish(struct arena *arena, const struct strbuf *out, const char *otherwise)
{
    return out->overflowed ? arena_copy_string(arena, otherwise)
                           : arena_copy(arena, out->data, out->length);
}

// The length of a time as programs have it, "2014-06-02T13:30:00Z", at the beginning of `rest`,
// which is written as on pages; 0 when there is none.
static size_t append_time(struct strbuf *out, const char *rest)
{
    size_t length = strspn(rest, "0123456789-:.T");
    int64_t at = 0;

    if (length < TIME_LENGTH_MIN || rest[length] != 'Z' ||
        !timestamp_parse((struct text){rest, length + 1}, &at))
        return 0;
    format_write_time(at, out);
    return length + 1;
}

static void append_sentence(struct strbuf *out, const char *sentence)
{
    while (*sentence != '\0') {
        size_t length = strspn(sentence, NAME_CHARACTERS);
        struct text word = {sentence, length};
        const char *label = memchr(sentence, '_', length) != NULL ? find_label(word) : NULL;
        size_t time_length = append_time(out, sentence);

        if (time_length > 0)
            length = time_length;
        else if (length == 0)
            strbuf_append_char(out, *sentence++);
        else if (label != NULL)
            strbuf_printf(out, "“%s”", label);
        else
            strbuf_append_text(out, word);
        sentence += length;
    }
}

const char *field_words_say(struct arena *arena, const char *sentence)
{
    OWNED(strbuf) out = strbuf_new(SENTENCE_BYTES_MAX);

    append_sentence(out, sentence);
    return finish(arena, out, sentence);
}

// The last name of "fill_settings.latency_ms" and of "grid[0].values[2]".
static struct text last_name(const char *field)
{
    const char *dot = strrchr(field, '.');
    const char *name = dot != NULL ? dot + 1 : field;

    return (struct text){name, strcspn(name, "[")};
}

const char *field_words_say_violation(struct arena *arena, const char *field, const char *violation)
{
    OWNED(strbuf) out = strbuf_new(SENTENCE_BYTES_MAX);
    struct text name = last_name(field);
    bool is_of_file = strcmp(field, "lines") == 0;
    const char *label = find_label((struct text){field, strcspn(field, "[")});
    const char *copy = NULL;

    // The lines of a file are no field of a form, and the sentence says which one it is.
    if (is_of_file && violation[0] >= 'a' && violation[0] <= 'z') {
        strbuf_append_char(out, (char)(violation[0] - 'a' + 'A'));
        append_sentence(out, violation + 1);
        strbuf_append_char(out, '.');
        return finish(arena, out, violation);
    }
    if (label == NULL)
        label = find_label(name);
    if (label == NULL) {
        copy = arena_copy(arena, name.data, name.length);
        label = copy != NULL ? parameter_inputs_label(arena, copy) : NULL;
    }
    if (label == NULL)
        return NULL;
    strbuf_printf(out, "“%s” ", label);
    append_sentence(out, violation);
    strbuf_append_char(out, '.');
    return finish(arena, out, violation);
}
