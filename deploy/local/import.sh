# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# import: `./bourse import PATH...`, through the HTTP API as any client would.

IMPORT_TOKEN_SECONDS=300 # an access token is good for 15 minutes; a large import takes longer

# Sets IMPORT_TOKEN, made anew every few minutes.
import_get_token() {
    if [ $((SECONDS - ${IMPORT_TOKEN_AT:--$IMPORT_TOKEN_SECONDS})) -ge "$IMPORT_TOKEN_SECONDS" ]; then
        IMPORT_TOKEN=$(services_run auth issue-token admin) || die "There is no access token to be had for admin."
        IMPORT_TOKEN_AT=$SECONDS
    fi
}

# What an answer of the API that is not a success says.
import_say_failure() {
    local status=$1 file=$2

    say "    failed with status $status: $(jq -r '[.title, .detail, (.errors // [] | .[] | tostring)] | map(select(. != null)) | join(" ")' "$file" 2>/dev/null ||
        head -c 300 "$file")"
}

# Sends a file to an address of the API that takes CSV. The token goes in by a pipe: arguments can be
# read by everybody.
import_send() {
    local file=$1 address=$2 status answer=$IMPORT_FOLDER/answer

    import_get_token
    status=$(curl -sS -o "$answer" -w '%{http_code}' -X POST -T "$file" \
        -K <(printf 'header = "Authorization: Bearer %s"\n' "$IMPORT_TOKEN") \
        -H 'Content-Type: text/csv' -H 'Expect:' "http://127.0.0.1:$PORT/api/v1/$address") ||
        status="${status:-000}"
    if [ "$status" != 200 ]; then
        import_say_failure "$status" "$answer"
        return 1
    fi
    jq -r '"    \(.imported // 0) imported, \(.updated // 0) updated, \(.rejected_count // 0) rejected",
        (.rejected // [] | .[] | "    line \(.line): \(.reason)"),
        (if (.rejected_count // 0) > (.rejected // [] | length)
            then "    and \(.rejected_count - (.rejected | length)) more" else empty end),
        (.ignored_columns // [] | if . == [] then empty
            else "    columns that say nothing of a symbol, passed over: \(join(", "))" end)' "$answer"
}

# Whether a header has one of some columns, in any case and quoted or not.
import_has_column() {
    [[ ${1,,} =~ (^|,)[[:blank:]]*\"?($2)\"?[[:blank:]]*(,|$) ]]
}

# One file of daily prices: of the symbol it is named after, unless a column says of which.
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
    if import_has_column "$header" date && import_has_column "$header" open; then
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
