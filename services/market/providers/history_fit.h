// SPDX-License-Identifier: MIT
// history_fit: a provider's days beside those that are there: put back to what was traded, and
// those found that are missing and can be believed to be of the same share.
//
// What is there is as traded. Providers divide by the splits until they are asked, which is undone
// by the splits that are known. One that is not known shows as another price, and then nothing of
// it is taken.
//
// Threads: pure functions.
#pragma once

#include "actions/corporate_action.h"
#include "providers/provider.h"

// A day that is there, by its close.
struct known_day {
    int64_t day;
    int64_t close_micros;
};

struct history_fit_options {
    const struct split *splits; // of the symbol, in order of days
    size_t split_count;
    const struct known_day *known; // in order of days
    size_t known_count;
    int64_t today;
    bool is_adjusted; // the provider's days are
};

struct history_fit {
    int64_t adjusted_through; // by the splits until then its days are; unset when by none
    bool fits;                // false when days were left out
    bool continues;           // false when those were that come after all that is known
};

// Makes provider's days what they were traded at: undoes the splits after each until `through`.
void history_put_back(struct provider_bar *bars,
                      size_t count,
                      const struct split *splits,
                      size_t split_count,
                      int64_t through);

// Keeps of `bars`, in order of days, those after the first one that is known too which are missing,
// as traded; `count` of them are left. Days are taken when the nearest known days before and after
// them have the same price in both.
void history_fit(const struct history_fit_options *options,
                 struct provider_bar *bars,
                 size_t *count,
                 struct history_fit *out_fit);
