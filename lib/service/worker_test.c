// SPDX-License-Identifier: MIT
#include "service/worker.h"

#include "base/clock.h"

#include <pthread.h>
#include <time.h>

#include "support/wait.h"

enum { DEADLINE_SECONDS = 10, FOR_EVER_MS = 3600 * 1000 };

// What the test and the worker's thread tell each other.
struct scene {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int runs;       // begun
    int again;      // so many runs ask to be run again at once
    bool is_held;   // runs wait until it is false
    bool is_inside; // a run is under way
};

static bool work(void *context)
{
    struct scene *scene = context;
    bool again = false;

    pthread_mutex_lock(&scene->lock);
    assert_false(scene->is_inside);
    scene->is_inside = true;
    scene->runs++;
    pthread_cond_broadcast(&scene->changed);
    while (scene->is_held)
        pthread_cond_wait(&scene->changed, &scene->lock);
    again = scene->again > 0 && scene->again-- > 0;
    scene->is_inside = false;
    pthread_cond_broadcast(&scene->changed);
    pthread_mutex_unlock(&scene->lock);
    return again;
}

// Waits until so many runs have been begun, and the last has ended unless runs are held.
static void wait_for_runs(struct scene *scene, int runs)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEADLINE_SECONDS;
    pthread_mutex_lock(&scene->lock);
    while (scene->runs < runs || (scene->is_inside && !scene->is_held))
        assert_int_equal(pthread_cond_timedwait(&scene->changed, &scene->lock, &until), 0);
    pthread_mutex_unlock(&scene->lock);
}

static void hold(struct scene *scene, bool held)
{
    pthread_mutex_lock(&scene->lock);
    scene->is_held = held;
    pthread_cond_broadcast(&scene->changed);
    pthread_mutex_unlock(&scene->lock);
}

static int runs_of(struct scene *scene)
{
    int runs = 0;

    pthread_mutex_lock(&scene->lock);
    runs = scene->runs;
    pthread_mutex_unlock(&scene->lock);
    return runs;
}

#define SCENE                                                                                      \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER                     \
    }

static void it_runs_at_once_and_again_after_each_period(void **state)
{
    struct scene scene = SCENE;
    struct worker *worker = worker_new("test", 1, work, &scene);

    (void)state;
    wait_for_runs(&scene, 5);
    worker_free(&worker);
    assert_null(worker);
}

static void a_wake_runs_it_before_its_period_is_over(void **state)
{
    struct scene scene = SCENE;
    struct worker *worker = worker_new("test", FOR_EVER_MS, work, &scene);

    (void)state;
    wait_for_runs(&scene, 1);
    worker_wake(worker);
    wait_for_runs(&scene, 2);
    worker_free(&worker);
    assert_int_equal(scene.runs, 2);
}

static void wakes_during_a_run_cause_exactly_one_more(void **state)
{
    struct scene scene = SCENE;
    struct worker *worker = NULL;

    (void)state;
    scene.is_held = true;
    worker = worker_new("test", FOR_EVER_MS, work, &scene);
    wait_for_runs(&scene, 1);
    worker_wake(worker);
    worker_wake(worker);
    worker_wake(worker);
    hold(&scene, false);
    wait_for_runs(&scene, 2);
    // A third run would begin at once; freeing waits for a run that has begun.
    worker_free(&worker);
    assert_int_equal(runs_of(&scene), 2);
}

static void work_that_is_not_finished_is_run_again_at_once(void **state)
{
    struct scene scene = SCENE;
    struct worker *worker = NULL;

    (void)state;
    scene.again = 3;
    worker = worker_new("test", FOR_EVER_MS, work, &scene);
    wait_for_runs(&scene, 4);
    worker_free(&worker);
    assert_int_equal(scene.runs, 4);
}

struct endless {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct worker *worker;
    bool has_begun;
    bool saw_end;
};

static bool run_until_stopped(void *context)
{
    struct endless *endless = context;

    pthread_mutex_lock(&endless->lock);
    endless->has_begun = true;
    pthread_cond_broadcast(&endless->changed);
    while (endless->worker == NULL)
        pthread_cond_wait(&endless->changed, &endless->lock);
    pthread_mutex_unlock(&endless->lock);
    assert_true_within(FOR_EVER_MS, worker_is_stopping(endless->worker));
    endless->saw_end = true;
    return true;
}

static void a_long_run_can_see_that_it_is_to_stop(void **state)
{
    struct endless endless = SCENE;
    struct worker *worker = worker_new("test", FOR_EVER_MS, run_until_stopped, &endless);

    (void)state;
    pthread_mutex_lock(&endless.lock);
    while (!endless.has_begun)
        pthread_cond_wait(&endless.changed, &endless.lock);
    endless.worker = worker;
    pthread_cond_broadcast(&endless.changed);
    pthread_mutex_unlock(&endless.lock);
    worker_free(&worker);
    assert_true(endless.saw_end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_runs_at_once_and_again_after_each_period),
        cmocka_unit_test(a_wake_runs_it_before_its_period_is_over),
        cmocka_unit_test(wakes_during_a_run_cause_exactly_one_more),
        cmocka_unit_test(work_that_is_not_finished_is_run_again_at_once),
        cmocka_unit_test(a_long_run_can_see_that_it_is_to_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
