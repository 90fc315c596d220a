// SPDX-License-Identifier: MIT
#include "template/template.h"

#include <stdio.h>
#include <string.h>

#include "shop_rules.h"
#include "support/test.h"

enum { BUDGET = 256 * 1024, FILES_MAX = 6 };

// The files of one test: name and text in turn.
struct files {
    const char *texts[2 * FILES_MAX];
};

static bool load(void *context, const char *name, struct text *out_text)
{
    const struct files *files = context;

    for (size_t i = 0; i < 2 * FILES_MAX && files->texts[i] != NULL; i += 2) {
        if (strcmp(files->texts[i], name) == 0) {
            *out_text = text_of(files->texts[i + 1]);
            return true;
        }
    }
    return false;
}

static bool find_asset(void *context, const char *name, struct text *out_address)
{
    (void)context;
    *out_address = text_of("/assets/app.1a2b.css");
    return strcmp(name, "app.css") == 0;
}

static bool parse(struct files *files, struct template **out_template, struct template_fault *fault)
{
    const struct template_source source = {load, find_asset, files};

    return template_parse(&source, "page", &shop_shop_page_info, out_template, fault);
}

static ProtobufCMessage *read_page(struct arena *arena, const char *json)
{
    ProtobufCMessage *message = NULL;
    struct error error;

    if (!message_from_json(&shop_shop_page_info, arena, text_of(json), &message, &error))
        fail_msg("%s: %s", json, error.message);
    return message;
}

static void expect_files(struct files files, const char *json, const char *html)
{
    OWNED(arena) arena = arena_new(BUDGET);
    OWNED(strbuf) out = strbuf_new(64 * 1024);
    OWNED(template) template = NULL;
    struct template_fault fault;

    if (!parse(&files, &template, &fault))
        fail_msg("%s:%d: %s", fault.file, fault.line, fault.sentence);
    template_render(template, read_page(arena, json), out);
    assert_string_equal(out->data, html);
}

static void expect(const char *page, const char *json, const char *html)
{
    expect_files((struct files){{"page.html", page}}, json, html);
}

static void expect_fault_of(struct files files, const char *fault_text)
{
    OWNED(template) template = NULL;
    struct template_fault fault;
    char whole[512];

    if (parse(&files, &template, &fault))
        fail_msg("it was taken, and should be refused with: %s", fault_text);
    (void)snprintf(whole, sizeof whole, "%s:%d: %s", fault.file, fault.line, fault.sentence);
    assert_string_equal(whole, fault_text);
}

static void expect_fault(const char *page, const char *fault_text)
{
    expect_fault_of((struct files){{"page.html", page}}, fault_text);
}

static void writes_values_by_name(void **state)
{
    (void)state;
    expect("<p>{{note}}, {{ frame.title }}</p>",
           "{\"note\":\"Hello\",\"frame\":{\"title\":\"Shop\"}}", "<p>Hello, Shop</p>");
}

static void writes_nothing_for_what_is_absent(void **state)
{
    (void)state;
    expect("<p>{{note}}{{frame.title}}{{best.price | money}}</p>", "{}", "<p></p>");
}

static void escapes_text_between_tags(void **state)
{
    (void)state;
    expect("<p>{{note}}</p>", "{\"note\":\"</p><script>alert('x' & \\\"y\\\")</script>\"}",
           "<p>&lt;/p&gt;&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)&lt;/script&gt;</p>");
}

static void escapes_attributes(void **state)
{
    (void)state;
    expect("<input value=\"{{note}}\">", "{\"note\":\"\\\" onfocus=\\\"alert(1)\"}",
           "<input value=\"&quot; onfocus=&quot;alert(1)\">");
}

static void encodes_the_parts_of_addresses(void **state)
{
    (void)state;
    expect("<a href=\"/x/{{note}}?q={{note}}\">x</a>", "{\"note\":\"../a b&c=\\u00e9\\\"\"}",
           "<a href=\"/x/..%2Fa%20b%26c%3D%C3%A9%22?q=..%2Fa%20b%26c%3D%C3%A9%22\">x</a>");
}

