// SPDX-License-Identifier: MIT
// The reference of logins: libsodium alone checks a password on one thread.
//
//     bench_auth_hashes MEMORY_KIB PASSES SECONDS     prints the checks a second
#include "base/clock.h"
#include "base/digest.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KIB = 1024 };

int main(int argc, char **argv)
{
    static const char password[] = "correct horse";
    size_t memory_kib = argc == 4 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long long passes = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    double seconds = argc == 4 ? strtod(argv[3], NULL) : 0;
    char hash[crypto_pwhash_STRBYTES];
    unsigned long count = 0;
    int64_t from_us = 0;
    int64_t took_us = 0;

    digest_start();
    if (seconds <= 0 ||
        crypto_pwhash_str_alg(hash, password, strlen(password), passes, memory_kib * KIB,
                              crypto_pwhash_ALG_ARGON2ID13) != 0) {
        fputs("usage: bench_auth_hashes MEMORY_KIB PASSES SECONDS\n", stderr);
        return 2;
    }
    from_us = clock_monotonic_us();
    while (took_us < (int64_t)(seconds * MICROS_PER_SECOND)) {
        if (crypto_pwhash_str_verify(hash, password, strlen(password)) != 0) {
            fputs("bench_auth_hashes: the password is refused\n", stderr);
            return EXIT_FAILURE;
        }
        count++;
        took_us = clock_monotonic_us() - from_us;
    }
    printf("%.2f\n", (double)count * MICROS_PER_SECOND / (double)took_us);
    return EXIT_SUCCESS;
}
