#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# collect: puts all that an image of a service has into a folder. For the Dockerfile.
#
#   collect.sh PROGRAM FOLDER SECONDS
#
# Every file gets the same time, in seconds since 1970, so that the same sources give the same image.
set -euo pipefail

program=$1 folder=$2 seconds=$3

mkdir -p "$folder/etc/ssl/certs"
install -m 0755 -s "$program" "$folder/bourse"
# The libraries by the paths under which the loader will look for them, itself included.
ldd "$program" | sed -n 's|^.*[[:space:]]\(/[^ ]*\) (0x[0-9a-f]*)$|\1|p' | while read -r library; do
    install -D -m 0755 "$library" "$folder$library"
done
# A name for the user; and names of services are asked of the DNS, as containers are told to by resolv.conf.
echo 'bourse:x:10001:10001::/:/' >"$folder/etc/passwd"
echo 'bourse:x:10001:' >"$folder/etc/group"
echo 'hosts: files dns' >"$folder/etc/nsswitch.conf"
install -m 0644 /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/"
find "$folder" -exec touch --no-dereference --date="@$seconds" {} +
