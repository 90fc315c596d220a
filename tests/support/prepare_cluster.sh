#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A data folder as the launcher leaves it before it starts the services: PostgreSQL's cluster, the schemas up to date, and
# the secrets of the roles. Most tests begin with a copy of it, for making one takes as long as everything else at a start.
#
#     prepare_cluster.sh PRESET       prints the folder, in the preset's build folder; nothing when nothing has been built
#
# It is made when what makes it has changed, by whoever asks first; the others wait.
set -euo pipefail
ROOT=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
PRESET=$1
BIN=$ROOT/build/$PRESET/bin
# shellcheck disable=SC2034 # services.sh counts them
SERVICES=(auth market portfolio trading gateway)
for part in messages data http processes cluster services; do
    # shellcheck source=/dev/null
    . "$ROOT/deploy/local/$part.sh"
done

makers=("${SERVICES_WITH_DATABASE[@]/#/$BIN/bourse-}" "$ROOT"/deploy/local/{cluster,data,services}.sh "${BASH_SOURCE[0]}")
version=$(stat -c '%Y %s' "${makers[@]}" 2>/dev/null | sha256sum | cut -c 1-16) || exit 0
prepared=$ROOT/build/$PRESET/prepared
exec {LOCK}>"$prepared.lock"
flock "$LOCK"
if [ ! -e "$prepared/$version/postgres" ]; then
    rm -rf "$prepared"
    mkdir -p "$prepared"
    # Where PostgreSQL's user can reach it, which may be another one.
    data_choose "$(mktemp -d)"
    data_make
    cluster_start_new >&2
    trap 'process_end postgres INT 60; rm -rf "$DATA"' EXIT
    services_migrate >&2
    process_end postgres INT 60
    mkdir "$prepared/$version.new"
    cp -a "$SECRETS" "$DATA/postgres" "$prepared/$version.new"
    mv "$prepared/$version.new" "$prepared/$version"
fi
printf '%s\n' "$prepared/$version"
