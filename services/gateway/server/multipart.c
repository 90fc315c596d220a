// SPDX-License-Identifier: MIT
#include "server/multipart.h"

#include "base/utf8.h"

#include <string.h>
#include <strings.h>

#define MULTIPART_TYPE "multipart/form-data"

enum { BOUNDARY_MAX = 70, DELIMITER_SIZE = BOUNDARY_MAX + 5 }; // RFC 2046 section 5.1.1

struct multipart {
    struct arena *arena;
    struct multipart_source source;
    char delimiter[DELIMITER_SIZE]; // CR LF "--" boundary
    size_t delimiter_length;
    char *buffer;
    size_t start;   // of what has not been taken yet
    size_t end;     // of what has been read
    bool is_at_end; // the source has no more
    const char *file_name;
    bool is_in_file;
};

static bool fail(struct error *error, const char *sentence)
{
    return error_set(error, REASON_MALFORMED_REQUEST, "%s", sentence);
}

static bool no_room(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the form.");
}

// The boundary.

static bool is_boundary_sign(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("'()+_,-./:=?", c) != NULL);
}

// What follows "boundary=", with or without quotes, up to the end of the header.
static struct text find_boundary(const char *parameters)
{
    static const char name[] = "boundary=";
    const char *at = parameters;
    struct text found = {"", 0};
    bool is_quoted = false;

    while (*at != '\0' && strncasecmp(at, name, sizeof name - 1) != 0)
        at++;
    if (*at == '\0')
        return found;
    at += sizeof name - 1;
    is_quoted = *at == '"';
    found.data = is_quoted ? at + 1 : at;
    while (is_boundary_sign(found.data[found.length]))
        found.length++;
    at = found.data + found.length;
    if (is_quoted && *at++ != '"')
        return (struct text){"", 0};
    return *at == '\0' || *at == ';' || *at == ' ' ? found : (struct text){"", 0};
}

bool multipart_begin(struct arena *arena,
                     const char *content_type,
                     const struct multipart_source *source,
                     struct multipart **out_multipart,
                     struct error *error)
{
    size_t type_length = strlen(MULTIPART_TYPE);
    struct multipart *multipart = NULL;
    struct text boundary;

    if (content_type == NULL || strncasecmp(content_type, MULTIPART_TYPE, type_length) != 0 ||
        strchr("; ", content_type[type_length]) == NULL)
        return error_set(error, REASON_UNSUPPORTED_MEDIA_TYPE,
                         "Send the form as Content-Type: " MULTIPART_TYPE ".");
    boundary = find_boundary(content_type + type_length);
    if (boundary.length == 0 || boundary.length > BOUNDARY_MAX)
        return fail(error, "The form's Content-Type has no usable boundary.");
    multipart = arena_allocate(arena, sizeof *multipart);
    if (multipart == NULL)
        return no_room(error);
    // The first delimiter has no line end before it: it is given one.
    *multipart = (struct multipart){.arena = arena, .source = *source, .end = 2};
    multipart->buffer = arena_allocate(arena, MULTIPART_BUFFER);
    if (multipart->buffer == NULL)
        return no_room(error);
    memcpy(multipart->buffer, "\r\n", 2);
    memcpy(multipart->delimiter, "\r\n--", 4);
    memcpy(multipart->delimiter + 4, boundary.data, boundary.length);
    multipart->delimiter_length = boundary.length + 4;
    *out_multipart = multipart;
    return true;
}

// The buffer.

static size_t held(const struct multipart *multipart)
{
    return multipart->end - multipart->start;
}

static const char *front(const struct multipart *multipart)
{
    return multipart->buffer + multipart->start;
}

// Reads some more; what was taken makes room.
static bool fill(struct multipart *multipart, struct error *error)
{
    size_t room = 0;
    size_t got = 0;

    memmove(multipart->buffer, front(multipart), held(multipart));
    multipart->end = held(multipart);
    multipart->start = 0;
    room = MULTIPART_BUFFER - multipart->end;
    if (!multipart->source.read(multipart->source.context, multipart->buffer + multipart->end,
                                room < MULTIPART_READ_MAX ? room : MULTIPART_READ_MAX, &got, error))
        return false;
    multipart->end += got;
    multipart->is_at_end = got == 0;
    return true;
}

// The first place of `wanted` in the first `length` bytes that are held; NULL for none.
static const char *search(const struct multipart *multipart, size_t length, struct text wanted)
{
    const char *at = front(multipart);
    const char *end = at + length;

    while ((size_t)(end - at) >= wanted.length) {
        at = memchr(at, wanted.data[0], (size_t)(end - at) - wanted.length + 1);
        if (at == NULL || memcmp(at, wanted.data, wanted.length) == 0)
            return at;
        at++;
    }
    return NULL;
}

// Makes sure that `length` bytes are held. False also at the end, then without an error.
static bool need(struct multipart *multipart, size_t length, struct error *error)
{
    error_clear(error);
    while (held(multipart) < length && !multipart->is_at_end)
        if (!fill(multipart, error))
            return false;
    return held(multipart) >= length;
}

