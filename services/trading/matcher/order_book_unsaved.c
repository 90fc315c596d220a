// SPDX-License-Identifier: MIT
// order_book_unsaved: of which orders the database should know how far they have looked.
#include "matcher/order_book_private.h"

static void unsaved_add(struct unsaved *list, struct resting *order)
{
    order->next_unsaved = NULL;
    order->previous_unsaved = list->last;
    if (list->last == NULL)
        list->first = order;
    else
        list->last->next_unsaved = order;
    list->last = order;
}

static void unsaved_remove(struct unsaved *list, struct resting *order)
{
    if (order->previous_unsaved == NULL)
        list->first = order->next_unsaved;
    else
        order->previous_unsaved->next_unsaved = order->next_unsaved;
    if (order->next_unsaved == NULL)
        list->last = order->previous_unsaved;
    else
        order->next_unsaved->previous_unsaved = order->previous_unsaved;
    order->next_unsaved = order->previous_unsaved = NULL;
}

static bool outlives_session(const struct resting *order)
{
    return order->time_in_force == ORDER_GTC;
}

void order_book_list_unsaved(struct order_book *book, struct resting *order, bool has_moved)
{
    if (order->has_moved)
        unsaved_remove(&book->moved, order);
    else if (outlives_session(order) && order->lane != NULL)
        unsaved_remove(&book->lasting, order);
    order->has_moved = has_moved;
    if (has_moved)
        unsaved_add(&book->moved, order);
    else if (outlives_session(order))
        unsaved_add(&book->lasting, order);
}

void order_book_unlist_unsaved(struct order_book *book, struct resting *order)
{
    if (order->has_moved)
        unsaved_remove(&book->moved, order);
    else if (outlives_session(order))
        unsaved_remove(&book->lasting, order);
}

size_t order_book_take_unsaved(struct order_book *book,
                               int64_t looked_at,
                               int64_t every,
                               struct resting **out_orders,
                               size_t capacity)
{
    size_t count = 0;

    while (count < capacity && book->moved.first != NULL) {
        struct resting *order = book->moved.first;

        order_book_list_unsaved(book, order, false);
        order->saved_at = looked_at;
        if (!order->is_matched)
            out_orders[count++] = order;
    }
    for (size_t left = book->count; left > 0 && count < capacity; left--) {
        struct resting *order = book->lasting.first;

        if (order == NULL || order->saved_at > looked_at - every)
            break;
        order_book_list_unsaved(book, order, false);
        order->saved_at = looked_at;
        if (!order->is_matched && !order->is_late)
            out_orders[count++] = order;
    }
    return count;
}

void order_book_keep_unsaved(struct order_book *book, struct resting *order)
{
    order_book_list_unsaved(book, order, true);
}
