// SPDX-License-Identifier: MIT
#include "service/settings.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

static const struct setting table[] = {
    {"listen", SETTING_TEXT, NULL, 0, 0, "where to listen"},
    {"starting-cash", SETTING_INT, "100000", 0, 1000000, "cash of a new portfolio"},
    {"open-registration", SETTING_BOOL, "true", 0, 0, "whether strangers may register"},
    {"database", SETTING_SECRET, "", 0, 0, "the connection string"},
};

enum { ARGUMENTS_MAX = 8 };

// Reads settings as a program started with these arguments would; NULL when they are refused.
static struct settings *read_with(const char *const *given, struct error *error)
{
    char *arguments[ARGUMENTS_MAX + 1] = {allocate_string("program")};
    struct settings *settings = NULL;
    int count = 1;

    for (; given[count - 1] != NULL; count++)
        arguments[count] = allocate_string(given[count - 1]);
    if (!settings_read(table, COUNT_OF(table), count, arguments, &settings, error))
        assert_string_equal(error->reason, "INVALID_SETTING");
    for (int i = 0; i < count; i++)
        release(arguments[i]);
    return settings;
}

#define READ(...) read_with((const char *const[]){__VA_ARGS__, NULL}, &error)

static int forget_environment(void **state)
{
    (void)state;
    unsetenv("BOURSE_LISTEN");
    unsetenv("BOURSE_STARTING_CASH");
    unsetenv("BOURSE_OPEN_REGISTRATION");
    return 0;
}

static void a_flag_wins_over_the_environment_and_that_over_the_fallback(void **state)
{
    // The environment keeps the pointer.
    static char starting_cash[] = "BOURSE_STARTING_CASH=5";
    struct error error;
    struct settings *settings = NULL;

    (void)state;
    settings = READ("--listen", "127.0.0.1:1");
    assert_int_equal(settings_int(settings, "starting-cash"), 100000);
    settings_free(&settings);

    putenv(starting_cash);
    settings = READ("--listen=127.0.0.1:1");
    assert_int_equal(settings_int(settings, "starting-cash"), 5);
    settings_free(&settings);

    settings = READ("--starting-cash", "7", "--listen", "a:1");
    assert_int_equal(settings_int(settings, "starting-cash"), 7);
    assert_string_equal(settings_text(settings, "listen"), "a:1");
    settings_free(&settings);
    assert_null(settings);
}

static void an_unknown_flag_is_refused_by_name(void **state)
{
    struct error error;

    (void)state;
    assert_null(READ("--listen", "a:1", "--lisen", "a:1"));
    assert_non_null(strstr(error.message, "--lisen"));
    assert_null(READ("--listen", "a:1", "--listen-on=2"));
    assert_non_null(strstr(error.message, "--listen-on;"));
}

static void a_flag_without_its_value_is_refused(void **state)
{
    struct error error;

    (void)state;
    assert_null(READ("--listen"));
    assert_non_null(strstr(error.message, "--listen needs a value"));
}

static void a_setting_that_must_be_given_is_missed_by_both_its_names(void **state)
{
    struct error error;

    (void)state;
    assert_null(READ("--starting-cash", "7"));
    assert_non_null(strstr(error.message, "--listen"));
    assert_non_null(strstr(error.message, "BOURSE_LISTEN"));
    assert_null(READ("--listen", ""));
    assert_non_null(strstr(error.message, "must not be empty"));
}

static void a_number_must_be_whole_and_within_its_range(void **state)
{
    static const char *const wrong[] = {"-1",  "1000001", "",   " 7",  "+7",
                                        "7.5", "7x",      "0x", "1e3", "99999999999999999999"};
    struct error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_null(READ("--listen", "a:1", "--starting-cash", wrong[i]));
        assert_non_null(strstr(error.message, "--starting-cash"));
        assert_non_null(strstr(error.message, "0 to 1000000"));
    }
    for (size_t i = 0; i < 2; i++) {
        struct settings *settings =
            READ("--listen", "a:1", "--starting-cash", i == 0 ? "0" : "1000000");

        assert_int_equal(settings_int(settings, "starting-cash"), i * 1000000);
        settings_free(&settings);
    }
}

static void a_switch_is_true_or_false_and_nothing_else(void **state)
{
    struct error error;
    struct settings *settings = READ("--listen", "a:1", "--open-registration", "false");

    (void)state;
    assert_false(settings_bool(settings, "open-registration"));
    settings_free(&settings);
    assert_null(READ("--listen", "a:1", "--open-registration", "yes"));
}

static void what_is_no_flag_stays_in_order_as_operands(void **state)
{
    struct error error;
    char **operands = NULL;
    struct settings *settings = READ("ada", "--listen", "a:1", "bob", "--", "--listen");

    (void)state;
    assert_int_equal(settings_operands(settings, &operands), 3);
    assert_string_equal(operands[0], "ada");
    assert_string_equal(operands[1], "bob");
    assert_string_equal(operands[2], "--listen");
    settings_free(&settings);
}

static void help_has_a_line_for_each_setting_with_its_variable_and_fallback(void **state)
{
    OWNED(strbuf) help = strbuf_new(4096);

    (void)state;
    settings_help(table, COUNT_OF(table), help);
    assert_string_equal(
        help->data,
        "  --listen TEXT  where to listen [BOURSE_LISTEN; must be given]\n"
        "  --starting-cash 0..1000000  cash of a new portfolio [BOURSE_STARTING_CASH; default: "
        "100000]\n"
        "  --open-registration true|false  whether strangers may register "
        "[BOURSE_OPEN_REGISTRATION; default: true]\n"
        "  --database SECRET  the connection string [BOURSE_DATABASE; default: empty; better in "
        "the environment, or in a file that BOURSE_DATABASE_FILE or --database-file names, "
        "readable "
        "by its owner and group only]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_flag_wins_over_the_environment_and_that_over_the_fallback,
                               forget_environment),
        cmocka_unit_test_setup(an_unknown_flag_is_refused_by_name, forget_environment),
        cmocka_unit_test_setup(a_flag_without_its_value_is_refused, forget_environment),
        cmocka_unit_test_setup(a_setting_that_must_be_given_is_missed_by_both_its_names,
                               forget_environment),
        cmocka_unit_test_setup(a_number_must_be_whole_and_within_its_range, forget_environment),
        cmocka_unit_test_setup(a_switch_is_true_or_false_and_nothing_else, forget_environment),
        cmocka_unit_test_setup(what_is_no_flag_stays_in_order_as_operands, forget_environment),
        cmocka_unit_test(help_has_a_line_for_each_setting_with_its_variable_and_fallback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