// Finds `wanted` among the bytes that are held, reading up to `limit` of them. False with an error,
// and without one when it is not there.
static bool find_within(struct multipart *multipart,
                        struct text wanted,
                        size_t limit,
                        size_t *out_at,
                        struct error *error)
{
    const char *at = NULL;

    error_clear(error);
    for (;;) {
        size_t length = held(multipart) < limit ? held(multipart) : limit;

        at = search(multipart, length, wanted);
        if (at != NULL || length == limit || multipart->is_at_end)
            break;
        if (!fill(multipart, error))
            return false;
    }
    if (at != NULL)
        *out_at = (size_t)(at - front(multipart));
    return at != NULL;
}

static struct text delimiter_of(const struct multipart *multipart)
{
    return (struct text){multipart->delimiter, multipart->delimiter_length};
}

// Takes what is behind a delimiter: "--" ends the form, a line end begins a part. Blanks may come
// before it (RFC 2046).
static bool take_delimiter_end(struct multipart *multipart, bool *out_is_last, struct error *error)
{
    static const char cut[] = "The form is cut off.";

    if (!need(multipart, 2, error))
        return error->code != CODE_OK ? false : fail(error, cut);
    *out_is_last = memcmp(front(multipart), "--", 2) == 0;
    if (*out_is_last) {
        multipart->start += 2;
        return true;
    }
    while (held(multipart) > 0 && (*front(multipart) == ' ' || *front(multipart) == '\t')) {
        multipart->start++;
        if (!need(multipart, 2, error))
            return error->code != CODE_OK ? false : fail(error, cut);
    }
    if (memcmp(front(multipart), "\r\n", 2) != 0)
        return fail(error, "The form has something behind a boundary.");
    multipart->start += 2;
    return true;
}

// A part's headers.

