// SPDX-License-Identifier: MIT
#include "pages/device_name.h"

#include <string.h>

// All browsers begin with it.
#define BROWSER "Mozilla/"

struct sign {
    const char *token;
    const char *name;
};

// The first one that is in it says which: the later ones are in those of others, too.
static const struct sign browsers[] = {
    {"Edg/", "Edge"},        {"EdgA/", "Edge"},       {"EdgiOS/", "Edge"},
    {"OPR/", "Opera"},       {"Vivaldi/", "Vivaldi"}, {"SamsungBrowser/", "Samsung Internet"},
    {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},   {"CriOS/", "Chrome"},
    {"Chrome/", "Chrome"},   {"Safari/", "Safari"},
};
static const struct sign systems[] = {
    {"iPhone", "an iPhone"}, {"iPad", "an iPad"},  {"Android", "Android"}, {"Windows", "Windows"},
    {"Macintosh", "a Mac"},  {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
};

static const char *find(const struct sign *signs, size_t count, const char *device)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(device, signs[i].token) != NULL)
            return signs[i].name;
    return NULL;
}

const char *device_name_say(struct arena *arena, const char *device)
{
    const char *browser = NULL;
    const char *system = NULL;

    if (device == NULL || strncmp(device, BROWSER, strlen(BROWSER)) != 0)
        return device;
    browser = find(browsers, COUNT_OF(browsers), device);
    system = find(systems, COUNT_OF(systems), device);
    if (browser == NULL)
        return device;
    return system == NULL ? browser : arena_printf(arena, "%s on %s", browser, system);
}
