"""A running daemon for all faults that it must survive, and the table of what happened."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.manifests import file_sha256, read_model_manifest
from tests.faults.episode import HEADINGS, Episode, Row
from tests.faults.observed import ObservedDaemon

MODEL = Path(__file__).resolve().parents[2] / "models" / "demo.onnx"
ROWS = pytest.StashKey[list[Row]]()


def pytest_addoption(parser):
    parser.addoption("--bench", default="resting", help="what the bench plays: resting or turnover (new cards)")
    parser.addoption("--faults-table", metavar="FILE", help="write the table of faults at the end of that file")


def pytest_sessionfinish(session):
    path = session.config.getoption("--faults-table", default=None)
    rows = session.config.stash.get(ROWS, [])
    if path and rows:
        played = session.config.getoption("--bench")
        load = os.getloadavg()[1]
        measured = f"Measured with a bench that plays `{played}`, {os.cpu_count()} cores, load {load:.0f} in the end:"
        heading = "| " + " | ".join(HEADINGS) + " |"
        kept = Path(path).read_text(encoding="utf-8").partition("Measured with")[0]
        lines = [measured, "", heading, "|" + "---|" * len(HEADINGS), *(row.markdown() for row in rows)]
        Path(path).write_text(kept + "\n".join(lines) + "\n", encoding="utf-8")


def pytest_collection_modifyitems(items):
    """Those on the shared daemon first, so that it is started once."""
    ours = [k for k, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    in_order = sorted((items[k] for k in ours), key=lambda item: "started" in item.fixturenames)
    for k, item in zip(ours, in_order, strict=True):
        items[k] = item


@pytest.fixture
def record(request):
    """Takes the rows of the table."""
    return request.config.stash.setdefault(ROWS, []).append


@pytest.fixture(scope="session")
def compiled(tmp_path_factory) -> Path:
    """The demo model "compiled" for the simulated accelerator."""
    folder = tmp_path_factory.mktemp("compiled")
    hef = folder / "demo.hef"
    hef.write_bytes(b"\x01HEF, not a real one")
    manifest = read_model_manifest(MODEL.with_suffix(".json"))
    changes = {"file": hef.name, "sha256": file_sha256(hef), "float_sha256": manifest.sha256}
    hef.with_suffix(".json").write_text(manifest.model_copy(update=changes).model_dump_json())
    return hef


def accelerated(hef: Path, *, fallback: bool) -> str:
    """Settings of the section recognition."""
    settings: dict[str, object] = {"model": str(hef), "npu_timeout_ms": 2000}
    if fallback:
        settings["fallback_model"] = str(MODEL)
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in settings.items())


@pytest.fixture(scope="session")
def scenario(request) -> str:
    return request.config.getoption("--bench", default="resting")


@pytest.fixture(scope="session")
def shared(tmp_path_factory, compiled, scenario):
    """One daemon, with a simulated accelerator and the float model besides, for all faults that it must survive."""
    folder = tmp_path_factory.mktemp("daemon")
    (folder / "npu").write_text("")
    running = SharedDaemon(lambda: ObservedDaemon(folder, scenario, recognition=accelerated(compiled, fallback=True)))
    yield running
    running.close()


class SharedDaemon:
    """Starts when it is first wanted, and ends before another is started: two are too much for a small machine."""

    def __init__(self, start: Callable[[], ObservedDaemon]) -> None:
        self._start = start
        self._running: ObservedDaemon | None = None

    def wanted(self) -> ObservedDaemon:
        self._running = self._running or self._start()
        return self._running

    def close(self) -> None:
        if self._running is not None:
            self._running.close()
        self._running = None


@pytest.fixture
def daemon(shared) -> ObservedDaemon:
    return shared.wanted()


@pytest.fixture
def started(tmp_path, scenario, shared):
    """Starts daemons of this test's own and ends them; they confirm cards."""
    shared.close()
    daemons = []

    def start(**options) -> ObservedDaemon:
        daemons.append(ObservedDaemon(tmp_path, scenario, **options))
        daemons[-1].sound(0.0)
        return daemons[-1]

    yield start
    for each in daemons:
        each.close()


@pytest.fixture
def episode(daemon):
    """Begins an episode on the shared daemon."""
    return lambda fault: Episode(daemon, fault)
