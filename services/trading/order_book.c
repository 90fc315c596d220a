// SPDX-License-Identifier: MIT
#include "order_book.h"

#include <stdio.h>
#include <string.h>

enum { BUCKETS_FIRST = 1024, TICKER_BUCKETS = 4096 };

struct ticker_list {
    char ticker[ORDER_TICKER_SIZE];
    struct resting *first;
    struct resting *last;
    struct ticker_list *next; // in the same bucket
};

struct order_book {
    size_t count;
    size_t bucket_count; // a power of two
    struct resting **buckets;
    struct ticker_list *tickers[TICKER_BUCKETS];
    int64_t next_expiry;
};

// FNV-1a, 64 bits.
static uint64_t hash_of(const char *string)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *string != '\0'; string++)
        hash = (hash ^ (unsigned char)*string) * UINT64_C(1099511628211);
    return hash ^ (hash >> 32);
}

struct order_book *order_book_new(void)
{
    struct order_book *book = allocate(sizeof(*book));

    book->bucket_count = BUCKETS_FIRST;
    book->buckets = allocate_array(book->bucket_count, sizeof(*book->buckets));
    book->next_expiry = INT64_MAX;
    return book;
}

void order_book_free(struct order_book **book)
{
    if (*book == NULL)
        return;
    for (size_t i = 0; i < (*book)->bucket_count; i++) {
        struct resting *next = NULL;

        for (struct resting *order = (*book)->buckets[i]; order != NULL; order = next) {
            next = order->next_of_id;
            release(order);
        }
    }
    for (size_t i = 0; i < TICKER_BUCKETS; i++) {
        struct ticker_list *next = NULL;

        for (struct ticker_list *list = (*book)->tickers[i]; list != NULL; list = next) {
            next = list->next;
            release(list);
        }
    }
    release((*book)->buckets);
    release(*book);
    *book = NULL;
}

size_t order_book_count(const struct order_book *book)
{
    return book->count;
}

static struct resting **bucket_of(const struct order_book *book, const char *order_id)
{
    return &book->buckets[hash_of(order_id) & (book->bucket_count - 1)];
}

struct resting *order_book_find(const struct order_book *book, const char *order_id)
{
    struct resting *order = *bucket_of(book, order_id);

    while (order != NULL && strcmp(order->id, order_id) != 0)
        order = order->next_of_id;
    return order;
}

static void grow(struct order_book *book)
{
    struct resting **old = book->buckets;
    size_t old_count = book->bucket_count;

    book->bucket_count *= 2;
    book->buckets = allocate_array(book->bucket_count, sizeof(*book->buckets));
    for (size_t i = 0; i < old_count; i++) {
        struct resting *next = NULL;

        for (struct resting *order = old[i]; order != NULL; order = next) {
            struct resting **bucket = bucket_of(book, order->id);

            next = order->next_of_id;
            order->next_of_id = *bucket;
            *bucket = order;
        }
    }
    release(old);
}

static struct ticker_list *list_of(const struct order_book *book, const char *ticker)
{
    struct ticker_list *list = book->tickers[hash_of(ticker) & (TICKER_BUCKETS - 1)];

    while (list != NULL && strcmp(list->ticker, ticker) != 0)
        list = list->next;
    return list;
}

static struct ticker_list *make_list(struct order_book *book, const char *ticker)
{
    struct ticker_list **bucket = &book->tickers[hash_of(ticker) & (TICKER_BUCKETS - 1)];
    struct ticker_list *list = list_of(book, ticker);

    if (list != NULL)
        return list;
    list = allocate(sizeof(*list));
    snprintf(list->ticker, sizeof(list->ticker), "%s", ticker);
    list->next = *bucket;
    *bucket = list;
    return list;
}

// Ids grow with time, so the newest order belongs at the end nearly always.
static void link_to_ticker(struct ticker_list *list, struct resting *order)
{
    struct resting *before = list->last;

    while (before != NULL && strcmp(before->id, order->id) > 0)
        before = before->previous_of_ticker;
    order->previous_of_ticker = before;
    order->next_of_ticker = before == NULL ? list->first : before->next_of_ticker;
    if (order->next_of_ticker == NULL)
        list->last = order;
    else
        order->next_of_ticker->previous_of_ticker = order;
    if (before == NULL)
        list->first = order;
    else
        before->next_of_ticker = order;
}

struct resting *order_book_add(struct order_book *book, const struct order *order)
{
    struct resting *resting = order_book_find(book, order->id);
    struct resting **bucket = NULL;

    if (resting != NULL)
        return resting;
    if (book->count >= book->bucket_count)
        grow(book);
    resting = allocate(sizeof(*resting));
    memcpy(resting->id, order->id, sizeof(resting->id));
    memcpy(resting->portfolio_id, order->portfolio_id, sizeof(resting->portfolio_id));
    memcpy(resting->ticker, order->ticker, sizeof(resting->ticker));
    resting->side = order->side;
    resting->quantity = order->quantity;
    resting->created_at = order->created_at;
    resting->expires_at = order->expires_at;
    resting->looked_at = order->created_at;
    bucket = bucket_of(book, order->id);
    resting->next_of_id = *bucket;
    *bucket = resting;
    link_to_ticker(make_list(book, order->ticker), resting);
    book->count++;
    if (resting->expires_at < book->next_expiry)
        book->next_expiry = resting->expires_at;
    return resting;
}

void order_book_remove(struct order_book *book, const char *order_id)
{
    struct resting **at = bucket_of(book, order_id);
    struct ticker_list *list = NULL;
    struct resting *order = NULL;

    while (*at != NULL && strcmp((*at)->id, order_id) != 0)
        at = &(*at)->next_of_id;
    order = *at;
    if (order == NULL)
        return;
    *at = order->next_of_id;
    list = list_of(book, order->ticker);
    if (order->previous_of_ticker == NULL)
        list->first = order->next_of_ticker;
    else
        order->previous_of_ticker->next_of_ticker = order->next_of_ticker;
    if (order->next_of_ticker == NULL)
        list->last = order->previous_of_ticker;
    else
        order->next_of_ticker->previous_of_ticker = order->previous_of_ticker;
    release(order);
    book->count--;
}

struct resting *order_book_first(const struct order_book *book, const char *ticker)
{
    struct ticker_list *list = list_of(book, ticker);

    return list == NULL ? NULL : list->first;
}

void order_book_each_ticker(const struct order_book *book,
                            void (*visit)(void *context, struct resting *first),
                            void *context)
{
    for (size_t i = 0; i < TICKER_BUCKETS; i++) {
        for (struct ticker_list *list = book->tickers[i]; list != NULL; list = list->next) {
            if (list->first != NULL)
                visit(context, list->first);
        }
    }
}

int64_t order_book_next_expiry(struct order_book *book)
{
    if (book->count == 0)
        book->next_expiry = INT64_MAX;
    return book->next_expiry;
}

void order_book_each_expired(struct order_book *book,
                             int64_t now,
                             void (*visit)(void *context, struct resting *order),
                             void *context)
{
    int64_t next_expiry = INT64_MAX;

    for (size_t i = 0; i < book->bucket_count; i++) {
        struct resting *next = NULL;

        for (struct resting *order = book->buckets[i]; order != NULL; order = next) {
            next = order->next_of_id;
            if (order->expires_at <= now && !order->is_matched)
                visit(context, order);
            else if (order->expires_at < next_expiry && order->expires_at > now)
                next_expiry = order->expires_at;
        }
    }
    book->next_expiry = next_expiry;
}
