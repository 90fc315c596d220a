#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fresh_machine: the README's two commands on a Debian 12 that has nothing, in a container.
#
#   tests/containers/fresh_machine.sh          ./bourse up --detach, a user and a trade, ./bourse down
#   tests/containers/fresh_machine.sh test     ./bourse test
#
# Needs an engine and the image debian:bookworm-slim, or BASE. The sources are those of the last commit.
set -euo pipefail

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

commands='./bourse test'
[ "${1:-}" = test ] || commands=$(
    cat <<'COMMANDS'
./bourse up --detach
api=http://127.0.0.1:8080/api/v1
curl -sf "$api/users" -H 'Content-Type: application/json' \
    -d '{"username": "ada", "email": "ada@example.org", "password": "correct horse"}'
token=$(curl -sf "$api/auth/login" -H 'Content-Type: application/json' \
    -d '{"username": "ada", "password": "correct horse"}' | jq -r .access_token)
portfolio=''
for try in $(seq 50); do
    portfolio=$(curl -sf "$api/portfolios" -H "Authorization: Bearer $token" | jq -r '.portfolios[0].id // empty')
    [ -z "$portfolio" ] || break
    sleep 0.2 # between two looks
done
curl -sf "$api/portfolios/$portfolio/orders" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
    -d '{"ticker": "AAPL", "side": "buy", "quantity": "1"}' | jq -e '.status == "filled"'
./bourse down
COMMANDS
)
# npm trusts whom the machine trusts.
git archive HEAD | docker run -i --rm --network host -e NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    "${BASE:-debian:bookworm-slim}" bash -euo pipefail -c "mkdir /bourse && cd /bourse && tar x && { $commands
} </dev/null"
