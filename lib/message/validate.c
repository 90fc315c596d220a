// SPDX-License-Identifier: MIT
#include "fields.h"
#include "json_syntax.h"

#include "base/timestamp.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "money/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// The years 1 to 9999, which is what RFC 3339 can write.
#define TIME_MIN (INT64_C(-62135596800) * 1000000)
#define TIME_MAX (INT64_C(253402300800) * 1000000 - 1)

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_ticker(const char *string)
{
    for (; *string != '\0'; string++)
        if (!is_letter(*string) && !is_digit(*string) && *string != '.' && *string != '-')
            return false;
    return true;
}

static bool is_username(const char *string)
{
    if (!is_letter(string[0]))
        return false;
    for (; *string != '\0'; string++)
        if (!is_letter(*string) && !is_digit(*string) && strchr("._-", *string) == NULL)
            return false;
    return true;
}

static bool is_email(const char *string)
{
    const char *at_sign = strchr(string, '@');
    const char *domain = at_sign == NULL ? NULL : at_sign + 1;
    size_t length = strlen(string);

    if (at_sign == NULL || at_sign == string || strchr(domain, '@') != NULL || length > 254)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)string[i] <= ' ' || string[i] == 0x7f)
            return false;
    return strchr(domain, '.') != NULL && domain[0] != '.' && string[length - 1] != '.' &&
           strstr(domain, "..") == NULL;
}

static bool is_date(const char *string)
{
    struct date date;

    return date_parse(text_of(string), &date);
}

// Written only where it changes something: the text may be a constant of the program.
static void convert_case(char *string, char first, char last, int distance)
{
    for (; *string != '\0'; string++)
        if (*string >= first && *string <= last)
            *string = (char)(*string + distance);
}

// What the format asks of a string, or NULL when it is that. Brings tickers and ids to their case.
static const char *format_problem(enum field_format format, char *string)
{
    switch (format) {
    case FORMAT_UUID:
        if (strlen(string) != UUID_SIZE - 1 || !uuid_is_valid(string))
            return "must be a UUID such as \"0190163d-8694-739b-aea5-966c26f8ad91\"";
        convert_case(string, 'A', 'F', 'a' - 'A');
        return NULL;
    case FORMAT_TICKER:
        if (!is_ticker(string))
            return "must be a ticker: letters, digits, '.' and '-'";
        convert_case(string, 'a', 'z', 'A' - 'a');
        return NULL;
    case FORMAT_USERNAME:
        return is_username(string)
                   ? NULL
                   : "must begin with a letter and go on with letters, digits, '.', '_' and '-'";
    case FORMAT_EMAIL:
        return is_email(string) ? NULL : "must be an e-mail address such as \"ada@example.org\"";
    case FORMAT_JSON:
        return json_is_object(text_of(string)) ? NULL : "must be a JSON object";
    case FORMAT_DATE:
        return is_date(string) ? NULL : "must be a date such as \"2014-06-02\"";
    default:
        return NULL;
    }
}

static void check_string(const struct field_info *field,
                         char *string,
                         const struct path *path,
                         struct error *error)
{
    size_t length = strlen(string);
    size_t count = 0;
    const char *problem = NULL;

    if (!utf8_is_valid(string, length)) {
        path_violation(path, error, "must be UTF-8 without a NUL character");
        return;
    }
    count = utf8_count(string, length);
    if (field->required && length == 0)
        problem = "is required";
    else if (count < field->min_length)
        path_violation(path, error, "must have at least %" PRIu32 " %s, not %zu", field->min_length,
                       field->min_length == 1 ? "character" : "characters", count);
    else if (field->max_length > 0 && count > field->max_length)
        path_violation(path, error, "must have at most %" PRIu32 " characters, not %zu",
                       field->max_length, count);
    else
        problem = format_problem(field->format, string);
    if (problem != NULL)
        path_violation(path, error, "%s", problem);
}

static void print_wire(const struct field_info *field, int64_t value, char out[DECIMAL_SIZE])
{
    if (field->format == FORMAT_DECIMAL)
        (void)decimal_print(value, field->scale, field->least_decimals, out);
    else if (field->format == FORMAT_TIME && value >= TIME_MIN && value <= TIME_MAX)
        timestamp_print(value, out);
    else
        snprintf(out, DECIMAL_SIZE, "%" PRId64, value);
}

