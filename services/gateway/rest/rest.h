// SPDX-License-Identifier: MIT
// rest: REST to RPC and back, for every operation alike, by the tables made from the .proto files.
#pragma once

#include "pages/form.h"
#include "rest/endpoint.h"

// Answers an operation: address, query and JSON body become the request message, the reply becomes
// JSON.
bool rest_answer(struct exchange *exchange, struct error *error);

// The parts of that, for endpoints that do something in between. Each leaves everything in the
// request's arena.
MUST_CHECK bool
rest_read(struct exchange *exchange, ProtobufCMessage **out_request, struct error *error);
MUST_CHECK bool rest_call(struct exchange *exchange,
                          const ProtobufCMessage *request,
                          ProtobufCMessage **out_response,
                          struct error *error);
void rest_write(struct exchange *exchange, const ProtobufCMessage *response);

// What a request message is made of.
struct rest_input {
    const struct message_info *info;
    struct arena *arena;
    const struct router_match *match;
    struct text query;
    struct text body;
    const char *content_type; // NULL for none
    bool takes_body;          // the body is the message as JSON
    const struct form *form;  // the message is what a page's form has sent; NULL for none
    bool form_sets_texts;     // a text that is left empty in it is there
    bool skips_empty; // a parameter without a value is not there, as a page's forms send them
};

// Makes and validates the message. A field may come from one place only. Fails with
// MALFORMED_REQUEST, UNSUPPORTED_MEDIA_TYPE or INVALID_REQUEST.
MUST_CHECK bool rest_read_message(const struct rest_input *input,
                                  ProtobufCMessage **out_message,
                                  struct error *error);

// Writes `message` as the answer's JSON, or only its field `part` unless that is NULL.
void rest_write_message(const struct message_info *info,
                        const ProtobufCMessage *message,
                        const char *part,
                        struct strbuf *out);
