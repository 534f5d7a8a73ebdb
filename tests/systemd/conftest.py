"""A device made of files below a folder, with substitutes for dpkg and apt, to run the installer's parts on."""

import os
import subprocess
from pathlib import Path

import pytest

INSTALLER = Path(__file__).resolve().parents[2] / "systemd" / "install.sh"
# Both answer from lists of names; dpkg-query names the package last, apt-cache too.
_DPKG_QUERY = '#!/bin/sh\nfor name; do :; done\ngrep -qx "$name" "{list}" && echo installed\n'
# What would change the machine that the tests run on.
_REFUSED = '#!/bin/sh\necho "$0 was called" >&2\nexit 1\n'
_APT_CACHE = '#!/bin/sh\nfor name; do :; done\ngrep -qx "$name" "{list}"\n'


class Device:
    """What the installer finds; nothing but an operating system at first."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self._commands = folder / "bin"
        self._commands.mkdir()
        for name, script in (("dpkg-query", _DPKG_QUERY), ("apt-cache", _APT_CACHE)):
            names = folder / f"{name}.list"
            names.write_text("")
            (self._commands / name).write_text(script.format(list=names))
            (self._commands / name).chmod(0o755)
        for name in ("apt-get", "systemctl", "systemd-sysusers", "systemd-tmpfiles", "udevadm"):
            (self._commands / name).write_text(_REFUSED)
            (self._commands / name).chmod(0o755)
        self._lists = folder
        self.write("sys/class/nothing")
        self.release("bookworm")

    def write(self, path: str, text: str = "") -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text + "\n")

    def release(self, name: str) -> None:
        self.write("etc/os-release", f"ID=debian\nVERSION_CODENAME={name}")

    def sensor(self, number: int, name: str) -> None:
        self.write(f"sys/class/video4linux/v4l-subdev{number}/name", name)

    def usb_camera(self, name: str, node: str = "video0") -> None:
        self.write(f"dev/{node}")
        (self.root / "dev/v4l/by-id").mkdir(parents=True, exist_ok=True)
        (self.root / f"dev/v4l/by-id/{name}").symlink_to(f"../../{node}")

    def npu(self) -> None:
        self.write("sys/bus/pci/devices/0001:01:00.0/vendor", "0x1e60")

    def installed(self, *names: str) -> None:
        (self._lists / "dpkg-query.list").write_text("\n".join(names) + "\n")

    def available(self, *names: str) -> None:
        (self._lists / "apt-cache.list").write_text("\n".join(names) + "\n")

    def apt_get(self, fetched: list[str]) -> None:
        """A substitute for apt-get whose `update` fetches these names, and whose `install` says what it was given."""
        script = f"""#!/bin/sh
case "$1" in
update) printf '%s\\n' {" ".join(fetched)} >"{self._lists / "apt-cache.list"}" ;;
install) echo "$@" ;;
esac
"""
        (self._commands / "apt-get").write_text(script)

    def command(self, name: str, script: str) -> None:
        """A substitute for a program."""
        (self._commands / name).write_text(f"#!/bin/sh\n{script}\n")
        (self._commands / name).chmod(0o755)

    def pip(self, end: str) -> None:
        """A substitute for pip in `$root/venv` that says what it was given, and ends so."""
        self.write("venv/bin/pip", f'#!/bin/sh\necho "$@"\n{end}')
        (self.root / "venv/bin/pip").chmod(0o755)

    def run(self, part: str) -> subprocess.CompletedProcess:
        """Run one part of the installer on this device."""
        script = f'source "{INSTALLER}"; root="{self.root}"; app="$root$home/app"; {part}'
        environment = os.environ | {"PATH": f"{self._commands}:{os.environ['PATH']}"}
        return subprocess.run(
            ["bash", "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False,
        )  # fmt: skip


@pytest.fixture
def device(tmp_path) -> Device:
    return Device(tmp_path)
