// SPDX-License-Identifier: MIT
#include "password_easy.h"

#include <string.h>
#include <strings.h>

enum { DIGITS_MAX = 12 }; // so few digits alone are a number somebody counts through

// Without the digits at their end.
static const char *const stems[] = {
    "1q2w3e4r",   "1q2w3e4r5t",    "1qaz2wsx",  "a1b2c3d",    "aa",          "abc",
    "abcd",       "abcdef",        "abcdefg",   "abcdefgh",   "abcdefghi",   "access",
    "admin",      "administrator", "alexander", "amanda",     "andrea",      "andrew",
    "anthony",    "arsenal",       "asdf",      "asdfasdf",   "asdfgh",      "asdfghjk",
    "asdfghjkl",  "ashley",        "babygirl",  "bailey",     "barcelona",   "baseball",
    "basketball", "batman",        "benjamin",  "biteme",     "blink",       "bourse",
    "broker",     "brandon",       "bubbles",   "butterfly",  "buster",      "changeme",
    "changeit",   "charlie",       "cheese",    "chelsea",    "chocolate",   "computer",
    "cookie",     "corvette",      "daniel",    "default",    "diamond",     "dragon",
    "einstein",   "elizabeth",     "exchange",  "facebook",   "fender",      "football",
    "forever",    "freedom",       "fuckyou",   "george",     "ginger",      "google",
    "guest",      "hannah",        "harley",    "hello",      "hunter",      "iloveyou",
    "internet",   "invest",        "investing", "investment", "investor",    "jennifer",
    "jessica",    "jonathan",      "jordan",    "joshua",     "justin",      "killer",
    "letmein",    "liverpool",     "login",     "london",     "love",        "lovely",
    "loveme",     "maggie",        "market",    "markets",    "master",      "matrix",
    "matthew",    "maverick",      "mercedes",  "michael",    "michelle",    "midnight",
    "money",      "monkey",        "mustang",   "myspace",    "nicholas",    "nicole",
    "nothing",    "p@ssw0rd",      "p@ssword",  "pass",       "passw0rd",    "password",
    "passwort",   "patrick",       "pepper",    "phoenix",    "pokemon",     "portfolio",
    "princess",   "private",       "purple",    "q1w2e3r",    "qazwsx",      "qazwsxedc",
    "qwe",        "qweasd",        "qweasdzxc", "qwer",       "qwert",       "qwerty",
    "qwertyui",   "qwertyuiop",    "qwertz",    "rangers",    "richard",     "robert",
    "root",       "samantha",      "samsung",   "scooter",    "secret",      "security",
    "server",     "shadow",        "shares",    "snoopy",     "soccer",      "spiderman",
    "starwars",   "steelers",      "stock",     "stockflow",  "stockmarket", "stocks",
    "summer",     "sunshine",      "superman",  "superstar",  "system",      "taylor",
    "test",       "testing",       "testtest",  "thomas",     "thunder",     "tigger",
    "trade",      "trader",        "trades",    "trading",    "trustno",     "user",
    "victoria",   "wallstreet",    "welcome",   "whatever",   "william",     "winter",
    "yankees",    "zaq12wsx",      "zxcvbn",    "zxcvbnm",    "zxcvbnm,./",
};

static bool is_one_character(const char *password)
{
    return password[strspn(password, (char[]){password[0], '\0'})] == '\0';
}

bool password_is_easy(const char *password)
{
    size_t length = strlen(password);
    size_t stem = length;

    while (stem > 0 && password[stem - 1] >= '0' && password[stem - 1] <= '9')
        stem--;
    if (is_one_character(password) || (stem == 0 && length <= DIGITS_MAX))
        return true;
    for (size_t i = 0; i < COUNT_OF(stems); i++)
        if (strlen(stems[i]) == stem && strncasecmp(stems[i], password, stem) == 0)
            return true;
    return false;
}
