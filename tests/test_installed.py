"""The package as it is installed: built as a wheel, in an environment of its own, far from this repository."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import pytest

from edge.client import Client, Received
from edge.diagnosis.picture import card_on_table
from edge.shipped import DEMO_DATABASE
from edge.wire.envelope import Topic

REPOSITORY = Path(__file__).resolve().parents[1]
BUILT_FROM = ("edge", "training", "models", "database", "pyproject.toml", "README.md", "LICENSE")
CONFIRMED_S = 60.0


class Installation:
    """An environment with this package; what else it needs is borrowed from the one that runs the tests."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
        self._python = folder / "venv/bin/python"
        install = ["install", "--quiet", "--no-deps", "--no-index", wheel]
        subprocess.run([sys.executable, "-m", "pip", "--python", self._python, *install], check=True)
        self.site = next((folder / "venv").glob("lib/python*/site-packages"))
        borrowed = [path for path in sys.path if Path(path).name == "site-packages"]
        (self.site / "borrowed.pth").write_text("\n".join(borrowed))
        self.models = self.site / "edge/shipped/models"

    def command(self, *arguments: object) -> list[str]:
        return [str(self.folder / "venv/bin/card-scanner"), *map(str, arguments)]

    def environment(self, **settings: str) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("CARD_SCANNER", "PYTHON"))}
        return ours | settings

    def run(self, *arguments: object) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.environment(), capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip

    def python(self, script: str) -> str:
        command = [str(self._python), "-c", script]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Installation:
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"
    source.mkdir()
    for name in BUILT_FROM:
        path = REPOSITORY / name
        skipped = shutil.ignore_patterns("__pycache__", "*.egg-info")
        if path.is_dir():
            shutil.copytree(path, source / name, symlinks=True, ignore=skipped)
        else:
            shutil.copy(path, source)
    build = ["wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", folder / "dist"]
    subprocess.run([sys.executable, "-m", "pip", *build, f"{source}/"], check=True)
    shutil.rmtree(source)
    (wheel,) = (folder / "dist").glob("*.whl")
    return Installation(folder, wheel)


@pytest.fixture
def photo(tmp_path) -> Path:
    card = cv2.imread(str(DEMO_DATABASE / "golden/0.png"))
    cv2.imwrite(str(tmp_path / "photo.png"), card_on_table(card))
    return tmp_path / "photo.png"


@contextmanager
def put_aside(path: Path, instead: bytes | None) -> Iterator[None]:
    """A file is missing, or holds something else, for a while."""
    content = path.read_bytes()
    path.unlink()
    if instead is not None:
        path.write_bytes(instead)
    try:
        yield
    finally:
        path.write_bytes(content)


def test_nothing_comes_from_the_repository(installation):
    script = "import edge, sys; from edge.shipped import FOLDER; print(edge.__file__, FOLDER, *sys.path, sep='\\n')"
    package, shipped, *path = installation.python(script).splitlines()
    assert Path(package) == installation.site / "edge/__init__.py"
    assert Path(shipped) == installation.site / "edge/shipped"
    assert str(REPOSITORY) not in path
    assert not installation.models.is_symlink()


def test_identify(installation, photo):
    outcome = installation.run("identify", "--json", photo)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    (card,) = json.loads(outcome.stdout)["cards"]
    assert (card["status"], card["card_id"]) == ("confirmed", "ceq01-001")


def test_doctor(installation):
    outcome = installation.run("doctor")
    assert outcome.stderr == ""
    found = {line[6:].split()[0]: line for line in outcome.stdout.splitlines()}
    for subject in ("configuration", "model", "detector", "database", "recognition"):
        assert found[subject].startswith("ok "), found[subject]
    assert str(installation.models / "demo.onnx") in found["model"]


def test_the_daemon_until_a_card_is_confirmed(installation):
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
        endpoint, control = (f"tcp://127.0.0.1:{each.getsockname()[1]}" for each in (first, second))
    settings = installation.environment(CARD_SCANNER_PUBLISH__ENDPOINT=endpoint, CARD_SCANNER_PUBLISH__CONTROL=control)
    command = installation.command("run", "--source", "demo:resting")
    daemon = subprocess.Popen(command, cwd=installation.folder, env=settings, stderr=subprocess.PIPE, text=True)
    try:
        with Client(endpoint) as client:
            deadline = time.monotonic() + CONFIRMED_S
            card = None
            while card is None and time.monotonic() < deadline and daemon.poll() is None:
                received = client.receive(0.5)
                if isinstance(received, Received) and received.message.topic is Topic.CONFIRMED:
                    card = received.message
    finally:
        daemon.terminate()
        _, said = daemon.communicate(timeout=20)
    assert card is not None, said
    assert card.card_id is not None
    assert "Traceback" not in said


@pytest.mark.parametrize(("network", "instead"), [("outline", None), ("sides", b"not a network"), ("demo", None)])
def test_without_a_network_each_says_so_in_a_sentence(installation, photo, network, instead):
    path = installation.models / f"{network}.onnx"
    with put_aside(path, instead):
        outcomes = [installation.run("identify", photo), installation.run("run", "--source", f"images:{photo}")]
        diagnosis = installation.run("doctor")
    for outcome in outcomes:
        (sentence,) = outcome.stderr.splitlines()
        assert sentence.startswith("card-scanner: error: ")
        assert str(path) in sentence
        assert outcome.returncode == 1
    assert (diagnosis.returncode, diagnosis.stderr) == (1, "")
    failed = [line for line in diagnosis.stdout.splitlines() if line.startswith("FAIL")]
    assert any(str(path) in line and "  ->  " in line for line in failed)
    assert any(" recognition " in line for line in failed)
