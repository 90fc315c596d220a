// SPDX-License-Identifier: MIT
#include "service/service.h"

#include "base/digest.h"
#include "service/admin.h"
#include "service/audit_outbox.h"
#include "service/healthcheck.h"
#include "service/history_looker.h"
#include "service/notify.h"
#include "service/observe.h"
#include "service/program_settings.h"
#include "service/readiness.h"
#include "service/stop_signal.h"
#include "service/token_follower.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DATABASE_RETRY_MS = 500,
    DRAIN_MS = 10 * 1000,
    // A stop that takes this much longer than it may is broken off.
    STOP_SPARE_SECONDS = 10,
    HELP_MAX = 64 * 1024,
    REASONS_MAX = 4096,
    HEALTHCHECK_TIMEOUT_MS = 2000,
    HEALTHCHECK_MAX = 16 * 1024,
};

struct service {
    const struct service_definition *definition;
    struct program_settings *table;
    struct settings *settings;
    struct rpc_mesh_key mesh_key;
    struct metrics *metrics;
    struct observer *observer;
    struct tracer *tracer; // NULL while tracing is off
    struct admin *admin;
    struct database *database;
    struct history *history;               // NULL where there is none to be read
    struct history_looker *history_looker; // NULL without a standby
    struct rpc_client **clients;           // parallel to table->peers
    struct token_verifier *verifier;
    struct token_follower *follower;   // NULL where tokens are made
    struct audit_outbox *audit_outbox; // NULL where there is none
    struct rpc_server *server;
    void *context; // the definition's
    struct readiness *readiness;
    struct metric *ready;
};

static void service_free(struct service **service);

struct database *service_database(struct service *service)
{
    return service->database;
}

struct history *service_history(struct service *service)
{
    return service->history;
}

struct rpc_client *service_client(struct service *service, const char *peer)
{
    size_t index = 0;

    while (index < service->table->peer_count && strcmp(service->table->peers[index], peer) != 0)
        index++;
    // A peer that the definition does not name, or a command, which has none.
    assert(index < service->table->peer_count && service->clients != NULL);
    return service->clients[index];
}

struct token_verifier *service_token_verifier(struct service *service)
{
    return service->verifier;
}

struct tracer *service_tracer(struct service *service)
{
    return service->tracer;
}

struct metrics *service_metrics(struct service *service)
{
    return service->metrics;
}

const struct rpc_mesh_key *service_mesh_key(const struct service *service)
{
    return &service->mesh_key;
}

const char *service_text(const struct service *service, const char *name)
{
    return settings_text(service->settings, name);
}

int64_t service_int(const struct service *service, const char *name)
{
    return settings_int(service->settings, name);
}

bool service_bool(const struct service *service, const char *name)
{
    return settings_bool(service->settings, name);
}

static void fill_identity(const struct token_claims *claims, struct identity *out_identity)
{
    static const enum scope scopes[] = {
        [TOKEN_SCOPE_READ] = SCOPE_READ,
        [TOKEN_SCOPE_TRADE] = SCOPE_TRADE,
        [TOKEN_SCOPE_ACCOUNT] = SCOPE_ACCOUNT,
    };

    snprintf(out_identity->user_id, sizeof out_identity->user_id, "%s", claims->user_id);
    snprintf(out_identity->username, sizeof out_identity->username, "%s", claims->username);
    snprintf(out_identity->session_id, sizeof out_identity->session_id, "%s", claims->session_id);
    snprintf(out_identity->portfolio_id, sizeof out_identity->portfolio_id, "%s",
             claims->portfolio_id);
    out_identity->role = claims->is_administrator ? ROLE_ADMINISTRATOR : ROLE_USER;
    out_identity->scope = scopes[claims->scope];
}

bool service_authenticate(struct service *service,
                          const char *access_token,
                          struct identity *out_identity,
                          struct error *error)
{
    struct token_claims claims;
    bool valid = service->follower != NULL
                     ? token_follower_authenticate(service->follower, access_token, &claims, error)
                     : token_verify(service->verifier, access_token, &claims, error);

    if (valid)
        fill_identity(&claims, out_identity);
    return valid;
}

bool service_list_token_keys(struct service *service,
                             struct token_web_key out_keys[TOKEN_KEYS_MAX],
                             size_t *out_count,
                             struct error *error)
{
    // auth has the keys itself, and nobody to ask.
    assert(service->follower != NULL);
    return token_follower_list_keys(service->follower, out_keys, out_count, error);
}

