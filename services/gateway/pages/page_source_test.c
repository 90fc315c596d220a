// SPDX-License-Identifier: MIT
#include "pages/page_source.h"

#include "bourse/gateway/v1/pages.pb-c.h"
#include "page_templates.h"
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 256, PAGE_MAX = 100000 };

struct fixture {
    char folder[PATH_SIZE];
    char template[PATH_SIZE + 32];
    struct page_source *source;
    struct strbuf *out;
    struct error error;
};

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);
    char path[PATH_SIZE + 16];

    (void)snprintf(f->folder, sizeof f->folder, "/tmp/page_source_test.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(path, sizeof path, "%s/templates", f->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(f->template, sizeof f->template, "%s/templates/error.html", f->folder);
    f->source = page_source_new(f->folder);
    f->out = strbuf_new(PAGE_MAX);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;
    char path[PATH_SIZE + 16];

    page_source_free(&f->source);
    strbuf_free(&f->out);
    (void)unlink(f->template);
    (void)snprintf(path, sizeof path, "%s/templates", f->folder);
    (void)rmdir(path);
    (void)rmdir(f->folder);
    release(f);
    return 0;
}

static bool render(struct fixture *f, const struct page_source *source)
{
    Pages__ErrorPage page = PAGES__ERROR_PAGE__INIT;

    page.heading = "a <b> heading";
    strbuf_reset(f->out);
    return page_source_render(source, &error_page, &page.base, f->out, &f->error);
}

static void write_template(const struct fixture *f, const char *text)
{
    FILE *file = fopen(f->template, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_page_of_a_folder_is_as_its_file_is_at_the_moment(void **state)
{
    struct fixture *f = *state;

    write_template(f, "<p>{{heading}}</p>");
    assert_true(render(f, f->source));
    assert_string_equal(f->out->data, "<p>a &lt;b&gt; heading</p>");
    write_template(f, "<h1>{{heading}}</h1>");
    assert_true(render(f, f->source));
    assert_string_equal(f->out->data, "<h1>a &lt;b&gt; heading</h1>");
}

static void a_fault_in_it_is_told_with_file_and_line(void **state)
{
    struct fixture *f = *state;

    write_template(f, "<p>\n{{headding}}</p>");
    assert_false(render(f, f->source));
    assert_non_null(strstr(f->error.message, "templates/error.html:2: there is no field headding"));
    assert_int_equal(f->out->length, 0);
    assert_int_equal(unlink(f->template), 0);
    assert_false(render(f, f->source));
    assert_true(error_is(&f->error, REASON_INTERNAL));
}

static void without_a_folder_pages_are_those_of_the_program(void **state)
{
    struct fixture *f = *state;
    OWNED(page_source) source = page_source_new("");

    write_template(f, "of the folder");
    assert_false(page_source_is_live(source));
    assert_true(render(f, source));
    assert_non_null(strstr(f->out->data, "<h1>a &lt;b&gt; heading</h1>"));
    assert_null(strstr(f->out->data, "of the folder"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_page_of_a_folder_is_as_its_file_is_at_the_moment, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_fault_in_it_is_told_with_file_and_line, start, stop),
        cmocka_unit_test_setup_teardown(without_a_folder_pages_are_those_of_the_program, start,
                                        stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