static void walks_lists(void **state)
{
    (void)state;
    expect("{{#items}}[{{name}}{{#tags}} {{.}}{{/tags}}]{{/items}}",
           "{\"items\":[{\"name\":\"a\",\"tags\":[\"x\",\"<y>\"]},{\"name\":\"b\"}]}",
           "[a x &lt;y&gt;][b]");
}

static void says_something_else_of_an_empty_list(void **state)
{
    const char *page = "{{#items}}{{name}}{{/items}}{{^items}}none{{/items}}";

    (void)state;
    expect(page, "{}", "none");
    expect(page, "{\"items\":[{\"name\":\"a\"}]}", "a");
}

static void enters_a_message_that_is_there(void **state)
{
    const char *page = "{{#best}}{{name}} of {{frame.title}}{{/best}}{{^best}}no best{{/best}}";

    (void)state;
    expect(page, "{\"best\":{\"name\":\"a\"},\"frame\":{\"title\":\"F\"}}", "a of F");
    expect(page, "{}", "no best");
}

static void looks_for_a_name_from_the_inside_out(void **state)
{
    (void)state;
    expect("{{#items}}{{name}}:{{note}} {{#tags}}{{name}}-{{.}} {{/tags}}{{/items}}",
           "{\"note\":\"n\",\"items\":[{\"name\":\"a\",\"tags\":[\"t\"]}]}", "a:n a-t ");
}

static void asks_whether_a_value_is_there_true_or_not_empty(void **state)
{
    const char *page = "{{#note}}note {{/note}}{{#visitors}}{{visitors}} {{/visitors}}"
                       "{{#best}}{{#is_new}}new{{/is_new}}{{^is_new}}old{{/is_new}}{{/best}}";

    (void)state;
    expect(page, "{\"note\":\"\",\"best\":{\"is_new\":false}}", "old");
    expect(page, "{\"note\":\"x\",\"visitors\":0,\"best\":{\"is_new\":true}}", "note 0 new");
}

static void compares_enums_and_texts(void **state)
{
    const char *page = "{{#best}}<option{{#state=sold}} selected{{/state}}>"
                       "{{^name=b}}not b{{/name}}</option>{{/best}}";

    (void)state;
    expect(page, "{\"best\":{\"state\":\"sold\",\"name\":\"b\"}}", "<option selected></option>");
    expect(page, "{\"best\":{\"state\":\"on_sale\",\"name\":\"c\"}}", "<option>not b</option>");
    expect_fault("{{#best}}{{#state=lost}}{{/state}}{{/best}}",
                 "page.html:1: lost is no value of State");
    expect_fault("{{#visitors=3}}{{/visitors}}",
                 "page.html:1: only an enum or a string can be compared");
}

static void puts_partials_in_place(void **state)
{
    (void)state;
    expect_files((struct files){{"page.html",
                                 "{{#items}}\n{{>item}}\n{{/items}}\n{{#best}}{{>item}}{{/best}}",
                                 "item.html", "<li>{{name}}</li>\n"}},
                 "{\"items\":[{\"name\":\"a\"},{\"name\":\"b\"}],\"best\":{\"name\":\"c\"}}",
                 "<li>a</li>\n<li>b</li>\n<li>c</li>\n");
}

static void fills_the_blocks_of_layouts(void **state)
{
    (void)state;
    expect_files(
        (struct files){
            {"page.html", "{{! a page }}\n{{<section}}\n{{$content}}<b>{{note}}</b>{{/content}}\n",
             "section.html", "{{<base}}\n{{$main}}<main>{{$content}}{{/content}}</main>{{/main}}\n",
             "base.html", "<title>{{$title}}{{frame.title}}{{/title}}</title>{{$main}}{{/main}}"}},
        "{\"note\":\"n\",\"frame\":{\"title\":\"F\"}}", "<title>F</title><main><b>n</b></main>");
}

static void leaves_no_line_of_a_tag_that_stands_alone(void **state)
{
    (void)state;
    expect("<ul>\n  {{#items}}\n  <li>{{name}}</li>\n  {{/items}}\n</ul>\n",
           "{\"items\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
           "<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>\n");
}

static void writes_the_addresses_of_assets(void **state)
{
    (void)state;
    expect("<link rel=\"stylesheet\" href=\"{{@app.css}}\">", "{}",
           "<link rel=\"stylesheet\" href=\"/assets/app.1a2b.css\">");
    expect_fault("<link href=\"{{@other.css}}\">", "page.html:1: there is no asset other.css");
}

