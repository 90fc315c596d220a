// SPDX-License-Identifier: MIT
// Logging in and out, and registering. Who does these has no session whose token a form could
// carry: what protects them is that the browser must not say that another site sent them.
#include "pages/pages.h"

#include "bourse/auth/v1/auth.pb-c.h"
#include "bourse/auth/v1/auth_methods.h"
#include "bourse/auth/v1/auth_rules.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "operations/session_api.h"
#include "page_templates.h"
#include "pages/page.h"
#include "rest/csrf.h"

#include <string.h>

enum { CHOICE_SECONDS = 400 * 24 * 60 * 60 };

#define AFTER_LOGIN "/dashboard"

static bool is_own_form(const struct exchange *exchange, struct error *error)
{
    return csrf_is_same_site(exchange->request) ||
           error_set(error, REASON_CSRF_REJECTED, "The request comes from another site.");
}

static bool show_login(struct exchange *exchange, const struct error *failure, struct error *error)
{
    Pages__LoginPage page = PAGES__LOGIN_PAGE__INIT;
    Pages__LoginForm form = PAGES__LOGIN_FORM__INIT;
    const char *next = NULL;
    const struct form_view view = {&pages_login_form_info, "login", exchange->form, failure};

    if (!page_begin(exchange, PAGE_FOR_ALL, "login", "Log in", &page.frame, error) ||
        !form_show(&view, exchange->request->arena, &form.base, error))
        return false;
    if (exchange->form != NULL)
        next = form_find(exchange->form, FORM_NEXT);
    else if (!exchange_parameter(exchange, "next", &next, error))
        return false;
    // Who is logged in has nothing to do here, unless a page has just said that the session has
    // ended.
    if (exchange->form == NULL && page.frame->username != NULL && page.frame->flash == NULL)
        return page_redirect(exchange, error, "%s", page_next(exchange, next, AFTER_LOGIN));
    page.form = &form;
    page.next = page_next(exchange, next, NULL);
    return page_answer(exchange, &login_page, &page.base, failure, error);
}

bool login_page_show(struct exchange *exchange, struct error *error)
{
    return exchange_refuse_parameters(exchange, "next", error) && show_login(exchange, NULL, error);
}

// Starts a session in a cookie.
static bool log_in(struct exchange *exchange, Auth__LoginRequest *request, struct error *error)
{
    ProtobufCMessage *response = NULL;

    request->device = session_device(exchange->request);
    request->has_cookie = true;
    request->cookie = true;
    return page_call(exchange, "auth", &auth_method_login, &request->base, &response, error) &&
           session_keep_in_cookie(exchange, (Auth__LoginResponse *)response, error);
}

bool login_page_submit(struct exchange *exchange, struct error *error)
{
    const char *next = form_find(exchange->form, FORM_NEXT);
    ProtobufCMessage *request = NULL;
    struct error failure;

    if (!is_own_form(exchange, error))
        return false;
    if (page_read_form(exchange, &auth_login_request_info, false, &request, &failure) &&
        log_in(exchange, (Auth__LoginRequest *)request, &failure))
        return page_redirect(exchange, error, "%s", page_next(exchange, next, AFTER_LOGIN));
    return page_fail(exchange, &failure, show_login, error);
}

bool logout_page_submit(struct exchange *exchange, struct error *error)
{
    Auth__LogoutRequest request = AUTH__LOGOUT_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    if (!page_call(exchange, "auth", &auth_method_logout, &request.base, &response, error))
        return false;
    session_clear_cookie(exchange);
    page_say(exchange, false, "You are logged out.");
    return page_redirect(exchange, error, "/login");
}

static bool
show_registration(struct exchange *exchange, const struct error *failure, struct error *error)
{
    Pages__RegisterPage page = PAGES__REGISTER_PAGE__INIT;
    Pages__RegisterForm form = PAGES__REGISTER_FORM__INIT;
    const struct form_view view = {&pages_register_form_info, "register", exchange->form, failure};

    if (!page_begin(exchange, PAGE_FOR_ALL, "register", "Sign up", &page.frame, error) ||
        !form_show(&view, exchange->request->arena, &form.base, error))
        return false;
    page.form = &form;
    return page_answer(exchange, &register_page, &page.base, failure, error);
}

bool register_page_show(struct exchange *exchange, struct error *error)
{
    return exchange_refuse_parameters(exchange, "", error) &&
           show_registration(exchange, NULL, error);
}

// Makes the account and logs in to it.
static bool register_user(struct exchange *exchange, const char **out_name, struct error *error)
{
    Auth__LoginRequest login = AUTH__LOGIN_REQUEST__INIT;
    const Auth__RegisterRequest *request = NULL;
    ProtobufCMessage *message = NULL;
    ProtobufCMessage *response = NULL;

    if (!page_read_form(exchange, &auth_register_request_info, false, &message, error))
        return false;
    request = (const Auth__RegisterRequest *)message;
    if (request->password == NULL) {
        error_clear(error);
        error_add_violation(error, "password", "is required");
        return false;
    }
    if (!page_call(exchange, "auth", &auth_method_register, message, &response, error))
        return false;
    login.username = request->username;
    login.password = request->password;
    *out_name = request->username;
    return log_in(exchange, &login, error);
}

bool register_page_submit(struct exchange *exchange, struct error *error)
{
    const char *name = NULL;
    struct error failure;

    if (!is_own_form(exchange, error))
        return false;
    if (register_user(exchange, &name, &failure)) {
        page_say(exchange, false, "Welcome, %s. Your account is open.", name);
        return page_redirect(exchange, error, AFTER_LOGIN);
    }
    return page_fail(exchange, &failure, show_registration, error);
}

// Has the browser keep what they like, or with NULL forget it; and goes back to the page.
static bool
keep_choice(struct exchange *exchange, const char *name, const char *value, struct error *error)
{
    const char *next = page_next(exchange, form_find(exchange->form, FORM_NEXT), "/");
    const char *line = NULL;

    if (!is_own_form(exchange, error))
        return false;
    line = arena_printf(exchange->request->arena,
                        "%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s", name,
                        value == NULL ? "" : value, value == NULL ? 0 : CHOICE_SECONDS,
                        exchange->request->is_secure ? "; Secure" : "");
    if (line == NULL)
        return page_out_of_memory(error);
    http_response_header(exchange->response, "Set-Cookie", line);
    return page_redirect(exchange, error, "%s", next);
}

// Light, dark, or as the browser likes it; kept by the browser, for who has no account too.
bool theme_page_submit(struct exchange *exchange, struct error *error)
{
    const char *theme = form_find(exchange->form, "theme");
    bool is_chosen = theme != NULL && (strcmp(theme, "light") == 0 || strcmp(theme, "dark") == 0);

    return keep_choice(exchange, THEME_COOKIE, is_chosen ? theme : NULL, error);
}

// Whether orders are looked at once more before they are placed; kept in the same way.
bool review_page_submit(struct exchange *exchange, struct error *error)
{
    const char *review = form_find(exchange->form, "review");
    bool is_off = review != NULL && strcmp(review, "off") == 0;

    return keep_choice(exchange, REVIEW_COOKIE, is_off ? review : NULL, error);
}
