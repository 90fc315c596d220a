// SPDX-License-Identifier: MIT
// route: what the REST side of an operation is, as declared by google.api.http in its .proto.
//
// The table is made by tools/protogen, sorted so that literal segments come before variables.
#pragma once

#include "rpc/rpc.h"

struct route {
    const char *http_method; // "POST"
    const char *path;        // "/api/v1/portfolios/{portfolio_id}/orders"; {name} is one segment
    const char *service;     // "trading": whom to call
    const struct rpc_method *method;
    bool has_body;             // the body is the request message as JSON (body: "*")
    const char *response_body; // JSON name of the field that is the answer; NULL: all of it
    int success_status;        // 204 has no body
    int invalid_status;        // of a request that breaks a rule; 0: as the reason says
    bool from_gateway;         // answered here, by a function of the gateway
};

extern const struct route gateway_routes[];
extern const size_t gateway_route_count;
