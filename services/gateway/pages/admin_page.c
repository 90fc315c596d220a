// SPDX-License-Identifier: MIT
// The administrators' first page: whether everything runs, and what is going on. A service that
// does not answer leaves its part of it out.
#include "pages/admin_pages.h"

#include "bourse/auth/v1/auth_methods.h"
#include "bourse/market/v1/market_methods.h"
#include "bourse/trading/v1/trading_methods.h"
#include "page_templates.h"
#include "pages/audit_view.h"
#include "pages/service_states.h"
#include "stream/stream_server.h"

#include <string.h>

enum { EVENTS_SHOWN = 8, NAMES_ASKED_MAX = 8, HOUR_MINUTES = 60 };

bool admin_begin(struct exchange *exchange,
                 const char *part,
                 const char *title,
                 Pages__Frame **out_frame,
                 struct error *error)
{
    if (!page_begin(exchange, PAGE_FOR_ADMINISTRATORS, "admin", title, out_frame, error))
        return false;
    (*out_frame)->part = part;
    return true;
}

bool admin_list_events(struct exchange *exchange,
                       const char *actor_id,
                       const char *action,
                       uint32_t limit,
                       Auth__ListAuditEventsResponse **out_events,
                       struct error *error)
{
    Auth__ListAuditEventsRequest request = AUTH__LIST_AUDIT_EVENTS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.actor_id = actor_id;
    request.action = action;
    request.has_limit = true;
    request.limit = limit;
    if (!page_call(exchange, "auth", &auth_method_list_audit_events, &request.base, &response,
                   error))
        return false;
    *out_events = (Auth__ListAuditEventsResponse *)response;
    return true;
}

void admin_name_users(struct exchange *exchange, Pages__AuditEventView *const *views, size_t count)
{
    size_t asked = 0;

    for (size_t i = 0; i < count && asked < NAMES_ASKED_MAX; i++) {
        const char *user_id = views[i]->subject_user_id;
        Auth__GetUserRequest request = AUTH__GET_USER_REQUEST__INIT;
        ProtobufCMessage *response = NULL;
        struct error error;

        if (user_id == NULL || strcmp(user_id, views[i]->subject) != 0)
            continue;
        asked++;
        request.user = user_id;
        if (page_call(exchange, "auth", &auth_method_get_user, &request.base, &response, &error))
            audit_view_name_user(views, count, user_id,
                                 ((const Auth__GetUserResponse *)response)->user->username);
    }
}

bool admin_make_feed(struct exchange *exchange,
                     Auth__AuditEvent *const *events,
                     size_t count,
                     Pages__AuditFeed **out_feed,
                     struct error *error)
{
    struct arena *arena = exchange->request->arena;
    Pages__AuditFeed *feed = arena_allocate(arena, sizeof *feed);

    if (feed == NULL)
        return page_out_of_memory(error);
    pages__audit_feed__init(feed);
    feed->n_events = count;
    feed->events = audit_view_make(arena, events, count);
    if (feed->events == NULL)
        return page_out_of_memory(error);
    admin_name_users(exchange, feed->events, count);
    *out_feed = feed;
    return true;
}

// Calls a service that may be away: then there is no response.
static bool ask(struct exchange *exchange,
                const char *service,
                const struct rpc_method *method,
                const ProtobufCMessage *request,
                ProtobufCMessage **out_response,
                struct error *error)
{
    *out_response = NULL;
    return !rpc_client_is_ready(service_client(exchange->gateway->service, service)) ||
           page_call(exchange, service, method, request, out_response, error) ||
           error_is_silence(error);
}

// Market.

static void add_quotes(struct exchange *exchange, Pages__AdminPage *page)
{
    struct platform_clock clock;
    struct quote *quotes = NULL;
    size_t count = 0;

    if (!quotes_copy_all(exchange->gateway->quotes, &quotes, &count, &clock))
        return;
    page->has_quotes = page->has_stale_quotes = true;
    page->quotes = count;
    for (size_t i = 0; i < count; i++)
        page->stale_quotes += quotes[i].stale ? 1 : 0;
    release(quotes);
}

// Those whose file arrives or that are being merged.
static void keep_under_way(const Market__ListImportsResponse *list, Pages__AdminPage *page)
{
    page->imports = list->imports;
    for (size_t i = 0; i < list->n_imports; i++)
        if (list->imports[i]->state == MARKET__IMPORT_STATE__IMPORT_STATE_RECEIVING ||
            list->imports[i]->state == MARKET__IMPORT_STATE__IMPORT_STATE_MERGING)
            page->imports[page->n_imports++] = list->imports[i];
}

