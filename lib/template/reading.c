// SPDX-License-Identifier: MIT
#include "reading.h"

#include <string.h>

int reading_line(const struct reading *reading, size_t at)
{
    int line = reading->first_line;

    for (size_t i = 0; i < at && i < reading->text.length; i++)
        line += reading->text.data[i] == '\n';
    return line;
}

static struct text trim(struct text text)
{
    while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 &&
           (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
        text.length--;
    return text;
}

bool text_same(struct text one, struct text other)
{
    return one.length == other.length && memcmp(one.data, other.data, one.length) == 0;
}

bool reading_cut(struct text *text, char separator, struct text *out_rest)
{
    const char *found = memchr(text->data, separator, text->length);
    size_t length = found == NULL ? 0 : (size_t)(found - text->data);

    if (found == NULL)
        return false;
    *out_rest = trim((struct text){found + 1, text->length - length - 1});
    *text = trim((struct text){text->data, length});
    return true;
}

static size_t find_from(struct text text, size_t from, const char *wanted)
{
    size_t length = strlen(wanted);

    for (size_t i = from; i + length <= text.length; i++)
        if (memcmp(text.data + i, wanted, length) == 0)
            return i;
    return SIZE_MAX;
}

// Where the line of a tag ends when nothing but the tag is on it; SIZE_MAX otherwise. Such a line
// leaves nothing in the page.
static size_t end_of_lone_line(struct text text, size_t *inout_begin, size_t end)
{
    size_t begin = *inout_begin;

    while (begin > 0 && (text.data[begin - 1] == ' ' || text.data[begin - 1] == '\t'))
        begin--;
    if (begin > 0 && text.data[begin - 1] != '\n')
        return SIZE_MAX;
    while (end < text.length && (text.data[end] == ' ' || text.data[end] == '\t'))
        end++;
    if (end < text.length && text.data[end] != '\n')
        return SIZE_MAX;
    *inout_begin = begin;
    return end < text.length ? end + 1 : end;
}

bool reading_next(struct reading *reading,
                  struct tag *out_tag,
                  size_t *out_at,
                  const char **out_problem)
{
    struct text text = reading->text;
    size_t from = reading->at;
    size_t begin = find_from(text, from, "{{");
    size_t close = begin == SIZE_MAX ? 0 : find_from(text, begin, "}}");
    size_t end = close + 2;
    size_t lone = SIZE_MAX;

    if (begin == SIZE_MAX) {
        *out_tag = (struct tag){.begin = text.length,
                                .literal = {text.data + from, text.length - from},
                                .is_end_of_text = true};
        reading->at = text.length;
        return true;
    }
    *out_at = begin;
    *out_problem = "{{ is not closed by }}";
    if (close == SIZE_MAX)
        return false;
    *out_tag = (struct tag){.begin = begin,
                            .name = trim((struct text){text.data + begin + 2, close - begin - 2})};
    *out_problem = "{{}} names nothing";
    if (out_tag->name.length == 0)
        return false;
    if (strchr("#^/><$@!", out_tag->name.data[0]) != NULL) {
        out_tag->kind = out_tag->name.data[0];
        out_tag->name = trim((struct text){out_tag->name.data + 1, out_tag->name.length - 1});
        if (out_tag->kind != '@')
            lone = end_of_lone_line(text, &begin, end);
        if (lone != SIZE_MAX && begin >= from)
            end = lone;
        else
            begin = out_tag->begin;
    }
    out_tag->literal = (struct text){text.data + from, begin - from};
    reading->at = end;
    return true;
}
