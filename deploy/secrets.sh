#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# secrets: makes the files of secrets that containers are given: the mesh key, a password for each role of the database,
# connection strings of those, and the SQL that makes the database. What is there already stays: give it a password of
# your own as NAME.password, and it makes the connection string of it.
#
#   deploy/secrets.sh compose                              for deploy/compose.yaml, in deploy/secrets or BOURSE_SECRETS; by root
#   deploy/secrets.sh kubernetes OVERLAY                   in the overlay's folder, for the PostgreSQL of the overlay dev
#   deploy/secrets.sh kubernetes OVERLAY HOST [PORT]       for one elsewhere, over TLS; its CA goes into secrets/database-ca.crt
#   deploy/secrets.sh kubernetes OVERLAY mesh-key          the next of three steps to another mesh key (lib/rpc/README.md)
set -euo pipefail

ROLES=(owner auth market portfolio trading)
DATABASE=bourse
CERTIFICATE=/etc/bourse/database/ca.crt # where the component external-database mounts it
CONTAINER_USER=10001

die() {
    printf 'secrets.sh: %s\n' "$*" >&2
    exit 1
}

random_hex() {
    od -An -vtx1 -N "$1" /dev/urandom | tr -d ' \n'
}

# Writes what it is given to a file, which appears whole or not at all.
write() {
    cat >"$SECRETS/$1.new"
    mv "$SECRETS/$1.new" "$SECRETS/$1"
}

make_missing() {
    local role

    [ -s "$SECRETS/mesh.key" ] || { random_hex 32 && echo; } | write mesh.key
    for role in "${ROLES[@]}"; do
        [ -s "$SECRETS/$role.password" ] || random_hex 24 | write "$role.password"
        # The connection string and the SQL quote nothing.
        [[ $(cat "$SECRETS/$role.password") =~ ^[A-Za-z0-9._~-]+$ ]] ||
            die "$SECRETS/$role.password may have letters, digits and . _ ~ - only."
    done
}

write_urls() {
    local host=$1 port=$2 rest=$3 role

    for role in "${ROLES[@]}"; do
        printf 'host=%s port=%s dbname=%s user=bourse_%s password=%s%s\n' "$host" "$port" "$DATABASE" "$role" \
            "$(cat "$SECRETS/$role.password")" "$rest" | write "$role.url"
    done
}

# For the database's administrator. The services' roles get their passwords from the migration, which the owner runs.
write_roles() {
    local role

    {
        printf "CREATE ROLE bourse_owner LOGIN CREATEROLE PASSWORD '%s';\n" "$(cat "$SECRETS/owner.password")"
        printf "CREATE DATABASE %s OWNER bourse_owner ENCODING 'UTF8' TEMPLATE template0;\n" "$DATABASE"
        printf 'REVOKE ALL ON DATABASE %s FROM PUBLIC;\n' "$DATABASE"
        for role in "${ROLES[@]:1}"; do
            printf 'CREATE ROLE bourse_%s LOGIN;\n' "$role"
            # From PostgreSQL 16 on one may only change the roles that one administers.
            printf 'GRANT bourse_%s TO bourse_owner WITH ADMIN OPTION;\n' "$role"
            printf 'GRANT CONNECT ON DATABASE %s TO bourse_%s;\n' "$DATABASE" "$role"
        done
    } | write roles.sql
}

# mesh.new is the new key, from the first step to the last.
next_mesh_key() {
    local keys new step

    [ -s "$SECRETS/mesh.key" ] || die "there is no mesh key yet."
    mapfile -t keys <"$SECRETS/mesh.key"
    [ -s "$SECRETS/mesh.new" ] || { random_hex 32 && echo; } | write mesh.new
    new=$(cat "$SECRETS/mesh.new")
    if [ ${#keys[@]} -eq 1 ] && [ "${keys[0]}" != "$new" ]; then
        step='1 of 3: everybody learns the new key'
        printf '%s\n' "${keys[0]}" "$new" | write mesh.key
    elif [ ${#keys[@]} -eq 2 ] && [ "${keys[1]}" = "$new" ]; then
        step='2 of 3: everybody uses it'
        printf '%s\n' "$new" "${keys[0]}" | write mesh.key
    else
        step='3 of 3: nobody accepts the old one any more'
        printf '%s\n' "$new" | write mesh.key
        rm "$SECRETS/mesh.new"
    fi
    printf 'Step %s. Apply the overlay now, and wait until all are started again.\n' "$step"
}

# Compose mounts files as they are, so those that containers read belong to the user that they run as.
for_compose() {
    [ $# -eq 0 ] || die "compose needs nothing more; BOURSE_SECRETS is another folder."
    SECRETS=${BOURSE_SECRETS:-$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/secrets}
    mkdir -p "$SECRETS"
    make_missing
    write_urls postgres 5432 ''
    write_roles
    chown "$CONTAINER_USER:$CONTAINER_USER" "$SECRETS"/{*.url,roles.sql,mesh.key}
    chmod 0400 "$SECRETS"/{*.url,roles.sql,mesh.key}
    printf 'The secrets are in %s\n' "$SECRETS"
}

for_kubernetes() {
    [[ $# -ge 1 && $# -le 3 ]] || die "give an overlay's folder, and perhaps the database's host and port, or mesh-key."
    [ -e "$1/kustomization.yaml" ] || die "$1 is not the folder of an overlay: it has no kustomization.yaml."
    SECRETS=$1/secrets
    mkdir -p "$SECRETS"
    if [ "${2:-}" = mesh-key ]; then
        next_mesh_key
        return
    fi
    make_missing
    if [ $# -eq 1 ]; then
        write_urls postgres 5432 ''
    else
        write_urls "$2" "${3:-5432}" " sslmode=verify-full sslrootcert=$CERTIFICATE"
    fi
    write_roles
}

umask 077
case ${1:-} in
compose | kubernetes) "for_$1" "${@:2}" ;;
*) die "say what for: compose, or kubernetes and an overlay's folder." ;;
esac
