// SPDX-License-Identifier: MIT
#include "pages/form.h"

#include "bourse/auth/v1/auth_rules.h"
#include "bourse/gateway/v1/pages.pb-c.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/market/v1/market.pb-c.h"
#include "bourse/market/v1/market_rules.h"
#include "bourse/portfolio/v1/portfolio_rules.h"
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
                      "limit_price=95.11&stop_price=&take_profit.limit_price=&"
                      "stop_loss.stop_price=90&stop_loss.limit_price=");

    assert_non_null(order);
    assert_int_equal(order->side, TRADING__ORDER_SIDE__ORDER_SIDE_BUY);
    assert_int_equal(order->quantity_nanos, 2500000000);
    assert_int_equal(order->limit_price_micros, 95110000);
    assert_false(order->has_stop_price_micros); // was left empty
    assert_null(order->take_profit);
    assert_int_equal(order->stop_loss->stop_price_micros, 90000000);
    assert_false(order->stop_loss->has_limit_price_micros);
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

static void a_dot_leads_into_a_message_and_a_list_is_one_field(void **state)
{
    struct fixture *f = *state;
    const struct form_target target = {.info = &trading_set_limits_request_info, .arena = f->arena};
    const struct form *form =
        parse(f, "defaults.max_orders_per_day=5&ceilings.max_order_value=1000.5&"
                 "ceilings.forbidden_symbols=+gme,%20amc+,,bbby&defaults.max_daily_loss=");
    ProtobufCMessage *message = message_new(target.info, f->arena);
    const Trading__SetLimitsRequest *request = (const Trading__SetLimitsRequest *)message;

    assert_non_null(message);
    assert_true(form_read(form, &target, message, &f->error));
    assert_int_equal(request->defaults->max_orders_per_day, 5);
    assert_false(request->defaults->has_max_daily_loss_micros);
    assert_int_equal(request->ceilings->max_order_value_micros, 1000500000);
    assert_int_equal(request->ceilings->n_forbidden_symbols, 3);
    assert_true(message_validate(target.info, message, &f->error));
    assert_string_equal(request->ceilings->forbidden_symbols[2], "BBBY");
}

static void names_that_lead_nowhere_are_told(void **state)
{
    struct fixture *f = *state;
    const struct form_target target = {.info = &trading_set_limits_request_info, .arena = f->arena};
    const char *const names[] = {"defaults",
                                 "defaults.",
                                 "defaults.none",
                                 "defaults.none.more",
                                 "none.max_daily_loss",
                                 ".",
                                 "ceilings.max_order_value.units"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        ProtobufCMessage *message = message_new(target.info, f->arena);
        char *body = arena_printf(f->arena, "%s=1", names[i]);

        assert_non_null(message);
        assert_non_null(body);
        assert_false(form_read(parse(f, body), &target, message, &f->error));
        assert_string_equal(violation(f, names[i]), "is not a field of this form");
    }
}

static void a_time_without_zone_is_utc(void **state)
{
    struct fixture *f = *state;
    const struct form_target target = {.info = &market_set_clock_request_info, .arena = f->arena};
    const char *const spellings[] = {"at=2014-06-02T13%3A30", "at=2014-06-02T13%3A30%3A00",
                                     "at=2014-06-02T13%3A30%3A00Z",
                                     "at=2014-06-02T09%3A30%3A00-04%3A00"};

    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        ProtobufCMessage *message = message_new(target.info, f->arena);

        assert_non_null(message);
        assert_true(form_read(parse(f, spellings[i]), &target, message, &f->error));
        assert_int_equal(((const Market__SetClockRequest *)message)->at, 1401715800000000);
    }
}

// 0 for one that is refused.
static void assert_amount(struct fixture *f, const char *typed, int64_t micros)
{
    const struct form_target target = {.info = &portfolio_deposit_request_info, .arena = f->arena};
    ProtobufCMessage *message = message_new(target.info, f->arena);

    assert_non_null(message);
    assert_int_equal(form_read(parse(f, typed), &target, message, &f->error), micros > 0);
    assert_int_equal(((const Portfolio__DepositRequest *)message)->amount_micros, micros);
}

static void an_amount_may_be_grouped_as_the_pages_write_it(void **state)
{
    struct fixture *f = *state;

    assert_amount(f, "amount=1%2C234.5", 1234500000);
    assert_amount(f, "amount=12%2C345%2C678+", 12345678000000);
    assert_amount(f, "amount=12345", 12345000000);
    assert_amount(f, "amount=1%2C23", 0);
    assert_amount(f, "amount=1234%2C567", 0);
    assert_amount(f, "amount=%2C123", 0);
    assert_amount(f, "amount=1%2C2345", 0);
    assert_amount(f, "amount=1.5%2C000", 0);
    assert_amount(f, "amount=%2C", 0);
}

