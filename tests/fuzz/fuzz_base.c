// SPDX-License-Identifier: MIT
// fuzz_base: the small readers of lib/base, all on the same bytes. Dates, times and base64url write
// back what they read; UTF-8 is what a decoder written another way takes; and any bytes become a
// JSON string that another library reads.
#include "fuzz.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/strbuf.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "base/uuid.h"

#include <jansson.h>

static void check_date(struct text text)
{
    struct date date = {0};
    struct date again = {0};
    char printed[DATE_SIZE];

    if (!date_parse(text, &date)) {
        MUST(date.year == 0 && date.month == 0 && date.day == 0);
        return;
    }
    date_print(date, printed);
    MUST(text_equals(text, printed));
    again = date_from_days(date_to_days(date));
    MUST(again.year == date.year && again.month == date.month && again.day == date.day);
}

// Reads the time before an offset such as "+01:30" as if it were in UTC.
static bool read_without_offset(struct text text, int64_t *out_us)
{
    char utc[TIMESTAMP_SIZE * 2] = "";

    if (text.length < 6 || text.length - 6 + 2 > sizeof utc)
        return false;
    memcpy(utc, text.data, text.length - 6);
    utc[text.length - 6] = 'Z';
    return timestamp_parse(text_of(utc), out_us);
}

static int64_t offset_us(struct text text)
{
    const char *offset = text.data + text.length - 6;
    int64_t minutes = (offset[1] - '0') * INT64_C(600) + (offset[2] - '0') * INT64_C(60) +
                      (offset[4] - '0') * INT64_C(10) + (offset[5] - '0');

    return (offset[0] == '-' ? -minutes : minutes) * 60 * MICROS_PER_SECOND;
}

static void check_timestamp(struct text text)
{
    int64_t us = INT64_MIN;
    int64_t again = 0;
    int64_t local = 0;
    char printed[TIMESTAMP_SIZE];
    char last = text.length > 0 ? text.data[text.length - 1] : '\0';

    if (!timestamp_parse(text, &us)) {
        MUST(us == INT64_MIN);
        return;
    }
    timestamp_print(us, printed);
    MUST(timestamp_parse(text_of(printed), &again) && again == us);
    if (text.length == 20 && text.data[10] == 'T' && last == 'Z')
        MUST(text_equals(text, printed));
    if (text.length > 20 && last != 'Z' && last != 'z') {
        MUST(read_without_offset(text, &local));
        MUST(us == local - offset_us(text));
    }
}

// RFC 3629 the other way round: a sequence is right when its code point is written like that.
static size_t decode(const unsigned char *data, size_t length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = data[0] < 0x80 ? 1 : data[0] >> 5 == 6 ? 2 : data[0] >> 4 == 14 ? 3 : 4;
    uint32_t point = size == 1 ? data[0] : data[0] & (0x7fu >> size);

    if ((size == 4 && data[0] >> 3 != 30) || size > length)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if (data[i] >> 6 != 2)
            return 0;
        point = point << 6 | (data[i] & 0x3f);
    }
    return point < least[size] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000) ? 0
                                                                                          : size;
}

static void check_utf8(struct text text)
{
    bool is_valid = true;
    size_t count = 0;

    for (size_t at = 0; at < text.length;) {
        size_t size = decode((const unsigned char *)text.data + at, text.length - at);

        MUST(utf8_sequence_length(text.data + at, text.length - at) == size);
        is_valid = is_valid && size > 0 && text.data[at] != '\0';
        at += size > 0 ? size : 1;
        count++;
    }
    MUST(utf8_is_valid(text.data, text.length) == is_valid);
    if (is_valid)
        MUST(utf8_count(text.data, text.length) == count);
}

static void check_json(struct text text)
{
    OWNED(strbuf) out = strbuf_new(text.length * 6 + 2);
    json_t *value = NULL;

    strbuf_append_json(out, text);
    MUST(!out->overflowed && strchr(out->data, '\n') == NULL);
    value = json_loadb(out->data, out->length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    MUST(json_is_string(value));
    if (utf8_is_valid(text.data, text.length))
        MUST(texts_are_equal(text,
                             (struct text){json_string_value(value), json_string_length(value)}));
    json_decref(value);
}

static void check_base64url(struct text text)
{
    char *encoded = allocate(text.length * 4 / 3 + 4);
    char *decoded = allocate(text.length + 1);
    size_t length = 0;

    if (digest_base64url_decode(text, decoded, text.length, &length)) {
        MUST(length == text.length * 3 / 4);
        digest_base64url(decoded, length, encoded, text.length * 4 / 3 + 4);
        MUST(text_equals(text, encoded));
        if (length > 0)
            MUST(!digest_base64url_decode(text, decoded, length - 1, &length));
    }
    digest_base64url(text.data, text.length, encoded, text.length * 4 / 3 + 4);
    MUST(digest_base64url_decode(text_of(encoded), decoded, text.length, &length));
    MUST(texts_are_equal(text, (struct text){decoded, length}));
    release(encoded);
    release(decoded);
}

static void check_uuid(struct text text)
{
    struct uuid uuid = uuid_from_name(text);
    char *string = copy_terminated(text);
    bool is_valid = strlen(string) == UUID_SIZE - 1;

    for (size_t i = 0; is_valid && i < UUID_SIZE - 1; i++)
        is_valid = strchr(i == 8 || i == 13 || i == 18 || i == 23 ? "-" : "0123456789abcdefABCDEF",
                          string[i]) != NULL;
    MUST(uuid_is_valid(string) == is_valid);
    MUST(uuid_is_valid(uuid.string));
    release(string);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text text = {(const char *)data, size};

    digest_start();
    check_date(text);
    check_timestamp(text);
    check_utf8(text);
    check_json(text);
    check_base64url(text);
    check_uuid(text);
    return 0;
}
