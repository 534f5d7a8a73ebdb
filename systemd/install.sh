#!/usr/bin/env bash
# Installs or upgrades the card scanner as a service, on Raspberry Pi OS or Debian 12 (Bookworm) and 13 (Trixie).
#
#   sudo systemd/install.sh               onto this machine; run again, it changes only what differs
#   systemd/install.sh --root DIRECTORY   only the files, below a folder, such as an image that is being made
#
# An upgrade keeps /etc/card-scanner and the databases in /var/lib/card-scanner.
set -euo pipefail

root=""
here="$(cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/.." && pwd)"
home="/opt/card-scanner"
app="$home/app"
venv="$home/venv"
changes=0

read_arguments() {
    if [[ "${1:-}" == --root && -n "${2:-}" ]]; then
        root="$(realpath "$2")"
        app="$root$home/app"
    elif [[ $# -gt 0 ]]; then
        sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
        exit 2
    fi
}

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
    case "$(release)" in
        bookworm | trixie) ;;
        *) fail "this is neither Bookworm nor Trixie (Raspberry Pi OS or Debian 12 or 13)" ;;
    esac
}

# The system's code name, such as bookworm.
release() {
    # shellcheck source=/dev/null
    (. "$root/etc/os-release" && echo "${VERSION_CODENAME:-}")
}

has_npu() {
    grep --quiet --no-messages 0x1e60 "$root"/sys/bus/pci/devices/*/vendor
}

has_package() {
    dpkg-query --admindir="$root/var/lib/dpkg" --show --showformat='${db:Status-Status}' "$1" 2>/dev/null | grep --quiet '^installed$'
}

# From apt come the packages that share numpy's binary interface with apt's picamera2 (simplejpeg) and hailort.
wanted_packages() {
    local camera=(python3-picamera2 python3-libcamera imx500-all) name
    # picamera2's module for the IMX500 imports OpenEXR, which Trixie's package does not depend on.
    if [[ "$(release)" == trixie ]]; then camera+=(python3-openexr); fi
    echo python3-venv python3-numpy python3-opencv python3-systemd avahi-daemon
    for name in "${camera[@]}"; do
        if apt-cache show "$name" >/dev/null 2>&1; then echo "$name"; fi
    done
    if has_imx500 && apt-cache show imx500-tools >/dev/null 2>&1; then echo imx500-tools; fi
    if has_npu; then echo dkms hailo-all; fi
}

install_packages() {
    local missing=() name
    # Before the first installation apt's lists may be empty, and say nothing of what there is for the camera.
    if [[ ! -d "$venv" ]]; then apt-get update --quiet --quiet; fi
    for name in $(wanted_packages); do
        has_package "$name" || missing+=("$name")
    done
    [[ ${#missing[@]} -eq 0 ]] && return
    if [[ -d "$venv" ]]; then apt-get update --quiet --quiet; fi
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

# requirements PART: the dependencies, or what an extra adds, besides apt's packages; one requirement a line.
requirements() {
    python3 - "$app/pyproject.toml" "$1" <<'PYTHON'
import sys, tomllib
with open(sys.argv[1], "rb") as file:
    project = tomllib.load(file)["project"]
parts = {"dependencies": project["dependencies"], **project["optional-dependencies"]}
print("\n".join(each for each in parts[sys.argv[2]] if not each.startswith(("numpy", "opencv"))))
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
    { requirements dependencies; requirements simulator; requirements page; requirements mqtt; } >"$build/requirements"
    "$venv/bin/pip" install --quiet --constraint "$build/constraints" --requirement "$build/requirements"
    install_heic "$build/constraints"
    cp --recursive "$app" "$build/app"
    "$venv/bin/pip" install --quiet --no-deps --force-reinstall "$build/app"
    rm -r "$build"
    check_environment
    echo "$present" >"$stamp"
    changed "$venv"
}

# What reads the photos of iPhones, where there is a wheel of it for this machine; the rest works without.
install_heic() {
    local wanted
    mapfile -t wanted < <(requirements heic)
    "$venv/bin/pip" install --quiet --only-binary :all: --constraint "$1" "${wanted[@]}" ||
        echo "photos as HEIC cannot be read: ${wanted[*]} was not installed; later: sudo $venv/bin/pip install '${wanted[*]}'"
}

check_environment() {
    "$venv/bin/python" - <<'PYTHON' || fail "the packages do not work together; see above"
import importlib.util
import numpy
assert numpy.__file__.startswith("/usr/lib/"), f"numpy comes from {numpy.__file__}, not from apt"
if importlib.util.find_spec("picamera2"):
    import simplejpeg
PYTHON
}

place_service() {
    local before=$changes
    place "$here/systemd/card-scanner.service" /usr/lib/systemd/system/card-scanner.service
    place "$here/systemd/card-scanner-page.service" /usr/lib/systemd/system/card-scanner-page.service
    place "$here/systemd/card-scanner-mqtt.service" /usr/lib/systemd/system/card-scanner-mqtt.service
    if [[ "$(systemd_version)" -ge 254 ]]; then
        place "$here/systemd/backoff.conf" /usr/lib/systemd/system/card-scanner.service.d/backoff.conf
    fi
    place "$here/systemd/card-scanner.sysusers" /usr/lib/sysusers.d/card-scanner.conf
    place "$here/systemd/card-scanner.tmpfiles" /usr/lib/tmpfiles.d/card-scanner.conf
    place "$here/systemd/72-card-scanner.rules" /usr/lib/udev/rules.d/72-card-scanner.rules
    # Only where there is an NPU: elsewhere the driver is missing, and the boot would count as degraded.
    if has_npu; then place "$here/systemd/card-scanner.modules" /usr/lib/modules-load.d/card-scanner.conf; fi
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

# Names of the sensors on the camera connectors, one a line: those whose driver has found them.
pi_sensors() {
    sed --quiet --regexp-extended 's/^(\w+) [0-9]+-[0-9a-f]{4}$/\1/p' "$root"/sys/class/video4linux/v4l-subdev*/name 2>/dev/null || true
}

