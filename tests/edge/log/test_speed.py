"""How long the thread that publishes is kept by the log: `pytest tests/edge/log/test_speed.py -m long -s`."""

import os
import threading
import time

import cv2
import numpy as np
import pytest

from edge.log import rows
from edge.log.upkeep import Upkeep
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from tests.edge.log import conftest

CARDS = 1000


@pytest.fixture
def card(monkeypatch):
    """A simulated card instead of noise, in the place where it is confirmed."""
    frame = np.full((1000, 1000, 3), 90, np.uint8)
    frame[100:804, 100:604] = cv2.resize(render_card(demo_cards()[0], 8.0), (504, 704))
    monkeypatch.setattr(conftest, "IMAGE", frame)
    corners = [(100.0, 100.0), (604.0, 100.0), (604.0, 804.0), (100.0, 804.0)]
    monkeypatch.setitem(conftest.PLACES, "left", corners)
    return rows.Look(image=frame, quad=np.array(corners), shown_since=0)


@pytest.mark.long
@pytest.mark.parametrize("what", ["a card with its picture", "the commit alone"])
def test_what_a_card_costs_the_thread_that_publishes(bench, capsys, card, monkeypatch, what):
    """While another thread looks after the log ten times a second, and not every ten seconds."""
    if what == "the commit alone":
        jpeg = rows._picture(card)  # noqa: SLF001 (made beforehand)
        monkeypatch.setattr(rows, "_picture", lambda _: jpeg)
    stop = threading.Event()
    upkeep = Upkeep(bench.scans, 1000, stop)

    def look_after():
        while not stop.wait(0.1):
            upkeep.look_after()

    keeping = threading.Thread(target=look_after)
    keeping.start()
    wall_ms, cpu_ms = [], []
    for track in range(CARDS):
        begun, begun_cpu = time.perf_counter(), time.thread_time()
        bench.confirm(track)
        wall_ms.append(1000 * (time.perf_counter() - begun))
        cpu_ms.append(1000 * (time.thread_time() - begun_cpu))
        time.sleep(0.001)
    stop.set()
    keeping.join()
    assert bench.scans.degraded() == ()
    figures = [f"{np.percentile(times, share):.2f}" for times in (wall_ms, cpu_ms) for share in (50, 99, 100)]
    with capsys.disabled():
        print(  # noqa: T201 (what is measured)
            f"\n{what}: p50 {figures[0]}, p99 {figures[1]}, at most {figures[2]} ms; of the processor's time "
            f"{figures[3]}, {figures[4]}, {figures[5]} ms; {bench.path.stat().st_size / CARDS / 1000:.0f} kB a card; "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}"
        )
    assert float(figures[3]) < 33
