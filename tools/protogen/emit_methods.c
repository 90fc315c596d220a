// SPDX-License-Identifier: MIT
#include "emit.h"

enum { TIMEOUT_MS_DEFAULT = 5000 };

static const char *const access_names[] = {
    [BOURSE__ACCESS__UNDECLARED] = "", // refused by check_method
    [BOURSE__ACCESS__OPEN] = "RPC_ACCESS_OPEN",
    [BOURSE__ACCESS__READ] = "RPC_ACCESS_READ",
    [BOURSE__ACCESS__TRADE] = "RPC_ACCESS_TRADE",
    [BOURSE__ACCESS__ACCOUNT] = "RPC_ACCESS_ACCOUNT",
    [BOURSE__ACCESS__ADMINISTRATOR] = "RPC_ACCESS_ADMINISTRATOR",
    [BOURSE__ACCESS__MESH] = "RPC_ACCESS_MESH",
};

static const char *const lane_names[] = {
    [BOURSE__LANE__NORMAL] = "RPC_LANE_NORMAL",
    [BOURSE__LANE__FAST] = "RPC_LANE_FAST",
    [BOURSE__LANE__SLOW] = "RPC_LANE_SLOW",
};

static void emit_callers(struct strbuf *out, const struct model_method *method)
{
    if (method->rule->n_callers == 0)
        return;
    strbuf_printf(out, "static const char *const %s_callers[] = {", method->symbol);
    for (size_t i = 0; i < method->rule->n_callers; i++)
        strbuf_printf(out, "\"%s\", ", method->rule->callers[i]);
    strbuf_append_string(out, "NULL};\n");
}

static void emit_method(struct strbuf *out, const struct model_method *method)
{
    const Bourse__MethodRule *rule = method->rule;

    emit_callers(out, method);
    strbuf_printf(out,
                  "const struct rpc_method %s = {\n"
                  "    .id = UINT32_C(0x%08x),\n"
                  "    .name = \"%s\",\n"
                  "    .short_name = \"%s\",\n"
                  "    .access = %s,\n"
                  "    .lane = %s,\n"
                  "    .no_side_effects = %s,\n"
                  "    .batch_max = %u,\n"
                  "    .timeout_ms = %u,\n",
                  method->symbol, (unsigned)method->id, method->full_name, method->name,
                  access_names[rule->access], lane_names[rule->lane],
                  method->no_side_effects ? "true" : "false",
                  rule->batch_max > 1 ? (unsigned)rule->batch_max : 1U,
                  rule->timeout_ms > 0 ? (unsigned)rule->timeout_ms : TIMEOUT_MS_DEFAULT);
    if (rule->batches_at_once > 1)
        strbuf_printf(out, "    .batches_at_once = %u,\n", (unsigned)rule->batches_at_once);
    if (rule->owner != NULL)
        strbuf_printf(out, "    .owner = \"%s\",\n", rule->owner);
    if (rule->n_callers > 0)
        strbuf_printf(out, "    .callers = %s_callers,\n", method->symbol);
    strbuf_printf(out, "    .request = &%s,\n    .response = &%s,\n};\n\n", method->request->info,
                  method->response->info);
}

bool emit_methods(struct output *output, const struct model_file *file)
{
    struct strbuf *out = output->text;
    OWNED(strbuf) name = strbuf_new(1024);

    strbuf_printf(name, "%s_methods.h", file->stem);
    emit_banner(out, file);
    strbuf_append_string(out, "#pragma once\n\n#include \"rpc/rpc.h\"\n\n");
    for (size_t i = 0; i < file->service_count; i++)
        for (size_t j = 0; j < file->services[i].method_count; j++)
            strbuf_printf(out, "extern const struct rpc_method %s;\n",
                          file->services[i].methods[j].symbol);
    if (!output_write(output, name->data))
        return false;
    emit_banner(out, file);
    strbuf_printf(out, "#include \"%s\"\n\n#include \"%s_rules.h\"\n\n", name->data, file->stem);
    for (size_t i = 0; i < file->service_count; i++)
        for (size_t j = 0; j < file->services[i].method_count; j++)
            emit_method(out, &file->services[i].methods[j]);
    name->data[name->length - 1] = 'c';
    return output_write(output, name->data);
}
