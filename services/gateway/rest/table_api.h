// SPDX-License-Identifier: MIT
// table_api: answers of operations as tables for spreadsheets, by the tables made from the .proto
// files: a row for each message of the answer's list, a column for each of its fields.
//
// Lists that come in pages are read to their end, or to `limit` where one is said; what would be
// too large ends early, and the header X-Next-Page-Token says where it goes on.
#pragma once

#include "rest/exchange.h"

// Answers as a table who accepts text/csv and not JSON, and as rest_answer everybody else.
bool table_answer(struct exchange *exchange, struct error *error);

// Answers as the table of that operation, to whom it may answer; `request` is changed. Fails as the
// operation does.
MUST_CHECK bool table_write(struct exchange *exchange,
                            const struct rpc_method *method,
                            ProtobufCMessage *request,
                            struct error *error);

// Answers as a table of messages that are there already. Fails with OUT_OF_MEMORY_BUDGET.
MUST_CHECK bool table_write_rows(struct exchange *exchange,
                                 const struct message_info *info,
                                 ProtobufCMessage *const *rows,
                                 size_t count,
                                 const char *file,
                                 struct error *error);
