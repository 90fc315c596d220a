// SPDX-License-Identifier: MIT
// How administrators find users among many: what is found, and that it costs what is found.
#include "auth_store.h"
#include "support/service_database.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

extern const struct migration auth_migrations[];
extern const size_t auth_migration_count;

enum {
    USERS = 100 * 1000,
    USERS_AT_ONCE = 1000, // a statement may take ten seconds, on the slowest machine
    SEARCHES = 12,        // of each kind
    ARENA_BUDGET = 16 * 1024 * 1024,
};

static struct service_database *service;

// Users 1 to USERS, the later the newer: every tenth is called Trader-<number>, others
// user-<number>; all have an address mail<number>@example.org. And one whose name and address begin
// alike.
static void fill(void)
{
    static const struct statement insert = {
        "fill", "INSERT INTO users (id, username, email, role, created_at, first_portfolio_ready)"
                " SELECT lpad(to_hex(n), 32, '0')::uuid,"
                "  CASE WHEN n % 10 = 0 THEN 'Trader-' ELSE 'user-' END || n,"
                "  'mail' || n || '@example.org',"
                "  CASE WHEN n % 1000 = 0 THEN 'administrator' ELSE 'user' END, now(), true"
                " FROM generate_series($1::bigint, $2::bigint) n"};
    struct error error;

    for (int64_t from = 1; from <= USERS; from += USERS_AT_ONCE) {
        const struct parameter numbers[] = {parameter_int(from),
                                            parameter_int(from + USERS_AT_ONCE - 1)};

        if (!database_query(service->database, service->arena, &insert, numbers, 2, NULL, &error))
            fail_msg("%s", error.message);
    }
    (void)service_database_run(
        service, "one",
        "INSERT INTO users (id, username, email, role, created_at,"
        " first_portfolio_ready) VALUES ('00000000-0000-0000-0001-000000000000',"
        " 'Zoe_Ada', 'ZOE@Example.org', 'user', now(), true)");
}

// With one connection, so that what it counts can be asked for.
static int start(void **state)
{
    const struct service_database_options options = {.service = "auth",
                                                     .migrations = auth_migrations,
                                                     .migration_count = auth_migration_count,
                                                     .connections = 1,
                                                     .arena_budget = ARENA_BUDGET};

    (void)state;
    if (!service_database_start(&options, &service))
        return -1;
    fill();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    service_database_stop(&service);
    return 0;
}

static size_t find(struct user_filter filter, struct user_record **out_users)
{
    size_t count = 0;
    struct error error;

    filter.limit = filter.limit == 0 ? 51 : filter.limit;
    if (!store_page_users(service->database, service->arena, &filter, out_users, &count, &error))
        fail_msg("%s", error.message);
    return count;
}

static void users_are_found_by_how_the_name_or_the_address_begins(void **state)
{
    static const struct {
        const char *beginning;
        size_t count;
        const char *first; // name of the newest
    } cases[] = {
        {"user-99999", 1, "user-99999"},
        {"USER-9999", 10, "user-99999"}, // itself, and 99991 to 99999
        {"trader-5000", 2, "Trader-50000"},
        {"mail77@", 1, "user-77"},
        {"zoe", 1, "Zoe_Ada"}, // once, although both begin so
        {"ZOE_", 1, "Zoe_Ada"},
        {"oe_ada", 0, NULL}, // a part is not a beginning
        {"%", 0, NULL},
        {"user_1", 0, NULL},
        {"user-1'", 0, NULL},
        {"\xc3\xa9", 0, NULL},
        {"\xf4\x8f\xbf\xbf", 0, NULL},
        {"", 51, "Zoe_Ada"}, // everybody
        {NULL, 51, "Zoe_Ada"},
        {"m", 51, "Trader-100000"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct user_record *users = NULL;
        size_t count = find((struct user_filter){.beginning = cases[i].beginning}, &users);

        if (count != cases[i].count)
            fail_msg("%s finds %zu", cases[i].beginning, count);
        if (count > 0)
            assert_string_equal(users[0].username, cases[i].first);
    }
}

static void what_is_found_goes_on_from_page_to_page_and_is_filtered(void **state)
{
    struct user_record *users = NULL;
    struct user_filter filter = {.beginning = "trader-1", .role = "administrator", .limit = 6};
    char before[UUID_SIZE];

    (void)state;
    // 100000, 19000, 18000 ... 10000 and 1000.
    assert_int_equal(find(filter, &users), 6);
    assert_string_equal(users[0].username, "Trader-100000");
    assert_string_equal(users[5].username, "Trader-15000");
    snprintf(before, sizeof before, "%s", users[5].id);
    filter.before_id = before;
    assert_int_equal(find(filter, &users), 6);
    assert_string_equal(users[5].username, "Trader-1000");
    filter.has_is_active = true;
    assert_int_equal(find(filter, &users), 0);
}

// Rows of the table that this connection has looked at, by whatever way.
static int64_t count_rows_read(void)
{
    // What a connection has counted is told when its next transaction ends.
    (void)service_database_run(service, "flush", "SELECT pg_stat_force_next_flush()");
    (void)service_database_run(service, "end", "SELECT 1");
    return service_database_number(service, "read",
                                   "SELECT t.seq_tup_read + coalesce(t.idx_tup_fetch, 0)"
                                   " + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes"
                                   " WHERE relname = 'users')::bigint"
                                   " FROM pg_stat_user_tables t WHERE relname = 'users'");
}

static int64_t count_rows_of_searches(void)
{
    // Some, one by the address, and nobody at all.
    static const char *const beginnings[] = {"user-1234", "mail99999@", "nobody"};
    int64_t before = count_rows_read();

    for (size_t i = 0; i < SEARCHES * COUNT_OF(beginnings); i++) {
        struct user_record *users = NULL;

        find((struct user_filter){.beginning = beginnings[i % COUNT_OF(beginnings)]}, &users);
    }
    return count_rows_read() - before;
}

static void a_search_reads_what_it_finds_however_many_users_there_are(void **state)
{
    int64_t reads = 0;

    (void)state;
    // The eleven of the first are read in the index and in the table.
    reads = count_rows_of_searches();
    print_message("%d users: %lld rows read\n", USERS, (long long)reads);
    assert_in_range(reads, SEARCHES * 22, SEARCHES * 30);
    // With a plan for any beginning, too, such as PostgreSQL may come to keep.
    (void)service_database_run(service, "generic", "SET plan_cache_mode = force_generic_plan");
    reads = count_rows_of_searches();
    print_message("with a plan for any beginning: %lld\n", (long long)reads);
    assert_in_range(reads, SEARCHES * 22, SEARCHES * 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_are_found_by_how_the_name_or_the_address_begins),
        cmocka_unit_test(what_is_found_goes_on_from_page_to_page_and_is_filtered),
        cmocka_unit_test(a_search_reads_what_it_finds_however_many_users_there_are),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
