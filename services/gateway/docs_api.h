// SPDX-License-Identifier: MIT
// docs_api: the API's documentation: /openapi.json, Swagger UI at /docs/ and /swagger/, and the
// table of errors. All files are part of the program (web/EmbedWeb.cmake).
#pragma once

#include "endpoint.h"

// Appends the address of a file of the documentation. It changes when any of the files does, so
// that browsers may keep them for ever.
void docs_append_address(struct strbuf *out, const char *name);

bool docs_errors(struct exchange *exchange, struct error *error);
