// SPDX-License-Identifier: MIT
#include "service/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/test.h"

enum { NAME_SIZE = 200, DATAGRAM_SIZE = 64 };

// A manager that listens at `name`, of which the first byte is 0 in the abstract name space.
static int listen_at(const char *name, size_t length)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_true(file >= 0 && length < sizeof address.sun_path);
    memcpy(address.sun_path, name, length);
    assert_int_equal(bind(file, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                     0);
    return file;
}

// A datagram is there as soon as it has been sent.
static void expect_datagram(int file, const char *text)
{
    char datagram[DATAGRAM_SIZE];
    ssize_t length = recv(file, datagram, sizeof datagram, 0);

    assert_int_equal(length, strlen(text));
    assert_memory_equal(datagram, text, strlen(text));
    assert_int_equal(recv(file, datagram, sizeof datagram, 0), -1);
    assert_int_equal(errno, EAGAIN);
}

static void a_manager_with_a_path_gets_the_state_as_one_datagram(void **state)
{
    char folder[] = "/tmp/notify_test.XXXXXX";
    char name[NAME_SIZE];
    int file = -1;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(name, sizeof name, "%s/socket", folder);
    file = listen_at(name, strlen(name));
    assert_true(notify_send(name, "READY=1"));
    expect_datagram(file, "READY=1");
    assert_true(notify_send(name, "STOPPING=1"));
    expect_datagram(file, "STOPPING=1");
    close(file);
    assert_false(notify_send(name, "READY=1"));
    unlink(name);
    rmdir(folder);
}

static void a_manager_with_an_abstract_name_gets_it_too(void **state)
{
    char name[NAME_SIZE];
    int file = -1;

    (void)state;
    snprintf(name, sizeof name, "@notify_test.%ld", (long)getpid());
    name[0] = '\0';
    file = listen_at(name, 1 + strlen(name + 1));
    name[0] = '@';
    assert_true(notify_send(name, "READY=1"));
    expect_datagram(file, "READY=1");
    close(file);
}

static void an_address_that_is_none_or_too_long_is_a_failure(void **state)
{
    char name[NAME_SIZE];

    (void)state;
    assert_false(notify_send("", "READY=1"));
    assert_false(notify_send("run/notify", "READY=1"));
    memset(name, 'a', sizeof name);
    name[0] = '/';
    name[sizeof((struct sockaddr_un *)NULL)->sun_path] = '\0';
    assert_false(notify_send(name, "READY=1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manager_with_a_path_gets_the_state_as_one_datagram),
        cmocka_unit_test(a_manager_with_an_abstract_name_gets_it_too),
        cmocka_unit_test(an_address_that_is_none_or_too_long_is_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
