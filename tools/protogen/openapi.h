// SPDX-License-Identifier: MIT
// openapi: the parts that the API document is put together from. For emit_openapi.c.
#pragma once

#include "document.h"
#include "model.h"

// Writes the members of one field's schema into an object that is open. Requests and responses
// differ in what they show of secrets.
void openapi_field(struct document *document, const struct model_field *field, bool is_request);

// The schema of what an operation answers, as component `message->name`.
void openapi_response_schema(struct document *document, const struct model_message *message);

// The schema of a request body: the message without the fields that are in the path.
void openapi_body_schema(struct document *document, const struct model_binding *binding);

// The name of that component.
void openapi_body_name(const struct model_binding *binding, struct strbuf *out);

bool openapi_in_path(const struct model_binding *binding, const char *json_name);

// The schema of RFC 9457 problems with the table of reasons, and the responses and parameters that
// operations refer to.
void openapi_problem_schema(struct document *document);
void openapi_shared_parts(struct document *document);

// Refers to the failures that fit an operation, inside its "responses".
void openapi_failures(struct document *document, const struct model_binding *binding);
