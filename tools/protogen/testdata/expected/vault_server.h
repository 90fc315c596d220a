// Made by tools/protogen from vault.proto; change that instead.
// The service defines the functions; struct vault is its own.
#pragma once

#include "vault.pb-c.h"
#include "rpc/rpc.h"

struct vault;

// Everybody may look.
MUST_CHECK bool vault_api_list_boxes(struct vault *vault,
    struct call *call,
    const Vault__ListBoxesRequest *request,
    Vault__ListBoxesResponse *response,
    struct error *error);

MUST_CHECK bool vault_api_get_box(struct vault *vault,
    struct call *call,
    const Vault__GetBoxRequest *request,
    Vault__GetBoxResponse *response,
    struct error *error);

// Puts something in.
// Many callers are served at once.
void vault_api_fill_box(struct vault *vault, struct rpc_batch_item *items, size_t count);

MUST_CHECK bool vault_api_burn_box(struct vault *vault,
    struct call *call,
    const Vault__BurnBoxRequest *request,
    Vault__BurnBoxResponse *response,
    struct error *error);

MUST_CHECK bool vault_api_count_boxes(struct vault *vault,
    struct call *call,
    const Vault__CountBoxesRequest *request,
    Vault__CountBoxesResponse *response,
    struct error *error);

extern const struct rpc_handler vault_handlers[];
extern const size_t vault_handler_count;
