// SPDX-License-Identifier: MIT
#include "connection_private.h"

#include "base/clock.h"
#include "base/strbuf.h"
#include "session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum {
    CONNECT_TIMEOUT_MS = 3000,
    STATEMENT_TIMEOUT_MS = 10 * 1000,
    // Whoever waits for a standby in vain has to be answered by the primary in time.
    STANDBY_CONNECT_TIMEOUT_MS = 1000,
    STANDBY_SILENCE_MS = 2000,
    LONG_STATEMENT_TIMEOUT_MS = 10 * 60 * 1000,
    // How much longer than a statement may take the server may be silent.
    SILENCE_MARGIN_MS = 5000,
    CHECK_AFTER_IDLE_MS = 30 * 1000,
    CHECK_TIMEOUT_MS = 1000,
    OPTIONS_MAX = 64,
    SESSION_MAX = 4096,
};

struct keywords {
    size_t count;
    const char *names[OPTIONS_MAX + 1];
    const char *values[OPTIONS_MAX + 1];
};

static void set_keyword(struct keywords *keywords, const char *name, const char *value)
{
    if (keywords->count == OPTIONS_MAX)
        return;
    keywords->names[keywords->count] = name;
    keywords->values[keywords->count++] = value;
}

// Adds a keyword that the url does not give.
static void set_default(struct keywords *keywords, const char *name, const char *value)
{
    for (size_t i = 0; i < keywords->count; i++)
        if (strcmp(keywords->names[i], name) == 0)
            return;
    set_keyword(keywords, name, value);
}

bool connection_url_is_valid(const char *url, struct error *error)
{
    char *message = NULL;
    PQconninfoOption *given = PQconninfoParse(url, &message);

    // libpq quotes the word it stumbled over, which may be a password: its message is not passed
    // on.
    if (given == NULL)
        error_set(error, REASON_INVALID_SETTING,
                  "The database's URL is not a connection string of PostgreSQL.");
    PQconninfoFree(given);
    PQfreemem(message);
    return given != NULL;
}

static PGconn *start(const struct connection_options *options, PQconninfoOption *given)
{
    struct keywords keywords = {0};
    const char *own_options = "";
    OWNED(strbuf) session = strbuf_new(SESSION_MAX);

    for (PQconninfoOption *option = given; option->keyword != NULL; option++) {
        if (option->val == NULL)
            continue;
        if (strcmp(option->keyword, "options") == 0)
            own_options = option->val;
        else
            set_keyword(&keywords, option->keyword, option->val);
    }
    // A pooler would refuse them: the role has the same as its defaults.
    if (!options->is_pooled) {
        session_append_options(session, options->schema, options->for_migrations, own_options);
        // One that is promoted while it is connected to must not be written to, either.
        if (options->is_standby)
            strbuf_append_string(session, " -c default_transaction_read_only=on");
        set_keyword(&keywords, "options", session->data);
    }
    set_default(&keywords, "application_name", options->schema);
    set_default(&keywords, "client_encoding", "UTF8");
    set_default(&keywords, "connect_timeout", "3");
    set_default(&keywords, "keepalives", "1");
    set_default(&keywords, "keepalives_idle", "10");
    set_default(&keywords, "keepalives_interval", "5");
    set_default(&keywords, "keepalives_count", "3");
    set_default(&keywords, "tcp_user_timeout", "10000");
    set_default(&keywords, "target_session_attrs", options->is_standby ? "standby" : "read-write");
    return PQconnectStartParams(keywords.names, keywords.values, 0);
}

short connection_wait(const PGconn *pg, short events, int timeout_ms)
{
    int64_t end_us = clock_monotonic_us() + timeout_ms * MICROS_PER_MS;
    struct pollfd socket = {.fd = PQsocket(pg), .events = events};
    int ready = 0;

    if (socket.fd < 0)
        return POLLIN; // libpq has closed it, and will say why when it is asked
    do {
        int64_t left_ms = (end_us - clock_monotonic_us()) / MICROS_PER_MS;
        ready = poll(&socket, 1, left_ms > 0 ? (int)left_ms : 0);
    } while (ready < 0 && errno == EINTR);
    return ready > 0 ? socket.revents : 0;
}

