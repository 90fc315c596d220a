// SPDX-License-Identifier: MIT
#include "pages/device_name.h"

#include "support/test.h"

static void a_browser_is_called_by_its_name_and_its_system(void **state)
{
    static const char *const names[][2] = {
        {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
         "Firefox on Linux"},
        {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "HeadlessChrome/140.0.0.0 Safari/537.36",
         "Chrome on Linux"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
         "Edge on Windows"},
        {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/140.0.0.0 Mobile Safari/537.36",
         "Chrome on Android"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
         "like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
         "Safari on an iPhone"},
        {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
         "Gecko) Version/18.0 Safari/605.1.15",
         "Safari on a Mac"},
        {"Mozilla/5.0 (Fantasy) Firefox/1.0", "Firefox"},
    };
    OWNED(arena) arena = arena_new(4096);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_string_equal(device_name_say(arena, names[i][0]), names[i][1]);
}

static void any_other_name_stays_as_it_is(void **state)
{
    static const char *const names[] = {"curl/8.14.1", "My laptop", "Linux", "",
                                        "Mozilla/5.0 (compatible; Something/2.1)"};
    OWNED(arena) arena = arena_new(4096);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_string_equal(device_name_say(arena, names[i]), names[i]);
    assert_null(device_name_say(arena, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_browser_is_called_by_its_name_and_its_system),
        cmocka_unit_test(any_other_name_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
