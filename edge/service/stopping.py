"""Ends what runs, or is still being opened, when a signal asks for it."""

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

_CHECK_S = 0.1

T = TypeVar("T")


def unless_stopped(opened: Callable[[], T], stop: threading.Event) -> T | None:
    """What is opened; None when the stop event is set meanwhile, and what hangs is left behind.

    In a thread of its own: what waits in a driver or for a disk lets the main thread obey no signal.
    """
    outcome: Future[T] = Future()

    def _open() -> None:
        try:
            outcome.set_result(opened())
        except BaseException as failure:  # noqa: BLE001 (the caller's to judge)
            outcome.set_exception(failure)

    threading.Thread(target=_open, name="opening", daemon=True).start()
    while not outcome.done() and not stop.is_set():
        wait([outcome], _CHECK_S)
    return outcome.result() if outcome.done() else None


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; afterwards the signals do what they did before."""
    stop = threading.Event()

    def _stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    previous = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, action in previous.items():
            signal.signal(number, action)
