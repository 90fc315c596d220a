# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# doctor: looks at a set-up, changes nothing, and says what is wrong and what to do about it. Each check tells
# findings; here they are shown and counted.

# fine WHAT SENTENCE
fine() {
    printf 'ok\t%s\t%s\t\n' "$1" "$2"
}

# Works, and will not for ever.   warning WHAT SENTENCE WHAT-TO-DO
warning() {
    printf 'warning\t%s\t%s\t%s\n' "$1" "$2" "$3"
}

# Does not work, or is dangerous.   problem WHAT SENTENCE WHAT-TO-DO
problem() {
    printf 'problem\t%s\t%s\t%s\n' "$1" "$2" "$3"
}

# What is read, as one line.
doctor_line() {
    tr -s '\n\t ' ' ' | sed 's/ $//'
}

# A setting of a service, empty when it has none of that name.
doctor_setting() {
    (
        platform_settings "$1" >/dev/null
        printf '%s' "${!2:-}"
    )
}

# Shows what `check` finds for these services; false when there is a problem.
#   doctor_run SERVICE...
doctor_run() {
    local state what sentence cure problems=0 warnings=0

    while IFS=$'\t' read -r state what sentence cure; do
        printf '  %-8s %-12s %s\n' "$state" "$what" "$sentence"
        [ -z "$cure" ] || printf '  %-8s %-12s -> %s\n' '' '' "$cure"
        case $state in
        warning) warnings=$((warnings + 1)) ;;
        problem) problems=$((problems + 1)) ;;
        esac
    done < <( (doctor_check "$@") || problem doctor "it ended before it had looked at everything" "tell its developers")
    say "$problems problems, $warnings warnings"
    [ "$problems" -eq 0 ]
}

doctor_check() {
    doctor_programs "$@"
    doctor_secrets
    doctor_disk
    doctor_clock
    doctor_certificates
    platform_findings "$@"
    if platform_runs; then
        doctor_database
        doctor_services "$@"
    fi
}
