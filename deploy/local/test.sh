# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# test: `./bourse test [LABEL...]`. A label is one of CTest's, or a folder of tests/ with *.test.js files.

TEST_FILES_MAX=4 # that run at the same time

# The folders of tests/ that have tests from outside.
test_folders() {
    find "$ROOT/tests" -mindepth 2 -maxdepth 2 -name '*.test.js' -not -path '*/node_modules/*' -printf '%h\n' |
        sort -u | sed 's|.*/||'
}

# Refuses what is neither a folder of tests/ nor a label of CTest's, which are known once it is built.
test_check_labels() {
    local known label

    known=$(test_folders && ctest --test-dir "$ROOT/build/$PRESET" --print-labels | sed -n 's/^  //p')
    for label in "$@"; do
        grep -qxF -- "$label" <<<"$known" ||
            die "There are no tests \"$label\". There are: $(sort <<<"$known" | xargs)."
    done
}

# Adds what one runner has counted.
test_count() {
    PASSED=$((PASSED + $1))
    FAILED=$((FAILED + $2))
    SKIPPED=$((SKIPPED + $3))
}

# An attribute of the first element of CTest's JUnit file.
test_attribute() {
    sed -n "s/.*<testsuite [^>]*[[:space:]]$2=\"\([0-9]*\)\".*/\1/p" "$1"
}

test_with_ctest() {
    local junit=$ROOT/build/$PRESET/ctest.xml labels=() status=0 tests failures skipped

    if [ $# -gt 0 ]; then
        labels=(-L "^($(IFS='|' && printf '%s' "$*"))\$")
    fi
    rm -f "$junit"
    # --no-tests=ignore: labels may name folders of tests/ alone; that nothing ran is noticed at the end.
    ctest --test-dir "$ROOT/build/$PRESET" --output-on-failure --no-tests=ignore --output-junit "$junit" \
        -j 3 "${labels[@]}" || status=$?
    if [ ! -s "$junit" ]; then
        [ "$status" -eq 0 ] || test_count 0 1 0
        return
    fi
    # One element over several lines: join them.
    tr '\n' ' ' <"$junit" >"$junit.line"
    tests=$(test_attribute "$junit.line" tests)
    failures=$(test_attribute "$junit.line" failures)
    skipped=$(($(test_attribute "$junit.line" skipped) + $(test_attribute "$junit.line" disabled)))
    test_count $((tests - failures - skipped)) "$failures" "$skipped"
    if [ "$status" -ne 0 ] && [ "$failures" -eq 0 ]; then
        test_count 0 1 0
    fi
}

test_install_node_modules() {
    if [ ! -f "$ROOT/tests/package-lock.json" ]; then
        return
    fi
    if [ -f "$ROOT/tests/node_modules/.package-lock.json" ] &&
        [ "$ROOT/tests/node_modules/.package-lock.json" -nt "$ROOT/tests/package-lock.json" ]; then
        return
    fi
    say "Installing what the tests need from npm"
    (cd "$ROOT/tests" && npm ci --no-audit --no-fund --loglevel=error) || die "npm could not install what the tests need."
}

test_with_node() {
    local name files=() tap=$ROOT/build/$PRESET/node.tap status=0 at_once

    for name in "$@"; do
        files+=("$ROOT/tests/$name"/*.test.js)
    done
    [ ${#files[@]} -gt 0 ] || return 0
    test_install_node_modules
    rm -f "$tap"
    # As many files at a time as there are processors: each has a platform of its own, and with more of them every answer
    # takes longer, and the whole no less.
    at_once=$(nproc)
    at_once=$((at_once > TEST_FILES_MAX ? TEST_FILES_MAX : at_once))
    BOURSE_PRESET=$PRESET node --test --test-concurrency="$at_once" \
        --test-reporter=spec --test-reporter-destination=stdout \
        --test-reporter=tap --test-reporter-destination="$tap" "${files[@]}" || status=$?
    if [ ! -s "$tap" ]; then
        test_count 0 1 0
        return
    fi
    test_count "$(sed -n 's/^# pass //p' "$tap")" \
        $(($(sed -n 's/^# fail //p' "$tap") + $(sed -n 's/^# cancelled //p' "$tap"))) \
        $(($(sed -n 's/^# skipped //p' "$tap") + $(sed -n 's/^# todo //p' "$tap")))
    if [ "$status" -ne 0 ] && [ "$FAILED" -eq 0 ]; then
        test_count 0 1 0
    fi
}

test_command() {
    local folders=() chosen=() others=() labels=() label

    data_parse "$@"
    PRESET=${BOURSE_PRESET:-dev}
    PASSED=0 FAILED=0 SKIPPED=0
    say "[1/4] Looking for what is missing"
    packages_need run build test
    # A container engine is nothing to install on somebody's machine unasked.
    [ -z "${BOURSE_TEST_CONTAINERS:-}" ] || packages_need containers
    say "[2/4] Building with the $PRESET preset"
    build_targets "$PRESET" all all_verify_interface_header_sets
    test_check_labels "${OPERANDS[@]}"
    mapfile -t folders < <(test_folders)
    for label in "${OPERANDS[@]}"; do
        if [[ " ${folders[*]} " = *" $label "* ]]; then
            chosen+=("$label")
        fi
        labels+=("$label")
    done
    if [ ${#OPERANDS[@]} -eq 0 ]; then
        chosen=("${folders[@]}")
    fi
    say "[3/4] Tests of the parts"
    test_with_ctest "${labels[@]}"
    say "[4/4] Tests from outside: ${chosen[*]:-none chosen}"
    # An engine with some twenty containers takes the machine for itself, at the end.
    for label in "${chosen[@]}"; do
        [ "$label" = containers ] || others+=("$label")
    done
    test_with_node "${others[@]}"
    if [ ${#others[@]} -lt ${#chosen[@]} ]; then
        # Images are made of the release build, unless they are to compile it themselves.
        [ "${BOURSE_TEST_CONTAINERS:-}" != 1 ] || build_targets release "${SERVICES[@]/#/bourse-}"
        test_with_node containers
    fi
    printf '%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
    if [ "$PASSED" -eq 0 ] && [ "$FAILED" -eq 0 ]; then
        die "No test ran."
    fi
    [ "$FAILED" -eq 0 ]
}
