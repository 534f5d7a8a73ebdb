"""The install script, as far as it goes without root: into a folder."""

import subprocess
import tomllib
from pathlib import Path

import pytest

from edge.settings.settings import load_settings
from edge.shipped import EMBEDDING_MODEL

REPOSITORY = Path(__file__).resolve().parents[2]


def script(name: str, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [REPOSITORY / "systemd" / name, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip


def contents(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file: when it was changed, its mode, and what is in it."""
    return {
        str(path.relative_to(root)): (path.lstat().st_mtime_ns, path.lstat().st_mode, path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("root")
    (root / "sys/class").mkdir(parents=True)
    outcome = script("install.sh", "--root", root)
    assert outcome.returncode == 0, outcome.stdout
    assert "changed: /usr/lib/systemd/system/card-scanner.service" in outcome.stdout
    return root


def test_what_is_installed(installed):
    files = contents(installed)
    for name in ("edge/service/daemon.py", "edge/py.typed", "edge/shipped/models/sides.onnx", "pyproject.toml"):
        assert (installed / "opt/card-scanner/app" / name).read_bytes() == (REPOSITORY / name).read_bytes()
    assert not [name for name in files if "__pycache__" in name or "/tests/" in name]
    link = installed / "usr/local/bin/card-scanner"
    unit = files["usr/lib/systemd/system/card-scanner.service"][2].decode()
    assert f"ExecStart={link.readlink()} run --config /etc/card-scanner/config.toml" in unit
    page = files["usr/lib/systemd/system/card-scanner-page.service"][2].decode()
    assert f"ExecStart={link.readlink()} page --config /etc/card-scanner/config.toml" in page
    document = unit.partition("file://")[2].split()[0]
    assert document.removeprefix("/opt/card-scanner/docs/") in {path.name for path in (REPOSITORY / "docs").iterdir()}


def test_the_first_configuration_is_valid(installed):
    path = installed / "etc/card-scanner/config.toml"
    settings = load_settings(path, environment={})
    assert str(settings.recognition.database) == "/var/lib/card-scanner/databases/current"
    assert settings.recognition.model == EMBEDDING_MODEL
    assert set(tomllib.loads(path.read_text())) == {"source", "recognition", "log", "page"}
    assert settings.page.host == "0.0.0.0"
    assert settings.page.inventory_file == Path("/var/lib/card-scanner/inventory/inventory.db")
    assert settings.log.file == Path("/var/lib/card-scanner/log/scans.db")


def test_the_second_run_changes_nothing(installed):
    before = contents(installed)
    outcome = script("install.sh", "--root", installed)
    assert (outcome.returncode, outcome.stdout) == (0, "nothing was to be changed\n")
    assert contents(installed) == before


def test_an_upgrade_changes_what_differs_and_keeps_what_is_the_users(installed):
    config = installed / "etc/card-scanner/config.toml"
    config.write_text(config.read_text().replace('demo"', 'picamera"', 1))
    mine = installed / "var/lib/card-scanner/databases/mine"
    mine.mkdir(parents=True)
    (mine / "manifest.json").write_text("{}")
    app = installed / "opt/card-scanner/app"
    (app / "edge/service/daemon.py").write_text("an older version")
    (app / "edge" / "forsaken.py").write_text("a file of an older version")
    kept = config.read_bytes()
    outcome = script("install.sh", "--root", installed)
    assert outcome.stdout.splitlines()[:-1] == [
        "changed: /opt/card-scanner/app/edge/service/daemon.py",
        "changed: /opt/card-scanner/app/edge/forsaken.py is gone",
    ]
    assert (app / "edge/service/daemon.py").read_bytes() == (REPOSITORY / "edge/service/daemon.py").read_bytes()
    assert (config.read_bytes(), (mine / "manifest.json").read_text()) == (kept, "{}")


def test_an_image_without_devices_gets_its_settings_on_the_device(tmp_path):
    outcome = script("install.sh", "--root", tmp_path)
    assert "no settings yet" in outcome.stdout
    assert not (tmp_path / "etc/card-scanner").exists()


def test_what_an_earlier_version_installed_becomes_this_one_with_settings_and_databases(tmp_path):
    """The layout before networks travelled in the package: the settings name the model in the application's folder."""
    settings = (
        '[source]\nspec = "v4l2:/dev/video2"\n\n[recognition]\nmodel = "/opt/card-scanner/app/models/demo.onnx"\n'
        'database = "/var/lib/card-scanner/databases/current"\n\n[publish]\nendpoint = "tcp://*:5556"\n'
    )
    ours = {"etc/card-scanner/config.toml": settings, "var/lib/card-scanner/databases/mine-0123/manifest.json": "{}"}
    theirs = (
        "edge/service/daemon.py",
        "edge/detection/gone.py",
        "models/demo.onnx",
        "models/gone.onnx",
        "pyproject.toml",
    )
    for name, text in ours.items() | {(f"opt/card-scanner/app/{name}", "an older version") for name in theirs}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    databases = tmp_path / "var/lib/card-scanner/databases"
    (databases / "history").mkdir()
    (databases / "history/1").symlink_to("../mine-0123")
    (databases / "current").symlink_to("history/1")
    outcome = script("install.sh", "--root", tmp_path)
    assert outcome.returncode == 0, outcome.stdout
    assert {name: (tmp_path / name).read_text() for name in ours} == ours
    assert (databases / "current/manifest.json").read_text() == "{}"
    model = load_settings(tmp_path / "etc/card-scanner/config.toml", environment={}).recognition.model
    assert (tmp_path / model.relative_to("/")).read_bytes() == EMBEDDING_MODEL.read_bytes()
    app = tmp_path / "opt/card-scanner/app"
    assert not (app / "edge/detection/gone.py").exists()
    assert not (app / "models/gone.onnx").exists()
    assert (app / "edge/shipped/database/demo/manifest.json").is_file()


def test_uninstalled_the_users_files_are_left_and_purged_nothing(tmp_path):
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/other").write_text("not ours")
    (tmp_path / "sys/class").mkdir(parents=True)
    (tmp_path / "sys/bus/pci/devices/0").mkdir(parents=True)
    (tmp_path / "sys/bus/pci/devices/0/vendor").write_text("0x1e60")
    assert script("install.sh", "--root", tmp_path).returncode == 0
    assert script("uninstall.sh", "--root", tmp_path).returncode == 0
    kept = {"usr/bin/other", "sys/bus/pci/devices/0/vendor"}
    assert set(contents(tmp_path)) == kept | {"etc/card-scanner/config.toml"}
    assert script("uninstall.sh", "--root", tmp_path, "--purge").returncode == 0
    assert script("uninstall.sh", "--root", tmp_path, "--purge").returncode == 0
    assert set(contents(tmp_path)) == kept
    assert not [path for path in tmp_path.rglob("*") if path.is_symlink()]


@pytest.mark.parametrize("name", ["install.sh", "uninstall.sh"])
def test_wrong_arguments_show_the_usage(name):
    outcome = script(name, "--now")
    assert outcome.returncode == 2
    assert "sudo systemd/" in outcome.stdout
