// SPDX-License-Identifier: MIT
#include "session.h"

#include <string.h>

struct session_setting {
    const char *name;
    const char *value;         // NULL: the schema
    const char *in_migrations; // NULL: the same
    bool is_fixed;             // the code depends on it
};

// Compiling (jit) is off as services discourage plans by pretending that they cost ten billion, and
// PostgreSQL would compile each statement for which there is no other one, which takes it a hundred
// times longer than the statement.
//
// A migration waits for a lock for less than services do: while it waits for one that excludes all
// others, everybody who comes later waits behind it.
static const struct session_setting settings[] = {
    {"statement_timeout", "10s", "10min", false},
    {"lock_timeout", "1s", "300ms", false},
    {"idle_in_transaction_session_timeout", "5s", "10min", false},
    {"synchronous_commit", "on", NULL, false},
    {"search_path", NULL, NULL, true},
    {"TimeZone", "UTC", NULL, true},
    {"DateStyle", "ISO", NULL, true},
    {"client_min_messages", "warning", NULL, true},
    {"jit", "off", NULL, true},
};

static const char *
value_of(const struct session_setting *setting, const char *schema, bool for_migrations)
{
    if (for_migrations && setting->in_migrations != NULL)
        return setting->in_migrations;
    return setting->value == NULL ? schema : setting->value;
}

void session_append_options(struct strbuf *out,
                            const char *schema,
                            bool for_migrations,
                            const char *own)
{
    // Of two that are the same PostgreSQL takes the later one.
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        if (!settings[i].is_fixed)
            strbuf_printf(out, "-c %s=%s ", settings[i].name,
                          value_of(&settings[i], schema, for_migrations));
    strbuf_append_string(out, own);
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        if (settings[i].is_fixed)
            strbuf_printf(out, " -c %s=%s", settings[i].name,
                          value_of(&settings[i], schema, for_migrations));
}

void session_append_role_defaults(struct strbuf *out, const char *service)
{
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        strbuf_printf(out,
                      "DO $do$BEGIN EXECUTE format('ALTER ROLE bourse_%s IN DATABASE %%I SET %s = "
                      "%%L', current_database(), '%s'); END$do$;",
                      service, settings[i].name, value_of(&settings[i], service, false));
}
