// SPDX-License-Identifier: MIT
#include "made/shop.h"

#include "shop_rules.h"
#include "support/test.h"

enum { BUDGET = 64 * 1024 };

static void a_compiled_page_is_rendered_as_it_was_written(void **state)
{
    OWNED(arena) arena = arena_new(BUDGET);
    OWNED(strbuf) out = strbuf_new(BUDGET);
    ProtobufCMessage *message = NULL;
    struct error error;

    (void)state;
    assert_true(message_from_json(
        &shop_shop_page_info, arena,
        text_of(
            "{\"frame\":{\"title\":\"<S>\"},\"items\":[{\"name\":\"a\",\"price\":\"-1234.5\"}]}"),
        &message, &error));
    assert_string_equal(shop_page.name, "shop");
    template_render(&shop_page, message, out);
    assert_string_equal(out->data, "<!doctype html>\n<title>&lt;S&gt;</title>\n"
                                   "<link rel=\"stylesheet\" href=\"/assets/app.1a2b3c4d.css\">\n"
                                   "<p class=\"down\">a: \xe2\x88\x92"
                                   "1,234.50 \\ \"?\" \xc3\xa9</p>\n"
                                   "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compiled_page_is_rendered_as_it_was_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
