# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# backup: a folder with everything that cannot be made again.
#
#   database.dump   all schemas, by pg_dump in its custom format
#   about           when, of which version, which market; the checksum of the dump
#
# One pg_dump is one snapshot of one database, so the four services' schemas fit each other: what one had
# committed and another had not done yet is finished by the queues after a restore, as after a crash. It
# needs nothing but a connection, and goes into another major version of PostgreSQL or another machine. Keys
# and passwords are not in it, because new ones are as good; whoever has it has all users' data all the same.

# A value of the file `about`.
backup_about() {
    sed -n "s/^$2=//p" "$1/about"
}

# The folder appears whole or not at all.
#   backup_write FOLDER
backup_write() {
    local folder=${1%/}

    [ ! -e "$folder" ] || die "$folder is there already. Give each backup a folder of its own."
    mkdir -p "$(dirname "$folder")"
    rm -rf "$folder.new"
    mkdir -m 0700 "$folder.new"
    if ! (umask 077 && backup_dump "$folder.new" && sync "$folder.new"/* "$folder.new"); then
        rm -rf "$folder.new"
        die "The backup could not be made; what pg_dump said is above."
    fi
    mv "$folder.new" "$folder"
    sync "$(dirname "$folder")"
    say "The backup is in $folder ($(du -sh "$folder" | cut -f 1)). It holds users' data: keep it as closed as the database."
}

backup_dump() {
    local folder=$1

    # What only counts is in tables that are not logged, and begins anew as after a crash of PostgreSQL.
    platform_client pg_dump --format=custom --no-owner --no-unlogged-table-data >"$folder/database.dump" &&
        cat >"$folder/about" <<ABOUT
created_at=$(date -u +%FT%TZ)
bourse=$("$BIN/bourse-auth" --version)
market=$(platform_market)
sha256=$(sha256sum <"$folder/database.dump" | cut -d ' ' -f 1)
ABOUT
}

# Ends with a sentence unless the folder is a whole backup.
backup_check() {
    local folder=$1

    if [ ! -f "$folder/about" ] || [ ! -f "$folder/database.dump" ]; then
        die "$folder is not a backup: it has no about and database.dump."
    fi
    [ "$(sha256sum <"$folder/database.dump" | cut -d ' ' -f 1)" = "$(backup_about "$folder" sha256)" ] ||
        die "$folder/database.dump is not the file that was written: its checksum is another one. Use another backup."
}

# Puts a backup into the owner's database, which must be empty. All of it is there afterwards, or nothing.
backup_restore() {
    local folder=$1 found name

    found=$(platform_client psql -X -At -v ON_ERROR_STOP=1 -c "SELECT string_agg(nspname, ', ' ORDER BY nspname)
        FROM pg_namespace WHERE nspname IN ('audit', $(printf "'%s', " "${SERVICES_WITH_DATABASE[@]}")'')")
    [ -z "$found" ] || die "The database is not empty: it has the schemas $found. A backup goes into an empty one only."
    say "Restoring the backup of $(backup_about "$folder" created_at)"
    # Their rights are in the backup, they themselves are the server's.
    for name in "${SERVICES_WITH_DATABASE[@]}"; do
        printf "SELECT 'CREATE ROLE bourse_%s LOGIN' WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'bourse_%s') \\gexec\n" \
            "$name" "$name"
    done | platform_client psql -X -q -v ON_ERROR_STOP=1 -f -
    platform_client pg_restore --no-owner --exit-on-error --single-transaction \
        <"$folder/database.dump" || die "The backup could not be restored; what pg_restore said is above. The database is empty as before."
}
