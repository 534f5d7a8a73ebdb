"""The unit and its companions, judged by systemd's own tools."""

import re
import shutil
import stat
import subprocess
from ipaddress import ip_network
from pathlib import Path

import pytest

from edge.settings.patience import WATCHDOG_S

SYSTEMD = Path(__file__).resolve().parents[2] / "systemd"
UNIT = SYSTEMD / "card-scanner.service"
PAGE = SYSTEMD / "card-scanner-page.service"
MQTT = SYSTEMD / "card-scanner-mqtt.service"
EXECUTABLE = "/opt/card-scanner/venv/bin/card-scanner"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
needs_shellcheck = pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")


def run(*command) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def systemd_version() -> int:
    return int(run("systemd-analyze", "--version").stdout.split()[1])


@pytest.fixture
def unit(tmp_path) -> Path:
    """The unit with a program that exists on this machine."""
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text().replace(EXECUTABLE, "/bin/true"))
    if systemd_version() >= 254:
        (tmp_path / f"{UNIT.name}.d").mkdir()
        shutil.copy(SYSTEMD / "backoff.conf", tmp_path / f"{UNIT.name}.d")
    return path


@needs_systemd
def test_the_unit_is_right(unit):
    outcome = run("systemd-analyze", "verify", unit)
    assert (outcome.returncode, outcome.stdout) == (0, "")


@needs_systemd
def test_a_mistake_in_the_unit_would_be_found(unit):
    unit.write_text(unit.read_text().replace("WatchdogSec", "WatchdogSecs"))
    assert "WatchdogSecs" in run("systemd-analyze", "verify", unit).stdout


@needs_systemd
def test_little_is_exposed(unit):
    last = run("systemd-analyze", "security", "--offline=yes", "--no-pager", unit).stdout.splitlines()[-1]
    assert float(re.search(r"(\d+\.\d+)", last).group(1)) < 2.0


@needs_systemd
@pytest.mark.parametrize("beside", [PAGE, MQTT], ids=lambda unit: unit.stem)
def test_the_units_beside_it_are_right_and_expose_little(tmp_path, beside):
    unit = tmp_path / beside.name
    unit.write_text(beside.read_text().replace(EXECUTABLE, "/bin/true"))
    outcome = run("systemd-analyze", "verify", unit)
    assert (outcome.returncode, outcome.stdout) == (0, "")
    last = run("systemd-analyze", "security", "--offline=yes", "--no-pager", unit).stdout.splitlines()[-1]
    assert float(re.search(r"(\d+\.\d+)", last).group(1)) < 2.0


def test_only_the_page_and_the_bridge_open_the_network_and_only_private_ones():
    def allowed(unit: Path) -> list[str]:
        lines = unit.read_text().splitlines()
        assert "IPAddressDeny=any" in lines
        return " ".join(line.partition("=")[2] for line in lines if line.startswith("IPAddressAllow=")).split()

    assert allowed(UNIT) == ["localhost"]
    for unit in (PAGE, MQTT):
        networks = [ip_network(each) for each in allowed(unit) if "/" in each]
        assert networks
        assert all(network.is_private for network in networks)
        assert f"User={unit.stem}" in unit.read_text().splitlines()


def test_the_page_may_read_the_log_and_nothing_else_of_the_scanners():
    lines = PAGE.read_text().splitlines()
    assert "Group=card-scanner" in lines
    assert "ProtectSystem=strict" in lines
    assert "StateDirectory=card-scanner/page card-scanner/inventory" in lines
    (hidden,) = [line for line in lines if line.startswith("InaccessiblePaths=")]
    (own,) = [line for line in UNIT.read_text().splitlines() if line.startswith("StateDirectory=")]
    others = {f"-/var/lib/{each}" for each in own.partition("=")[2].split()} - {"-/var/lib/card-scanner/log"}
    assert set(hidden.partition("=")[2].split()) == {*others, "-/etc/card-scanner/keys"}


def test_the_watchdog_is_the_one_that_the_scanner_reckons_with():
    (watchdog,) = [line for line in UNIT.read_text().splitlines() if line.startswith("WatchdogSec=")]
    assert watchdog == f"WatchdogSec={WATCHDOG_S:.0f}s"


def test_libzmq_may_set_its_threads_scheduling():
    denied = [line for line in UNIT.read_text().splitlines() if line.startswith("SystemCallFilter=~")]
    assert denied == ["SystemCallFilter=~@privileged"]


def test_a_driver_that_is_loaded_after_the_service_starts_it_anew():
    """DeviceAllow=char-hailo allows nothing where no such driver is loaded when the unit starts."""
    assert "DeviceAllow=char-hailo rw" in UNIT.read_text()
    rules = (SYSTEMD / "72-card-scanner.rules").read_text().splitlines()
    (added,) = [rule for rule in rules if rule.startswith('ACTION=="add", SUBSYSTEM=="hailo_chardev"')]
    assert added.endswith('RUN+="/usr/bin/systemctl --no-block try-restart card-scanner.service"')


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not installed")
def test_the_user_is_made(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "group").write_text("video:x:44:\n")
    outcome = run("systemd-sysusers", f"--root={tmp_path}", SYSTEMD / "card-scanner.sysusers")
    assert outcome.returncode == 0, outcome.stdout
    for user in ("card-scanner", "card-scanner-page", "card-scanner-mqtt"):
        assert f"{user}:x:" in (tmp_path / "etc" / "passwd").read_text()
    assert "video:x:44:card-scanner" in (tmp_path / "etc" / "group").read_text()


@pytest.mark.skipif(shutil.which("systemd-tmpfiles") is None, reason="systemd-tmpfiles is not installed")
def test_the_folders_are_made_and_litter_is_removed_at_boot(tmp_path):
    databases = tmp_path / "var/lib/card-scanner/databases"
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "group").write_text("card-scanner:x:990:\n")
    command = ("systemd-tmpfiles", f"--root={tmp_path}", "--create", "--remove", "--boot")
    outcome = run(*command, SYSTEMD / "card-scanner.tmpfiles")
    assert outcome.returncode == 0, outcome.stdout
    keys = (tmp_path / "etc/card-scanner/keys").stat()
    assert (stat.S_IMODE(keys.st_mode), keys.st_gid) == (0o2750, 990)
    (databases / ".a.1.installing").mkdir()
    (databases / "a").mkdir()
    assert run(*command, SYSTEMD / "card-scanner.tmpfiles").returncode == 0
    assert [path.name for path in databases.iterdir()] == ["a"]


@needs_shellcheck
@pytest.mark.parametrize("script", sorted(SYSTEMD.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_sound(script):
    outcome = run("shellcheck", "--severity=style", script)
    assert (outcome.returncode, outcome.stdout) == (0, "")
