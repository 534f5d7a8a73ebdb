#!/usr/bin/env bash
# Installs or upgrades the card scanner as a service, on Raspberry Pi OS or Debian 12 (Bookworm) and 13 (Trixie).
#
#   sudo systemd/install.sh               onto this machine; run again, it changes only what differs
#   systemd/install.sh --root DIRECTORY   only the files, below a folder, such as an image that is being made
#
# An upgrade keeps /etc/card-scanner and the databases in /var/lib/card-scanner.
set -euo pipefail

root=""
if [[ "${1:-}" == --root && -n "${2:-}" ]]; then
    root="$(realpath "$2")"
elif [[ $# -gt 0 ]]; then
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi

here="$(cd "$(dirname "$(realpath "$0")")/.." && pwd)"
home="/opt/card-scanner"
app="$root$home/app"
venv="$home/venv"
changes=0

changed() {
    changes=$((changes + 1))
    echo "changed: $*"
}

fail() {
    echo "install.sh: error: $*" >&2
    exit 1
}

# place SOURCE TARGET: puts a file in its place, if it is not there as it should be.
place() {
    cmp --silent "$1" "$root$2" && return
    install -D --mode=0644 "$1" "$root$2"
    changed "$2"
}

# place_link TARGET LINK: makes a symbolic link, if it does not point there yet.
place_link() {
    [[ "$(readlink "$root$2")" == "$1" ]] && return
    install -d "$(dirname "$root$2")"
    ln --symbolic --force --no-dereference "$1" "$root$2"
    changed "$2"
}

# place_tree FOLDER: copies a folder of this repository to the application, and removes what it no longer has.
place_tree() {
    local file
    while IFS= read -r -d '' file; do
        place "$here/$file" "$home/app/$file"
    done < <(cd "$here" && find "$1" -type f -not -path '*/__pycache__/*' -print0 | sort -z)
    while IFS= read -r -d '' file; do
        place_link "$(readlink "$here/$file")" "$home/app/$file"
    done < <(cd "$here" && find "$1" -type l -print0 | sort -z)
    while IFS= read -r -d '' file; do
        [[ -e "$here/$file" ]] && continue
        rm "$app/$file"
        changed "$home/app/$file is gone"
    done < <(cd "$app" && find "$1" -type f -print0 | sort -z)
}

check_system() {
    [[ $EUID -eq 0 ]] || fail "must be run as root: sudo $0"
    # shellcheck source=/dev/null
    case "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" in
        bookworm | trixie) ;;
        *) fail "this is neither Bookworm nor Trixie (Raspberry Pi OS or Debian 12 or 13)" ;;
    esac
}

has_npu() {
    grep --quiet --no-messages 0x1e60 /sys/bus/pci/devices/*/vendor
}

# From apt come the packages that share numpy's binary interface with apt's picamera2 (simplejpeg) and hailort.
install_packages() {
    local wanted=(python3-venv python3-numpy python3-opencv python3-systemd) missing=() name
    for name in python3-picamera2 python3-libcamera imx500-all; do
        if apt-cache show "$name" >/dev/null 2>&1; then wanted+=("$name"); fi
    done
    if has_npu; then wanted+=(dkms hailo-all); fi
    for name in "${wanted[@]}"; do
        dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null | grep --quiet '^installed$' || missing+=("$name")
    done
    [[ ${#missing[@]} -eq 0 ]] && return
    apt-get update --quiet --quiet
    DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends "${missing[@]}"
    changed "packages ${missing[*]}"
}

place_application() {
    local folder file
    for folder in edge models database/demo; do
        install -d "$app/$folder"
        place_tree "$folder"
    done
    for file in pyproject.toml README.md LICENSE; do place "$here/$file" "$home/app/$file"; done
    for file in "$here"/docs/*.md; do place "$file" "$home/docs/${file##*/}"; done
}

# What the application needs besides apt's packages, one requirement a line.
requirements() {
    python3 - "$app/pyproject.toml" <<'PYTHON'
import sys, tomllib
with open(sys.argv[1], "rb") as file:
    dependencies = tomllib.load(file)["project"]["dependencies"]
print("\n".join(each for each in dependencies if not each.startswith(("numpy", "opencv"))))
PYTHON
}

