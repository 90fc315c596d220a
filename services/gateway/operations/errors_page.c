// SPDX-License-Identifier: MIT
// GET /docs/errors: every reason for which something can be refused, from the table itself.
#include "operations/docs_api.h"

#include "web/assets.h"

static void append_escaped(struct strbuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            strbuf_append_string(out, "&amp;");
        else if (*text == '<')
            strbuf_append_string(out, "&lt;");
        else if (*text == '>')
            strbuf_append_string(out, "&gt;");
        else if (*text == '"')
            strbuf_append_string(out, "&quot;");
        else
            strbuf_append_char(out, *text);
    }
}

static void append_row(struct strbuf *out, const struct reason_entry *entry)
{
    strbuf_printf(out, "<tr id=\"%s\"><td><code>%s</code></td><td>%d</td><td>", entry->name,
                  entry->name, entry->http_status);
    append_escaped(out, entry->title);
    strbuf_append_string(out, "</td><td>");
    append_escaped(out, entry->advice);
    strbuf_append_string(out, "</td></tr>\n");
}

bool docs_errors(struct exchange *exchange, struct error *error)
{
    struct strbuf *out = exchange->response->body;

    (void)error;
    exchange->response->policy = HTTP_PAGE;
    exchange->response->content_type = "text/html; charset=utf-8";
    strbuf_append_string(out,
                         "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                         "<title>Errors - Bourse</title>\n<link rel=\"stylesheet\" href=\"");
    assets_append_address(out, "docs.css");
    strbuf_append_string(
        out,
        "\">\n</head>\n<body>\n<h1>Errors</h1>\n"
        "<p>Every refusal is <code>application/problem+json</code> (RFC 9457) with one of these "
        "reasons in <code>reason</code>, a sentence in <code>detail</code>, and the fields of "
        "the request that broke a rule in <code>errors</code>.</p>\n"
        "<table>\n<thead><tr><th scope=\"col\">reason</th><th scope=\"col\">status</th>"
        "<th scope=\"col\">what happened</th><th scope=\"col\">what to do</th></tr></thead>\n"
        "<tbody>\n");
    for (int reason = 0; reason < REASON_COUNT; reason++)
        append_row(out, reason_entry((enum reason)reason));
    strbuf_append_string(out, "</tbody>\n</table>\n</body>\n</html>\n");
    return true;
}
