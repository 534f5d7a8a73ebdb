"""There is no room: for a snapshot, for the log, for a card database."""

import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.conftest import MODEL
from tests.faults.episode import Episode

pytestmark = pytest.mark.faults

DATABASE = MODEL.parents[1] / "database" / "demo"
# Needs no privileges: in a user namespace of its own anybody may mount.
IN_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
may_mount = shutil.which("unshare") is not None and subprocess.run(
    [*IN_NAMESPACE, "true"], stderr=subprocess.DEVNULL, check=False
).returncode == 0  # fmt: skip


def test_a_snapshot_for_which_there_is_no_room(daemon, episode, record):
    """A limit on the size of the daemon's files in place of a full disk."""
    fault = episode("no room for a snapshot")
    former = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (100_000, former[1]))
    reply = daemon.ask(command="snapshot", path="frame.png")
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, former)
    fault.end()
    assert reply["ok"] is False
    assert reply["error"].endswith("snapshots/frame.png cannot be written: File too large")
    back_s = fault.works_again()
    written = daemon.ask(command="snapshot", path="frame.png")
    assert [path.name for path in Path(written["path"]).parent.iterdir()] == ["frame.png"]
    fault.check()
    record(fault.row(f"the command says so, nothing is left behind ({back_s:.1f} s to the next answer)"))


@pytest.mark.long
def test_a_log_that_cannot_be_written(started, record):
    daemon = started(log=Path("/dev/full"))
    fault = Episode(daemon, "log on a full disk, source raises")
    daemon.inject("source", "gone")
    fault.health_says("the capture thread failed")
    daemon.inject("source", "")
    fault.end()
    back_s = fault.works_again()
    fault.check()
    record(fault.row(f"{back_s:.1f} s"))
    daemon.process.terminate()
    assert daemon.process.wait(5) == 0


@pytest.mark.skipif(not may_mount, reason="this user may not mount a file system of a few MB")
def test_a_full_disk_refuses_a_database_and_the_former_stays_in_use(tmp_path):
    """A file system that holds one of the demo database, and not two."""
    size = sum(path.stat().st_size for path in DATABASE.rglob("*") if path.is_file())
    another = tmp_path / "another"
    shutil.copytree(DATABASE, another)
    manifest = another / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"name": "demo"', '"name": "another"', 1))
    (tmp_path / "disk").mkdir()
    databases = tmp_path / "disk" / "databases"
    script = f"""
        scanner() {{ "{sys.executable}" -m edge.cli database --folder {databases} "$@"; }}
        mount -t tmpfs -o size={int(1.6 * size)} tmpfs {tmp_path}/disk && scanner install {DATABASE} || exit 9
        find {databases} | sort > {tmp_path}/before
        scanner install {another} 2> {tmp_path}/said
        echo $? > {tmp_path}/code
        find {databases} | sort > {tmp_path}/after
        scanner list
    """
    done = subprocess.run(
        [*IN_NAMESPACE, "sh", "-c", script], cwd=MODEL.parents[1], stdout=subprocess.PIPE, text=True, check=True,
        timeout=170,
    )  # fmt: skip
    assert (tmp_path / "code").read_text() == "1\n"
    assert "No space left on device; is there room" in (tmp_path / "said").read_text()
    assert (tmp_path / "before").read_text() == (tmp_path / "after").read_text()
    assert re.search(r"^\* demo-\w+ +2200 cards", done.stdout, re.MULTILINE)
