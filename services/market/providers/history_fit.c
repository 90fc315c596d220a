// SPDX-License-Identifier: MIT
#include "providers/history_fit.h"

#include <stdlib.h>

enum { DIFFERENCE_MAX = 100 }; // between providers: one in so many, far less than by any split

static int64_t at_most(int64_t value, int64_t most)
{
    return value < most ? value : most;
}

// By what the splits since are undone: their ratio the other way round.
static struct split_ratio
undoing(const struct split *splits, size_t split_count, int64_t day, int64_t through)
{
    struct split_ratio ratio = split_ratio_of(splits, split_count, day, through);

    return (struct split_ratio){.numerator = ratio.denominator, .denominator = ratio.numerator};
}

void history_put_back(struct provider_bar *bars,
                      size_t count,
                      const struct split *splits,
                      size_t split_count,
                      int64_t through)
{
    for (size_t i = 0; i < count; i++) {
        struct split_ratio ratio = undoing(splits, split_count, bars[i].day, through);

        bars[i].open_micros = split_ratio_price(&ratio, bars[i].open_micros);
        bars[i].high_micros = split_ratio_price(&ratio, bars[i].high_micros);
        bars[i].low_micros = split_ratio_price(&ratio, bars[i].low_micros);
        bars[i].close_micros = split_ratio_price(&ratio, bars[i].close_micros);
        bars[i].volume = at_most(split_ratio_volume(&ratio, bars[i].volume), BAR_VOLUME_MAX);
    }
}

static bool is_near(int64_t price_micros, int64_t known_micros)
{
    return llabs(price_micros - known_micros) <= known_micros / DIFFERENCE_MAX;
}

static bool fits_through(const struct history_fit_options *options,
                         const struct provider_bar *bar,
                         const struct known_day *known,
                         int64_t through)
{
    struct split_ratio ratio = undoing(options->splits, options->split_count, bar->day, through);

    return is_near(split_ratio_price(&ratio, bar->close_micros), known->close_micros);
}

// The last day that is in both; false when there is none.
static bool find_last_common(const struct history_fit_options *options,
                             const struct provider_bar *bars,
                             size_t count,
                             const struct provider_bar **out_bar,
                             const struct known_day **out_known)
{
    size_t known = options->known_count;

    while (count > 0 && known > 0) {
        *out_bar = &bars[count - 1];
        *out_known = &options->known[known - 1];
        if ((*out_bar)->day == (*out_known)->day)
            return true;
        if ((*out_bar)->day > (*out_known)->day)
            count--;
        else
            known--;
    }
    return false;
}

// Until when the provider has divided: today, unless it is late with the last splits, as on the
// very day of one.
static int64_t find_through(const struct history_fit_options *options,
                            const struct provider_bar *bars,
                            size_t count)
{
    const struct provider_bar *bar = NULL;
    const struct known_day *known = NULL;

    if (!find_last_common(options, bars, count, &bar, &known) ||
        fits_through(options, bar, known, options->today))
        return options->today;
    for (size_t i = options->split_count; i > 0; i--) {
        int64_t before = options->splits[i - 1].day - 1;

        if (before >= bar->day && before < options->today &&
            fits_through(options, bar, known, before))
            return before;
    }
    return options->today;
}

// A run of days that are missing, until a known day or the end.
struct run {
    size_t first; // among those that are kept
    bool is_open;
    bool begins_well; // the known day before it has the same price
};

// Whether its days stay.
static bool end_run(struct run *run, bool ends_well, size_t *kept)
{
    bool stays = !run->is_open || (run->begins_well && ends_well);

    if (!stays)
        *kept = run->first;
    run->is_open = false;
    return stays;
}

static void add_to_run(struct run *run, size_t kept)
{
    if (!run->is_open)
        run->first = kept;
    run->is_open = true;
}

void history_fit(const struct history_fit_options *options,
                 struct provider_bar *bars,
                 size_t *count,
                 struct history_fit *out_fit)
{
    const struct known_day *known = options->known, *end = known + options->known_count;
    struct run run = {0};
    bool has_begun = false, fits = true;
    size_t kept = 0;

    if (options->is_adjusted) {
        out_fit->adjusted_through = find_through(options, bars, *count);
        history_put_back(bars, *count, options->splits, options->split_count,
                         out_fit->adjusted_through);
    }
    for (size_t i = 0; i < *count; i++) {
        while (known < end && known->day < bars[i].day)
            known++;
        if (known < end && known->day == bars[i].day) {
            bool is_same = is_near(bars[i].close_micros, known->close_micros);

            fits = end_run(&run, is_same, &kept) && fits;
            run.begins_well = is_same;
            has_begun = true;
        } else if (has_begun) {
            add_to_run(&run, kept);
            bars[kept++] = bars[i];
        }
    }
    // Nothing is known after it.
    out_fit->continues = end_run(&run, true, &kept) && (has_begun || *count == 0);
    out_fit->fits = fits && out_fit->continues;
    *count = kept;
}
