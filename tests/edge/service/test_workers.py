import logging
import threading
import time

import pytest

from edge.errors import SourceError, WorkerError
from edge.service.workers import Supervisor, Worker

SECOND = 1_000_000_000


def wait_until(condition, timeout_s=5.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


class Clock:
    def __init__(self):
        self.now_ns = 0

    def __call__(self):
        return self.now_ns


class FailsTwice:
    """Raises twice, then works until it has done three steps."""

    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.calls <= 2:
            raise RuntimeError(f"failure {self.calls}")
        return self.calls < 5


@pytest.fixture
def stop():
    event = threading.Event()
    yield event
    event.set()


def test_a_worker_repeats_its_step_until_that_has_finished(stop):
    steps = iter([True, True, False])
    worker = Worker("capture", lambda: next(steps), stop)
    worker.start()
    assert worker.join(5)
    assert worker.finished
    assert list(steps) == []


def test_the_stop_event_ends_a_worker(stop):
    worker = Worker("capture", lambda: time.sleep(0.001) is None, stop)
    worker.start()
    assert worker.alive
    stop.set()
    assert worker.join(5)
    assert not worker.finished


def test_a_worker_that_fails_twice_is_started_again_after_growing_pauses(stop, caplog):
    clock, step = Clock(), FailsTwice()
    worker = Worker("embedding", step, stop, clock=clock)
    supervisor = Supervisor([worker])
    worker.start()
    for failures, pause_s in ((1, 0.1), (2, 0.2)):
        wait_until(lambda: worker.failure is not None)
        clock.now_ns += int((pause_s - 0.01) * SECOND)
        supervisor.check()
        assert step.calls == failures
        assert supervisor.degraded() == [f"the embedding thread failed: failure {failures}"]
        clock.now_ns += int(0.02 * SECOND)
        supervisor.check()
        wait_until(lambda n=failures: step.calls > n)
    wait_until(lambda: worker.finished)
    assert worker.health().restarts == 2
    assert (worker.failure, worker.newest_failure) == (None, "failure 2")
    assert supervisor.degraded() == ["the embedding thread failed and was started again"]
    clock.now_ns += 60 * SECOND
    supervisor.check()
    assert supervisor.degraded() == []
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2


def test_a_worker_that_fails_every_time_is_given_up(stop):
    clock = Clock()

    def step():
        raise SourceError("the camera is gone; plug it in again")

    worker = Worker("capture", step, stop, restart_limit=3, clock=clock)
    supervisor = Supervisor([worker])
    worker.start()
    with pytest.raises(WorkerError, match=r"capture thread failed 4 times in a row.*the camera is gone"):
        while True:
            wait_until(lambda: worker.failure is not None)
            clock.now_ns += 10 * SECOND
            supervisor.check()
            wait_until(lambda: not worker.alive)
    assert worker.restarts == 3


def test_what_cannot_be_repeated_is_given_up_at_once_in_its_own_words(stop):
    def step():
        raise SourceError("the video is truncated; copy it again")

    worker = Worker("capture", step, stop, restart_limit=0)
    worker.start()
    wait_until(lambda: worker.failure is not None)
    with pytest.raises(WorkerError, match="^the video is truncated; copy it again$"):
        Supervisor([worker]).check()


def test_a_worker_that_hangs_is_given_up(stop):
    clock = Clock()
    worker = Worker("embedding", lambda: stop.wait(10), stop, clock=clock)
    worker.start()
    clock.now_ns += 20 * SECOND
    Supervisor([worker], stall_limit_s=30).check()
    clock.now_ns += 20 * SECOND
    with pytest.raises(WorkerError, match="embedding thread has made no progress for 40 s"):
        Supervisor([worker], stall_limit_s=30).check()


def test_a_finished_worker_is_not_missed(stop):
    clock = Clock()
    worker = Worker("capture", lambda: False, stop, clock=clock)
    worker.start()
    assert worker.join(5)
    clock.now_ns += 100 * SECOND
    Supervisor([worker]).check()


def test_resources_are_put_in_order_before_a_restart(stop):
    opened = ["first"]

    def step():
        if len(opened) == 1:
            raise SourceError("gone")
        return False

    worker = Worker("capture", step, stop, revive=lambda: opened.append("second"))
    worker.start()
    wait_until(lambda: worker.failure is not None)
    worker.restart()
    assert worker.join(5)
    assert (opened, worker.finished) == (["first", "second"], True)
