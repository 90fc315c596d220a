// SPDX-License-Identifier: MIT
// docs_api: the API's documentation: /openapi.json, Swagger UI at /docs/ and /swagger/, and the
// table of errors. All files are part of the program (web/EmbedWeb.cmake).
#pragma once

#include "rest/endpoint.h"

bool docs_errors(struct exchange *exchange, struct error *error);
