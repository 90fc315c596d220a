// SPDX-License-Identifier: MIT
#include "emit.h"

static void emit_prototype(struct strbuf *out, const struct model_method *method)
{
    strbuf_printf(out,
                  "bool %s_client_%s(struct rpc_client *client,\n"
                  "    struct call *call,\n"
                  "    const %s *request,\n"
                  "    %s **out_response,\n"
                  "    struct error *error)",
                  method->service->file->service, method->snake, method->request->type,
                  method->response->type);
}

static void emit_function(struct strbuf *out, const struct model_method *method)
{
    emit_prototype(out, method);
    strbuf_printf(out,
                  "\n{\n"
                  "    ProtobufCMessage *response = NULL;\n\n"
                  "    if (!rpc_call(client, &%s, call, &request->base, &response, error))\n"
                  "        return false;\n"
                  "    *out_response = (%s *)response;\n"
                  "    return true;\n"
                  "}\n\n",
                  method->symbol, method->response->type);
}

// The gateway answers these itself; there is nobody to call.
static bool has_server(const struct model_method *method)
{
    return !method->rule->from_gateway;
}

bool emit_client(struct output *output, const struct model_file *file)
{
    struct strbuf *out = output->text;
    OWNED(strbuf) name = strbuf_new(1024);

    strbuf_printf(name, "%s_client.h", file->stem);
    emit_banner(out, file);
    strbuf_printf(out,
                  "// Each makes one call and waits for its outcome, as rpc_call does.\n"
                  "#pragma once\n\n#include \"%s.pb-c.h\"\n#include \"rpc/rpc_client.h\"\n\n",
                  file->stem);
    for (size_t i = 0; i < file->service_count; i++)
        for (size_t j = 0; j < file->services[i].method_count; j++) {
            const struct model_method *method = &file->services[i].methods[j];

            if (!has_server(method))
                continue;
            emit_comment(out, method->doc);
            strbuf_append_string(out, "MUST_CHECK ");
            emit_prototype(out, method);
            strbuf_append_string(out, ";\n\n");
        }
    if (!output_write(output, name->data))
        return false;
    emit_banner(out, file);
    strbuf_printf(out, "#include \"%s\"\n\n#include \"%s_methods.h\"\n\n", name->data, file->stem);
    for (size_t i = 0; i < file->service_count; i++)
        for (size_t j = 0; j < file->services[i].method_count; j++)
            if (has_server(&file->services[i].methods[j]))
                emit_function(out, &file->services[i].methods[j]);
    name->data[name->length - 1] = 'c';
    return output_write(output, name->data);
}