// Text without anything that moves a cursor.
static bool is_name(const char *name)
{
    for (const char *at = name; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return false;
    return utf8_is_valid(name, strlen(name));
}

struct part {
    const char *name;
    const char *file_name; // NULL unless it is a file
};

// Takes a parameter's value in quotes off `at`. Browsers write %22 for a quote in it, others \".
static char *take_quoted(struct arena *arena, const char **at, const char *end)
{
    char *value = arena_allocate(arena, (size_t)(end - *at) + 1);
    size_t length = 0;

    ++*at;
    while (value != NULL && *at < end && **at != '"') {
        bool is_escape = **at == '\\' && ((*at)[1] == '"' || (*at)[1] == '\\');
        bool is_quote = strncmp(*at, "%22", 3) == 0;

        value[length++] = is_quote ? '"' : is_escape ? (*at)[1] : **at;
        *at += is_quote ? 3 : is_escape ? 2 : 1;
    }
    return value;
}

// Reads `; name="value"` behind the type of a Content-Disposition.
static bool read_parameter(
    struct arena *arena, const char **at, const char *end, struct part *part, struct error *error)
{
    struct text name;
    char *value = NULL;

    *at += strspn(*at, "; ");
    if (*at >= end)
        return true;
    name = (struct text){*at, strcspn(*at, "=\r")};
    *at += name.length;
    if (end - *at < 3 || (*at)[0] != '=' || (*at)[1] != '"')
        return fail(error, "A part of the form has a name without quotes.");
    ++*at;
    value = take_quoted(arena, at, end);
    if (value == NULL)
        return no_room(error);
    if (*at >= end)
        return fail(error, "A part of the form has a name that does not end.");
    ++*at;
    if (!is_name(value))
        return fail(error, "A part of the form has a name that is not text in UTF-8.");
    if (text_equals(name, "name"))
        part->name = value;
    else if (text_equals(name, "filename"))
        part->file_name = value;
    return true;
}

static bool read_disposition(
    struct arena *arena, const char *line, const char *end, struct part *part, struct error *error)
{
    static const char type[] = "form-data";
    const char *at = line + strspn(line, " \t");

    if (strncasecmp(at, type, sizeof type - 1) != 0)
        return fail(error, "A part of the form is not of a form.");
    at += sizeof type - 1;
    while (at < end)
        if (!read_parameter(arena, &at, end, part, error))
            return false;
    return true;
}

// Reads the lines of `head`, which is terminated and whose lines end with CR LF.
static bool
read_head(struct arena *arena, const char *head, struct part *out_part, struct error *error)
{
    static const char disposition[] = "Content-Disposition:";

    *out_part = (struct part){NULL, NULL};
    while (*head != '\0') {
        const char *end = strstr(head, "\r\n");

        if (strncasecmp(head, disposition, sizeof disposition - 1) == 0 &&
            !read_disposition(arena, head + sizeof disposition - 1, end, out_part, error))
            return false;
        head = end + 2;
    }
    return (out_part->name != NULL && out_part->name[0] != '\0') ||
           fail(error, "A part of the form has no name.");
}

static bool take_head(struct multipart *multipart, struct part *out_part, struct error *error)
{
    static const struct text blank = {"\r\n\r\n", 4};
    size_t length = 0;
    char *head = NULL;

    if (!find_within(multipart, blank, MULTIPART_HEAD_MAX, &length, error))
        return error->code != CODE_OK
                   ? false
                   : error_set(error, REASON_MALFORMED_REQUEST,
                               "The head of a part of the form has no end within %d bytes.",
                               MULTIPART_HEAD_MAX);
    if (memchr(front(multipart), '\0', length) != NULL)
        return fail(error, "The head of a part of the form has a NUL.");
    head = arena_copy(multipart->arena, front(multipart), length + 2);
    if (head == NULL)
        return no_room(error);
    multipart->start += length + blank.length;
    return read_head(multipart->arena, head, out_part, error);
}

// Fields.

static bool is_text(struct text value)
{
    for (size_t i = 0; i < value.length; i++)
        if ((unsigned char)value.data[i] < ' ' && strchr("\t\r\n", value.data[i]) == NULL)
            return false;
    return memchr(value.data, '\0', value.length) == NULL &&
           utf8_is_valid(value.data, value.length);
}

static bool
take_field(struct multipart *multipart, const char *name, struct form *form, struct error *error)
{
    struct text value = {NULL, 0};

    if (!find_within(multipart, delimiter_of(multipart),
                     MULTIPART_FIELD_MAX + multipart->delimiter_length, &value.length, error))
        return error->code != CODE_OK
                   ? false
                   : error_set(error, REASON_MALFORMED_REQUEST,
                               "The field %.64s of the form has no end within %d bytes.", name,
                               MULTIPART_FIELD_MAX);
    value.data = arena_copy(multipart->arena, front(multipart), value.length);
    if (value.data == NULL)
        return no_room(error);
    if (!is_text(value))
        return error_set(error, REASON_MALFORMED_REQUEST, "The field %.64s is not text in UTF-8.",
                         name);
    multipart->start += value.length + multipart->delimiter_length;
    return form_add(form, text_of(name), value, error);
}

static bool begin_file(struct multipart *multipart, const char *name, struct error *error)
{
    if (strlen(name) > MULTIPART_FILE_NAME_MAX)
        return error_set(error, REASON_MALFORMED_REQUEST,
                         "The name of the file has more than %d bytes.", MULTIPART_FILE_NAME_MAX);
    multipart->is_in_file = true;
    // A file that was not chosen is sent without a name.
    multipart->file_name = name[0] != '\0' ? name : NULL;
    return true;
}

bool multipart_read_fields(struct multipart *multipart, struct form *out_form, struct error *error)
{
    bool is_last = false;
    size_t at = 0;
    struct part part;

    // What comes before the first part is nobody's; nothing that sends forms puts anything there.
    if (!find_within(multipart, delimiter_of(multipart), MULTIPART_HEAD_MAX, &at, error) || at != 0)
        return error->code != CODE_OK ? false
                                      : fail(error, "The form does not begin with its boundary.");
    multipart->start += multipart->delimiter_length;
    while (!multipart->is_in_file) {
        if (!take_delimiter_end(multipart, &is_last, error))
            return false;
        if (is_last)
            return true;
        if (!take_head(multipart, &part, error) ||
            !(part.file_name != NULL ? begin_file(multipart, part.file_name, error)
                                     : take_field(multipart, part.name, out_form, error)))
            return false;
    }
    return true;
}

const char *multipart_file_name(const struct multipart *multipart)
{
    return multipart->file_name;
}

// The file.

// Behind the file's end there is the form's end, and nothing else.
static bool end_file(struct multipart *multipart, struct error *error)
{
    bool is_last = false;

    multipart->start += multipart->delimiter_length;
    multipart->is_in_file = false;
    if (!take_delimiter_end(multipart, &is_last, error))
        return false;
    if (!is_last)
        return fail(error, "The form has something behind its file.");
    if (need(multipart, 3, error))
        return fail(error, "The form has something behind its end.");
    return error->code == CODE_OK;
}

// How many of the bytes that are held are certainly the file's.
static size_t file_bytes(const struct multipart *multipart, bool *out_is_all)
{
    struct text delimiter = delimiter_of(multipart);
    const char *at = search(multipart, held(multipart), delimiter);

    *out_is_all = at != NULL;
    if (at != NULL)
        return (size_t)(at - front(multipart));
    return held(multipart) < delimiter.length ? 0 : held(multipart) - delimiter.length + 1;
}

bool multipart_read_file(
    struct multipart *multipart, char *buffer, size_t size, size_t *out_length, struct error *error)
{
    bool is_all = false;
    size_t length = 0;

    *out_length = 0;
    if (!multipart->is_in_file)
        return true;
    for (;;) {
        length = file_bytes(multipart, &is_all);
        if (length > 0 || is_all)
            break;
        if (multipart->is_at_end)
            return fail(error, "The form is cut off in its file.");
        if (!fill(multipart, error))
            return false;
    }
    if (length == 0)
        return end_file(multipart, error);
    length = length < size ? length : size;
    memcpy(buffer, front(multipart), length);
    multipart->start += length;
    *out_length = length;
    return true;
}
