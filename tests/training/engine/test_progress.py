import contextlib
import os
import pty
import re
import subprocess
import sys
import termios

import pytest

from training.engine.progress import Pace, Progress, progress_bar, said


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("training.engine.progress.time.monotonic", lambda: now[0])
    return now


def test_time_counts_on_from_earlier_processes(clock):
    progress = Progress(earlier_s=50.0, started=clock[0])
    clock[0] += 10
    assert progress.elapsed_s == 60
    assert progress.figures(0.25) == {"elapsed_s": 60, "eta_s": 180}
    assert progress.figures(0.0)["eta_s"] is None


def test_losses_are_means_over_the_steps(clock):
    pace = Pace(started=clock[0])
    pace.add({"b": 1.0, "a": 4.0})
    pace.add({"b": 3.0, "a": 2.0})
    names, means = pace.losses()
    assert (names, means.tolist()) == (["a", "b"], [3.0, 2.0])


def test_pauses_are_no_part_of_the_speed_and_waiting_is(clock):
    pace = Pace(started=clock[0], images=90)
    with pace.waiting():
        clock[0] += 3
    with pace.pause():
        clock[0] += 100
    clock[0] += 6
    assert pace.figures() == {"images_per_s": 10.0, "waiting": 0.333}


def test_a_run_is_measured_soon_and_then_less_often(clock):
    progress, due = Progress(started=clock[0], saved=clock[0]), []
    for second in range(1, 1000):
        clock[0] += 1
        if progress.checkpoint_is_due(300):
            due.append(second)
            progress.saved = clock[0]
    assert due == [20, 40, 80, 160, 320, 620, 920]


def test_measuring_that_takes_long_comes_less_often(clock):
    progress = Progress(started=clock[0], saved=clock[0], saving_s=10)
    clock[0] += 99
    assert not progress.checkpoint_is_due(300)
    clock[0] += 1
    assert progress.checkpoint_is_due(300)


def test_a_line_is_due_when_none_came_for_long(clock):
    progress = Progress(logged=clock[0])
    clock[0] += 9
    assert not progress.entry_is_due()
    clock[0] += 1
    assert progress.entry_is_due()


def test_what_the_bar_says(clock):
    pace = Pace(started=clock[0], images=90)
    pace.add({"arcface": 2.0, "gradient_arcface": 5.0})
    clock[0] += 2
    assert said(7, pace, 125, processes=2) == "2:05 left, step 7, arcface 4, 45 images/s"


def test_the_bar_shows_nothing_where_there_is_no_terminal(capfd):
    with progress_bar(lambda _: 3, 1) as show:
        show(10, 0.5, Pace())
    assert capfd.readouterr().err == ""


def test_log_lines_stand_above_the_bar():
    """On a real terminal, the bar is drawn again below each line that is logged."""
    script = """
import logging, time
from training.engine.progress import Pace, progress_bar
from training.engine.runs import _progress_on_stderr
with _progress_on_stderr(), progress_bar(lambda share: 60, 1) as show:
    pace = Pace(images=10)
    pace.add({"arcface": 2.0})
    time.sleep(0.2)
    show(1, 0.1, pace)
    logging.getLogger("x").info("a line of the history")
    time.sleep(0.2)
    show(2, 0.9, pace)
"""
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (24, 100))
    process = subprocess.Popen([sys.executable, "-c", script], stdout=child, stderr=child)
    os.close(child)
    written = b""
    with contextlib.suppress(OSError):
        while part := os.read(parent, 4096):
            written += part
    os.close(parent)
    assert process.wait() == 0
    shown = [line.rpartition("\r")[2] for line in written.decode().replace("\r\n", "\n").splitlines()]
    (logged,) = (line for line in shown if "a line of the history" in line)
    assert re.fullmatch(r"(?:\x1b\[A)?\d{4}-\S+ \S+ a line of the history", logged)
    assert "1:00 left, step 2, arcface 2" in written.decode()
