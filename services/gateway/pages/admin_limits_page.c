// SPDX-License-Identifier: MIT
// What limits everybody's orders, for administrators: the limits of who has set none, the ceilings
// of all, and the halt of the whole platform.
#include "pages/admin_pages.h"

#include "base/strbuf.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_rules.h"
#include "page_templates.h"
#include "pages/page_quotes.h"

#include <string.h>

enum { EVENTS_EACH = 8, EVENTS_SHOWN = 8, SYMBOLS_ASKED_MAX = 20, UNKNOWN_BYTES_MAX = 120 };

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

// Symbols that have no price, and so may be nobody's; each is asked for, so there is an end to it.
struct looked_up {
    const char *tickers[SYMBOLS_ASKED_MAX];
    size_t count;
    struct strbuf *unknown;
};

static bool is_unknown(struct exchange *exchange, const char *ticker)
{
    Market__Symbol *symbol = NULL;
    struct error error;

    return !page_quotes_get_symbol(exchange, ticker, &symbol, &error) &&
           error_is(&error, REASON_SYMBOL_NOT_FOUND);
}

static void look_up(struct exchange *exchange, const char *ticker, struct looked_up *looked_up)
{
    struct strbuf *unknown = looked_up->unknown;

    if (looked_up->count == SYMBOLS_ASKED_MAX || page_quotes_find(exchange, ticker) != NULL)
        return;
    for (size_t i = 0; i < looked_up->count; i++)
        if (strcmp(looked_up->tickers[i], ticker) == 0)
            return;
    looked_up->tickers[looked_up->count++] = ticker;
    if (is_unknown(exchange, ticker))
        strbuf_printf(unknown, "%s%s", unknown->length > 0 ? ", " : "", ticker);
}

static void
look_up_all(struct exchange *exchange, const Trading__TradingLimits *limits, struct looked_up *all)
{
    for (size_t i = 0; limits != NULL && i < limits->n_allowed_symbols; i++)
        look_up(exchange, limits->allowed_symbols[i], all);
    for (size_t i = 0; limits != NULL && i < limits->n_forbidden_symbols; i++)
        look_up(exchange, limits->forbidden_symbols[i], all);
}

// A symbol may be limited before it is imported, so one that is not there is no reason to refuse;
// one that is mistyped limits nothing.
static void say_limits(struct exchange *exchange, const Trading__SetLimitsResponse *limits)
{
    OWNED(strbuf) unknown = strbuf_new(UNKNOWN_BYTES_MAX);
    struct looked_up looked_up = {.unknown = unknown};

    look_up_all(exchange, limits->defaults, &looked_up);
    look_up_all(exchange, limits->ceilings, &looked_up);
    if (unknown->length == 0)
        page_say(exchange, false, "The limits are in force for every order from now on.");
    else
        page_say(exchange, true,
                 "The limits are in force for every order from now on. No symbol is known here as "
                 "%s%s: look whether that is mistyped.",
                 unknown->data, unknown->overflowed ? "…" : "");
}

bool admin_limits_set(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "trading", &trading_method_set_limits, false, &response, &failure))
        return page_fail(exchange, &failure, show_limits, error);
    say_limits(exchange, (const Trading__SetLimitsResponse *)response);
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
