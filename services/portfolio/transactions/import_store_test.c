// SPDX-License-Identifier: MIT
// What an import reads and keeps, against a real PostgreSQL, as the service's own role.
#include "portfolios/portfolio_store_fixture.h"

#include <stdio.h>

#include "base/uuid.h"
#include "ledger/portfolio_books.h"
#include "portfolios/portfolio_store.h"
#include "transactions/import_store.h"

#define DOLLAR INT64_C(1000000)
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER_DIGEST "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// One transaction of a test.
struct step {
    const char *portfolio_id;
    const char *digest;
    const char *csv;
    int64_t booked_at;
};

static void run(struct service_database *service,
                bool (*work)(struct transaction *transaction, void *context, struct error *error),
                struct step *step)
{
    struct error error;

    if (!database_transact(service->database, service->arena, 0, work, step, &error))
        fail_msg("%s", error.message);
}

static void execute(struct service_database *service, const char *sql, const char *id)
{
    struct statement statement = {sql, sql};
    struct parameter parameter = parameter_text(id);
    struct rows rows = {0};
    struct error error;

    if (!database_query(service->database, service->arena, &statement, &parameter, 1, &rows,
                        &error))
        fail_msg("%s", error.message);
}

static bool find_last_work(struct transaction *transaction, void *context, struct error *error)
{
    struct step *step = context;

    return import_store_find_last(transaction, step->portfolio_id, &step->booked_at, error);
}

static int64_t find_last(struct service_database *service, const char *id)
{
    struct step step = {.portfolio_id = id, .booked_at = -1};

    run(service, find_last_work, &step);
    return step.booked_at;
}

static bool open_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct step *step = context;
    struct portfolio_record record = {.name = "test", .description = "", .created_at = 1};
    bool inserted = false;

    snprintf(record.id, UUID_SIZE, "%s", step->portfolio_id);
    snprintf(record.user_id, UUID_SIZE, "%s", step->portfolio_id);
    return store_insert_portfolio(transaction, &record, &inserted, error);
}

static const char *open_portfolio(struct service_database *service)
{
    struct step step = {.portfolio_id = arena_copy_string(service->arena, uuid_new().string)};

    run(service, open_work, &step);
    return step.portfolio_id;
}

static bool deposit_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct step *step = context;
    struct books_wanted wanted = {.count = 1, .portfolio_ids = (const char **)&step->portfolio_id};
    struct uuid reference = uuid_new();
    struct ledger_movement movement = {.kind = LEDGER_KIND_DEPOSIT,
                                       .reference = reference.string,
                                       .amount = DOLLAR,
                                       .booked_at = step->booked_at};
    OWNED(books) books = NULL;

    return books_load(transaction, &wanted, &books, error) &&
           ledger_move_cash(books->books[0], &movement, error) &&
           books_save(transaction, books, error);
}

static void deposit(struct service_database *service, const char *id, int64_t at)
{
    run(service, deposit_work, &(struct step){.portfolio_id = id, .booked_at = at});
}

static void the_last_movement_is_the_one_of_the_latest_date_since_the_portfolio_began(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio(service);

    assert_int_equal(find_last(service, id), 0);
    deposit(service, id, 20);
    deposit(service, id, 30);
    deposit(service, id, 10); // booked late
    assert_int_equal(find_last(service, id), 30);
    execute(service, "UPDATE portfolios SET reset_seq = 2 WHERE id = $1", id);
    assert_int_equal(find_last(service, id), 10);
}

static bool keep_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct step *step = context;

    return import_store_keep_file(transaction, step->portfolio_id, step->digest, text_of(step->csv),
                                  error);
}

static bool drop_work(struct transaction *transaction, void *context, struct error *error)
{
    const struct step *step = context;

    return import_store_drop_file(transaction, step->portfolio_id, error);
}

static const char *find(struct service_database *service, const char *id, const char *digest)
{
    const char *csv = NULL;
    struct error error;

    if (!import_store_find_file(service->database, service->arena, id, digest, &csv, &error))
        fail_msg("%s", error.message);
    return csv;
}

static void the_last_file_of_a_portfolio_is_kept(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio(service);
    const char *other = open_portfolio(service);

    run(service, keep_work, &(struct step){id, DIGEST, "date,kind\n", 0});
    assert_string_equal(find(service, id, DIGEST), "date,kind\n");
    assert_null(find(service, other, DIGEST));
    assert_null(find(service, id, OTHER_DIGEST));
    run(service, keep_work, &(struct step){id, OTHER_DIGEST, "kind,date\n", 0});
    assert_null(find(service, id, DIGEST));
    assert_string_equal(find(service, id, OTHER_DIGEST), "kind,date\n");
    run(service, drop_work, &(struct step){.portfolio_id = id});
    assert_null(find(service, id, OTHER_DIGEST));
}

static void a_file_is_kept_for_an_hour(void **state)
{
    struct service_database *service = service_of(state);
    const char *id = open_portfolio(service);

    run(service, keep_work, &(struct step){id, DIGEST, "date,kind\n", 0});
    execute(service,
            "UPDATE import_files SET kept_at = now() - interval '59 minutes'"
            " WHERE portfolio_id = $1",
            id);
    import_store_prune(service->database, service->arena);
    assert_non_null(find(service, id, DIGEST));
    execute(service,
            "UPDATE import_files SET kept_at = now() - interval '1 hour' WHERE portfolio_id = $1",
            id);
    assert_null(find(service, id, DIGEST));
    import_store_prune(service->database, service->arena);
    execute(service, "UPDATE import_files SET kept_at = now() WHERE portfolio_id = $1", id);
    assert_null(find(service, id, DIGEST));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(
            the_last_movement_is_the_one_of_the_latest_date_since_the_portfolio_began, forget),
        cmocka_unit_test_teardown(the_last_file_of_a_portfolio_is_kept, forget),
        cmocka_unit_test_teardown(a_file_is_kept_for_an_hour, forget),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
