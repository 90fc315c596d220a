// SPDX-License-Identifier: MIT
// docs_api: the API's documentation: /openapi.json, and Swagger UI at /docs/ and /swagger/. All
// files are part of the program (web/EmbedWeb.cmake).
#pragma once

#include "rest/endpoint.h"
