// SPDX-License-Identifier: MIT
// settings: every setting is a flag `--some-name VALUE` and an environment variable
// BOURSE_SOME_NAME; the flag wins. A wrong one is refused at start with its name, rule and value.
//
// A secret may be in a file instead, which `--some-name-file` or BOURSE_SOME_NAME_FILE names.
#pragma once

#include "base/error.h"
#include "base/strbuf.h"

enum setting_kind { SETTING_TEXT, SETTING_INT, SETTING_BOOL, SETTING_SECRET };

struct setting {
    const char *name; // "starting-cash"
    enum setting_kind kind;
    const char *fallback; // NULL: must be given
    int64_t min, max;     // of SETTING_INT
    const char *help;     // one sentence, with the unit
};

struct settings;

// Reads flags and environment. What is not a flag stays in `argv` order as operands. The caller
// owns it. Fails with INVALID_SETTING.
MUST_CHECK bool settings_read(const struct setting *settings,
                              size_t count,
                              int argc,
                              char **argv,
                              struct settings **out_settings,
                              struct error *error);
void settings_free(struct settings **settings);

const char *settings_text(const struct settings *settings, const char *name); // "" when empty
int64_t settings_int(const struct settings *settings, const char *name);
bool settings_bool(const struct settings *settings, const char *name);

// What was not a flag: commands and their operands.
size_t settings_operands(const struct settings *settings, char ***out_operands);

// One line a setting, for --help.
void settings_help(const struct setting *settings, size_t count, struct strbuf *out);
