// SPDX-License-Identifier: MIT
// The player's feed of live prices. They come by themselves (player_deliver), so what is left to
// play is the opens and closes of sessions, and what there is at the start are the last prices
// kept.
#include "player/player_private.h"

#include "clock/exchange_calendar.h"

#include <string.h>

static int64_t next_event(const struct player *player, int64_t at)
{
    int64_t open = exchange_calendar_next_open(at), close = exchange_calendar_next_close(at);

    (void)player;
    return open < close ? open : close;
}

static bool build(struct player *player, struct error *error)
{
    struct quote *page = allocate_array(PLAYER_PAGE_LATEST, sizeof *page);
    char after[TICKER_SIZE] = "";
    size_t count = 0;
    bool is_loaded;

    do {
        (void)pthread_mutex_unlock(&player->lock);
        is_loaded = player->options.source.load_last_quotes(player->options.context, after, page,
                                                            PLAYER_PAGE_LATEST, &count, error);
        (void)pthread_mutex_lock(&player->lock);
        for (size_t i = 0; is_loaded && i < count; i++)
            (void)quote_book_put_quote(player->book, &page[i],
                                       exchange_calendar_day(page[i].quoted_at));
        if (is_loaded && count > 0)
            memcpy(after, page[count - 1].ticker, sizeof after);
    } while (is_loaded && count == PLAYER_PAGE_LATEST && !player->is_stopping);
    release(page);
    return is_loaded;
}

// Bars that are imported are of the past, and no prices of now.
static bool correct(struct player *player, struct error *error)
{
    (void)error;
    player->refresh_count = 0;
    player->refresh_all = false;
    player->refreshes_done = player->refreshes_asked;
    return true;
}

static bool play(struct player *player, int64_t until, struct error *error)
{
    (void)error;
    player_move(player, until);
    return true;
}

const struct player_feed player_feed_live = {
    .next_event = next_event, .build = build, .correct = correct, .play = play};

// Puts a quote into the book unless a later one of its symbol is there; NULL when nothing changes.
static const struct quote *put(struct player *player, const struct quote *quote)
{
    const struct quote_book_entry *entry = quote_book_find(player->book, quote->ticker);

    if (entry != NULL && entry->quote.quoted_at > quote->quoted_at)
        return NULL;
    return quote_book_put_quote(player->book, quote, exchange_calendar_day(quote->quoted_at));
}

void player_deliver(struct player *player, const struct quote *quotes, size_t count)
{
    struct quote changed[PUBLICATION_QUOTES_MAX];
    size_t collected = 0;

    (void)pthread_mutex_lock(&player->lock);
    for (size_t i = 0; player->is_ready && i < count; i++) {
        const struct quote *quote = put(player, &quotes[i]);

        if (quote != NULL)
            changed[collected++] = *quote;
        if (collected == PUBLICATION_QUOTES_MAX) {
            player_publish(player, changed, collected, player_view(player).now);
            collected = 0;
        }
    }
    if (collected > 0)
        player_publish(player, changed, collected, player_view(player).now);
    (void)pthread_mutex_unlock(&player->lock);
}