static bool finish_connecting(PGconn *pg, int timeout_ms)
{
    int64_t end_us = clock_monotonic_us() + timeout_ms * MICROS_PER_MS;
    PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;

    if (pg == NULL || PQstatus(pg) == CONNECTION_BAD)
        return false;
    while (wanted != PGRES_POLLING_OK) {
        int64_t left_ms = (end_us - clock_monotonic_us()) / MICROS_PER_MS;
        short events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (left_ms <= 0 || connection_wait(pg, events, (int)left_ms) == 0)
            return false;
        wanted = PQconnectPoll(pg);
        if (wanted == PGRES_POLLING_FAILED)
            return false;
    }
    return PQsetnonblocking(pg, 1) == 0 && PQenterPipelineMode(pg) == 1;
}

// Notices are for people at a prompt; a library has nowhere to print them.
static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

static int usual_silence_ms(const struct connection_options *options)
{
    if (options->is_standby)
        return STANDBY_SILENCE_MS;
    return (options->for_migrations ? LONG_STATEMENT_TIMEOUT_MS : STATEMENT_TIMEOUT_MS) +
           SILENCE_MARGIN_MS;
}

bool connection_open(const struct connection_options *options,
                     struct connection **out_connection,
                     struct error *error)
{
    PQconninfoOption *given = NULL;
    PGconn *pg = NULL;

    if (!connection_url_is_valid(options->url, error))
        return false;
    given = PQconninfoParse(options->url, NULL);
    if (given != NULL)
        pg = start(options, given);
    PQconninfoFree(given);
    if (!finish_connecting(pg,
                           options->is_standby ? STANDBY_CONNECT_TIMEOUT_MS : CONNECT_TIMEOUT_MS)) {
        failure_lost(pg, error);
        PQfinish(pg);
        return false;
    }
    PQsetNoticeReceiver(pg, ignore_notice, NULL);
    *out_connection = allocate(sizeof **out_connection);
    (*out_connection)->pg = pg;
    (*out_connection)->is_pooled = options->is_pooled;
    (*out_connection)->usual_silence_ms = usual_silence_ms(options);
    (*out_connection)->opened_at_us = clock_monotonic_us();
    connection_rest(*out_connection);
    return true;
}

void connection_free(struct connection **connection)
{
    if (*connection == NULL)
        return;
    PQfinish((*connection)->pg);
    release(*connection);
    *connection = NULL;
}

void connection_rest(struct connection *connection)
{
    connection->idle_since_us = clock_monotonic_us();
    connection->silence_ms = connection->usual_silence_ms;
}

void connection_allow_long(struct connection *connection)
{
    connection->silence_ms = LONG_STATEMENT_TIMEOUT_MS + SILENCE_MARGIN_MS;
}

void connection_discard(struct connection *connection)
{
    connection->is_condemned = true;
}

int64_t connection_opened_at(const struct connection *connection)
{
    return connection->opened_at_us;
}

void connection_forget_rows(struct connection *connection)
{
    for (size_t i = 0; i < connection->pending_count; i++)
        connection->pending[i].out_rows = NULL;
}

size_t connection_pending(const struct connection *connection)
{
    return connection->pending_count;
}

bool connection_in_transaction(const struct connection *connection)
{
    return PQtransactionStatus(connection->pg) == PQTRANS_INTRANS;
}

bool connection_is_usable(struct connection *connection)
{
    int64_t idle_ms = (clock_monotonic_us() - connection->idle_since_us) / MICROS_PER_MS;
    struct error ignored;
    enum failure failure = FAILURE_NONE;

    if (connection->is_condemned || connection->pending_count > 0 ||
        PQstatus(connection->pg) != CONNECTION_OK ||
        PQtransactionStatus(connection->pg) != PQTRANS_IDLE)
        return false;
    // An idle server has nothing to say but farewell. (It may also tell of a changed setting; then
    // a connection is made anew that need not have been.)
    if (connection_wait(connection->pg, POLLIN, 0) != 0)
        return false;
    if (idle_ms < CHECK_AFTER_IDLE_MS)
        return true;
    connection->silence_ms = CHECK_TIMEOUT_MS;
    failure = connection_receive(connection, NULL, NULL, &ignored);
    connection_rest(connection);
    return failure == FAILURE_NONE;
}
