// SPDX-License-Identifier: MIT
#include "emit.h"

enum { STATUS_DEFAULT = 200 };

static void emit_route(struct strbuf *out, const struct model_binding *binding)
{
    const struct model_method *method = binding->method;
    const Bourse__MethodRule *rule = method->rule;

    strbuf_printf(out,
                  "    {.http_method = \"%s\",\n"
                  "     .path = \"%s\",\n"
                  "     .service = \"%s\",\n"
                  "     .method = &%s,\n"
                  "     .has_body = %s,\n",
                  binding->verb, binding->path, method->service->file->service, method->symbol,
                  binding->has_body ? "true" : "false");
    if (binding->response_body != NULL)
        strbuf_printf(out, "     .response_body = \"%s\",\n", binding->response_body);
    if (rule->has_invalid_status)
        strbuf_printf(out, "     .invalid_status = %u,\n", (unsigned)rule->invalid_status);
    strbuf_printf(out, "     .success_status = %u,\n     .from_gateway = %s},\n",
                  rule->success_status > 0 ? (unsigned)rule->success_status : STATUS_DEFAULT,
                  rule->from_gateway ? "true" : "false");
}

bool emit_routes(struct output *output, const struct model *model)
{
    struct strbuf *out = output->text;

    strbuf_append_string(
        out, "// Made by tools/protogen from the google.api.http options in proto/; change those "
             "instead.\n#include \"rest/route.h\"\n\n");
    for (size_t i = 0; i < model->file_count; i++)
        strbuf_printf(out, "#include \"%s_methods.h\"\n", model->files[i].stem);
    strbuf_append_string(out, "\nconst struct route gateway_routes[] = {\n");
    for (size_t i = 0; i < model->binding_count; i++)
        emit_route(out, model->bindings[i]);
    strbuf_append_string(out, "};\nconst size_t gateway_route_count = COUNT_OF(gateway_routes);\n");
    return output_write(output, "gateway_routes.c");
}
