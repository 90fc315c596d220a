// SPDX-License-Identifier: MIT
#include "simulation/simulation.h"

#include "base/checksum.h"
#include "clock/exchange_calendar.h"
#include "money/money.h"
#include "simulation/simulation_private.h"

#include <assert.h>
#include <string.h>

enum {
    PULL = 512, // days
    // The square roots of the shares 0.3, 0.2 and 0.5 that market, sector and the symbol itself
    // have in a step's variance, Q16.
    MARKET_WEIGHT = 35895,
    SECTOR_WEIGHT = 29309,
    OWN_WEIGHT = 46341,
    // And of the fifth of a day's variance that comes overnight, and the rest.
    GAP_WEIGHT = 29309,
    SESSION_WEIGHT = 58617,
    // The numbers of a day's random words. Each normal takes three.
    WORD_GAP = 0,
    WORD_DAY = 3,
    WORD_VOLUME = 6,
    WORD_MINUTES = 16,
    WORD_SECONDS = 8192,
};

#define LEVEL_ONE (INT64_C(1) << 32) // a doubling of the price: levels are binary logarithms
#define PATH_ONE (INT64_C(1) << 24)  // a day's standard deviation
#define SPREAD_DIVISOR INT64_C(2500)
#define SIMULATED_PRICE_MAX (PRICE_MICROS_MAX / 10 * 9)

static uint64_t hash(uint64_t seed, const char *kind, const char *name)
{
    uint64_t value = CHECKSUM_START ^ simulation_mix(seed);

    value = checksum_add(value, text_of(kind));
    value = checksum_add(value, text_of(name));
    return simulation_mix(value);
}

static size_t sector_of(struct simulation *simulation, const char *sector)
{
    uint64_t key = hash((uint64_t)simulation->options.seed, "sector ", sector);
    size_t index = 0;

    while (index < simulation->sector_count && simulation->sectors[index].key != key)
        index++;
    if (index == SIMULATED_SECTORS_MAX)
        return SIMULATED_SECTORS_MAX - 1;
    if (index == simulation->sector_count)
        simulation->sectors[simulation->sector_count++].key = key;
    return index;
}

// From a year's volatility to a day's, as levels: log2(e) / 10,000 is 158625997 in Q40.
static int64_t day_deviation(int64_t volatility_basis_points, enum market_hours hours)
{
    uint64_t days = hours == HOURS_AROUND_THE_CLOCK ? 365 : 252;

    return volatility_basis_points * INT64_C(158625997) * 256 /
           (int64_t)simulation_root(days << 32);
}

// What is listed on a day: the price is divided by each split until then.
static int64_t listed_on(const struct state *state, int64_t day)
{
    struct split_ratio ratio = split_ratio_of(state->splits, state->split_count, INT64_MIN, day);
    int64_t price = split_ratio_price(&ratio, state->symbol.price_micros);

    return price <= PRICE_MICROS_MAX / 10 ? price : PRICE_MICROS_MAX / 10;
}

static void set_up(struct simulation *simulation, struct state *state)
{
    const struct simulated_symbol *symbol = &state->symbol;
    uint64_t seed = (uint64_t)simulation->options.seed;
    bool has_nights = simulation->options.hours == HOURS_NEW_YORK;

    // Between half a billion and 8 billion dollars change hands a day.
    state->dollars_a_day = INT64_C(500000000)
                           << simulation_word(hash(0, "turnover ", symbol->ticker), 0) % 5;
    state->split_count = splits_of(simulation->splits, simulation->options.split_count,
                                   symbol->ticker, &state->splits);
    assert(symbol->price_micros > 0 && symbol->price_micros <= PRICE_MICROS_MAX / 10);
    assert(symbol->volatility_basis_points > 0 &&
           symbol->volatility_basis_points <= SIMULATED_VOLATILITY_MAX);
    state->source.key = hash(seed, "symbol ", symbol->ticker);
    state->sector = sector_of(simulation, symbol->sector);
    state->day_deviation =
        day_deviation(symbol->volatility_basis_points, simulation->options.hours);
    state->gap_deviation = has_nights ? state->day_deviation * GAP_WEIGHT / NORMAL_ONE : 0;
    state->session_deviation =
        has_nights ? state->day_deviation * SESSION_WEIGHT / NORMAL_ONE : state->day_deviation;
    // Half the variance, times ln 2 because levels are binary: 22713 is that half in Q16.
    state->variance_half =
        (state->day_deviation * state->day_deviation / NORMAL_ONE) * 22713 / LEVEL_ONE;
    state->minute.at = state->minute_before.at = INT64_MIN;
}

