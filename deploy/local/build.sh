# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# build: configures a preset when that has not been done, and builds; ninja knows what is out of date.

build_show_progress() {
    local line built total

    while IFS= read -r line; do
        if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
            built=${BASH_REMATCH[1]}
            total=${BASH_REMATCH[2]}
            progress "built" "$built" "$total"
        fi
    done
}

# Runs a step with its output in a file that is shown only when the step fails.
build_run() {
    local log=$1

    shift
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        die "The build failed; what it said is above and in $log."
    fi
}

# build_targets PRESET TARGET...
build_targets() {
    local preset=$1 folder=$ROOT/build/$1 log

    shift
    mkdir -p "$folder"
    [ -w "$folder" ] || die "$folder belongs to another user, who built there. Remove it or use another copy."
    log=$folder/bourse-build.log
    # Two starts at a time must not build at a time.
    exec {build_lock}>"$folder/bourse-build.lock"
    flock "$build_lock"
    if [ ! -f "$folder/build.ninja" ]; then
        say "Configuring the $preset build"
        (cd "$ROOT" && build_run "$log" cmake --preset "$preset")
    fi
    if ninja -C "$folder" -n "$@" 2>/dev/null | grep -q 'no work to do'; then
        exec {build_lock}>&-
        return
    fi
    say "Building (the first time takes some minutes)"
    if ! NINJA_STATUS='[%f/%t] ' ninja -C "$folder" "$@" 2>&1 | tee "$log" | build_show_progress; then
        grep -v '^\[[0-9]*/[0-9]*\]' "$log" >&2 || true
        die "The build failed; what it said is above and in $log."
    fi
    exec {build_lock}>&-
}

build_services() {
    build_targets "$PRESET" "${SERVICES[@]/#/bourse-}"
}
