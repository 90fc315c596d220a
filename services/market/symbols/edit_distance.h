// SPDX-License-Identifier: MIT
// edit_distance: how many typing errors lie between two words.
//
// The optimal string alignment distance: the fewest letters to insert, leave out, replace, or swap
// with their neighbour, where no letter is touched twice. These are four in five of the errors
// people make (F. J. Damerau, "A technique for computer detection and correction of spelling
// errors", Communications of the ACM 7(3), 1964); the restricted form is described in L. Boytsov,
// "Indexing methods for approximate dictionary searching", ACM JEA 16, 2011, section 2.2.
//
// A letter is a byte here: folded names are ASCII but for scripts without accents to leave out.
//
// Threads: pure functions.
#pragma once

#include "base/base.h"

enum { EDIT_WORD_MAX = 64 }; // bytes of a word; longer ones are too far from everything

struct edit_distance {
    int whole;  // from the typed word to the whole other
    int prefix; // to the beginning of the other that is nearest
};

// Both distances from `typed` to `word`, each at most `limit` + 1, which stands for anything more.
struct edit_distance edit_distance(struct text typed, struct text word, int limit);