struct simulation *simulation_new(const struct simulation_options *options,
                                  const struct simulated_symbol *symbols,
                                  size_t count)
{
    struct simulation *simulation = allocate(sizeof *simulation);

    simulation->options = *options;
    simulation->splits = allocate_array(options->split_count + 1, sizeof *simulation->splits);
    if (options->split_count > 0)
        memcpy(simulation->splits, options->splits,
               options->split_count * sizeof *simulation->splits);
    simulation->options.splits = simulation->splits;
    simulation->count = count;
    simulation->states = allocate_array(count + 1, sizeof *simulation->states);
    simulation->market.key = hash((uint64_t)options->seed, "market", "");
    simulation->levels_day = CALENDAR_FIRST_DAY - 1;
    simulation->session.day = -1;
    simulation->tick = -1;
    simulation_make_exponents(simulation->exponents);
    for (size_t i = 0; i < count; i++) {
        simulation->states[i].symbol = symbols[i];
        set_up(simulation, &simulation->states[i]);
    }
    return simulation;
}

void simulation_free(struct simulation **simulation)
{
    if (*simulation == NULL)
        return;
    release((*simulation)->states);
    release((*simulation)->splits);
    release(*simulation);
    *simulation = NULL;
}

// A symbol's step: what it has in common with others, and its own.
static int64_t weigh(int64_t common, int64_t own)
{
    return common + own * OWN_WEIGHT / NORMAL_ONE;
}

static int64_t weigh_common(int64_t market, int64_t sector)
{
    return (market * MARKET_WEIGHT + sector * SECTOR_WEIGHT) / NORMAL_ONE;
}

static void choose_day(struct source *source, int64_t day)
{
    source->day_key = simulation_word(source->key, (uint64_t)day);
}

// The steps of a whole day that symbols have in common.
static void begin_common_day(struct simulation *simulation, int64_t day)
{
    const struct source *market = &simulation->market;

    choose_day(&simulation->market, day);
    for (size_t i = 0; i < simulation->sector_count; i++) {
        struct source *sector = &simulation->sectors[i];

        choose_day(sector, day);
        simulation->common[i].gap = weigh_common(simulation_normal(market->day_key, WORD_GAP),
                                                 simulation_normal(sector->day_key, WORD_GAP));
        simulation->common[i].day = weigh_common(simulation_normal(market->day_key, WORD_DAY),
                                                 simulation_normal(sector->day_key, WORD_DAY));
    }
}

// Goes on from the close of one day to that of the next.
static void advance_level(const struct simulation *simulation, struct state *state, int64_t day)
{
    const struct common *common = &simulation->common[state->sector];
    int64_t target = state->variance_half * (PULL / 2); // the mean price is the listed one then
    int64_t gap;

    choose_day(&state->source, day);
    gap = weigh(common->gap, simulation_normal(state->source.day_key, WORD_GAP));
    state->previous_level = state->close_level;
    state->open_level = state->previous_level + state->gap_deviation * gap / NORMAL_ONE;
    state->drift = (target - state->previous_level) / PULL - state->variance_half;
    state->day_end = weigh(common->day, simulation_normal(state->source.day_key, WORD_DAY)) *
                     (PATH_ONE / NORMAL_ONE);
    state->close_level =
        state->open_level + state->session_deviation * state->day_end / PATH_ONE + state->drift;
}

