// SPDX-License-Identifier: MIT
#include "rpc/test_methods.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct field_info detail_fields[] = {
    {.json_name = "kind"},
    {.json_name = "name", .max_length = 100},
    {.json_name = "value", .max_length = 1024 * 1024},
};
const struct message_info test_detail_info = {&rpc__detail__descriptor, detail_fields};

static const struct field_info owned_fields[] = {
    {.json_name = "kind"},
    {.json_name = "portfolio_id", .max_length = 100},
    {.json_name = "value", .max_length = 100},
};
static const struct message_info owned_info = {&rpc__detail__descriptor, owned_fields};

static const char *const friends[] = {"friend", NULL};

// clang-format off
#define METHOD(variable, number, text, may_call, its_lane, ...)                                    \
    const struct rpc_method variable = {                                                           \
        .id = number, .name = "test.Test/" text, .short_name = text, .access = may_call,           \
        .lane = its_lane, .timeout_ms = 1000, .request = &test_detail_info,                        \
        .response = &test_detail_info, __VA_ARGS__}
METHOD(test_echo_fast, 11, "EchoFast", RPC_ACCESS_OPEN, RPC_LANE_FAST, .no_side_effects = true);
METHOD(test_echo, 2, "Echo", RPC_ACCESS_OPEN, RPC_LANE_NORMAL, .no_side_effects = true);
METHOD(test_user, 3, "User", RPC_ACCESS_READ, RPC_LANE_NORMAL, .no_side_effects = true);
METHOD(test_trade, 12, "Trade", RPC_ACCESS_TRADE, RPC_LANE_NORMAL, .no_side_effects = false);
METHOD(test_account, 13, "Account", RPC_ACCESS_ACCOUNT, RPC_LANE_NORMAL, .no_side_effects = true);
const struct rpc_method test_owned = {
    .id = 14, .name = "test.Test/Owned", .short_name = "Owned", .access = RPC_ACCESS_TRADE,
    .lane = RPC_LANE_NORMAL, .timeout_ms = 1000, .owner = "portfolio_id", .request = &owned_info,
    .response = &test_detail_info};
METHOD(test_admin, 4, "Admin", RPC_ACCESS_ADMINISTRATOR, RPC_LANE_NORMAL, .no_side_effects = true);
METHOD(test_mesh, 5, "Mesh", RPC_ACCESS_MESH, RPC_LANE_NORMAL, .callers = friends);
METHOD(test_wait, 6, "Wait", RPC_ACCESS_OPEN, RPC_LANE_NORMAL, .no_side_effects = false);
METHOD(test_once, 7, "Once", RPC_ACCESS_OPEN, RPC_LANE_NORMAL, .no_side_effects = false);
METHOD(test_crash, 8, "Crash", RPC_ACCESS_OPEN, RPC_LANE_NORMAL, .no_side_effects = false);
METHOD(test_gather, 9, "Gather", RPC_ACCESS_OPEN, RPC_LANE_NORMAL, .batch_max = 16);
METHOD(test_alone, 91, "Alone", RPC_ACCESS_OPEN, RPC_LANE_NORMAL, .batch_max = 4);
METHOD(test_pair,
       92,
       "Pair",
       RPC_ACCESS_OPEN,
       RPC_LANE_NORMAL,
       .batch_max = 4,
       .batches_at_once = 2);
METHOD(test_large, 10, "Large", RPC_ACCESS_OPEN, RPC_LANE_NORMAL, .no_side_effects = true);
METHOD(test_slow, 1, "Slow", RPC_ACCESS_OPEN, RPC_LANE_SLOW, .no_side_effects = false);
#undef METHOD
// clang-format on

#define HANDLER(name)                                                                              \
    static bool name(void *service, struct call *call, const ProtobufCMessage *request_message,    \
                     ProtobufCMessage *response_message, struct error *error)
#define MESSAGES                                                                                   \
    const Rpc__Detail *request = (const Rpc__Detail *)request_message;                             \
    Rpc__Detail *response = (Rpc__Detail *)response_message;                                       \
    (void)service, (void)call, (void)request, (void)response, (void)error

static void write_journal(const struct test_service *service, const char *id, const char *name)
{
    char line[160];
    int length = snprintf(line, sizeof line, "%s %s\n", id, name);
    int file = open(service->journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (file < 0 || write(file, line, (size_t)length) != length)
        abort();
    close(file);
}

static bool is_in_journal(const struct test_service *service, const char *id)
{
    char line[160];
    FILE *file = fopen(service->journal, "r");
    bool is_found = false;

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, id, strlen(id)) == 0)
            is_found = true;
    if (file != NULL)
        fclose(file);
    return is_found;
}

static void sleep_ms(uint32_t ms)
{
    clock_sleep_until_us(clock_monotonic_us() + ms * MICROS_PER_MS);
}

