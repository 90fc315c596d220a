# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# import: `./bourse import PATH...`, through the HTTP API as any client would.

IMPORT_TOKEN_SECONDS=300   # an access token is good for 15 minutes; a large import takes longer
IMPORT_PATIENCE_SECONDS=60 # without progress, while services may be starting again

# Sets IMPORT_TOKEN, made anew every few minutes, or when the database can be reached again.
import_get_token() {
    local token

    if [ $((SECONDS - ${IMPORT_TOKEN_AT:--$IMPORT_TOKEN_SECONDS})) -ge "$IMPORT_TOKEN_SECONDS" ]; then
        if token=$(services_run auth issue-token admin 2>"$IMPORT_FOLDER/complaint"); then
            IMPORT_TOKEN=$token
            IMPORT_TOKEN_AT=$SECONDS
        elif [ -z "${IMPORT_TOKEN:-}" ]; then
            cat "$IMPORT_FOLDER/complaint" >&2
            die "There is no access token to be had for admin."
        fi
    fi
}

# What an answer of the API that is not a success says; with status 000 there was none.
import_say_failure() {
    local status=$1 file=$2

    if [ "$status" = 000 ]; then
        say "    failed: $(cat "$IMPORT_FOLDER/upload_complaint")"
        return
    fi
    say "    failed with status $status: $(jq -r '[.title, .detail, (.errors // [] | .[] | tostring)] | map(select(. != null)) | join(" ")' "$file" 2>/dev/null ||
        head -c 300 "$file")"
}

# Sets IMPORT_ID: of the same file when it was broken off and has not changed since, or a new one, which is
# noted until there is an answer.
import_choose_id() {
    local file=$1 address=$2 seen noted

    seen="$(realpath -- "$file") $(stat -c '%s %y' -- "$file") $address"
    IMPORT_NOTE=$DATA/imports/$(printf '%s' "$seen" | sha256sum | cut -c 1-32)
    mkdir -p "$DATA/imports"
    # Of files that were never sent again.
    find "$DATA/imports" -type f -mmin +1440 -delete
    noted=$(cat "$IMPORT_NOTE" 2>/dev/null || true)
    IMPORT_ID=${noted:-$(cat /proc/sys/kernel/random/uuid)}
    printf '%s' "$IMPORT_ID" >"$IMPORT_NOTE.new"
    mv "$IMPORT_NOTE.new" "$IMPORT_NOTE"
}

# Sets IMPORT_STATE ("unknown" when nobody can say, "" when there is no such import), IMPORT_BYTES that have
# been taken, and IMPORT_LINES, IMPORT_ROWS and IMPORT_MERGED. The token goes in by a pipe: arguments can be read
# by everybody.
import_ask() {
    local status

    IMPORT_STATE=unknown IMPORT_BYTES=0 IMPORT_LINES=0 IMPORT_ROWS=0 IMPORT_MERGED=0
    import_get_token
    status=$(curl -sS --max-time 10 -o "$IMPORT_FOLDER/state" -w '%{http_code}' \
        -K <(printf 'header = "Authorization: Bearer %s"\n' "$IMPORT_TOKEN") \
        "http://127.0.0.1:$PORT/api/v1/imports/$IMPORT_ID" 2>"$IMPORT_FOLDER/complaint") || status=000
    case $status in
    200)
        read -r IMPORT_STATE IMPORT_BYTES IMPORT_LINES IMPORT_ROWS IMPORT_MERGED < <(
            jq -r '"\(.state) \(.bytes) \(.lines) \(.rows) \(.merged // 0)"' "$IMPORT_FOLDER/state")
        ;;
    404) IMPORT_STATE= ;;
    esac
}

# The same before anything is sent: whoever cannot answer may be able to in a moment, and then nothing is sent
# twice.
import_ask_at_first() {
    local tries

    for tries in 1 2 3 4 5; do
        import_ask
        [ "$IMPORT_STATE" = unknown ] || return 0
        sleep "$tries" # between two questions
    done
}

