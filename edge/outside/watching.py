"""Follows what a scanner publishes, one that runs already or one that is started for it."""

import time
from collections.abc import Callable
from typing import Protocol

from edge.client import Client, Received, Recovered, Restarted, Silent
from edge.errors import ScannerError
from edge.outside.daemon_process import DaemonProcess
from edge.outside.tally import Tally

START_LIMIT_S = 120.0
_POLL_S = 0.2


class Display(Protocol):
    """What follows a subscription."""

    def show(self, received: Received, tally: Tally) -> None:
        """Show one message, which `tally` has taken in."""
        ...

    def note(self, text: str) -> None:
        """Show a remark of the subscriber itself."""
        ...


class NoDisplay:
    """Nothing: for who wants the figures only."""

    def show(self, received: Received, tally: Tally) -> None:
        """Leave the message to the tally."""

    def note(self, text: str) -> None:
        """Leave the remark out."""


def follow(client: Client, display: Display, tally: Tally, done: Callable[[], bool]) -> None:
    """Show messages until `done`; says when none come for a while, and when the scanner was started again."""
    while not done():
        match client.receive(_POLL_S):
            case Received() as received:
                tally.add(received.message, received.lost)
                display.show(received, tally)
            case Recovered(tracks=tracks):
                tally.present = {message.track_id: message for message in tracks}
            case Restarted():
                tally.present.clear()
                display.note("the scanner was started again")
            case Silent(silent_s=silent_s):
                display.note(f"nothing was published for {silent_s:.0f} s; is 'card-scanner run' running?")


def watch_daemon(daemon: DaemonProcess, display: Display, tally: Tally, duration_s: float) -> None:
    """Follow a daemon for some time from its first frame on.

    Raises:
        ScannerError: if it ends, or sees nothing.
    """
    started_s, ends_s = time.monotonic(), float("inf")

    def done() -> bool:
        nonlocal ends_s
        daemon.check()
        now = time.monotonic()
        has_seen = tally.health is not None and tally.health.frames_captured > 0
        if not has_seen and now - started_s > START_LIMIT_S:
            raise ScannerError(f"the scanner saw nothing in {START_LIMIT_S:.0f} s: {daemon.last_words()}")
        if has_seen and ends_s == float("inf"):
            ends_s = now + duration_s
        return now >= ends_s

    with Client(daemon.endpoint) as client:
        follow(client, display, tally, done)