static bool add_market(struct exchange *exchange, Pages__AdminPage *page, struct error *error)
{
    Market__GetClockRequest clock_request = MARKET__GET_CLOCK_REQUEST__INIT;
    Market__ListImportsRequest imports_request = MARKET__LIST_IMPORTS_REQUEST__INIT;
    Market__ListProvidersRequest providers_request = MARKET__LIST_PROVIDERS_REQUEST__INIT;
    ProtobufCMessage *clock = NULL;
    ProtobufCMessage *imports = NULL;
    ProtobufCMessage *providers = NULL;

    add_quotes(exchange, page);
    if (!ask(exchange, "market", &market_method_get_clock, &clock_request.base, &clock, error) ||
        !ask(exchange, "market", &market_method_list_imports, &imports_request.base, &imports,
             error) ||
        !ask(exchange, "market", &market_method_list_providers, &providers_request.base, &providers,
             error))
        return false;
    page->clock = clock != NULL ? ((Market__GetClockResponse *)clock)->clock : NULL;
    if (imports != NULL)
        keep_under_way((Market__ListImportsResponse *)imports, page);
    if (providers != NULL) {
        page->n_providers = ((Market__ListProvidersResponse *)providers)->n_providers;
        page->providers = ((Market__ListProvidersResponse *)providers)->providers;
    }
    return true;
}

// Trading.

static void take_summary(const Trading__GetTaskSummaryResponse *summary, Pages__AdminPage *page)
{
    if (summary->n_queues == 0)
        return;
    page->queue = summary->queues[0];
    for (size_t i = 0; i < page->queue->n_periods; i++)
        if (page->queue->periods[i]->minutes == HOUR_MINUTES)
            page->hour = page->queue->periods[i];
}

static bool add_trading(struct exchange *exchange, Pages__AdminPage *page, struct error *error)
{
    Trading__GetTaskSummaryRequest summary_request = TRADING__GET_TASK_SUMMARY_REQUEST__INIT;
    Trading__ListWorkersRequest workers_request = TRADING__LIST_WORKERS_REQUEST__INIT;
    Trading__GetPlatformTradingHaltRequest halt_request =
        TRADING__GET_PLATFORM_TRADING_HALT_REQUEST__INIT;
    const Trading__ListWorkersResponse *list = NULL;
    ProtobufCMessage *summary = NULL;
    ProtobufCMessage *workers = NULL;
    ProtobufCMessage *halt = NULL;

    if (!ask(exchange, "trading", &trading_method_get_task_summary, &summary_request.base, &summary,
             error) ||
        !ask(exchange, "trading", &trading_method_list_workers, &workers_request.base, &workers,
             error) ||
        !ask(exchange, "trading", &trading_method_get_platform_trading_halt, &halt_request.base,
             &halt, error))
        return false;
    if (summary != NULL)
        take_summary((const Trading__GetTaskSummaryResponse *)summary, page);
    list = (const Trading__ListWorkersResponse *)workers;
    page->has_workers = list != NULL;
    for (size_t i = 0; list != NULL && i < list->n_workers; i++)
        page->workers += list->workers[i]->online ? 1 : 0;
    page->halt = (Trading__GetPlatformTradingHaltResponse *)halt;
    return true;
}

// Auth.

static bool add_auth(struct exchange *exchange, Pages__AdminPage *page, struct error *error)
{
    Auth__CountUsersRequest count_request = AUTH__COUNT_USERS_REQUEST__INIT;
    Auth__ListAuditEventsRequest audit_request = AUTH__LIST_AUDIT_EVENTS_REQUEST__INIT;
    const Auth__ListAuditEventsResponse *list = NULL;
    ProtobufCMessage *users = NULL;
    ProtobufCMessage *audit = NULL;

    audit_request.has_limit = true;
    audit_request.limit = EVENTS_SHOWN;
    if (!ask(exchange, "auth", &auth_method_count_users, &count_request.base, &users, error) ||
        !ask(exchange, "auth", &auth_method_list_audit_events, &audit_request.base, &audit, error))
        return false;
    page->users = (Auth__CountUsersResponse *)users;
    list = (const Auth__ListAuditEventsResponse *)audit;
    return list == NULL ||
           admin_make_feed(exchange, list->events, list->n_events, &page->audit, error);
}

bool admin_page_show(struct exchange *exchange, struct error *error)
{
    Pages__AdminPage page = PAGES__ADMIN_PAGE__INIT;

    if (!exchange_refuse_parameters(exchange, "", error) ||
        !admin_begin(exchange, "overview", "Administration", &page.frame, error))
        return false;
    page.has_is_ready = true;
    page.services = service_states_make(exchange, &page.n_services, &page.is_ready);
    if (page.services == NULL)
        return page_out_of_memory(error);
    page.has_streams = true;
    page.streams = stream_server_count(exchange->gateway->streams);
    return add_market(exchange, &page, error) && add_trading(exchange, &page, error) &&
           add_auth(exchange, &page, error) &&
           page_answer(exchange, &admin_page, &page.base, NULL, error);
}
