// SPDX-License-Identifier: MIT
#include "rpc/envelope.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"

const char envelope_send_alone[] = "SEND_ALONE";
const char envelope_not_ready[] = "NOT_READY";
const char envelope_another_service[] = "ANOTHER_SERVICE";

size_t envelope_size(const ProtobufCMessage *message)
{
    return protobuf_c_message_get_packed_size(message) + ENVELOPE_HASH_SIZE;
}

static void hash(struct text packed,
                 const unsigned char *key,
                 const struct envelope_binding *binding,
                 unsigned char out[ENVELOPE_HASH_SIZE])
{
    char prefix[2 + ENVELOPE_HASH_SIZE] = {(char)binding->kind, (char)binding->lane};
    size_t length = 2;

    if (binding->calls_hash != NULL) {
        memcpy(prefix + 2, binding->calls_hash, ENVELOPE_HASH_SIZE);
        length += ENVELOPE_HASH_SIZE;
    }
    digest_keyed_pair((struct text){prefix, length}, packed, key, out);
}

void envelope_seal(const ProtobufCMessage *message,
                   const unsigned char *key,
                   const struct envelope_binding *binding,
                   char *out,
                   unsigned char *out_hash)
{
    size_t length = protobuf_c_message_pack(message, (uint8_t *)out);
    unsigned char *trailer = (unsigned char *)out + length;

    hash((struct text){out, length}, key, binding, trailer);
    if (out_hash != NULL)
        memcpy(out_hash, trailer, ENVELOPE_HASH_SIZE);
}

static bool is_sealed_with(const unsigned char *key,
                           struct text wire,
                           struct text packed,
                           const struct envelope_binding *binding)
{
    unsigned char expected[ENVELOPE_HASH_SIZE];

    hash(packed, key, binding, expected);
    return digest_equal(expected, envelope_hash(wire), ENVELOPE_HASH_SIZE);
}

bool envelope_open(struct text wire,
                   const struct rpc_mesh_key *key,
                   const struct envelope_binding *binding,
                   struct text *out_packed,
                   const unsigned char **out_used)
{
    const unsigned char *used = key->bytes;
    struct text packed = wire;

    if (wire.length < ENVELOPE_HASH_SIZE)
        return false;
    packed.length -= ENVELOPE_HASH_SIZE;
    if (!is_sealed_with(used, wire, packed, binding)) {
        used = key->second;
        if (!key->has_second || !is_sealed_with(used, wire, packed, binding))
            return false;
    }
    *out_packed = packed;
    if (out_used != NULL)
        *out_used = used;
    return true;
}

const unsigned char *envelope_hash(struct text wire)
{
    assert(wire.length >= ENVELOPE_HASH_SIZE);
    return (const unsigned char *)wire.data + wire.length - ENVELOPE_HASH_SIZE;
}

static void *take(void *arena, size_t size)
{
    return arena_allocate(arena, size);
}

static void give_back(void *arena, void *pointer)
{
    // The arena forgets everything at once.
    (void)arena;
    (void)pointer;
}

static ProtobufCMessage *
read_message(const ProtobufCMessageDescriptor *type, struct text packed, struct arena *arena)
{
    ProtobufCAllocator allocator = {.alloc = take, .free = give_back, .allocator_data = arena};

    return protobuf_c_message_unpack(type, &allocator, packed.length, (const uint8_t *)packed.data);
}

Rpc__CallBatch *envelope_read_calls(struct text packed, struct arena *arena)
{
    return (Rpc__CallBatch *)read_message(&rpc__call_batch__descriptor, packed, arena);
}

Rpc__OutcomeBatch *envelope_read_outcomes(struct text packed, struct arena *arena)
{
    return (Rpc__OutcomeBatch *)read_message(&rpc__outcome_batch__descriptor, packed, arena);
}

Rpc__Publication *envelope_read_publication(struct text packed, struct arena *arena)
{
    return (Rpc__Publication *)read_message(&rpc__publication__descriptor, packed, arena);
}

void envelope_say_error(const struct error *error, struct envelope_failure *failure)
{
    Rpc__Outcome *outcome = &failure->outcome;

    rpc__outcome__init(outcome);
    outcome->has_code = true;
    outcome->code = (uint32_t)error->code;
    outcome->reason = error->reason;
    outcome->message = error->message;
    outcome->has_outcome_unknown = error->outcome_unknown;
    outcome->outcome_unknown = error->outcome_unknown;
    outcome->n_details = error->detail_count;
    outcome->details = failure->detail_pointers;
    for (size_t i = 0; i < error->detail_count; i++) {
        Rpc__Detail *detail = &failure->details[i];

        rpc__detail__init(detail);
        detail->has_kind = true;
        detail->kind = (uint32_t)error->details[i].kind;
        detail->name = error->details[i].name;
        detail->value = error->details[i].value;
        failure->detail_pointers[i] = detail;
    }
}

static const char *or_empty(const char *string)
{
    return string != NULL ? string : "";
}

// A number that is no code here, such as DATA_LOSS (15) of google.rpc, is still a failure.
static enum code code_of(uint32_t number)
{
    return number <= CODE_UNAVAILABLE || number == CODE_UNAUTHENTICATED ? (enum code)number
                                                                        : CODE_UNKNOWN;
}

void envelope_hear_error(const Rpc__Outcome *outcome, struct error *error)
{
    error_set(error, REASON_INTERNAL, "%s", or_empty(outcome->message));
    // A newer peer may use a reason that this build does not know; it is passed on as it came.
    error->code = code_of(outcome->code);
    if (or_empty(outcome->reason)[0] != '\0')
        snprintf(error->reason, sizeof error->reason, "%s", outcome->reason);
    error->outcome_unknown = outcome->outcome_unknown;
    for (size_t i = 0; i < outcome->n_details; i++) {
        const Rpc__Detail *detail = outcome->details[i];

        if (detail->kind == ERROR_VIOLATION)
            error_add_violation(error, or_empty(detail->name), "%s", or_empty(detail->value));
        else
            error_add_number(error, or_empty(detail->name), "%s", or_empty(detail->value));
    }
}