void service_check(struct service *service, struct strbuf *out_reasons, struct strbuf *out_notes)
{
    readiness_check(service->readiness, out_reasons, out_notes);
}

static bool authenticate(void *context,
                         const char *access_token,
                         struct identity *out_identity,
                         struct error *error)
{
    return service_authenticate(context, access_token, out_identity, error);
}

// Starting.

static bool read_settings(struct service *service,
                          enum program_purpose purpose,
                          int argc,
                          char **argv,
                          struct error *error)
{
    enum log_level level = LOG_INFO;
    enum log_format format = LOG_JSON;

    service->table = program_settings_new(service->definition, purpose);
    if (!settings_read(service->table->settings, service->table->count, argc, argv,
                       &service->settings, error))
        return false;
    if (!log_level_parse(service_text(service, "log-level"), &level))
        return error_set(error, REASON_INVALID_SETTING,
                         "--log-level must be debug, info, warning or error, not \"%s\"",
                         service_text(service, "log-level"));
    if (!log_format_parse(service_text(service, "log-format"), &format))
        return error_set(error, REASON_INVALID_SETTING,
                         "--log-format must be json or text, not \"%s\"",
                         service_text(service, "log-format"));
    log_set_level(level);
    log_set_format(format);
    return true;
}

static bool start_admin(struct service *service, struct error *error)
{
    struct admin_options options = {
        .listen = service_text(service, "admin-listen"),
        .metrics = service->metrics,
        .check = readiness_check,
        .context = service->readiness,
    };

    return options.listen[0] == '\0' || admin_new(&options, &service->admin, error);
}

static bool start_tracer(struct service *service, struct error *error)
{
    struct tracer_options options = {
        .endpoint = service_text(service, "otlp-endpoint"),
        .service = service->definition->name,
        .version = BOURSE_VERSION,
        .percent = service_int(service, "trace-percent"),
        .metrics = service->metrics,
    };

    if (options.endpoint[0] == '\0')
        return true;
    if (!tracer_new(&options, &service->tracer, error))
        return false;
    observer_set_tracer(service->observer, service->tracer);
    return true;
}

static bool open_database(struct service *service, struct error *error)
{
    struct database_options options;

    if (!service->definition->has_database)
        return true;
    options = (struct database_options){
        .url = service_text(service, "database"),
        .service = service->definition->name,
        .connections = (size_t)service_int(service, "database-connections"),
        .is_pooled = service_bool(service, "database-is-pooled"),
    };
    if (!database_new(&options, &service->database, error))
        return false;
    observer_watch_database(service->observer, service->database);
    return true;
}

static bool check_migrations(struct service *service, struct error *error)
{
    return service->database == NULL ||
           migration_check(service->database, service->definition->migrations,
                           service->definition->migration_count, error);
}

// Waits until the database is there and its schema is this program's. False with an empty error
// when the process is to stop first.
static bool wait_for_database(struct service *service, struct error *error)
{
    bool told = false;

    while (!check_migrations(service, error)) {
        if (error->code != CODE_UNAVAILABLE)
            return false;
        if (!told)
            readiness_log_database_failure(service->database, "waiting_for_database", error);
        told = true;
        if (stop_signal_comes_within(DATABASE_RETRY_MS)) {
            error_clear(error);
            return false;
        }
    }
    return true;
}

// The schema is the primary's by now, so that a standby with its log up to here has it, too.
static bool open_history(struct service *service, struct error *error)
{
    const struct service_definition *definition = service->definition;
    struct history_options options;

    if (!definition->has_history)
        return true;
    options = (struct history_options){
        .primary = service->database,
        .primary_url = service_text(service, "database"),
        .primary_is_pooled = service_bool(service, "database-is-pooled"),
        .url = service_text(service, "history-database"),
        .service = definition->name,
        .connections = (size_t)service_int(service, "database-connections"),
        .lag_ms_max = service_int(service, "history-lag-ms"),
        .migrations = definition->migrations,
        .migration_count = definition->migration_count,
    };
    if (!history_new(&options, &service->history, error))
        return false;
    if (history_has_standby(service->history))
        service->history_looker = history_looker_new(service->history, service->metrics);
    return true;
}

