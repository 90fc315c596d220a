// SPDX-License-Identifier: MIT
#include "server/tls.h"

#include "base/strbuf.h"
#include "support/test.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 64 };

struct fixture {
    char folder[PATH_SIZE];
    char certificate_file[PATH_SIZE + 16];
    char key_file[PATH_SIZE + 16];
    struct tls_options options;
};

static EVP_PKEY *make_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    assert_non_null(key);
    return key;
}

static void write_key(const struct fixture *fixture, EVP_PKEY *key)
{
    FILE *file = fopen(fixture->key_file, "w");

    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
    assert_int_equal(chmod(fixture->key_file, 0600), 0);
}

// A certificate of its own issue with that serial number.
static void write_certificate(const struct fixture *fixture, EVP_PKEY *key, long serial)
{
    X509 *certificate = X509_new();
    FILE *file = fopen(fixture->certificate_file, "w");

    assert_non_null(file);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    fclose(file);
    X509_free(certificate);
}

static void write_pair(const struct fixture *fixture, long serial)
{
    EVP_PKEY *key = make_key();

    write_certificate(fixture, key, serial);
    write_key(fixture, key);
    EVP_PKEY_free(key);
}

static int start(void **state)
{
    struct fixture *fixture = allocate(sizeof *fixture);

    snprintf(fixture->folder, sizeof fixture->folder, "/tmp/bourse-tls-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->certificate_file, sizeof fixture->certificate_file, "%s/server.pem",
             fixture->folder);
    snprintf(fixture->key_file, sizeof fixture->key_file, "%s/server.key", fixture->folder);
    fixture->options = (struct tls_options){fixture->certificate_file, fixture->key_file};
    write_pair(fixture, 1);
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    unlink(fixture->certificate_file);
    unlink(fixture->key_file);
    rmdir(fixture->folder);
    release(fixture);
    return 0;
}

// The serial number of the certificate that a new connection would be served with.
static long serial_of(struct tls *tls)
{
    SSL *connection = tls_connection_new(tls, STDIN_FILENO);
    long serial = 0;

    assert_non_null(connection);
    serial = ASN1_INTEGER_get(X509_get0_serialNumber(SSL_get_certificate(connection)));
    SSL_free(connection);
    return serial;
}

static void assert_refused(const struct fixture *fixture, const char *what)
{
    struct tls *tls = NULL;
    struct error error;

    assert_false(tls_new(&fixture->options, &tls, &error));
    assert_null(tls);
    assert_string_equal(error.reason, "INVALID_SETTING");
    if (strstr(error.message, what) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.message, what);
}

static void a_pair_that_cannot_be_used_is_refused_with_the_file_and_the_fault(void **state)
{
    struct fixture *fixture = *state;
    EVP_PKEY *other = make_key();

    chmod(fixture->key_file, 0604);
    assert_refused(fixture, "server.key can be read by everybody: chmod o= ");
    write_key(fixture, other);
    assert_refused(fixture, "server.key does not belong to the certificate");
    assert_int_equal(truncate(fixture->key_file, 30), 0);
    assert_refused(fixture, "server.key is not a PEM file");
    unlink(fixture->key_file);
    assert_refused(fixture, "server.key cannot be opened");
    assert_int_equal(mkfifo(fixture->key_file, 0600), 0);
    assert_refused(fixture, "server.key is not a file");
    assert_int_equal(truncate(fixture->certificate_file, 100), 0);
    assert_refused(fixture, "server.pem is not a PEM file with a certificate");
    EVP_PKEY_free(other);
}

static void a_key_with_a_passphrase_is_refused_without_asking_for_it(void **state)
{
    struct fixture *fixture = *state;
    EVP_PKEY *key = make_key();
    FILE *file = fopen(fixture->key_file, "w");

    assert_non_null(file);
    PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(), (const unsigned char *)"secret", 6, NULL,
                         NULL);
    fclose(file);
    assert_refused(fixture, "no passphrase");
    EVP_PKEY_free(key);
}

static void a_new_pair_is_taken_once_it_has_stayed_for_a_look(void **state)
{
    struct fixture *fixture = *state;
    OWNED(tls) tls = NULL;
    struct error error;

    assert_true(tls_new(&fixture->options, &tls, &error));
    assert_false(tls_look(tls));
    write_pair(fixture, 2);
    assert_false(tls_look(tls));
    assert_int_equal(serial_of(tls), 1);
    assert_true(tls_look(tls));
    assert_int_equal(serial_of(tls), 2);
    assert_false(tls_look(tls));
}

static void a_pair_that_is_not_good_leaves_the_old_one_until_a_good_one_comes(void **state)
{
    struct fixture *fixture = *state;
    OWNED(tls) tls = NULL;
    EVP_PKEY *key = make_key();
    struct error error;

    assert_true(tls_new(&fixture->options, &tls, &error));
    write_certificate(fixture, key, 2);
    for (int i = 0; i < 3; i++)
        assert_false(tls_look(tls));
    assert_int_equal(serial_of(tls), 1);
    unlink(fixture->key_file);
    for (int i = 0; i < 3; i++)
        assert_false(tls_look(tls));
    assert_int_equal(serial_of(tls), 1);
    write_key(fixture, key);
    assert_false(tls_look(tls));
    assert_true(tls_look(tls));
    assert_int_equal(serial_of(tls), 2);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_pair_that_cannot_be_used_is_refused_with_the_file_and_the_fault, start, end),
        cmocka_unit_test_setup_teardown(a_key_with_a_passphrase_is_refused_without_asking_for_it,
                                        start, end),
        cmocka_unit_test_setup_teardown(a_new_pair_is_taken_once_it_has_stayed_for_a_look, start,
                                        end),
        cmocka_unit_test_setup_teardown(
            a_pair_that_is_not_good_leaves_the_old_one_until_a_good_one_comes, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
