// SPDX-License-Identifier: MIT
// The platform clock, for administrators: what time it is for everybody, and setting it.
#include "pages/admin_pages.h"

#include "base/timestamp.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/market/v1/market_methods.h"
#include "bourse/market/v1/market_rules.h"
#include "page_templates.h"

enum { CALENDAR_DAYS = 10 };

#define MICROS_PER_HOUR (INT64_C(3600) * MICROS_PER_SECOND)

static bool add_clock(struct exchange *exchange, Pages__AdminClockPage *page, struct error *error)
{
    Market__GetClockRequest request = MARKET__GET_CLOCK_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    if (!page_call(exchange, "market", &market_method_get_clock, &request.base, &response, error))
        return false;
    page->clock = ((Market__GetClockResponse *)response)->clock;
    page->has_in_an_hour = page->has_in_a_day = true;
    page->in_an_hour = page->clock->now + MICROS_PER_HOUR;
    page->in_a_day = page->clock->now + MICROS_PER_DAY;
    return true;
}

// The sessions from the platform's present day on.
static bool
add_calendar(struct exchange *exchange, Pages__AdminClockPage *page, struct error *error)
{
    Market__GetCalendarRequest request = MARKET__GET_CALENDAR_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    int64_t today = page->clock->now / MICROS_PER_DAY;
    char start[DATE_SIZE];
    char end[DATE_SIZE];

    date_print(date_from_days(today), start);
    date_print(date_from_days(today + CALENDAR_DAYS), end);
    request.start = start;
    request.end = end;
    if (!page_call(exchange, "market", &market_method_get_calendar, &request.base, &response,
                   error))
        return false;
    page->calendar = (Market__GetCalendarResponse *)response;
    return true;
}

static bool show(struct exchange *exchange, const struct error *failure, struct error *error)
{
    Pages__AdminClockPage page = PAGES__ADMIN_CLOCK_PAGE__INIT;
    Pages__ClockForm form = PAGES__CLOCK_FORM__INIT;

    if (!admin_begin(exchange, "clock", "Clock", &page.frame, error) ||
        !add_clock(exchange, &page, error) || !add_calendar(exchange, &page, error) ||
        !page_show_form(exchange, &pages_clock_form_info, "clock", failure, &form.base, error) ||
        !page_preset_all(exchange, &pages_clock_form_info, failure, &market_clock_info,
                         &page.clock->base, &form.base, error))
        return false;
    // Of a clock that does not run it says nothing.
    if (failure == NULL && page.clock->mode != MARKET__CLOCK_MODE__CLOCK_MODE_REPLAY)
        form.speed->value = NULL;
    page.form = &form;
    return page_answer(exchange, &admin_clock_page, &page.base, failure, error);
}

bool admin_clock_page_show(struct exchange *exchange, struct error *error)
{
    return exchange_refuse_parameters(exchange, "", error) && show(exchange, NULL, error);
}

static const char *describe(const Market__Clock *clock)
{
    switch (clock->mode) {
    case MARKET__CLOCK_MODE__CLOCK_MODE_REAL:
        return "The clock shows real time.";
    case MARKET__CLOCK_MODE__CLOCK_MODE_REPLAY:
        return "The clock runs.";
    default:
        return "The clock stands until it is moved.";
    }
}

// What has been played in between is in the gateway's own quotes before the page that follows.
bool admin_clock_set(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "market", &market_method_set_clock, false, &response, &failure))
        return page_fail(exchange, &failure, show, error);
    quotes_catch_up(exchange->gateway);
    page_say(exchange, false, "%s", describe(((const Market__SetClockResponse *)response)->clock));
    return page_redirect(exchange, error, "/admin/clock");
}
