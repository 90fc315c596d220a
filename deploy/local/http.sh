# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# http: asks a port of this machine without starting a program: at a start that is done some hundred times.

HTTP_SECONDS=2 # for each line of an answer

# http_look PORT PATH: asks with GET. Sets ANSWER to the body, its lines joined by blanks, or to why there is none; status 0
# when the answer is 200.
http_look() {
    local port=$1 path=$2 connection line='' status=''

    ANSWER="does not answer yet"
    # Bash connects by itself (the manual of bash, "Redirections"). One short write: the other side may be gone, and only
    # a second one would end us.
    { exec {connection}<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return 1
    { printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n' "$path" "$port" >&"$connection"; } 2>/dev/null || true
    if read -r -t "$HTTP_SECONDS" -u "$connection" line && [[ $line =~ ^HTTP/1\.[01]\ ([0-9]{3}) ]]; then
        status=${BASH_REMATCH[1]}
        while read -r -t "$HTTP_SECONDS" -u "$connection" line && [ "$line" != $'\r' ]; do :; done
        ANSWER=''
        while read -r -t "$HTTP_SECONDS" -u "$connection" line || [ -n "$line" ]; do
            ANSWER+=${ANSWER:+ }$line
            line=''
        done
    fi
    exec {connection}>&-
    [ "$status" = 200 ]
}
