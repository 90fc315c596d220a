// SPDX-License-Identifier: MIT
#include "document.h"

#include <string.h>

static void begin(struct document *document, const char *key)
{
    if (document->needs_comma)
        strbuf_append_char(document->out, ',');
    if (document->depth > 0)
        strbuf_append_char(document->out, '\n');
    for (int i = 0; i < document->depth; i++)
        strbuf_append_string(document->out, "  ");
    if (key != NULL) {
        strbuf_append_json(document->out, text_of(key));
        strbuf_append_string(document->out, ": ");
    }
    document->needs_comma = true;
}

void document_open(struct document *document, const char *key, char bracket)
{
    begin(document, key);
    strbuf_append_char(document->out, bracket);
    document->depth++;
    document->needs_comma = false;
}

void document_close(struct document *document, char bracket)
{
    bool is_empty = !document->needs_comma;

    document->depth--;
    if (!is_empty) {
        strbuf_append_char(document->out, '\n');
        for (int i = 0; i < document->depth; i++)
            strbuf_append_string(document->out, "  ");
    }
    strbuf_append_char(document->out, bracket);
    document->needs_comma = true;
}

void document_string(struct document *document, const char *key, const char *value)
{
    begin(document, key);
    strbuf_append_json(document->out, text_of(value));
}

void document_integer(struct document *document, const char *key, int64_t value)
{
    begin(document, key);
    strbuf_append_int(document->out, value);
}

void document_bool(struct document *document, const char *key, bool value)
{
    document_raw(document, key, value ? "true" : "false");
}

void document_raw(struct document *document, const char *key, const char *json)
{
    begin(document, key);
    strbuf_append_string(document->out, json);
}

void document_reference(struct document *document,
                        const char *key,
                        const char *kind,
                        const char *name)
{
    OWNED(strbuf) reference = strbuf_new(512);

    strbuf_printf(reference, "#/components/%s/%s", kind, name);
    document_open(document, key, '{');
    document_string(document, "$ref", reference->data);
    document_close(document, '}');
}
