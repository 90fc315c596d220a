// SPDX-License-Identifier: MIT
// All users, for administrators: looking for one, and making one.
#include "pages/admin_pages.h"

#include "bourse/auth/v1/auth_methods.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "page_templates.h"

enum { USERS_SHOWN = 50 };

static bool add_list(struct exchange *exchange, Pages__AdminUsersPage *page, struct error *error)
{
    Auth__ListUsersRequest request = AUTH__LIST_USERS_REQUEST__INIT;
    const Pages__AdminUsersQuery *query = page->query;
    ProtobufCMessage *response = NULL;

    request.q = query->q;
    request.has_role = query->has_role;
    request.role = query->role;
    request.has_is_active = query->has_is_active;
    request.is_active = query->is_active;
    request.page_token = query->page_token;
    request.has_limit = true;
    request.limit = USERS_SHOWN;
    if (!page_call(exchange, "auth", &auth_method_list_users, &request.base, &response, error))
        return false;
    page->list = (Auth__ListUsersResponse *)response;
    return true;
}

static bool show(struct exchange *exchange, const struct error *failure, struct error *error)
{
    Pages__AdminUsersPage page = PAGES__ADMIN_USERS_PAGE__INIT;
    Pages__UserForm form = PAGES__USER_FORM__INIT;
    ProtobufCMessage *query = NULL;

    if (!admin_begin(exchange, "users", "Users", &page.frame, error) ||
        !page_read_query(exchange, &pages_admin_users_query_info, &query, error))
        return false;
    page.query = (Pages__AdminUsersQuery *)query;
    page.form = &form;
    return add_list(exchange, &page, error) &&
           page_show_form(exchange, &pages_user_form_info, "new", failure, &form.base, error) &&
           page_answer(exchange, &admin_users_page, &page.base, failure, error);
}

bool admin_users_page_show(struct exchange *exchange, struct error *error)
{
    return show(exchange, NULL, error);
}

// Anybody may register, and so the operation would not refuse who may not see the page.
bool admin_user_create(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const Auth__User *user = NULL;
    struct error failure;

    if (!exchange_allows(exchange, &auth_method_list_users, error))
        return false;
    if (!page_submit(exchange, "auth", &auth_method_register, false, &response, &failure))
        return page_fail(exchange, &failure, show, error);
    user = ((const Auth__RegisterResponse *)response)->user;
    page_say(exchange, false, "%s is there. Nobody can log in as %s until you set a password.",
             user->username, user->username);
    return page_redirect(exchange, error, "/admin/users/%s", user->id);
}
