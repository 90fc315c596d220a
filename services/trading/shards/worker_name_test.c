// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shards/worker_name.h"

// The number of a process that has run and does not any more.
static long ended_process(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return (long)child;
}

static void name_with(const char *own, long pid, char out_name[WORKER_NAME_SIZE])
{
    snprintf(out_name, WORKER_NAME_SIZE, "%.*s:%ld", (int)(strrchr(own, ':') - own), own, pid);
}

static void a_process_of_this_machine_is_dead_when_it_has_ended(void **state)
{
    char own[WORKER_NAME_SIZE];
    char name[WORKER_NAME_SIZE];

    (void)state;
    worker_name_make(own);
    name_with(own, ended_process(), name);
    assert_true(worker_name_is_dead(own, name));
    name_with(own, (long)getppid(), name);
    assert_false(worker_name_is_dead(own, name));
    // One that had the number of this one before.
    assert_true(worker_name_is_dead(own, own));
}

static void of_another_name_space_nothing_is_known(void **state)
{
    char plain[WORKER_NAME_SIZE];
    char own[WORKER_NAME_SIZE];
    char name[WORKER_NAME_SIZE];

    (void)state;
    worker_name_make(plain);
    worker_name_make_exact(own);
    assert_string_equal(strrchr(plain, ':'), strrchr(own, ':'));
    name_with(own, ended_process(), name);
    assert_true(worker_name_is_dead(own, name));
    name_with(plain, ended_process(), name);
    assert_false(worker_name_is_dead(own, name));
}

static void of_another_machine_nothing_is_known(void **state)
{
    char own[WORKER_NAME_SIZE];
    char name[WORKER_NAME_SIZE];

    (void)state;
    worker_name_make(own);
    snprintf(name, sizeof(name), "elsewhere:%ld", ended_process());
    assert_false(worker_name_is_dead(own, name));
    assert_false(worker_name_is_dead(own, "no name of ours"));
    assert_false(worker_name_is_dead(own, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_of_this_machine_is_dead_when_it_has_ended),
        cmocka_unit_test(of_another_name_space_nothing_is_known),
        cmocka_unit_test(of_another_machine_nothing_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
