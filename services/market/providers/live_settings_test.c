// SPDX-License-Identifier: MIT
#include "providers/live_settings.h"

#include "support/test.h"

#include <string.h>

static void providers_come_in_the_order_of_the_setting(void **state)
{
    size_t order[PROVIDER_COUNT], count = 0;
    struct error error;

    (void)state;
    assert_true(live_settings_read_order("stooq,finnhub", order, &count, &error));
    assert_int_equal(count, 2);
    assert_ptr_equal(provider_at(order[0]), &provider_stooq);
    assert_ptr_equal(provider_at(order[1]), &provider_finnhub);
    assert_true(live_settings_read_order("", order, &count, &error));
    assert_int_equal(count, 0);
    assert_false(live_settings_read_order("yahoo,yahoo", order, &count, &error));
    assert_non_null(strstr(error.message, "yahoo twice"));
    assert_false(live_settings_read_order("yahoo,,stooq", order, &count, &error));
    assert_false(live_settings_read_order("bloomberg", order, &count, &error));
    assert_non_null(strstr(error.message, "\"bloomberg\""));
}

static void without_an_order_those_with_a_key_come_first(void **state)
{
    char keys[PROVIDER_COUNT][PROVIDER_KEY_MAX + 1] = {0};
    size_t order[PROVIDER_COUNT];

    (void)state;
    assert_int_equal(live_settings_default_order(keys, order), 2);
    assert_ptr_equal(provider_at(order[0]), &provider_yahoo);
    assert_ptr_equal(provider_at(order[1]), &provider_stooq);
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        if (provider_at(i) == &provider_twelve_data)
            keys[i][0] = 'k';
    }
    assert_int_equal(live_settings_default_order(keys, order), 3);
    assert_ptr_equal(provider_at(order[0]), &provider_twelve_data);
    assert_ptr_equal(provider_at(order[1]), &provider_yahoo);
}

static void limits_are_calls_a_minute_and_a_day(void **state)
{
    static const char *const wrong[] = {"finnhub",       "finnhub=1",     "finnhub=1/",
                                        "finnhub=/1",    "finnhub=-1/1",  "finnhub=1/1000001",
                                        "finnhub=1.5/1", "bloomberg=1/1", "finnhub=1/1,x=1/1"};
    struct provider_limits limits[PROVIDER_COUNT] = {0};
    struct error error;

    (void)state;
    assert_true(live_settings_read_limits("finnhub=300/0,yahoo=30/2000", limits, &error));
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        if (provider_at(i) == &provider_finnhub)
            assert_true(limits[i].per_minute == 300 && limits[i].per_day == 0);
        if (provider_at(i) == &provider_yahoo)
            assert_true(limits[i].per_minute == 30 && limits[i].per_day == 2000);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(live_settings_read_limits(wrong[i], limits, &error));
}

static void a_key_that_could_be_more_than_a_key_is_refused_without_being_told(void **state)
{
    static const char *const wrong[] = {"PLANTED\r\nHost: x", "PLANTED&a=b", "PLANTED key",
                                        "PLANTED\""};
    char key[PROVIDER_KEY_MAX + 1], longest[PROVIDER_KEY_MAX + 2];
    struct error error;

    (void)state;
    assert_true(live_settings_read_key("finnhub-key", text_of("aZ09._-"), key, &error));
    assert_string_equal(key, "aZ09._-");
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_false(live_settings_read_key("finnhub-key", text_of(wrong[i]), key, &error));
        assert_non_null(strstr(error.message, "--finnhub-key"));
        assert_null(strstr(error.message, "PLANTED"));
    }
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_true(live_settings_read_key("finnhub-key", (struct text){longest, PROVIDER_KEY_MAX}, key,
                                       &error));
    assert_false(live_settings_read_key("finnhub-key", (struct text){longest, PROVIDER_KEY_MAX + 1},
                                        key, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(providers_come_in_the_order_of_the_setting),
        cmocka_unit_test(without_an_order_those_with_a_key_come_first),
        cmocka_unit_test(limits_are_calls_a_minute_and_a_day),
        cmocka_unit_test(a_key_that_could_be_more_than_a_key_is_refused_without_being_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
