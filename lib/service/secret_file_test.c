// SPDX-License-Identifier: MIT
#include "service/secret_file.h"
#include "service/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"

enum { SECRET_MAX = 16 };

struct fixture {
    char folder[32];
    char path[64];
    struct strbuf *secret;
    struct error error;
};

static int set_up(void **state)
{
    struct fixture *f = allocate(sizeof *f);

    snprintf(f->folder, sizeof f->folder, "/tmp/bourse-secret-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/secret", f->folder);
    f->secret = strbuf_new(SECRET_MAX);
    unsetenv("BOURSE_DATABASE");
    unsetenv("BOURSE_DATABASE_FILE");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    (void)unlink(f->path);
    assert_int_equal(rmdir(f->folder), 0);
    strbuf_free(&f->secret);
    release(f);
    return 0;
}

static void write_bytes(struct fixture *f, const char *bytes, size_t length, mode_t mode)
{
    FILE *file = fopen(f->path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(f->path, mode), 0);
}

static void write_file(struct fixture *f, const char *content)
{
    write_bytes(f, content, strlen(content), 0640);
}

static bool read_secret(struct fixture *f)
{
    return secret_file_read("database", f->path, f->secret, &f->error);
}

static void assert_refused(struct fixture *f, const char *because)
{
    assert_false(read_secret(f));
    assert_string_equal(f->error.reason, "INVALID_SETTING");
    assert_non_null(strstr(f->error.message, "--database-file: "));
    assert_non_null(strstr(f->error.message, because));
}

static void a_secret_is_one_line_without_its_end(void **state)
{
    static const char *const contents[] = {"host=x user=y", "host=x user=y\n", "host=x user=y\r\n"};
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(contents); i++) {
        write_file(f, contents[i]);
        assert_true(read_secret(f));
        assert_string_equal(f->secret->data, "host=x user=y");
    }
    write_file(f, "one\ntwo\n");
    assert_refused(f, "more than one line");
    write_bytes(f, "a\0b", 3, 0600);
    assert_refused(f, "more than one line");
    assert_string_equal(f->secret->data, "host=x user=y");
}

static void a_file_that_everybody_can_read_is_refused(void **state)
{
    static const mode_t open_modes[] = {0644, 0604, 0602, 0601};
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(open_modes); i++) {
        write_bytes(f, "x", 1, open_modes[i]);
        assert_refused(f, "chmod o=");
    }
}

static void what_is_empty_absent_or_no_file_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_refused(f, "cannot be opened");
    write_file(f, "\n");
    assert_refused(f, "is empty");
    assert_false(secret_file_read("database", f->folder, f->secret, &f->error));
    assert_non_null(strstr(f->error.message, "is not a file"));
}

static void a_secret_may_be_as_long_as_its_place(void **state)
{
    struct fixture *f = *state;

    write_file(f, "0123456789abcdef\n");
    assert_true(read_secret(f));
    assert_int_equal(f->secret->length, SECRET_MAX);
    write_file(f, "0123456789abcdefg");
    assert_refused(f, "longer than 16 bytes");
}

// A setting that is a secret.

static const struct setting table[] = {
    {"database", SETTING_SECRET, NULL, 0, 0, "the connection string"},
    {"listen", SETTING_TEXT, "", 0, 0, "where to listen"},
};

static struct settings *read_settings(struct fixture *f, const char *flag, const char *value)
{
    char *arguments[] = {allocate_string("program"), allocate_string(flag), allocate_string(value)};
    struct settings *settings = NULL;

    if (!settings_read(table, COUNT_OF(table), 3, arguments, &settings, &f->error))
        settings = NULL;
    for (size_t i = 0; i < COUNT_OF(arguments); i++)
        release(arguments[i]);
    return settings;
}

static void a_secret_setting_is_found_in_the_file_that_a_flag_or_the_environment_names(void **state)
{
    static char variable[96]; // the environment keeps the pointer
    struct fixture *f = *state;
    struct settings *settings = NULL;

    write_file(f, "host=x\n");
    settings = read_settings(f, "--database-file", f->path);
    assert_non_null(settings);
    assert_string_equal(settings_text(settings, "database"), "host=x");
    settings_free(&settings);

    snprintf(variable, sizeof variable, "BOURSE_DATABASE_FILE=%s", f->path);
    putenv(variable);
    settings = read_settings(f, "--listen", "a:1");
    assert_non_null(settings);
    assert_string_equal(settings_text(settings, "database"), "host=x");
    settings_free(&settings);
}

static void a_secret_and_its_file_are_not_given_both(void **state)
{
    static char variable[] = "BOURSE_DATABASE=host=y";
    struct fixture *f = *state;

    write_file(f, "host=x\n");
    putenv(variable);
    assert_null(read_settings(f, "--database-file", f->path));
    assert_non_null(strstr(f->error.message, "--database and --database-file are both given"));
}

static void only_secrets_have_files(void **state)
{
    struct fixture *f = *state;

    assert_null(read_settings(f, "--listen-file", f->path));
    assert_non_null(strstr(f->error.message, "there is no setting --listen-file"));
    assert_null(read_settings(f, "--file", f->path));
    assert_null(read_settings(f, "---file", f->path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_secret_is_one_line_without_its_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_everybody_can_read_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_empty_absent_or_no_file_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_secret_may_be_as_long_as_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_secret_setting_is_found_in_the_file_that_a_flag_or_the_environment_names, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(a_secret_and_its_file_are_not_given_both, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_secrets_have_files, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
