// Made by tools/protogen from vault.proto; change that instead.
// Each makes one call and waits for its outcome, as rpc_call does.
#pragma once

#include "vault.pb-c.h"
#include "rpc/rpc_client.h"

// Everybody may look.
MUST_CHECK bool vault_client_list_boxes(struct rpc_client *client,
    struct call *call,
    const Vault__ListBoxesRequest *request,
    Vault__ListBoxesResponse **out_response,
    struct error *error);

MUST_CHECK bool vault_client_get_box(struct rpc_client *client,
    struct call *call,
    const Vault__GetBoxRequest *request,
    Vault__GetBoxResponse **out_response,
    struct error *error);

// Puts something in.
// Many callers are served at once.
MUST_CHECK bool vault_client_fill_box(struct rpc_client *client,
    struct call *call,
    const Vault__FillBoxRequest *request,
    Vault__FillBoxResponse **out_response,
    struct error *error);

MUST_CHECK bool vault_client_burn_box(struct rpc_client *client,
    struct call *call,
    const Vault__BurnBoxRequest *request,
    Vault__BurnBoxResponse **out_response,
    struct error *error);

MUST_CHECK bool vault_client_count_boxes(struct rpc_client *client,
    struct call *call,
    const Vault__CountBoxesRequest *request,
    Vault__CountBoxesResponse **out_response,
    struct error *error);

