// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "bourse/portfolio/v1/portfolio_methods.h"
#include "database/migration.h"
#include "message/message.h"
#include "portfolios/fill_settings.h"

extern const struct migration portfolio_migrations[];
extern const size_t portfolio_migration_count;

static Portfolio__FillSettings message_with_slippage(int64_t hundredths)
{
    Portfolio__FillSettings message = PORTFOLIO__FILL_SETTINGS__INIT;

    message.has_slippage_bps_hundredths = true;
    message.slippage_bps_hundredths = hundredths;
    return message;
}

static void a_new_portfolio_is_filled_at_quotes_for_nothing(void **state)
{
    struct fill_settings settings = fill_settings_merged(NULL, NULL);

    (void)state;
    assert_int_equal(settings.model, FILL_MODEL_QUOTE);
    assert_int_equal(settings.slippage_bps_hundredths, 0);
    assert_int_equal(settings.participation_percent_hundredths, 0);
    assert_int_equal(settings.commission_per_order, 0);
    assert_int_equal(settings.latency_ms, 0);
    assert_int_equal(settings.version, 0);
}

static void what_a_change_does_not_name_stays_and_its_version_is_another(void **state)
{
    Portfolio__FillSettings slippage = message_with_slippage(500);
    Portfolio__FillSettings latency = PORTFOLIO__FILL_SETTINGS__INIT;
    struct fill_settings settings = fill_settings_merged(NULL, &slippage);

    (void)state;
    assert_int_equal(settings.version, 1);
    latency.has_latency_ms = true;
    latency.latency_ms = 250;
    latency.has_model = true;
    latency.model = PORTFOLIO__FILL_MODEL__FILL_MODEL_BAR;
    settings = fill_settings_merged(&settings, &latency);
    assert_int_equal(settings.slippage_bps_hundredths, 500);
    assert_int_equal(settings.latency_ms, 250);
    assert_int_equal(settings.model, FILL_MODEL_BAR);
    assert_int_equal(settings.version, 2);
}

static void a_change_that_changes_nothing_has_the_same_version(void **state)
{
    Portfolio__FillSettings message = message_with_slippage(500);
    struct fill_settings settings = fill_settings_merged(NULL, &message);

    (void)state;
    settings = fill_settings_merged(&settings, &message);
    assert_int_equal(settings.version, 1);
    assert_int_equal(fill_settings_merged(&settings, NULL).version, 1);
}

static void a_model_that_is_not_named_is_refused(void **state)
{
    Portfolio__FillSettings message = PORTFOLIO__FILL_SETTINGS__INIT;
    struct error error;

    (void)state;
    assert_true(fill_settings_check(NULL, &error));
    assert_true(fill_settings_check(&message, &error));
    message.has_model = true;
    message.model = PORTFOLIO__FILL_MODEL__FILL_MODEL_UNSPECIFIED;
    assert_false(fill_settings_check(&message, &error));
    assert_true(error_is(&error, REASON_INVALID_REQUEST));
}

static void the_least_an_order_costs_is_not_above_the_most(void **state)
{
    Portfolio__FillSettings message = PORTFOLIO__FILL_SETTINGS__INIT;
    struct fill_settings before = fill_settings_merged(NULL, NULL);
    struct fill_settings settings;
    struct error error;

    (void)state;
    before.commission_minimum = 3000000;
    assert_true(fill_settings_check_commission(&before, &error)); // there is no maximum
    message.has_commission_maximum_micros = true;
    message.commission_maximum_micros = 3000000;
    settings = fill_settings_merged(&before, &message);
    assert_int_equal(settings.version, 1);
    assert_true(fill_settings_check_commission(&settings, &error));
    message.commission_maximum_micros = 2999999;
    settings = fill_settings_merged(&before, &message);
    assert_false(fill_settings_check_commission(&settings, &error));
    assert_true(error_is(&error, REASON_INVALID_REQUEST));
    assert_string_equal(error.details[0].name, "fill_settings.commission_minimum");
    assert_string_equal(error.details[0].value, "must be at most commission_maximum, which is "
                                                "2.999999");
}

static bool is_valid(Portfolio__FillSettings *settings)
{
    Portfolio__UpdatePortfolioRequest request = PORTFOLIO__UPDATE_PORTFOLIO_REQUEST__INIT;
    struct error error;

    request.portfolio_id = "00000000-0000-7000-8000-000000000001";
    request.fill_settings = settings;
    return message_validate(portfolio_method_update_portfolio.request, &request.base, &error);
}

static void every_setting_has_a_range(void **state)
{
    Portfolio__FillSettings settings = PORTFOLIO__FILL_SETTINGS__INIT;
    struct limit {
        protobuf_c_boolean *has;
        int64_t *value;
        int64_t most;
    } limits[] = {
        {&settings.has_slippage_bps_hundredths, &settings.slippage_bps_hundredths, 100000},
        {&settings.has_participation_percent_hundredths, &settings.participation_percent_hundredths,
         10000},
        {&settings.has_commission_per_order_micros, &settings.commission_per_order_micros,
         INT64_C(1000000000)},
        {&settings.has_commission_per_share_micros, &settings.commission_per_share_micros,
         INT64_C(100000000)},
        {&settings.has_commission_bps_hundredths, &settings.commission_bps_hundredths, 100000},
        {&settings.has_commission_minimum_micros, &settings.commission_minimum_micros,
         INT64_C(1000000000)},
        {&settings.has_commission_maximum_micros, &settings.commission_maximum_micros,
         INT64_C(100000000000)},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        *limits[i].has = true;
        *limits[i].value = limits[i].most;
        assert_true(is_valid(&settings));
        *limits[i].value = limits[i].most + 1;
        assert_false(is_valid(&settings));
        *limits[i].value = -1;
        assert_false(is_valid(&settings));
        *limits[i].value = 0;
    }
    settings.has_latency_ms = true;
    settings.latency_ms = 60000;
    assert_true(is_valid(&settings));
    settings.latency_ms = 60001;
    assert_false(is_valid(&settings));
}

static void the_database_allows_the_same_models(void **state)
{
    const char *list = NULL;

    (void)state;
    for (size_t i = 0; i < portfolio_migration_count; i++) {
        const char *found = strstr(portfolio_migrations[i].sql, "CHECK (fill_model IN (");

        list = found == NULL ? list : found;
    }
    assert_non_null(list);
    for (int model = 0; model < FILL_MODEL_COUNT; model++) {
        char quoted[32];

        snprintf(quoted, sizeof(quoted), "'%s'", fill_model_name((enum fill_model)model));
        assert_non_null(strstr(list, quoted));
        assert_int_equal(fill_model_find(fill_model_name((enum fill_model)model)), model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_portfolio_is_filled_at_quotes_for_nothing),
        cmocka_unit_test(what_a_change_does_not_name_stays_and_its_version_is_another),
        cmocka_unit_test(a_change_that_changes_nothing_has_the_same_version),
        cmocka_unit_test(a_model_that_is_not_named_is_refused),
        cmocka_unit_test(the_least_an_order_costs_is_not_above_the_most),
        cmocka_unit_test(every_setting_has_a_range),
        cmocka_unit_test(the_database_allows_the_same_models),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