static bool connect_peers(struct service *service, struct error *error)
{
    const struct program_settings *table = service->table;

    service->clients = allocate_array(table->peer_count + 1, sizeof(struct rpc_client *));
    for (size_t i = 0; i < table->peer_count; i++) {
        struct rpc_client_options options = {
            .caller = service->definition->name,
            .service = table->peers[i],
            .addresses = service_text(service, table->address_names[i]),
            .key = service->mesh_key,
            .observe = observer_note_call,
            .observe_context = service->observer,
        };

        if (!rpc_client_new(&options, &service->clients[i], error))
            return false;
    }
    return true;
}

static void start_verifier(struct service *service)
{
    struct token_verifier_options options = {.clock = clock_real()};

    service->verifier = token_verifier_new(&options);
    if (!service->definition->makes_tokens)
        service->follower = token_follower_new(&(const struct token_follower_options){
            .auth = service_client(service, "auth"), .verifier = service->verifier});
}

static void start_audit_outbox(struct service *service)
{
    if (service->definition->has_audit_outbox)
        service->audit_outbox = audit_outbox_new(&(const struct audit_outbox_options){
            .database = service->database, .auth = service_client(service, "auth")});
}

static bool start_server(struct service *service, struct error *error)
{
    const struct service_definition *definition = service->definition;
    struct rpc_server_options options;

    if (definition->handler_count == 0)
        return true;
    options = (struct rpc_server_options){
        .service = definition->name,
        .listen = service_text(service, "listen"),
        .key = service->mesh_key,
        .handlers = definition->handlers,
        .handler_count = definition->handler_count,
        .context = service->context,
        .normal_workers = (size_t)service_int(service, "normal-workers"),
        .slow_workers = (size_t)service_int(service, "slow-workers"),
        .authenticate = authenticate,
        .authenticate_context = service,
        .observe = observer_note_answer,
        .observe_context = service->observer,
    };
    if (!rpc_server_new(&options, &service->server, error))
        return false;
    // Until it has been looked at.
    rpc_server_set_ready(service->server, false);
    if (!rpc_server_start(service->server, error))
        return false;
    observer_watch_server(service->observer, service->server);
    return true;
}

static bool start(struct service *service, struct error *error)
{
    const struct service_definition *definition = service->definition;

    if (!rpc_mesh_key_read(service_text(service, "mesh-key-file"), &service->mesh_key, error) ||
        !start_tracer(service, error) || !start_admin(service, error) ||
        !open_database(service, error) || !wait_for_database(service, error) ||
        !open_history(service, error) || !connect_peers(service, error))
        return false;
    start_verifier(service);
    start_audit_outbox(service);
    if (definition->start != NULL && !definition->start(service, &service->context, error))
        return false;
    if (!start_server(service, error))
        return false;
    readiness_watch(service->readiness,
                    &(const struct readiness_options){.definition = definition,
                                                      .context = service->context,
                                                      .database = service->database,
                                                      .follower = service->follower,
                                                      .server = service->server,
                                                      .peers = service->table->peers,
                                                      .clients = service->clients,
                                                      .peer_count = service->table->peer_count,
                                                      .metrics = service->metrics});
    return true;
}

// A service manager, when there is one. One that is not told waits, and then starts the program
// again: the log says why.
static void tell_manager(const char *state)
{
    const char *manager = getenv("NOTIFY_SOCKET");

    if (manager != NULL && !notify_send(manager, state))
        log_write(LOG_WARNING, "manager_not_told", "state", state, NULL);
}

// Stopping.

// Answers what has been begun and refuses what comes now.
static void drain(struct service *service)
{
    const struct service_definition *definition = service->definition;
    int64_t delay_ms = service_int(service, "drain-delay-ms");

    stop_signal_set_limit((unsigned)((delay_ms + DRAIN_MS) / 1000 + STOP_SPARE_SECONDS));
    readiness_stop(service->readiness);
    tell_manager("STOPPING=1");
    if (definition->leave != NULL && service->context != NULL)
        definition->leave(service->context);
    log_write(LOG_INFO, "stopping", NULL);
    // A second signal cuts the delay short.
    (void)stop_signal_comes_within(delay_ms);
    if (definition->drain != NULL && service->context != NULL)
        definition->drain(service->context);
    if (service->server != NULL && !rpc_server_drain(service->server, DRAIN_MS))
        log_write(LOG_WARNING, "calls_left_unanswered", NULL);
}

