// SPDX-License-Identifier: MIT
#include "bars/bar_builder.h"

#include "base/clock.h"

#include <assert.h>
#include <string.h>

#define MICROS_PER_MINUTE (60 * MICROS_PER_SECOND)

struct entry {
    char ticker[TICKER_SIZE];
    struct timed_bar present;
    struct timed_bar before;
    int64_t volume_before; // of the day, when the present minute began
    int64_t volume;        // of the day, at the last quote
    int64_t ends_at;       // unless another minute begins before
    bool is_open;          // its present minute is still to be stored
};

struct bar_builder {
    struct entry *entries; // in order of tickers
    size_t count, capacity;
    // A ring of those that wait; `lost` of them since the last end.
    struct minute_bar *ended;
    size_t ended_first, ended_count, ended_capacity;
    size_t lost;
};

struct bar_builder *bar_builder_new(void)
{
    return allocate(sizeof(struct bar_builder));
}

void bar_builder_free(struct bar_builder **builder)
{
    if (*builder == NULL)
        return;
    release((*builder)->entries);
    release((*builder)->ended);
    release(*builder);
    *builder = NULL;
}

static size_t lower_bound(const struct bar_builder *builder, const char *ticker)
{
    size_t low = 0, high = builder->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(builder->entries[middle].ticker, ticker) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct bar_builder *builder, size_t index, const char *ticker)
{
    return index < builder->count && strcmp(builder->entries[index].ticker, ticker) == 0;
}

static void make_room(struct bar_builder *builder, size_t index)
{
    if (builder->count == builder->capacity) {
        builder->capacity = builder->capacity == 0 ? 256 : builder->capacity * 2;
        builder->entries =
            reallocate_array(builder->entries, builder->capacity, sizeof *builder->entries);
    }
    memmove(builder->entries + index + 1, builder->entries + index,
            (builder->count - index) * sizeof *builder->entries);
    builder->count++;
}

// The entry of a symbol, made when there is none; NULL when there are too many.
static struct entry *open_entry(struct bar_builder *builder, const char *ticker)
{
    size_t index = lower_bound(builder, ticker);

    if (is_at(builder, index, ticker))
        return &builder->entries[index];
    if (builder->count == QUOTE_BOOK_MAX)
        return NULL;
    make_room(builder, index);
    builder->entries[index] =
        (struct entry){.present.at = INT64_MIN, .before.at = INT64_MIN, .volume = -1};
    memcpy(builder->entries[index].ticker, ticker, strlen(ticker) + 1);
    return &builder->entries[index];
}

void bar_builder_put(struct bar_builder *builder,
                     const char *ticker,
                     const struct timed_bar *present,
                     const struct timed_bar *before)
{
    struct entry *entry = open_entry(builder, ticker);

    if (entry == NULL)
        return;
    entry->present = *present;
    entry->before = *before;
}

static void grow_ended(struct bar_builder *builder)
{
    size_t capacity = builder->ended_capacity == 0 ? 1024 : builder->ended_capacity * 2;
    struct minute_bar *ended;

    capacity = capacity < BAR_BUILDER_ENDED_MAX ? capacity : BAR_BUILDER_ENDED_MAX;
    ended = allocate_array(capacity, sizeof *ended);
    for (size_t i = 0; i < builder->ended_count; i++)
        ended[i] = builder->ended[(builder->ended_first + i) % builder->ended_capacity];
    release(builder->ended);
    builder->ended = ended;
    builder->ended_first = 0;
    builder->ended_capacity = capacity;
}

static void end_minute(struct bar_builder *builder, struct entry *entry)
{
    struct minute_bar *slot;

    if (builder->ended_count == BAR_BUILDER_ENDED_MAX) {
        bar_builder_stored(builder, 1);
        builder->lost++;
    }
    if (builder->ended_count == builder->ended_capacity)
        grow_ended(builder);
    slot =
        &builder->ended[(builder->ended_first + builder->ended_count++) % builder->ended_capacity];
    memcpy(slot->ticker, entry->ticker, sizeof slot->ticker);
    slot->bar = entry->present;
    entry->is_open = false;
}

