// SPDX-License-Identifier: MIT
// reply_value: what all providers' replies are made of, and the rules that all of it must keep.
//
// Threads: pure functions.
#pragma once

#include "providers/provider.h"
#include "providers/reply_json.h"

// Reads a decimal, an exponent included, as so many 10^-scale, rounded half to even. False when it
// is not a number or does not fit.
MUST_CHECK bool reply_read_decimal(struct text text, int scale, int64_t *out_value);

// A member of an object that is a number, or a string of one.
MUST_CHECK bool
reply_read_member(const struct reply_value *value, const char *name, int scale, int64_t *out_value);

// Fills the verdict and is false, so that failing reads `return reply_refuse(...)`.
PRINTF_LIKE(3, 4)
bool reply_refuse(struct provider_verdict *verdict,
                  enum provider_outcome outcome,
                  const char *format,
                  ...);

// True when those words, in that case, are somewhere in the text.
bool reply_mentions(struct text text, const char *words);

// As much of a foreign text as fits a sentence, without line ends and what is no plain character.
enum { REPLY_QUOTED_SIZE = 96 };
void reply_quote(struct text text, char out[REPLY_QUOTED_SIZE]);

// Parses a body as JSON; what is none, such as a page of HTML, is PROVIDER_MALFORMED. Statuses from
// 500 and an empty body are PROVIDER_UNAVAILABLE, 429 is PROVIDER_RATE_LIMITED.
MUST_CHECK bool reply_parse(const struct provider_reading *reading,
                            const struct reply_value **out_value,
                            struct provider_verdict *verdict);

// Judges the status alone: false when it is a failure that every provider means alike.
MUST_CHECK bool reply_check_status(const struct provider_reading *reading,
                                   struct provider_verdict *verdict);

// Checks a quote that is complete but for bid, ask and `valid_until`: the price above 0 and at most
// the greatest, within the day's high and low (by which an open, high or low of 0 is one that is
// not known), and of a time that has come. Writes the rule that is broken into the answer.
void reply_check_quote(const struct provider_reading *reading, struct provider_answer *answer);

// Makes all answers that outcome, for a reply that holds none.
void reply_answer_all(const struct provider_reading *reading,
                      struct provider_answer *answers,
                      enum provider_outcome outcome,
                      const char *problem);

// Sets the answer to PROVIDER_MALFORMED, or another failure.
PRINTF_LIKE(3, 4)
void reply_answer(struct provider_answer *answer,
                  enum provider_outcome outcome,
                  const char *format,
                  ...);

// The verdict on a provider follows from its answers: one that answers nothing that can be believed
// is at fault; one that does not know a symbol is not.
void reply_judge(const struct provider_answer *answers,
                 size_t count,
                 struct provider_verdict *verdict);

// Adds a bar when it keeps the rules of bars, and counts it as refused otherwise; the array has
// room for it.
void reply_add_bar(const struct provider_reading *reading,
                   struct provider_bars *bars,
                   const struct provider_bar *bar);

// Makes room for `count` bars; refuses more than PROVIDER_BARS_MAX.
MUST_CHECK bool reply_make_bars(const struct provider_reading *reading,
                                size_t count,
                                struct provider_bars *bars,
                                struct provider_verdict *verdict);

// Puts the oldest first, and leaves out what is outside of the days asked for.
void reply_finish_bars(const struct provider_reading *reading, struct provider_bars *bars);

// Appends `text` with what has a meaning in an address as %xx.
void reply_append_encoded(struct strbuf *target, const char *text);

// Copies the ticker with each '.' as `dot`, in lower case when asked to.
void reply_write_ticker(const char *ticker, char dot, bool is_lower, char out[TICKER_SIZE]);

// True when that is the ticker as the provider writes it, in any case.
bool reply_is_ticker(struct text text, const char *ticker, char dot);