static void what_is_wrong_within_a_message_or_a_list_is_said_beside_its_input(void **state)
{
    struct fixture *f = *state;
    Pages__LimitsForm shown = PAGES__LIMITS_FORM__INIT;
    struct error failure;
    const struct form_view view = {
        .info = &pages_limits_form_info, .id = "limits", .error = &failure};
    struct error error;

    error_clear(&failure);
    error_add_violation(&failure, "defaults.allowed_symbols[1]", "is no ticker");
    error_add_violation(&failure, "ceilings.max_daily_loss", "is too large");
    assert_true(form_show(&view, f->arena, &shown.base, &error));
    assert_string_equal(shown.defaults->allowed_symbols->id, "limits-defaults-allowed_symbols");
    assert_string_equal(shown.defaults->allowed_symbols->name, "defaults.allowed_symbols");
    assert_string_equal(shown.defaults->allowed_symbols->problem, "is no ticker");
    assert_null(shown.ceilings->allowed_symbols->problem);
    assert_string_equal(shown.ceilings->max_daily_loss->problem, "is too large");
    assert_string_equal(shown.problem->sentence, "Please correct what is marked below.");
    error_clear(&failure);
    error_add_violation(&failure, "defaults.allow_short", "is not there yet");
    assert_true(form_show(&view, f->arena, &shown.base, &error));
    assert_string_equal(shown.problem->sentence, "“Allow short” is not there yet.");
}

static void a_form_shows_the_values_of_a_message_where_nothing_was_typed(void **state)
{
    struct fixture *f = *state;
    Trading__TradingLimits ceilings = TRADING__TRADING_LIMITS__INIT;
    Trading__GetLimitsResponse limits = TRADING__GET_LIMITS_RESPONSE__INIT;
    Pages__LimitsForm shown = PAGES__LIMITS_FORM__INIT;
    struct form_view view = {.info = &pages_limits_form_info, .id = "limits"};
    const char *symbols[] = {"GME", "AMC"};
    struct error error;

    ceilings.has_max_order_value_micros = true;
    ceilings.max_order_value_micros = 5000000000;
    ceilings.n_forbidden_symbols = 2;
    ceilings.forbidden_symbols = symbols;
    limits.ceilings = &ceilings;
    view.form = parse(f, "ceilings.max_daily_loss=77");
    assert_true(form_show(&view, f->arena, &shown.base, &error));
    assert_true(form_preset(&view, f->arena, &trading_get_limits_response_info, &limits.base,
                            &shown.base, &error));
    assert_string_equal(shown.ceilings->max_order_value->value, "5000.00");
    assert_string_equal(shown.ceilings->forbidden_symbols->value, "GME, AMC");
    assert_string_equal(shown.ceilings->max_daily_loss->value, "77");
    assert_null(shown.ceilings->max_orders_per_day->value);
    assert_null(shown.defaults->max_order_value->value);
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
    assert_string_equal(shown.problem->sentence, "“Portfolio id” is required.");
    error_fill(&failure, REASON_INVALID_CREDENTIALS, "The name or the password is wrong.");
    assert_true(form_show(&view, f->arena, &shown.base, &error));
    assert_string_equal(shown.problem->sentence, "The name or the password is wrong.");
}

static void what_was_typed_is_written_without_secrets_and_reads_as_it_was(void **state)
{
    struct fixture *f = *state;
    OWNED(strbuf) out = strbuf_new(FORM_TYPED_MAX);
    const struct form *form = NULL;

    form_write_typed(parse(f, "csrf_token=t&idempotency_key=k&next=%2Forders&quantity=+1%262"
                              "&limit_price=&new_password=secret&password=secret"
                              "&take_profit.limit_price=5"),
                     out);
    assert_string_equal(out->data, "quantity=%201%262&take_profit.limit_price=5");
    assert_true(form_parse_fields(f->arena, strbuf_text(out), &form, &f->error));
    assert_int_equal(form->count, 2);
    assert_string_equal(form_find(form, "quantity"), " 1&2");
    assert_string_equal(form_find(form, "take_profit.limit_price"), "5");
    assert_false(form_parse_fields(f->arena, text_of("a=1&a=2"), &form, &f->error));
    assert_string_equal(f->error.reason, "MALFORMED_REQUEST");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fields_are_those_of_the_operation, start, stop),
        cmocka_unit_test_setup_teardown(all_that_cannot_be_read_is_told_at_once, start, stop),
        cmocka_unit_test_setup_teardown(
            a_text_that_is_emptied_is_there_only_where_that_means_something, start, stop),
        cmocka_unit_test_setup_teardown(a_dot_leads_into_a_message_and_a_list_is_one_field, start,
                                        stop),
        cmocka_unit_test_setup_teardown(names_that_lead_nowhere_are_told, start, stop),
        cmocka_unit_test_setup_teardown(a_time_without_zone_is_utc, start, stop),
        cmocka_unit_test_setup_teardown(an_amount_may_be_grouped_as_the_pages_write_it, start,
                                        stop),
        cmocka_unit_test_setup_teardown(
            what_is_wrong_within_a_message_or_a_list_is_said_beside_its_input, start, stop),
        cmocka_unit_test_setup_teardown(
            a_form_shows_the_values_of_a_message_where_nothing_was_typed, start, stop),
        cmocka_unit_test_setup_teardown(what_is_no_form_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(a_form_has_at_most_as_many_fields_as_the_limit, start,
                                        stop),
        cmocka_unit_test_setup_teardown(
            a_form_is_shown_again_with_what_was_typed_but_nothing_secret, start, stop),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_no_field_of_the_form_is_said_above_it,
                                        start, stop),
        cmocka_unit_test_setup_teardown(
            what_was_typed_is_written_without_secrets_and_reads_as_it_was, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
