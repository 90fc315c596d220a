// SPDX-License-Identifier: MIT
// envelope: what lies on the wire, packed, proven by a keyed hash, and read again.
//
// A message on the wire is a packed CallBatch, OutcomeBatch or Publication and 16 bytes of
// BLAKE2b under the mesh key, over: what kind it is, its lane, for outcomes the hash of the calls
// they answer (so that no old reply passes for a new one), and the packed bytes. Nothing is parsed
// before that hash is right.
//
// Threads: pure functions. Memory: what is read lies in the caller's arena.
#pragma once

#include "rpc/rpc.h"

#include "bourse/rpc/v1/envelope.pb-c.h"

enum {
    ENVELOPE_VERSION = 1,
    ENVELOPE_HASH_SIZE = 16,
    ENVELOPE_TOKEN_MAX = 8 * 1024, // bytes of an access token
    // What the envelope adds to a call, beyond its body, token and tracestate, at most.
    ENVELOPE_CALL_OVERHEAD = 224,
    // What the transport adds to a message that counts against its limit.
    ENVELOPE_TRANSPORT_OVERHEAD = 64,
};

enum envelope_kind { ENVELOPE_CALLS = 'C', ENVELOPE_OUTCOMES = 'O', ENVELOPE_PUBLICATION = 'P' };

// What the hash covers beside the packed bytes.
struct envelope_binding {
    enum envelope_kind kind;
    enum rpc_lane lane;              // 0 for publications
    const unsigned char *calls_hash; // of the calls that outcomes answer; NULL for the others
};

// The reason of an outcome that only says "send this call again, alone": its reply did not fit into
// the message beside the others. Never leaves this library.
extern const char envelope_send_alone[];

// The reason of the outcome that a server gives to a ping while it should be called only when there
// is no other. Never leaves this library.
extern const char envelope_not_ready[];

// The reason of all outcomes of a message that was meant for another service, which had the address
// before: nothing of it was done. Never leaves this library.
extern const char envelope_another_service[];

// Bytes on the wire of that message, hash included.
size_t envelope_size(const ProtobufCMessage *message);

// Packs and seals the message with a key of 32 bytes into `out`, which has envelope_size bytes; its
// hash goes to `out_hash` unless NULL.
void envelope_seal(const ProtobufCMessage *message,
                   const unsigned char *key,
                   const struct envelope_binding *binding,
                   char *out,
                   unsigned char *out_hash);

// True when the hash of `wire` is right under one of the keys; `out_packed` is then what it covers,
// in place, and `out_used`, unless NULL, points to the one of `key` that it was sealed with. The
// second key costs nothing where the first is right.
MUST_CHECK bool envelope_open(struct text wire,
                              const struct rpc_mesh_key *key,
                              const struct envelope_binding *binding,
                              struct text *out_packed,
                              const unsigned char **out_used);

// The hash at the end of an opened message.
const unsigned char *envelope_hash(struct text wire);

// Unpacks into `arena`; NULL when the bytes are not such a message or the arena's budget is spent.
Rpc__CallBatch *envelope_read_calls(struct text packed, struct arena *arena);
Rpc__OutcomeBatch *envelope_read_outcomes(struct text packed, struct arena *arena);
Rpc__Publication *envelope_read_publication(struct text packed, struct arena *arena);

// Room for an outcome that says an error, whose strings stay in the error.
struct envelope_failure {
    Rpc__Outcome outcome;
    Rpc__Detail details[ERROR_DETAILS_MAX];
    Rpc__Detail *detail_pointers[ERROR_DETAILS_MAX];
};

// Fills `failure->outcome` to say `error`, which must live as long.
void envelope_say_error(const struct error *error, struct envelope_failure *failure);

// The error that a failed outcome says. Whatever it holds, the result is a proper error.
void envelope_hear_error(const Rpc__Outcome *outcome, struct error *error);
