# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# supervisor: the parent of PostgreSQL and the services of one data folder. It starts them in order,
# starts again what dies (later and later when it keeps dying), and stops them in order. They are told by
# the kernel to stop when it dies itself.

SUPERVISOR_BACKOFF_MAX_MS=15000
SUPERVISOR_STEADY_MS=20000     # a process that ran this long is not one that keeps dying
SUPERVISOR_START_SECONDS=180   # until all are ready
SUPERVISOR_START_DEATHS=4      # a service that died so often before that is not going to be ready
SUPERVISOR_STOP_SECONDS=35     # a service drains for 10 s and breaks off after 20
SUPERVISOR_LOG_TICKS=200       # between two looks at the logs' sizes
LOG_BYTES_MAX=$((32 * 1024 * 1024))

# Sets NOW to the time in milliseconds, without starting a process.
look_at_clock() {
    NOW=${EPOCHREALTIME/[.,]/}
    NOW=${NOW%???}
}

# Starts a part as our child and notes its pid.
supervisor_start() {
    local name=$1

    (
        trap - TERM INT HUP
        exec {LOCK}>&- {PORTS_CLAIM}>&-
        process_end_pauses
        if [ "$name" = postgres ]; then
            cluster_exec
        else
            services_exec "$name"
        fi
    ) &
    PIDS[$name]=$!
    disown # or bash would tell of its end in words of its own
    process_note "$name" "${PIDS[$name]}"
    look_at_clock
    STARTED_AT[$name]=$NOW
}

# Looks after one part: starts it again when it has died and its time has come.
supervisor_look() {
    local name=$1 backoff=${BACKOFF_MS[$1]:-50}

    # Our own child: its pid is free for others only once we have seen its end.
    if kill -0 "${PIDS[$name]}" 2>/dev/null; then
        return
    fi
    # `database stop` means it.
    if [ "$name" = postgres ] && [ -e "$RUN/database.held" ]; then
        return
    fi
    # Whoever stopped it said that it is to be started again.
    if [ -e "$RUN/$name.restart" ]; then
        rm -f "$RUN/$name.restart"
        RETRY_AT[$name]=''
        supervisor_start "$name"
        return
    fi
    look_at_clock
    if [ -n "${RETRY_AT[$name]:-}" ]; then
        if [ "$NOW" -ge "${RETRY_AT[$name]}" ]; then
            RETRY_AT[$name]=''
            supervisor_start "$name"
        fi
        return
    fi
    if [ $((NOW - STARTED_AT[$name])) -ge "$SUPERVISOR_STEADY_MS" ]; then
        backoff=50
    fi
    DEATHS[$name]=$((${DEATHS[$name]:-0} + 1))
    RETRY_AT[$name]=$((NOW + backoff))
    say "$(date -u +%FT%TZ) $name has died and is started again in $backoff ms; see $LOG/$name.log"
    backoff=$((backoff * 2))
    BACKOFF_MS[$name]=$((backoff > SUPERVISOR_BACKOFF_MAX_MS ? SUPERVISOR_BACKOFF_MAX_MS : backoff))
}

supervisor_tick() {
    local name

    process_pause # between two looks at the children
    [ -z "$STOP" ] || return 0
    TICK=$((TICK + 1))
    if [ $((TICK % SUPERVISOR_LOG_TICKS)) -eq 0 ]; then
        supervisor_turn_logs
    fi
    supervisor_look postgres
    for name in "${RUNNING[@]}"; do
        supervisor_look "$name"
    done
}