static void refuses_names_that_are_not_there(void **state)
{
    (void)state;
    expect_fault("<p>\n{{frame.tile}}</p>",
                 "page.html:2: there is no field tile in Frame, which has title");
    expect_fault(
        "{{#items}}{{prize}}{{/items}}",
        "page.html:1: there is no field prize in Item, which has name, state, price, tags, "
        "is_new");
    expect_fault("{{>nothing}}", "page.html:1: there is no file nothing.html");
    expect_fault("{{note.title}}",
                 "page.html:1: note is a value: only a single message has fields in it");
    expect_fault("{{items.name}}",
                 "page.html:1: items is a list: only a single message has fields in it");
    expect_fault(
        "{{note | loud}}",
        "page.html:1: there is no format loud; there is plain, money, signed, price, "
        "quantity, percent, share, compact, count, bytes, direction, arrow, date, day, month, "
        "datetime, time, label");
    expect_fault("{{note | money}}",
                 "page.html:1: note cannot be written as money, which takes a decimal");
    expect_fault("{{data}}",
                 "page.html:1: data cannot be written as plain, which takes a single value");
    expect_fault("{{items}}",
                 "page.html:1: items is a list and cannot be written: enter it with {{#items}}");
    expect_fault("{{frame}}",
                 "page.html:1: frame is a message and cannot be written: enter it with {{#frame}}");
}

static void refuses_a_value_where_it_could_break_the_page(void **state)
{
    (void)state;
    expect_fault("<p class={{note}}>",
                 "page.html:1: an attribute's value must be in double quotes");
    expect_fault("<p {{note}}>", "page.html:1: a value may stand between tags or in an attribute's "
                                 "quotes, not in a tag");
    expect_fault("<a href=\"{{note}}\">",
                 "page.html:1: an address may not begin with a value, which "
                 "could lead anywhere: write its beginning");
    expect_fault("<script>let a = 1;</script>",
                 "page.html:1: a script in the page is forbidden by its Content-Security-Policy: "
                 "give it a src");
    expect_fault("<script>{{note}}</script>", "page.html:1: a value may not be in a script");
    expect_fault("<p onclick=\"go()\">",
                 "page.html:1: an event handler in the page is forbidden by its "
                 "Content-Security-Policy: add the listener in a module");
    expect_fault(
        "<p style=\"color: red\">",
        "page.html:1: a style in the page is forbidden by its Content-Security-Policy: use "
        "a class");
    expect_fault(
        "<style>p {}</style>",
        "page.html:1: <style> is forbidden by the page's Content-Security-Policy: write it "
        "into a .css file");
    expect_fault("<!-- {{note}} -->",
                 "page.html:1: write {{! a comment }}, which does not reach the reader");
    expect_fault("1 < 2", "page.html:1: < begins no tag here: write &lt;");
}

static void refuses_sections_that_end_elsewhere(void **state)
{
    (void)state;
    expect_fault(
        "\n{{#note}}<p class=\"x{{/note}}",
        "page.html:2: the section note ends inside another tag or attribute than it begins "
        "in");
    expect_fault("{{#note}}x", "page.html:1: the section note is not closed by {{/note}}");
    expect_fault("{{#note}}{{#best}}{{/note}}{{/best}}",
                 "page.html:1: {{/note}} closes the section best");
    expect_fault("x\n\n {{/note}}", "page.html:3: {{/note}} closes nothing");
    expect_fault("<p", "page.html:1: the page ends in a tag");
    expect_fault("{{note", "page.html:1: {{ is not closed by }}");
    expect_fault("{{ }}", "page.html:1: {{}} names nothing");
}

static void refuses_layouts_that_do_not_fit(void **state)
{
    (void)state;
    expect_fault_of(
        (struct files){{"page.html", "{{<base}}\n\n{{$foot}}{{/foot}}", "base.html", "x"}},
        "page.html:3: the layout base has no block foot");
    expect_fault_of((struct files){{"page.html", "{{<base}}\ntext", "base.html", "x"}},
                    "page.html:2: a file with a layout has nothing outside of its blocks");
    expect_fault("x {{<base}}", "page.html:1: a layout is named by a file's first tag");
    expect_fault_of((struct files){{"page.html", "{{<base}}\n{{$a}}x", "base.html", "x"}},
                    "page.html:2: the block a is not closed by {{/a}}");
}

