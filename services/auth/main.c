// SPDX-License-Identifier: MIT
// bourse-auth: who is who. Users, passwords, sessions and signing keys.
#include "bourse/auth/v1/auth_server.h"

#include "accounts/administrator.h"
#include "auth.h"
#include "money/money.h"
#include "passwords/autogroup.h"

enum { SECONDS_PER_DAY = 24 * 60 * 60 };

extern const struct migration auth_migrations[];
extern const size_t auth_migration_count;

static const struct setting settings[] = {
    {"maximum-cash", SETTING_TEXT, "1000000000.00", 0, 0,
     "most cash in USD that somebody may register with; the same as of the portfolio service"},
    {"session-days", SETTING_INT, "30", 1, 365, "days after which an unused session is over"},
    {"session-maximum-days", SETTING_INT, "180", 1, 3650,
     "days after which any session is over, however much it is used"},
    {"password-memory-kib", SETTING_INT, "19456", PASSWORD_MEMORY_KIB_MIN, PASSWORD_MEMORY_KIB_MAX,
     "memory in KiB that a password's hash takes; see --password-passes"},
    {"password-passes", SETTING_INT, "2", 1, PASSWORD_PASSES_MAX,
     "passes over that memory; at least 47104 KiB with 1, 19456 with 2, 12288 with 3, 9216 with 4 "
     "or 7168 with 5"},
    {"hashing-threads", SETTING_INT, "0", 0, 64,
     "passwords that are hashed at once; 0 for half of the cores, but at least one"},
    {"signing-key-days", SETTING_INT, "90", 0, 3650,
     "days after which the key that signs access tokens is replaced; 0 for never"},
    {"audit-days", SETTING_INT, "0", 0, 36500,
     "days for which events of the audit log are kept, 30 or more; 0 for ever"},
    {"now", SETTING_BOOL, "false", 0, 0,
     "of rotate-signing-key: the key is known to others, end it and all access tokens at once"},
    {"registrations-per-hour", SETTING_INT, "100", 0, THROTTLE_MAX,
     "registrations from one address in an hour; 0: no limit"},
    {"registrations-at-once", SETTING_INT, "100", 1, THROTTLE_MAX,
     "registrations from one address at once, after a time without any"},
    {"refreshes-per-minute", SETTING_INT, "300", 0, THROTTLE_MAX,
     "refreshes from one address in a minute; 0: no limit"},
    {"refreshes-at-once", SETTING_INT, "300", 1, THROTTLE_MAX,
     "refreshes from one address at once, after a time without any"},
    {"session-refreshes-per-minute", SETTING_INT, "30", 0, THROTTLE_MAX,
     "refreshes of one session in a minute; 0: no limit"},
    {"session-refreshes-at-once", SETTING_INT, "30", 1, THROTTLE_MAX,
     "refreshes of one session at once, after a time without any"},
    {"api-keys-per-hour", SETTING_INT, "100", 0, THROTTLE_MAX,
     "API keys that one account makes in an hour; 0: no limit"},
    {"api-keys-at-once", SETTING_INT, "100", 1, THROTTLE_MAX,
     "API keys that one account makes at once, after a time without any"},
    {"wrong-logins-of-name", SETTING_INT, "100", 0, THROTTLE_MAX,
     "wrong logins with one name in 15 minutes before strangers have to wait; 0: no limit"},
    {"wrong-logins-of-address", SETTING_INT, "50", 0, THROTTLE_MAX,
     "wrong logins from one address in 15 minutes before strangers have to wait; 0: no limit"},
    {"if-none", SETTING_BOOL, "false", 0, 0,
     "of create-administrator: do nothing when there is an administrator"},
};

static bool start(struct service *service, void **out_context, struct error *error)
{
    const char *maximum = service_text(service, "maximum-cash");
    struct auth_options options = {
        .database = service_database(service),
        .history = service_history(service),
        .portfolio = service_client(service, "portfolio"),
        .trading = service_client(service, "trading"),
        .verifier = service_token_verifier(service),
        .metrics = service_metrics(service),
        .clock = clock_real(),
        .mesh_key = *service_mesh_key(service),
        .session_lifetime_us =
            service_int(service, "session-days") * SECONDS_PER_DAY * MICROS_PER_SECOND,
        .session_lifetime_whole_us =
            service_int(service, "session-maximum-days") * SECONDS_PER_DAY * MICROS_PER_SECOND,
        .signing_key_age_us =
            service_int(service, "signing-key-days") * SECONDS_PER_DAY * MICROS_PER_SECOND,
        .audit_days = service_int(service, "audit-days"),
        .hashing_threads = (size_t)service_int(service, "hashing-threads"),
        .limits = throttle_from_settings(service),
    };
    struct auth *auth = NULL;

    if (decimal_parse(text_of(maximum), MONEY_SCALE, &options.maximum_cash_micros) !=
            DECIMAL_FINE ||
        options.maximum_cash_micros < 0)
        return error_set(error, REASON_INVALID_SETTING,
                         "--maximum-cash must be an amount such as 100000.00, not \"%s\".",
                         maximum);
    if (options.audit_days > 0 && options.audit_days < AUDIT_DAYS_MIN)
        return error_set(error, REASON_INVALID_SETTING,
                         "--audit-days must be 0, or %d or more, not %lld.", AUDIT_DAYS_MIN,
                         (long long)options.audit_days);
    autogroup_give_way();
    if (!auth_make_hasher(service, &options.hasher, error) || !auth_new(&options, &auth, error))
        return false;
    metrics_on_scrape(service_metrics(service), auth_update_metrics, auth);
    *out_context = auth;
    return true;
}

static void stop(void **context)
{
    struct auth *auth = *context;

    auth_free(&auth);
    *context = NULL;
}

static const char *const peers[] = {"portfolio", "trading", NULL};

static const struct service_command commands[] = {
    {"create-administrator",
     "create-administrator NAME [--if-none true]: makes an administrator; the password is in "
     "BOURSE_ADMIN_PASSWORD or on standard input",
     administrator_create},
    {"issue-token", "issue-token NAME: prints an access token for an administrator",
     administrator_issue_token},
    {"rotate-signing-key",
     "rotate-signing-key [--now true]: announces a new key to sign access tokens with; with --now "
     "it "
     "replaces the old one, and ends all access tokens, in seconds",
     administrator_rotate_signing_key},
};

int main(int argc, char **argv)
{
    struct service_definition definition = {
        .name = "auth",
        .summary = "keeps users, their sessions and the keys that sign access tokens",
        .settings = settings,
        .setting_count = COUNT_OF(settings),
        .has_database = true,
        .has_history = true,
        .migrations = auth_migrations,
        .migration_count = auth_migration_count,
        .handlers = auth_handlers,
        .handler_count = auth_handler_count,
        .slow_workers = "4",
        .peers = peers,
        .makes_tokens = true,
        .commands = commands,
        .command_count = COUNT_OF(commands),
        .start = start,
        .stop = stop,
    };

    return service_main(&definition, argc, argv);
}
