// SPDX-License-Identifier: MIT
// The platform clock, for administrators: what time it is for everybody, and setting it.
#include "pages/admin_pages.h"

#include "base/strbuf.h"
#include "base/timestamp.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/market/v1/market_methods.h"
#include "bourse/market/v1/market_rules.h"
#include "page_templates.h"
#include "template/format.h"

enum { CALENDAR_DAYS = 10, TIME_SIZE_MAX = 48 };

#define MICROS_PER_HOUR (INT64_C(3600) * MICROS_PER_SECOND)

static bool add_clock(struct exchange *exchange, Pages__AdminClockPage *page, struct error *error)
{
    Market__GetClockRequest request = MARKET__GET_CLOCK_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    if (!page_call(exchange, "market", &market_method_get_clock, &request.base, &response, error))
        return false;
    page->clock = ((Market__GetClockResponse *)response)->clock;
    return true;
}

// Where a clock that stands may be moved to by one button.
static bool add_moves(struct exchange *exchange, Pages__AdminClockPage *page, struct error *error)
{
    const Market__Clock *clock = page->clock;
    const struct {
        char *id;
        char *label;
        int64_t at;
    } moves[] = {
        {"hour", "An hour on", clock->now + MICROS_PER_HOUR},
        {"day", "A day on", clock->now + MICROS_PER_DAY},
        {"open", "To the next open", clock->next_open},
        {"close", "To the next close", clock->next_close},
    };
    struct arena *arena = exchange->request->arena;

    if (clock->mode != MARKET__CLOCK_MODE__CLOCK_MODE_STEP)
        return true;
    page->moves = arena_allocate(arena, COUNT_OF(moves) * sizeof *page->moves);
    for (size_t i = 0; page->moves != NULL && i < COUNT_OF(moves); i++) {
        Pages__ClockMove *move = arena_allocate(arena, sizeof *move);

        if (move == NULL)
            return page_out_of_memory(error);
        pages__clock_move__init(move);
        move->id = moves[i].id;
        move->label = moves[i].label;
        move->has_at = true;
        move->at = moves[i].at;
        page->moves[page->n_moves++] = move;
    }
    return page->moves != NULL || page_out_of_memory(error);
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
        !add_clock(exchange, &page, error) || !add_moves(exchange, &page, error) ||
        !add_calendar(exchange, &page, error) ||
        !page_show_form(exchange, &pages_clock_form_info, "clock", failure, &form.base, error) ||
        !page_preset_all(exchange, &pages_clock_form_info, failure, &market_clock_info,
                         &page.clock->base, &form.base, error))
        return false;
    // Of a clock that does not run it says nothing.
    if (failure == NULL && page.clock->mode != MARKET__CLOCK_MODE__CLOCK_MODE_REPLAY)
        form.speed->value = NULL;
    page.form = &form;
    page.has_is_simulated = page.has_is_live = true;
    page.is_simulated = quotes_is_simulated(exchange->gateway->quotes);
    page.is_live = quotes_is_on_demand(exchange->gateway->quotes);
    return page_answer(exchange, &admin_clock_page, &page.base, failure, error);
}

bool admin_clock_page_show(struct exchange *exchange, struct error *error)
{
    return exchange_refuse_parameters(exchange, "", error) && show(exchange, NULL, error);
}

// What the clock does now, with the time that it shows.
static void say_clock(struct exchange *exchange, const Market__Clock *clock)
{
    OWNED(strbuf) now = strbuf_new(TIME_SIZE_MAX);

    format_write_time(clock->now, now);
    switch (clock->mode) {
    case MARKET__CLOCK_MODE__CLOCK_MODE_REAL:
        page_say(exchange, false, "The clock shows real time, %s.", now->data);
        break;
    case MARKET__CLOCK_MODE__CLOCK_MODE_REPLAY:
        page_say(exchange, false, "The clock runs, from %s on.", now->data);
        break;
    default:
        page_say(exchange, false, "The clock stands at %s until it is moved.", now->data);
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
    say_clock(exchange, ((const Market__SetClockResponse *)response)->clock);
    return page_redirect(exchange, error, "/admin/clock");
}