supervisor_stop() {
    local name

    # Whatever fails here, the rest is stopped all the same.
    set +e
    rm -f "$RUN/ready"
    [ ${#RUNNING[@]} -eq 0 ] || say "Stopping the services"
    # The gateway first, so that nobody is refused by half a platform; then the others at once.
    process_end gateway TERM "$SUPERVISOR_STOP_SECONDS"
    for name in "${RUNNING[@]}"; do
        process_find "$name"
        [ -z "$PID" ] || kill -s TERM "$PID" 2>/dev/null || true
    done
    for name in "${RUNNING[@]}"; do
        process_end "$name" TERM "$SUPERVISOR_STOP_SECONDS"
    done
    process_find postgres
    if [ -n "$PID" ]; then
        say "Stopping PostgreSQL"
        process_end postgres INT 60
    fi
    rm -f "$RUN/database.held" "$RUN/address"
    process_forget postgres
    process_forget supervisor
    say "Stopped; the data is in $DATA"
}

# Keeps each log below a size, and the one before it. Everybody appends, so a log can be emptied in place.
supervisor_turn_logs() {
    local file

    for file in "$LOG"/*.log; do
        if [ -f "$file" ] && [ "$(stat -c %s "$file")" -gt "$LOG_BYTES_MAX" ]; then
            cp "$file" "$file.1"
            : >"$file"
        fi
    done
}

# What the log of a service that does not start says last, for the person at the terminal.
supervisor_show_log() {
    printf 'The last lines of %s:\n' "$LOG/$1.log" >&2
    tail -n 5 "$LOG/$1.log" >&2 || true
}

# Waits until every service is ready, looking after them meanwhile.
supervisor_wait_ready() {
    local name end ready=()

    look_at_clock
    end=$((NOW + SUPERVISOR_START_SECONDS * 1000))
    while [ ${#ready[@]} -lt ${#SERVICES[@]} ]; do
        supervisor_tick
        [ -z "$STOP" ] || return 0
        look_at_clock
        for name in "${SERVICES[@]}"; do
            [[ " ${ready[*]} " != *" $name "* ]] || continue
            if [ "${DEATHS[$name]:-0}" -ge "$SUPERVISOR_START_DEATHS" ]; then
                supervisor_show_log "$name"
                die "$name died ${DEATHS[$name]} times and was never ready."
            fi
            if services_look "$name"; then
                ready+=("$name")
                say "  $name is ready (${#ready[@]} of ${#SERVICES[@]})"
            elif [ "$NOW" -ge "$end" ]; then
                supervisor_show_log "$name"
                die "$name was not ready after $SUPERVISOR_START_SECONDS s: $ANSWER"
            fi
        done
    done
    until http_look "$PORT" /healthz; do
        supervisor_tick
        [ -z "$STOP" ] || return 0
        look_at_clock
        [ "$NOW" -lt "$end" ] ||
            die "http://127.0.0.1:$PORT/healthz does not answer 200: $ANSWER"
    done
}

supervisor_start_all() {
    local name

    say "[3/5] Starting PostgreSQL"
    for name in "${SERVICES[@]}"; do
        process_end "$name" TERM "$SUPERVISOR_STOP_SECONDS" # left by a supervisor that was killed
    done
    services_pick_ports
    cluster_programs
    cluster_choose_socket
    cluster_clear
    cluster_make
    supervisor_start postgres
    if ! cluster_wait 60; then
        supervisor_show_log postgres
        die "PostgreSQL did not start."
    fi
    [ -z "$STOP" ] || return 0
    say "[4/5] Bringing the schemas up to date"
    cluster_make_database
    services_migrate
    services_make_administrator
    [ -z "$STOP" ] || return 0
    say "[5/5] Starting the services"
    for name in "${SERVICES[@]}"; do
        supervisor_start "$name"
        RUNNING+=("$name")
    done
    supervisor_wait_ready
}

# supervise --data DIR --port PORT [--detach]: started by `up`, with its standard output.
supervisor_command() {
    local detach=''
    declare -gA PIDS=() STARTED_AT=() RETRY_AT=() BACKOFF_MS=() DEATHS=()
    RUNNING=()
    STOP=''
    LOGIN=''
    TICK=0

    data_parse "$@"
    PORT=${OPERANDS[0]}
    detach=${OPERANDS[1]:-}
    exec {LOCK}>"$RUN/lock"
    # Somebody may be looking whether it is held.
    flock -w 5 "$LOCK" || die "Another ./bourse works on $DATA."
    rm -f "$RUN/ready" "$RUN/database.held" "$RUN"/*.restart
    trap 'STOP=1' TERM INT HUP
    # Nobody may be reading what is said any more.
    trap '' PIPE
    process_note supervisor $$
    printf '%s\n' "$PORT" >"$RUN/address"
    supervisor_turn_logs
    data_make_secret mesh.key 32
    # On every way out, also when a step below fails.
    trap supervisor_stop EXIT
    supervisor_start_all
    if [ -z "$STOP" ]; then
        say "Bourse is ready: http://127.0.0.1:$PORT (the API's documentation: /docs/)"
        [ -z "${BOURSE_HTTPS_LISTEN:-}" ] || say "It answers HTTPS too: $BOURSE_HTTPS_LISTEN"
        [ -z "$LOGIN" ] || say "$LOGIN"
        touch "$RUN/ready"
        [ -z "$detach" ] || exec >>"$LOG/supervisor.log" 2>&1
    fi
    while [ -z "$STOP" ]; do
        supervisor_tick
    done
    exit 0
}
