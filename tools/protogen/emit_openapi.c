// SPDX-License-Identifier: MIT
#include "emit.h"

bool emit_openapi(struct output *output, const struct model *model)
{
    (void)model;
    strbuf_append_string(output->text, "{}\n");
    return output_write(output, "openapi.json");
}
