# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# bench: `./bourse bench [NAME...]`. A benchmark is an executable tests/bench/NAME/run that is given the folder of
# the release build and prints one line a figure, with its ratio to a reference measured in the same run.

bench_names() {
    find "$ROOT/tests/bench" -mindepth 2 -maxdepth 2 -name run -perm -u+x -printf '%h\n' 2>/dev/null |
        sort | sed 's|.*/||'
}

bench_command() {
    local name names=() known=() failed=0

    data_parse "$@"
    mapfile -t known < <(bench_names)
    names=("${OPERANDS[@]}")
    [ ${#names[@]} -gt 0 ] || names=("${known[@]}")
    for name in "${names[@]}"; do
        [[ " ${known[*]} " = *" $name "* ]] || die "There is no benchmark \"$name\". There are: ${known[*]:-none}."
    done
    say "Looking for what is missing"
    packages_need run build bench
    # What the benchmarks compare with may have been installed just now, and is looked for when configuring.
    mkdir -p "$ROOT/build/$PRESET"
    (cd "$ROOT" && build_run "$ROOT/build/$PRESET/bourse-build.log" cmake --preset "$PRESET")
    build_targets "$PRESET" all
    for name in "${names[@]}"; do
        say "$name:"
        "$ROOT/tests/bench/$name/run" "$ROOT/build/$PRESET" || failed=$((failed + 1))
    done
    [ "$failed" -eq 0 ] || die "$failed benchmarks failed."
}
