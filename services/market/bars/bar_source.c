// SPDX-License-Identifier: MIT
#include "bars/bar_source.h"

#include "bars/minute_store.h"
#include "clock/exchange_calendar.h"
#include "market_store.h"
#include "simulation/universe_store.h"

#include <assert.h>
#include <string.h>

enum {
    SOURCE_MEMORY = 16 * 1024 * 1024, // of rows
    PART_DAYS = 64,                   // computed at once at most; of minutes a quarter
    PART_ROWS = 4096,                 // read at once at most
    PART_FIRST = 4,                   // days at first; each further part is twice as large
    PART_FIRST_ROWS = 128,
    PART_BARS = PART_DAYS / 4 * SIMULATED_MINUTES_MAX,
};

struct bar_source {
    struct bar_source_options options;
    enum market_hours hours;
    struct arena *arena;
    struct timed_bar *bars; // PART_BARS of them
    size_t count;
    int64_t part;        // days or rows in the next part
    int64_t from, until; // what is left
    // Of the simulated market.
    bool is_known; // there is such a symbol
    struct simulated_symbol symbol;
    struct split *splits;
    size_t split_count;
    uint64_t key;
    struct simulation *simulation; // NULL until it is needed
    // Of a market that stores minutes: what is in memory and not, or not rightly, stored, in order.
    struct timed_bar *present;
    size_t present_count;
};

static int64_t midnight(enum market_hours hours, int64_t day)
{
    return hours == HOURS_AROUND_THE_CLOCK ? day * MICROS_PER_DAY : exchange_calendar_at(day, 0);
}

static void reverse(struct timed_bar *bars, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct timed_bar bar = bars[i];

        bars[i] = bars[count - 1 - i];
        bars[count - 1 - i] = bar;
    }
}

static void keep(struct bar_source *source, const struct timed_bar *bar)
{
    if (bar->at >= source->options.from && bar->at < source->options.until &&
        bar->at <= source->options.now)
        source->bars[source->count++] = *bar;
}

// The simulated market.

static struct simulation *simulation_of(struct bar_source *source)
{
    struct simulation_options options = source->options.market->simulation;

    options.splits = source->splits;
    options.split_count = source->split_count;
    if (source->simulation == NULL)
        source->simulation = simulation_new(&options, &source->symbol, 1);
    return source->simulation;
}

static void compute_day(struct bar_source *source, int64_t day)
{
    struct simulated_days *days = source->options.market->simulated_days;
    struct timed_bar bar;

    if (!market_hours_is_session(source->hours, day))
        return;
    if (!simulated_days_find(days, source->key, day, &bar)) {
        if (!simulation_list_day(simulation_of(source), day, source->options.now, &bar))
            return;
        if (timeframe_end(TIMEFRAME_DAY, source->hours, bar.at) <= source->options.now)
            simulated_days_put(days, source->key, day, &bar);
    }
    keep(source, &bar);
}

static void compute_minutes(struct bar_source *source, int64_t day, struct timed_bar *minutes)
{
    size_t count =
        simulation_list_minutes(simulation_of(source), day, source->options.now, minutes);

    for (size_t i = 0; i < count; i++)
        keep(source, &minutes[i]);
}

