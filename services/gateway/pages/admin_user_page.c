// SPDX-License-Identifier: MIT
// One user, for administrators: the account, what is in it, and what may be done to it.
#include "pages/admin_pages.h"

#include "bourse/auth/v1/auth_methods.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/trading/v1/trading_methods.h"
#include "page_templates.h"
#include "pages/page_portfolios.h"

#include <string.h>

enum { PORTFOLIOS_SHOWN = 500, ORDERS_SHOWN = 8, EVENTS_SHOWN = 8 };

// Which of the forms on the page has failed, and why.
struct failures {
    const struct error *account;
    const struct error *halt;
};

// Trading calls the user by the id alone, and so do the addresses of halts.
static bool find_name(struct exchange *exchange, const char **out_user, struct error *error)
{
    return exchange_variable(exchange, "user", out_user, error) &&
           ((*out_user)[0] != '\0' || exchange_variable(exchange, "user_id", out_user, error));
}

static bool add_user(struct exchange *exchange, Pages__AdminUserPage *page, struct error *error)
{
    Auth__GetUserRequest request = AUTH__GET_USER_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct identity identity;

    if (!find_name(exchange, &request.user, error) ||
        !exchange_identity(exchange, &identity, error) ||
        !page_call(exchange, "auth", &auth_method_get_user, &request.base, &response, error))
        return false;
    page->user = ((Auth__GetUserResponse *)response)->user;
    page->frame->title = page->user->username;
    page->has_is_self = true;
    page->is_self = strcmp(page->user->id, identity.user_id) == 0;
    return true;
}

static bool
add_portfolios(struct exchange *exchange, Pages__AdminUserPage *page, struct error *error)
{
    Portfolio__ListPortfoliosRequest request = PORTFOLIO__LIST_PORTFOLIOS_REQUEST__INIT;
    const Portfolio__ListPortfoliosResponse *list = NULL;
    ProtobufCMessage *response = NULL;

    request.user_id = page->user->id;
    request.has_limit = true;
    request.limit = PORTFOLIOS_SHOWN;
    if (!page_call(exchange, "portfolio", &portfolio_method_list_portfolios, &request.base,
                   &response, error))
        return false;
    list = (const Portfolio__ListPortfoliosResponse *)response;
    page->n_portfolios = list->n_portfolios;
    page->portfolios = list->portfolios;
    return true;
}

static bool add_trading(struct exchange *exchange, Pages__AdminUserPage *page, struct error *error)
{
    Trading__ListOrdersRequest orders_request = TRADING__LIST_ORDERS_REQUEST__INIT;
    Trading__GetUserTradingHaltRequest halt_request = TRADING__GET_USER_TRADING_HALT_REQUEST__INIT;
    Trading__ListOrdersResponse *orders = NULL;
    ProtobufCMessage *halt = NULL;

    orders_request.user_id = page->user->id;
    orders_request.has_status = true;
    orders_request.status = TRADING__ORDER_GROUP__ORDER_GROUP_ALL;
    orders_request.has_limit = true;
    orders_request.limit = ORDERS_SHOWN;
    halt_request.user_id = page->user->id;
    if (!page_list_orders(exchange, &orders_request, &orders, error) ||
        !page_call(exchange, "trading", &trading_method_get_user_trading_halt, &halt_request.base,
                   &halt, error))
        return false;
    page->n_orders = orders->n_orders;
    page->orders = orders->orders;
    page->halt = (Trading__GetUserTradingHaltResponse *)halt;
    page->has_is_user_halted = true;
    for (size_t i = 0; i < page->halt->n_halts; i++)
        if (page->halt->halts[i]->scope == TRADING__HALT_SCOPE__HALT_SCOPE_USER)
            page->is_user_halted = true;
    return true;
}

static bool add_events(struct exchange *exchange, Pages__AdminUserPage *page, struct error *error)
{
    Auth__ListAuditEventsResponse *list = NULL;

    return admin_list_events(exchange, page->user->id, NULL, EVENTS_SHOWN, &list, error) &&
           admin_make_feed(exchange, list->events, list->n_events, &page->audit, error);
}

