# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# platform: what deploy/operate asks of a front end, said for a data folder. Its README lists the functions.

PLATFORM_RESTART_SECONDS=60 # for a service to stop and be ready again

platform_settings() {
    services_export "$1"
}

platform_where() {
    printf 'the environment of ./bourse up'
}

platform_log() {
    printf 'read %s/%s.log' "$LOG" "$1"
}

platform_client() {
    local program=$1

    shift
    cluster_client "$program" --dbname="$CLUSTER_DATABASE" "$@"
}

platform_has_owner() {
    true
}

platform_runs() {
    up_is_running
}

# Stops a service, which its supervisor starts again, and waits until that one is ready.
platform_restart() {
    local name=$1 old tries=$((PLATFORM_RESTART_SECONDS * 10))

    ANSWER=''
    process_find "$name"
    old=$PID
    : >"$RUN/$name.restart"
    [ -z "$old" ] || kill -s TERM "$old" 2>/dev/null || true
    until process_find "$name" && [ -n "$PID" ] && [ "$PID" != "$old" ] && services_look "$name"; do
        up_is_running || die "The platform was stopped; ./bourse rotate-mesh-key once it runs again."
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || die "$name was not ready again after $PLATFORM_RESTART_SECONDS s${ANSWER:+: $ANSWER}." \
            "The services can talk to each other as they are; once it is well, give this command again."
        process_pause # between two looks
    done
}

platform_restart_command() {
    printf './bourse down and ./bourse up'
}

platform_migrate_command() {
    platform_restart_command
}

platform_market() {
    cat "$DATA/market"
}

platform_secrets() {
    printf '%s\n' "$SECRETS" "$SECRETS"/*
}

platform_folders() {
    # The disk of the folder that is to be made, too.
    local folder=$DATA

    until [ -e "$folder" ]; do
        folder=$(dirname "$folder")
    done
    printf '%s\n' "$folder"
}

platform_certificates() {
    [ -z "${BOURSE_TLS_CERTIFICATE_FILE:-}" ] || printf '%s %s\n' "$BOURSE_TLS_CERTIFICATE_FILE" "${BOURSE_TLS_KEY_FILE:-}"
}

# What is particular to a data folder.
platform_findings() {
    local version packages=() missing=()

    mapfile -t packages < <(packages_list run)
    mapfile -t missing < <(packages_missing "${packages[@]}")
    [ ${#missing[@]} -eq 0 ] || problem packages "these are missing: ${missing[*]}" "./bourse up installs them"
    version=$(cat "$DATA/postgres/PG_VERSION" 2>/dev/null) || true
    if [ -n "$version" ] && [ ! -x "/usr/lib/postgresql/$version/bin/postgres" ]; then
        problem database "the data was made by PostgreSQL $version, which is not installed" "apt-get install postgresql-$version"
    fi
    if ! up_is_running; then
        warning platform "nothing runs on $DATA, so neither settings nor database can be looked at" "./bourse up"
    elif [ ! -e "$RUN/ready" ]; then
        warning platform "it is still starting" "wait a moment"
    fi
}