// Computes the next days, in order whichever way they are asked for.
static bool next_simulated(struct bar_source *source, struct error *error)
{
    struct timed_bar *minutes =
        arena_allocate(source->arena, SIMULATED_MINUTES_MAX * sizeof *minutes);
    int64_t most = source->options.is_of_minutes ? PART_DAYS / 4 : PART_DAYS;
    int64_t days = source->part < most ? source->part : most;
    int64_t first = bar_day(source->hours, source->from);
    int64_t last = bar_day(source->hours, source->until - 1);

    if (minutes == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the minutes do not fit");
    if (source->options.is_descending) {
        first = last - days + 1 > first ? last - days + 1 : first;
        source->until = midnight(source->hours, first);
        simulation_free(&source->simulation); // time does not go back in it
    } else {
        last = first + days - 1 < last ? first + days - 1 : last;
        source->from = midnight(source->hours, last + 1);
    }
    for (int64_t day = first; source->is_known && day <= last; day++) {
        if (source->options.is_of_minutes)
            compute_minutes(source, day, minutes);
        else
            compute_day(source, day);
    }
    if (source->options.is_descending)
        reverse(source->bars, source->count);
    return true;
}

static bool open_simulated(struct bar_source *source, struct error *error)
{
    const struct universe_query query = {.ticker = source->options.ticker, .limit = 1};
    struct market *market = source->options.market;
    size_t found = 0;

    if (!split_table_refresh(market->splits, error) ||
        !universe_store_list(market->database, source->arena, &query, &source->symbol, &found,
                             error))
        return false;
    source->is_known = found > 0;
    source->split_count = split_table_copy(market->splits, source->options.ticker, &source->splits);
    if (source->is_known)
        source->key = simulated_days_key(&source->symbol, source->splits, source->split_count);
    return true;
}

// Stored bars, as far as they have been quoted.

static struct timed_bar bar_of_quote(const struct bar *bar, const struct quote *quote)
{
    return (struct timed_bar){.at = exchange_calendar_at(bar->day, CALENDAR_OPEN_MINUTE),
                              .open_micros = quote->open_micros,
                              .high_micros = quote->high_micros,
                              .low_micros = quote->low_micros,
                              .close_micros = quote->price_micros,
                              .volume = quote->volume};
}

// The imported minutes of a day that have begun, in order.
static bool read_minutes(struct bar_source *source,
                         const struct bar *day,
                         struct bar **out_minutes,
                         size_t *out_count,
                         struct error *error)
{
    const struct minute_query query = {.ticker = day->ticker,
                                       .from = exchange_calendar_at(day->day, 0),
                                       .until = source->options.now + 1,
                                       .is_of_imports = true,
                                       .limit = CALENDAR_SESSION_MINUTES};
    struct timed_bar *rows = arena_allocate(source->arena, query.limit * sizeof *rows);
    struct bar *minutes = arena_allocate(source->arena, query.limit * sizeof *minutes);

    if (rows == NULL || minutes == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "the minutes do not fit");
    if (!minute_store_list(source->options.market->history, source->arena, &query, rows, out_count,
                           error))
        return false;
    while (*out_count > 0 && exchange_calendar_day(rows[*out_count - 1].at) != day->day)
        (*out_count)--;
    for (size_t i = 0; i < *out_count; i++)
        minutes[i] = market_bar_of_minute(day, &rows[i]);
    *out_minutes = minutes;
    return true;
}

// The running day as its minutes have been quoted.
static bool keep_running_day(struct bar_source *source, const struct bar *bar, struct error *error)
{
    struct bar *minutes = NULL;
    struct timed_bar day;
    struct quote quote;
    size_t count = 0, quoted = 0;

    if (!read_minutes(source, bar, &minutes, &count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        for (int phase = PHASE_OPEN; phase < PHASE_COUNT; phase++) {
            if (replay_minute_due_at(minutes[i].at, (enum replay_phase)phase) <=
                source->options.now)
                quote = replay_minute_quote(quoted++ > 0 ? &quote : NULL, &minutes[i],
                                            (enum replay_phase)phase, 0, 0);
        }
    }
    if (quoted == 0)
        return true;
    day = bar_of_quote(bar, &quote);
    keep(source, &day);
    return true;
}

static bool keep_day(struct bar_source *source, const struct bar *bar, struct error *error)
{
    enum replay_phase phase = PHASE_CLOSE;
    struct timed_bar day;
    struct quote quote;

    // Its last quote says more of a day than the minutes in which somebody looked.
    if (bar->is_of_quotes && source->present_count > 0 &&
        bar->day == bar_day(source->hours, source->present[0].at))
        return true;
    // One that is made of minutes is whole when the last of them is.
    if (bar->is_of_minutes && replay_minute_due_at(replay_due_at(bar->day, PHASE_CLOSE),
                                                   PHASE_CLOSE) > source->options.now)
        return keep_running_day(source, bar, error);
    if (!bar->is_of_minutes && !replay_phase_at(bar->day, source->options.now, &phase))
        return true;
    quote = replay_quote(bar, phase, 0, 0);
    day = bar_of_quote(bar, &quote);
    keep(source, &day);
    return true;
}

static bool keep_imported(struct bar_source *source, const struct bar *bar, struct error *error)
{
    struct bar *minutes = NULL;
    size_t count = 0;

    if (!read_minutes(source, bar, &minutes, &count, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct bar *minute = &minutes[source->options.is_descending ? count - 1 - i : i];
        enum replay_phase phase = PHASE_OPEN;
        struct timed_bar seen;

        if (!replay_minute_phase_at(minute->at, source->options.now, &phase))
            continue;
        seen = replay_minute_so_far(minute, phase);
        keep(source, &seen);
    }
    return true;
}

static bool keep_minutes(struct bar_source *source, const struct bar *bar, struct error *error)
{
    struct timed_bar minutes[PHASE_COUNT];

    if (bar->is_of_minutes)
        return keep_imported(source, bar, error);
    replay_minutes(bar, minutes);
    for (int phase = PHASE_OPEN; phase < PHASE_COUNT; phase++)
        keep(source, &minutes[source->options.is_descending ? PHASE_COUNT - 1 - phase : phase]);
    return true;
}

static bool next_replayed(struct bar_source *source, struct error *error)
{
    struct bar_query query = {.ticker = source->options.ticker,
                              .first_day = bar_day(source->hours, source->from),
                              .last_day = bar_day(source->hours, source->until - 1),
                              .is_descending = source->options.is_descending,
                              .limit =
                                  (size_t)(source->part < PART_ROWS ? source->part : PART_ROWS)};
    bool is_of_minutes = source->options.is_of_minutes;
    struct bar *bars = NULL;
    size_t count = 0, kept = 0;
    int64_t last;

    if (!store_list_bars(source->options.market->history, source->arena, &query, &bars, &count,
                         error))
        return false;
    // A day may have many minutes: those for which there is no room are asked for again.
    while (kept < count && source->count + CALENDAR_SESSION_MINUTES <= PART_BARS) {
        if (!(is_of_minutes ? keep_minutes : keep_day)(source, &bars[kept++], error))
            return false;
    }
    last = kept < count || count == query.limit
               ? bars[kept - 1].day
               : (query.is_descending ? query.first_day : query.last_day);
    if (query.is_descending)
        source->until = midnight(source->hours, last);
    else
        source->from = midnight(source->hours, last + 1);
    return true;
}

// A market that stores minutes: those that are still in memory come after all that are stored. Days
// may be stored that are later than the last quote, which may be old.

static void open_stored(struct bar_source *source)
{
    struct player *player = source->options.market->player;

    source->present = allocate_array(PLAYER_MINUTES_MAX, sizeof *source->present);
    source->present_count =
        source->options.is_of_minutes
            ? player_list_minutes(player, source->options.ticker, source->present)
            : player_list_day(player, source->options.ticker, source->present);
}

static void keep_present(struct bar_source *source)
{
    for (size_t i = 0; i < source->present_count; i++)
        keep(source,
             &source->present[source->options.is_descending ? source->present_count - 1 - i : i]);
    source->present_count = 0;
}

static bool next_minutes(struct bar_source *source, struct error *error)
{
    struct minute_query query = {
        .ticker = source->options.ticker,
        .from = source->from,
        .until = source->until,
        .is_descending = source->options.is_descending,
        .limit = (size_t)(source->part < PART_ROWS ? source->part : PART_ROWS),
    };
    size_t count = 0;

    if (!minute_store_list(source->options.market->history, source->arena, &query,
                           source->bars + source->count, &count, error))
        return false;
    source->count += count;
    if (count < query.limit)
        source->from = source->until;
    else if (query.is_descending)
        source->until = source->bars[source->count - 1].at;
    else
        source->from = source->bars[source->count - 1].at + 1;
    return true;
}

static bool next_stored_minutes(struct bar_source *source, struct error *error)
{
    // What is in memory is not asked for again.
    if (source->present_count > 0 && source->present[0].at < source->until)
        source->until = source->present[0].at;
    if (source->options.is_descending)
        keep_present(source);
    if (source->from < source->until && !next_minutes(source, error))
        return false;
    if (source->from >= source->until)
        keep_present(source);
    return true;
}

// Puts the day of the last quote among the stored ones that have just been read. Today is what is
// quoted, whatever is stored of it; of a day that is over what is stored counts, if anything is but
// what was made of quotes.
static void put_quoted_day(struct bar_source *source, const struct timed_bar *quoted)
{
    bool is_today =
        bar_day(source->hours, quoted->at) == bar_day(source->hours, source->options.now);
    struct timed_bar *place = source->bars;
    struct timed_bar *end = source->bars + source->count;

    while (place < end &&
           (source->options.is_descending ? place->at > quoted->at : place->at < quoted->at))
        place++;
    if (place < end && place->at == quoted->at) {
        if (is_today)
            *place = *quoted;
        return;
    }
    assert(source->count < PART_BARS);
    memmove(place + 1, place, (size_t)(end - place) * sizeof *place);
    *place = *quoted;
    source->count++;
}

static bool next_stored_days(struct bar_source *source, struct error *error)
{
    int64_t from = source->from, until = source->until;

    if (!next_replayed(source, error))
        return false;
    // What has been read now lies in that part of what was left.
    if (source->options.is_descending)
        from = source->until > from ? source->until : from;
    else
        until = source->from < until ? source->from : until;
    if (source->present_count > 0 && source->present[0].at >= from && source->present[0].at < until)
        put_quoted_day(source, &source->present[0]);
    return true;
}

static bool next_stored(struct bar_source *source, struct error *error)
{
    return (source->options.is_of_minutes ? next_stored_minutes : next_stored_days)(source, error);
}

bool bar_source_new(const struct bar_source_options *options,
                    struct bar_source **out_source,
                    struct error *error)
{
    struct bar_source *source = allocate(sizeof *source);
    bool is_open = true;

    source->options = *options;
    source->hours = market_bar_hours(options->market);
    source->arena = arena_new(SOURCE_MEMORY);
    source->bars = allocate_array(PART_BARS, sizeof *source->bars);
    source->part = options->market->is_simulated ? PART_FIRST : PART_FIRST_ROWS;
    source->from = options->from;
    source->until = options->until < options->now + 1 ? options->until : options->now + 1;
    if (options->market->is_simulated)
        is_open = open_simulated(source, error);
    else if (options->market->stores_minutes)
        open_stored(source);
    if (!is_open) {
        bar_source_free(&source);
        return false;
    }
    *out_source = source;
    return true;
}

void bar_source_free(struct bar_source **source)
{
    struct bar_source *old = *source;

    if (old == NULL)
        return;
    simulation_free(&old->simulation);
    release(old->splits);
    release(old->bars);
    release(old->present);
    arena_free(&old->arena);
    release(old);
    *source = NULL;
}

bool bar_source_next(struct bar_source *source,
                     const struct timed_bar **out_bars,
                     size_t *out_count,
                     bool *out_is_end,
                     struct error *error)
{
    const struct market *market = source->options.market;
    bool is_done = true;

    source->count = 0;
    arena_reset(source->arena);
    if (source->from < source->until) {
        is_done = (market->is_simulated     ? next_simulated
                   : market->stores_minutes ? next_stored
                                            : next_replayed)(source, error);
        source->part *= 2;
    }
    *out_bars = source->bars;
    *out_count = source->count;
    *out_is_end = source->from >= source->until;
    return is_done;
}