static bool show(struct exchange *exchange, const struct failures *failures, struct error *error)
{
    Pages__AdminUserPage page = PAGES__ADMIN_USER_PAGE__INIT;
    Pages__AccountForm account = PAGES__ACCOUNT_FORM__INIT;
    Pages__HaltForm halt = PAGES__HALT_FORM__INIT;
    const struct error *failure = failures->account != NULL ? failures->account : failures->halt;

    if (!admin_begin(exchange, "users", "User", &page.frame, error) ||
        !add_user(exchange, &page, error) || !add_portfolios(exchange, &page, error) ||
        !add_trading(exchange, &page, error) || !add_events(exchange, &page, error) ||
        !page_show_form(exchange, &pages_account_form_info, "account", failures->account,
                        &account.base, error) ||
        !page_show_form(exchange, &pages_halt_form_info, "halt", failures->halt, &halt.base, error))
        return false;
    page.account = &account;
    page.halt_form = &halt;
    return page_answer(exchange, &admin_user_page, &page.base, failure, error);
}

bool admin_user_page_show(struct exchange *exchange, struct error *error)
{
    return exchange_refuse_parameters(exchange, "", error) &&
           show(exchange, &(struct failures){.account = NULL}, error);
}

static bool
show_account(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.account = failure}, error);
}

static bool show_halt(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.halt = failure}, error);
}

static bool go_back(struct exchange *exchange, struct error *error)
{
    const char *user = NULL;

    return find_name(exchange, &user, error) &&
           page_redirect(exchange, error, "/admin/users/%s", user);
}

static void say_change(struct exchange *exchange, const Auth__User *user)
{
    if (form_find(exchange->form, "is_active") != NULL)
        page_say(exchange, false,
                 user->is_active ? "%s may log in again."
                                 : "%s is shut out: sessions and API keys "
                                   "are ended.",
                 user->username);
    else
        page_say(exchange, false,
                 user->role == AUTH__ROLE__ROLE_ADMINISTRATOR
                     ? "%s is an administrator. All sessions have ended."
                     : "%s is an ordinary user. All sessions have ended.",
                 user->username);
}

// Another role, or the right to log in taken away or given back.
bool admin_user_change(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "auth", &auth_method_update_user, false, &response, &failure))
        return page_fail(exchange, &failure, show_account, error);
    say_change(exchange, ((const Auth__UpdateUserResponse *)response)->user);
    return go_back(exchange, error);
}

bool admin_user_password_set(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *message = NULL;
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_read_form(exchange, auth_method_update_user.request, false, &message, &failure))
        return page_fail(exchange, &failure, show_account, error);
    if (((const Auth__UpdateUserRequest *)message)->new_password == NULL) {
        error_clear(&failure);
        error_add_violation(&failure, "new_password", "is required");
        return page_fail(exchange, &failure, show_account, error);
    }
    if (!page_call(exchange, "auth", &auth_method_update_user, message, &response, &failure))
        return page_fail(exchange, &failure, show_account, error);
    page_say(exchange, false, "The password was set. All sessions and API keys have ended.");
    return go_back(exchange, error);
}

bool admin_user_delete(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "auth", &auth_method_delete_user, false, &response, &failure))
        return page_fail(exchange, &failure, show_account, error);
    page_say(exchange, false, "The account has ended. Its ledger stays.");
    return page_redirect(exchange, error, "/admin/users");
}

bool admin_user_halt(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "trading", &trading_method_halt_user_trading, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_halt, error);
    page_say(exchange, false, "Trading is halted for this user.");
    return go_back(exchange, error);
}

bool admin_user_resume(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "trading", &trading_method_resume_user_trading, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_halt, error);
    page_say(exchange, false, "This user may trade again.");
    return go_back(exchange, error);
}
