// Made by tools/protogen from vault.proto; change that instead.
#include "vault_methods.h"

#include "vault_rules.h"

const struct rpc_method vault_method_list_boxes = {
    .id = UINT32_C(0xaef76449),
    .name = "bourse.vault.v1.VaultService/ListBoxes",
    .short_name = "ListBoxes",
    .access = RPC_ACCESS_OPEN,
    .lane = RPC_LANE_FAST,
    .no_side_effects = true,
    .batch_max = 1,
    .timeout_ms = 5000,
    .request = &vault_list_boxes_request_info,
    .response = &vault_list_boxes_response_info,
};

const struct rpc_method vault_method_get_box = {
    .id = UINT32_C(0x8d53a429),
    .name = "bourse.vault.v1.VaultService/GetBox",
    .short_name = "GetBox",
    .access = RPC_ACCESS_READ,
    .lane = RPC_LANE_NORMAL,
    .no_side_effects = true,
    .batch_max = 1,
    .timeout_ms = 5000,
    .owner = "box_id",
    .request = &vault_get_box_request_info,
    .response = &vault_get_box_response_info,
};

const struct rpc_method vault_method_fill_box = {
    .id = UINT32_C(0x23771cba),
    .name = "bourse.vault.v1.VaultService/FillBox",
    .short_name = "FillBox",
    .access = RPC_ACCESS_TRADE,
    .lane = RPC_LANE_NORMAL,
    .no_side_effects = false,
    .batch_max = 64,
    .timeout_ms = 5000,
    .owner = "box_id",
    .request = &vault_fill_box_request_info,
    .response = &vault_fill_box_response_info,
};

const struct rpc_method vault_method_burn_box = {
    .id = UINT32_C(0x3a67472e),
    .name = "bourse.vault.v1.VaultService/BurnBox",
    .short_name = "BurnBox",
    .access = RPC_ACCESS_ADMINISTRATOR,
    .lane = RPC_LANE_SLOW,
    .no_side_effects = false,
    .batch_max = 1,
    .timeout_ms = 60000,
    .request = &vault_burn_box_request_info,
    .response = &vault_burn_box_response_info,
};

const struct rpc_method vault_method_import_boxes = {
    .id = UINT32_C(0x3e6efc7e),
    .name = "bourse.vault.v1.VaultService/ImportBoxes",
    .short_name = "ImportBoxes",
    .access = RPC_ACCESS_ADMINISTRATOR,
    .lane = RPC_LANE_NORMAL,
    .no_side_effects = false,
    .batch_max = 1,
    .timeout_ms = 5000,
    .request = &vault_import_boxes_request_info,
    .response = &vault_import_boxes_response_info,
};

static const char *const vault_method_count_boxes_callers[] = {"gateway", "trading", NULL};
const struct rpc_method vault_method_count_boxes = {
    .id = UINT32_C(0x4df0bc88),
    .name = "bourse.vault.v1.VaultService/CountBoxes",
    .short_name = "CountBoxes",
    .access = RPC_ACCESS_MESH,
    .lane = RPC_LANE_NORMAL,
    .no_side_effects = true,
    .batch_max = 1,
    .timeout_ms = 5000,
    .callers = vault_method_count_boxes_callers,
    .request = &vault_count_boxes_request_info,
    .response = &vault_count_boxes_response_info,
};

