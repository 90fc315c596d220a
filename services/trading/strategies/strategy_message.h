// SPDX-License-Identifier: MIT
// strategy_message: strategies and backtests as the API shows them, from their records.
//
// Memory: messages lie in the arena given and borrow the record's texts.
#pragma once

#include "bourse/trading/v1/trading.pb-c.h"

#include "strategies/backtest_store.h"
#include "strategies/strategy_store.h"

// "1Day" and so on; 1Day for what is not specified.
const char *strategy_timeframe_name(Trading__StrategyTimeframe timeframe);

// And back.
Trading__StrategyTimeframe strategy_timeframe_of(const char *name);

// "AAPL MSFT" as a list, and back.
MUST_CHECK bool strategy_symbols_split(const char *symbols,
                                       struct arena *arena,
                                       const char ***out_list,
                                       size_t *out_count,
                                       struct error *error);
MUST_CHECK bool strategy_symbols_join(const char *const *list,
                                      size_t count,
                                      struct arena *arena,
                                      const char **out_symbols,
                                      struct error *error);

MUST_CHECK bool strategy_to_message(const struct strategy_record *record,
                                    struct arena *arena,
                                    Trading__Strategy **out_message,
                                    struct error *error);

// With what came of it, as far as the record has it.
MUST_CHECK bool backtest_to_message(const struct backtest_record *record,
                                    struct arena *arena,
                                    Trading__Backtest **out_message,
                                    struct error *error);

// The grid that a record has, as a message with nothing else; `out_message` is NULL without one.
MUST_CHECK bool backtest_grid_of(const struct backtest_record *record,
                                 struct arena *arena,
                                 const Trading__Backtest **out_message,
                                 struct error *error);

// A packed message as text.
MUST_CHECK bool strategy_pack_text(const ProtobufCMessage *message,
                                   struct arena *arena,
                                   const char **out_text,
                                   struct error *error);
