# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# messages: what is said to the person at the terminal.

say() {
    printf '%s\n' "$*"
}

# Ends the program with a sentence.
die() {
    printf 'bourse: %s\n' "$*" >&2
    exit 1
}

# How far a long step is: one line that is written over on a terminal, a line for every tenth elsewhere.
#   progress "Building" DONE TOTAL
progress() {
    local text=$1 done=$2 total=$3

    [ "$done" -gt 0 ] && [ "$total" -ge "$done" ] || return 0
    if [ -t 1 ]; then
        printf '\r\033[K  %s: %d of %d' "$text" "$done" "$total"
        [ "$done" -lt "$total" ] || printf '\n'
    elif [ "$done" -eq "$total" ] || [ $((done * 10 / total)) -gt $(((done - 1) * 10 / total)) ]; then
        printf '  %s: %d of %d\n' "$text" "$done" "$total"
    fi
}