static void update_ready(void *context)
{
    struct service *service = context;
    OWNED(strbuf) reasons = strbuf_new(REASONS_MAX);
    OWNED(strbuf) notes = strbuf_new(REASONS_MAX);

    readiness_check(service->readiness, reasons, notes);
    metric_set(service->ready, reasons->length == 0, NULL, NULL);
}

static struct service *service_new(const struct service_definition *definition)
{
    struct service *service = allocate(sizeof *service);

    service->definition = definition;
    service->metrics = metrics_new();
    service->observer = observer_new(service->metrics);
    service->readiness = readiness_new();
    service->ready = metrics_gauge(service->metrics, "bourse_ready",
                                   "1 while /readyz says that it is ready.", NULL, NULL);
    metrics_on_scrape(service->metrics, update_ready, service);
    return service;
}

// Ends everything in the order in which nothing is used after it is gone: first who calls into the
// service's own state (scrapes, calls, checks), then that state, then what the state uses.
static void service_free(struct service **owned)
{
    struct service *service = *owned;

    if (service == NULL)
        return;
    admin_free(&service->admin);
    readiness_end(service->readiness);
    // A handler that has not come back in all that time is still using what would be freed now.
    if (!rpc_server_free(&service->server))
        stop_signal_break_off();
    for (size_t i = 0; service->clients != NULL && i < service->table->peer_count; i++)
        if (service->clients[i] != NULL)
            rpc_client_wait_no_more(service->clients[i]);
    if (service->context != NULL && service->definition->stop != NULL)
        service->definition->stop(&service->context);
    audit_outbox_free(&service->audit_outbox);
    token_follower_free(&service->follower);
    for (size_t i = 0; service->clients != NULL && i < service->table->peer_count; i++)
        rpc_client_free(&service->clients[i]);
    release(service->clients);
    token_verifier_free(&service->verifier);
    history_looker_free(&service->history_looker);
    history_free(&service->history);
    database_free(&service->database);
    tracer_free(&service->tracer);
    observer_free(&service->observer);
    metrics_free(&service->metrics);
    settings_free(&service->settings);
    program_settings_free(&service->table);
    readiness_free(&service->readiness);
    digest_wipe(&service->mesh_key, sizeof service->mesh_key);
    release(service);
    *owned = NULL;
}

// What the program can be asked to do.

static int serve(const struct service_definition *definition, int argc, char **argv)
{
    OWNED(service) service = service_new(definition);
    char **operands = NULL;
    struct error error;

    error_clear(&error);
    stop_signal_prepare();
    if (!read_settings(service, PROGRAM_SERVES, argc, argv, &error)) {
        log_write(LOG_ERROR, "cannot_start", "reason", error.reason, "message", error.message,
                  NULL);
        return EXIT_FAILURE;
    }
    if (settings_operands(service->settings, &operands) > 0) {
        log_write(LOG_ERROR, "cannot_start", "reason", "INVALID_SETTING", "message",
                  "there is no such command; --help lists them", "command", operands[0], NULL);
        return EXIT_FAILURE;
    }
    log_write(LOG_INFO, "starting", "version", BOURSE_VERSION, "commit", BOURSE_COMMIT, NULL);
    if (start(service, &error)) {
        tell_manager("READY=1");
        stop_signal_wait();
    } else if (error.code != CODE_OK) {
        log_write(LOG_ERROR, "cannot_start", "reason", error.reason, "message", error.message,
                  NULL);
        stop_signal_set_limit(STOP_SPARE_SECONDS);
        return EXIT_FAILURE;
    }
    drain(service);
    service_free(&service);
    log_write(LOG_INFO, "stopped", NULL);
    return EXIT_SUCCESS;
}

// The sentence of a command that failed, for the person who typed it.
static int fail(const struct service_definition *definition, const struct error *error)
{
    fprintf(stderr, "bourse-%s: %s\n", definition->name, error->message);
    return EXIT_FAILURE;
}

// Whoever runs a command at a terminal is an operator.
static void print_database_failure(struct service *service, const struct error *error)
{
    char cause[ERROR_MESSAGE_SIZE];

    if (service->database == NULL || !error_is(error, REASON_DATABASE_UNAVAILABLE))
        return;
    database_last_failure(service->database, cause);
    fprintf(stderr, "%s\n", cause);
}

