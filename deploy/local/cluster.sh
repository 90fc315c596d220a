# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# cluster: the private PostgreSQL of one data folder. Unix socket only, in a folder that only its user and
# root can enter; every role has a random password of its own; port numbers play no part.
#
# PostgreSQL refuses to run as root. When root runs the platform, PostgreSQL runs as the user postgres;
# the services stay root's.

CLUSTER_OWNER=bourse_owner # a superuser, for the launcher alone
CLUSTER_DATABASE=bourse
CLUSTER_ELSEWHERE=/var/lib/bourse # where root's PostgreSQL has its files when it cannot reach the data folder
SOCKET_PATH_MAX=107 # the kernel's limit, of folder and name together
SOCKET_NAME=/.s.PGSQL.5432

# Runs a program as the cluster's user.
cluster_as_user() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
    else
        "$@"
    fi
}

# A short name that stands for the data folder.
cluster_hash() {
    printf '%s' "$DATA" | sha256sum | cut -c 1-12
}

# Where PostgreSQL's programs are: of the version that made the cluster, or the newest.
cluster_programs() {
    local version

    if [ -n "${CLUSTER_PROGRAMS:-}" ]; then
        return
    fi
    if [ -e "$DATA/postgres/PG_VERSION" ]; then
        version=$(cat "$DATA/postgres/PG_VERSION")
        CLUSTER_PROGRAMS=/usr/lib/postgresql/$version/bin
        [ -x "$CLUSTER_PROGRAMS/postgres" ] ||
            die "The data in $DATA was made by PostgreSQL $version, which is not installed: install postgresql-$version."
        return
    fi
    CLUSTER_PROGRAMS=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
    [ -x "$CLUSTER_PROGRAMS/initdb" ] || die "PostgreSQL's programs are not in /usr/lib/postgresql: install postgresql."
}

# Root's PostgreSQL runs as another user, who may be unable to reach the data folder (in /root, say).
# Its files lie in CLUSTER_ELSEWHERE then, in a folder that is nobody else's, and DATA/postgres is a link to it: where
# the data folder is moved to, and whatever is put in its place, it goes on meaning these files.
cluster_choose_folder() {
    local elsewhere

    if [ -e "$DATA/postgres" ] || [ "$(id -u)" -ne 0 ]; then
        return
    fi
    if cluster_as_user test -x "$DATA"; then
        return
    fi
    mkdir -p "$CLUSTER_ELSEWHERE"
    elsewhere=$(mktemp -d "$CLUSTER_ELSEWHERE/XXXXXXXXXX")
    chmod 0711 "$CLUSTER_ELSEWHERE" "$elsewhere"
    mkdir -m 0700 "$elsewhere/postgres"
    chown postgres: "$elsewhere/postgres"
    ln -sfn "$elsewhere/postgres" "$DATA/postgres"
}

# Removes the cluster's files, of a restore that was interrupted say, wherever they lie.
cluster_remove() {
    local files

    files=$(readlink "$DATA/postgres") || true
    # A link of somebody else's means what is theirs.
    if [[ $files =~ ^$CLUSTER_ELSEWHERE/[[:alnum:]]+/postgres$ ]]; then
        rm -rf "${files%/postgres}"
    fi
    rm -rf "${DATA:?}/postgres"
}

