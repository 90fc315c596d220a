// SPDX-License-Identifier: MIT
#include "form.h"

#include "bourse/auth/v1/auth_rules.h"
#include "bourse/gateway/v1/pages.pb-c.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/trading/v1/trading.pb-c.h"
#include "bourse/trading/v1/trading_rules.h"
#include "support/test.h"

#include <string.h>

enum { BUDGET = 256 * 1024 };

struct fixture {
    struct arena *arena;
    struct http_request request;
    struct error error;
};

static int start(void **state)
{
    struct fixture *f = allocate(sizeof *f);

    f->arena = arena_new(BUDGET);
    f->request = (struct http_request){
        .arena = f->arena,
        .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
        .header_count = 1,
    };
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    arena_free(&f->arena);
    release(f);
    return 0;
}

static const struct form *parse(struct fixture *f, const char *body)
{
    const struct form *form = NULL;

    error_clear(&f->error);
    return form_parse(&f->request, text_of(body), &form, &f->error) ? form : NULL;
}

static const Trading__PlaceOrderRequest *read_order(struct fixture *f, const char *body)
{
    const struct form_target target = {.info = &trading_place_order_request_info,
                                       .arena = f->arena};
    Trading__PlaceOrderRequest *order = allocate(sizeof *order);
    const struct form *form = parse(f, body);
    bool done = false;

    trading__place_order_request__init(order);
    assert_non_null(form);
    done = form_read(form, &target, &order->base, &f->error);
    if (done) {
        Trading__PlaceOrderRequest *kept = arena_allocate(f->arena, sizeof *kept);

        *kept = *order;
        release(order);
        return kept;
    }
    release(order);
    return NULL;
}

static const char *violation(const struct fixture *f, const char *field)
{
    for (size_t i = 0; i < f->error.detail_count; i++)
        if (strcmp(f->error.details[i].name, field) == 0)
            return f->error.details[i].value;
    return NULL;
}

static void fields_are_those_of_the_operation(void **state)
{
    struct fixture *f = *state;
    const Trading__PlaceOrderRequest *order =
        read_order(f, "csrf_token=x&idempotency_key=y&next=%2F&side=buy&quantity=+2.5+&type=limit&"
                      "limit_price=95.11&stop_price=");

    assert_non_null(order);
    assert_int_equal(order->side, TRADING__ORDER_SIDE__ORDER_SIDE_BUY);
    assert_int_equal(order->quantity_nanos, 2500000000);
    assert_int_equal(order->limit_price_micros, 95110000);
    assert_false(order->has_stop_price_micros); // was left empty
}

static void all_that_cannot_be_read_is_told_at_once(void **state)
{
    struct fixture *f = *state;

    assert_null(read_order(f, "side=hold&quantity=many&limit_price=1e5x&colour=red"));
    assert_true(error_is(&f->error, REASON_INVALID_REQUEST));
    assert_non_null(violation(f, "side"));
    assert_non_null(violation(f, "quantity"));
    assert_non_null(violation(f, "limit_price"));
    assert_string_equal(violation(f, "colour"), "is not a field of this form");
}

static void a_text_that_is_emptied_is_there_only_where_that_means_something(void **state)
{
    struct fixture *f = *state;
    struct form_target target = {.info = &auth_update_profile_request_info, .arena = f->arena};
    const struct form *form = parse(f, "first_name=&email=&current_password=");
    ProtobufCMessage *message = message_new(target.info, f->arena);
    const struct field_info *field = NULL;
    OWNED(strbuf) json = strbuf_new(1000);

    assert_non_null(message);
    assert_true(message_find_field(target.info, "first_name", &field));
    assert_true(form_read(form, &target, message, &f->error));
    message_to_json(target.info, message, json);
    assert_string_equal(json->data, "{}");
    target.keeps_empty = true;
    assert_true(form_read(form, &target, message, &f->error));
    strbuf_reset(json);
    message_to_json(target.info, message, json);
    assert_string_equal(json->data, "{\"first_name\":\"\"}");
}

