// SPDX-License-Identifier: MIT
#include "service/settings.h"

#include "base/digest.h"
#include "service/secret_file.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 4096, ENVIRONMENT_NAME_SIZE = 80 };

#define FILE_SUFFIX "-file"

struct settings {
    const struct setting *settings; // borrowed
    size_t count;
    char **values; // parallel to `settings`
    char **files;  // parallel to `settings`: where a secret is, when it is in a file
    char **operands;
    size_t operand_count;
};

// "starting-cash" is BOURSE_STARTING_CASH in the environment.
static void environment_name(const char *name, const char *suffix, char out[ENVIRONMENT_NAME_SIZE])
{
    size_t at = 0;

    snprintf(out, ENVIRONMENT_NAME_SIZE, "BOURSE_%s%s", name, suffix);
    for (at = 0; out[at] != '\0'; at++)
        out[at] = out[at] == '-' ? '_' : (char)toupper((unsigned char)out[at]);
}

static bool find_setting(const struct settings *settings, struct text name, size_t *out_index)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (text_equals(name, settings->settings[i].name)) {
            *out_index = i;
            return true;
        }
    }
    return false;
}

// "database-file" belongs to the secret "database".
static bool find_file(const struct settings *settings, struct text name, size_t *out_index)
{
    static const size_t suffix_length = sizeof FILE_SUFFIX - 1;

    if (name.length <= suffix_length ||
        memcmp(name.data + name.length - suffix_length, FILE_SUFFIX, suffix_length) != 0)
        return false;
    name.length -= suffix_length;
    return find_setting(settings, name, out_index) &&
           settings->settings[*out_index].kind == SETTING_SECRET;
}

static bool parse_int(const char *value, int64_t *out_number)
{
    char *end = NULL;
    intmax_t number = 0;

    // strtoimax would take leading blanks and a plus.
    if (value[0] != '-' && !isdigit((unsigned char)value[0]))
        return false;
    errno = 0;
    number = strtoimax(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || number < INT64_MIN || number > INT64_MAX)
        return false;
    *out_number = number;
    return true;
}

static bool parse_bool(const char *value, bool *out_flag)
{
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return false;
    *out_flag = strcmp(value, "true") == 0;
    return true;
}

static bool check_value(const struct setting *setting, const char *value, struct error *error)
{
    int64_t number = 0;
    bool flag = false;

    if (strlen(value) > VALUE_MAX)
        return error_set(error, REASON_INVALID_SETTING, "--%s is longer than %d bytes",
                         setting->name, VALUE_MAX);
    switch (setting->kind) {
    case SETTING_TEXT:
    case SETTING_SECRET:
        if (value[0] == '\0' && setting->fallback == NULL)
            return error_set(error, REASON_INVALID_SETTING, "--%s must not be empty",
                             setting->name);
        return true;
    case SETTING_BOOL:
        if (!parse_bool(value, &flag))
            return error_set(error, REASON_INVALID_SETTING,
                             "--%s must be true or false, not \"%s\"", setting->name, value);
        return true;
    case SETTING_INT:
        if (!parse_int(value, &number) || number < setting->min || number > setting->max)
            return error_set(error, REASON_INVALID_SETTING,
                             "--%s must be a whole number from %" PRId64 " to %" PRId64
                             ", not \"%s\"",
                             setting->name, setting->min, setting->max, value);
        return true;
    }
    return true;
}

static void set_value(char **value, const char *text)
{
    release(*value);
    *value = allocate_string(text);
}

// Reads the flag at argv[*at], in the form `--name value` or `--name=value`, and moves *at on.
static bool
read_flag(struct settings *settings, int argc, char **argv, int *at, struct error *error)
{
    const char *name = argv[*at] + 2;
    const char *equals = strchr(name, '=');
    struct text bare = {name, equals != NULL ? (size_t)(equals - name) : strlen(name)};
    size_t index = 0;
    bool is_value = find_setting(settings, bare, &index);

    if (!is_value && !find_file(settings, bare, &index))
        return error_set(error, REASON_INVALID_SETTING,
                         "there is no setting --%.*s; --help lists them", (int)bare.length,
                         bare.data);
    if (equals == NULL && *at + 1 == argc)
        return error_set(error, REASON_INVALID_SETTING, "--%s needs a value", name);
    if (equals == NULL)
        *at += 1;
    set_value(is_value ? &settings->values[index] : &settings->files[index],
              equals != NULL ? equals + 1 : argv[*at]);
    return true;
}

static bool read_arguments(struct settings *settings, int argc, char **argv, struct error *error)
{
    bool flags_ended = false;

    for (int at = 1; at < argc; at++) {
        if (!flags_ended && strcmp(argv[at], "--") == 0)
            flags_ended = true;
        else if (flags_ended || strncmp(argv[at], "--", 2) != 0)
            settings->operands[settings->operand_count++] = allocate_string(argv[at]);
        else if (!read_flag(settings, argc, argv, &at, error))
            return false;
    }
    return true;
}