# Sets CLUSTER_SOCKET to the socket's folder, and makes it.
cluster_choose_socket() {
    local folder=$RUN/postgres

    if [ $((${#folder} + ${#SOCKET_NAME})) -gt "$SOCKET_PATH_MAX" ] ||
        ! cluster_as_user test -x "$DATA"; then
        folder=${XDG_RUNTIME_DIR:-/tmp}/bourse-$(id -u)-$(cluster_hash)
        [ "$(id -u)" -ne 0 ] || folder=/run/bourse-$(cluster_hash)
    fi
    if [ ! -d "$folder" ]; then
        mkdir -m 0700 "$folder"
        [ "$(id -u)" -ne 0 ] || chown postgres: "$folder"
    fi
    # In a folder that everybody may write to, somebody may have been first.
    cluster_as_user test -O "$folder" || die "The folder $folder for PostgreSQL's socket belongs to somebody else."
    CLUSTER_SOCKET=$folder
}

# Sets URL to a connection string for the role, whose password is in the secrets.
cluster_choose_url() {
    local role=$1 socket=${CLUSTER_SOCKET//\\/\\\\}

    data_read_secret "$role.password"
    printf -v URL "host='%s' dbname=%s user=%s password=%s" "${socket//\'/\\\'}" "$CLUSTER_DATABASE" "$role" "$SECRET"
}

# Runs a client of PostgreSQL's as the owner.
cluster_client() {
    local program=$1

    shift
    data_read_secret "$CLUSTER_OWNER.password"
    PGPASSWORD=$SECRET PGHOST=$CLUSTER_SOCKET PGUSER=$CLUSTER_OWNER PGPORT=5432 \
        PGDATABASE=${CLUSTER_PSQL_DATABASE:-$CLUSTER_DATABASE} "$CLUSTER_PROGRAMS/$program" "$@"
}

cluster_psql() {
    cluster_client psql -X -v ON_ERROR_STOP=1 "$@"
}

# Makes the cluster when there is none. What is half made by a start that was killed is made anew.
cluster_make() {
    local file

    cluster_choose_folder
    mkdir -p "$DATA/postgres"
    # The link resolved: PostgreSQL's user cannot follow it from where it lies.
    CLUSTER_FOLDER=$(readlink -f "$DATA/postgres")
    if [ -e "$CLUSTER_FOLDER/bourse.made" ]; then
        return
    fi
    say "Making a private PostgreSQL cluster in $DATA/postgres"
    find "$CLUSTER_FOLDER" -mindepth 1 -delete
    chmod 0700 "$CLUSTER_FOLDER"
    [ "$(id -u)" -ne 0 ] || chown postgres: "$CLUSTER_FOLDER"
    data_make_secret "$CLUSTER_OWNER.password" 24
    data_read_secret "$CLUSTER_OWNER.password"
    # The cluster's user may be unable to read our files.
    file=$(cd / && cluster_as_user mktemp)
    cluster_as_user tee "$file" >/dev/null <<<"$SECRET"
    if ! (cd / && cluster_as_user "$CLUSTER_PROGRAMS/initdb" -D "$CLUSTER_FOLDER" -U "$CLUSTER_OWNER" \
        --auth-local=scram-sha-256 --auth-host=reject --pwfile="$file" --encoding=UTF8 --locale=C.UTF-8 \
        --data-checksums) >"$LOG/initdb.log" 2>&1; then
        rm -f "$file"
        cat "$LOG/initdb.log" >&2
        die "The PostgreSQL cluster could not be made."
    fi
    rm -f "$file"
    cluster_as_user tee -a "$CLUSTER_FOLDER/postgresql.conf" >/dev/null <<'CONF'

# Bourse. The socket's folder is given at each start.
listen_addresses = ''
port = 5432
max_connections = 120
shared_buffers = 128MB
max_wal_size = 2GB
wal_compression = on
CONF
    cluster_as_user touch "$CLUSTER_FOLDER/bourse.made"
}

# Becomes PostgreSQL, which stops when this process' parent dies. For `exec` in a subshell.
cluster_exec() {
    local as_user=()

    [ "$(id -u)" -ne 0 ] || as_user=(--reuid=postgres --regid=postgres --init-groups)
    cd /
    exec setsid setpriv "${as_user[@]}" --pdeathsig INT -- "$CLUSTER_PROGRAMS/postgres" -D "$CLUSTER_FOLDER" \
        -k "$CLUSTER_SOCKET" </dev/null >>"$LOG/postgres.log" 2>&1
}

cluster_answers() {
    "$CLUSTER_PROGRAMS/pg_isready" -q -h "$CLUSTER_SOCKET" -p 5432 -t 2
}

# Waits until PostgreSQL answers, at most so many seconds.
cluster_wait() {
    local tries=$(($1 * 10))

    until cluster_answers; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        process_pause # between two looks
    done
}

# The pids that work in the cluster's folder: a server and its children.
cluster_pids() {
    # What lname takes is a pattern: each of its characters stands for itself here. It fails for processes of others.
    { find /proc/[0-9]*/cwd -maxdepth 0 -lname "$(readlink -f "$DATA/postgres" | sed 's/[][*?\\]/\\&/g')" -printf '%h\n' 2>/dev/null || true; } |
        sed 's|.*/||'
}

# Ends what an earlier start left behind. A server that was killed leaves children that end by themselves,
# and pid files that keep the next one from starting while any process has that pid: another one by then, or
# what is left of the server itself when nobody asks for its end.
cluster_clear() {
    local pids tries=300

    process_end postgres INT 30
    [ -e "$DATA/postgres" ] || return 0
    pids=$(cluster_pids)
    if [ -n "$pids" ]; then
        say "A PostgreSQL was left behind on this data and is stopped"
        # shellcheck disable=SC2086 # one pid a word
        kill -s INT $pids 2>/dev/null || true
        while [ -n "$(cluster_pids)" ]; do
            tries=$((tries - 1))
            [ "$tries" -gt 0 ] || die "The PostgreSQL that was left behind does not stop: pids $pids."
            process_pause # between two looks
        done
    fi
    # Nobody works there, so nobody owns them.
    rm -f "$DATA/postgres/postmaster.pid" "$CLUSTER_SOCKET$SOCKET_NAME" "$CLUSTER_SOCKET$SOCKET_NAME.lock"
}

cluster_make_database() {
    local found

    found=$(CLUSTER_PSQL_DATABASE=postgres cluster_psql -At \
        -c "SELECT 1 FROM pg_database WHERE datname = '$CLUSTER_DATABASE'")
    if [ -z "$found" ]; then
        CLUSTER_PSQL_DATABASE=postgres cluster_psql -q -c "CREATE DATABASE $CLUSTER_DATABASE"
    fi
}

# A new cluster with an empty database, which runs until this process ends; LOCK is what this process alone holds.
cluster_start_new() {
    cluster_choose_socket
    cluster_clear
    cluster_remove
    cluster_programs
    cluster_make
    trap 'process_end postgres INT 60' EXIT
    (
        exec {LOCK}>&-
        cluster_exec
    ) &
    process_note postgres $!
    cluster_wait 60 || die "PostgreSQL did not start; see $LOG/postgres.log."
    cluster_make_database
}
