# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# commands: what an operator asks of an installed system.

status_command() {
    local name said bad=0

    for name in "${SERVICES[@]}"; do
        said=$(curl -s -f -m 3 "http://$(doctor_admin_address "$name")/readyz" | doctor_line) || bad=1
        printf '  %-10s %s\n' "$name" "${said:-is not ready}"
    done
    exit "$bad"
}

doctor_command() {
    local name

    for name in "$@"; do
        [[ " ${SERVICES[*]} " = *" $name "* ]] || die "There is no service \"$name\". They are: ${SERVICES[*]}."
    done
    [ $# -gt 0 ] || set -- "${SERVICES[@]}"
    doctor_run "$@"
}

migrate_command() {
    local name

    for name in "${SERVICES_WITH_DATABASE[@]}"; do
        (
            platform_owner
            exec "$BIN/bourse-$name" migrate
        ) || die "The schema of $name could not be brought up to date."
    done
}

backup_command() {
    [ $# -eq 1 ] || die "It is bourse backup FOLDER."
    backup_write "$1"
}

restore_command() {
    [ $# -eq 1 ] || die "It is bourse restore FOLDER."
    backup_check "$1"
    restore_check_market "$1"
    backup_restore "$1"
    migrate_command
    setup_roles
    say "Restored. Start it with systemctl start bourse.target"
}

# Orders that rest would be filled at the prices of whatever market there is.
restore_check_market() {
    local before now

    before=$(restore_name_market "$(backup_about "$1" market)")
    now=$(restore_name_market "$(platform_market)")
    [ "$before" = "$now" ] || die "The backup is of $before; by $SETTINGS/market.conf it would go on as $now." \
        "Set BOURSE_MARKET (and BOURSE_SEED) there to what it was, and give this command again."
}

#   restore_name_market "KIND [SEED]"
restore_name_market() {
    local kind seed

    read -r kind seed <<<"$1"
    case ${kind:-simulated} in
    simulated) printf 'a simulated market with seed %s' "${seed:-1}" ;;
    *) printf 'a %s market' "$kind" ;;
    esac
}

rotate_mesh_key_command() {
    [ $# -eq 0 ] || die "rotate-mesh-key does not know \"$1\"."
    exec {ROTATING}<"$SECRETS"
    flock -n "$ROTATING" || die "The mesh key is being replaced already."
    mesh_rotate "$SECRETS/mesh.key"
}

admin_command() {
    case ${1:-}:$#:${2:-} in
    create:2:* | token:2:* | rotate-key:1: | rotate-key:2:now) ;;
    *) die "It is bourse admin create NAME, bourse admin token NAME or bourse admin rotate-key [now]." ;;
    esac
    platform_settings auth
    case $1 in
    create) exec "$BIN/bourse-auth" create-administrator "$2" ;;
    token) exec "$BIN/bourse-auth" issue-token "$2" ;;
    rotate-key) exec "$BIN/bourse-auth" rotate-signing-key ${2:+--now true} ;;
    esac
}

psql_command() {
    platform_client psql -X -v ON_ERROR_STOP=1 "$@"
}
