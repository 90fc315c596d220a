// SPDX-License-Identifier: MIT
// fuzz_service: what every program reads from its operator and tells him.
//
// The first byte says which part: 's' settings, an argument a line; 'm' metrics, two label values a
// line with a tab between them; 'l' a log line, its event and then a line for each key and value;
// 'a' a request to the admin port.
#include "fuzz.h"

#include "base/strbuf.h"
#include "base/utf8.h"
#include "service/admin.h"
#include "service/log.h"
#include "service/metrics.h"
#include "service/settings.h"

#include <jansson.h>
#include <unistd.h>

enum {
    ARGUMENTS_MAX = 32,
    LABELS_MAX = 40, // lines of metrics: fewer than the series of one metric
    LABEL_LENGTH_MAX = 127,
    PIECES_MAX = 24, // keys and values of a log line
    KEY_LENGTH_MAX = 64,
    VALUE_LENGTH_MAX = 1024,
    LINE_LENGTH_MAX = 32 * 1024,
    PRINTED_MAX = 4 * 1024 * 1024,
};

// The lines of `text`, each terminated and released by release_lines.
static size_t split_lines(struct text text, char **lines, size_t max)
{
    size_t count = 0;

    while (text.length > 0 && count < max)
        lines[count++] = copy_terminated(cut_line(&text));
    return count;
}

static void release_lines(char **lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        release(lines[i]);
}

static const struct setting table[] = {
    {.name = "name", .kind = SETTING_TEXT, .help = "A text that must be there."},
    {.name = "note", .kind = SETTING_TEXT, .fallback = "", .help = "A text."},
    {.name = "count", .kind = SETTING_INT, .fallback = "7", .min = -5, .max = 1000, .help = "."},
    {.name = "any",
     .kind = SETTING_INT,
     .fallback = "0",
     .min = INT64_MIN,
     .max = INT64_MAX,
     .help = "."},
    {.name = "flag", .kind = SETTING_BOOL, .fallback = "false", .help = "."},
};

// The value that the last flag of that name gives; NULL for none.
static const char *given(char **arguments, size_t count, const char *name)
{
    const char *value = NULL;
    size_t length = strlen(name);

    for (size_t i = 1; i < count && strcmp(arguments[i], "--") != 0; i++) {
        const char *flag = arguments[i];
        bool has_value = strchr(flag, '=') != NULL;

        if (strncmp(flag, "--", 2) != 0)
            continue;
        if (strncmp(flag + 2, name, length) == 0 && flag[2 + length] == (has_value ? '=' : '\0'))
            value = has_value ? flag + 2 + length + 1 : arguments[i + 1];
        i += !has_value;
    }
    return value;
}

static void check_taken(const struct settings *settings, char **arguments, size_t count)
{
    char digits[24];

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const struct setting *setting = &table[i];
        const char *value = given(arguments, count, setting->name);

        value = value != NULL ? value : setting->fallback;
        MUST(value != NULL && strcmp(settings_text(settings, setting->name), value) == 0);
        if (setting->kind == SETTING_BOOL)
            MUST(settings_bool(settings, setting->name) == (strcmp(value, "true") == 0));
        if (setting->kind != SETTING_INT)
            continue;
        MUST(settings_int(settings, setting->name) >= setting->min);
        MUST(settings_int(settings, setting->name) <= setting->max);
        snprintf(digits, sizeof digits, "%lld", (long long)settings_int(settings, setting->name));
        // But for zeros in front, and the sign of one.
        if (value[0] != '0' && value[0] != '-')
            MUST(strcmp(digits, value) == 0);
    }
}

static void check_settings(struct text text)
{
    char *arguments[ARGUMENTS_MAX + 1] = {"program"};
    size_t count = 1 + split_lines(text, arguments + 1, ARGUMENTS_MAX - 1);
    OWNED(settings) settings = NULL;
    char **operands = NULL;
    struct error error;

    if (settings_read(table, COUNT_OF(table), (int)count, arguments, &settings, &error)) {
        MUST(settings_operands(settings, &operands) < count);
        check_taken(settings, arguments, count);
    } else {
        MUST(error_is(&error, REASON_INVALID_SETTING) && error.message[0] != '\0');
    }
    release_lines(arguments + 1, count - 1);
}

