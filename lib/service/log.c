// SPDX-License-Identifier: MIT
#include "service/log.h"

#include "base/clock.h"
#include "base/strbuf.h"
#include "base/timestamp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    NAME_SIZE = 32,
    KEY_MAX = 64,         // bytes of a key
    VALUE_MAX = 1024,     // bytes of a value before escaping; the rest is cut off
    PAIRS_END = 8 * 1024, // no further pair is begun once a line is this long
    LINE_MAX_BYTES = 32 * 1024,
};

// The one thing of a process that every part of it shares by nature. The name is written once,
// before the first thread; levels and format are atomic.
static char service_name[NAME_SIZE] = "bourse";
static atomic_int set_level = LOG_INFO;
static atomic_int least_level = LOG_INFO; // the same, unless all is shown
static atomic_int line_format = LOG_JSON;

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};

void log_start(const char *service, enum log_level least)
{
    snprintf(service_name, sizeof service_name, "%s", service);
    log_set_level(least);
}

void log_set_level(enum log_level least)
{
    atomic_store(&set_level, (int)least);
    atomic_store(&least_level, (int)least);
}

void log_show_all(bool shows_all)
{
    atomic_store(&least_level, shows_all ? (int)LOG_DEBUG : atomic_load(&set_level));
}

bool log_is_written(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&least_level, memory_order_relaxed);
}

bool log_level_parse(const char *name, enum log_level *out_level)
{
    for (size_t i = 0; i < COUNT_OF(level_names); i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *out_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_set_format(enum log_format format)
{
    atomic_store(&line_format, (int)format);
}

bool log_format_parse(const char *name, enum log_format *out_format)
{
    bool is_text = strcmp(name, "text") == 0;

    if (!is_text && strcmp(name, "json") != 0)
        return false;
    *out_format = is_text ? LOG_TEXT : LOG_JSON;
    return true;
}

static struct text cut(const char *string, size_t length_max)
{
    struct text text = text_of(string);

    text.length = text.length > length_max ? length_max : text.length;
    return text;
}

// Whether a value stands in a line of text without quotes, and cannot be taken for more than one.
static bool is_plain(struct text value)
{
    for (size_t i = 0; i < value.length; i++)
        if (value.data[i] <= ' ' || value.data[i] > '~' || strchr("\"\\=", value.data[i]) != NULL)
            return false;
    return value.length > 0;
}

// Of the fixed keys the value alone; of the others nothing where there is no value.
static void append_text_pair(struct strbuf *line, const char *key, const char *value)
{
    struct text text = cut(value, VALUE_MAX);

    if (text.length == 0)
        return;
    if (line->length > 0)
        strbuf_append_char(line, ' ');
    if (key[0] != '\0') {
        strbuf_append_text(line, cut(key, KEY_MAX));
        strbuf_append_char(line, '=');
    }
    if (is_plain(text))
        strbuf_append_text(line, text);
    else
        strbuf_append_json(line, text);
}

static void append_json_pair(struct strbuf *line, const char *key, const char *value)
{
    strbuf_append_char(line, line->length == 0 ? '{' : ',');
    strbuf_append_json(line, cut(key, KEY_MAX));
    strbuf_append_char(line, ':');
    strbuf_append_json(line, cut(value, VALUE_MAX));
}

// One write a line, so that lines of several threads do not mix. A log that nobody reads any more
// must not stop the service, so failures are ignored.
static void write_line(struct text line)
{
    while (line.length > 0) {
        ssize_t written = write(STDERR_FILENO, line.data, line.length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        line.data += written;
        line.length -= (size_t)written;
    }
}

enum { FIXED_KEYS = 4 };

static void begin_line(struct strbuf *line, bool is_text, const char *const values[FIXED_KEYS])
{
    static const char *const keys[FIXED_KEYS] = {"time", "level", "service", "event"};

    for (size_t i = 0; i < FIXED_KEYS; i++)
        if (is_text)
            append_text_pair(line, "", values[i]);
        else
            append_json_pair(line, keys[i], values[i]);
}

void log_write(enum log_level level, const char *event, ...)
{
    struct clock clock = clock_real();
    bool is_text = atomic_load_explicit(&line_format, memory_order_relaxed) == LOG_TEXT;
    void (*append_pair)(struct strbuf *, const char *, const char *) =
        is_text ? append_text_pair : append_json_pair;
    OWNED(strbuf) line = NULL;
    char time[TIMESTAMP_SIZE];
    const char *key = NULL;
    va_list pairs;

    if (!log_is_written(level))
        return;
    line = strbuf_new(LINE_MAX_BYTES);
    timestamp_print(clock_now_us(&clock), time);
    begin_line(line, is_text, (const char *const[]){time, level_names[level], service_name, event});
    va_start(pairs, event);
    while ((key = va_arg(pairs, const char *)) != NULL) {
        const char *value = va_arg(pairs, const char *);

        if (value == NULL)
            break;
        if (line->length > PAIRS_END) {
            append_pair(line, "cut", "true");
            break;
        }
        append_pair(line, key, value);
    }
    va_end(pairs);
    strbuf_append_string(line, is_text ? "\n" : "}\n");
    write_line(strbuf_text(line));
}
