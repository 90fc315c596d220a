// SPDX-License-Identifier: MIT
#include "template/format.h"

#include "message/fields.h"
#include "shop_rules.h"
#include "support/test.h"

// The value of one field of a page, written in a format.
static const char *
written(const char *field_name, int64_t value, enum template_format format, struct strbuf *out)
{
    size_t index = fields_index_of(&shop_shop_page_info, text_of(field_name));

    strbuf_reset(out);
    format_write(format, &shop_shop_page_info.fields[index],
                 &shop__shop_page__descriptor.fields[index], &value, out);
    return out->data;
}

static const char *price(int64_t micros, enum template_format format, struct strbuf *out)
{
    size_t index = fields_index_of(&shop_item_info, text_of("price"));

    strbuf_reset(out);
    format_write(format, &shop_item_info.fields[index], &shop__item__descriptor.fields[index],
                 &micros, out);
    return out->data;
}

static void shows_money_with_two_decimals_half_to_even(void **state)
{
    OWNED(strbuf) out = strbuf_new(100);

    (void)state;
    assert_string_equal(price(1234567890000, FORMAT_AS_MONEY, out), "1,234,567.89");
    assert_string_equal(price(5000, FORMAT_AS_MONEY, out), "0.00");
    assert_string_equal(price(15000, FORMAT_AS_MONEY, out), "0.02");
    assert_string_equal(price(-999995001, FORMAT_AS_MONEY, out), "\xe2\x88\x92"
                                                                 "1,000.00");
    assert_string_equal(price(INT64_MIN, FORMAT_AS_MONEY, out), "\xe2\x88\x92"
                                                                "9,223,372,036,854.78");
}

static void shows_changes_with_their_sign_and_nothing_without(void **state)
{
    OWNED(strbuf) out = strbuf_new(100);

    (void)state;
    assert_string_equal(price(12500000, FORMAT_AS_SIGNED, out), "+12.50");
    assert_string_equal(price(-12500000, FORMAT_AS_SIGNED, out), "\xe2\x88\x92"
                                                                 "12.50");
    assert_string_equal(price(-4999, FORMAT_AS_SIGNED, out), "0.00");
    assert_string_equal(written("share", 12345, FORMAT_AS_PERCENT, out), "+1.23%");
    assert_string_equal(written("share", 125000, FORMAT_AS_SHARE, out), "12.50%");
    assert_string_equal(price(1, FORMAT_AS_DIRECTION, out), "up");
    assert_string_equal(price(-1, FORMAT_AS_DIRECTION, out), "down");
    assert_string_equal(price(0, FORMAT_AS_DIRECTION, out), "flat");
    assert_string_equal(price(1, FORMAT_AS_ARROW, out), "\xe2\x96\xb2");
    assert_string_equal(price(0, FORMAT_AS_ARROW, out), "");
}

static void shows_prices_and_quantities_exactly(void **state)
{
    OWNED(strbuf) out = strbuf_new(100);

    (void)state;
    assert_string_equal(price(1234500000, FORMAT_AS_PRICE, out), "1,234.50");
    assert_string_equal(price(95108574, FORMAT_AS_PRICE, out), "95.108574");
    assert_string_equal(written("stock", 1500000000, FORMAT_AS_QUANTITY, out), "1.5");
    assert_string_equal(written("stock", 12000000000000, FORMAT_AS_QUANTITY, out), "12,000");
    assert_string_equal(written("stock", 1, FORMAT_AS_QUANTITY, out), "0.000000001");
}

static void shows_large_numbers_with_three_digits(void **state)
{
    OWNED(strbuf) out = strbuf_new(100);

    (void)state;
    assert_string_equal(written("visitors", 999, FORMAT_AS_COMPACT, out), "999");
    assert_string_equal(written("visitors", 1234, FORMAT_AS_COMPACT, out), "1.23K");
    assert_string_equal(written("visitors", 9996, FORMAT_AS_COMPACT, out), "10.0K");
    assert_string_equal(written("visitors", 99960, FORMAT_AS_COMPACT, out), "100K");
    assert_string_equal(written("visitors", 999600, FORMAT_AS_COMPACT, out), "1.00M");
    assert_string_equal(written("visitors", 45678901, FORMAT_AS_COMPACT, out), "45.7M");
    assert_string_equal(written("visitors", 3200000000000, FORMAT_AS_COMPACT, out), "3.20T");
    assert_string_equal(price(-2500000000000, FORMAT_AS_COMPACT, out), "\xe2\x88\x92"
                                                                       "2.50M");
    assert_string_equal(written("visitors", 1234567, FORMAT_AS_COUNT, out), "1,234,567");
}

