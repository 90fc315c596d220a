// SPDX-License-Identifier: MIT
// form: what a page's form has sent, and what is shown of it again when it was not accepted.
//
// A form is read into the request message of the operation it asks for: its fields are called as in
// the REST API, and the same table says what is allowed. A field that is left empty is not there,
// but for a text of an operation that changes something (PATCH), where it empties it.
//
// A field of a message within the message is called with a dot ("ceilings.max_order_value"); a list
// is one field, its items separated by commas or blanks; a time may come without seconds and zone,
// as browsers send it, and is UTC then.
//
// Threads: one request belongs to one thread. Memory: the request's arena.
#pragma once

#include "message/message.h"
#include "server/http_message.h"

enum {
    FORM_FIELDS_MAX = 64,
    FORM_TYPED_MAX = 400, // bytes of FORM_TYPED, as pages.proto has it
};

// The fields that are about the form itself and belong to no operation.
#define FORM_CSRF_TOKEN "csrf_token"
#define FORM_IDEMPOTENCY_KEY "idempotency_key"
#define FORM_NEXT "next" // a page to go to afterwards

// The parameter of a page's address that has what was typed into its form.
#define FORM_TYPED "typed"

struct form_field {
    struct text name;
    struct text value; // terminated
};

struct form {
    struct form_field fields[FORM_FIELDS_MAX];
    size_t count;
};

// Adds a field to a form that is being read. Fails with MALFORMED_REQUEST when it is there already,
// or when there are too many.
MUST_CHECK bool
form_add(struct form *form, struct text name, struct text value, struct error *error);

// Reads a body of application/x-www-form-urlencoded. Fails with UNSUPPORTED_MEDIA_TYPE, and
// MALFORMED_REQUEST for what cannot be read, a field that is there twice, or too many.
MUST_CHECK bool form_parse(const struct http_request *request,
                           struct text body,
                           const struct form **out_form,
                           struct error *error);

// Reads fields that did not come as a body, but are written as in one.
MUST_CHECK bool form_parse_fields(struct arena *arena,
                                  struct text fields,
                                  const struct form **out_form,
                                  struct error *error);

// Writes in the same way what somebody has typed: what is not empty, nothing secret, and none of
// the fields that are about the form itself.
void form_write_typed(const struct form *form, struct strbuf *out);

// Whether what is typed into a field is never sent back, whichever operation it is for.
bool form_is_secret(const char *name);

// The value of a field; NULL when it is not there.
const char *form_find(const struct form *form, const char *name);

// How a form becomes a message.
struct form_target {
    const struct message_info *info; // of the operation's request
    struct arena *arena;
    bool keeps_empty; // a text that is empty is there
};

// Sets the fields of `message` from those of the form, but for its own. Adds a violation for each
// one that cannot be read, and fails with INVALID_REQUEST then. Does not validate.
MUST_CHECK bool form_read(const struct form *form,
                          const struct form_target *target,
                          ProtobufCMessage *message,
                          struct error *error);

// What a page shows of a form: `shown` is a message whose fields are Inputs of pages.proto, and one
// `problem`. All of it is set: what was typed (nothing secret), and what of `error` is about it.
struct form_view {
    const struct message_info *info; // of `shown`
    const char *id;                  // begins the ids of the inputs on the page
    const struct form *form;         // NULL for one that nothing was typed into
    const struct error *error;       // NULL for none
};
MUST_CHECK bool form_show(const struct form_view *view,
                          struct arena *arena,
                          ProtobufCMessage *shown,
                          struct error *error);

// Shows the values of `message` in the inputs of `shown` that are called as its fields, where
// nothing was typed.
MUST_CHECK bool form_preset(const struct form_view *view,
                            struct arena *arena,
                            const struct message_info *info,
                            const ProtobufCMessage *message,
                            ProtobufCMessage *shown,
                            struct error *error);
