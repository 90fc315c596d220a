// SPDX-License-Identifier: MIT
#include "server/tls.h"

#include "service/log.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DATE_SIZE = 64 };

// What tells one content of a file from another without reading it.
struct file_mark {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct pair_mark {
    struct file_mark certificate;
    struct file_mark key;
};

struct tls {
    struct tls_options options;
    SSL_CTX *context;
    struct pair_mark decided; // of the pair that was taken over or refused last
    struct pair_mark seen;    // at the last look
};

static struct file_mark mark_file(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return (struct file_mark){.size = -1};
    return (struct file_mark){status.st_dev, status.st_ino, status.st_size, status.st_ctim};
}

static struct pair_mark mark_pair(const struct tls_options *options)
{
    return (struct pair_mark){mark_file(options->certificate_file), mark_file(options->key_file)};
}

static bool is_same_file(const struct file_mark *one, const struct file_mark *other)
{
    return one->device == other->device && one->inode == other->inode && one->size == other->size &&
           one->changed.tv_sec == other->changed.tv_sec &&
           one->changed.tv_nsec == other->changed.tv_nsec;
}

static bool is_same(const struct pair_mark *one, const struct pair_mark *other)
{
    return is_same_file(&one->certificate, &other->certificate) &&
           is_same_file(&one->key, &other->key);
}

// What OpenSSL says of its last failure, for an operator.
static const char *last_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    return reason != NULL ? reason : "the file cannot be read";
}

// A key with a passphrase is refused instead of asking the terminal for it.
static int no_passphrase(char *buffer, int size, int is_writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)is_writing;
    (void)context;
    return 0;
}

static EVP_PKEY *read_key(int file)
{
    FILE *stream = fdopen(file, "r");
    EVP_PKEY *key = NULL;

    if (stream == NULL) {
        close(file);
        return NULL;
    }
    key = PEM_read_PrivateKey(stream, NULL, no_passphrase, NULL);
    fclose(stream);
    return key;
}

static bool use_key(SSL_CTX *context, const char *path, struct error *error)
{
    struct stat status;
    EVP_PKEY *key = NULL;
    bool is_used = false;
    // A pipe in its place must not stop us.
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (file < 0)
        return error_set(error, REASON_INVALID_SETTING, "the TLS key %s cannot be opened", path);
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(file);
        return error_set(error, REASON_INVALID_SETTING, "the TLS key %s is not a file", path);
    }
    if ((status.st_mode & S_IRWXO) != 0) {
        close(file);
        return error_set(error, REASON_INVALID_SETTING,
                         "the TLS key %s can be read by everybody: chmod o= %s", path, path);
    }
    key = read_key(file);
    if (key == NULL)
        return error_set(error, REASON_INVALID_SETTING,
                         "the TLS key %s is not a PEM file with a key that has no passphrase: %s",
                         path, last_reason());
    is_used = SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    if (!is_used)
        return error_set(error, REASON_INVALID_SETTING,
                         "the TLS key %s does not belong to the certificate: %s", path,
                         last_reason());
    return true;
}

// HTTP/1.1 is all that is spoken. Who offers only others finds out from the answer.
static int choose_protocol(SSL *connection,
                           const unsigned char **out,
                           unsigned char *out_length,
                           const unsigned char *offered,
                           unsigned offered_length,
                           void *context)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;

    (void)connection;
    (void)context;
    if (SSL_select_next_proto(&chosen, out_length, ours, sizeof ours - 1, offered,
                              offered_length) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

// TLS 1.2 with forward secrecy and authenticated encryption alone, and 1.3, which has nothing else.
// Nothing that lets one connection be read with what was kept of another: no tickets, no cache.
static bool set_rules(SSL_CTX *context)
{
    SSL_CTX_set_options(context,
                        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK") == 1 &&
           SSL_CTX_set_num_tickets(context, 0) == 1;
}

static bool fill_context(SSL_CTX *context, const struct tls_options *options, struct error *error)
{
    if (!set_rules(context))
        return error_set(error, REASON_INTERNAL, "OpenSSL takes no settings: %s", last_reason());
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate_file) != 1)
        return error_set(error, REASON_INVALID_SETTING,
                         "the TLS certificate %s is not a PEM file with a certificate: %s",
                         options->certificate_file, last_reason());
    return use_key(context, options->key_file, error);
}

static bool read_pair(const struct tls_options *options, SSL_CTX **out_context, struct error *error)
{
    SSL_CTX *context = NULL;
    bool is_good = false;

    ERR_clear_error();
    context = SSL_CTX_new(TLS_server_method());
    if (context == NULL)
        return error_set(error, REASON_INTERNAL, "OpenSSL makes no context: %s", last_reason());
    is_good = fill_context(context, options, error);
    ERR_clear_error();
    if (!is_good) {
        SSL_CTX_free(context);
        return false;
    }
    *out_context = context;
    return true;
}

static void print_end(const X509 *certificate, char out[DATE_SIZE])
{
    BIO *buffer = BIO_new(BIO_s_mem());
    int length = 0;

    if (buffer != NULL && ASN1_TIME_print(buffer, X509_get0_notAfter(certificate)) == 1)
        length = BIO_read(buffer, out, DATE_SIZE - 1);
    out[length > 0 ? length : 0] = '\0';
    BIO_free(buffer);
}

// An expired certificate is used all the same: no connection at all would be no better.
static void log_pair(const SSL_CTX *context, const char *event)
{
    const X509 *certificate = SSL_CTX_get0_certificate(context);
    bool is_valid = X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
                    X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
    char end[DATE_SIZE];

    print_end(certificate, end);
    log_write(is_valid ? LOG_INFO : LOG_WARNING, event, "valid_until", end, "is_valid_now",
              is_valid ? "true" : "false", NULL);
}

bool tls_new(const struct tls_options *options, struct tls **out_tls, struct error *error)
{
    struct pair_mark mark = mark_pair(options);
    SSL_CTX *context = NULL;
    struct tls *tls = NULL;

    if (!read_pair(options, &context, error))
        return false;
    log_pair(context, "tls_certificate");
    tls = allocate(sizeof *tls);
    tls->options = *options;
    tls->context = context;
    tls->decided = mark;
    tls->seen = mark;
    *out_tls = tls;
    return true;
}

void tls_free(struct tls **tls)
{
    if (*tls == NULL)
        return;
    SSL_CTX_free((*tls)->context);
    release(*tls);
    *tls = NULL;
}

SSL *tls_connection_new(struct tls *tls, int descriptor)
{
    SSL *connection = SSL_new(tls->context);

    if (connection != NULL && SSL_set_fd(connection, descriptor) != 1) {
        SSL_free(connection);
        connection = NULL;
    }
    if (connection != NULL)
        SSL_set_accept_state(connection);
    return connection;
}

bool tls_look(struct tls *tls)
{
    struct pair_mark mark = mark_pair(&tls->options);
    bool is_settled = is_same(&mark, &tls->seen);
    SSL_CTX *context = NULL;
    struct error error;

    tls->seen = mark;
    // Two files cannot change at once: whoever is in the middle of it gets the time until the next
    // look.
    if (!is_settled || is_same(&mark, &tls->decided))
        return false;
    tls->decided = mark;
    if (!read_pair(&tls->options, &context, &error)) {
        log_write(LOG_WARNING, "tls_certificate_refused", "message", error.message, NULL);
        return false;
    }
    SSL_CTX_free(tls->context); // connections under way hold it as long as they need it
    tls->context = context;
    log_pair(context, "tls_certificate_replaced");
    return true;
}
