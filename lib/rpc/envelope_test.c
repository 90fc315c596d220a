// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <string.h>

#include "base/digest.h"
#include "rpc/envelope.h"

enum { SIZE = 1024 };

static const struct rpc_mesh_key key = {.bytes = {1, 2, 3}};

static Rpc__CallBatch batch_of(Rpc__Call *call, Rpc__Call **pointer)
{
    Rpc__CallBatch batch = RPC__CALL_BATCH__INIT;

    rpc__call__init(call);
    call->request_id = "0190aaaa-bbbb-7ccc-8ddd-eeeeffff0000";
    *pointer = call;
    batch.has_version = true;
    batch.version = ENVELOPE_VERSION;
    batch.n_calls = 1;
    batch.calls = pointer;
    return batch;
}

static struct text seal(const struct envelope_binding *binding, char out[SIZE])
{
    Rpc__Call call;
    Rpc__Call *pointer = NULL;
    Rpc__CallBatch batch = batch_of(&call, &pointer);
    size_t size = envelope_size(&batch.base);

    digest_start();
    assert_in_range(size, ENVELOPE_HASH_SIZE, SIZE);
    envelope_seal(&batch.base, key.bytes, binding, out, NULL);
    return (struct text){out, size};
}

static void a_sealed_message_is_opened_with_the_same_key_and_binding(void **state)
{
    struct envelope_binding binding = {.kind = ENVELOPE_CALLS, .lane = RPC_LANE_SLOW};
    OWNED(arena) arena = arena_new(SIZE * 16);
    char buffer[SIZE];
    struct text wire = seal(&binding, buffer);
    struct text packed;
    Rpc__CallBatch *batch = NULL;

    (void)state;
    assert_true(envelope_open(wire, &key, &binding, &packed, NULL));
    batch = envelope_read_calls(packed, arena);
    assert_non_null(batch);
    assert_int_equal(batch->n_calls, 1);
    assert_string_equal(batch->calls[0]->request_id, "0190aaaa-bbbb-7ccc-8ddd-eeeeffff0000");
}

static void a_message_of_another_kind_lane_or_key_is_not_opened(void **state)
{
    struct envelope_binding binding = {.kind = ENVELOPE_CALLS, .lane = RPC_LANE_NORMAL};
    struct envelope_binding other_kind = {.kind = ENVELOPE_OUTCOMES, .lane = RPC_LANE_NORMAL};
    struct envelope_binding other_lane = {.kind = ENVELOPE_CALLS, .lane = RPC_LANE_FAST};
    struct rpc_mesh_key other_key = {.bytes = {1, 2, 4}};
    char buffer[SIZE];
    struct text wire = seal(&binding, buffer);
    struct text packed;

    (void)state;
    assert_false(envelope_open(wire, &key, &other_kind, &packed, NULL));
    assert_false(envelope_open(wire, &key, &other_lane, &packed, NULL));
    assert_false(envelope_open(wire, &other_key, &binding, &packed, NULL));
}

static void while_a_key_is_replaced_both_are_opened_and_the_one_used_is_told(void **state)
{
    struct envelope_binding binding = {.kind = ENVELOPE_CALLS};
    struct rpc_mesh_key before = {.bytes = {1, 2, 3}, .second = {4, 5, 6}, .has_second = true};
    struct rpc_mesh_key after = {.bytes = {4, 5, 6}, .second = {1, 2, 3}, .has_second = true};
    // A second key that is not there opens nothing, whatever lies in its place.
    struct rpc_mesh_key ended = {.bytes = {4, 5, 6}, .second = {1, 2, 3}};
    struct rpc_mesh_key neither = {.bytes = {4, 5, 6}, .second = {7, 8, 9}, .has_second = true};
    const unsigned char *used = NULL;
    char buffer[SIZE];
    struct text wire = seal(&binding, buffer);
    struct text packed;

    (void)state;
    assert_true(envelope_open(wire, &before, &binding, &packed, &used));
    assert_ptr_equal(used, before.bytes);
    assert_true(envelope_open(wire, &after, &binding, &packed, &used));
    assert_ptr_equal(used, after.second);
    assert_false(envelope_open(wire, &ended, &binding, &packed, &used));
    assert_false(envelope_open(wire, &neither, &binding, &packed, &used));
    buffer[0] = (char)(buffer[0] ^ 1);
    assert_false(envelope_open(wire, &after, &binding, &packed, &used));
    assert_ptr_equal(used, after.second);
}

