# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# mesh: replaces the mesh key while the platform runs. A service reads the key's file when it starts; the
# file may hold two keys, of which the first seals what is sent and both are accepted. So each of three
# steps starts the services again one by one, and at every moment each can talk to each:
#
#   old, new    everybody learns the new key
#   new, old    everybody uses it
#   new         nobody accepts the old one any more
#
# An interrupted replacement leaves a file with which all can still talk, and the command can be given again.

MESH_RESTART_SECONDS=60 # for a service to stop and be ready again

# Writes the file of keys, the first one first. It appears whole or not at all.
mesh_write() {
    (umask 077 && printf '%s\n' "$@" >"$SECRETS/mesh.key.new")
    mv "$SECRETS/mesh.key.new" "$SECRETS/mesh.key"
}

# Stops a service, which its supervisor starts again, and waits until that one is ready.
mesh_restart() {
    local name=$1 old pid said='' tries=$((MESH_RESTART_SECONDS * 10))

    old=$(process_pid "$name")
    : >"$RUN/$name.restart"
    [ -z "$old" ] || kill -s TERM "$old" 2>/dev/null || true
    until pid=$(process_pid "$name") && [ -n "$pid" ] && [ "$pid" != "$old" ] &&
        said=$(services_readiness "$name"); do
        up_is_running || die "The platform was stopped; ./bourse rotate-mesh-key once it runs again."
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || die "$name was not ready again after $MESH_RESTART_SECONDS s${said:+: $said}." \
            "The services can talk to each other as they are; once it is well, give this command again."
        sleep 0.1 # between two looks
    done
}

mesh_restart_all() {
    local name

    say "$1"
    for name in "${SERVICES[@]}"; do
        mesh_restart "$name"
        say "  $name is ready"
    done
}

mesh_command() {
    local keys=() key new

    data_parse "$@"
    [ ${#OPERANDS[@]} -eq 0 ] || die "rotate-mesh-key does not know \"${OPERANDS[0]}\"."
    need_running
    [ -e "$RUN/ready" ] || die "The platform is still starting."
    exec {ROTATING}>"$RUN/rotating"
    flock -n "$ROTATING" || die "The mesh key is being replaced already."
    mapfile -t keys < <(tr -d '\r' <"$SECRETS/mesh.key")
    [ ${#keys[@]} -eq 1 ] || [ ${#keys[@]} -eq 2 ] || die "$SECRETS/mesh.key holds ${#keys[@]} lines instead of one or two."
    for key in "${keys[@]}"; do
        [[ $key =~ ^[0-9a-fA-F]{64}$ ]] || die "$SECRETS/mesh.key does not hold keys of 64 hexadecimal digits."
    done
    new=$(od -An -vtx1 -N 32 /dev/urandom | tr -d ' \n')
    if [ ${#keys[@]} -eq 2 ]; then
        # Some may know both keys and some only one, whichever that is.
        mesh_restart_all "Ending a replacement that was interrupted: both keys for everybody"
        mesh_write "${keys[0]}"
        mesh_restart_all "Ending a replacement that was interrupted: one key for everybody"
    fi
    mesh_write "${keys[0]}" "$new"
    mesh_restart_all "[1/3] The new key is accepted"
    mesh_write "$new" "${keys[0]}"
    mesh_restart_all "[2/3] The new key is used"
    mesh_write "$new"
    mesh_restart_all "[3/3] The old key is accepted no more"
    say "The mesh key has been replaced"
}
