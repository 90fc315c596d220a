// SPDX-License-Identifier: MIT
// fuzz_rpc: what lies on the wire between services, and the lists of their addresses.
//
// The first byte is the kind of message ('C', 'O' or 'P'), or 'A' for a list of addresses. The rest
// is sealed with a right hash, as only a peer that knows the key could do it; then it is opened,
// read, packed and read again, to the same bytes. What an outcome says is a proper error.
#include "fuzz.h"

#include "base/digest.h"
#include "base/strbuf.h"
#include "rpc/address.h"
#include "rpc/envelope.h"

enum { ARENA_BUDGET = 8 * RPC_MESSAGE_MAX, SMALL_BUDGET = 512 };

static const struct rpc_mesh_key key = {
    .bytes = {1, 2, 3}, .second = {4, 5, 6}, .has_second = true};
static const unsigned char calls_hash[ENVELOPE_HASH_SIZE] = {9};

static struct envelope_binding binding_of(enum envelope_kind kind)
{
    return (struct envelope_binding){
        .kind = kind,
        .lane = kind == ENVELOPE_PUBLICATION ? 0 : RPC_LANE_SLOW,
        .calls_hash = kind == ENVELOPE_OUTCOMES ? calls_hash : NULL,
    };
}

// The hash as envelope.h describes it, over any bytes.
static void seal(enum envelope_kind kind, const unsigned char *used, char *wire, size_t length)
{
    struct envelope_binding binding = binding_of(kind);
    unsigned char prefix[2 + ENVELOPE_HASH_SIZE] = {(unsigned char)kind,
                                                    (unsigned char)binding.lane};
    size_t prefix_length = 2;

    if (binding.calls_hash != NULL) {
        memcpy(prefix + 2, binding.calls_hash, ENVELOPE_HASH_SIZE);
        prefix_length += ENVELOPE_HASH_SIZE;
    }
    digest_keyed_pair((struct text){(const char *)prefix, prefix_length},
                      (struct text){wire, length}, used, (unsigned char *)wire + length);
}

// True when it opens with the key that is said to have been used.
static bool open_wire(enum envelope_kind kind,
                      struct text wire,
                      const unsigned char *used,
                      struct text *out_packed)
{
    struct envelope_binding binding = binding_of(kind);
    const unsigned char *found = NULL;

    return envelope_open(wire, &key, &binding, out_packed, &found) && found == used;
}

static ProtobufCMessage *
read_packed(enum envelope_kind kind, struct text packed, struct arena *arena)
{
    switch (kind) {
    case ENVELOPE_CALLS:
        return (ProtobufCMessage *)envelope_read_calls(packed, arena);
    case ENVELOPE_OUTCOMES:
        return (ProtobufCMessage *)envelope_read_outcomes(packed, arena);
    case ENVELOPE_PUBLICATION:
        return (ProtobufCMessage *)envelope_read_publication(packed, arena);
    }
    return NULL;
}

static bool is_code(enum code code)
{
    return code > CODE_OK && code <= CODE_UNAUTHENTICATED && (int)code != 15;
}

static bool errors_are_equal(const struct error *one, const struct error *other)
{
    if (one->code != other->code || one->outcome_unknown != other->outcome_unknown ||
        strcmp(one->reason, other->reason) != 0 || strcmp(one->message, other->message) != 0 ||
        one->detail_count != other->detail_count)
        return false;
    for (size_t i = 0; i < one->detail_count; i++)
        if (one->details[i].kind != other->details[i].kind ||
            strcmp(one->details[i].name, other->details[i].name) != 0 ||
            strcmp(one->details[i].value, other->details[i].value) != 0)
            return false;
    return true;
}

// Whatever a failed outcome holds becomes an error that can be told on, and arrives as it was.
static void check_outcome(const Rpc__Outcome *outcome)
{
    struct envelope_failure failure;
    struct error error;
    struct error again;

    if (outcome->code == CODE_OK)
        return;
    envelope_hear_error(outcome, &error);
    MUST(is_code(error.code) && error.reason[0] != '\0');
    MUST(error.detail_count <= ERROR_DETAILS_MAX);
    for (size_t i = 0; i < error.detail_count; i++)
        MUST(error.details[i].kind == ERROR_NUMBER || error.details[i].kind == ERROR_VIOLATION);
    envelope_say_error(&error, &failure);
    envelope_hear_error(&failure.outcome, &again);
    MUST(errors_are_equal(&error, &again));
}

