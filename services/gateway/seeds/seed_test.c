// SPDX-License-Identifier: MIT
#include "seeds/seed.h"

#include "support/test.h"

static void a_time_without_a_zone_is_utc(void **state)
{
    OWNED(arena) arena = arena_new(4096);
    int64_t with = 0;
    int64_t without = 0;
    int64_t day = 0;

    (void)state;
    assert_true(seed_read_time(arena, "2014-02-03T10:00:00Z", &with));
    assert_true(seed_read_time(arena, "2014-02-03T10:00:00", &without));
    assert_int_equal(with, without);
    assert_true(seed_read_time(arena, "2014-02-03", &day));
    assert_int_equal(with - day, 10 * 3600 * MICROS_PER_SECOND);
    assert_false(seed_read_time(arena, "soon", &day));
    assert_false(seed_read_time(arena, "", &day));
}

static void a_side_is_read_in_any_case_and_nothing_else_is_one(void **state)
{
    Trading__OrderSide side = TRADING__ORDER_SIDE__ORDER_SIDE_UNSPECIFIED;
    struct error error;

    (void)state;
    assert_true(seed_read_side("BUY", &side, &error));
    assert_int_equal(side, TRADING__ORDER_SIDE__ORDER_SIDE_BUY);
    assert_true(seed_read_side("sell", &side, &error));
    assert_int_equal(side, TRADING__ORDER_SIDE__ORDER_SIDE_SELL);
    assert_false(seed_read_side("BUYS", &side, &error));
    assert_string_equal(error.details[0].name, "transaction_type");
}

static void an_order_is_pending_until_it_is_filled_or_ends_otherwise(void **state)
{
    (void)state;
    assert_string_equal(seed_status(TRADING__ORDER_STATUS__ORDER_STATUS_PENDING_NEW), "pending");
    assert_string_equal(seed_status(TRADING__ORDER_STATUS__ORDER_STATUS_NEW), "pending");
    assert_string_equal(seed_status(TRADING__ORDER_STATUS__ORDER_STATUS_FILLED), "completed");
    assert_string_equal(seed_status(TRADING__ORDER_STATUS__ORDER_STATUS_REJECTED), "failed");
    assert_string_equal(seed_status(TRADING__ORDER_STATUS__ORDER_STATUS_CANCELED), "failed");
    assert_string_equal(seed_status(TRADING__ORDER_STATUS__ORDER_STATUS_EXPIRED), "failed");
    assert_string_equal(seed_status(TRADING__ORDER_STATUS__ORDER_STATUS_REPLACED), "failed");
}

static void an_object_is_written_without_a_comma_too_many(void **state)
{
    OWNED(strbuf) out = strbuf_new(1024);

    (void)state;
    strbuf_append_char(out, '{');
    seed_add_text(out, "name", "a\"b");
    seed_add_money(out, "price", true, 155000000);
    seed_add_money(out, "none", false, 7);
    seed_add_quantity(out, "volume", 1500000000);
    seed_add_int(out, "count", -3);
    seed_end(out, '}');
    assert_string_equal(out->data, "{\"name\":\"a\\\"b\",\"price\":\"155.00\",\"none\":null,"
                                   "\"volume\":1.5,\"count\":-3}");
    strbuf_reset(out);
    strbuf_append_char(out, '[');
    seed_end(out, ']');
    assert_string_equal(out->data, "[]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_without_a_zone_is_utc),
        cmocka_unit_test(a_side_is_read_in_any_case_and_nothing_else_is_one),
        cmocka_unit_test(an_order_is_pending_until_it_is_filled_or_ends_otherwise),
        cmocka_unit_test(an_object_is_written_without_a_comma_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