# Says how far it is, in whole percents of the file, or of its rows once all have arrived.
import_say_progress() {
    local size=$1 seconds=$((SECONDS - IMPORT_BEGAN)) percent=100 text

    case $IMPORT_STATE in
    receiving)
        [ "$size" -eq 0 ] || percent=$((IMPORT_BYTES * 100 / size))
        text="received $percent %, $IMPORT_LINES lines, $(((IMPORT_LINES - IMPORT_LINES_BEFORE) / (seconds > 0 ? seconds : 1))) a second"
        ;;
    merging)
        [ "$IMPORT_ROWS" -eq 0 ] || percent=$((IMPORT_MERGED * 100 / IMPORT_ROWS))
        text="merged $percent % of $IMPORT_ROWS rows, after $seconds seconds"
        ;;
    *) return 0 ;;
    esac
    if [ -t 1 ]; then
        printf '\r\033[K    %s' "$text"
    elif [ "$IMPORT_STATE $((percent / 10))" != "${IMPORT_SAID:-}" ]; then
        say "    $text"
        IMPORT_SAID="$IMPORT_STATE $((percent / 10))"
    fi
}

# Sends what has not been taken yet, and says how far it is every second. Sets STATUS.
import_upload() {
    local file=$1 size=$2 address=$3 from=() sender separator='?'

    [[ $address != *\?* ]] || separator='&'
    # With nothing left to send curl sends nothing at all; the whole file says as well that this is all.
    if [ "$IMPORT_BYTES" -gt 0 ] && [ "$IMPORT_BYTES" -lt "$size" ]; then
        from=(--continue-at "$IMPORT_BYTES")
    fi
    # It ends with this program, however that ends: the next one would send as well.
    (
        exec setpriv --pdeathsig TERM -- curl -sS -o "$IMPORT_FOLDER/answer" -w '%{http_code}' \
            -K <(printf 'header = "Authorization: Bearer %s"\n' "$IMPORT_TOKEN") "${from[@]}" -X POST -T "$file" \
            -H 'Content-Type: text/csv' -H 'Expect:' \
            "http://127.0.0.1:$PORT/api/v1/$address${separator}import_id=$IMPORT_ID"
    ) >"$IMPORT_FOLDER/status" 2>"$IMPORT_FOLDER/upload_complaint" &
    sender=$!
    while ! timeout 1 tail --pid="$sender" -s 0.02 -f /dev/null; do
        import_ask
        import_say_progress "$size"
    done
    [ ! -t 1 ] || printf '\r\033[K'
    STATUS=$(cat "$IMPORT_FOLDER/status")
}

# What came of it, from an answer.
import_say_result() {
    local seconds=$((SECONDS - IMPORT_BEGAN))

    jq -r '"    \(.imported // 0) imported, \(.updated // 0) updated, \(.rejected_count // 0) rejected",
        (.rejected // [] | .[] | "    line \(.line): \(.reason)"),
        (if (.rejected_count // 0) > (.rejected // [] | length)
            then "    and \(.rejected_count - (.rejected | length)) more" else empty end),
        (.ignored_columns // [] | if . == [] then empty
            else "    columns that say nothing of a symbol, passed over: \(join(", "))" end)' "$1"
    if [ "$seconds" -ge 5 ]; then
        import_ask
        say "    $seconds seconds, $(((IMPORT_LINES - IMPORT_LINES_BEFORE) / seconds)) lines a second"
    fi
    rm -f "$IMPORT_NOTE"
}

# Sends a file to an address of the API that takes CSV. What was broken off, by the end of this program, of a
# service or of the database, goes on from where it was.
import_send() {
    local file=$1 address=$2 size moved=$SECONDS before

    size=$(stat -c %s -- "$file")
    import_choose_id "$file" "$address"
    import_ask_at_first
    IMPORT_BEGAN=$SECONDS IMPORT_LINES_BEFORE=$IMPORT_LINES IMPORT_SAID=
    [ "$IMPORT_STATE" != receiving ] || [ "$IMPORT_BYTES" -eq 0 ] ||
        say "    goes on after $IMPORT_LINES lines"
    while true; do
        case $IMPORT_STATE in
        done)
            import_say_result "$IMPORT_FOLDER/state"
            return
            ;;
        failed)
            say "    failed: $(jq -r '"\(.reason): \(.failure)"' "$IMPORT_FOLDER/state")"
            rm -f "$IMPORT_NOTE"
            return 1
            ;;
        esac
        before="$IMPORT_STATE $IMPORT_BYTES $IMPORT_MERGED"
        import_upload "$file" "$size" "$address"
        case $STATUS in
        200)
            import_say_result "$IMPORT_FOLDER/answer"
            return
            ;;
        000 | 401 | 409 | 5??) ;; # somebody is being started again, or the token is too old
        *)
            import_say_failure "$STATUS" "$IMPORT_FOLDER/answer"
            rm -f "$IMPORT_NOTE"
            return 1
            ;;
        esac
        [ "$STATUS" != 401 ] || unset IMPORT_TOKEN_AT
        import_ask
        [ "$before" = "$IMPORT_STATE $IMPORT_BYTES $IMPORT_MERGED" ] || moved=$SECONDS
        if [ $((SECONDS - moved)) -ge "$IMPORT_PATIENCE_SECONDS" ]; then
            import_say_failure "$STATUS" "$IMPORT_FOLDER/answer"
            say "    The same command goes on from where it was."
            return 1
        fi
        sleep 1 # between two attempts
    done
}

