// SPDX-License-Identifier: MIT
#include "service/dependency.h"

#include "base/clock.h"

#include <string.h>

#include "support/test.h"

enum { PATIENCE_MS = 30000, BEGIN_US = 77 * 1000 * 1000, PRINTED_MAX = 4096 };

// A dependency, and what was said of it at the last look.
struct scene {
    struct metrics *metrics;
    struct dependency dependency;
    struct strbuf *reasons;
    struct strbuf *notes;
};

static int open_scene(void **state)
{
    static struct scene scene;

    scene.metrics = metrics_new();
    scene.reasons = strbuf_new(PRINTED_MAX);
    scene.notes = strbuf_new(PRINTED_MAX);
    dependency_start(&scene.dependency, "market", PATIENCE_MS, scene.metrics, BEGIN_US);
    *state = &scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;

    strbuf_free(&scene->notes);
    strbuf_free(&scene->reasons);
    metrics_free(&scene->metrics);
    return 0;
}

static void look(struct scene *scene, bool answers, int64_t at_ms)
{
    strbuf_reset(scene->reasons);
    strbuf_reset(scene->notes);
    dependency_look(&scene->dependency, answers, BEGIN_US + at_ms * MICROS_PER_MS, scene->reasons,
                    scene->notes);
}

static void assert_is_up(const struct scene *scene, bool expected)
{
    OWNED(strbuf) printed = strbuf_new(PRINTED_MAX);

    metrics_print(scene->metrics, printed);
    assert_non_null(strstr(printed->data, expected
                                              ? "bourse_dependency_up{dependency=\"market\"} 1\n"
                                              : "bourse_dependency_up{dependency=\"market\"} 0\n"));
}

static void a_start_waits_for_the_first_answer(void **state)
{
    struct scene *scene = *state;

    look(scene, false, 10);
    assert_string_equal(scene->reasons->data, "market has not answered yet; ");
    assert_string_equal(scene->notes->data, "");
    assert_is_up(scene, false);
    look(scene, true, 200);
    assert_string_equal(scene->reasons->data, "");
    assert_string_equal(scene->notes->data, "");
    assert_is_up(scene, true);
}

static void a_start_waits_no_longer_than_its_patience(void **state)
{
    struct scene *scene = *state;

    look(scene, false, PATIENCE_MS - 1);
    assert_string_equal(scene->reasons->data, "market has not answered yet; ");
    look(scene, false, PATIENCE_MS);
    assert_string_equal(scene->reasons->data, "");
    assert_string_equal(scene->notes->data, "market has not answered for 30 s; ");
    assert_is_up(scene, false);
}

static void without_patience_nothing_is_waited_for(void **state)
{
    struct scene *scene = *state;

    dependency_start(&scene->dependency, "market", 0, scene->metrics, BEGIN_US);
    look(scene, false, 0);
    assert_string_equal(scene->reasons->data, "");
    assert_string_equal(scene->notes->data, "");
    assert_is_up(scene, false);
}

static void one_that_falls_silent_is_noted_and_takes_no_readiness_away(void **state)
{
    struct scene *scene = *state;

    look(scene, true, 1000);
    look(scene, false, 1000 + DEPENDENCY_SILENCE_NOTED_MS);
    assert_string_equal(scene->notes->data, "");
    assert_is_up(scene, true);
    look(scene, false, 1000 + DEPENDENCY_SILENCE_NOTED_MS + 1);
    assert_string_equal(scene->reasons->data, "");
    assert_string_equal(scene->notes->data, "market has not answered for 5 s; ");
    assert_is_up(scene, false);
    look(scene, true, 8000);
    assert_string_equal(scene->notes->data, "");
    assert_is_up(scene, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_start_waits_for_the_first_answer, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(a_start_waits_no_longer_than_its_patience, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(without_patience_nothing_is_waited_for, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(one_that_falls_silent_is_noted_and_takes_no_readiness_away,
                                        open_scene, close_scene),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