static void what_is_no_form_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_null(parse(f, "a=1&a=2"));
    assert_true(error_is(&f->error, REASON_MALFORMED_REQUEST));
    assert_null(parse(f, "a=%zz"));
    assert_true(error_is(&f->error, REASON_MALFORMED_REQUEST));
    assert_null(parse(f, "a=%00"));
    assert_true(error_is(&f->error, REASON_MALFORMED_REQUEST));
    f->request.headers[0].value = "multipart/form-data; boundary=x";
    assert_null(parse(f, "a=1"));
    assert_true(error_is(&f->error, REASON_UNSUPPORTED_MEDIA_TYPE));
    f->request.header_count = 0;
    assert_null(parse(f, "a=1"));
    assert_true(error_is(&f->error, REASON_UNSUPPORTED_MEDIA_TYPE));
}

static void a_form_has_at_most_as_many_fields_as_the_limit(void **state)
{
    struct fixture *f = *state;
    OWNED(strbuf) body = strbuf_new(4096);

    for (int i = 0; i < FORM_FIELDS_MAX; i++)
        strbuf_printf(body, "f%d=1&", i);
    assert_non_null(parse(f, body->data));
    strbuf_append_string(body, "one=more");
    assert_null(parse(f, body->data));
    assert_true(error_is(&f->error, REASON_MALFORMED_REQUEST));
}

static void a_form_is_shown_again_with_what_was_typed_but_nothing_secret(void **state)
{
    struct fixture *f = *state;
    Pages__RegisterForm shown = PAGES__REGISTER_FORM__INIT;
    struct error failure;
    struct form_view view = {.info = &pages_register_form_info, .id = "register"};
    struct error error;

    view.form = parse(f, "username=a%3Cb%3E&password=correct+horse&email=x");
    error_clear(&failure);
    error_add_violation(&failure, "email", "is no address");
    view.error = &failure;
    assert_true(form_show(&view, f->arena, &shown.base, &error));
    assert_string_equal(shown.username->value, "a<b>");
    assert_string_equal(shown.username->id, "register-username");
    assert_null(shown.username->problem);
    assert_string_equal(shown.email->problem, "is no address");
    assert_null(shown.password->value);
    assert_string_equal(shown.problem->sentence, "Please correct what is marked below.");
}

static void what_is_wrong_with_no_field_of_the_form_is_said_above_it(void **state)
{
    struct fixture *f = *state;
    Pages__LoginForm shown = PAGES__LOGIN_FORM__INIT;
    struct error failure;
    const struct form_view view = {
        .info = &pages_login_form_info, .id = "login", .error = &failure};
    struct error error;

    error_clear(&failure);
    error_add_violation(&failure, "portfolio_id", "is required");
    assert_true(form_show(&view, f->arena, &shown.base, &error));
    assert_string_equal(shown.problem->sentence, "portfolio_id is required.");
    error_fill(&failure, REASON_INVALID_CREDENTIALS, "The name or the password is wrong.");
    assert_true(form_show(&view, f->arena, &shown.base, &error));
    assert_string_equal(shown.problem->sentence, "The name or the password is wrong.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fields_are_those_of_the_operation, start, stop),
        cmocka_unit_test_setup_teardown(all_that_cannot_be_read_is_told_at_once, start, stop),
        cmocka_unit_test_setup_teardown(
            a_text_that_is_emptied_is_there_only_where_that_means_something, start, stop),
        cmocka_unit_test_setup_teardown(what_is_no_form_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(a_form_has_at_most_as_many_fields_as_the_limit, start,
                                        stop),
        cmocka_unit_test_setup_teardown(
            a_form_is_shown_again_with_what_was_typed_but_nothing_secret, start, stop),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_no_field_of_the_form_is_said_above_it,
                                        start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
