// SPDX-License-Identifier: MIT
#include "service/program_settings.h"

#include <stdio.h>
#include <string.h>

enum { COMMON_SETTINGS_MAX = 18, ADDRESS_NAME_SIZE = 64 };

static const struct setting admin_setting = {
    "admin-listen",
    SETTING_TEXT,
    "",
    0,
    0,
    "host:port that answers /livez, /readyz and /metrics; empty for none"};

static const struct setting mesh_key_setting = {
    "mesh-key-file",
    SETTING_TEXT,
    NULL,
    0,
    0,
    "file with the deployment's key, 32 bytes or 64 hexadecimal digits, or two lines of digits "
    "while the key is being replaced; readable by its owner and group only"};

static const struct setting log_level_setting = {
    "log-level", SETTING_TEXT, "info", 0, 0, "least level written: debug, info, warning or error"};

static const struct setting log_format_setting = {
    "log-format", SETTING_TEXT, "json", 0, 0, "json: an object a line; text: lines for people"};

static const struct setting trace_settings[] = {
    {"otlp-endpoint", SETTING_TEXT, "", 0, 0,
     "http(s)://host:port of a collector of traces that takes OTLP/HTTP; empty for none"},
    {"trace-percent", SETTING_INT, "100", 0, 100,
     "of the requests that begin a trace, how many percent are sampled; others bring that with "
     "them"},
};

static const struct setting drain_delay_setting = {
    "drain-delay-ms",
    SETTING_INT,
    "10000",
    0,
    60000,
    "milliseconds to go on serving after SIGTERM while /readyz says no already, so that those who "
    "balance load notice; 0 where nobody does"};

static const struct setting database_settings[] = {
    {"database", SETTING_SECRET, NULL, 0, 0, "PostgreSQL connection string of the service's role"},
    {"database-connections", SETTING_INT, "12", 1, 200, "connections to PostgreSQL at most"},
    {"database-is-pooled", SETTING_BOOL, "false", 0, 0,
     "a pooler lends connections to PostgreSQL for one transaction each"},
};

static const struct setting history_settings[] = {
    {"history-database", SETTING_SECRET, "", 0, 0,
     "PostgreSQL connection string of a standby, or several, that history may be read from; empty: "
     "everything is read from the primary"},
    {"history-lag-ms", SETTING_INT, "1000", HISTORY_LAG_MS_MIN, HISTORY_LAG_MS_MAX,
     "milliseconds that a standby may be behind to be read from"},
};

static const struct setting server_settings[] = {
    {"listen", SETTING_TEXT, NULL, 0, 0,
     "host:port that calls are answered on; the three ports after it are used too"},
    {"normal-workers", SETTING_INT, "8", 1, 256, "threads for ordinary calls"},
};

static const struct setting slow_workers_setting = {
    "slow-workers", SETTING_INT, "2", 1, 64, "threads for slow calls, such as password hashing"};

static const struct setting owner_setting = {
    "owner-database",
    SETTING_SECRET,
    NULL,
    0,
    0,
    "PostgreSQL connection string of a role that may create schemas and roles"};

static const struct setting role_setting = {
    "database",
    SETTING_SECRET,
    "",
    0,
    0,
    "PostgreSQL connection string of the service's role, which is given the password in it; empty: "
    "it keeps the one it has"};

static const struct setting asked_setting = {
    "admin-listen", SETTING_TEXT, NULL, 0, 0, "host:port that the process answers /readyz on"};

static void add(struct program_settings *table, struct setting setting)
{
    table->settings[table->count++] = setting;
}

static bool has_peer(const struct program_settings *table, const char *name)
{
    for (size_t i = 0; i < table->peer_count; i++)
        if (strcmp(table->peers[i], name) == 0)
            return true;
    return false;
}

static void add_peer(struct program_settings *table, const char *name)
{
    char address_name[ADDRESS_NAME_SIZE];

    if (has_peer(table, name))
        return;
    snprintf(address_name, sizeof address_name, "%s-address", name);
    table->peers[table->peer_count] = allocate_string(name);
    table->address_names[table->peer_count] = allocate_string(address_name);
    add(table,
        (struct setting){table->address_names[table->peer_count], SETTING_TEXT, NULL, 0, 0,
                         "host:port[,host:port...] of that service; a name stands for all its "
                         "addresses"});
    table->peer_count++;
}

static size_t count_peers(const struct service_definition *definition)
{
    size_t count = 0;

    while (definition->peers != NULL && definition->peers[count] != NULL)
        count++;
    return count;
}

