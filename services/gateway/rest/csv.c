// SPDX-License-Identifier: MIT
#include "rest/csv.h"

#include <string.h>
#include <strings.h>

#include "money/money.h"

// What follows an apostrophe of ours does so, too: so what is read back is what was written.
static bool looks_like_formula(const char *text)
{
    while (*text == '\'')
        text++;
    return *text != '\0' && strchr("=+-@\t\r\n", *text) != NULL;
}

static bool is_blank(char character)
{
    return character == ' ' || character == '\t';
}

void csv_add_text(struct strbuf *out, const char *text)
{
    bool is_formula = false;
    bool is_quoted = false;

    if (text == NULL || text[0] == '\0')
        return;
    is_formula = looks_like_formula(text);
    is_quoted =
        strpbrk(text, "\",\r\n") != NULL || text[0] == ' ' || is_blank(text[strlen(text) - 1]);
    if (is_quoted)
        strbuf_append_char(out, '"');
    if (is_formula)
        strbuf_append_char(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            strbuf_append_char(out, '"');
        strbuf_append_char(out, *text);
    }
    if (is_quoted)
        strbuf_append_char(out, '"');
}

void csv_add_decimal(struct strbuf *out, bool is_there, int64_t value, int scale, int least)
{
    char text[DECIMAL_SIZE];

    if (!is_there)
        return;
    decimal_print(value, scale, least, text);
    strbuf_append_string(out, text);
}

void csv_next(struct strbuf *out)
{
    strbuf_append_char(out, ',');
}

bool csv_is_type(const char *content_type)
{
    static const char name[] = "text/csv";

    return content_type != NULL && strncasecmp(content_type, name, sizeof name - 1) == 0 &&
           strchr("; ", content_type[sizeof name - 1]) != NULL;
}

void csv_end(struct strbuf *out)
{
    strbuf_append_string(out, "\r\n");
}
