# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# data: the folder of one instance.
#
#   postgres/   PostgreSQL's files           secrets/    the mesh key and the roles' passwords, 0700
#   run/        pids, the lock, the address  log/        one file a part
#   ports       the services' ports          market      which market it has, and its seed
#   imports/    files that are being imported, by hash: the ids to go on with
#
# shellcheck disable=SC2034 # the variables are used by the other parts

# Sets the variables that name what is in the folder. Makes nothing.
data_choose() {
    DATA=$(realpath -m -- "$1")
    RUN=$DATA/run
    LOG=$DATA/log
    SECRETS=$DATA/secrets
}

# Makes the folders. Others may pass through the folder when root runs the platform, because PostgreSQL
# then belongs to another user; they can list nothing, and the secrets stay closed.
data_make() {
    local mode=0700

    [ "$(id -u)" -ne 0 ] || mode=0711
    mkdir -p "$DATA" "$RUN" "$LOG" "$SECRETS"
    if [ ! -O "$DATA" ]; then
        die "The data folder $DATA belongs to another user ($(stat -c %U "$DATA")). Choose another with --data."
    fi
    chmod "$mode" "$DATA" "$RUN"
    chmod 0700 "$LOG" "$SECRETS"
}

# Leaves in OPERANDS what is not --data DIR, wherever that stands; sets the variables above.
data_parse() {
    local folder=$ROOT/var

    OPERANDS=()
    while [ $# -gt 0 ]; do
        case $1 in
        --data)
            [ $# -ge 2 ] || die "--data needs a folder."
            folder=$2
            shift 2
            ;;
        --data=*)
            folder=${1#--data=}
            shift
            ;;
        --)
            shift
            OPERANDS+=("$@")
            break
            ;;
        *)
            OPERANDS+=("$1")
            shift
            ;;
        esac
    done
    [ -n "$folder" ] || die "--data needs a folder."
    data_choose "$folder"
}

# Makes a secret of `bytes` random bytes as hexadecimal digits in that file, when it is not there.
# The file appears whole or not at all.
data_make_secret() {
    local file=$SECRETS/$1 bytes=$2

    [ ! -s "$file" ] || return 0
    (umask 077 && od -An -vtx1 -N "$bytes" /dev/urandom | tr -d ' \n' >"$file.new")
    mv "$file.new" "$file"
}

# Sets SECRET to the one in that file.
data_read_secret() {
    # The line has no end.
    read -r SECRET <"$SECRETS/$1" || [ -n "$SECRET" ] || die "There is no secret in $SECRETS/$1."
}