// A label's value as it must be shown: cut, escaped, and what is no UTF-8 replaced.
static void show_label(const char *value, struct strbuf *out)
{
    struct text rest = text_of(value);

    rest.length = rest.length < LABEL_LENGTH_MAX ? rest.length : LABEL_LENGTH_MAX;
    while (rest.length > 0) {
        size_t size = utf8_sequence_length(rest.data, rest.length);

        if (size == 0)
            strbuf_append_string(out, "\xef\xbf\xbd");
        else if (size == 1 && strchr("\\\"\n", rest.data[0]) != NULL)
            strbuf_printf(out, "\\%c", rest.data[0] == '\n' ? 'n' : rest.data[0]);
        else
            strbuf_append(out, rest.data, size);
        size = size > 0 ? size : 1;
        rest.data += size;
        rest.length -= size;
    }
}

// A line for each pair of values, each seen once, in the order of their coming.
static void check_metrics(struct text text)
{
    char *lines[LABELS_MAX];
    size_t count = split_lines(text, lines, LABELS_MAX);
    OWNED(metrics) metrics = metrics_new();
    OWNED(strbuf) printed = strbuf_new(PRINTED_MAX);
    OWNED(strbuf) expected = strbuf_new(PRINTED_MAX);
    struct metric *metric =
        metrics_gauge(metrics, "bourse_things", "Help with \\ and\na line feed.", "one", "two");

    strbuf_append_string(expected, "# HELP bourse_things Help with \\\\ and\\na line feed.\n"
                                   "# TYPE bourse_things gauge\n");
    for (size_t i = 0; i < count; i++) {
        OWNED(strbuf) series = strbuf_new(PRINTED_MAX);
        char *two = strchr(lines[i], '\t');

        if (two != NULL)
            *two++ = '\0';
        strbuf_append_string(series, "bourse_things{one=\"");
        show_label(lines[i], series);
        strbuf_append_string(series, "\",two=\"");
        show_label(two != NULL ? two : "", series);
        strbuf_append_string(series, "\"} ");
        metric_set(metric, 5, lines[i], two);
        // Different bytes may look alike once they are replaced, and then have a line each.
        if (strstr(series->data, "\xef\xbf\xbd") == NULL &&
            strstr(expected->data, series->data) != NULL)
            continue;
        strbuf_append_text(expected, strbuf_text(series));
        strbuf_append_string(expected, "5\n");
    }
    metrics_print(metrics, printed);
    MUST(!printed->overflowed && utf8_is_valid(printed->data, printed->length));
    if (strstr(expected->data, "\xef\xbf\xbd") == NULL)
        MUST(strcmp(printed->data, expected->data) == 0);
    release_lines(lines, count);
}

