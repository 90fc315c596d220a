# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# setup: from an installed package to services that run. Each step does what is missing, so that it can be
# given again after whatever went wrong.

SETUP_DATABASE="host=127.0.0.1 dbname=bourse" # of this machine's own PostgreSQL
SETUP_OWNER=bourse_owner

setup_command() {
    local database='' owner=$SETUP_OWNER replaces='' is_first=1

    ! platform_has_owner || is_first=''
    while [ $# -gt 0 ]; do
        [ $# -ge 2 ] || die "$1 needs a value."
        case $1 in
        --database) database=$2 ;;
        --owner) owner=$2 ;;
        --replace-secrets) replaces=$2 ;;
        *) die "setup does not know \"$1\". bourse --help lists what it takes." ;;
        esac
        shift 2
    done
    [[ $owner =~ ^[a-z_][a-z0-9_]{0,62}$ ]] || die "--owner must be a role's name of small letters, not \"$owner\"."
    say "[1/4] The database"
    if [ -n "$database" ]; then
        setup_owner_given "$database" "$owner"
        [ -z "$is_first" ] || [ "$replaces" = true ] || setup_check_nobody_else
    else
        setup_owner_here
    fi
    say "[2/4] The schemas"
    migrate_command
    say "[3/4] The services' roles"
    setup_roles
    setup_administrator
    # The last: systemd and the doctor take it for the sign that all of this is there.
    setup_mesh_key
    say "[4/4] The services"
    setup_start
}

setup_random() {
    od -An -vtx1 -N "$1" /dev/urandom | tr -d ' \n'
}

# Writes standard input to a file of the secrets, which appears whole or not at all.
setup_secret() {
    local file=$SECRETS/$1 mode=$2 group=$3

    (umask 077 && cat >"$file.new")
    chown "root:$group" "$file.new"
    chmod "$mode" "$file.new"
    mv "$file.new" "$file"
}

setup_mesh_key() {
    [ -e "$SECRETS/mesh.key" ] || setup_random 32 | setup_secret mesh.key 0640 bourse
}

setup_owner_given() {
    local database=$1 owner=$2

    [[ $database != *password* ]] || die "--database is without a password, which others can see in arguments: BOURSE_OWNER_PASSWORD has it."
    [[ $database != *[\"\$\`]* ]] || die "--database must be without \", \$ and \`."
    [ -n "${BOURSE_OWNER_PASSWORD:-}" ] || die "BOURSE_OWNER_PASSWORD must have the password of $owner."
    [[ $BOURSE_OWNER_PASSWORD != *[\"\'\$\`\\]* ]] || die "The owner's password must be without quotes, \$, \` and \\."
    setup_owner_write "$database" "$owner" "$BOURSE_OWNER_PASSWORD"
}

# A set-up that begins makes passwords and a mesh key: whoever works with others on the same database would be shut out.
setup_check_nobody_else() {
    local found

    found=$(platform_client psql -X -At -c "SELECT 1 FROM pg_namespace WHERE nspname = 'auth'") || found=unknown
    [ -n "$found" ] || return 0
    rm -f "$SECRETS/owner.conf"
    [ "$found" != unknown ] || die "The database could not be asked; what it said is above."
    die "The database has Bourse's schemas already, and this machine has no secrets of it. When another machine runs Bourse on it," \
        "bring its mesh key here instead: docs/install.md, On several machines. When there is none any more, give the command again" \
        "with --replace-secrets true."
}

setup_owner_write() {
    setup_secret owner.conf 0600 root <<CONF
BOURSE_OWNER_DATABASE="$1 user=$2"
PGPASSWORD="$3"
CONF
}

setup_as_postgres() {
    (cd / && setpriv --reuid=postgres --regid=postgres --init-groups -- psql -X -q -v ON_ERROR_STOP=1 "$@")
}

# On the PostgreSQL of this machine: an owner who may make roles, and the database.
setup_owner_here() {
    local password

    if ! platform_has_owner; then
        setup_as_postgres -d postgres -c 'SELECT' >/dev/null 2>&1 || setup_name_what_is_missing
        setup_owner_write "$SETUP_DATABASE" "$SETUP_OWNER" "$(setup_random 24)"
    fi
    [[ $(platform_owner && printf '%s' "$BOURSE_OWNER_DATABASE") == "$SETUP_DATABASE user=$SETUP_OWNER" ]] || return 0
    password=$(platform_owner && printf '%s' "$PGPASSWORD")
    setup_as_postgres -d postgres -f - <<SQL
SELECT 'CREATE ROLE $SETUP_OWNER' WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '$SETUP_OWNER') \gexec
ALTER ROLE $SETUP_OWNER LOGIN CREATEROLE PASSWORD '$password';
SELECT 'CREATE DATABASE bourse OWNER $SETUP_OWNER ENCODING ''UTF8'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT 1 FROM pg_database WHERE datname = 'bourse') \gexec
SQL
}

# Debian's PostgreSQL can be installed without a cluster: ./bourse on a laptop wants none.
setup_name_what_is_missing() {
    local version

    version=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort -n | tail -n 1)
    if [ -n "$version" ] && [ -z "$(pg_lsclusters -h 2>/dev/null)" ]; then
        die "PostgreSQL is installed and has no cluster: pg_createcluster $version main --start, and give this command again." \
            "Or name another server with --database."
    fi
    die "There is no PostgreSQL on this machine that answers: apt-get install postgresql, or name one with --database."
}

# Each service has a role with a password of its own, made here and known to nobody else.
setup_roles() {
    local name password server

    server=$(platform_owner && printf '%s' "${BOURSE_OWNER_DATABASE% user=*}")
    for name in "${SERVICES_WITH_DATABASE[@]}"; do
        if [ ! -e "$SECRETS/$name.conf" ]; then
            printf 'BOURSE_DATABASE="%s user=bourse_%s password=%s"\n' "$server" "$name" "$(setup_random 24)" |
                setup_secret "$name.conf" 0600 root
        fi
        password=$(sed -n 's/^BOURSE_DATABASE=.* password=\([0-9a-f]*\)"$/\1/p' "$SECRETS/$name.conf")
        # One that an operator has written is the operator's to set.
        [ -n "$password" ] || continue
        printf "ALTER ROLE bourse_%s LOGIN PASSWORD '%s';\n" "$name" "$password" |
            platform_client psql -X -q -v ON_ERROR_STOP=1 -f -
    done
}

setup_administrator() {
    (
        platform_settings auth
        exec "$BIN/bourse-auth" create-administrator admin --if-none true
    )
}

setup_start() {
    local name

    if ! platform_has_systemd; then
        say "There is no systemd here: start bourse-<service> with the settings of $SETTINGS/<service>.conf"
        return
    fi
    systemctl --quiet enable bourse.target "${SERVICES[@]/#/bourse@}"
    systemctl start "${SERVICES[@]/#/bourse@}" bourse.target || die "Not all has started: bourse doctor says what is wrong."
    for name in "${SERVICES[@]}"; do
        platform_wait_ready "$name" || die "$name is not ready after $PLATFORM_READY_SECONDS s: bourse doctor says what is wrong."
    done
    say "Bourse is ready: http://$(doctor_setting gateway BOURSE_HTTP_LISTEN)"
}
