// SPDX-License-Identifier: MIT
#include "pages/service_states.h"

#include <string.h>

static const char *const services[] = {"auth", "market", "portfolio", "trading"};

static const char *problem_of(const struct exchange *exchange, const char *service)
{
    struct gateway *gateway = exchange->gateway;

    if (!rpc_client_is_ready(service_client(gateway->service, service)))
        return "does not answer";
    if (strcmp(service, "market") == 0 && !quotes_is_ready(gateway->quotes))
        return "sends no prices";
    return NULL;
}

Pages__ServiceState **
service_states_make(struct exchange *exchange, size_t *out_count, protobuf_c_boolean *out_is_ready)
{
    struct arena *arena = exchange->request->arena;
    Pages__ServiceState **states = arena_allocate(arena, COUNT_OF(services) * sizeof *states);

    *out_is_ready = true;
    for (size_t i = 0; states != NULL && i < COUNT_OF(services); i++) {
        Pages__ServiceState *state = arena_allocate(arena, sizeof *state);

        if (state == NULL)
            return NULL;
        pages__service_state__init(state);
        state->name = services[i];
        state->problem = problem_of(exchange, services[i]);
        state->has_is_ready = true;
        state->is_ready = state->problem == NULL;
        *out_is_ready = *out_is_ready && state->is_ready;
        states[i] = state;
    }
    *out_count = COUNT_OF(services);
    return states;
}
