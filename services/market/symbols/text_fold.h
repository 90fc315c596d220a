// SPDX-License-Identifier: MIT
// text_fold: text as a search compares it: words in small letters without accents.
//
// Letters are folded by the rules of Unicode (NFKD, marks left out, cases folded), so that "Estée"
// and "ESTEE" are one word. An apostrophe is nothing ("McDonald's" is "mcdonalds"); everything else
// that is neither letter nor digit separates words.
//
// Threads: pure functions.
#pragma once

#include "base/arena.h"

// The words of `text`, which is UTF-8, each after one blank: " mcdonalds corp"; "" when there are
// none. The caller releases it. NULL when the text is not UTF-8.
char *text_fold(struct text text);
