"""The process is stopped and goes on, and its clock is set."""

import os
import shutil
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.episode import Episode

pytestmark = pytest.mark.faults

COMPILER = shutil.which("cc")
SHIFTED_CLOCK = Path(__file__).with_name("wall_clock.c")
YEAR_S = 365.25 * 24 * 3600


def test_a_process_that_stands_still_for_a_while(daemon, episode, record):
    fault = episode("SIGSTOP, then SIGCONT")
    daemon.process.send_signal(signal.SIGSTOP)
    time.sleep(3.0)
    daemon.process.send_signal(signal.SIGCONT)
    fault.end()
    back_s = fault.works_again()
    health = daemon.wait(lambda m: m.topic == "health" and m.status == "ok", fault.ended_s + back_s)
    assert health
    assert all(thread.restarts < 10 and thread.alive for thread in daemon.health()[-1].threads.values())
    fault.check(gap=True)
    record(fault.row(f"{back_s:.1f} s"))


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler (sudo apt install gcc)")
def test_a_clock_that_is_set(started, tmp_path, record):
    """The time of day jumps ten years on and twenty back; the monotonic clock goes on, as the kernel's does."""
    library, shift = tmp_path / "wall_clock.so", tmp_path / "shift"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O2", "-o", library, SHIFTED_CLOCK], check=True)
    shift.write_text("0")
    daemon = started(environment={"LD_PRELOAD": str(library), "WALL_CLOCK_SHIFT": str(shift)})
    fault = Episode(daemon, "time of day jumps ten years on, then twenty back")
    for years in (10, -10):
        swap = tmp_path / "next"
        swap.write_text(str(round(years * YEAR_S)))
        swap.replace(shift)
        year = str(datetime.now(UTC).year + years)
        jumped_s = daemon.wait(lambda m, year=year: m.published_at.startswith(year), fault.begun_s)
        answered = daemon.health()[-1].embeddings
        daemon.wait(lambda m, n=answered: m.topic == "health" and m.embeddings > n, jumped_s)
    fault.end()
    back_s = fault.works_again()
    uptimes = [health.uptime_s for health in daemon.health(fault.begun_s)]
    assert uptimes == sorted(uptimes)
    assert uptimes[-1] < 120
    assert {health.status for health in daemon.health(fault.begun_s)} == {"ok"}
    totals = [health.stages["total"].p99_ms for health in daemon.health(fault.begun_s) if "total" in health.stages]
    assert 0 < min(totals) <= max(totals) < 30_000
    fault.check()
    record(fault.row(f"goes on throughout ({back_s:.1f} s to the next answer)"))


@pytest.mark.long
def test_a_process_that_is_killed_has_published_what_it_confirmed(started, record):
    daemon = started()
    fault = Episode(daemon, "SIGKILL")
    os.kill(daemon.process.pid, signal.SIGKILL)
    assert daemon.process.wait(5) == -signal.SIGKILL
    time.sleep(0.3)
    fault.end()
    fault.check()
    record(fault.row("the service manager starts another (`test_unit.py`)"))
