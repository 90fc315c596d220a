// SPDX-License-Identifier: MIT
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "shards/shard_plan.h"

enum { ROUNDS_MAX = 10 };

static struct shard_picture picture_of(size_t replicas)
{
    struct shard_picture picture = {.replica_count = replicas};

    for (size_t i = 0; i < replicas; i++) {
        picture.replicas[i].is_alive = true;
        snprintf(picture.replicas[i].id, UUID_SIZE, "%08x-0000-7000-8000-000000000000",
                 (unsigned)i);
    }
    return picture;
}

static size_t count_of(const struct shard_picture *picture, const char *id)
{
    size_t count = 0;

    for (int shard = 0; shard < SHARD_COUNT; shard++)
        count += strcmp(picture->rows[shard].owner, id) == 0;
    return count;
}

// Lets a replica do what its plan says; returns whether that was anything.
static bool follow(struct shard_picture *picture, size_t replica)
{
    const char *id = picture->replicas[replica].id;
    struct shard_plan plan;

    shard_plan_make(picture, id, &plan);
    assert_true(plan.take_count == 0 || plan.give_up_count == 0);
    for (size_t i = 0; i < plan.take_count; i++)
        memcpy(picture->rows[plan.take[i]].owner, id, UUID_SIZE);
    for (size_t i = 0; i < plan.give_up_count; i++)
        picture->rows[plan.give_up[i]].owner[0] = '\0';
    return plan.take_count > 0 || plan.give_up_count > 0;
}

// Lets all do so in turn until nobody does anything more; returns how many rounds that took.
static int settle(struct shard_picture *picture)
{
    bool is_changed = true;
    int rounds = 0;

    while (is_changed) {
        is_changed = false;
        rounds++;
        assert_in_range(rounds, 1, ROUNDS_MAX);
        for (size_t i = 0; i < picture->replica_count; i++)
            if (picture->replicas[i].is_alive)
                is_changed = follow(picture, i) || is_changed;
    }
    return rounds;
}

static void one_replica_takes_everything_at_once(void **state)
{
    struct shard_picture picture = picture_of(1);

    (void)state;
    assert_true(follow(&picture, 0));
    assert_int_equal(count_of(&picture, picture.replicas[0].id), SHARD_COUNT);
    assert_false(follow(&picture, 0));
}

static void replicas_share_evenly_whoever_comes_and_goes(void **state)
{
    (void)state;
    for (size_t replicas = 1; replicas <= 2 * SHARD_COUNT; replicas++) {
        struct shard_picture picture = picture_of(replicas);

        // The last one comes when the others have everything.
        picture.replicas[replicas - 1].is_alive = replicas == 1;
        settle(&picture);
        picture.replicas[replicas - 1].is_alive = true;
        settle(&picture);
        for (size_t i = 0; i < replicas; i++)
            assert_in_range(count_of(&picture, picture.replicas[i].id), SHARD_COUNT / replicas,
                            (SHARD_COUNT + replicas - 1) / replicas);
        // And the first one goes.
        picture.replicas[0].is_alive = replicas == 1;
        settle(&picture);
        for (size_t i = 1; i < replicas; i++)
            assert_in_range(count_of(&picture, picture.replicas[i].id),
                            SHARD_COUNT / (replicas - 1),
                            (SHARD_COUNT + replicas - 2) / (replicas - 1));
    }
}

static void nothing_is_taken_from_one_that_lives(void **state)
{
    struct shard_picture picture = picture_of(2);
    struct shard_plan plan;

    (void)state;
    for (int shard = 0; shard < SHARD_COUNT; shard++)
        memcpy(picture.rows[shard].owner, picture.replicas[0].id, UUID_SIZE);
    shard_plan_make(&picture, picture.replicas[1].id, &plan);
    assert_int_equal(plan.take_count, 0);
    assert_int_equal(plan.alive, 2);
    picture.replicas[0].is_alive = false;
    shard_plan_make(&picture, picture.replicas[1].id, &plan);
    assert_int_equal(plan.take_count, SHARD_COUNT);
    assert_int_equal(plan.alive, 1);
}

static void one_that_is_not_listed_yet_counts_itself(void **state)
{
    struct shard_picture picture = picture_of(0);
    struct shard_plan plan;

    (void)state;
    shard_plan_make(&picture, "00000009-0000-7000-8000-000000000000", &plan);
    assert_int_equal(plan.take_count, SHARD_COUNT);
    assert_int_equal(plan.alive, 1);
}

static void tickers_fall_into_all_shards_about_alike(void **state)
{
    size_t counts[SHARD_COUNT] = {0};

    (void)state;
    for (int i = 0; i < 10000; i++) {
        char ticker[16];
        int shard = 0;

        snprintf(ticker, sizeof(ticker), "T%d", i);
        shard = shard_of(ticker);
        assert_in_range(shard, 0, SHARD_COUNT - 1);
        counts[shard]++;
    }
    for (int shard = 0; shard < SHARD_COUNT; shard++)
        assert_in_range(counts[shard], 10000 / SHARD_COUNT / 2, 10000 / SHARD_COUNT * 2);
    // It never changes: orders would be looked for elsewhere.
    assert_int_equal(shard_of("AAPL"), 30);
    assert_int_equal(shard_of("BRK.B"), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_replica_takes_everything_at_once),
        cmocka_unit_test(replicas_share_evenly_whoever_comes_and_goes),
        cmocka_unit_test(nothing_is_taken_from_one_that_lives),
        cmocka_unit_test(one_that_is_not_listed_yet_counts_itself),
        cmocka_unit_test(tickers_fall_into_all_shards_about_alike),
    };

    digest_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
