// SPDX-License-Identifier: MIT
#include "pages/audit_view.h"

#include "base/strbuf.h"
#include "support/test.h"

#include <string.h>

enum { BUDGET = 64 * 1024, SHOWN_MAX = 1000 };

static int start(void **state)
{
    *state = arena_new(BUDGET);
    return 0;
}

static int stop(void **state)
{
    struct arena *arena = *state;

    arena_free(&arena);
    return 0;
}

// The facts as "Label=value;", and what is no fact after them.
static void
assert_shown(struct arena *arena, const char *subject, const char *detail, const char *expected)
{
    Auth__AuditEvent event = AUTH__AUDIT_EVENT__INIT;
    Auth__AuditEvent *events[] = {&event};
    Pages__AuditEventView **views = NULL;
    OWNED(strbuf) shown = strbuf_new(SHOWN_MAX);

    event.subject = subject;
    event.detail = detail;
    views = audit_view_make(arena, events, 1);
    assert_non_null(views);
    for (size_t i = 0; i < views[0]->n_facts; i++)
        strbuf_printf(shown, "%s=%s;", views[0]->facts[i]->label, views[0]->facts[i]->value);
    strbuf_append_string(shown, views[0]->detail != NULL ? views[0]->detail : "");
    assert_string_equal(shown->data, expected);
}

static void a_request_is_told_as_facts(void **state)
{
    struct arena *arena = *state;

    assert_shown(arena, NULL, "{\"mode\":\"replay\",\"speed\":\"0.5\"}", "Mode=replay;Speed=0.5;");
    assert_shown(arena, NULL, "{\"cancel_orders\":true,\"count\":3,\"note\":null,\"sector\":\"\"}",
                 "Cancel orders=yes;Count=3;Note=–;Sector=–;");
    assert_shown(arena, NULL, "{\"note\":\"\\\"><b>\\u00e9\"}", "Note=\"><b>é;");
    assert_shown(arena, NULL, "{}", "");
}

static void what_is_within_another_fact_says_so(void **state)
{
    assert_shown(*state, NULL,
                 "{\"defaults\":{\"max_order_value\":\"500.50\",\"allowed_symbols\":[]},"
                 "\"ceilings\":{\"forbidden_symbols\":[\"KO\",\"MSFT\"]}}",
                 "Defaults, max order value=500.50;Ceilings, forbidden symbols=KO, MSFT;");
}

static void whom_it_was_done_to_is_not_repeated(void **state)
{
    assert_shown(*state, "ACME", "{\"ticker\":\"ACME\",\"status\":\"inactive\"}",
                 "Status=inactive;");
}

static void what_was_cut_off_ends_in_dots(void **state)
{
    struct arena *arena = *state;

    assert_shown(arena, NULL, "{\"note\":\"a long \\u00", "Note=a long …;");
    assert_shown(arena, NULL, "{\"note\":\"a\\", "Note=a…;");
    assert_shown(arena, NULL, "{\"a\":{\"symbols\":[\"KO\",\"MS", "A, symbols=KO, …;");
    assert_shown(arena, NULL, "{\"a\":\"1\",\"b\":", "A=1;…");
    assert_shown(arena, NULL, "{\"a\":\"1\",\"lo", "A=1;…");
    assert_shown(arena, NULL, "{", "…");
}

static void a_few_words_are_told_as_they_are(void **state)
{
    struct arena *arena = *state;

    assert_shown(arena, "bob", "imported: 2, rejected: 1", "Imported=2;Rejected=1;");
    assert_shown(arena, "bob", "role: user, is_active: false, password: new",
                 "Role=user;Is active=no;Password=new;");
    // As auth once wrote it.
    assert_shown(arena, "bob", "is_active: false ", "Is active=no;");
    assert_shown(arena, "bob", "new password", "new password");
    assert_shown(arena, "bob", "Mozilla/5.0 (X11; Linux)", "Mozilla/5.0 (X11; Linux)");
    assert_shown(arena, "bob", "role: user,", "role: user,");
}

static void the_platform_is_called_so(void **state)
{
    struct arena *arena = *state;
    Auth__AuditEvent event = AUTH__AUDIT_EVENT__INIT;
    Auth__AuditEvent *events[] = {&event};

    event.subject = "00000000-0000-0000-0000-000000000000";
    assert_string_equal(audit_view_make(arena, events, 1)[0]->subject, "the whole platform");
    event.subject = "ACME";
    assert_string_equal(audit_view_make(arena, events, 1)[0]->subject, "ACME");
}