HANDLER(echo)
{
    MESSAGES;
    response->has_kind = request->has_kind;
    response->kind = request->kind;
    response->name = request->name;
    response->value = request->value;
    return true;
}

HANDLER(name_user)
{
    MESSAGES;
    response->name = call->identity.username;
    response->value = call->caller;
    return true;
}

HANDLER(wait_and_write)
{
    MESSAGES;
    sleep_ms(request->kind);
    write_journal(service, call->request_id, request->name);
    return true;
}

HANDLER(write_once)
{
    MESSAGES;
    call->replayed = is_in_journal(service, call->request_id);
    if (!call->replayed)
        write_journal(service, call->request_id, request->name);
    sleep_ms(request->kind);
    return true;
}

HANDLER(crash)
{
    MESSAGES;
    write_journal(service, call->request_id, request->name);
    _exit(3);
}

HANDLER(answer_large)
{
    char *value = arena_allocate(call->arena, request_message == NULL ? 1 : 1024 * 1024 + 1);
    MESSAGES;
    if (value == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "no room");
    memset(value, 'x', request->kind);
    response->value = value;
    return true;
}

static void gather(void *service, struct rpc_batch_item *items, size_t count)
{
    (void)service;
    // Long enough that others come meanwhile.
    sleep_ms(20);
    for (size_t i = 0; i < count; i++) {
        Rpc__Detail *response = (Rpc__Detail *)items[i].response;
        const Rpc__Detail *request = (const Rpc__Detail *)items[i].request;

        response->has_kind = true;
        response->kind = (uint32_t)count;
        items[i].done = request->name == NULL || strcmp(request->name, "fail") != 0;
        if (!items[i].done)
            error_set(&items[i].error, REASON_CONFLICT, "as asked for");
    }
}

static void
count_batches(struct rpc_batch_item *items, size_t count, _Atomic uint32_t *batches_at_work)
{
    uint32_t batches = atomic_fetch_add(batches_at_work, 1) + 1;

    sleep_ms(20);
    for (size_t i = 0; i < count; i++) {
        Rpc__Detail *response = (Rpc__Detail *)items[i].response;

        response->has_kind = true;
        response->kind = batches;
        items[i].done = true;
    }
    atomic_fetch_sub(batches_at_work, 1);
}

static void alone(void *service, struct rpc_batch_item *items, size_t count)
{
    static _Atomic uint32_t batches;

    (void)service;
    count_batches(items, count, &batches);
}

static void pair(void *service, struct rpc_batch_item *items, size_t count)
{
    static _Atomic uint32_t batches;

    (void)service;
    count_batches(items, count, &batches);
}

const struct rpc_handler test_handlers[] = {
    {.method = &test_echo_fast, .single = echo},
    {.method = &test_echo, .single = echo},
    {.method = &test_user, .single = name_user},
    {.method = &test_trade, .single = name_user},
    {.method = &test_account, .single = name_user},
    {.method = &test_owned, .single = name_user},
    {.method = &test_admin, .single = name_user},
    {.method = &test_mesh, .single = name_user},
    {.method = &test_wait, .single = wait_and_write},
    {.method = &test_once, .single = write_once},
    {.method = &test_crash, .single = crash},
    {.method = &test_gather, .batch = gather},
    {.method = &test_alone, .batch = alone},
    {.method = &test_pair, .batch = pair},
    {.method = &test_large, .single = answer_large},
    {.method = &test_slow, .single = wait_and_write},
};
const size_t test_handler_count = COUNT_OF(test_handlers);

bool test_authenticate(void *context,
                       const char *access_token,
                       struct identity *out_identity,
                       struct error *error)
{
    static const struct {
        const char *kind;
        enum role role;
        enum scope scope;
    } kinds[] = {
        {"user:", ROLE_USER, SCOPE_ACCOUNT}, {"admin:", ROLE_ADMINISTRATOR, SCOPE_ACCOUNT},
        {"read:", ROLE_USER, SCOPE_READ},    {"trade:", ROLE_USER, SCOPE_TRADE},
        {"only:", ROLE_USER, SCOPE_TRADE},
    };

    (void)context;
    memset(out_identity, 0, sizeof *out_identity);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const char *name = access_token + strlen(kinds[i].kind);

        if (strncmp(access_token, kinds[i].kind, strlen(kinds[i].kind)) != 0)
            continue;
        out_identity->role = kinds[i].role;
        out_identity->scope = kinds[i].scope;
        snprintf(out_identity->username, sizeof out_identity->username, "%s", name);
        if (strcmp(kinds[i].kind, "only:") == 0)
            snprintf(out_identity->portfolio_id, UUID_SIZE, "%s", name);
        return true;
    }
    return error_set(error, REASON_INVALID_TOKEN, "not a token");
}
