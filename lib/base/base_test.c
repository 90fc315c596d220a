// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/checksum.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/error_details.h"
#include "base/fault.h"
#include "base/random.h"
#include "base/strbuf.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "base/uuid.h"

#include "support/test.h"

#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

// Arenas.

static void an_arena_hands_out_no_more_than_its_budget(void **state)
{
    OWNED(arena) arena = arena_new(1024);

    (void)state;
    assert_non_null(arena_allocate(arena, 900));
    assert_null(arena_allocate(arena, 200));
    assert_non_null(arena_allocate(arena, 100));
    assert_null(arena_allocate(arena, SIZE_MAX));
    assert_null(arena_allocate(arena, SIZE_MAX - 15));
    assert_null(arena_copy_string(arena, "more than what is left of it"));
    assert_null(arena_printf(arena, "%0100d", 1));
    arena_reset(arena);
    assert_int_equal(arena_used(arena), 0);
    assert_non_null(arena_allocate(arena, 1024));
}

static void an_arenas_memory_is_zero_also_after_a_reset(void **state)
{
    OWNED(arena) arena = arena_new(256 * 1024);

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t size = 1; size < 40000; size = size * 3 + 1) {
            char *block = arena_allocate(arena, size);

            assert_non_null(block);
            assert_int_equal((uintptr_t)block % 16, 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(block[i], 0);
            memset(block, 0xff, size);
        }
        arena_reset(arena);
    }
}

static void an_arena_copies_and_prints(void **state)
{
    OWNED(arena) arena = arena_new(1024);

    (void)state;
    assert_string_equal(arena_copy_string(arena, "text"), "text");
    assert_string_equal(arena_copy(arena, "text", 2), "te");
    assert_string_equal(arena_copy(arena, NULL, 0), "");
    assert_string_equal(arena_printf(arena, "%d-%s", 5, "x"), "5-x");
}

// Strings.

static void a_strbuf_grows_to_its_maximum_and_says_when_that_was_not_enough(void **state)
{
    OWNED(strbuf) buffer = strbuf_new(1000);

    (void)state;
    assert_string_equal(buffer->data, "");
    for (int i = 0; i < 100; i++)
        strbuf_append_string(buffer, "0123456789");
    assert_int_equal(buffer->length, 1000);
    assert_false(buffer->overflowed);
    strbuf_append_string(buffer, "");
    assert_false(buffer->overflowed);
    strbuf_append_char(buffer, 'x');
    assert_true(buffer->overflowed);
    assert_int_equal(buffer->length, 1000);
    strbuf_reset(buffer);
    assert_false(buffer->overflowed);
    strbuf_printf(buffer, "%0999d%s", 7, "abc");
    assert_true(buffer->overflowed);
    assert_int_equal(buffer->length, 1000);
    assert_string_equal(buffer->data + 998, "7a");
}

static void a_strbuf_keeps_what_it_is_cut_back_to(void **state)
{
    OWNED(strbuf) buffer = strbuf_new(100);

    (void)state;
    strbuf_append_text(buffer, (struct text){"hello world", 11});
    strbuf_truncate(buffer, 5);
    assert_string_equal(buffer->data, "hello");
    assert_true(text_equals(strbuf_text(buffer), "hello"));
}

static void integers_are_written_in_full(void **state)
{
    static const int64_t numbers[] = {0, 1, -1, 10, 1234567890, INT64_MAX, INT64_MIN};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        OWNED(strbuf) buffer = strbuf_new(100);
        char expected[32];

        strbuf_append_int(buffer, numbers[i]);
        snprintf(expected, sizeof expected, "%" PRId64, numbers[i]);
        assert_string_equal(buffer->data, expected);
    }
}

static void assert_json(struct text text, const char *json)
{
    OWNED(strbuf) buffer = strbuf_new(1000);

    strbuf_append_json(buffer, text);
    assert_string_equal(buffer->data, json);
}

