# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# doctor_services: the programs, what they are told, and whether they answer.

# "0.1.0 (abc1234)" of an installed program.
doctor_version() {
    "$BIN/bourse-$1" --version 2>/dev/null | sed 's/^[^ ]* //'
}

doctor_programs() {
    local name version first=''

    for name in "$@"; do
        version=$(doctor_version "$name") || true
        if [ -z "$version" ]; then
            problem programs "$BIN/bourse-$name cannot be run" "install or build Bourse again"
            return
        fi
        if [ -n "$first" ] && [ "$version" != "$first" ]; then
            problem programs "bourse-$name is $version, and bourse-$1 is $first" "install all of one version"
            return
        fi
        first=$version
    done
    fine programs "version $first"
}

doctor_services() {
    local name

    for name in "$@"; do
        doctor_settings "$name"
        doctor_answer "$name" || doctor_ports "$name"
    done
    doctor_mesh_key "$@"
}

# What the program itself says of its settings, the mesh key, the database and its schema.
doctor_settings() {
    local name=$1 said

    if said=$( (platform_settings "$name" && exec "$BIN/bourse-$name" check) 2>&1); then
        fine "$name" "${said#*: }"
        return
    fi
    said=$(doctor_line <<<"$said")
    case $said in
    *"has not been applied"* | *"no schema for this service yet"*)
        problem "$name" "$said" "bring the schemas up to date: $(platform_migrate_command)" ;;
    *"mesh key"*) problem "$name" "$said" "let the file be as this says, and start the service again" ;;
    *) problem "$name" "$said" "correct it in $(platform_where "$name")" ;;
    esac
}

# host:port of the admin port as it can be asked.
doctor_admin_address() {
    local address

    address=$(doctor_setting "$1" BOURSE_ADMIN_LISTEN)
    printf '%s' "${address/#0.0.0.0:/127.0.0.1:}"
}

# Whether it is ready, and of the version that is installed. False when nobody answers.
doctor_answer() {
    local name=$1 address said status

    address=$(doctor_admin_address "$name")
    if [ -z "$address" ]; then
        warning "$name" "it has no admin port, so nobody can see how it is" \
            "set BOURSE_ADMIN_LISTEN in $(platform_where "$name")"
        return
    fi
    said=$(curl -s -m 3 -w '\n%{http_code}' "http://$address/readyz" 2>/dev/null) || true
    status=${said##*$'\n'}
    said=$(doctor_line <<<"${said%$'\n'*}")
    case $status in
    200) doctor_ready "$name" "$said" "$address" ;;
    503) problem "$name" "it is not ready: $said" "if it stays so: $(platform_log "$name")" ;;
    *)
        problem "$name" "nobody answers on its admin port $address" \
            "$(platform_log "$name"), and $(platform_restart_command "$name")"
        return 1
        ;;
    esac
}

doctor_ready() {
    local name=$1 said=$2 address=$3 runs

    runs=$(curl -s -m 3 "http://$address/metrics" |
        sed -n 's/^bourse_build_info{.*version="\([^"]*\)".*commit="\([^"]*\)".*/\1 (\2)/p')
    case $said in
    *degraded*) warning "$name" "it is $said" "$(platform_log "$name")" ;;
    *) fine "$name" "it is $said" ;;
    esac
    if [ "$runs" != "$(doctor_version "$name")" ]; then
        warning "$name" "version $runs runs, and $(doctor_version "$name") is installed" \
            "$(platform_restart_command "$name")"
    fi
}

# Who has the port, as far as this user may know.
doctor_holder() {
    local found

    found=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1, pid \2/p' | head -n 1) || true
    printf '%s' "${found:-another program}"
}

# The ports of a service that does not run: whoever has one keeps it from starting.
doctor_ports() {
    local name=$1 setting address port count

    if ! command -v ss >/dev/null; then
        warning "$name" "whether others have its ports cannot be seen without ss" "apt-get install iproute2"
        return
    fi
    for setting in BOURSE_LISTEN:4 BOURSE_ADMIN_LISTEN:1 BOURSE_HTTP_LISTEN:1 BOURSE_HTTPS_LISTEN:1; do
        address=$(doctor_setting "$name" "${setting%:*}")
        [[ ${address##*:} =~ ^[0-9]+$ ]] || continue
        count=${setting#*:}
        for ((port = ${address##*:}; count > 0; port++, count--)); do
            if [ -n "$(ss -Hltn "sport = :$port" 2>/dev/null)" ]; then
                problem "$name" "port $port, which it is to listen on, is taken by $(doctor_holder "$port")" \
                    "end that program, or change ${setting%:*} in $(platform_where "$name")"
            fi
        done
    done
}

# All know each other by the same key, as it is now in the file: it is read when a service starts.
doctor_mesh_key() {
    local name file first='' keys old=() address started strangers

    for name in "$@"; do
        file=$(doctor_setting "$name" BOURSE_MESH_KEY_FILE)
        [ -r "$file" ] || return 0 # told of by its program
        keys=$(sha256sum <"$file")
        if [ -n "$first" ] && [ "$keys" != "$first" ]; then
            problem mesh-key "$file of $name is another key than that of $1" \
                "give all services the same file, and start them again"
            return
        fi
        first=$keys
        address=$(doctor_admin_address "$name")
        started=$(curl -s -m 3 "http://$address/metrics" | sed -n 's/^process_start_time_seconds \([0-9]*\).*/\1/p') || true
        if [ -n "$started" ] && [ "$started" -lt "$(stat -c %Y "$file")" ]; then
            old+=("$name")
        fi
    done
    if [ ${#old[@]} -gt 0 ]; then
        warning mesh-key "$file has been written since these were started, and they use what was in it before: ${old[*]}" \
            "start them again: $(platform_restart_command "${old[@]}")"
        return
    fi
    fine mesh-key "all services on this machine use the same one"
}
