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

# Writes the file of keys, the first one first. It appears whole or not at all, with the owner and mode it had.
mesh_write() {
    local file=$1

    shift
    (umask 077 && printf '%s\n' "$@" >"$file.new")
    chown --reference="$file" "$file.new"
    chmod --reference="$file" "$file.new"
    mv "$file.new" "$file"
}

mesh_restart_all() {
    local name

    say "$1"
    for name in "${SERVICES[@]}"; do
        platform_restart "$name"
        say "  $name is ready"
    done
}

# mesh_rotate FILE
mesh_rotate() {
    local file=$1 keys=() key new

    mapfile -t keys < <(tr -d '\r' <"$file")
    [ ${#keys[@]} -eq 1 ] || [ ${#keys[@]} -eq 2 ] || die "$file holds ${#keys[@]} lines instead of one or two."
    for key in "${keys[@]}"; do
        [[ $key =~ ^[0-9a-fA-F]{64}$ ]] || die "$file does not hold keys of 64 hexadecimal digits."
    done
    new=$(od -An -vtx1 -N 32 /dev/urandom | tr -d ' \n')
    if [ ${#keys[@]} -eq 2 ]; then
        # Some may know both keys and some only one, whichever that is.
        mesh_restart_all "Ending a replacement that was interrupted: both keys for everybody"
        mesh_write "$file" "${keys[0]}"
        mesh_restart_all "Ending a replacement that was interrupted: one key for everybody"
    fi
    mesh_write "$file" "${keys[0]}" "$new"
    mesh_restart_all "[1/3] The new key is accepted"
    mesh_write "$file" "$new" "${keys[0]}"
    mesh_restart_all "[2/3] The new key is used"
    mesh_write "$file" "$new"
    mesh_restart_all "[3/3] The old key is accepted no more"
    say "The mesh key has been replaced"
}
