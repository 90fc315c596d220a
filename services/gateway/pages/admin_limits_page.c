// SPDX-License-Identifier: MIT
// What limits everybody's orders, for administrators: the limits of who has set none, the ceilings
// of all, and the halt of the whole platform.
#include "pages/admin_pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_rules.h"
#include "page_templates.h"

#include <string.h>

enum { EVENTS_EACH = 8, EVENTS_SHOWN = 8 };

// Which of the forms on the page has failed, and why.
struct failures {
    const struct error *limits;
    const struct error *halt;
};

// Who has set limits or halted anything, merged by time.
static bool add_events(struct exchange *exchange, Pages__AdminLimitsPage *page, struct error *error)
{
    static const char *const actions[] = {"limits.set", "trading.halt", "trading.resume"};
    Auth__ListAuditEventsResponse *lists[COUNT_OF(actions)];
    Auth__AuditEvent *events[EVENTS_SHOWN];
    size_t taken[COUNT_OF(actions)] = {0};
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(actions); i++)
        if (!admin_list_events(exchange, NULL, actions[i], EVENTS_EACH, &lists[i], error))
            return false;
    while (count < EVENTS_SHOWN) {
        Auth__AuditEvent *newest = NULL;
        size_t from = 0;

        for (size_t i = 0; i < COUNT_OF(actions); i++) {
            if (taken[i] == lists[i]->n_events ||
                (newest != NULL && lists[i]->events[taken[i]]->at <= newest->at))
                continue;
            newest = lists[i]->events[taken[i]];
            from = i;
        }
        if (newest == NULL)
            break;
        taken[from]++;
        events[count++] = newest;
    }
    return admin_make_feed(exchange, events, count, &page->audit, error);
}

static bool add_limits(struct exchange *exchange,
                       const struct error *failure,
                       Pages__LimitsForm *form,
                       struct error *error)
{
    Trading__GetLimitsRequest request = TRADING__GET_LIMITS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    return page_call(exchange, "trading", &trading_method_get_limits, &request.base, &response,
                     error) &&
           page_show_form(exchange, &pages_limits_form_info, "limits", failure, &form->base,
                          error) &&
           page_preset_all(exchange, &pages_limits_form_info, failure,
                           &trading_get_limits_response_info, response, &form->base, error);
}

static bool show(struct exchange *exchange, const struct failures *failures, struct error *error)
{
    Pages__AdminLimitsPage page = PAGES__ADMIN_LIMITS_PAGE__INIT;
    Pages__LimitsForm limits = PAGES__LIMITS_FORM__INIT;
    Pages__HaltForm halt = PAGES__HALT_FORM__INIT;
    Trading__GetPlatformTradingHaltRequest request =
        TRADING__GET_PLATFORM_TRADING_HALT_REQUEST__INIT;
    const struct error *failure = failures->limits != NULL ? failures->limits : failures->halt;
    ProtobufCMessage *response = NULL;

    if (!admin_begin(exchange, "limits", "Limits and halts", &page.frame, error) ||
        !add_limits(exchange, failures->limits, &limits, error) ||
        !page_call(exchange, "trading", &trading_method_get_platform_trading_halt, &request.base,
                   &response, error) ||
        !page_show_form(exchange, &pages_halt_form_info, "halt", failures->halt, &halt.base,
                        error) ||
        !add_events(exchange, &page, error))
        return false;
    page.halt = (Trading__GetPlatformTradingHaltResponse *)response;
    page.form = &limits;
    page.halt_form = &halt;
    return page_answer(exchange, &admin_limits_page, &page.base, failure, error);
}

bool admin_limits_page_show(struct exchange *exchange, struct error *error)
{
    return exchange_refuse_parameters(exchange, "", error) &&
           show(exchange, &(struct failures){.limits = NULL}, error);
}

static bool show_limits(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.limits = failure}, error);
}

static bool show_halt(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.halt = failure}, error);
}

static bool go_back(struct exchange *exchange, struct error *error)
{
    return page_redirect(exchange, error, "/admin/limits");
}

bool admin_limits_set(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "trading", &trading_method_set_limits, false, &response, &failure))
        return page_fail(exchange, &failure, show_limits, error);
    page_say(exchange, false, "The limits are in force for every order from now on.");
    return go_back(exchange, error);
}

bool admin_platform_halt(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "trading", &trading_method_halt_platform_trading, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_halt, error);
    page_say(exchange, false, "Trading is halted on the whole platform.");
    return go_back(exchange, error);
}

bool admin_platform_resume(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "trading", &trading_method_resume_platform_trading, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_halt, error);
    page_say(exchange, false, "Trading goes on.");
    return go_back(exchange, error);
}