// Packed and sealed by the library itself, a message comes back as it was.
static void
check_message(enum envelope_kind kind, const ProtobufCMessage *message, struct arena *arena)
{
    struct envelope_binding binding = binding_of(kind);
    size_t size = envelope_size(message);
    char *wire = allocate(size);
    char *again = allocate(size);
    unsigned char hash[ENVELOPE_HASH_SIZE];
    struct text packed;
    ProtobufCMessage *copy = NULL;

    envelope_seal(message, key.second, &binding, wire, hash);
    MUST(open_wire(kind, (struct text){wire, size}, key.second, &packed));
    MUST(memcmp(hash, envelope_hash((struct text){wire, size}), sizeof hash) == 0);
    copy = read_packed(kind, packed, arena);
    // Only the budget can be the reason.
    if (copy != NULL) {
        MUST(envelope_size(copy) == size);
        envelope_seal(copy, key.second, &binding, again, NULL);
        MUST(memcmp(wire, again, size) == 0);
    }
    release(wire);
    release(again);
}

static void check_wire(enum envelope_kind kind, struct text bytes)
{
    OWNED(arena) arena = arena_new(ARENA_BUDGET);
    OWNED(arena) small = arena_new(SMALL_BUDGET);
    char *wire = allocate(bytes.length + ENVELOPE_HASH_SIZE);
    struct text sealed = {wire, bytes.length + ENVELOPE_HASH_SIZE};
    struct envelope_binding binding = binding_of(kind);
    struct text packed = {NULL, 0};
    ProtobufCMessage *message = NULL;

    // By themselves the bytes prove nothing, nor do they with a third key.
    MUST(!envelope_open(bytes, &key, &binding, &packed, NULL));
    memcpy(wire, bytes.data, bytes.length);
    seal(kind, (const unsigned char[KEY_SIZE]){7}, wire, bytes.length);
    MUST(!envelope_open(sealed, &key, &binding, &packed, NULL));
    seal(kind, key.second, wire, bytes.length);
    MUST(open_wire(kind, sealed, key.second, &packed));
    seal(kind, key.bytes, wire, bytes.length);
    MUST(open_wire(kind, sealed, key.bytes, &packed));
    MUST(packed.data == wire && packed.length == bytes.length);
    message = read_packed(kind, packed, arena);
    // In too little memory a message is refused, or it fits.
    MUST(message != NULL || read_packed(kind, packed, small) == NULL);
    if (message != NULL) {
        check_message(kind, message, arena);
        if (kind == ENVELOPE_OUTCOMES) {
            const Rpc__OutcomeBatch *batch = (const Rpc__OutcomeBatch *)message;

            for (size_t i = 0; i < batch->n_outcomes; i++)
                check_outcome(batch->outcomes[i]);
        }
    }
    release(wire);
}

// A list that is taken says what it was written as, but for zeros before a port.
static void check_addresses(struct text text)
{
    char *string = copy_terminated(text);
    struct address_list list = {.count = 0};
    struct error error;
    const char *at = string;

    if (!address_list_parse(string, &list, &error)) {
        MUST(error_is(&error, REASON_INVALID_SETTING) && list.count == 0);
        release(string);
        return;
    }
    MUST(list.count > 0 && list.count <= ADDRESS_NAMES_MAX);
    for (size_t i = 0; i < list.count; i++) {
        size_t length = strlen(list.names[i].host);
        char port[8];

        MUST(length > 0 && strpbrk(list.names[i].host, ",:") == NULL);
        MUST(strncmp(at, list.names[i].host, length) == 0 && at[length] == ':');
        at += length + 1 + strspn(at + length + 1, "0");
        MUST(list.names[i].port > 0 && list.names[i].port <= UINT16_MAX - RPC_PORTS + 1);
        snprintf(port, sizeof port, "%u", (unsigned)list.names[i].port);
        MUST(strncmp(at, port, strlen(port)) == 0);
        at += strlen(port);
        MUST(*at == (i + 1 < list.count ? ',' : '\0'));
        at += *at == ',';
    }
    (void)address_list_is_numeric(&list);
    release(string);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data + 1, size - 1};

    digest_start();
    if (size == 0)
        return 0;
    switch (data[0]) {
    case ENVELOPE_CALLS:
    case ENVELOPE_OUTCOMES:
    case ENVELOPE_PUBLICATION:
        check_wire((enum envelope_kind)data[0], rest);
        break;
    case 'A':
        check_addresses(rest);
        break;
    default:
        break;
    }
    return 0;
}