// Brings the levels to those of `day`, a session.
static void advance_levels(struct simulation *simulation, int64_t day)
{
    for (int64_t next = simulation->levels_day + 1; next <= day; next++) {
        if (!market_hours_is_session(simulation->options.hours, next))
            continue;
        begin_common_day(simulation, next);
        for (size_t i = 0; i < simulation->count; i++)
            advance_level(simulation, &simulation->states[i], next);
    }
    simulation->levels_day = day;
}

int64_t simulation_session_seconds(const struct simulation *simulation)
{
    return (simulation->session.close_at - simulation->session.open_at) / MICROS_PER_SECOND;
}

static int64_t session_minutes(const struct simulation *simulation)
{
    return simulation_session_seconds(simulation) / SECONDS_PER_MINUTE;
}

static uint64_t minute_word(int64_t minute)
{
    return WORD_MINUTES + 3 * (uint64_t)minute;
}

static void fill_common_minutes(struct simulation *simulation)
{
    int64_t minutes = session_minutes(simulation);

    assert(minutes <= SIMULATED_MINUTES_MAX);
    for (int64_t minute = 0; minute < minutes; minute++) {
        int64_t market = simulation_normal(simulation->market.day_key, minute_word(minute));

        for (size_t i = 0; i < simulation->sector_count; i++)
            simulation->common[i].minutes[minute] = (int32_t)weigh_common(
                market, simulation_normal(simulation->sectors[i].day_key, minute_word(minute)));
    }
}

static void fill_common_seconds(struct simulation *simulation, int64_t minute)
{
    for (int64_t second = 0; second < SECONDS_PER_MINUTE; second++) {
        uint64_t word = WORD_SECONDS + (uint64_t)(minute * SECONDS_PER_MINUTE + second);
        int64_t market = simulation_normal_quick(simulation->market.day_key, word);

        for (size_t i = 0; i < simulation->sector_count; i++)
            simulation->common[i].seconds[second] = (int32_t)weigh_common(
                market, simulation_normal_quick(simulation->sectors[i].day_key, word));
    }
}

// A minute's step of the path, before it is bridged.
static int64_t
minute_step(const struct simulation *simulation, const struct state *state, int64_t minute)
{
    return simulation->minute_deviation *
           weigh(simulation->common[state->sector].minutes[minute],
                 simulation_normal(state->source.day_key, minute_word(minute))) /
           NORMAL_ONE;
}

static int64_t second_step(const struct simulation *simulation,
                           const struct state *state,
                           int64_t minute,
                           int64_t second)
{
    uint64_t word = WORD_SECONDS + (uint64_t)(minute * SECONDS_PER_MINUTE + second);

    return simulation->second_deviation *
           weigh(simulation->common[state->sector].seconds[second],
                 simulation_normal_quick(state->source.day_key, word)) /
           NORMAL_ONE;
}

// Where the path is at the start of a minute, `before` being the sum of the steps until then: the
// steps lead to the day's end whatever their sum is.
static int64_t bridge_minutes(const struct simulation *simulation,
                              const struct state *state,
                              int64_t minute,
                              int64_t before)
{
    return before + (state->day_end - state->minutes_sum) * minute / session_minutes(simulation);
}

static void fill_steps(const struct simulation *simulation,
                       const struct state *state,
                       int64_t minute,
                       int64_t out_steps[SECONDS_PER_MINUTE])
{
    for (int64_t second = 0; second < SECONDS_PER_MINUTE; second++)
        out_steps[second] = second_step(simulation, state, minute, second);
}

// Begins at the minute, whose steps are given; the close is the start of a minute that has none.
static void begin_minute(const struct simulation *simulation,
                         struct state *state,
                         int64_t minute,
                         const int64_t steps[SECONDS_PER_MINUTE])
{
    int64_t after = state->minutes_before;

    state->minute_start = bridge_minutes(simulation, state, minute, state->minutes_before);
    state->minute_level = state->open_level + state->drift * minute / session_minutes(simulation);
    state->seconds_before = 0;
    state->seconds_sum = 0;
    if (minute == session_minutes(simulation))
        return;
    after += minute_step(simulation, state, minute);
    state->minute_end = bridge_minutes(simulation, state, minute + 1, after);
    for (int64_t second = 0; second < SECONDS_PER_MINUTE; second++)
        state->seconds_sum += steps[second];
}

