// SPDX-License-Identifier: MIT
// fuzz_rest: an address finds the endpoint that its template says, and a request message that is
// made of path, query and body keeps every rule and survives JSON.
//
// The first line is a method and an address, as in "GET /api/v1/quotes?symbols=IBM", and after a
// further blank the type of the body, unless it is application/json; the rest is the body.
#include "fuzz.h"

#include "base/timestamp.h"
#include "base/utf8.h"
#include "rest/endpoint.h"
#include "rest/rest.h"
#include "rest/url.h"
#include "seeds/seed.h"

#include <strings.h>

enum { ARENA_BUDGET = 4 * 1024 * 1024, WRITTEN_MAX = 4 * 1024 * 1024, PARAMETERS_MAX = 32 };

struct table {
    struct router *router;
    struct router_entry *entries;
    size_t count;
};

// Everything the gateway answers, as it does itself. Made once.
static const struct table *the_table(void)
{
    static struct table table;
    static struct endpoint *endpoints;

    if (table.router == NULL) {
        endpoints = endpoint_list(&table.count);
        table.entries = allocate_array(table.count, sizeof *table.entries);
        for (size_t i = 0; i < table.count; i++)
            table.entries[i] =
                (struct router_entry){endpoints[i].http_method, endpoints[i].path, &endpoints[i]};
        table.router = router_new(table.entries, table.count);
    }
    return &table;
}

static struct text cut_at(struct text *rest, char end)
{
    const char *found = rest->length > 0 ? memchr(rest->data, end, rest->length) : NULL;
    struct text piece = {rest->data, found != NULL ? (size_t)(found - rest->data) : rest->length};

    rest->data += piece.length + (found != NULL);
    rest->length -= piece.length + (found != NULL);
    return piece;
}

// True when the path has the form of the template: segment for segment, from the left.
static bool has_form(struct text path, const char *template_string)
{
    struct text template = text_of(template_string);

    if (path.length > 1 && path.data[path.length - 1] == '/')
        path.length--;
    // The first page's has no segment.
    if (text_equals(template, "/"))
        return text_equals(path, "/");
    while (template.length > 0 && path.length > 0) {
        struct text wanted = cut_at(&template, '/');
        bool is_last = memchr(path.data, '/', path.length) == NULL;
        struct text found = cut_at(&path, '/');

        if (wanted.length > 0 && wanted.data[0] == '{' ? found.length == 0
                                                       : !texts_are_equal(wanted, found))
            return false;
        if (is_last)
            return template.length == 0;
    }
    return false;
}

// The path that the template and its variables make.
static void rebuild(const struct router_match *match, struct strbuf *out)
{
    size_t variable = 0;

    for (const char *at = match->entry->path; *at != '\0'; at++) {
        if (*at != '{') {
            strbuf_append_char(out, *at);
            continue;
        }
        MUST(variable < match->variable_count);
        MUST(strncmp(at + 1, match->variables[variable].name.data,
                     match->variables[variable].name.length) == 0);
        MUST(match->variables[variable].value.length > 0);
        strbuf_append_text(out, match->variables[variable++].value);
        at = strchr(at, '}');
    }
    MUST(variable == match->variable_count);
}

// True when a segment of `other` is a literal where `found` has a variable, and none before it is
// the other way round.
static bool is_nearer(const char *other, const char *found)
{
    struct text others = text_of(other);
    struct text founds = text_of(found);

    while (others.length > 0 && founds.length > 0) {
        bool is_variable = cut_at(&others, '/').data[0] == '{';
        bool was_variable = cut_at(&founds, '/').data[0] == '{';

        if (is_variable != was_variable)
            return was_variable;
    }
    return false;
}

