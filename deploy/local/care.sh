# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# care: looking after a data folder. What is done is in deploy/operate; here it is prepared.

doctor_command() {
    data_parse "$@"
    [ ${#OPERANDS[@]} -eq 0 ] || die "doctor does not know \"${OPERANDS[0]}\"."
    say "$DATA:"
    if up_is_running; then
        need_running
        cluster_programs
        cluster_choose_socket
    fi
    doctor_run "${SERVICES[@]}"
}

rotate_mesh_key_command() {
    data_parse "$@"
    [ ${#OPERANDS[@]} -eq 0 ] || die "rotate-mesh-key does not know \"${OPERANDS[0]}\"."
    need_running
    [ -e "$RUN/ready" ] || die "The platform is still starting."
    exec {ROTATING}>"$RUN/rotating"
    flock -n "$ROTATING" || die "The mesh key is being replaced already."
    mesh_rotate "$SECRETS/mesh.key"
}

backup_command() {
    data_parse "$@"
    [ ${#OPERANDS[@]} -eq 1 ] || die "It is ./bourse backup FOLDER."
    need_running
    cluster_programs
    cluster_choose_socket
    backup_write "${OPERANDS[0]}"
}

# Makes a data folder of a backup, with keys and passwords of its own. Until all is there the folder is marked,
# so that nobody starts on half of it; given again, the command begins anew.
restore_command() {
    local folder

    data_parse "$@"
    [ ${#OPERANDS[@]} -eq 1 ] || die "It is ./bourse restore FOLDER, with --data for where it is to go."
    folder=${OPERANDS[0]}
    backup_check "$folder"
    if [ -e "$DATA/postgres" ] && [ ! -e "$DATA/restoring" ]; then
        die "$DATA has data already. A backup goes into a new folder: choose one with --data."
    fi
    packages_need run build
    build_services
    data_make
    exec {LOCK}>"$RUN/lock"
    flock -w 5 "$LOCK" || die "Another ./bourse works on $DATA."
    touch "$DATA/restoring"
    cluster_start_new
    backup_restore "$folder"
    services_pick_ports
    services_migrate
    backup_about "$folder" market >"$DATA/market"
    rm "$DATA/restoring"
    say "Restored into $DATA. Start it with ./bourse up --data $DATA"
}