// The path at a second of the present minute.
static int64_t path_at(const struct state *state, int64_t second)
{
    if (second == 0)
        return state->minute_start;
    return state->minute_start + state->seconds_before +
           (state->minute_end - state->minute_start - state->seconds_sum) * second /
               SECONDS_PER_MINUTE;
}

// It never falls as the path rises.
static int64_t level_at(const struct state *state, int64_t path)
{
    return state->minute_level + state->session_deviation * path / PATH_ONE;
}

int64_t simulation_tick_micros(int64_t price_micros)
{
    return price_micros < 1000000 ? 100 : 10000;
}

static int64_t
price_at(const struct simulation *simulation, const struct state *state, int64_t level)
{
    int64_t price =
        simulation_scale(simulation->exponents, state->listed_micros, level, SIMULATED_PRICE_MAX);
    int64_t tick = simulation_tick_micros(price);

    price = (price + tick / 2) / tick * tick;
    return price > 0 ? price : tick;
}

// Half of what the mean second has in the middle of the session, twice as much at both ends: the
// part of the day's volume that has changed hands after so many seconds, Q20. (Jain and Joh, The
// Dependence between Hourly Prices and Trading Volume, 1988.)
static int64_t volume_share(int64_t seconds, int64_t of)
{
    int64_t part = (seconds < of ? seconds : of) * (1 << 20) / of;
    int64_t from_middle = part - (1 << 19);
    int64_t cube = from_middle * from_middle / (1 << 20) * from_middle / (1 << 20);

    return part / 2 + 2 * (cube + (1 << 17));
}

static void set_prices(struct state *state, int64_t price)
{
    struct quote *quote = &state->quote;
    int64_t tick = simulation_tick_micros(price);
    int64_t spread = price / SPREAD_DIVISOR * state->symbol.volatility_basis_points / 10000 / tick;

    spread = spread > 1 ? spread : 1;
    quote->price_micros = price;
    quote->bid_micros = price - spread / 2 * tick;
    quote->ask_micros = quote->bid_micros + spread * tick;
    // A spread that begins below a dollar and ends above has to end on a cent.
    tick = simulation_tick_micros(quote->ask_micros);
    quote->ask_micros = (quote->ask_micros + tick - 1) / tick * tick;
    if (price > quote->high_micros)
        quote->high_micros = price;
    if (price < quote->low_micros)
        quote->low_micros = price;
}

int64_t simulation_volume_after(const struct simulation *simulation,
                                const struct state *state,
                                int64_t seconds)
{
    return (int64_t)(((simulation_wide)state->volume *
                      (uint64_t)volume_share(seconds, simulation_session_seconds(simulation))) >>
                     20);
}

static void quote_at(const struct simulation *simulation, struct state *state, int64_t tick)
{
    struct quote *quote = &state->quote;
    int64_t price =
        price_at(simulation, state, level_at(state, path_at(state, tick % SECONDS_PER_MINUTE)));
    int64_t volume = simulation_volume_after(simulation, state, tick + 1);

    // The close is of the last minute.
    if (tick % SECONDS_PER_MINUTE == 0 && tick < simulation_session_seconds(simulation))
        simulation_begin_minute(simulation, state, tick, price);
    else
        simulation_extend_minute(state, price, price, price);
    if (tick % SECONDS_PER_MINUTE != 0 && price == quote->price_micros && volume == quote->volume)
        return;
    set_prices(state, price);
    quote->volume = volume;
    quote->quoted_at = simulation->session.open_at + tick * MICROS_PER_SECOND;
    state->has_changed = true;
}

// The close before, as it was quoted, by the splits since; and the day's own listed price.
static int64_t previous_close(const struct simulation *simulation, struct state *state)
{
    int64_t day = simulation->session.day;
    struct split_ratio ratio;
    int64_t price;

    state->listed_micros = listed_on(state, day - 1);
    ratio = split_ratio_of(state->splits, state->split_count, day - 1, day);
    price = price_at(simulation, state, state->previous_level);
    state->listed_micros = listed_on(state, day);
    return split_ratio_price(&ratio, price);
}