static void check_router(const char *method, struct text path, struct router_match *match)
{
    const struct table *table = the_table();
    enum router_outcome outcome = router_find(table->router, method, path, match);
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    OWNED(strbuf) rebuilt = strbuf_new(path.length + 1);

    for (size_t i = 0; i < table->count; i++) {
        const struct router_entry *entry = &table->entries[i];

        if (!has_form(path, entry->path))
            continue;
        MUST(outcome != ROUTER_NO_SUCH_PATH);
        if (strcmp(entry->http_method, wanted) == 0)
            MUST(outcome == ROUTER_FOUND && !is_nearer(entry->path, match->entry->path));
        else
            MUST(outcome == ROUTER_FOUND || strstr(match->allow, entry->http_method) != NULL);
    }
    if (outcome != ROUTER_FOUND) {
        match->entry = NULL;
        MUST((outcome == ROUTER_OTHER_METHOD) == (strstr(match->allow, "OPTIONS") != NULL));
        return;
    }
    MUST(has_form(path, match->entry->path) && strcmp(match->entry->http_method, wanted) == 0);
    rebuild(match, rebuilt);
    if (path.length > 1 && path.data[path.length - 1] == '/')
        path.length--;
    MUST(texts_are_equal(path, strbuf_text(rebuilt)));
}

// What is decoded is text, and is the same again when every byte of it was escaped.
static void check_decoding(struct arena *arena, struct text encoded, bool plus_is_blank)
{
    OWNED(strbuf) escaped = strbuf_new(3 * encoded.length + 1);
    struct error error;
    struct text text;
    struct text again;

    if (!url_decode(arena, encoded, plus_is_blank, &text, &error)) {
        MUST(error.code != CODE_OK);
        return;
    }
    MUST(text.length <= encoded.length && text.data[text.length] == '\0');
    MUST(utf8_is_valid(text.data, text.length));
    for (size_t i = 0; i < text.length; i++) {
        MUST((unsigned char)text.data[i] >= 0x20 && text.data[i] != 0x7f);
        strbuf_printf(escaped, i % 2 == 0 ? "%%%02x" : "%%%02X", (unsigned char)text.data[i]);
    }
    MUST(url_decode(arena, strbuf_text(escaped), plus_is_blank, &again, &error));
    MUST(texts_are_equal(text, again));
}

// Parameters are what lies between the ampersands, each divided at its first equals sign.
static void check_parameters(struct arena *arena, struct text query)
{
    struct text rest = query;
    struct text pieces = query;
    struct text name;
    struct text value;

    while (url_next_parameter(&rest, &name, &value)) {
        struct text piece = cut_at(&pieces, '&');

        while (piece.length == 0)
            piece = cut_at(&pieces, '&');
        MUST(texts_are_equal(cut_at(&piece, '='), name) && texts_are_equal(piece, value));
        check_decoding(arena, name, true);
        check_decoding(arena, value, true);
    }
    MUST(rest.length == 0);
    while (pieces.length > 0)
        MUST(cut_at(&pieces, '&').length == 0);
}

// True when the field may be given more than once.
static bool is_repeated(const struct rest_input *input, struct text name)
{
    const struct field_info *field = NULL;
    char *terminated = copy_terminated(name);
    bool is_known = message_find_field(input->info, terminated, &field);

    release(terminated);
    MUST(is_known);
    return input->info->descriptor->fields[field - input->info->fields].label ==
           PROTOBUF_C_LABEL_REPEATED;
}

// In what passed, no parameter has a value of the path or of a parameter before it.
static void check_given_once(const struct rest_input *input)
{
    struct text names[PARAMETERS_MAX];
    size_t count = 0;
    struct text query = input->query;
    struct text name;
    struct text ignored;
    struct error error;

    for (size_t i = 0; i < input->match->variable_count; i++)
        names[count++] = input->match->variables[i].name;
    while (count < PARAMETERS_MAX && url_next_parameter(&query, &name, &ignored)) {
        MUST(url_decode(input->arena, name, true, &name, &error));
        for (size_t i = 0; i < count; i++)
            MUST(!texts_are_equal(name, names[i]) || is_repeated(input, name));
        names[count++] = name;
    }
}

