"""The source of frames stalls, fails, and is gone for good."""

import time

import pytest

from tests.faults.episode import Episode

pytestmark = pytest.mark.faults


def test_a_source_that_stalls(daemon, episode, record):
    fault = episode("source stalls")
    daemon.inject("source", "stall")
    assert fault.health_says("no new frame for") < 3.0
    time.sleep(1.0)
    daemon.inject("source", "")
    fault.end()
    back_s = fault.works_again()
    assert daemon.cards("card.confirmed", fault.begun_s + 1.0, fault.ended_s) == []
    assert fault.answers() <= 2
    daemon.wait(lambda m: m.topic == "health" and m.status == "ok", fault.ended_s)
    fault.check(gap=True)
    record(fault.row(f"{back_s:.1f} s"))


def test_a_source_that_fails_and_comes_back(daemon, episode, record):
    fault = episode("source raises, cannot be opened again at first")
    daemon.inject("source", "gone")
    fault.health_says("the capture thread failed")
    time.sleep(1.0)
    daemon.inject("source", "")
    fault.end()
    back_s = fault.works_again()
    assert daemon.health()[-1].threads["capture"].restarts >= 2
    assert "the capture thread failed and was started again" in daemon.health()[-1].degraded
    fault.check(gap=True)
    record(fault.row(f"{back_s:.1f} s"))


@pytest.mark.long
def test_a_source_that_is_gone_for_good_ends_the_process(started, record):
    daemon = started()
    fault = Episode(daemon, "source raises for good")
    daemon.inject("source", "gone")
    assert daemon.process.wait(30) == 1
    fault.end()
    assert daemon.health()[-1].status == "failed"
    said = daemon.said().splitlines()[-1]
    assert "the capture thread failed 6 times in a row" in said
    fault.health_says("the capture thread failed")
    fault.check(gap=True)
    record(fault.row(f"ends after {fault.ended_s - fault.begun_s:.1f} s (exit code 1) for the service manager"))


@pytest.mark.long
def test_a_source_that_stalls_for_good_ends_the_process(started, record):
    """Under systemd the watchdog ends it after 60 s (`tests/hardware/test_recovery.py`); this is without one."""
    daemon = started()
    fault = Episode(daemon, "source stalls for good, without a watchdog")
    daemon.inject("source", "stall")
    assert daemon.process.wait(90) == 1
    fault.end()
    assert daemon.health()[-1].status == "failed"
    assert "the capture thread has made no progress for 55 s" in daemon.said()
    fault.health_says("no new frame for")
    fault.check(gap=True)
    record(fault.row(f"ends after {fault.ended_s - fault.begun_s:.0f} s (exit code 1) for the service manager"))
