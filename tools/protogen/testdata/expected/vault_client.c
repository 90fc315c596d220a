// Made by tools/protogen from vault.proto; change that instead.
#include "vault_client.h"

#include "vault_methods.h"

bool vault_client_list_boxes(struct rpc_client *client,
    struct call *call,
    const Vault__ListBoxesRequest *request,
    Vault__ListBoxesResponse **out_response,
    struct error *error)
{
    ProtobufCMessage *response = NULL;

    if (!rpc_call(client, &vault_method_list_boxes, call, &request->base, &response, error))
        return false;
    *out_response = (Vault__ListBoxesResponse *)response;
    return true;
}

bool vault_client_get_box(struct rpc_client *client,
    struct call *call,
    const Vault__GetBoxRequest *request,
    Vault__GetBoxResponse **out_response,
    struct error *error)
{
    ProtobufCMessage *response = NULL;

    if (!rpc_call(client, &vault_method_get_box, call, &request->base, &response, error))
        return false;
    *out_response = (Vault__GetBoxResponse *)response;
    return true;
}

bool vault_client_fill_box(struct rpc_client *client,
    struct call *call,
    const Vault__FillBoxRequest *request,
    Vault__FillBoxResponse **out_response,
    struct error *error)
{
    ProtobufCMessage *response = NULL;

    if (!rpc_call(client, &vault_method_fill_box, call, &request->base, &response, error))
        return false;
    *out_response = (Vault__FillBoxResponse *)response;
    return true;
}

bool vault_client_burn_box(struct rpc_client *client,
    struct call *call,
    const Vault__BurnBoxRequest *request,
    Vault__BurnBoxResponse **out_response,
    struct error *error)
{
    ProtobufCMessage *response = NULL;

    if (!rpc_call(client, &vault_method_burn_box, call, &request->base, &response, error))
        return false;
    *out_response = (Vault__BurnBoxResponse *)response;
    return true;
}

bool vault_client_count_boxes(struct rpc_client *client,
    struct call *call,
    const Vault__CountBoxesRequest *request,
    Vault__CountBoxesResponse **out_response,
    struct error *error)
{
    ProtobufCMessage *response = NULL;

    if (!rpc_call(client, &vault_method_count_boxes, call, &request->base, &response, error))
        return false;
    *out_response = (Vault__CountBoxesResponse *)response;
    return true;
}