static void begin_day(struct simulation *simulation, struct state *state)
{
    int64_t minutes = session_minutes(simulation);
    int64_t previous = previous_close(simulation, state);
    int64_t open = price_at(simulation, state, state->open_level);
    int64_t shares_a_day = state->dollars_a_day * 1000000 / state->listed_micros + 1;

    state->minutes_sum = 0;
    state->minutes_before = 0;
    for (int64_t minute = 0; minute < minutes; minute++)
        state->minutes_sum += minute_step(simulation, state, minute);
    // Between half and one and a half of what is usual.
    state->volume = shares_a_day / 2 +
                    (int64_t)(((simulation_wide)(uint64_t)shares_a_day *
                               (simulation_word(state->source.day_key, WORD_VOLUME) >> 32)) >>
                              32);
    state->quote = (struct quote){
        .open_micros = open,
        .high_micros = open,
        .low_micros = open,
        .previous_close_micros = previous,
        .valid_until = simulation->session.next_open_at,
        .source = "simulated",
    };
    memcpy(state->quote.ticker, state->symbol.ticker, sizeof state->quote.ticker);
}

// Of one of that many steps of the path.
static int64_t step_deviation(int64_t steps)
{
    return PATH_ONE * 65536 / (int64_t)simulation_root((uint64_t)steps << 32);
}

void simulation_begin_session(struct simulation *simulation, const struct market_session *session)
{
    simulation->session = *session;
    simulation->tick = -1;
    simulation->minute_deviation = step_deviation(session_minutes(simulation));
    simulation->second_deviation = step_deviation(simulation_session_seconds(simulation));
    advance_levels(simulation, session->day);
    fill_common_minutes(simulation);
    for (size_t i = 0; i < simulation->count; i++)
        begin_day(simulation, &simulation->states[i]);
}

// Walks over the rest of a minute without quoting each second: only the highest, the lowest and the
// last price matter.
static void pass_minute(const struct simulation *simulation,
                        struct state *state,
                        int64_t from,
                        const int64_t steps[SECONDS_PER_MINUTE])
{
    int64_t highest = INT64_MIN, lowest = INT64_MAX, last = 0;
    int64_t second = from % SECONDS_PER_MINUTE;
    int64_t high, low;

    if (second > 0)
        state->seconds_before += steps[second - 1];
    else
        simulation_begin_minute(simulation, state, from,
                                price_at(simulation, state, level_at(state, path_at(state, 0))));
    for (; second < SECONDS_PER_MINUTE; second++) {
        last = path_at(state, second);
        highest = last > highest ? last : highest;
        lowest = last < lowest ? last : lowest;
        state->seconds_before += steps[second];
    }
    high = price_at(simulation, state, level_at(state, highest));
    low = price_at(simulation, state, level_at(state, lowest));
    state->quote.high_micros = high > state->quote.high_micros ? high : state->quote.high_micros;
    state->quote.low_micros = low < state->quote.low_micros ? low : state->quote.low_micros;
    simulation_extend_minute(state, high, low, price_at(simulation, state, level_at(state, last)));
}

// Quotes each second of a minute from `from` to `to`.
static void
walk_minute(const struct simulation *simulation, struct state *state, int64_t from, int64_t to)
{
    int64_t minute = from / SECONDS_PER_MINUTE;

    for (int64_t tick = from; tick <= to; tick++) {
        int64_t second = tick % SECONDS_PER_MINUTE;

        if (second > 0)
            state->seconds_before += second_step(simulation, state, minute, second - 1);
        quote_at(simulation, state, tick);
    }
}

// Begins at a minute, and goes on to its end or only enters it.
static void
enter_minute(const struct simulation *simulation, struct state *state, int64_t from, bool passes)
{
    int64_t minute = from / SECONDS_PER_MINUTE, second = from % SECONDS_PER_MINUTE;
    int64_t steps[SECONDS_PER_MINUTE] = {0};

    if (minute < session_minutes(simulation))
        fill_steps(simulation, state, minute, steps);
    if (second == 0)
        begin_minute(simulation, state, minute, steps);
    if (passes)
        pass_minute(simulation, state, from, steps);
}

