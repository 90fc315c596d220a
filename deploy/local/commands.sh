# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# commands: looking at and into a running platform.

# Ends with a sentence unless a platform runs on the data folder.
need_running() {
    up_is_running || die "Nothing runs on $DATA. Start it with ./bourse up."
    PORT=$(cat "$RUN/address")
}

status_command() {
    local name said bad=0

    data_parse "$@"
    if ! up_is_running; then
        say "Nothing runs on $DATA"
        exit 1
    fi
    need_running
    cluster_programs
    cluster_choose_socket
    say "$DATA: http://127.0.0.1:$PORT"
    if cluster_answers; then
        said="ready"
    else
        said="does not answer"
        bad=1
    fi
    process_find postgres
    printf '  %-10s pid %-8s %s\n' postgres "$PID" "$said"
    for name in "${SERVICES[@]}"; do
        process_find "$name"
        if [ -z "$PID" ]; then
            ANSWER="is not running"
            bad=1
        elif ! services_look "$name"; then
            bad=1
        fi
        printf '  %-10s pid %-8s %s\n' "$name" "$PID" "$ANSWER"
    done
    if [ ! -e "$RUN/ready" ]; then
        say "It is still starting"
        bad=1
    elif ! http_look "$PORT" /healthz; then
        say "http://127.0.0.1:$PORT/healthz does not answer 200"
        bad=1
    fi
    exit "$bad"
}

logs_command() {
    local files=()

    data_parse "$@"
    if [ ${#OPERANDS[@]} -eq 0 ]; then
        files=("$LOG"/*.log)
    else
        files=("${OPERANDS[@]/#/$LOG/}")
        files=("${files[@]/%/.log}")
    fi
    [ -e "${files[0]}" ] || die "There is no log ${files[0]}. The parts are: ${SERVICES[*]} postgres supervisor."
    exec tail -n 50 -F "${files[@]}"
}

# Everything after --data DIR goes to psql as it is.
psql_command() {
    local folder=$ROOT/var

    case ${1:-} in
    --data)
        folder=${2:?--data needs a folder}
        shift 2
        ;;
    --data=*)
        folder=${1#--data=}
        shift
        ;;
    esac
    data_choose "$folder"
    need_running
    cluster_programs
    cluster_choose_socket
    cluster_psql "$@"
}

database_command() {
    data_parse "$@"
    need_running
    cluster_programs
    cluster_choose_socket
    case ${OPERANDS[*]} in
    stop)
        touch "$RUN/database.held"
        process_end postgres INT 60
        say "PostgreSQL is stopped; ./bourse database start starts it again"
        ;;
    start)
        rm -f "$RUN/database.held"
        cluster_wait 60 || die "PostgreSQL does not answer after 60 s; see $LOG/postgres.log"
        say "PostgreSQL is ready"
        ;;
    *) die "It is ./bourse database stop or ./bourse database start." ;;
    esac
}

admin_command() {
    local action name

    data_parse "$@"
    action=${OPERANDS[0]:-}
    name=${OPERANDS[1]:-}
    case $action:${#OPERANDS[@]}:$name in
    create:2:* | token:2:* | rotate-key:1: | rotate-key:2:now) ;;
    *) die "It is ./bourse admin create NAME, ./bourse admin token NAME or ./bourse admin rotate-key [now]." ;;
    esac
    need_running
    cluster_programs
    cluster_choose_socket
    case $action in
    create)
        admin_ask_password "$name"
        # The one command that needs the password in its environment.
        (
            password=$BOURSE_ADMIN_PASSWORD
            services_export auth
            export BOURSE_ADMIN_PASSWORD=$password
            exec "$BIN/bourse-auth" create-administrator "$name"
        )
        ;;
    token) services_run auth issue-token "$name" ;;
    rotate-key) services_run auth rotate-signing-key ${name:+--now true} ;;
    esac
}

admin_ask_password() {
    local again

    if [ -n "${BOURSE_ADMIN_PASSWORD:-}" ]; then
        return
    fi
    [ -t 0 ] || die "Set BOURSE_ADMIN_PASSWORD to the new administrator's password."
    read -r -s -p "Password for $1: " BOURSE_ADMIN_PASSWORD
    printf '\n'
    read -r -s -p "Once more: " again
    printf '\n'
    [ "$BOURSE_ADMIN_PASSWORD" = "$again" ] || die "The two differ."
}