# What the environment is made of; as long as it is the same, the environment is left alone.
fingerprint() {
    python3 -c 'import cv2, numpy, sys; print(sys.version, numpy.__version__, cv2.__version__)'
    (cd "$app" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

make_environment() {
    local stamp="$venv/.made-of" present build
    present="$(fingerprint | sha256sum)"
    [[ -f "$stamp" && "$(cat "$stamp")" == "$present" ]] && return
    rm -f "$stamp"
    python3 -m venv --system-site-packages "$venv"
    build="$(mktemp -d)"
    # pip must not bring a numpy of its own: apt's simplejpeg and hailort are compiled against apt's.
    echo "numpy==$(python3 -c 'import numpy; print(numpy.__version__)')" >"$build/constraints"
    requirements >"$build/requirements"
    "$venv/bin/pip" install --quiet --constraint "$build/constraints" --requirement "$build/requirements"
    cp --recursive "$app" "$build/app"
    "$venv/bin/pip" install --quiet --no-deps --force-reinstall "$build/app"
    rm -r "$build"
    check_environment
    echo "$present" >"$stamp"
    changed "$venv"
}

check_environment() {
    "$venv/bin/python" - <<'PYTHON' || fail "the packages do not work together; see above"
import importlib.util
import numpy
import edge.daemon
assert numpy.__file__.startswith("/usr/lib/"), f"numpy comes from {numpy.__file__}, not from apt"
if importlib.util.find_spec("picamera2"):
    import simplejpeg
PYTHON
}

place_service() {
    local before=$changes
    place "$here/systemd/card-scanner.service" /usr/lib/systemd/system/card-scanner.service
    if [[ "$(systemd_version)" -ge 254 ]]; then
        place "$here/systemd/backoff.conf" /usr/lib/systemd/system/card-scanner.service.d/backoff.conf
    fi
    place "$here/systemd/card-scanner.sysusers" /usr/lib/sysusers.d/card-scanner.conf
    place "$here/systemd/card-scanner.tmpfiles" /usr/lib/tmpfiles.d/card-scanner.conf
    place "$here/systemd/72-card-scanner.rules" /usr/lib/udev/rules.d/72-card-scanner.rules
    [[ -n "$root" ]] && return
    # These two change nothing where all is there: run each time, they also mend a run that was cut off.
    systemd-sysusers card-scanner.conf
    systemd-tmpfiles --create card-scanner.conf
    if booted && [[ "$(systemctl show --property=NeedDaemonReload --value card-scanner)" != no || $changes -gt $before ]]; then
        systemctl daemon-reload
    fi
    if [[ -S /run/udev/control && $changes -gt $before ]]; then
        udevadm control --reload
        udevadm trigger --subsystem-match=hailo_chardev --subsystem-match=dma_heap
    fi
}

systemd_version() {
    local said
    said="$(systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')"
    echo "${said:-0}"
}

booted() {
    [[ -d /run/systemd/system ]]
}

place_configuration() {
    local file="$root/etc/card-scanner/config.toml" source=demo
    [[ -e "$file" ]] && return
    if dpkg-query --show imx500-all >/dev/null 2>&1; then source=imx500; fi
    install -d "${file%/*}"
    cat >"$file" <<TOML
# Settings of the card scanner; $home/docs/configuration.md explains every one.
# After a change: sudo systemctl reload card-scanner ([source], [camera], [imx500] and [publish]: restart).

[source]
spec = "$source"

[recognition]
model = "$home/app/models/demo.onnx"
database = "/var/lib/card-scanner/databases/current"
TOML
    changed "/etc/card-scanner/config.toml"
}

# The database that is shipped; another one that was installed stays in use.
install_database() {
    local current=/var/lib/card-scanner/databases/current before after
    before="$(readlink -f $current || true)"
    [[ -e "$current" && "${before##*/}" != demo-* ]] && return
    if ! "$venv/bin/card-scanner" database install "$app/database/demo" >/dev/null; then
        echo "the shipped database is not installed; 'card-scanner database install' installs one that fits the model"
        return
    fi
    after="$(readlink -f $current)"
    if [[ "$before" != "$after" ]]; then changed "$after"; fi
}

start_service() {
    if ! systemctl is-enabled --quiet card-scanner 2>/dev/null; then
        systemctl enable --quiet card-scanner
        changed "the service is enabled"
    fi
    booted || return 0
    if [[ $changes -gt 0 ]]; then
        systemctl restart --no-block card-scanner
    elif ! systemctl is-active --quiet card-scanner; then
        systemctl start --no-block card-scanner
    fi
}

if [[ -z "$root" ]]; then
    check_system
    install_packages
fi
place_application
place_service
place_configuration
place_link "$venv/bin/card-scanner" /usr/local/bin/card-scanner
if [[ -z "$root" ]]; then
    make_environment
    install_database
    start_service
fi
if [[ $changes -eq 0 ]]; then
    echo "nothing was to be changed"
else
    echo "done, $changes changes; 'card-scanner doctor' says whether anything is missing"
fi