static void a_json_string_escapes_what_must_be_and_mends_what_is_not_utf8(void **state)
{
    (void)state;
    assert_json(text_of(""), "\"\"");
    assert_json(text_of("plain ä€😀"), "\"plain ä€😀\"");
    assert_json(text_of("\"\\/"), "\"\\\"\\\\/\"");
    assert_json(text_of("a\nb\tc\x01\x7f"), "\"a\\nb\\u0009c\\u0001\\u007f\"");
    assert_json((struct text){"a\0b", 3}, "\"a\\u0000b\"");
    assert_json(text_of("\xff\xc3"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_json(text_of("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void texts_are_compared_whole(void **state)
{
    (void)state;
    assert_true(text_equals(text_of(NULL), ""));
    assert_true(text_equals((struct text){"abc", 2}, "ab"));
    assert_false(text_equals((struct text){"abc", 2}, "abc"));
    assert_false(text_equals((struct text){"a\0c", 3}, "a"));
}

// UTF-8.

static void only_the_utf8_of_rfc_3629_is_valid(void **state)
{
    static const char *const good[] = {
        "", "a", "ä", "€", "😀", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80"};
    static const char *const bad[] = {
        "\x80",             // a tail without a head
        "\xc3",             // a head without a tail
        "\xc0\xaf",         // overlong
        "\xe0\x9f\xbf",     // overlong
        "\xf0\x8f\xbf\xbf", // overlong
        "\xed\xa0\x80",     // a surrogate
        "\xf4\x90\x80\x80", // above U+10FFFF
        "\xf5\x80\x80\x80",
        "\xff",
        "a\xe2\x82",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(utf8_is_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(utf8_is_valid(bad[i], strlen(bad[i])));
    assert_false(utf8_is_valid("a\0b", 3));
    // What is empty may have no data.
    assert_true(utf8_is_valid(NULL, 0));
    assert_int_equal(utf8_count("aä€😀", strlen("aä€😀")), 4);
}

// Errors.

static void an_error_has_what_the_table_says_of_its_reason(void **state)
{
    struct error error;

    (void)state;
    assert_false(error_set(&error, REASON_INSUFFICIENT_FUNDS, "there are %d", 5));
    assert_int_equal(error.code, CODE_FAILED_PRECONDITION);
    assert_string_equal(error.reason, "INSUFFICIENT_FUNDS");
    assert_string_equal(error.message, "there are 5");
    assert_true(error_is(&error, REASON_INSUFFICIENT_FUNDS));
    assert_false(error_is(&error, REASON_INTERNAL));
    assert_int_equal(reason_find("INSUFFICIENT_FUNDS")->http_status, 403);
    assert_null(reason_find("NO_SUCH_REASON"));
    for (enum reason reason = 0; reason < REASON_COUNT; reason++) {
        const struct reason_entry *entry = reason_entry(reason);

        assert_ptr_equal(reason_find(entry->name), entry);
        assert_in_range(entry->http_status, 400, 599);
        assert_true(strlen(entry->name) < ERROR_REASON_SIZE);
        assert_int_not_equal(entry->code, CODE_OK);
    }
}

static void an_error_that_was_kept_is_told_again(void **state)
{
    struct error error;

    (void)state;
    assert_false(error_repeat(&error, "INSUFFICIENT_FUNDS", "there are 5%"));
    assert_true(error_is(&error, REASON_INSUFFICIENT_FUNDS));
    assert_int_equal(error.code, CODE_FAILED_PRECONDITION);
    assert_string_equal(error.message, "there are 5%");
    assert_false(error_repeat(&error, "NO_SUCH_REASON", "whatever it was"));
    assert_true(error_is(&error, REASON_INTERNAL));
    assert_string_equal(error.message, "whatever it was");
}

static void an_error_is_cut_and_never_lost(void **state)
{
    struct error error;
    char long_text[1000];

    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    error_set(&error, REASON_INTERNAL, "%s", long_text);
    assert_int_equal(strlen(error.message), ERROR_MESSAGE_SIZE - 1);
    for (int i = 0; i < ERROR_DETAILS_MAX + 5; i++)
        error_add_number(&error, long_text, "%s", long_text);
    assert_int_equal(error.detail_count, ERROR_DETAILS_MAX);
    assert_int_equal(strlen(error.details[3].name), ERROR_NAME_SIZE - 1);
    assert_int_equal(strlen(error.details[3].value), ERROR_VALUE_SIZE - 1);
    error_set(&error, REASON_INTERNAL, "again");
    assert_int_equal(error.detail_count, 0);
}

static void the_first_violation_makes_an_empty_error_an_invalid_request(void **state)
{
    struct error error;

    (void)state;
    error_clear(&error);
    assert_int_equal(error.code, CODE_OK);
    error_add_violation(&error, "name", "is required");
    assert_true(error_is(&error, REASON_INVALID_REQUEST));
    error_add_violation(&error, "age", "must be at least %d", 1);
    assert_int_equal(error.detail_count, 2);
    assert_int_equal(error.details[1].kind, ERROR_VIOLATION);
    assert_string_equal(error.details[1].value, "must be at least 1");
}

static void what_is_kept_of_an_error_is_the_field_that_broke_a_rule(void **state)
{
    struct error error;
    char kept[ERROR_MESSAGE_SIZE];

    (void)state;
    error_set(&error, REASON_INSUFFICIENT_FUNDS, "there is too little");
    error_add_number(&error, "available", "4");
    error_print(&error, kept);
    assert_string_equal(kept, "there is too little");
    error_clear(&error);
    error_add_violation(&error, "age", "must be at least %d", 1);
    error_add_violation(&error, "name", "is required");
    error_print(&error, kept);
    assert_string_equal(kept, "age must be at least 1");
}

static void assert_details_survive(const struct error *error, const char *lines)
{
    OWNED(strbuf) kept = strbuf_new(ERROR_DETAILS_SIZE);
    struct error again;

    error_details_print(error, kept);
    assert_string_equal(kept->data, lines);
    assert_false(error_repeat(&again, error->reason, error->message));
    error_details_add(&again, kept->data);
    assert_int_equal(again.detail_count, error->detail_count);
    for (size_t i = 0; i < error->detail_count; i++) {
        assert_int_equal(again.details[i].kind, error->details[i].kind);
        assert_string_equal(again.details[i].name, error->details[i].name);
        assert_string_equal(again.details[i].value, error->details[i].value);
    }
}

static void what_explains_an_error_is_kept_and_comes_back_as_it_was(void **state)
{
    struct error error;
    char long_text[1000];
    OWNED(strbuf) kept = strbuf_new(ERROR_DETAILS_SIZE);

    (void)state;
    error_fill(&error, REASON_INSUFFICIENT_FUNDS, "there is too little");
    assert_details_survive(&error, "");
    error_add_number(&error, "available", "4");
    error_add_number(&error, "rule", "a = b");
    assert_details_survive(&error, "available=4\nrule=a = b\n");
    error_clear(&error);
    error_add_violation(&error, "age", "must be at least %d", 1);
    error_add_violation(&error, "name", "is required");
    assert_details_survive(&error, "age=must be at least 1\nname=is required\n");
    error_details_add(&error, NULL);
    error_details_add(&error, "no line of ours\nlast=1");
    assert_int_equal(error.detail_count, 3);
    // As many and as long ones as there can be.
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    error_fill(&error, REASON_INTERNAL, "long");
    for (int i = 0; i < ERROR_DETAILS_MAX; i++)
        error_add_number(&error, long_text, "%s", long_text);
    error_details_print(&error, kept);
    assert_false(kept->overflowed);
}

// Days and times.

static void days_and_dates_are_the_gregorian_calendars(void **state)
{
    static const struct {
        const char *text;
        int64_t days;
        int weekday;
    } cases[] = {
        {"0001-01-01", -719162, 1}, {"1900-03-01", -25508, 4}, {"1969-12-31", -1, 3},
        {"1970-01-01", 0, 4},       {"2000-02-29", 11016, 2},  {"2014-06-02", 16223, 1},
        {"9999-12-31", 2932896, 5},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct date date;
        char out[DATE_SIZE];

        assert_true(date_parse(text_of(cases[i].text), &date));
        assert_int_equal(date_to_days(date), cases[i].days);
        assert_int_equal(date_weekday(cases[i].days), cases[i].weekday);
        date_print(date_from_days(cases[i].days), out);
        assert_string_equal(out, cases[i].text);
    }
}

static void every_day_follows_the_one_before_it(void **state)
{
    struct date last = date_from_days(-719163);

    (void)state;
    for (int64_t days = -719162; days <= 2932896; days++) {
        struct date date = date_from_days(days);

        assert_true(date_is_valid(date));
        assert_int_equal(date_to_days(date), days);
        if (date.day != 1)
            assert_int_equal(date.day, last.day + 1);
        last = date;
    }
}

static void what_is_no_date_is_refused(void **state)
{
    static const char *const texts[] = {
        "",           "2014-02-29", "1900-02-29", "2014-13-01", "2014-00-01",  "2014-01-00",
        "2014-04-31", "0000-01-01", "2014-1-1",   "20140101",   "2014-01-01 ", " 2014-01-01",
        "2014/01/01", "+014-01-01", "2014-01-0a",
    };
    struct date date = {1, 2, 3};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_false(date_parse(text_of(texts[i]), &date));
    assert_int_equal(date.year, 1);
    assert_true(date_parse(text_of("2000-02-29"), &date));
}

static void expect_time(const char *text, const char *printed)
{
    int64_t us = 0;
    char out[TIMESTAMP_SIZE];

    if (!timestamp_parse(text_of(text), &us))
        fail_msg("%s is not read", text);
    timestamp_print(us, out);
    assert_string_equal(out, printed);
}

static void times_are_read_with_their_offset_and_printed_in_utc(void **state)
{
    int64_t us = 0;

    (void)state;
    expect_time("2014-06-02T13:30:00Z", "2014-06-02T13:30:00Z");
    expect_time("2014-06-02t13:30:00z", "2014-06-02T13:30:00Z");
    expect_time("2014-06-02 13:30:00Z", "2014-06-02T13:30:00Z");
    expect_time("2014-06-02", "2014-06-02T00:00:00Z");
    expect_time("2014-06-02T09:30:00-04:00", "2014-06-02T13:30:00Z");
    expect_time("2014-01-01T00:30:00+05:45", "2013-12-31T18:45:00Z");
    expect_time("2014-06-02T13:30:00.5Z", "2014-06-02T13:30:00.500Z");
    expect_time("2014-06-02T13:30:00.000001Z", "2014-06-02T13:30:00.000001Z");
    expect_time("2014-06-02T13:30:00.120000Z", "2014-06-02T13:30:00.120Z");
    expect_time("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z");
    expect_time("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z");
    expect_time("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z");
    assert_true(timestamp_parse(text_of("2014-06-02T13:30:00Z"), &us));
    assert_true(us == INT64_C(1401715800000000));
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "2014-06-02T",
        "2014-06-02T13:30Z",
        "2014-06-02T13:30:00",
        "2014-06-02T24:00:00Z",
        "2014-06-02T13:60:00Z",
        "2014-06-02T13:30:60Z",
        "2014-06-02T13:30:00.Z",
        "2014-06-02T13:30:00.1234567Z",
        "2014-06-02T13:30:00+24:00",
        "2014-06-02T13:30:00+0400",
        "2014-06-02T13:30:00+04:60",
        "2014-06-02T13:30:00Zx",
        "2014-02-29T13:30:00Z",
        // These are in the years 0 and 10000 once they are in UTC.
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    };
    int64_t us = -77;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (timestamp_parse(text_of(texts[i]), &us))
            fail_msg("%s is read", texts[i]);
    assert_int_equal(us, -77);
}

// Random numbers, ids and digests.

static void a_seeded_source_repeats_itself(void **state)
{
    uint64_t seed = 0;
    uint64_t again = 0;
    struct random_source source = random_seeded(&seed);
    struct random_source other = random_seeded(&again);
    uint64_t numbers[2];

    (void)state;
    random_fill(&source, numbers, sizeof numbers);
    assert_true(numbers[0] == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(numbers[1] == UINT64_C(0x6e789e6aa1b965f4));
    for (int i = 0; i < 2; i++) {
        uint64_t number = 0;

        random_fill(&other, &number, sizeof number);
        assert_true(number == numbers[i]);
    }
}

static void numbers_below_a_bound_are_even_and_below_it(void **state)
{
    uint64_t seed = 7;
    struct random_source source = random_seeded(&seed);
    int counts[6] = {0};

    (void)state;
    for (int i = 0; i < 6000; i++)
        counts[random_below(&source, 6)]++;
    for (int i = 0; i < 6; i++)
        assert_in_range(counts[i], 850, 1150);
    assert_int_equal(random_below(&source, 1), 0);
}

static void ids_made_one_after_the_other_are_in_order(void **state)
{
    struct uuid last = uuid_new();

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct uuid id = uuid_new();

        assert_true(strcmp(last.string, id.string) < 0);
        last = id;
    }
    assert_true(uuid_is_valid(last.string));
    assert_int_equal(last.string[14], '7');
}

static void an_id_of_a_moment_begins_with_it(void **state)
{
    uint64_t seed = 1;
    struct random_source source = random_seeded(&seed);
    struct uuid id = uuid_at(INT64_C(1401715800123456), &source);

    (void)state;
    assert_memory_equal(id.string, "01465cc5-b83b-7", 15);
    assert_true(uuid_is_valid(id.string));
}

static void the_same_name_gives_the_same_id(void **state)
{
    struct uuid id = uuid_from_name(text_of("fill:1"));

    (void)state;
    assert_string_equal(id.string, "9cc1600c-125a-846b-97ae-cae6d4dbd78f");
    assert_string_not_equal(uuid_from_name(text_of("fill:2")).string, id.string);
}

static void what_is_no_id_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "0190163d-8694-739b-aea5-966c26f8ad9",
        "0190163d-8694-739b-aea5-966c26f8ad911",
        "0190163d-8694-739b-aea5-966c26f8ad9g",
        "0190163d08694-739b-aea5-966c26f8ad91",
        "{190163d-8694-739b-aea5-966c26f8ad91",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_false(uuid_is_valid(texts[i]));
    assert_true(uuid_is_valid("0190163D-8694-739B-AEA5-966C26F8AD91"));
}

static void a_checksum_is_the_published_one_however_the_bytes_are_cut(void **state)
{
    (void)state;
    assert_int_equal(checksum_add(CHECKSUM_START, text_of("")), CHECKSUM_START);
    assert_int_equal(checksum_add(CHECKSUM_START, text_of("foobar")), UINT64_C(0x85944171f73967e8));
    assert_int_equal(checksum_add(checksum_add(CHECKSUM_START, text_of("foo")), text_of("bar")),
                     UINT64_C(0x85944171f73967e8));
}

static void digests_are_the_published_ones(void **state)
{
    unsigned char key[KEY_SIZE];
    unsigned char hash[KEYED_HASH_SIZE];
    unsigned char pair[KEYED_HASH_SIZE];
    char hex[SHA256_HEX_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (unsigned char)i;
    digest_sha256_hex(text_of("abc"), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_keyed(text_of("abc"), key, hash);
    digest_hex(hash, sizeof hash, hex, sizeof hex);
    assert_string_equal(hex, "1a64be47e4729d951c302ee543f97cf3");
    digest_keyed_pair(text_of("a"), text_of("bc"), key, pair);
    assert_true(digest_equal(hash, pair, sizeof hash));
    pair[15] ^= 1;
    assert_false(digest_equal(hash, pair, sizeof hash));
}

static void base64url_is_read_back_and_never_past_the_room(void **state)
{
    unsigned char data[64] = {0};
    unsigned char back[64];
    char text[128];

    (void)state;
    for (size_t length = 0; length <= sizeof data; length++) {
        size_t read = 0;

        for (size_t i = 0; i < length; i++)
            data[i] = (unsigned char)(255 - i * 7);
        digest_base64url(data, length, text, sizeof text);
        assert_null(strpbrk(text, "+/="));
        assert_true(digest_base64url_decode(text_of(text), back, sizeof back, &read));
        assert_int_equal(read, length);
        assert_memory_equal(data, back, length);
        if (length > 0)
            assert_false(digest_base64url_decode(text_of(text), back, length - 1, &read));
    }
    assert_false(digest_base64url_decode(text_of("a+/b"), back, sizeof back, &(size_t){0}));
    assert_false(digest_base64url_decode(text_of("YWI="), back, sizeof back, &(size_t){0}));
}

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static void base64_is_made_of_its_64_characters_alone(void **state)
{
    unsigned char back[4];

    (void)state;
    for (int c = 1; c < 256; c++) {
        struct text text = {(char[]){'A', (char)c, 'A', 'A'}, 4};
        size_t read = 0;

        assert_int_equal(digest_base64url_decode(text, back, sizeof back, &read),
                         strchr(LETTERS_AND_DIGITS "-_", c) != NULL);
        assert_int_equal(digest_base64_decode(text, back, sizeof back, &read),
                         strchr(LETTERS_AND_DIGITS "+/", c) != NULL);
    }
    assert_false(
        digest_base64url_decode((struct text){"A\0AA", 4}, back, sizeof back, &(size_t){0}));
}

static void the_monotonic_clock_does_not_go_back(void **state)
{
    int64_t last = clock_monotonic_us();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic_us();

        assert_true(now >= last);
        last = now;
    }
}

// Fault points: this program runs itself again with one armed, and passes it three times.

#ifdef BOURSE_FAULTS
static const char *program;

static int pass_fault_point(void)
{
    int failures = 0;

    for (int i = 0; i < 3; i++)
        if (fault_point("base.point"))
            failures |= 1 << i;
    return failures;
}

static int status_with_fault(const char *setting)
{
    char variable[128];
    char *const arguments[] = {(char *)program, (char *)"pass-fault-point", NULL};
    char *const environment[] = {variable, NULL};
    pid_t child = 0;
    int status = 0;

    snprintf(variable, sizeof variable, "BOURSE_FAULT=%s", setting);
    assert_int_equal(posix_spawn(&child, program, NULL, NULL, arguments, environment), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void a_fault_point_strikes_when_it_is_armed_and_only_then(void **state)
{
    int status = 0;

    (void)state;
    assert_int_equal(WEXITSTATUS(status_with_fault("")), 0);
    assert_int_equal(WEXITSTATUS(status_with_fault("base.other=fail")), 0);
    assert_int_equal(WEXITSTATUS(status_with_fault("base.point.longer=fail")), 0);
    assert_int_equal(WEXITSTATUS(status_with_fault("base.point=fail")), 1);
    assert_int_equal(WEXITSTATUS(status_with_fault("base.point=fail@2")), 2);
    assert_int_equal(WEXITSTATUS(status_with_fault("base.point=fail@3")), 4);
    assert_int_equal(WEXITSTATUS(status_with_fault("base.point=crash@4")), 0);
    status = status_with_fault("base.point=crash@3");
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void a_fault_point_that_delays_goes_on_after_400_ms(void **state)
{
    int64_t start = clock_monotonic_us();

    (void)state;
    assert_int_equal(WEXITSTATUS(status_with_fault("base.point=delay%100")), 0);
    assert_in_range(clock_monotonic_us() - start, 3 * 400000, 60 * MICROS_PER_SECOND);
}
#endif

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_hands_out_no_more_than_its_budget),
        cmocka_unit_test(an_arenas_memory_is_zero_also_after_a_reset),
        cmocka_unit_test(an_arena_copies_and_prints),
        cmocka_unit_test(a_strbuf_grows_to_its_maximum_and_says_when_that_was_not_enough),
        cmocka_unit_test(a_strbuf_keeps_what_it_is_cut_back_to),
        cmocka_unit_test(integers_are_written_in_full),
        cmocka_unit_test(a_json_string_escapes_what_must_be_and_mends_what_is_not_utf8),
        cmocka_unit_test(texts_are_compared_whole),
        cmocka_unit_test(only_the_utf8_of_rfc_3629_is_valid),
        cmocka_unit_test(an_error_has_what_the_table_says_of_its_reason),
        cmocka_unit_test(an_error_that_was_kept_is_told_again),
        cmocka_unit_test(an_error_is_cut_and_never_lost),
        cmocka_unit_test(the_first_violation_makes_an_empty_error_an_invalid_request),
        cmocka_unit_test(what_is_kept_of_an_error_is_the_field_that_broke_a_rule),
        cmocka_unit_test(what_explains_an_error_is_kept_and_comes_back_as_it_was),
        cmocka_unit_test(days_and_dates_are_the_gregorian_calendars),
        cmocka_unit_test(every_day_follows_the_one_before_it),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(times_are_read_with_their_offset_and_printed_in_utc),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_seeded_source_repeats_itself),
        cmocka_unit_test(numbers_below_a_bound_are_even_and_below_it),
        cmocka_unit_test(ids_made_one_after_the_other_are_in_order),
        cmocka_unit_test(an_id_of_a_moment_begins_with_it),
        cmocka_unit_test(the_same_name_gives_the_same_id),
        cmocka_unit_test(what_is_no_id_is_refused),
        cmocka_unit_test(a_checksum_is_the_published_one_however_the_bytes_are_cut),
        cmocka_unit_test(digests_are_the_published_ones),
        cmocka_unit_test(base64url_is_read_back_and_never_past_the_room),
        cmocka_unit_test(base64_is_made_of_its_64_characters_alone),
        cmocka_unit_test(the_monotonic_clock_does_not_go_back),
#ifdef BOURSE_FAULTS
        cmocka_unit_test(a_fault_point_strikes_when_it_is_armed_and_only_then),
        cmocka_unit_test(a_fault_point_that_delays_goes_on_after_400_ms),
#endif
    };

#ifdef BOURSE_FAULTS
    if (argc == 2 && strcmp(argv[1], "pass-fault-point") == 0)
        return pass_fault_point();
    program = argv[0];
#else
    (void)argc;
    (void)argv;
#endif
    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