# The first USB camera, by the name that it keeps at this plug.
usb_camera() {
    local device
    for device in "$root"/dev/v4l/by-id/usb-*-video-index0; do
        if [[ -e "$device" ]]; then echo "${device#"$root"}"; return; fi
    done
}

has_imx500() {
    pi_sensors | grep --quiet '^imx500$'
}

# The network of this program's that finds cards on the IMX500 itself; the published ones know no cards.
sensor_network() {
    if [[ -e "$root$home/sensor/outline.rpk" ]]; then echo "$home/sensor/outline.rpk"; fi
}

# Makes the sensor's file of the converted network, where there is an IMX500 and apt's imx500-tools.
make_sensor_network() {
    local package="$app/models/outline-imx500.zip" folder="$root$home/sensor" build made
    if ! has_imx500 || ! command -v imx500-package >/dev/null; then return; fi
    if [[ -e "$folder/outline.rpk" ]] && cmp --silent "$app/models/outline-imx500.json" "$folder/outline.json"; then return; fi
    build="$(mktemp -d)"
    if imx500-package -i "$package" -o "$build" >"$build/said" 2>&1; then
        made="$(find "$build" -name '*.rpk' -print -quit)"
    else
        made=""
    fi
    if [[ -n "$made" ]]; then
        install -D --mode=0644 "$made" "$folder/outline.rpk"
        install -D --mode=0644 "$app/models/outline-imx500.json" "$folder/outline.json"
        changed "$home/sensor/outline.rpk"
    else
        echo "imx500-package has not made the sensor's file of ${package#"$root"}:" >&2
        cat "$build/said" >&2
    fi
    rm -r "$build"
}

# Where frames shall come from, and behind a tab why.
choose_source() {
    local sensors camera
    sensors="$(pi_sensors | sort --unique | paste --serial --delimiters=' ')"
    camera="$(usb_camera)"
    if [[ -n "$sensors" ]] && ! has_package python3-picamera2; then
        sensors=""
        echo "a camera is on the camera connector, but there is no package python3-picamera2 to use it" >&2
    fi
    if [[ " $sensors " == *" imx500 "* && -n "$(sensor_network)" ]]; then
        printf 'imx500\t%s\n' "an IMX500 is on the camera connector, and $(sensor_network) finds cards on it"
    elif [[ " $sensors " == *" imx500 "* ]]; then
        printf 'picamera\t%s\n' "an IMX500 is on the camera connector, but there is no imx500-package (apt's imx500-tools) to make it the network that knows cards"
    elif [[ -n "$sensors" ]]; then
        printf 'picamera\t%s\n' "$sensors is on the camera connector"
    elif [[ -n "$camera" ]]; then
        printf 'v4l2:%s\t%s\n' "$camera" "no camera is on the camera connector, but this one on USB"
    else
        printf 'demo\t%s\n' "there is no camera; this is the simulated bench"
    fi
}

