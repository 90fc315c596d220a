// SPDX-License-Identifier: MIT
#include "server/http_policy.h"

// What goes with every answer. Cross-Origin-Resource-Policy does not concern the pages of
// allowed-origins: it is only asked for requests without CORS (images, scripts, frames).
#define EVERYWHERE                                                                                 \
    "X-Content-Type-Options: nosniff\r\n"                                                          \
    "X-Frame-Options: DENY\r\n"                                                                    \
    "Cross-Origin-Opener-Policy: same-origin\r\n"                                                  \
    "Cross-Origin-Resource-Policy: same-origin\r\n"                                                \
    "Permissions-Policy: accelerometer=(), autoplay=(), camera=(), display-capture=(), "           \
    "encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), "           \
    "microphone=(), midi=(), payment=(), picture-in-picture=(), screen-wake-lock=(), "             \
    "sync-xhr=(), usb=(), xr-spatial-tracking=()\r\n"

#define FOR_DATA                                                                                   \
    "Content-Security-Policy: default-src 'none'; base-uri 'none'; object-src 'none'; "            \
    "form-action 'none'; frame-ancestors 'none'\r\n"

#define FOR_PAGES                                                                                  \
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "           \
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; object-src 'none'; "               \
    "form-action 'self'; frame-ancestors 'none'\r\n"

#define NO_REFERRER "Referrer-Policy: no-referrer\r\n"
// Under no-referrer browsers say "Origin: null" of a page's own forms, as of anybody's.
#define OWN_REFERRER "Referrer-Policy: same-origin\r\n"

#define STRICT_TRANSPORT "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"

#define TEXT(string)                                                                               \
    {                                                                                              \
        (string), sizeof(string) - 1                                                               \
    }
#define BOTH(lines)                                                                                \
    {                                                                                              \
        TEXT(EVERYWHERE lines), TEXT(EVERYWHERE lines STRICT_TRANSPORT)                            \
    }

struct text http_policy_headers(enum http_policy policy, bool is_secure)
{
    static const struct text lines[][2] = {
        [HTTP_PRIVATE] = BOTH(NO_REFERRER FOR_DATA "Cache-Control: no-store\r\n"),
        [HTTP_PUBLIC] = BOTH(NO_REFERRER FOR_DATA "Cache-Control: no-cache\r\n"),
        [HTTP_CACHED] = BOTH(NO_REFERRER FOR_DATA "Cache-Control: public, max-age=300\r\n"),
        [HTTP_PAGE] = BOTH(NO_REFERRER FOR_PAGES "Cache-Control: no-cache\r\n"),
        [HTTP_OWN_PAGE] = BOTH(OWN_REFERRER FOR_PAGES "Cache-Control: no-store\r\n"),
        [HTTP_IMMUTABLE] =
            BOTH(NO_REFERRER FOR_DATA "Cache-Control: public, max-age=31536000, immutable\r\n"),
    };

    return lines[policy][is_secure];
}