// Standard error, put aside while a line is written.
static void write_log(char **pieces, struct strbuf *out)
{
    static FILE *file;
    int kept = dup(STDERR_FILENO);
    char buffer[LINE_LENGTH_MAX];
    ssize_t length = 0;

    if (file == NULL)
        file = tmpfile();
    MUST(file != NULL && kept >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    MUST(ftruncate(fileno(file), 0) == 0 && lseek(fileno(file), 0, SEEK_SET) == 0);
    log_write(LOG_ERROR, pieces[0] != NULL ? pieces[0] : "", pieces[1], pieces[2], pieces[3],
              pieces[4], pieces[5], pieces[6], pieces[7], pieces[8], pieces[9], pieces[10],
              pieces[11], pieces[12], pieces[13], pieces[14], pieces[15], pieces[16], pieces[17],
              pieces[18], pieces[19], pieces[20], pieces[21], pieces[22], pieces[23], NULL);
    MUST(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    while ((length = pread(fileno(file), buffer, sizeof buffer, (off_t)out->length)) > 0)
        strbuf_append(out, buffer, (size_t)length);
}

// One line, which is one object; and its first value is what was given.
static void check_log(struct text text)
{
    char *pieces[PIECES_MAX + 1] = {NULL};
    size_t count = split_lines(text, pieces, PIECES_MAX);
    OWNED(strbuf) line = strbuf_new(4 * LINE_LENGTH_MAX);
    json_t *object = NULL;
    json_t *found = NULL;
    const char *key = NULL;
    const char *value = NULL;

    write_log(pieces, line);
    MUST(line->length > 0 && line->length <= LINE_LENGTH_MAX);
    MUST(strchr(line->data, '\n') == line->data + line->length - 1);
    object = json_loadb(line->data, line->length, JSON_ALLOW_NUL, NULL);
    MUST(json_is_object(object));
    MUST(strncmp(line->data, "{\"time\":\"", 9) == 0);
    // What is cut within a character ends with a replacement of three bytes.
    json_object_foreach(object, key, found) MUST(strlen(key) <= 3 * KEY_LENGTH_MAX &&
                                                 json_string_length(found) <= 3 * VALUE_LENGTH_MAX);
    if (count == 3 && strlen(pieces[1]) <= KEY_LENGTH_MAX &&
        strlen(pieces[2]) <= VALUE_LENGTH_MAX && utf8_is_valid(pieces[1], strlen(pieces[1])) &&
        utf8_is_valid(pieces[2], strlen(pieces[2]))) {
        value = json_string_value(json_object_get(object, pieces[1]));
        MUST(value != NULL && strcmp(value, pieces[2]) == 0);
    }
    json_decref(object);
    release_lines(pieces, count);
}

static void is_ready(void *context, struct strbuf *reasons, struct strbuf *notes)
{
    (void)context;
    (void)reasons;
    strbuf_append_string(notes, "a note");
}

// True for "GET /livez HTTP/1.1" and its like.
static bool is_asked(struct text line, const char *path)
{
    size_t length = strlen(path);
    struct text version = {line.data + line.length - 9, 9};

    return line.length >= 4 + length + 9 && memcmp(line.data, "GET ", 4) == 0 &&
           memcmp(line.data + 4, path, length) == 0 &&
           strchr("? ", line.data[4 + length]) != NULL && line.data[4 + length] != '\0' &&
           (text_equals(version, " HTTP/1.1") || text_equals(version, " HTTP/1.0"));
}

static void check_admin(struct text request)
{
    static const char *const paths[] = {"/livez", "/readyz", "/healthz", "/metrics"};
    OWNED(metrics) metrics = metrics_new();
    OWNED(strbuf) out = strbuf_new(PRINTED_MAX);
    struct admin_options options = {.metrics = metrics, .check = is_ready};
    const char *end = request.length > 0 ? memchr(request.data, '\r', request.length) : NULL;
    struct text line = {request.data, end != NULL ? (size_t)(end - request.data) : 0};
    const char *blank = line.length > 4 ? memchr(line.data + 4, ' ', line.length - 4) : NULL;
    const char *body = NULL;
    char length[64];
    bool is_known = false;

    admin_answer(&options, request, out);
    body = strstr(out->data, "\r\n\r\n");
    MUST(body != NULL && strncmp(out->data, "HTTP/1.1 ", 9) == 0);
    snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", strlen(body + 4));
    MUST(strstr(out->data, length) != NULL && strlen(out->data) == out->length);
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        is_known = is_known || is_asked(line, paths[i]);
    // The version is the third word, and there is no fourth.
    is_known = is_known && blank == line.data + line.length - 9;
    MUST((strncmp(out->data + 9, "200 ", 4) == 0) == is_known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data + 1, size - 1};

    if (size == 0)
        return 0;
    switch (data[0]) {
    case 's':
        check_settings(rest);
        break;
    case 'm':
        check_metrics(rest);
        break;
    case 'l':
        check_log(rest);
        break;
    case 'a':
        check_admin(rest);
        break;
    default:
        break;
    }
    return 0;
}
