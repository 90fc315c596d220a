// SPDX-License-Identifier: MIT
#include "orders/order_class.h"

#include <string.h>

struct class_entry {
    const char *name;
    bool has_entry;
    size_t exits;
};

#define CLASS_AS_ENTRY(name, text, has_entry, exits) {text, has_entry, exits},
static const struct class_entry classes[] = {ORDER_CLASSES(CLASS_AS_ENTRY)};
#undef CLASS_AS_ENTRY

#define PART_AS_NAME(name, text) text,
static const char *const parts[] = {ORDER_PARTS(PART_AS_NAME)};
#undef PART_AS_NAME

const char *order_class_name(enum order_class order_class)
{
    return classes[order_class].name;
}

bool order_class_find(const char *name, enum order_class *out_class)
{
    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        if (strcmp(classes[i].name, name) == 0) {
            *out_class = (enum order_class)i;
            return true;
        }
    }
    return false;
}

bool order_class_has_entry(enum order_class order_class)
{
    return classes[order_class].has_entry;
}

size_t order_class_exits(enum order_class order_class)
{
    return classes[order_class].exits;
}

const char *order_part_name(enum order_part part)
{
    return parts[part];
}

bool order_part_find(const char *name, enum order_part *out_part)
{
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        if (strcmp(parts[i], name) == 0) {
            *out_part = (enum order_part)i;
            return true;
        }
    }
    return false;
}

enum order_part order_class_parent(enum order_class order_class)
{
    return order_class_has_entry(order_class) ? ORDER_PART_ENTRY : ORDER_PART_TAKE_PROFIT;
}