place_configuration() {
    local file="$root/etc/card-scanner/config.toml" source reason
    [[ -e "$file" ]] && return
    if [[ ! -d "$root/sys/class" ]]; then
        echo "no settings yet: install.sh chooses the source of frames when it is run on the device"
        return
    fi
    IFS=$'\t' read -r source reason < <(choose_source)
    install -d "${file%/*}"
    {
        cat <<TOML
# Settings of the card scanner; $home/docs/configuration.md explains every one.
# After a change: sudo systemctl reload card-scanner ([source], [camera], [imx500], [publish] and [log]: restart).

[source]
spec = "$source"

[recognition]
database = "/var/lib/card-scanner/databases/current"

[log]
path = "/var/lib/card-scanner/log/scans.db"

# The live page, for phones in the same network: it asks them for a password ($home/docs/page.md).
[page]
host = "0.0.0.0"
inventory = "/var/lib/card-scanner/inventory/inventory.db"
TOML
        if [[ "$source" == imx500 ]]; then printf '\n[imx500]\nnetwork = "%s"\n' "$(sensor_network)"; fi
    } >"$file"
    changed "/etc/card-scanner/config.toml"
    echo "source of frames: $source ($reason)"
}

# The port of the page, where other machines may reach it.
page_port() {
    python3 - "$root/etc/card-scanner/config.toml" <<'PYTHON'
import pathlib, sys, tomllib
file = pathlib.Path(sys.argv[1])
page = tomllib.loads(file.read_text()).get("page", {}) if file.exists() else {"host": "0.0.0.0"}
if page.get("host", "127.0.0.1") not in ("127.0.0.1", "::1", "localhost"):
    print(page.get("port", 8080))
PYTHON
}

# Tells the network of the page, as http://NAME.local:8080/: avahi reads the file as soon as it is there.
place_announcement() {
    local file=/etc/avahi/services/card-scanner.service port made
    port="$(page_port)"
    if [[ -n "$port" ]]; then
        made="$(mktemp)"
        sed "s/@PORT@/$port/" "$here/systemd/card-scanner.avahi" >"$made"
        place "$made" "$file"
        rm "$made"
    elif [[ -e "$root$file" ]]; then
        rm "$root$file"
        changed "$file is gone: page.host lets nobody else reach the page"
    fi
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

start_services() {
    local unit
    for unit in card-scanner card-scanner-page; do
        if ! systemctl is-enabled --quiet "$unit" 2>/dev/null; then
            systemctl enable --quiet "$unit"
            changed "the service $unit is enabled"
        fi
    done
    booted || return 0
    for unit in card-scanner card-scanner-page; do
        if [[ $changes -gt 0 ]]; then
            systemctl restart --no-block "$unit"
        elif ! systemctl is-active --quiet "$unit"; then
            systemctl start --no-block "$unit"
        fi
    done
    # Enabled by whoever has a broker.
    if [[ $changes -gt 0 ]]; then systemctl try-restart --no-block card-scanner-mqtt; fi
}

# Opens everything that was installed and recognises a card; a camera or an NPU that is missing is only told.
works() {
    local found
    found="$("$venv/bin/card-scanner" doctor)" || true
    echo "$found"
    grep --quiet ' recognition ' <<<"$found" &&
        ! grep --quiet --extended-regexp '^FAIL +(configuration|model|detector|database|recognition) ' <<<"$found"
}

# What was damaged since it was installed is mended by installing it again.
check_installation() {
    works && return
    rm -f "$venv/.made-of"
    make_environment
    install_database
    works && return
    rm -f "$venv/.made-of"
    fail "the scanner does not work as it is installed; see what has failed above"
}

main() {
    read_arguments "$@"
    if [[ -z "$root" ]]; then
        check_system
        install_packages
    fi
    place_application
    place_service
    make_sensor_network
    place_configuration
    place_announcement
    place_link "$venv/bin/card-scanner" /usr/local/bin/card-scanner
    if [[ -z "$root" ]]; then
        make_environment
        install_database
        check_installation
        start_services
    fi
    if [[ $changes -eq 0 ]]; then
        echo "nothing was to be changed"
    else
        echo "done, $changes changes; 'card-scanner doctor' says whether anything is missing"
    fi
}

if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then main "$@"; fi
