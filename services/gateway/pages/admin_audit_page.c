// SPDX-License-Identifier: MIT
// The audit log, for administrators: who did what, filtered.
#include "pages/admin_pages.h"

#include "bourse/auth/v1/auth_methods.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "page_templates.h"
#include "pages/audit_view.h"

enum { EVENTS_SHOWN = 50 };

// The id of who is called so; NULL for nobody.
static bool
find_actor(struct exchange *exchange, const char *name, const char **out_id, struct error *error)
{
    Auth__GetUserRequest request = AUTH__GET_USER_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    *out_id = NULL;
    request.user = name;
    if (!page_call(exchange, "auth", &auth_method_get_user, &request.base, &response, error))
        return error_is(error, REASON_USER_NOT_FOUND);
    *out_id = ((const Auth__GetUserResponse *)response)->user->id;
    return true;
}

static bool add_list(struct exchange *exchange, Pages__AdminAuditPage *page, struct error *error)
{
    Auth__ListAuditEventsRequest request = AUTH__LIST_AUDIT_EVENTS_REQUEST__INIT;
    const Pages__AdminAuditQuery *query = page->query;
    const Auth__ListAuditEventsResponse *list = NULL;
    ProtobufCMessage *response = NULL;

    if (query->actor != NULL && !find_actor(exchange, query->actor, &request.actor_id, error))
        return false;
    // Of somebody who is not there nothing is listed.
    if (query->actor != NULL && request.actor_id == NULL)
        return true;
    request.action = query->action;
    request.page_token = query->page_token;
    request.has_start = page_day_begin(query->start, &request.start);
    request.has_end = page_day_end(query->end, &request.end);
    request.has_limit = true;
    request.limit = EVENTS_SHOWN;
    if (!page_call(exchange, "auth", &auth_method_list_audit_events, &request.base, &response,
                   error))
        return false;
    list = (const Auth__ListAuditEventsResponse *)response;
    page->n_events = list->n_events;
    page->events = audit_view_make(exchange->request->arena, list->events, list->n_events);
    page->next_page_token = list->next_page_token;
    if (page->events == NULL)
        return page_out_of_memory(error);
    admin_name_users(exchange, page->events, page->n_events);
    return true;
}

bool admin_audit_page_show(struct exchange *exchange, struct error *error)
{
    Pages__AdminAuditPage page = PAGES__ADMIN_AUDIT_PAGE__INIT;
    ProtobufCMessage *query = NULL;

    if (!admin_begin(exchange, "audit", "Audit log", &page.frame, error) ||
        !page_read_query(exchange, &pages_admin_audit_query_info, &query, error))
        return false;
    page.query = (Pages__AdminAuditQuery *)query;
    return add_list(exchange, &page, error) &&
           page_answer(exchange, &admin_audit_page, &page.base, NULL, error);
}