static int migrate(const struct service_definition *definition, int argc, char **argv)
{
    OWNED(service) service = service_new(definition);
    size_t applied = 0;
    struct error error;

    if (!read_settings(service, PROGRAM_MIGRATES, argc, argv, &error) ||
        !migration_run(service_text(service, "owner-database"), definition->name,
                       definition->migrations, definition->migration_count, &applied, &error) ||
        !migration_set_password(service_text(service, "owner-database"), definition->name,
                                service_text(service, "database"), &error))
        return fail(definition, &error);
    printf("%s: %zu of %zu migrations applied now, the schema is up to date\n", definition->name,
           applied, definition->migration_count);
    return EXIT_SUCCESS;
}

// For containers: is the process that was given the same --admin-listen ready?
static int check_health(const struct service_definition *definition, int argc, char **argv)
{
    OWNED(service) service = service_new(definition);
    OWNED(strbuf) said = strbuf_new(HEALTHCHECK_MAX);
    bool is_ready = false;
    struct error error;

    if (!read_settings(service, PROGRAM_CHECKS, argc, argv, &error))
        return fail(definition, &error);
    is_ready = healthcheck_ask(service_text(service, "admin-listen"), HEALTHCHECK_TIMEOUT_MS, said,
                               &error);
    fputs(said->data, stdout);
    return is_ready ? EXIT_SUCCESS : fail(definition, &error);
}

static int run_command(const struct service_definition *definition,
                       const struct service_command *command,
                       int argc,
                       char **argv)
{
    OWNED(service) service = service_new(definition);
    char **operands = NULL;
    char **arguments = NULL;
    size_t count = 0;
    struct error error;
    int status = 0;

    if (!read_settings(service, PROGRAM_COMMAND, argc, argv, &error) ||
        !open_database(service, &error) || !check_migrations(service, &error)) {
        print_database_failure(service, &error);
        return fail(definition, &error);
    }
    count = settings_operands(service->settings, &operands);
    arguments = allocate_array(count + 2, sizeof *arguments);
    arguments[0] = argv[0];
    for (size_t i = 0; i < count; i++)
        arguments[i + 1] = operands[i];
    status = command->run(service, (int)count + 1, arguments);
    release(arguments);
    return status;
}

// Looks at what a start would ask for first, and starts nothing.
static int check(const struct service_definition *definition, int argc, char **argv)
{
    OWNED(service) service = service_new(definition);
    struct error error;

    if (!read_settings(service, PROGRAM_SERVES, argc, argv, &error) ||
        !rpc_mesh_key_read(service_text(service, "mesh-key-file"), &service->mesh_key, &error) ||
        !open_database(service, &error) || !check_migrations(service, &error)) {
        print_database_failure(service, &error);
        return fail(definition, &error);
    }
    printf("%s: %s are fine\n", definition->name,
           service->database != NULL ? "the settings, the mesh key, the database and its schema"
                                     : "the settings and the mesh key");
    return EXIT_SUCCESS;
}

static int show_help(const struct service_definition *definition)
{
    OWNED(strbuf) text = strbuf_new(HELP_MAX);

    program_help(definition, text);
    fputs(text->data, stdout);
    return EXIT_SUCCESS;
}

static bool has_flag(int argc, char **argv, const char *flag)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], flag) == 0)
            return true;
    return false;
}

int service_main(const struct service_definition *definition, int argc, char **argv)
{
    digest_start();
    log_start(definition->name, LOG_INFO);
    if (has_flag(argc, argv, "--help"))
        return show_help(definition);
    if (has_flag(argc, argv, "--version")) {
        printf("bourse-%s %s (%s)\n", definition->name, BOURSE_VERSION, BOURSE_COMMIT);
        return EXIT_SUCCESS;
    }
    // From here on argv[0] is the command's name.
    if (argc > 1 && definition->migration_count > 0 && strcmp(argv[1], "migrate") == 0)
        return migrate(definition, argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "check") == 0)
        return check(definition, argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "healthcheck") == 0)
        return check_health(definition, argc - 1, argv + 1);
    for (size_t i = 0; argc > 1 && i < definition->command_count; i++)
        if (strcmp(argv[1], definition->commands[i].name) == 0)
            return run_command(definition, &definition->commands[i], argc - 1, argv + 1);
    return serve(definition, argc, argv);
}
