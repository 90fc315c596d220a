// Made by tools/protogen from vault.proto; change that instead.
#include "vault_server.h"

#include "vault_methods.h"

static bool serve_list_boxes(void *service,
    struct call *call,
    const ProtobufCMessage *request,
    ProtobufCMessage *response,
    struct error *error)
{
    return vault_api_list_boxes(service,
        call,
        (const Vault__ListBoxesRequest *)request,
        (Vault__ListBoxesResponse *)response,
        error);
}

static bool serve_get_box(void *service,
    struct call *call,
    const ProtobufCMessage *request,
    ProtobufCMessage *response,
    struct error *error)
{
    return vault_api_get_box(service,
        call,
        (const Vault__GetBoxRequest *)request,
        (Vault__GetBoxResponse *)response,
        error);
}

static void serve_fill_box(void *service, struct rpc_batch_item *items, size_t count)
{
    vault_api_fill_box(service, items, count);
}

static bool serve_burn_box(void *service,
    struct call *call,
    const ProtobufCMessage *request,
    ProtobufCMessage *response,
    struct error *error)
{
    return vault_api_burn_box(service,
        call,
        (const Vault__BurnBoxRequest *)request,
        (Vault__BurnBoxResponse *)response,
        error);
}

static bool serve_count_boxes(void *service,
    struct call *call,
    const ProtobufCMessage *request,
    ProtobufCMessage *response,
    struct error *error)
{
    return vault_api_count_boxes(service,
        call,
        (const Vault__CountBoxesRequest *)request,
        (Vault__CountBoxesResponse *)response,
        error);
}

const struct rpc_handler vault_handlers[] = {
    {.method = &vault_method_list_boxes, .single = serve_list_boxes},
    {.method = &vault_method_get_box, .single = serve_get_box},
    {.method = &vault_method_fill_box, .batch = serve_fill_box},
    {.method = &vault_method_burn_box, .single = serve_burn_box},
    {.method = &vault_method_count_boxes, .single = serve_count_boxes},
};
const size_t vault_handler_count = COUNT_OF(vault_handlers);