static void add_server(struct program_settings *table, const struct service_definition *definition)
{
    struct setting slow_workers = slow_workers_setting;

    if (definition->slow_workers != NULL)
        slow_workers.fallback = definition->slow_workers;
    for (size_t i = 0; i < COUNT_OF(server_settings); i++)
        add(table, server_settings[i]);
    add(table, slow_workers);
}

static void add_log(struct program_settings *table)
{
    add(table, log_level_setting);
    add(table, log_format_setting);
}

static void add_everything(struct program_settings *table,
                           const struct service_definition *definition)
{
    if (definition->handler_count > 0)
        add_server(table, definition);
    add(table, admin_setting);
    if (definition->has_database)
        for (size_t i = 0; i < COUNT_OF(database_settings); i++)
            add(table, database_settings[i]);
    if (definition->has_history)
        for (size_t i = 0; i < COUNT_OF(history_settings); i++)
            add(table, history_settings[i]);
    add(table, mesh_key_setting);
    for (size_t i = 0; i < count_peers(definition); i++)
        add_peer(table, definition->peers[i]);
    if (!definition->makes_tokens)
        add_peer(table, "auth");
    add_log(table);
    for (size_t i = 0; i < COUNT_OF(trace_settings); i++)
        add(table, trace_settings[i]);
    add(table, drain_delay_setting);
    for (size_t i = 0; i < definition->setting_count; i++)
        add(table, definition->settings[i]);
}

// A command works on the database alone and must not ask for addresses that it has no use for.
static void relax(struct program_settings *table)
{
    for (size_t i = 0; i < table->count; i++) {
        struct setting *setting = &table->settings[i];

        if (setting->fallback == NULL && strcmp(setting->name, "database") != 0 &&
            (setting->kind == SETTING_TEXT || setting->kind == SETTING_SECRET))
            setting->fallback = "";
    }
}

struct program_settings *program_settings_new(const struct service_definition *definition,
                                              enum program_purpose purpose)
{
    struct program_settings *table = allocate(sizeof *table);
    size_t peers_max = count_peers(definition) + 1;

    table->settings = allocate_array(COMMON_SETTINGS_MAX + peers_max + definition->setting_count,
                                     sizeof *table->settings);
    table->peers = allocate_array(peers_max, sizeof *table->peers);
    table->address_names = allocate_array(peers_max, sizeof *table->address_names);
    if (purpose == PROGRAM_MIGRATES) {
        add(table, owner_setting);
        add(table, role_setting);
        add_log(table);
        return table;
    }
    if (purpose == PROGRAM_CHECKS) {
        add(table, asked_setting);
        add_log(table);
        return table;
    }
    add_everything(table, definition);
    if (purpose == PROGRAM_COMMAND)
        relax(table);
    return table;
}

void program_settings_free(struct program_settings **table)
{
    if (*table == NULL)
        return;
    for (size_t i = 0; i < (*table)->peer_count; i++) {
        release((*table)->peers[i]);
        release((*table)->address_names[i]);
    }
    release((*table)->peers);
    release((*table)->address_names);
    release((*table)->settings);
    release(*table);
    *table = NULL;
}

void program_help(const struct service_definition *definition, struct strbuf *out)
{
    OWNED(program_settings) table = program_settings_new(definition, PROGRAM_SERVES);

    strbuf_printf(out, "bourse-%s: %s\n\nUsage:\n", definition->name, definition->summary);
    strbuf_printf(out, "  bourse-%s [--setting VALUE ...]  runs until SIGTERM\n", definition->name);
    if (definition->migration_count > 0)
        strbuf_printf(out,
                      "  bourse-%s migrate --owner-database URL  brings the schema up to date\n",
                      definition->name);
    strbuf_printf(
        out,
        "  bourse-%s check [--setting VALUE ...]  looks at the settings, the mesh key, the "
        "database and its schema\n",
        definition->name);
    for (size_t i = 0; i < definition->command_count; i++)
        strbuf_printf(out, "  bourse-%s %s\n", definition->name, definition->commands[i].help);
    strbuf_printf(out,
                  "  bourse-%s healthcheck --admin-listen HOST:PORT  asks a running one whether it "
                  "is ready\n",
                  definition->name);
    strbuf_printf(out,
                  "  bourse-%s --help, --version\n\n"
                  "Settings, as flags or in the environment; the flag wins:\n",
                  definition->name);
    settings_help(table->settings, table->count, out);
}