// Goes on to the second `to`, or to the end of the minute when that comes first.
static void
advance(const struct simulation *simulation, struct state *state, int64_t from, int64_t to)
{
    bool passes = from / SECONDS_PER_MINUTE < to / SECONDS_PER_MINUTE;

    if (from % SECONDS_PER_MINUTE == 0 || passes)
        enter_minute(simulation, state, from, passes);
    if (!passes)
        walk_minute(simulation, state, from, to);
}

void simulation_go_to(struct simulation *simulation, int64_t to)
{
    while (simulation->tick < to) {
        int64_t from = simulation->tick + 1, minute = from / SECONDS_PER_MINUTE;
        int64_t end = (minute + 1) * SECONDS_PER_MINUTE - 1;

        if (from % SECONDS_PER_MINUTE == 0 && minute < session_minutes(simulation))
            fill_common_seconds(simulation, minute);
        for (size_t i = 0; i < simulation->count; i++) {
            advance(simulation, &simulation->states[i], from, to);
            if (end <= to && minute < session_minutes(simulation))
                simulation->states[i].minutes_before +=
                    minute_step(simulation, &simulation->states[i], minute);
        }
        simulation->tick = end < to ? end : to;
    }
}

int64_t simulation_tick_at(const struct simulation *simulation, int64_t at)
{
    const struct market_session *session = &simulation->session;

    return (at < session->close_at ? at - session->open_at : session->close_at - session->open_at) /
           MICROS_PER_SECOND;
}

void simulation_move(struct simulation *simulation, int64_t at)
{
    struct market_session session;

    if (!market_hours_session(simulation->options.hours, at, &session))
        return;
    // A session that another follows at once is not quoted at its close, but its last minute is.
    if (session.day != simulation->session.day && simulation->tick >= 0 &&
        simulation->tick == simulation_session_seconds(simulation) - 1)
        simulation_go_to(simulation, simulation_session_seconds(simulation));
    for (size_t i = 0; i < simulation->count; i++)
        simulation->states[i].has_changed = false;
    if (session.day != simulation->session.day) {
        simulation_end_minutes(simulation);
        simulation_begin_session(simulation, &session);
    }
    simulation_go_to(simulation, simulation_tick_at(simulation, at));
}

size_t simulation_count(const struct simulation *simulation)
{
    return simulation->count;
}

const struct quote *simulation_quote(const struct simulation *simulation, size_t index)
{
    assert(index < simulation->count);
    return simulation->tick < 0 ? NULL : &simulation->states[index].quote;
}

bool simulation_has_changed(const struct simulation *simulation, size_t index)
{
    assert(index < simulation->count);
    return simulation->states[index].has_changed;
}

int64_t simulation_next_tick(enum market_hours hours, int64_t at)
{
    struct market_session session;
    int64_t next;

    if (!market_hours_session(hours, at, &session))
        return market_hours_next_open(hours, at);
    if (at >= session.close_at)
        return session.next_open_at;
    next = (at - session.open_at) / MICROS_PER_SECOND + 1;
    return session.open_at + next * MICROS_PER_SECOND;
}

size_t simulation_list_quotes(const struct simulation_options *options,
                              const struct simulated_symbol *symbol,
                              int64_t after,
                              int64_t until,
                              struct quote *out_quotes,
                              size_t max)
{
    OWNED(simulation) simulation = simulation_new(options, symbol, 1);
    size_t count = 0;

    simulation_move(simulation, after);
    for (int64_t at = simulation_next_tick(options->hours, after); at <= until && count < max;
         at = simulation_next_tick(options->hours, at)) {
        simulation_move(simulation, at);
        if (simulation_has_changed(simulation, 0))
            out_quotes[count++] = *simulation_quote(simulation, 0);
    }
    return count;
}
