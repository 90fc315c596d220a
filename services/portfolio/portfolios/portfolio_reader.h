// SPDX-License-Identifier: MIT
// portfolio_reader: GetPortfolio, for all callers that wait at the same time.
//
// It is what clients ask for most. Up to 64 calls are one transaction of one round trip, so a
// caller among many costs a sixty-fourth of that and the building of the reply.
//
// Threads: one batch at a time, as lib/rpc has it for methods with batch_max.
#pragma once

struct portfolio_reader;

struct portfolio_reader *portfolio_reader_new(void);
void portfolio_reader_free(struct portfolio_reader **reader);
