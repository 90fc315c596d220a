#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# secrets: makes the files that deploy/compose.yaml hands to its containers, in deploy/secrets or in
# BOURSE_SECRETS. What is there already stays. They belong to the user of the containers, so it has to be run as root, or with sudo.
set -euo pipefail

FOLDER=${BOURSE_SECRETS:-$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../secrets}
ROLES=(owner auth market portfolio trading)
CONTAINER_USER=10001

# Makes a file of random hexadecimal digits, whole or not at all.
make_random() {
    [ ! -s "$1" ] || return 0
    od -An -vtx1 -N "$2" /dev/urandom | tr -d ' \n' >"$1.new"
    mv "$1.new" "$1"
}

# What PostgreSQL is told when it is made: who may log in, and who owns what. The services' own roles are made by
# their migrations, which the owner runs.
write_roles() {
    printf "CREATE ROLE bourse_owner LOGIN CREATEROLE PASSWORD '%s';\n" "$(cat owner.password)"
    printf 'CREATE DATABASE bourse OWNER bourse_owner;\n'
}

umask 077
mkdir -p "$FOLDER"
cd "$FOLDER"
make_random mesh.key 32
for role in "${ROLES[@]}"; do
    make_random "$role.password" 24
    printf 'host=postgres dbname=bourse user=bourse_%s password=%s\n' "$role" "$(cat "$role.password")" >"$role.url"
done
write_roles >roles.sql
chown "$CONTAINER_USER:$CONTAINER_USER" ./*.url roles.sql mesh.key
chmod 0400 ./*.url roles.sql mesh.key
printf 'The secrets are in %s\n' "$(pwd)"
