# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# processes: who runs. A pid file holds a pid; a second file holds when that process was started, so that
# another process that was given the same pid later is never taken for ours.
#
# These are asked again and again while one waits, so they answer in variables: a subshell costs a hundred times as much.

# Waits a tenth of a second, or until a signal comes.
process_pause() {
    # Nothing is ever written to this pipe.
    [ -n "${PAUSE:-}" ] || exec {PAUSE}<> <(:)
    read -r -t 0.1 -u "$PAUSE" || true
}

# For what is run in our place and waits no more.
process_end_pauses() {
    [ -z "${PAUSE:-}" ] || exec {PAUSE}>&-
}

# Sets STARTED to when the process was started, in clock ticks since boot; empty when there is none.
process_look_started() {
    local stat=''

    STARTED=''
    { read -r stat; } 2>/dev/null <"/proc/$1/stat" || return 0
    # The name in parentheses may hold anything; the start time is the 20th field after it.
    stat=${stat##*) }
    # shellcheck disable=SC2086 # words are wanted
    set -- $stat
    # A zombie has ended.
    [ "$1" = Z ] || STARTED=${20}
}

process_note() {
    local name=$1 pid=$2

    process_look_started "$pid"
    printf '%s\n' "$STARTED" >"$RUN/$name.started"
    # Readers never find half a pid.
    printf '%s\n' "$pid" >"$RUN/$name.pid.new"
    mv "$RUN/$name.pid.new" "$RUN/$name.pid"
}

process_forget() {
    [ ! -e "$RUN/$1.pid" ] || rm -f "$RUN/$1.pid" "$RUN/$1.started"
}

# Sets PID to the pid of that part when it runs, else to nothing.
process_find() {
    local name=$1 pid='' started=''

    PID=''
    { read -r pid; } 2>/dev/null <"$RUN/$name.pid" || return 0
    { read -r started; } 2>/dev/null <"$RUN/$name.started" || return 0
    if [ -n "$pid" ] && [ -n "$started" ]; then
        process_look_started "$pid"
        [ "$STARTED" != "$started" ] || PID=$pid
    fi
}

# Waits until the part has ended, at most so many seconds. False when it still runs.
process_wait_end() {
    local name=$1 tries=$(($2 * 10))

    process_find "$name"
    while [ -n "$PID" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        process_pause # between two looks
        process_find "$name"
    done
}

# Sends the signal, waits, and uses force on what does not end.
process_end() {
    local name=$1 signal=$2 seconds=$3 pid

    process_find "$name"
    pid=$PID
    if [ -n "$pid" ]; then
        kill -s "$signal" "$pid" 2>/dev/null || true
        if ! process_wait_end "$name" "$seconds"; then
            say "$name has not stopped after $seconds s and is killed"
            kill -s KILL "$pid" 2>/dev/null || true
            process_wait_end "$name" 10 || true
        fi
    fi
    process_forget "$name"
}

# True when something listens on a TCP port of this machine, from the first to the last one.
port_is_taken() {
    local first last

    printf -v first ':%04X' "$1"
    printf -v last ':%04X' "${2:-$1}"
    awk -v first="$first" -v last="$last" '
        { port = substr($2, length($2) - 4) }
        $4 == "0A" && port >= first && port <= last { found = 1 }
        END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}