static void shows_sizes_in_units_of_1024(void **state)
{
    OWNED(strbuf) out = strbuf_new(100);

    (void)state;
    assert_string_equal(written("visitors", 0, FORMAT_AS_BYTES, out), "0 bytes");
    assert_string_equal(written("visitors", 1, FORMAT_AS_BYTES, out), "1 byte");
    assert_string_equal(written("visitors", 1023, FORMAT_AS_BYTES, out), "1,023 bytes");
    assert_string_equal(written("visitors", 1024, FORMAT_AS_BYTES, out), "1 KiB");
    assert_string_equal(written("visitors", 1536, FORMAT_AS_BYTES, out), "1.5 KiB");
    assert_string_equal(written("visitors", 1048575, FORMAT_AS_BYTES, out), "1 MiB");
    assert_string_equal(written("visitors", INT64_C(64) << 30, FORMAT_AS_BYTES, out), "64 GiB");
    assert_string_equal(written("visitors", INT64_MAX, FORMAT_AS_BYTES, out), "8 EiB");
}

static void shows_times_as_people_write_them(void **state)
{
    OWNED(strbuf) out = strbuf_new(100);

    (void)state;
    assert_string_equal(written("opened_at", 1401715800000000, FORMAT_AS_DATE, out), "Jun 2, 2014");
    assert_string_equal(written("opened_at", 1401715800000000, FORMAT_AS_DATE_TIME, out),
                        "Jun 2, 2014, 13:30 UTC");
    assert_string_equal(written("opened_at", 1401715800000000, FORMAT_AS_TIME, out), "13:30 UTC");
    assert_string_equal(written("opened_at", 1401715800000000, FORMAT_AS_DAY, out), "Jun 2");
    assert_string_equal(written("opened_at", 1401715800000000, FORMAT_AS_MONTH, out), "Jun 2014");
    assert_string_equal(written("opened_at", -1, FORMAT_AS_DATE_TIME, out),
                        "Dec 31, 1969, 23:59 UTC");
    assert_string_equal(written("opened_at", 1401715800000000, FORMAT_AS_PLAIN, out),
                        "2014-06-02T13:30:00Z");
}

static void shows_names_as_labels(void **state)
{
    OWNED(strbuf) out = strbuf_new(100);
    size_t index = fields_index_of(&shop_item_info, text_of("state"));
    int value = SHOP__STATE__STATE_ON_SALE;

    (void)state;
    format_write(FORMAT_AS_LABEL, &shop_item_info.fields[index],
                 &shop__item__descriptor.fields[index], &value, out);
    assert_string_equal(out->data, "On sale");
}

static void shows_dates_as_times_and_what_is_none_as_it_is(void **state)
{
    static const struct field_info date = {.format = FORMAT_DATE};
    static const char *const shown[][2] = {{"2014-06-02", "Jun 2, 2014"}, {"soon", "soon"}};
    OWNED(strbuf) out = strbuf_new(100);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(shown); i++) {
        strbuf_reset(out);
        format_write(FORMAT_AS_DATE, &date, NULL, &shown[i][0], out);
        assert_string_equal(out->data, shown[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_money_with_two_decimals_half_to_even),
        cmocka_unit_test(shows_changes_with_their_sign_and_nothing_without),
        cmocka_unit_test(shows_prices_and_quantities_exactly),
        cmocka_unit_test(shows_large_numbers_with_three_digits),
        cmocka_unit_test(shows_sizes_in_units_of_1024),
        cmocka_unit_test(shows_times_as_people_write_them),
        cmocka_unit_test(shows_dates_as_times_and_what_is_none_as_it_is),
        cmocka_unit_test(shows_names_as_labels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
