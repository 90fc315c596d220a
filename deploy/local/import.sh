# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# import: `./bourse import PATH...`, through the HTTP API as any client would.

IMPORT_TOKEN_SECONDS=300 # an access token is good for 15 minutes; a large import takes longer
IMPORT_BATCH=200         # symbols sent by one curl

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

# One file of daily prices. The token goes in by a pipe: arguments can be read by everybody.
import_prices() {
    local file=$1 ticker status answer=$IMPORT_FOLDER/answer

    ticker=$(basename "$file" .csv)
    ticker=${ticker^^}
    import_get_token
    status=$(curl -sS -o "$answer" -w '%{http_code}' -X POST -T "$file" \
        -K <(printf 'header = "Authorization: Bearer %s"\n' "$IMPORT_TOKEN") \
        -H 'Content-Type: text/csv' -H 'Expect:' \
        "http://127.0.0.1:$PORT/api/v1/bars:import?ticker=$(jq -rn --arg ticker "$ticker" '$ticker | @uri')") ||
        status="${status:-000}"
    if [ "$status" != 200 ]; then
        import_say_failure "$status" "$answer"
        return 1
    fi
    jq -r '"    \(.imported // 0) imported, \(.updated // 0) updated, \(.rejected // [] | length) rejected",
        (.rejected // [] | .[] | "    line \(.line): \(.reason)")' "$answer"
}

# Symbols, names and sectors of a list, a JSON object a line. Fields may be quoted (RFC 4180).
import_read_symbols() {
    awk -v OFS='\t' '
        function field(   value) {
            if (substr(rest, 1, 1) == "\"") {
                rest = substr(rest, 2)
                while (match(rest, /"/)) {
                    value = value substr(rest, 1, RSTART - 1)
                    rest = substr(rest, RSTART + 1)
                    if (substr(rest, 1, 1) != "\"") break
                    value = value "\""
                    rest = substr(rest, 2)
                }
                sub(/^[^,]*,?/, "", rest)
            } else if (match(rest, /,/)) {
                value = substr(rest, 1, RSTART - 1)
                rest = substr(rest, RSTART + 1)
            } else {
                value = rest
                rest = ""
            }
            gsub(/\t/, " ", value)
            return value
        }
        { sub(/\r$/, ""); rest = $0; symbol = field(); name = field(); third = field() }
        NR == 1 { has_sector = third ~ /[Ss]ector/; next }
        # The exchange ends its own list with the time it was made.
        symbol != "" && symbol !~ /^File Creation Time/ { print symbol, name, has_sector ? third : "" }' "$1" |
        jq -Rc 'split("\t") | {ticker: .[0], name: .[1][0:200]} + (if .[2] != "" then {sector: .[2]} else {} end)'
}

# What curl is to send for some symbols: one request each, over one connection.
import_symbol_requests() {
    jq -r --arg url "http://127.0.0.1:$PORT/api/v1/symbols" --arg token "$IMPORT_TOKEN" --arg folder "$IMPORT_FOLDER" '
        "next", "silent", "url = \($url | @json)", "header = \("Authorization: Bearer " + $token | @json)",
        "header = \"Content-Type: application/json\"", "data-raw = \(tojson | @json)",
        "output = \("\($folder)/symbol-\(input_line_number)" | @json)", "write-out = \"%{http_code}\\n\""' "$1"
}

import_symbols() {
    local file=$1 list=$IMPORT_FOLDER/symbols total created=0 known=0 failed=0 sent=0 line status

    import_read_symbols "$file" >"$list"
    total=$(wc -l <"$list")
    rm -f "$IMPORT_FOLDER"/batch-*
    split -l "$IMPORT_BATCH" -a 4 "$list" "$IMPORT_FOLDER/batch-"
    for batch in "$IMPORT_FOLDER"/batch-*; do
        [ -e "$batch" ] || break
        import_get_token
        rm -f "$IMPORT_FOLDER"/symbol-*
        line=0
        while IFS= read -r status; do
            line=$((line + 1))
            case $status in
            201) created=$((created + 1)) ;;
            409) known=$((known + 1)) ;;
            *)
                failed=$((failed + 1))
                say "    $(sed -n "${line}p" "$batch" | jq -r .ticker):"
                import_say_failure "$status" "$IMPORT_FOLDER/symbol-$line"
                ;;
            esac
        done < <(import_symbol_requests "$batch" | curl -K - || true)
        if [ "$line" -ne "$(wc -l <"$batch")" ]; then
            say "    the gateway stopped answering after $((sent + line)) of $total symbols"
            return 1
        fi
        sent=$((sent + line))
        progress "  symbols" "$sent" "$total"
    done
    say "    $created symbols added, $known were there, $failed failed"
    [ "$failed" -eq 0 ]
}

import_file() {
    local file=$1 header

    [ -r "$file" ] || {
        say "    it cannot be read"
        return 1
    }
    header=$(head -n 1 "$file" | tr -d '\r' | sed 's/^\xef\xbb\xbf//')
    case ${header,,} in
    date,open,high,low,close*) import_prices "$file" ;;
    "symbol,security name"* | symbol,security,* | symbol,name*) import_symbols "$file" ;;
    *)
        say "    it is neither prices (Date,Open,High,Low,Close...) nor a list of symbols (Symbol,Security Name...)"
        return 1
        ;;
    esac
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
