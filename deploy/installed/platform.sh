# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# platform: what the shared parts (deploy/operate) ask of a front end, said for the files in /etc/bourse.

PLATFORM_READY_SECONDS=60

platform_settings() {
    local file

    for file in "$SETTINGS/bourse.conf" "$SETTINGS/$1.conf" "$SECRETS/$1.conf"; do
        if [ -r "$file" ]; then
            set -a
            # shellcheck source=/dev/null
            . "$file"
            set +a
        fi
    done
}

platform_where() {
    printf '%s/%s.conf or %s/bourse.conf' "$SETTINGS" "$1" "$SETTINGS"
}

platform_log() {
    printf 'journalctl -u bourse@%s -u bourse-migrate' "$1"
}

# owner.conf has PGPASSWORD too, so that no password is in anybody's arguments.
platform_client() (
    program=$1
    shift
    platform_owner
    exec "$program" --dbname="$BOURSE_OWNER_DATABASE" "$@"
)

platform_owner() {
    platform_has_owner || die "There is no $SECRETS/owner.conf: this machine does not know the database's owner."
    set -a
    # shellcheck source=/dev/null
    . "$SECRETS/owner.conf"
    set +a
}

platform_has_owner() {
    [ -r "$SECRETS/owner.conf" ]
}

# Whether it has been set up, so that there is more to look at than files.
platform_runs() {
    [ -e "$SECRETS/mesh.key" ]
}

platform_has_systemd() {
    [ -d /run/systemd/system ]
}

platform_restart() {
    platform_has_systemd || die "There is no systemd here to start bourse-$1 again."
    # Done when it answers calls; what it has to hear from others may take a moment more.
    if ! systemctl restart "bourse@$1" || ! platform_wait_ready "$1"; then
        die "bourse@$1 did not start again: journalctl -u bourse@$1." \
            "The services can talk to each other as they are; once it is well, give this command again."
    fi
}

# False when the service is not ready within a minute.
platform_wait_ready() {
    local name=$1 tries=$((PLATFORM_READY_SECONDS * 5))

    until platform_is_ready "$name"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.2 # between two looks
    done
}

platform_is_ready() {
    curl -s -f -m 3 -o /dev/null "http://$(doctor_admin_address "$1")/readyz"
}

platform_restart_command() {
    printf 'systemctl restart'
    printf ' bourse@%s' "$@"
}

platform_migrate_command() {
    printf 'bourse migrate'
}

platform_market() {
    printf '%s %s' "$(doctor_setting market BOURSE_MARKET)" "$(doctor_setting market BOURSE_SEED)"
}

platform_secrets() {
    printf '%s\n' "$SECRETS" "$SECRETS"/*
}

platform_folders() {
    printf '/\n'
    # Where the PostgreSQL of this machine has its data, when there is one.
    [ ! -d /var/lib/postgresql ] || printf '/var/lib/postgresql\n'
}

platform_certificates() {
    local certificate

    certificate=$(doctor_setting gateway BOURSE_TLS_CERTIFICATE_FILE)
    [ -z "$certificate" ] || printf '%s %s\n' "$certificate" "$(doctor_setting gateway BOURSE_TLS_KEY_FILE)"
}

# What is particular to /etc/bourse: a name that no program knows is passed over in silence when it starts.
platform_findings() {
    local name file known all='' variable

    for name in "$@"; do
        known=$("$BIN/bourse-$name" --help 2>/dev/null | grep -o 'BOURSE_[A-Z0-9_]*') || continue
        all+=$'\n'$known
        file=$SETTINGS/$name.conf
        while IFS= read -r variable; do
            grep -qx "$variable" <<<"$known" ||
                problem settings "$file: bourse-$name has no setting $variable" "bourse-$name --help lists them"
        done < <(sed -n 's/^\(BOURSE_[A-Z0-9_]*\)=.*/\1/p' "$file" 2>/dev/null)
    done
    # In the file of all, one service's is enough; with some services only, others' may stand there.
    [ $# -eq ${#SERVICES[@]} ] || return 0
    while IFS= read -r variable; do
        grep -qx "$variable" <<<"$all" ||
            problem settings "$SETTINGS/bourse.conf: no service has a setting $variable" "correct its name"
    done < <(sed -n 's/^\(BOURSE_[A-Z0-9_]*\)=.*/\1/p' "$SETTINGS/bourse.conf" 2>/dev/null)
    platform_runs || problem setup "it has not been set up: there is no $SECRETS/mesh.key" "bourse setup"
}