static void says_the_line_of_a_fault_in_a_block(void **state)
{
    (void)state;
    expect_fault_of(
        (struct files){{"page.html", "{{<base}}\n{{$main}}\n<p>\n{{wrong}}{{/main}}", "base.html",
                        "<i>\n\n\n\n{{$main}}{{/main}}"}},
        "page.html:4: there is no field wrong in ShopPage, which has frame, note, items, "
        "best, visitors, opened_at, share, stock, data");
}

static void bounds_how_deep_and_how_long_a_page_is(void **state)
{
    OWNED(strbuf) deep = strbuf_new(64 * 1024);
    OWNED(strbuf) many = strbuf_new(256 * 1024);

    (void)state;
    for (int i = 0; i < TEMPLATE_DEPTH_MAX; i++)
        strbuf_append_string(deep, "{{#note}}");
    for (int i = 0; i < TEMPLATE_DEPTH_MAX; i++)
        strbuf_append_string(deep, "{{/note}}");
    expect(deep->data, "{}", "");
    strbuf_reset(deep);
    for (int i = 0; i <= TEMPLATE_DEPTH_MAX; i++)
        strbuf_append_string(deep, "{{#note}}");
    expect_fault(deep->data,
                 "page.html:1: sections, partials and blocks are nested more than 16 deep");
    expect_fault("{{>page}}",
                 "page.html:1: sections, partials and blocks are nested more than 16 deep");
    for (int i = 0; i <= TEMPLATE_OPS_MAX; i++)
        strbuf_append_string(many, "{{note}}");
    expect_fault(many->data, "page.html:1: the page has more than 8192 parts");
    strbuf_reset(many);
    for (int i = 0; i <= TEMPLATE_FILE_MAX; i++)
        strbuf_append_char(many, 'x');
    expect_fault(many->data, "the caller:1: page.html has more than 131072 bytes");
}

static void says_when_a_page_is_longer_than_its_buffer(void **state)
{
    OWNED(arena) arena = arena_new(BUDGET);
    OWNED(strbuf) out = strbuf_new(8);
    OWNED(template) template = NULL;
    struct files files = {{"page.html", "{{note}}"}};
    struct template_fault fault;

    (void)state;
    assert_true(parse(&files, &template, &fault));
    template_render(template, read_page(arena, "{\"note\":\"12345678\"}"), out);
    assert_false(out->overflowed);
    strbuf_reset(out);
    template_render(template, read_page(arena, "{\"note\":\"123456789\"}"), out);
    assert_true(out->overflowed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_values_by_name),
        cmocka_unit_test(writes_nothing_for_what_is_absent),
        cmocka_unit_test(escapes_text_between_tags),
        cmocka_unit_test(escapes_attributes),
        cmocka_unit_test(encodes_the_parts_of_addresses),
        cmocka_unit_test(walks_lists),
        cmocka_unit_test(says_something_else_of_an_empty_list),
        cmocka_unit_test(enters_a_message_that_is_there),
        cmocka_unit_test(looks_for_a_name_from_the_inside_out),
        cmocka_unit_test(asks_whether_a_value_is_there_true_or_not_empty),
        cmocka_unit_test(compares_enums_and_texts),
        cmocka_unit_test(puts_partials_in_place),
        cmocka_unit_test(fills_the_blocks_of_layouts),
        cmocka_unit_test(leaves_no_line_of_a_tag_that_stands_alone),
        cmocka_unit_test(writes_the_addresses_of_assets),
        cmocka_unit_test(refuses_names_that_are_not_there),
        cmocka_unit_test(refuses_a_value_where_it_could_break_the_page),
        cmocka_unit_test(refuses_sections_that_end_elsewhere),
        cmocka_unit_test(refuses_layouts_that_do_not_fit),
        cmocka_unit_test(says_the_line_of_a_fault_in_a_block),
        cmocka_unit_test(bounds_how_deep_and_how_long_a_page_is),
        cmocka_unit_test(says_when_a_page_is_longer_than_its_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
