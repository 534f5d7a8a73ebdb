"""What a crowd of subscribers costs a scanner, and when its results reach one of them, measured from outside.

The same daemon is watched alone and before the crowd in turns, so that what else a machine does falls on both.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType

import numpy as np
import zmq

from edge.client import Client, Received
from edge.errors import ScannerError
from edge.outside.daemon_process import DaemonProcess
from edge.wire.messages import CardMessage, HealthMessage

# Of those that a scanner lets connect (64), as many as a shop has programs, and more.
SUBSCRIBERS = 50
SOURCE = "demo:turnover"
_TURNS = 3
_POLL_S = 0.2
_START_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A scanner as one subscriber sees it.

    Attributes:
        fps: frames that it looks at a second.
        arrivals: answers that reached the subscriber.
        p50_ms: from a frame's capture to the answer's arrival at the subscriber.
        p99_ms: likewise.
    """

    fps: float
    arrivals: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdBenchmark:
    """A scanner alone with one subscriber, and before a crowd of which one never reads."""

    subscribers: int
    alone: Watched
    crowded: Watched
    messages_lost: int


class Watch:
    """Counts frames and times arrivals, over several stretches of time."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._frames, self._seconds = 0, 0.0
        self._before: HealthMessage | None = None
        self._newest: dict[int, dict[str, float]] = {}
        self._arrivals_ms: list[float] = []

    def pause(self) -> None:
        """Say that what comes next does not follow on."""
        self._before = None

    def take(self, message: CardMessage | HealthMessage, now: datetime) -> None:
        """Take in a message that has arrived now; its own time is told to the millisecond."""
        if isinstance(message, HealthMessage):
            if self._before is not None:
                self._frames += message.frames_captured - self._before.frames_captured
                self._seconds += message.uptime_s - self._before.uptime_s
            self._before = message
        elif "total" in message.latencies_ms and self._newest.get(message.track_id) != message.latencies_ms:
            self._newest[message.track_id] = message.latencies_ms
            on_its_way_ms = 1000 * (now - datetime.fromisoformat(message.published_at)).total_seconds()
            self._arrivals_ms.append(message.latencies_ms["total"] + max(0.0, on_its_way_ms))

    def outcome(self) -> Watched:
        """What it comes to.

        Raises:
            ScannerError: if nothing was seen.
        """
        if not self._arrivals_ms or not self._seconds:
            raise ScannerError("no card was answered while the scanner was watched; measure for longer (--seconds)")
        p50_ms, p99_ms = np.percentile(self._arrivals_ms, [50, 99])
        return Watched(
            fps=self._frames / self._seconds,
            arrivals=len(self._arrivals_ms),
            p50_ms=float(p50_ms),
            p99_ms=float(p99_ms),
        )


class Crowd:
    """Subscribers to everything: one never reads, the others do. A context manager."""

    def __init__(self, endpoint: str, subscribers: int) -> None:
        """Connect them."""
        self._context = zmq.Context[zmq.Socket[bytes]]()
        self._stuck = self._subscriber(endpoint)
        self._readers = [self._subscriber(endpoint) for _ in range(subscribers - 1)]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def __enter__(self) -> "Crowd":
        """The crowd itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let them go."""
        self._stop.set()
        self._thread.join()
        self._context.destroy(linger=0)

    def _subscriber(self, endpoint: str) -> "zmq.Socket[bytes]":
        socket = self._context.socket(zmq.SUB)
        socket.setsockopt(zmq.RCVHWM, 1)
        socket.subscribe(b"")
        socket.connect(endpoint)
        return socket

    def _read(self) -> None:
        poller = zmq.Poller()
        for socket in self._readers:
            poller.register(socket, zmq.POLLIN)
        while not self._stop.is_set():
            for socket, _ in poller.poll(round(1000 * _POLL_S)):
                socket.recv_multipart()


def measure_crowd(duration_s: float, subscribers: int = SUBSCRIBERS) -> CrowdBenchmark:
    """Watch a daemon on the simulated bench, alone and before a crowd for so long each.

    Raises:
        ScannerError: if it ends, or sees nothing.
    """
    alone, crowded = Watch(), Watch()
    with DaemonProcess(SOURCE) as daemon, Client(daemon.endpoint) as client:
        _follow(daemon, client, Watch(), _START_LIMIT_S, until_health=True)
        for _ in range(_TURNS):
            _follow(daemon, client, alone, duration_s / _TURNS)
            with Crowd(daemon.endpoint, subscribers):
                _follow(daemon, client, crowded, duration_s / _TURNS)
        lost = client.lost
    return CrowdBenchmark(subscribers=subscribers, alone=alone.outcome(), crowded=crowded.outcome(), messages_lost=lost)


def crowd_lines(crowd: CrowdBenchmark) -> Iterator[str]:
    """What was measured, as text."""
    change = 100 * (crowd.crowded.fps / crowd.alone.fps - 1)
    yield (
        f"before {crowd.subscribers} subscribers, of which one never reads: {crowd.crowded.fps:.2f} frames/s "
        f"({change:+.1f} % of {crowd.alone.fps:.2f} alone), {crowd.messages_lost} messages lost"
    )
    for name, watched in (("alone", crowd.alone), ("crowded", crowd.crowded)):
        yield (
            f"  {name:10} {watched.p50_ms:8.2f} {watched.p99_ms:8.2f}  from capture to a subscriber "
            f"({watched.arrivals} answers)"
        )


def _follow(
    daemon: DaemonProcess, client: Client, watch: Watch, duration_s: float, *, until_health: bool = False
) -> None:
    """Watch for so long, or until the first frame was looked at."""
    watch.pause()
    ends_s = time.monotonic() + duration_s
    while time.monotonic() < ends_s:
        daemon.check()
        event = client.receive(_POLL_S)
        if isinstance(event, Received):
            watch.take(event.message, datetime.now(UTC))
            if until_health and isinstance(event.message, HealthMessage) and event.message.frames_captured:
                return
    if until_health:
        raise ScannerError(f"the scanner saw nothing in {duration_s:.0f} s: {daemon.last_words()}")
