# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# services: the five processes, their ports and what they are told.

SERVICES_WITH_DATABASE=(auth market portfolio trading)
PORTS_OF_A_SERVICE=5 # four for calls and topics, and the admin port
PORTS_OF_A_PLATFORM=$((PORTS_OF_A_SERVICE * ${#SERVICES[@]}))
PORTS_FIRST=20000
PORTS_ROWS=480 # all below the ports that the kernel gives to outgoing connections

# Claims the row of ports that begins there for as long as this process lives: two platforms that start at the same
# moment would each find free what the other is about to take, and one whose service has just died has a free port too.
services_claim_ports() {
    local first=$1 folder=/run

    [ $(((first - PORTS_FIRST) % PORTS_OF_A_PLATFORM)) -eq 0 ] || return 1
    if [ "$(id -u)" -ne 0 ]; then
        folder=${XDG_RUNTIME_DIR:-/tmp}
    fi
    folder=$folder/bourse-ports-$(id -u)
    (umask 077 && mkdir -p "$folder")
    [ -O "$folder" ] || die "The folder $folder for what ports are claimed belongs to somebody else."
    exec {PORTS_CLAIM}>"$folder/$first"
    if ! flock -n "$PORTS_CLAIM" || port_is_taken "$first" $((first + PORTS_OF_A_PLATFORM - 1)); then
        exec {PORTS_CLAIM}>&-
        return 1
    fi
}

# Picks ports that are free, or keeps those in the data folder while they are.
services_pick_ports() {
    local first='' name tries=0

    first=$(sed -n "s/^${SERVICES[0]} \([0-9]*\) .*/\1/p" "$DATA/ports" 2>/dev/null) || true
    while [ -z "$first" ] || ! services_claim_ports "$first"; do
        tries=$((tries + 1))
        [ "$tries" -le 100 ] || die "No $PORTS_OF_A_PLATFORM free ports in a row were found in $tries tries."
        first=$((PORTS_FIRST + RANDOM % PORTS_ROWS * PORTS_OF_A_PLATFORM))
    done
    for name in "${SERVICES[@]}"; do
        printf '%s %d %d\n' "$name" "$first" $((first + PORTS_OF_A_SERVICE - 1))
        first=$((first + PORTS_OF_A_SERVICE))
    done >"$DATA/ports.new"
    mv "$DATA/ports.new" "$DATA/ports"
}

# Sets CALLS_PORT and ADMIN_PORT of each service: the one for calls, and the one for what administrators ask.
services_read_ports() {
    local name calls admin

    declare -gA CALLS_PORT=() ADMIN_PORT=()
    while read -r name calls admin; do
        CALLS_PORT[$name]=$calls
        ADMIN_PORT[$name]=$admin
    done <"$DATA/ports"
}

# Sets what a service is told, in the environment: arguments can be read by everybody on the machine.
services_export() {
    local name=$1 peer replicas

    unset BOURSE_ADMIN_PASSWORD BOURSE_PRESET
    # Keys of price providers are market's alone.
    [ "$name" = market ] || unset BOURSE_ALPHA_VANTAGE_KEY BOURSE_FINNHUB_KEY BOURSE_TWELVE_DATA_KEY
    export BOURSE_LISTEN BOURSE_ADMIN_LISTEN BOURSE_MESH_KEY_FILE=$SECRETS/mesh.key
    # Nobody balances load here who would have to notice that one is going.
    export BOURSE_DRAIN_DELAY_MS=${BOURSE_DRAIN_DELAY_MS:-0}
    services_read_ports
    BOURSE_LISTEN=127.0.0.1:${CALLS_PORT[$name]}
    BOURSE_ADMIN_LISTEN=127.0.0.1:${ADMIN_PORT[$name]}
    for peer in "${SERVICES[@]}"; do
        # Further processes of it, which somebody else runs.
        replicas=BOURSE_${peer^^}_REPLICAS
        export "BOURSE_${peer^^}_ADDRESS=127.0.0.1:${CALLS_PORT[$peer]}${!replicas:+,${!replicas}}"
    done
    if [ "$name" = gateway ]; then
        export BOURSE_HTTP_LISTEN=127.0.0.1:$PORT
    else
        export BOURSE_DATABASE
        cluster_choose_url "bourse_$name"
        BOURSE_DATABASE=$URL
    fi
}

# Runs a command of a service's program on the data folder: services_run auth issue-token ada
services_run() {
    local name=$1

    shift
    (
        services_export "$name"
        exec "$BIN/bourse-$name" "$@"
    )
}

services_migrate() {
    local name

    for name in "${SERVICES_WITH_DATABASE[@]}"; do
        (
            data_make_secret "bourse_$name.password" 24
            export BOURSE_OWNER_DATABASE BOURSE_DATABASE
            cluster_choose_url "$CLUSTER_OWNER"
            BOURSE_OWNER_DATABASE=$URL
            cluster_choose_url "bourse_$name"
            BOURSE_DATABASE=$URL
            exec "$BIN/bourse-$name" migrate
        ) || die "The schema of $name could not be brought up to date."
    done
}

# Makes the administrator `admin` when there is no administrator: with BOURSE_ADMIN_PASSWORD, or with a
# password that bourse-auth makes and tells once. Sets LOGIN to what the person should know.
services_make_administrator() {
    local password=${BOURSE_ADMIN_PASSWORD:-} said

    said=$(
        services_export auth
        [ -z "$password" ] || export BOURSE_ADMIN_PASSWORD=$password
        exec "$BIN/bourse-auth" create-administrator admin --if-none true
    ) || die "The first administrator could not be made."
    case $said in
    *" password "*) LOGIN="Log in as admin with the password ${said##* }, which is shown this once only." ;;
    ?*) LOGIN="Log in as admin with the password in BOURSE_ADMIN_PASSWORD." ;;
    *) LOGIN='' ;;
    esac
}

# Becomes the service, which stops when this process' parent dies. For `exec` in a subshell.
services_exec() {
    local name=$1

    cd "$ROOT"
    services_export "$name"
    exec setsid setpriv --pdeathsig TERM -- "$BIN/bourse-$name" </dev/null >>"$LOG/$name.log" 2>&1
}

# Sets ANSWER to what the admin port says of readiness, in one line; status 0 when it is ready.
services_look() {
    services_read_ports
    http_look "${ADMIN_PORT[$1]}" /readyz
}
