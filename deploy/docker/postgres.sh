#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# bourse-postgres: PostgreSQL for development, in a container. Makes the cluster when its volume is empty, with the
# roles and the database in /run/secrets/postgres/roles.sql (see deploy/secrets.sh), and becomes the server.
#
# A start that is broken off leaves a folder that the next one makes anew.
set -euo pipefail

data=/var/lib/postgresql/data
roles=/run/secrets/postgres/roles.sql

if [ ! -e "$data/bourse.made" ]; then
    rm -rf "$data"
    initdb -D "$data" -U postgres --auth-local=peer --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 \
        --data-checksums >/dev/null
    printf '%s\n' 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
    printf '%s\n' "listen_addresses = '*'" "unix_socket_directories = '/run/postgresql'" 'max_connections = 300' \
        >>"$data/postgresql.conf"
    # Nobody is let in before the roles have their passwords.
    pg_ctl -D "$data" -w -o "-c listen_addresses=''" start >&2
    psql -X -q -v ON_ERROR_STOP=1 -d postgres -f "$roles"
    pg_ctl -D "$data" -w -m fast stop >/dev/null
    touch "$data/bourse.made"
fi
exec postgres -D "$data"
