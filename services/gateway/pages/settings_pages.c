// SPDX-License-Identifier: MIT
// Settings: who one is, the password, the devices one is logged in on, and keys for programs.
#include "pages/pages.h"

#include "bourse/auth/v1/auth_methods.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "page_templates.h"
#include "pages/device_name.h"
#include "pages/page.h"

enum { LIMIT = 100 };

// What a form has brought about: why it has failed, or a key with its secret, which is shown this
// once.
struct outcome {
    const struct error *profile;
    const struct error *password;
    const struct error *api_key;
    Auth__ApiKey *new_key;
};

static bool name_devices(struct exchange *exchange, Pages__SettingsPage *page, struct error *error)
{
    for (size_t i = 0; i < page->n_sessions; i++) {
        Auth__Session *session = page->sessions[i];
        const char *name = device_name_say(exchange->request->arena, session->device);

        if (name == NULL && session->device != NULL)
            return page_out_of_memory(error);
        session->device = name;
    }
    return true;
}

static bool add_lists(struct exchange *exchange, Pages__SettingsPage *page, struct error *error)
{
    Auth__GetUserRequest get = AUTH__GET_USER_REQUEST__INIT;
    Auth__ListSessionsRequest sessions = AUTH__LIST_SESSIONS_REQUEST__INIT;
    Auth__ListApiKeysRequest keys = AUTH__LIST_API_KEYS_REQUEST__INIT;
    ProtobufCMessage *user = NULL;
    ProtobufCMessage *session_list = NULL;
    ProtobufCMessage *key_list = NULL;

    get.user = "me";
    sessions.has_limit = true;
    sessions.limit = LIMIT;
    keys.has_limit = true;
    keys.limit = LIMIT;
    if (!page_call(exchange, "auth", &auth_method_get_user, &get.base, &user, error) ||
        !page_call(exchange, "auth", &auth_method_list_sessions, &sessions.base, &session_list,
                   error) ||
        !page_call(exchange, "auth", &auth_method_list_api_keys, &keys.base, &key_list, error))
        return false;
    page->user = ((Auth__GetUserResponse *)user)->user;
    page->n_sessions = ((Auth__ListSessionsResponse *)session_list)->n_sessions;
    page->sessions = ((Auth__ListSessionsResponse *)session_list)->sessions;
    page->n_api_keys = ((Auth__ListApiKeysResponse *)key_list)->n_api_keys;
    page->api_keys = ((Auth__ListApiKeysResponse *)key_list)->api_keys;
    return name_devices(exchange, page, error);
}

static bool show(struct exchange *exchange, const struct outcome *outcome, struct error *error)
{
    Pages__SettingsPage page = PAGES__SETTINGS_PAGE__INIT;
    Pages__ProfileForm profile = PAGES__PROFILE_FORM__INIT;
    Pages__PasswordForm password = PAGES__PASSWORD_FORM__INIT;
    Pages__ApiKeyForm api_key = PAGES__API_KEY_FORM__INIT;
    const struct error *failure = outcome->profile != NULL    ? outcome->profile
                                  : outcome->password != NULL ? outcome->password
                                                              : outcome->api_key;

    if (!page_begin(exchange, PAGE_FOR_USERS, "settings", "Settings", &page.frame, error) ||
        !add_lists(exchange, &page, error) ||
        !page_show_form(exchange, &pages_profile_form_info, "profile", outcome->profile,
                        &profile.base, error) ||
        !page_show_form(exchange, &pages_password_form_info, "password", outcome->password,
                        &password.base, error) ||
        !page_show_form(exchange, &pages_api_key_form_info, "key", outcome->api_key, &api_key.base,
                        error))
        return false;
    if (outcome->profile == NULL) {
        profile.first_name->value = page.user->first_name;
        profile.last_name->value = page.user->last_name;
        profile.email->value = page.user->email;
    }
    page.profile = &profile;
    page.password = &password;
    page.api_key = &api_key;
    page.new_api_key = outcome->new_key;
    return page_answer(exchange, &settings_page, &page.base, failure, error);
}

bool settings_page_show(struct exchange *exchange, struct error *error)
{
    return exchange_refuse_parameters(exchange, "", error) &&
           show(exchange, &(struct outcome){.profile = NULL}, error);
}

static bool
show_profile(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct outcome){.profile = failure}, error);
}

static bool
show_password(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct outcome){.password = failure}, error);
}

static bool
show_api_key(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct outcome){.api_key = failure}, error);
}

static bool go_back(struct exchange *exchange, struct error *error)
{
    return page_redirect(exchange, error, "/settings");
}

bool settings_profile_change(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "auth", &auth_method_update_profile, true, &response, &failure))
        return page_fail(exchange, &failure, show_profile, error);
    page_say(exchange, false, "Your profile was changed.");
    return go_back(exchange, error);
}

bool settings_password_change(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "auth", &auth_method_change_password, false, &response, &failure))
        return page_fail(exchange, &failure, show_password, error);
    page_say(exchange, false, "Your password was changed. All other devices are logged out.");
    return go_back(exchange, error);
}

bool settings_session_end(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;

    if (!page_submit(exchange, "auth", &auth_method_end_session, false, &response, error))
        return false;
    page_say(exchange, false, "That device is logged out.");
    return go_back(exchange, error);
}

// The answer is the page itself, as the secret is shown once and is in no other answer.
bool settings_api_key_create(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct outcome outcome = {.profile = NULL};
    struct error failure;

    if (!page_submit(exchange, "auth", &auth_method_create_api_key, false, &response, &failure))
        return page_fail(exchange, &failure, show_api_key, error);
    outcome.new_key = ((Auth__CreateApiKeyResponse *)response)->api_key;
    return show(exchange, &outcome, error);
}

bool settings_api_key_delete(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;

    if (!page_submit(exchange, "auth", &auth_method_delete_api_key, false, &response, error))
        return false;
    page_say(exchange, false, "The key was deleted. Programs that use it are refused from now on.");
    return go_back(exchange, error);
}
