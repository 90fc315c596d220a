# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# up: `./bourse up` and `./bourse down`.

up_parse() {
    PORT=8080
    DETACH=''
    MARKET=''
    SEED=''
    data_parse "$@"
    set -- "${OPERANDS[@]}"
    while [ $# -gt 0 ]; do
        case $1 in
        --port | --market | --seed) [ $# -ge 2 ] || die "$1 needs a value." ;;
        esac
        case $1 in
        --port)
            PORT=$2
            shift
            ;;
        --port=*) PORT=${1#--port=} ;;
        --market)
            MARKET=$2
            shift
            ;;
        --market=*) MARKET=${1#--market=} ;;
        --seed)
            SEED=$2
            shift
            ;;
        --seed=*) SEED=${1#--seed=} ;;
        --detach) DETACH=1 ;;
        *) die "up does not know \"$1\". ./bourse --help lists what it takes." ;;
        esac
        shift
    done
    if [[ ! $PORT =~ ^[0-9]{1,5}$ ]] || [ "$PORT" -lt 1 ] || [ "$PORT" -gt 65535 ]; then
        die "--port must be a number from 1 to 65535, not \"$PORT\"."
    fi
    up_choose_market
}

# Completes MARKET and SEED: what was not said is as it was at the last start. A new data folder has the
# simulated market; one from before there was a choice replays.
up_choose_market() {
    local kind='' seed=''

    if [ -s "$DATA/market" ]; then
        read -r kind seed <"$DATA/market" || true
    elif [ -e "$DATA/postgres" ]; then
        kind=replay
    fi
    MARKET=${MARKET:-${BOURSE_MARKET:-${kind:-simulated}}}
    SEED=${SEED:-${BOURSE_SEED:-${seed:-1}}}
    case $MARKET in
    simulated | replay | live) ;;
    *) die "--market must be simulated, replay or live, not \"$MARKET\"." ;;
    esac
    if [[ ! $SEED =~ ^[0-9]{1,18}$ ]]; then
        die "--seed must be a number of at most 18 digits, not \"$SEED\"."
    fi
    export BOURSE_MARKET=$MARKET BOURSE_SEED=$SEED
}

# True when a supervisor holds the data folder.
up_is_running() {
    [ -e "$RUN/lock" ] && ! (flock -n 9) 9<"$RUN/lock"
}

up_stop_on_signal() {
    kill -s TERM "$SUPERVISOR" 2>/dev/null || true
}

up_command() {
    local pdeathsig=(--pdeathsig TERM)

    up_parse "$@"
    if up_is_running; then
        say "Bourse runs already on $DATA: http://127.0.0.1:$(cat "$RUN/address" 2>/dev/null || echo "$PORT")"
        [ -n "$DETACH" ] || exit 1
        up_wait_ready
        exit 0
    fi
    [ ! -e "$DATA/restoring" ] || die "A backup has been restored into $DATA in part only: ./bourse restore it again."
    say "[1/5] Looking for what is missing"
    packages_need run build
    say "[2/5] Building what has changed"
    build_services
    data_make
    if port_is_taken "$PORT"; then
        die "Port $PORT is in use by another program. Choose another with --port."
    fi
    rm -f "$RUN/ready"
    printf '%s %s\n' "$MARKET" "$SEED" >"$DATA/market"
    # In a session of its own, Ctrl-C reaches us alone and everything is stopped in order.
    [ -z "$DETACH" ] || pdeathsig=()
    setsid setpriv "${pdeathsig[@]}" --no-new-privs -- "$ROOT/bourse" supervise --data "$DATA" "$PORT" ${DETACH:+detach} \
        </dev/null &
    SUPERVISOR=$!
    trap up_stop_on_signal INT TERM HUP
    if [ -n "$DETACH" ]; then
        up_wait_ready
        exit 0
    fi
    up_wait_end
}

# Waits until the supervisor has ended, through signals that are passed on to it; ends with its status.
up_wait_end() {
    local status=0

    while kill -0 "$SUPERVISOR" 2>/dev/null; do
        status=0
        wait "$SUPERVISOR" || status=$?
    done
    exit "$status"
}

# Waits until the platform is ready; fails when its supervisor ends before that.
up_wait_ready() {
    until [ -e "$RUN/ready" ]; do
        if [ -n "${SUPERVISOR:-}" ]; then
            if ! kill -0 "$SUPERVISOR" 2>/dev/null; then
                wait "$SUPERVISOR" || true
                exit 1
            fi
        elif ! up_is_running; then
            die "It has stopped before it was ready; see $LOG."
        fi
        process_pause # between two looks; the supervisor says how far it is
    done
}

down_command() {
    local pid name

    data_parse "$@"
    [ ${#OPERANDS[@]} -eq 0 ] || die "down does not know \"${OPERANDS[0]}\"."
    process_find supervisor
    pid=$PID
    if [ -n "$pid" ]; then
        say "Stopping Bourse on $DATA"
        kill -s TERM "$pid"
        process_wait_end supervisor 180 || die "It has not stopped after 180 s: pid $pid."
    fi
    # What a supervisor that was killed has left.
    for name in "${SERVICES[@]}"; do
        process_end "$name" TERM 35
    done
    process_end postgres INT 60
    process_forget supervisor
    if [ -n "$pid" ]; then
        say "Stopped; the data stays in $DATA"
    else
        say "Nothing runs on $DATA"
    fi
}
