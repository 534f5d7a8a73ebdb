#!/usr/bin/env bash
# Removes the card scanner's service and program.
#
#   sudo systemd/uninstall.sh            keeps the settings in /etc/card-scanner, databases and log in /var/lib/card-scanner
#   sudo systemd/uninstall.sh --purge    removes those and the service's user, too
#   ... --root DIRECTORY                 only the files below a folder
set -euo pipefail

root=""
purge=false
while [[ $# -gt 0 ]]; do
    case "$1" in
        --purge) purge=true ;;
        --root)
            root="$(realpath "${2:?--root needs a folder}")"
            shift
            ;;
        *)
            sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
            exit 2
            ;;
    esac
    shift
done

if [[ -z "$root" && $EUID -ne 0 ]]; then
    echo "uninstall.sh: error: must be run as root: sudo $0" >&2
    exit 1
fi
for unit in card-scanner-mqtt card-scanner-page card-scanner; do
    if [[ -z "$root" ]] && systemctl cat "$unit" >/dev/null 2>&1; then
        systemctl disable --quiet "$unit"
        if [[ -d /run/systemd/system ]]; then systemctl stop "$unit"; fi
    fi
done

rm -rf "$root/opt/card-scanner" "$root/usr/lib/systemd/system/card-scanner.service.d"
rm -f "$root/usr/lib/systemd/system/card-scanner.service" \
    "$root/usr/lib/systemd/system/card-scanner-page.service" \
    "$root/usr/lib/systemd/system/card-scanner-mqtt.service" \
    "$root/etc/avahi/services/card-scanner.service" \
    "$root/usr/lib/sysusers.d/card-scanner.conf" \
    "$root/usr/lib/tmpfiles.d/card-scanner.conf" \
    "$root/usr/lib/udev/rules.d/72-card-scanner.rules" \
    "$root/usr/lib/modules-load.d/card-scanner.conf" \
    "$root/usr/local/bin/card-scanner"
if $purge; then
    rm -rf "$root/etc/card-scanner" "$root/var/lib/card-scanner"
    for user in card-scanner-mqtt card-scanner-page card-scanner; do
        if [[ -z "$root" ]] && id "$user" >/dev/null 2>&1; then userdel "$user"; fi
    done
fi
if [[ -z "$root" && -d /run/systemd/system ]]; then
    systemctl daemon-reload
    systemctl reset-failed card-scanner card-scanner-page card-scanner-mqtt 2>/dev/null || true
    if [[ -S /run/udev/control ]]; then udevadm control --reload; fi
fi
echo "removed$($purge || echo '; settings, databases and log are kept (--purge removes them)')"
