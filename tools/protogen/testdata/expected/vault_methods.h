// Made by tools/protogen from vault.proto; change that instead.
#pragma once

#include "rpc/rpc.h"

extern const struct rpc_method vault_method_list_boxes;
extern const struct rpc_method vault_method_get_box;
extern const struct rpc_method vault_method_fill_box;
extern const struct rpc_method vault_method_burn_box;
extern const struct rpc_method vault_method_import_boxes;
extern const struct rpc_method vault_method_count_boxes;
