// SPDX-License-Identifier: MIT
#include "service/log.h"

#include "base/base.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/test.h"

enum { OUTPUT_SIZE = 64 * 1024 };

static FILE *captured;
static int standard_error;

static void capture(void)
{
    captured = tmpfile();
    assert_non_null(captured);
    standard_error = dup(STDERR_FILENO);
    dup2(fileno(captured), STDERR_FILENO);
}

// What was logged since capture().
static void end_capture(char out[OUTPUT_SIZE])
{
    size_t length = 0;

    dup2(standard_error, STDERR_FILENO);
    close(standard_error);
    rewind(captured);
    length = fread(out, 1, OUTPUT_SIZE - 1, captured);
    out[length] = '\0';
    fclose(captured);
}

// Replaces digits, so that the form of a time can be compared.
static void mask_digits(char *string, size_t length)
{
    for (size_t i = 0; i < length; i++)
        string[i] = isdigit((unsigned char)string[i]) ? '0' : string[i];
}

static void a_line_has_time_level_service_and_event_first_in_that_order(void **state)
{
    char output[OUTPUT_SIZE];
    const char *rest = NULL;

    (void)state;
    log_start("trading", LOG_INFO);
    capture();
    log_write(LOG_WARNING, "order_rejected", "order_id", "7", "reason", "NO_PRICE", NULL);
    end_capture(output);
    rest = strchr(output, 'Z');
    assert_non_null(rest);
    assert_string_equal(rest, "Z\",\"level\":\"warning\",\"service\":\"trading\","
                              "\"event\":\"order_rejected\",\"order_id\":\"7\","
                              "\"reason\":\"NO_PRICE\"}\n");
    // RFC 3339 with 0, 3 or 6 digits of fraction.
    mask_digits(output, (size_t)(rest - output));
    assert_memory_equal(output, "{\"time\":\"0000-00-00T00:00:00", 28);
    assert_true(rest - output == 28 || rest - output == 32 || rest - output == 35);
}

static void no_value_can_forge_a_line_or_a_key(void **state)
{
    char output[OUTPUT_SIZE];

    (void)state;
    log_start("auth", LOG_INFO);
    capture();
    log_write(LOG_INFO, "login", "user", "a\",\"level\":\"x\n{\"b\\\x01\xff", NULL);
    end_capture(output);
    assert_non_null(strstr(output,
                           "\"user\":\"a\\\",\\\"level\\\":\\\"x\\n{\\\"b\\\\\\u0001\xef\xbf\xbd"
                           "\"}\n"));
    assert_ptr_equal(strchr(output, '\n'), output + strlen(output) - 1);
}

static void lines_below_the_least_level_are_not_written(void **state)
{
    char output[OUTPUT_SIZE];

    (void)state;
    log_start("auth", LOG_WARNING);
    capture();
    log_write(LOG_INFO, "hidden", NULL);
    log_set_level(LOG_DEBUG);
    log_write(LOG_DEBUG, "shown", NULL);
    end_capture(output);
    assert_null(strstr(output, "hidden"));
    assert_non_null(strstr(output, "shown"));
}

static void what_is_shown_for_a_while_is_every_level_and_then_the_set_ones(void **state)
{
    char output[OUTPUT_SIZE];

    (void)state;
    log_start("auth", LOG_WARNING);
    capture();
    log_show_all(true);
    log_write(LOG_DEBUG, "shown", NULL);
    log_show_all(false);
    log_write(LOG_INFO, "hidden", NULL);
    log_write(LOG_WARNING, "warned", NULL);
    end_capture(output);
    assert_non_null(strstr(output, "shown"));
    assert_null(strstr(output, "hidden"));
    assert_non_null(strstr(output, "warned"));
}

static void a_long_value_is_cut_and_the_line_stays_whole(void **state)
{
    char output[OUTPUT_SIZE];
    char value[5000];

    (void)state;
    memset(value, '\x01', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    log_start("auth", LOG_INFO);
    capture();
    log_write(LOG_INFO, "long", "a", value, "b", value, "c", value, NULL);
    end_capture(output);
    // 1024 bytes of six characters each; the third pair comes after the limit.
    assert_non_null(strstr(output, "\"b\":\"\\u0001"));
    assert_null(strstr(output, "\"c\""));
    assert_string_equal(output + strlen(output) - 15, ",\"cut\":\"true\"}\n");
}

static void levels_are_known_by_their_lower_case_names(void **state)
{
    enum log_level level = LOG_DEBUG;

    (void)state;
    assert_true(log_level_parse("warning", &level));
    assert_int_equal(level, LOG_WARNING);
    assert_false(log_level_parse("WARNING", &level));
    assert_false(log_level_parse("", &level));
}

static void a_line_of_text_names_its_values_and_leaves_out_empty_ones(void **state)
{
    char output[OUTPUT_SIZE];

    (void)state;
    log_start("trading", LOG_INFO);
    log_set_format(LOG_TEXT);
    capture();
    log_write(LOG_WARNING, "order_rejected", "order_id", "7", "reason", "", "message",
              "not enough\nlevel=error", "sum", "1=2", NULL);
    end_capture(output);
    log_set_format(LOG_JSON);
    assert_string_equal(strchr(output, 'Z'), "Z warning trading order_rejected order_id=7 "
                                             "message=\"not enough\\nlevel=error\" sum=\"1=2\"\n");
}

static void formats_are_known_by_their_names(void **state)
{
    enum log_format format = LOG_JSON;

    (void)state;
    assert_true(log_format_parse("text", &format));
    assert_int_equal(format, LOG_TEXT);
    assert_true(log_format_parse("json", &format));
    assert_int_equal(format, LOG_JSON);
    assert_false(log_format_parse("JSON", &format));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_service_and_event_first_in_that_order),
        cmocka_unit_test(no_value_can_forge_a_line_or_a_key),
        cmocka_unit_test(lines_below_the_least_level_are_not_written),
        cmocka_unit_test(what_is_shown_for_a_while_is_every_level_and_then_the_set_ones),
        cmocka_unit_test(a_long_value_is_cut_and_the_line_stays_whole),
        cmocka_unit_test(levels_are_known_by_their_lower_case_names),
        cmocka_unit_test(a_line_of_text_names_its_values_and_leaves_out_empty_ones),
        cmocka_unit_test(formats_are_known_by_their_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
