#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# build: builds the images bourse/<service> and bourse/postgres, tagged with the version.
#
#   deploy/docker/build.sh [ARGUMENTS OF docker build...]
#
# The images say which version and which commit they are. Files in them have the time of that commit, so that the same
# commit on the same base gives the same files. BOURSE_VERSION chooses another tag.
set -euo pipefail

cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

version=${BOURSE_VERSION:-$(sed -n 's/^project(bourse VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)}
revision=${BOURSE_COMMIT:-$(git rev-parse --short HEAD)}
seconds=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# import_files SERVICE IMAGE: what the image of a service has, of a program that is there, as an image for the Dockerfile.
import_files() {
    local folder

    folder=$(mktemp -d)
    deploy/docker/collect.sh "$BOURSE_PROGRAMS/bourse-$1" "$folder/image" "$seconds"
    tar -C "$folder" --owner=0 --group=0 -c image | docker import - "$2" >/dev/null
    rm -r "$folder"
}

for name in auth market portfolio trading gateway postgres; do
    arguments=(--target postgres)
    [ "$name" = postgres ] || arguments=(--target service --build-arg "SERVICE=$name")
    printf 'Building bourse/%s:%s\n' "$name" "$version"
    files=''
    if [ -n "${BOURSE_PROGRAMS:-}" ] && [ "$name" != postgres ]; then
        files=bourse/files:$name
        import_files "$name" "$files"
        arguments+=(--build-arg "FILES=$files")
    fi
    DOCKER_BUILDKIT=1 docker build -q -f deploy/docker/Dockerfile -t "bourse/$name:$version" "${arguments[@]}" \
        --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --build-arg "SOURCE_DATE_EPOCH=$seconds" "$@" . \
        >/dev/null
    [ -z "$files" ] || docker image rm "$files" >/dev/null
done
