# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# doctor_machine: what the services stand on. Files, disk, time, the database.

DOCTOR_DISK_KIB_MIN=$((1024 * 1024))   # less is a problem
DOCTOR_DISK_KIB_FEW=$((5 * 1024 * 1024)) # less is a warning
DOCTOR_CERTIFICATE_DAYS=21             # a certificate that ends sooner is a warning
DOCTOR_CLOCK_SECONDS=1                 # deadlines of calls are in real time
DOCTOR_POSTGRES_MIN=15

doctor_secrets() {
    local file mode bad=0

    while IFS= read -r file; do
        mode=$(stat -L -c %a "$file" 2>/dev/null) || continue
        # The last digit: what everybody may do.
        if [ "${mode: -1}" != 0 ]; then
            problem secrets "everybody on this machine can read $file (mode $mode)" \
                "chmod o= $file, and replace what was in it: others may know it"
            bad=1
        fi
    done < <({ platform_secrets && doctor_key_files; } | sort -u)
    [ "$bad" -ne 0 ] || fine secrets "they are closed to others"
}

# The files of keys that settings name: the mesh's, TLS', the price providers'.
doctor_key_files() {
    local name

    platform_runs || return 0
    for name in "${SERVICES[@]}"; do
        (
            platform_settings "$name" >/dev/null
            for variable in "${!BOURSE_@}"; do
                [[ $variable != *_KEY_FILE ]] || printf '%s\n' "${!variable}"
            done
        )
    done
}

doctor_disk() {
    local folder free used where seen=' '

    while IFS= read -r folder; do
        read -r free used where < <(df -Pk "$folder" | awk 'NR == 2 { sub("%", "", $5); print $4, $5, $6 }')
        [[ $seen != *" $where "* ]] || continue
        seen+="$where "
        if [ "$free" -lt "$DOCTOR_DISK_KIB_MIN" ]; then
            problem disk "$((free / 1024)) MiB are free on $where, where $folder is ($used % are used)" \
                "make room: a full disk stops PostgreSQL"
        elif [ "$free" -lt "$DOCTOR_DISK_KIB_FEW" ]; then
            warning disk "$((free / 1024)) MiB are free on $where, where $folder is ($used % are used)" "make room"
        else
            fine disk "$((free / 1024 / 1024)) GiB are free on $where"
        fi
    done < <(platform_folders)
}

doctor_clock() {
    local synchronized=''

    ! command -v timedatectl >/dev/null ||
        synchronized=$(timedatectl show -p NTPSynchronized --value 2>/dev/null) || true
    case $synchronized in
    yes) fine clock "it is kept by the network's time" ;;
    no) warning clock "nobody keeps this machine's clock" \
        "apt-get install chrony: between machines, calls are refused whose deadline has passed by another's clock" ;;
    *) fine clock "$(date -u +%FT%TZ); whether it is kept by the network's time is not known here" ;;
    esac
}

# file PEM-CERTIFICATE [PEM-KEY] of each that is used.
doctor_certificates() {
    local certificate key until

    [ -n "$(platform_certificates)" ] || return 0
    if ! command -v openssl >/dev/null; then
        warning certificate "it cannot be looked at without openssl" "apt-get install openssl"
        return
    fi
    while read -r certificate key; do
        if ! until=$(openssl x509 -in "$certificate" -noout -enddate 2>/dev/null); then
            problem certificate "$certificate is not there or is no certificate" "put it there"
            continue
        fi
        until=${until#notAfter=}
        if ! openssl x509 -in "$certificate" -noout -checkend 0 >/dev/null; then
            problem certificate "$certificate ended on $until" "replace the file; the gateway reads it again by itself"
        elif ! openssl x509 -in "$certificate" -noout -checkend $((DOCTOR_CERTIFICATE_DAYS * 86400)) >/dev/null; then
            warning certificate "$certificate ends on $until" "replace the file; the gateway reads it again by itself"
        else
            fine certificate "$certificate is valid until $until"
        fi
        if [ -n "$key" ] && [ "$(openssl x509 -in "$certificate" -noout -pubkey)" != \
            "$(openssl pkey -in "$key" -pubout 2>/dev/null)" ]; then
            problem certificate "$key is not the key of $certificate" "put the key there that it was made with"
        fi
    done < <(platform_certificates)
}

# A line of values that the database gives for one row.
doctor_ask() {
    platform_client psql -X -At -F ' ' -v ON_ERROR_STOP=1 -c "$1" 2>&1
}

doctor_database() {
    local said version fsync pages commit connections wanted

    if ! platform_has_owner; then
        fine database "is looked at through the services: this machine does not know its owner"
        return
    fi
    if ! said=$(doctor_ask "SELECT current_setting('server_version_num')::int / 10000, current_setting('fsync'),
            current_setting('full_page_writes'), current_setting('synchronous_commit'),
            current_setting('max_connections')"); then
        problem database "$(doctor_line <<<"$said")" "start PostgreSQL, or correct where it is"
        return
    fi
    read -r version fsync pages commit connections <<<"$said"
    fine database "PostgreSQL $version answers"
    if [ "$version" -lt "$DOCTOR_POSTGRES_MIN" ]; then
        problem database "PostgreSQL $version is older than $DOCTOR_POSTGRES_MIN" "use $DOCTOR_POSTGRES_MIN or a newer one"
    fi
    if [ "$fsync $pages" != "on on" ]; then
        problem database "fsync is $fsync and full_page_writes is $pages: a power cut loses everything" "set both to on"
    fi
    if [ "$commit" = off ]; then
        warning database "synchronous_commit is off; the services' own connections turn it on, others' do not" "set it to on"
    fi
    wanted=$(doctor_connections)
    if [ "$wanted" -gt "$connections" ]; then
        problem database "the services may open $wanted connections, and max_connections is $connections" \
            "raise it, or lower BOURSE_DATABASE_CONNECTIONS"
    fi
    doctor_database_clock
}

# How many the services of this machine may open; a few are for operators.
doctor_connections() {
    local name count sum=5

    for name in "${SERVICES_WITH_DATABASE[@]}"; do
        count=$(doctor_setting "$name" BOURSE_DATABASE_CONNECTIONS)
        [[ $count =~ ^[0-9]{1,4}$ ]] || count=12
        sum=$((sum + count))
    done
    printf '%d' "$sum"
}

doctor_database_clock() {
    local theirs difference

    theirs=$(doctor_ask "SELECT extract(epoch FROM clock_timestamp())::bigint") || return 0
    difference=$((theirs - $(date +%s)))
    difference=${difference#-}
    if [ "$difference" -gt "$DOCTOR_CLOCK_SECONDS" ]; then
        problem clock "the database's clock is $difference s away from this machine's" "let both be kept by the network's time"
    fi
}