static void any_changed_byte_and_any_other_length_is_noticed(void **state)
{
    struct envelope_binding binding = {.kind = ENVELOPE_CALLS};
    char buffer[SIZE];
    struct text wire = seal(&binding, buffer);
    struct text packed;

    (void)state;
    for (size_t i = 0; i < wire.length; i++) {
        buffer[i] = (char)(buffer[i] ^ 0x10);
        assert_false(envelope_open(wire, &key, &binding, &packed, NULL));
        buffer[i] = (char)(buffer[i] ^ 0x10);
    }
    for (size_t length = 0; length < wire.length; length++)
        assert_false(envelope_open((struct text){buffer, length}, &key, &binding, &packed, NULL));
    assert_true(envelope_open(wire, &key, &binding, &packed, NULL));
}

static void outcomes_answer_only_the_calls_they_were_sealed_for(void **state)
{
    static const unsigned char calls[ENVELOPE_HASH_SIZE] = {9};
    static const unsigned char other_calls[ENVELOPE_HASH_SIZE] = {8};
    struct envelope_binding binding = {.kind = ENVELOPE_OUTCOMES, .calls_hash = calls};
    struct envelope_binding other = {.kind = ENVELOPE_OUTCOMES, .calls_hash = other_calls};
    char buffer[SIZE];
    struct text wire = seal(&binding, buffer);
    struct text packed;

    (void)state;
    assert_true(envelope_open(wire, &key, &binding, &packed, NULL));
    assert_false(envelope_open(wire, &key, &other, &packed, NULL));
}

static void a_message_larger_than_the_arena_is_refused(void **state)
{
    OWNED(arena) arena = arena_new(32);
    char buffer[SIZE];
    struct envelope_binding binding = {.kind = ENVELOPE_CALLS};
    struct text wire = seal(&binding, buffer);
    struct text packed;

    (void)state;
    assert_true(envelope_open(wire, &key, &binding, &packed, NULL));
    assert_null(envelope_read_calls(packed, arena));
}

static void an_error_crosses_the_wire_with_all_it_says(void **state)
{
    struct envelope_failure failure;
    struct error sent;
    struct error heard;

    (void)state;
    error_set(&sent, REASON_INSUFFICIENT_FUNDS, "10 AAPL cost 1,825.00");
    sent.outcome_unknown = true;
    error_add_number(&sent, "available", "4.00");
    error_add_violation(&sent, "legs[1].side", "must be buy or sell");
    envelope_say_error(&sent, &failure);
    envelope_hear_error(&failure.outcome, &heard);
    assert_int_equal(heard.code, CODE_FAILED_PRECONDITION);
    assert_string_equal(heard.reason, "INSUFFICIENT_FUNDS");
    assert_string_equal(heard.message, "10 AAPL cost 1,825.00");
    assert_true(heard.outcome_unknown);
    assert_int_equal(heard.detail_count, 2);
    assert_string_equal(heard.details[0].name, "available");
    assert_string_equal(heard.details[0].value, "4.00");
    assert_int_equal(heard.details[1].kind, ERROR_VIOLATION);
    assert_string_equal(heard.details[1].name, "legs[1].side");
}

static void whatever_an_outcome_says_the_result_is_a_proper_error(void **state)
{
    Rpc__Outcome outcome = RPC__OUTCOME__INIT;
    Rpc__Detail empty = RPC__DETAIL__INIT;
    Rpc__Detail *details[ERROR_DETAILS_MAX + 20];
    struct error error;

    (void)state;
    outcome.code = 4711;
    envelope_hear_error(&outcome, &error);
    assert_int_equal(error.code, CODE_UNKNOWN);
    assert_string_equal(error.reason, "INTERNAL");
    outcome.code = CODE_UNAVAILABLE + 1; // DATA_LOSS of google.rpc, which is no code here
    envelope_hear_error(&outcome, &error);
    assert_int_equal(error.code, CODE_UNKNOWN);
    outcome.code = CODE_UNAUTHENTICATED;
    envelope_hear_error(&outcome, &error);
    assert_int_equal(error.code, CODE_UNAUTHENTICATED);
    for (size_t i = 0; i < COUNT_OF(details); i++)
        details[i] = &empty;
    outcome.n_details = COUNT_OF(details);
    outcome.details = details;
    envelope_hear_error(&outcome, &error);
    assert_int_equal(error.detail_count, ERROR_DETAILS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sealed_message_is_opened_with_the_same_key_and_binding),
        cmocka_unit_test(a_message_of_another_kind_lane_or_key_is_not_opened),
        cmocka_unit_test(while_a_key_is_replaced_both_are_opened_and_the_one_used_is_told),
        cmocka_unit_test(any_changed_byte_and_any_other_length_is_noticed),
        cmocka_unit_test(outcomes_answer_only_the_calls_they_were_sealed_for),
        cmocka_unit_test(a_message_larger_than_the_arena_is_refused),
        cmocka_unit_test(an_error_crosses_the_wire_with_all_it_says),
        cmocka_unit_test(whatever_an_outcome_says_the_result_is_a_proper_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
