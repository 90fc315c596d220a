// SPDX-License-Identifier: MIT
#include "user.h"

#include "base/utf8.h"
#include "password_easy.h"

#include <string.h>
#include <strings.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool username_is_valid(const char *username)
{
    size_t length = strlen(username);

    if (length < USERNAME_MIN || length > USERNAME_MAX || !is_letter(username[0]))
        return false;
    for (size_t i = 1; i < length; i++)
        if (!is_letter(username[i]) && strchr("0123456789._-", username[i]) == NULL)
            return false;
    return true;
}

bool login_is_email(const char *login)
{
    return strchr(login, '@') != NULL;
}

static void check_password(const struct registration *registration, struct error *error)
{
    const char *password = registration->password;
    size_t length = strlen(password);
    size_t count = 0;

    if (!utf8_is_valid(password, length)) {
        error_add_violation(error, "password", "must be text in UTF-8");
        return;
    }
    count = utf8_count(password, length);
    if (count < PASSWORD_MIN || count > PASSWORD_MAX)
        error_add_violation(error, "password", "must be %d to %d characters long", PASSWORD_MIN,
                            PASSWORD_MAX);
    else if (strcasecmp(password, registration->username) == 0 ||
             (registration->email != NULL && strcasecmp(password, registration->email) == 0))
        error_add_violation(error, "password", "must not be the username or the e-mail address");
    else if (!registration->by_administrator && password_is_easy(password))
        error_add_violation(error, "password", "is one of those that are tried first");
}

bool registration_check(const struct registration *registration, struct error *error)
{
    error_clear(error);
    if (!username_is_valid(registration->username))
        error_add_violation(error, "username",
                            "must be %d to %d letters, digits, dots, underscores or hyphens, "
                            "beginning with a letter",
                            USERNAME_MIN, USERNAME_MAX);
    if (registration->email == NULL && !registration->by_administrator &&
        !registration->without_email)
        error_add_violation(error, "email", "is required");
    if (registration->email != NULL && strlen(registration->email) > EMAIL_MAX)
        error_add_violation(error, "email", "must be at most %d bytes long", EMAIL_MAX);
    if (registration->password != NULL)
        check_password(registration, error);
    else if (!registration->by_administrator)
        error_add_violation(error, "password", "is required");
    return error->code == CODE_OK;
}
