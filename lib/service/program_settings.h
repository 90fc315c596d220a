// SPDX-License-Identifier: MIT
// program_settings: the settings of one program: those every service has, and its own.
//
// Threads: used at start only. Memory: the table owns the names it makes up.
#pragma once

#include "service/service.h"

enum program_purpose {
    PROGRAM_SERVES,   // needs everything
    PROGRAM_COMMAND,  // needs its database only; the rest may be missing
    PROGRAM_MIGRATES, // needs the owner's connection only
    PROGRAM_CHECKS    // needs to know where to ask
};

struct program_settings {
    struct setting *settings;
    size_t count;
    char **peers; // whom it calls: the definition's, and auth for whoever follows its tokens
    size_t peer_count;
    char **address_names; // parallel to `peers`: "<peer>-address"
};

struct program_settings *program_settings_new(const struct service_definition *definition,
                                              enum program_purpose purpose);
void program_settings_free(struct program_settings **table);

// The whole text of --help.
void program_help(const struct service_definition *definition, struct strbuf *out);