# Whether a header has one of some columns, in any case and quoted or not.
import_has_column() {
    [[ ${1,,} =~ (^|,)[[:blank:]]*\"?($2)\"?[[:blank:]]*(,|$) ]]
}

# One file of prices of days or minutes: of the symbol it is named after, unless a column says of which.
import_prices() {
    local file=$1 header=$2 ticker

    if import_has_column "$header" 'symbol|ticker|name'; then
        import_send "$file" bars:import
        return
    fi
    ticker=$(basename "$file" .csv)
    import_send "$file" "bars:import?ticker=$(jq -rn --arg ticker "${ticker^^}" '$ticker | @uri')"
}

# A list of symbols. The exchanges' own lists do not say whose they are; their names do.
import_symbols() {
    local name exchange

    name=$(basename "$1")
    case ${name,,} in
    nasdaq*) exchange=NASDAQ ;;
    nyse*) exchange=NYSE ;;
    amex*) exchange=AMEX ;;
    *) exchange= ;;
    esac
    import_send "$1" "symbols:import${exchange:+?exchange=$exchange}"
}

import_file() {
    local file=$1 header

    [ -r "$file" ] || {
        say "    it cannot be read"
        return 1
    }
    header=$(head -n 1 "$file" | tr -d '\r' | sed 's/^\xef\xbb\xbf//')
    if import_has_column "$header" 'date|datetime|timestamp|time' && import_has_column "$header" open; then
        import_prices "$file" "$header"
    elif import_has_column "$header" 'symbol|ticker'; then
        import_symbols "$file"
    else
        say "    it is neither prices (Date,Open,High,Low,Close...) nor a list of symbols (Symbol,Name...)"
        return 1
    fi
}

import_command() {
    local path file files=() at=0 failed=0

    data_parse "$@"
    [ ${#OPERANDS[@]} -gt 0 ] || die "import needs files or folders: ./bourse import prices/"
    for path in "${OPERANDS[@]}"; do
        if [ -d "$path" ]; then
            mapfile -t -O "${#files[@]}" files < <(find "$path" -maxdepth 1 -name '*.csv' | sort)
        elif [ -e "$path" ]; then
            files+=("$path")
        else
            die "There is no file or folder $path."
        fi
    done
    [ ${#files[@]} -gt 0 ] || die "There are no .csv files in ${OPERANDS[*]}."
    need_running
    cluster_programs
    cluster_choose_socket
    IMPORT_FOLDER=$(mktemp -d)
    trap 'rm -rf "$IMPORT_FOLDER"' EXIT
    for file in "${files[@]}"; do
        at=$((at + 1))
        say "[$at/${#files[@]}] $file"
        import_file "$file" || failed=$((failed + 1))
    done
    [ "$failed" -eq 0 ] || die "$failed of ${#files[@]} files failed."
    say "All ${#files[@]} files were imported"
}
