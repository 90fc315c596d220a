// Made by tools/protogen from vault.proto; change that instead.
#include "vault_rules.h"

static const char *const vault_box_kind_info_names[] = {NULL, "1Day", "steel"};
static const struct enum_info vault_box_kind_info = {&vault__box_kind__descriptor, vault_box_kind_info_names};

static const struct field_info vault_item_info_fields[] = {
    {.json_name = "name", .format = FORMAT_PLAIN, .max_length = 20},
    {.json_name = "worth", .format = FORMAT_DECIMAL, .scale = 6, .least_decimals = 2, .has_min = true, .min = INT64_C(10000), .has_max = true, .max = INT64_C(5000000)},
};
const struct message_info vault_item_info = {&vault__item__descriptor, vault_item_info_fields};

static const struct field_info vault_box_info_fields[] = {
    {.json_name = "id", .format = FORMAT_UUID, .min_length = 36, .max_length = 36},
    {.json_name = "filled_at", .format = FORMAT_TIME},
    {.json_name = "items", .format = FORMAT_PLAIN, .max_items = 100, .message = &vault_item_info},
    {.json_name = "kind", .format = FORMAT_PLAIN, .enumeration = &vault_box_kind_info},
    {.json_name = "seal", .format = FORMAT_PLAIN, .max_length = 32},
    {.json_name = "balance", .format = FORMAT_DECIMAL, .scale = 9, .has_min = true, .min = INT64_MIN},
};
const struct message_info vault_box_info = {&vault__box__descriptor, vault_box_info_fields};

static const struct field_info vault_list_boxes_request_info_fields[] = {
    {.json_name = "owner_id", .format = FORMAT_UUID, .min_length = 36, .max_length = 36},
    {.json_name = "kinds", .format = FORMAT_PLAIN, .max_items = 2, .enumeration = &vault_box_kind_info},
    {.json_name = "limit", .format = FORMAT_PLAIN, .has_min = true, .min = INT64_C(1), .has_max = true, .max = INT64_C(500)},
    {.json_name = "ticker", .format = FORMAT_TICKER, .min_length = 1, .max_length = 15},
    {.json_name = "since", .format = FORMAT_DATE, .min_length = 10, .max_length = 10},
};
const struct message_info vault_list_boxes_request_info = {&vault__list_boxes_request__descriptor, vault_list_boxes_request_info_fields};

static const struct field_info vault_list_boxes_response_info_fields[] = {
    {.json_name = "boxes", .format = FORMAT_PLAIN, .max_items = 500, .message = &vault_box_info},
    {.json_name = "next_page_token", .format = FORMAT_PLAIN, .max_length = 512},
};
const struct message_info vault_list_boxes_response_info = {&vault__list_boxes_response__descriptor, vault_list_boxes_response_info_fields};

static const struct field_info vault_get_box_request_info_fields[] = {
    {.json_name = "box_id", .format = FORMAT_UUID, .required = true, .min_length = 36, .max_length = 36},
};
const struct message_info vault_get_box_request_info = {&vault__get_box_request__descriptor, vault_get_box_request_info_fields};

static const struct field_info vault_get_box_response_info_fields[] = {
    {.json_name = "box", .format = FORMAT_PLAIN, .message = &vault_box_info},
};
const struct message_info vault_get_box_response_info = {&vault__get_box_response__descriptor, vault_get_box_response_info_fields};

static const struct field_info vault_fill_box_request_info_fields[] = {
    {.json_name = "box_id", .format = FORMAT_UUID, .required = true, .min_length = 36, .max_length = 36},
    {.json_name = "item", .format = FORMAT_PLAIN, .required = true, .message = &vault_item_info},
    {.json_name = "code", .format = FORMAT_PLAIN, .required = true, .secret = true, .min_length = 8, .max_length = 64},
    {.json_name = "username", .format = FORMAT_USERNAME, .min_length = 3, .max_length = 32},
    {.json_name = "email", .format = FORMAT_EMAIL, .min_length = 3, .max_length = 254},
    {.json_name = "labels", .format = FORMAT_PLAIN, .max_length = 10, .max_items = 5, .given = 8},
    {.json_name = "force", .format = FORMAT_PLAIN},
    {.json_name = "labels_given", .format = FORMAT_PLAIN, .is_flag = true},
};
const struct message_info vault_fill_box_request_info = {&vault__fill_box_request__descriptor, vault_fill_box_request_info_fields};

static const struct field_info vault_fill_box_response_info_fields[] = {
    {.json_name = "box", .format = FORMAT_PLAIN, .message = &vault_box_info},
};
const struct message_info vault_fill_box_response_info = {&vault__fill_box_response__descriptor, vault_fill_box_response_info_fields};

static const struct field_info vault_burn_box_request_info_fields[] = {
    {.json_name = "box_id", .format = FORMAT_UUID, .required = true, .min_length = 36, .max_length = 36},
};
const struct message_info vault_burn_box_request_info = {&vault__burn_box_request__descriptor, vault_burn_box_request_info_fields};

const struct message_info vault_burn_box_response_info = {&vault__burn_box_response__descriptor, NULL};

const struct message_info vault_import_boxes_request_info = {&vault__import_boxes_request__descriptor, NULL};

static const struct field_info vault_import_boxes_response_info_fields[] = {
    {.json_name = "imported", .format = FORMAT_PLAIN},
};
const struct message_info vault_import_boxes_response_info = {&vault__import_boxes_response__descriptor, vault_import_boxes_response_info_fields};

const struct message_info vault_count_boxes_request_info = {&vault__count_boxes_request__descriptor, NULL};

static const struct field_info vault_count_boxes_response_info_fields[] = {
    {.json_name = "count", .format = FORMAT_PLAIN},
};
const struct message_info vault_count_boxes_response_info = {&vault__count_boxes_response__descriptor, vault_count_boxes_response_info_fields};

const struct message_info *const vault_messages[14] = {
    &vault_item_info,
    &vault_box_info,
    &vault_list_boxes_request_info,
    &vault_list_boxes_response_info,
    &vault_get_box_request_info,
    &vault_get_box_response_info,
    &vault_fill_box_request_info,
    &vault_fill_box_response_info,
    &vault_burn_box_request_info,
    &vault_burn_box_response_info,
    &vault_import_boxes_request_info,
    &vault_import_boxes_response_info,
    &vault_count_boxes_request_info,
    &vault_count_boxes_response_info,
};
