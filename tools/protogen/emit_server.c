// SPDX-License-Identifier: MIT
#include "emit.h"

static bool is_batch(const struct model_method *method)
{
    return method->rule->batch_max > 1;
}

// What the service has to define; a missing one is a link error.
static void emit_declaration(struct strbuf *out, const struct model_method *method)
{
    const char *service = method->service->file->service;

    emit_comment(out, method->doc);
    if (is_batch(method))
        strbuf_printf(
            out, "void %s_api_%s(struct %s *%s, struct rpc_batch_item *items, size_t count);\n\n",
            service, method->snake, service, service);
    else
        strbuf_printf(out,
                      "MUST_CHECK bool %s_api_%s(struct %s *%s,\n"
                      "    struct call *call,\n"
                      "    const %s *request,\n"
                      "    %s *response,\n"
                      "    struct error *error);\n\n",
                      service, method->snake, service, service, method->request->type,
                      method->response->type);
}

// The function without types that the RPC server calls.
static void emit_shim(struct strbuf *out, const struct model_method *method)
{
    const char *service = method->service->file->service;

    if (is_batch(method))
        strbuf_printf(out,
                      "static void serve_%s(void *service, struct rpc_batch_item *items, size_t "
                      "count)\n{\n    %s_api_%s(service, items, count);\n}\n\n",
                      method->snake, service, method->snake);
    else
        strbuf_printf(out,
                      "static bool serve_%s(void *service,\n"
                      "    struct call *call,\n"
                      "    const ProtobufCMessage *request,\n"
                      "    ProtobufCMessage *response,\n"
                      "    struct error *error)\n{\n"
                      "    return %s_api_%s(service,\n"
                      "        call,\n"
                      "        (const %s *)request,\n"
                      "        (%s *)response,\n"
                      "        error);\n}\n\n",
                      method->snake, service, method->snake, method->request->type,
                      method->response->type);
}

// Calls `emit` for each method that the service itself answers.
static void each_method(struct strbuf *out,
                        const struct model_file *file,
                        void (*emit)(struct strbuf *out, const struct model_method *method))
{
    for (size_t i = 0; i < file->service_count; i++)
        for (size_t j = 0; j < file->services[i].method_count; j++)
            if (!file->services[i].methods[j].rule->from_gateway)
                emit(out, &file->services[i].methods[j]);
}

static void emit_entry(struct strbuf *out, const struct model_method *method)
{
    strbuf_printf(out, "    {.method = &%s, .%s = serve_%s},\n", method->symbol,
                  is_batch(method) ? "batch" : "single", method->snake);
}

bool emit_server(struct output *output, const struct model_file *file)
{
    struct strbuf *out = output->text;
    OWNED(strbuf) name = strbuf_new(1024);

    strbuf_printf(name, "%s_server.h", file->stem);
    emit_banner(out, file);
    strbuf_printf(
        out,
        "// The service defines the functions; struct %s is its own.\n"
        "#pragma once\n\n#include \"%s.pb-c.h\"\n#include \"rpc/rpc.h\"\n\nstruct %s;\n\n",
        file->service, file->stem, file->service);
    each_method(out, file, emit_declaration);
    strbuf_printf(out,
                  "extern const struct rpc_handler %s_handlers[];\n"
                  "extern const size_t %s_handler_count;\n",
                  file->service, file->service);
    if (!output_write(output, name->data))
        return false;
    emit_banner(out, file);
    strbuf_printf(out, "#include \"%s\"\n\n#include \"%s_methods.h\"\n\n", name->data, file->stem);
    each_method(out, file, emit_shim);
    strbuf_printf(out, "const struct rpc_handler %s_handlers[] = {\n", file->service);
    each_method(out, file, emit_entry);
    strbuf_printf(out, "};\nconst size_t %s_handler_count = COUNT_OF(%s_handlers);\n",
                  file->service, file->service);
    name->data[name->length - 1] = 'c';
    return output_write(output, name->data);
}