// The day's volume begins anew with each day. Of the first quote there is it is not known since
// when.
static int64_t volume_until_now(const struct entry *entry, const struct quote *quote)
{
    if (entry->volume < 0)
        return quote->volume;
    return quote->volume < entry->volume ? 0 : entry->volume;
}

static void begin(struct bar_builder *builder,
                  struct entry *entry,
                  const struct quote *quote,
                  int64_t minute,
                  int64_t now)
{
    if (entry->is_open)
        end_minute(builder, entry);
    entry->before = entry->present;
    entry->present = (struct timed_bar){.at = minute,
                                        .open_micros = quote->price_micros,
                                        .high_micros = quote->price_micros,
                                        .low_micros = quote->price_micros};
    entry->volume_before = volume_until_now(entry, quote);
    entry->ends_at = minute + MICROS_PER_MINUTE;
    if (now > quote->quoted_at)
        entry->ends_at += now - quote->quoted_at;
    entry->is_open = true;
}

void bar_builder_add(struct bar_builder *builder, const struct quote *quote, int64_t now)
{
    struct entry *entry = open_entry(builder, quote->ticker);
    int64_t minute = quote->quoted_at - quote->quoted_at % MICROS_PER_MINUTE;
    struct timed_bar *present;

    if (entry == NULL || minute < entry->present.at ||
        (minute == entry->present.at && !entry->is_open))
        return;
    if (minute > entry->present.at)
        begin(builder, entry, quote, minute, now);
    present = &entry->present;
    if (quote->price_micros > present->high_micros)
        present->high_micros = quote->price_micros;
    if (quote->price_micros < present->low_micros)
        present->low_micros = quote->price_micros;
    present->close_micros = quote->price_micros;
    // A source that corrects the day's volume downwards gives a minute none, not less than none.
    if (quote->volume > entry->volume_before)
        present->volume = quote->volume - entry->volume_before;
    entry->volume = quote->volume;
}

size_t bar_builder_end(struct bar_builder *builder, int64_t until)
{
    size_t lost;

    for (size_t i = 0; i < builder->count; i++) {
        struct entry *entry = &builder->entries[i];

        if (entry->is_open && entry->ends_at <= until)
            end_minute(builder, entry);
    }
    lost = builder->lost;
    builder->lost = 0;
    return lost;
}

static const struct minute_bar *waiting_at(const struct bar_builder *builder, size_t index)
{
    return &builder->ended[(builder->ended_first + index) % builder->ended_capacity];
}

size_t
bar_builder_ended(const struct bar_builder *builder, struct minute_bar *out_minutes, size_t max)
{
    size_t count = builder->ended_count < max ? builder->ended_count : max;

    for (size_t i = 0; i < count; i++)
        out_minutes[i] = *waiting_at(builder, i);
    return count;
}

void bar_builder_stored(struct bar_builder *builder, size_t count)
{
    assert(count <= builder->ended_count);
    if (count == 0)
        return;
    builder->ended_first = (builder->ended_first + count) % builder->ended_capacity;
    builder->ended_count -= count;
}

bool bar_builder_find(const struct bar_builder *builder,
                      const char *ticker,
                      struct timed_bar *out_present,
                      struct timed_bar *out_before)
{
    size_t index = lower_bound(builder, ticker);

    if (!is_at(builder, index, ticker))
        return false;
    *out_present = builder->entries[index].present;
    *out_before = builder->entries[index].before;
    return true;
}

size_t bar_builder_list(const struct bar_builder *builder,
                        const char *ticker,
                        struct timed_bar *out_bars,
                        size_t max)
{
    size_t index = lower_bound(builder, ticker), count = 0;
    bool has_present = is_at(builder, index, ticker) && builder->entries[index].is_open;
    size_t waiting = 0, skipped;

    for (size_t i = 0; i < builder->ended_count; i++)
        waiting += strcmp(waiting_at(builder, i)->ticker, ticker) == 0;
    skipped = waiting + has_present > max ? waiting + has_present - max : 0;
    for (size_t i = 0; i < builder->ended_count; i++) {
        const struct minute_bar *minute = waiting_at(builder, i);

        if (strcmp(minute->ticker, ticker) != 0)
            continue;
        if (skipped > 0)
            skipped--;
        else
            out_bars[count++] = minute->bar;
    }
    if (has_present && count < max)
        out_bars[count++] = builder->entries[index].present;
    return count;
}
