# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# packages: installs what is missing, by the lists in packages.txt. With everything there, nothing is
# asked of the network.

# The packages of some sections, one a line; those of other distributions left out.
packages_list() {
    local section distribution

    distribution=$(sed -n 's/^ID="\{0,1\}\([a-z]*\)"\{0,1\}$/\1/p' /etc/os-release)
    for section in "$@"; do
        sed -n "/^\[$section\]\$/,/^\[/{/^\[/d;/^#/d;/^\$/d;p}" "$ROOT/deploy/local/packages.txt"
    done | sed -e "s/@$distribution\$//" -e '/@/d' | sort -u
}

packages_missing() {
    local name program installed wanted=()

    for name in "$@"; do
        program=${name#*:}
        if [ "$program" = "$name" ] || ! command -v "$program" >/dev/null; then
            wanted+=("${name%%:*}")
        fi
    done
    [ ${#wanted[@]} -gt 0 ] || return 0
    # Asked once for all, for it reads its whole database each time. Of what it has never heard it says nothing.
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}.' "${wanted[@]}" 2>/dev/null) || true
    for name in "${wanted[@]}"; do
        [[ .$installed = *".$name installed."* ]] || printf '%s\n' "$name"
    done
}

packages_as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -- "$@"
    fi
}

# Debian's postgresql makes and starts a cluster of its own when it is installed. Ours is private, so
# that one is not wanted; where postgresql is there already, nothing of it is touched.
packages_keep_cluster_away() {
    local folder=/etc/postgresql-common/createcluster.d

    if [ -z "$(packages_missing postgresql-common)" ]; then
        return
    fi
    packages_as_root mkdir -p "$folder"
    echo 'create_main_cluster = false' | packages_as_root tee "$folder/bourse.conf" >/dev/null
}

# Shows apt's progress from what it prints.
packages_show_progress() {
    local line total=0 done=0

    while IFS= read -r line; do
        case $line in
        *" newly installed, "*)
            total=$(sed -n 's/.* \([0-9][0-9]*\) newly installed.*/\1/p' <<<"$line")
            say "  $total packages, what they need included"
            ;;
        "Setting up "*)
            done=$((done + 1))
            progress "installed" "$((done > total ? total : done))" "$total"
            ;;
        esac
    done
}

packages_install() {
    local log missing=()

    mapfile -t missing < <(packages_missing "$@")
    if [ ${#missing[@]} -eq 0 ]; then
        return
    fi
    command -v apt-get >/dev/null || die "These are missing, and there is no apt-get to install them: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        die "These packages are missing: ${missing[*]}. Run ./bourse as root once, or install sudo."
    fi
    say "Installing ${#missing[@]} packages that are missing: ${missing[*]}"
    packages_keep_cluster_away
    log=$(mktemp)
    say "  asking for the lists of packages"
    if ! packages_as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >"$log" 2>&1; then
        cat "$log" >&2
        die "The lists of packages could not be had; what apt-get said is above."
    fi
    if ! packages_as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        -o Dpkg::Use-Pty=0 "${missing[@]}" 2>&1 </dev/null | tee "$log" | packages_show_progress; then
        cat "$log" >&2
        die "The packages could not be installed; what apt-get said is above."
    fi
    rm -f "$log"
}

# Installs the packages of some sections of packages.txt.
packages_need() {
    local names=()

    command -v dpkg-query >/dev/null || die "This needs Debian or Ubuntu, whose packages it installs."
    mapfile -t names < <(packages_list "$@")
    packages_install "${names[@]}"
}
