// SPDX-License-Identifier: MIT
#include "accounts/user.h"

#include "base/utf8.h"
#include "passwords/password_easy.h"

#include <assert.h>
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

void username_skeleton(const char *username, char out_skeleton[USERNAME_SKELETON_SIZE])
{
    size_t length = 0;

    assert(strlen(username) <= USERNAME_MAX);
    for (; *username != '\0'; username++) {
        char c = *username;

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c == 'm' || c == 'w') {
            // Taken apart, and not rn put together: of vvv nobody can say which two are the w.
            out_skeleton[length++] = c == 'm' ? 'r' : 'v';
            out_skeleton[length++] = c == 'm' ? 'n' : 'v';
        } else if (c == '0')
            out_skeleton[length++] = 'o';
        else if (c == '1' || c == 'i')
            out_skeleton[length++] = 'l';
        else if (c == '.' || c == '_')
            out_skeleton[length++] = '-';
        else
            out_skeleton[length++] = c;
    }
    out_skeleton[length] = '\0';
}

static bool is_made_of_own_name(const struct password_choice *choice)
{
    struct text local = {choice->email, choice->email == NULL ? 0 : strcspn(choice->email, "@")};

    return password_has_word(choice->password, text_of(choice->username)) ||
           password_has_word(choice->password, local);
}

static const char *password_problem(const struct password_choice *choice)
{
    const char *password = choice->password;
    size_t length = strlen(password);
    size_t count = 0;

    if (!utf8_is_valid(password, length))
        return "must be text in UTF-8";
    count = utf8_count(password, length);
    if (count < PASSWORD_MIN || count > PASSWORD_MAX)
        return "must be 8 to 128 characters long";
    if (strcasecmp(password, choice->username) == 0 ||
        (choice->email != NULL && strcasecmp(password, choice->email) == 0))
        return "must not be the username or the e-mail address";
    if (!choice->by_administrator && password_is_easy(password))
        return "is one of those that are tried first";
    if (!choice->by_administrator && is_made_of_own_name(choice))
        return "must not be made of the username or the e-mail address";
    return NULL;
}

bool user_check_password(const struct password_choice *choice, struct error *error)
{
    const char *problem = password_problem(choice);

    if (problem != NULL)
        error_add_violation(error, choice->field, "%s", problem);
    return problem == NULL;
}

bool user_check_email(const char *email, struct error *error)
{
    size_t plain = 0;

    while (email[plain] > ' ' && email[plain] <= '~')
        plain++;
    if (strlen(email) > EMAIL_MAX)
        error_add_violation(error, "email", "must be at most %d bytes long", EMAIL_MAX);
    else if (email[plain] != '\0')
        error_add_violation(error, "email",
                            "must be of ASCII; a domain of other letters has such a form, "
                            "beginning with xn--");
    else
        return true;
    return false;
}

bool registration_check(const struct registration *registration, struct error *error)
{
    struct password_choice choice = {
        .field = "password",
        .password = registration->password,
        .username = registration->username,
        .email = registration->email,
        .by_administrator = registration->by_administrator,
    };

    error_clear(error);
    if (!username_is_valid(registration->username))
        error_add_violation(error, "username",
                            "must be %d to %d letters, digits, dots, underscores or hyphens, "
                            "beginning with a letter",
                            USERNAME_MIN, USERNAME_MAX);
    if (registration->email == NULL && !registration->by_administrator &&
        !registration->without_email)
        error_add_violation(error, "email", "is required");
    if (registration->email != NULL)
        (void)!user_check_email(registration->email, error);
    if (registration->password != NULL)
        (void)!user_check_password(&choice, error);
    else if (!registration->by_administrator)
        error_add_violation(error, "password", "is required");
    return error->code == CODE_OK;
}
