// Made by tools/protogen from vault.proto; change that instead.
#pragma once

#include "vault.pb-c.h"
#include "message/message.h"

extern const struct message_info vault_item_info;
extern const struct message_info vault_box_info;
extern const struct message_info vault_list_boxes_request_info;
extern const struct message_info vault_list_boxes_response_info;
extern const struct message_info vault_get_box_request_info;
extern const struct message_info vault_get_box_response_info;
extern const struct message_info vault_fill_box_request_info;
extern const struct message_info vault_fill_box_response_info;
extern const struct message_info vault_burn_box_request_info;
extern const struct message_info vault_burn_box_response_info;
extern const struct message_info vault_import_boxes_request_info;
extern const struct message_info vault_import_boxes_response_info;
extern const struct message_info vault_count_boxes_request_info;
extern const struct message_info vault_count_boxes_response_info;

// All of them.
extern const struct message_info *const vault_messages[14];
