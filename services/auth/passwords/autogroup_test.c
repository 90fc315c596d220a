// SPDX-License-Identifier: MIT
#include "passwords/autogroup.h"

#include "base/base.h"
#include "support/test.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { UNKNOWN = 100 };

// "/autogroup-25052 nice 5"
static int niceness(void)
{
    FILE *file = fopen("/proc/self/autogroup", "r");
    int nice = UNKNOWN;

    if (file == NULL)
        return UNKNOWN;
    if (fscanf(file, "%*s nice %d", &nice) != 1)
        nice = UNKNOWN;
    fclose(file);
    return nice;
}

// The niceness of a process' session after it has given way; in a process of its own, for there is
// no way back.
static int niceness_of(bool is_of_its_own)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (is_of_its_own && setsid() < 0)
            _exit(UNKNOWN);
        autogroup_give_way();
        _exit(niceness());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_session_of_its_own_lets_others_go_first(void **state)
{
    (void)state;
    if (niceness() == UNKNOWN)
        skip(); // this machine does not tell sessions apart
    assert_int_equal(niceness_of(true), 5);
}

static void a_session_that_others_are_in_is_left_alone(void **state)
{
    int before = niceness();

    (void)state;
    assert_int_equal(niceness_of(false), before & 0xff); // as an exit status
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_of_its_own_lets_others_go_first),
        cmocka_unit_test(a_session_that_others_are_in_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
