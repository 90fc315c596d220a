// SPDX-License-Identifier: MIT
// tls: the certificate and key that TLS is spoken with, replaced while connections go on.
//
// The pair is read whole into a context of its own, which becomes the current one only when
// certificate and key belong together; connections keep the context they began with. So a renewed
// certificate needs no restart, and a half-written one does no harm.
//
// Threads: one, the relay's.
#pragma once

#include "base/error.h"

#include <openssl/ssl.h>

struct tls_options {
    const char *certificate_file; // PEM: the certificate, then the chain
    const char *key_file;         // PEM, not encrypted, not readable by everybody
};

struct tls;

// Reads the pair. The strings of `options` must live as long as the result. Fails with
// INVALID_SETTING, naming the file and what is wrong with it.
MUST_CHECK bool
tls_new(const struct tls_options *options, struct tls **out_tls, struct error *error);
void tls_free(struct tls **tls);

// The server's side of a connection on that socket, with the pair of this moment. The caller frees
// it with SSL_free; NULL when OpenSSL has no memory for it.
SSL *tls_connection_new(struct tls *tls, int descriptor);

// Looks whether the files have changed and stayed so since the look before, and takes over what
// they hold then. A pair that is not good is refused with one line in the log, and the old one goes
// on. True when there is a new pair. To be called about once a second.
bool tls_look(struct tls *tls);