static void more_than_there_is_room_for_is_refused(void **state)
{
    Auth__AuditEvent event = AUTH__AUDIT_EVENT__INIT;
    Auth__AuditEvent *events[] = {&event};
    struct arena *arena = arena_new(64);

    (void)state;
    assert_null(audit_view_make(arena, events, 1));
    arena_free(&arena);
}

static void what_was_done_is_told_in_words_and_by_its_code_where_there_are_none(void **state)
{
    Auth__AuditEvent known = AUTH__AUDIT_EVENT__INIT;
    Auth__AuditEvent unknown = AUTH__AUDIT_EVENT__INIT;
    Auth__AuditEvent *events[] = {&known, &unknown};
    Pages__AuditEventView **views = NULL;

    known.action = "competition.delete";
    unknown.action = "moon.set";
    views = audit_view_make(*state, events, COUNT_OF(events));
    assert_non_null(views);
    assert_string_equal(views[0]->action, "Competition deleted");
    assert_string_equal(views[1]->action, "moon.set");
}

static void a_user_told_by_id_is_called_as_another_event_does(void **state)
{
    static char id[] = "0195d3a0-0000-7000-8000-000000000001";
    static char all[] = "00000000-0000-0000-0000-000000000000";
    Auth__AuditEvent halt = AUTH__AUDIT_EVENT__INIT;
    Auth__AuditEvent login = AUTH__AUDIT_EVENT__INIT;
    Auth__AuditEvent platform = AUTH__AUDIT_EVENT__INIT;
    Auth__AuditEvent *events[] = {&halt, &platform, &login};
    Pages__AuditEventView **views = NULL;

    halt.action = platform.action = "trading.halt";
    halt.subject = id;
    halt.detail = "{\"user_id\":\"0195d3a0-0000-7000-8000-000000000001\",\"note\":\"rest\"}";
    platform.subject = all;
    login.action = "session.start";
    login.actor_id = id;
    login.actor = "ada";
    views = audit_view_make(*state, events, 2);
    assert_non_null(views);
    assert_string_equal(views[0]->subject, id);
    assert_string_equal(views[0]->subject_user_id, id);
    assert_int_equal(views[0]->n_facts, 1);
    views = audit_view_make(*state, events, COUNT_OF(events));
    assert_non_null(views);
    assert_string_equal(views[0]->subject, "ada");
    assert_string_equal(views[1]->subject, "the whole platform");
    assert_null(views[1]->subject_user_id);
}

static void an_import_that_failed_is_not_told_as_done(void **state)
{
    Auth__AuditEvent failed = AUTH__AUDIT_EVENT__INIT;
    Auth__AuditEvent done = AUTH__AUDIT_EVENT__INIT;
    Auth__AuditEvent *events[] = {&failed, &done};
    Pages__AuditEventView **views = NULL;

    failed.action = done.action = "import.finish";
    failed.detail = "failed: INVALID_REQUEST";
    done.detail = "imported: 2";
    views = audit_view_make(*state, events, COUNT_OF(events));
    assert_non_null(views);
    assert_string_equal(views[0]->failure, "INVALID_REQUEST");
    assert_int_equal(views[0]->n_facts, 0);
    assert_null(views[1]->failure);
    assert_int_equal(views[1]->n_facts, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_is_told_as_facts, start, stop),
        cmocka_unit_test_setup_teardown(what_is_within_another_fact_says_so, start, stop),
        cmocka_unit_test_setup_teardown(whom_it_was_done_to_is_not_repeated, start, stop),
        cmocka_unit_test_setup_teardown(what_was_cut_off_ends_in_dots, start, stop),
        cmocka_unit_test_setup_teardown(a_few_words_are_told_as_they_are, start, stop),
        cmocka_unit_test_setup_teardown(the_platform_is_called_so, start, stop),
        cmocka_unit_test(more_than_there_is_room_for_is_refused),
        cmocka_unit_test_setup_teardown(
            what_was_done_is_told_in_words_and_by_its_code_where_there_are_none, start, stop),
        cmocka_unit_test_setup_teardown(a_user_told_by_id_is_called_as_another_event_does, start,
                                        stop),
        cmocka_unit_test_setup_teardown(an_import_that_failed_is_not_told_as_done, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