// Reads the secret's file, if there is one.
static bool read_file(struct settings *settings, size_t index, struct error *error)
{
    const char *name = settings->settings[index].name;
    const char *path = settings->files[index];
    OWNED(strbuf) secret = strbuf_new(VALUE_MAX);
    bool is_read = false;

    if (path == NULL || path[0] == '\0')
        return true;
    if (settings->values[index] != NULL && settings->values[index][0] != '\0')
        return error_set(error, REASON_INVALID_SETTING,
                         "--%s and --%s" FILE_SUFFIX " are both given", name, name);
    is_read = secret_file_read(name, path, secret, error);
    if (is_read)
        set_value(&settings->values[index], secret->data);
    digest_wipe(secret->data, secret->length);
    return is_read;
}

// Takes what no flag has set from the environment.
static bool read_environment(struct settings *settings, size_t index, struct error *error)
{
    const struct setting *setting = &settings->settings[index];
    char name[ENVIRONMENT_NAME_SIZE];

    environment_name(setting->name, "", name);
    if (settings->values[index] == NULL && getenv(name) != NULL)
        set_value(&settings->values[index], getenv(name));
    if (setting->kind != SETTING_SECRET)
        return true;
    environment_name(setting->name, FILE_SUFFIX, name);
    if (settings->files[index] == NULL && getenv(name) != NULL)
        set_value(&settings->files[index], getenv(name));
    return read_file(settings, index, error);
}

// Takes what no flag has set from the environment or the fallback, and checks all.
static bool complete(struct settings *settings, struct error *error)
{
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = &settings->settings[i];
        char name[ENVIRONMENT_NAME_SIZE];

        environment_name(setting->name, "", name);
        if (!read_environment(settings, i, error))
            return false;
        if (settings->values[i] == NULL && setting->fallback != NULL)
            set_value(&settings->values[i], setting->fallback);
        if (settings->values[i] == NULL)
            return error_set(error, REASON_INVALID_SETTING, "--%s or %s must be given: %s",
                             setting->name, name, setting->help);
        if (!check_value(setting, settings->values[i], error))
            return false;
    }
    return true;
}

bool settings_read(const struct setting *settings,
                   size_t count,
                   int argc,
                   char **argv,
                   struct settings **out_settings,
                   struct error *error)
{
    OWNED(settings) read = allocate(sizeof *read);

    read->settings = settings;
    read->count = count;
    read->values = allocate_array(count + 1, sizeof *read->values);
    read->files = allocate_array(count + 1, sizeof *read->files);
    read->operands = allocate_array((size_t)(argc > 0 ? argc : 1), sizeof *read->operands);
    if (!read_arguments(read, argc, argv, error) || !complete(read, error))
        return false;
    *out_settings = read;
    read = NULL;
    return true;
}

void settings_free(struct settings **settings)
{
    if (*settings == NULL)
        return;
    for (size_t i = 0; i < (*settings)->count; i++) {
        release((*settings)->values[i]);
        release((*settings)->files[i]);
    }
    for (size_t i = 0; i < (*settings)->operand_count; i++)
        release((*settings)->operands[i]);
    release((*settings)->values);
    release((*settings)->files);
    release((*settings)->operands);
    release(*settings);
    *settings = NULL;
}

const char *settings_text(const struct settings *settings, const char *name)
{
    size_t index = 0;
    bool found = find_setting(settings, text_of(name), &index);

    // Asking for a setting that was never declared is a bug of the program, not of its user.
    assert(found);
    return found ? settings->values[index] : "";
}

int64_t settings_int(const struct settings *settings, const char *name)
{
    int64_t number = 0;
    bool valid = parse_int(settings_text(settings, name), &number);

    assert(valid);
    (void)valid;
    return number;
}

bool settings_bool(const struct settings *settings, const char *name)
{
    bool flag = false;
    bool valid = parse_bool(settings_text(settings, name), &flag);

    assert(valid);
    (void)valid;
    return flag;
}

size_t settings_operands(const struct settings *settings, char ***out_operands)
{
    *out_operands = settings->operands;
    return settings->operand_count;
}

static void help_value(const struct setting *setting, struct strbuf *out)
{
    switch (setting->kind) {
    case SETTING_INT:
        strbuf_printf(out, "%" PRId64 "..%" PRId64, setting->min, setting->max);
        break;
    case SETTING_BOOL:
        strbuf_append_string(out, "true|false");
        break;
    case SETTING_TEXT:
        strbuf_append_string(out, "TEXT");
        break;
    case SETTING_SECRET:
        strbuf_append_string(out, "SECRET");
        break;
    }
}

void settings_help(const struct setting *settings, size_t count, struct strbuf *out)
{
    for (size_t i = 0; i < count; i++) {
        char name[ENVIRONMENT_NAME_SIZE];

        environment_name(settings[i].name, "", name);
        strbuf_printf(out, "  --%s ", settings[i].name);
        help_value(&settings[i], out);
        strbuf_printf(out, "  %s [%s; ", settings[i].help, name);
        if (settings[i].fallback == NULL)
            strbuf_append_string(out, "must be given");
        else if (settings[i].fallback[0] == '\0')
            strbuf_append_string(out, "default: empty");
        else
            strbuf_printf(out, "default: %s", settings[i].fallback);
        // The environment of a process can be read by its owner only, its arguments by everybody.
        if (settings[i].kind == SETTING_SECRET)
            strbuf_printf(
                out,
                "; better in the environment, or in a file that %s_FILE or --%s" FILE_SUFFIX
                " names, readable by its owner and group only",
                name, settings[i].name);
        strbuf_append_string(out, "]\n");
    }
}
