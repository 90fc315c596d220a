// SPDX-License-Identifier: MIT
#include "base/error_details.h"

#include <stdio.h>
#include <string.h>

static bool has_violations(const struct error *error)
{
    return error_is(error, REASON_INVALID_REQUEST);
}

void error_details_print(const struct error *error, struct strbuf *out)
{
    enum error_detail_kind kind = has_violations(error) ? ERROR_VIOLATION : ERROR_NUMBER;

    for (size_t i = 0; i < error->detail_count; i++)
        if (error->details[i].kind == kind)
            strbuf_printf(out, "%s=%s\n", error->details[i].name, error->details[i].value);
}

void error_details_add(struct error *error, const char *lines)
{
    const char *line = lines == NULL ? "" : lines;

    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        size_t name_length = strcspn(line, "=");

        if (name_length < length) {
            char name[ERROR_NAME_SIZE];
            const char *value = line + name_length + 1;
            int value_length = (int)(length - name_length - 1);

            snprintf(name, sizeof name, "%.*s", (int)name_length, line);
            if (has_violations(error))
                error_add_violation(error, name, "%.*s", value_length, value);
            else
                error_add_number(error, name, "%.*s", value_length, value);
        }
        line += length + (line[length] == '\n' ? 1 : 0);
    }
}