// True for nothing but blanks around nothing, or around an object without members.
static bool is_empty(struct text body)
{
    static const char blanks[] = {' ', '\t', '\r', '\n'};
    static const char braces[] = {'{', '}'};
    size_t found = 0;

    for (size_t i = 0; i < body.length; i++) {
        if (memchr(blanks, body.data[i], sizeof blanks) != NULL)
            continue;
        if (found == sizeof braces || body.data[i] != braces[found++])
            return false;
    }
    return found != 1;
}

// True for JSON in UTF-8, said in one of the ways that need no other parameter.
static bool is_json(const char *type)
{
    static const char *const forms[] = {"application/json", "application/json;",
                                        "application/json;charset=utf-8",
                                        "application/json;charset=\"utf-8\""};
    char plain[64] = "";
    size_t length = 0;

    for (; *type != '\0' && length < sizeof plain - 1; type++)
        if (*type != ' ' && *type != '\t')
            plain[length++] = *type;
    for (size_t i = 0; i < COUNT_OF(forms); i++)
        if (strcasecmp(plain, forms[i]) == 0)
            return *type == '\0';
    return false;
}

static void check_message(const struct rest_input *input)
{
    ProtobufCMessage *message = NULL;
    ProtobufCMessage *copy = NULL;
    OWNED(strbuf) json = strbuf_new(WRITTEN_MAX);
    struct text packed;
    struct text again;
    struct error error;

    error_clear(&error);
    if (!rest_read_message(input, &message, &error)) {
        MUST(error.code != CODE_OK && error.reason[0] != '\0');
        MUST(!error_is(&error, REASON_INVALID_REQUEST) || error.detail_count > 0);
        return;
    }
    MUST(message_validate(input->info, message, &error));
    MUST(input->takes_body || is_empty(input->body));
    MUST(!input->takes_body || input->body.length == 0 || is_json(input->content_type));
    check_given_once(input);
    rest_write_message(input->info, message, NULL, json);
    MUST(!json->overflowed);
    if (!message_pack(message, input->arena, &packed, &error) ||
        !message_from_json(input->info, input->arena, strbuf_text(json), &copy, &error) ||
        !message_pack(copy, input->arena, &again, &error)) {
        MUST(error_is(&error, REASON_OUT_OF_MEMORY_BUDGET));
        return;
    }
    MUST(texts_are_equal(packed, again));
}

static void check_time(struct arena *arena, struct text text)
{
    char *string = copy_terminated(text);
    char printed[TIMESTAMP_SIZE];
    int64_t us = 0;
    int64_t again = 0;
    size_t length = strlen(string);

    if (seed_read_time(arena, string, &us)) {
        timestamp_print(us, printed);
        MUST(seed_read_time(arena, printed, &again) && again == us);
        // Without its Z it is the same moment.
        printed[strlen(printed) - 1] = '\0';
        MUST(seed_read_time(arena, printed, &again) && again == us);
    } else {
        MUST(length != 10 || !date_parse(text_of(string), &(struct date){0}));
    }
    release(string);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    struct text body = {(const char *)data, size};
    struct text query = cut_line(&body);
    char *method = copy_terminated(cut_at(&query, ' '));
    struct text address = cut_at(&query, ' ');
    char *type = copy_terminated(query.length > 0 ? query : text_of("application/json"));
    struct text path = {NULL, 0};
    struct router_match match = {.entry = NULL};
    const struct endpoint *endpoint = NULL;

    query = address;
    path = cut_at(&query, '?');
    check_router(method, path, &match);
    check_decoding(arena, path, false);
    check_parameters(arena, query);
    check_time(arena, path);
    if (match.entry != NULL)
        endpoint = match.entry->target;
    if (endpoint != NULL && endpoint->route != NULL) {
        struct rest_input input = {
            .info = endpoint->route->method->request,
            .arena = arena,
            .match = &match,
            .query = query,
            .body = body,
            .content_type = type,
            .takes_body = endpoint->route->has_body,
        };

        check_message(&input);
    }
    release(type);
    release(method);
    return 0;
}