static void check_integer(const struct field_info *field,
                          int64_t value,
                          const struct path *path,
                          struct error *error)
{
    char is[DECIMAL_SIZE];
    char limit[DECIMAL_SIZE];

    if (field->format == FORMAT_TIME && (value < TIME_MIN || value > TIME_MAX)) {
        path_violation(path, error, "must be a time in the years 1 to 9999");
        return;
    }
    if (field->has_min && value < field->min) {
        print_wire(field, value, is);
        print_wire(field, field->min, limit);
        path_violation(path, error, "must be at least %s, not %s", limit, is);
    }
    if (field->has_max && value > field->max) {
        print_wire(field, value, is);
        print_wire(field, field->max, limit);
        path_violation(path, error, "must be at most %s, not %s", limit, is);
    }
}

static void check_unsigned(const struct field_info *field,
                           uint64_t value,
                           const struct path *path,
                           struct error *error)
{
    if (value <= INT64_MAX)
        check_integer(field, (int64_t)value, path, error);
    else if (field->has_max)
        path_violation(path, error, "must be at most %" PRId64 ", not %" PRIu64, field->max, value);
}

static void
check_enum(const struct field_info *field, int number, const struct path *path, struct error *error)
{
    OWNED(strbuf) names = NULL;

    if (enum_find_number(field->enumeration, number) != SIZE_MAX)
        return;
    names = strbuf_new(ERROR_VALUE_SIZE / 2);
    enum_list_names(field->enumeration, names);
    path_violation(path, error, "must be one of %s", names->data);
}

static void check_message(const struct message_info *info,
                          ProtobufCMessage *message,
                          const struct path *parent,
                          struct error *error);

static void check_value(const struct field_info *field,
                        ProtobufCType type,
                        const void *value,
                        const struct path *path,
                        struct error *error)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
        check_string(field, *(char *const *)value, path, error);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        if (field->max_length > 0 && ((const ProtobufCBinaryData *)value)->len > field->max_length)
            path_violation(path, error, "must have at most %" PRIu32 " bytes, not %zu",
                           field->max_length, ((const ProtobufCBinaryData *)value)->len);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        check_message(field->message, *(ProtobufCMessage *const *)value, path, error);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        check_enum(field, *(const int *)value, path, error);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        check_integer(field, *(const int32_t *)value, path, error);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        check_integer(field, *(const uint32_t *)value, path, error);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        check_unsigned(field, *(const uint64_t *)value, path, error);
        break;
    default:
        check_integer(field, *(const int64_t *)value, path, error);
    }
}

static void check_message(const struct message_info *info,
                          ProtobufCMessage *message,
                          const struct path *parent,
                          struct error *error)
{
    for (size_t i = 0; i < info->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *descriptor = &info->descriptor->fields[i];
        const struct field_info *field = &info->fields[i];
        struct path path = {parent, field->json_name, SIZE_MAX};
        size_t count = field_count(message, descriptor);
        bool is_list = field_is_repeated(descriptor);

        if (field->required && count == 0)
            path_violation(&path, error, "is required");
        if (is_list && count > field->max_items) {
            path_violation(&path, error, "must have at most %" PRIu32 " items, not %zu",
                           field->max_items, count);
            continue;
        }
        for (size_t j = 0; j < count; j++) {
            path.index = is_list ? j : SIZE_MAX;
            check_value(field, descriptor->type, field_value(message, descriptor, j), &path, error);
        }
    }
    for (unsigned i = 0; i < message->n_unknown_fields; i++) {
        char name[32];
        struct path path = {parent, name, SIZE_MAX};

        snprintf(name, sizeof name, "#%" PRIu32, message->unknown_fields[i].tag);
        path_violation(&path, error, "is not known here");
    }
}

bool message_validate(const struct message_info *info,
                      ProtobufCMessage *message,
                      struct error *error)
{
    error_clear(error);
    check_message(info, message, NULL, error);
    return error->code == CODE_OK;
}
