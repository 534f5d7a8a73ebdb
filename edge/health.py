"""What the daemon measures of itself: latency of each stage, frame rate, memory."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Protocol, runtime_checkable

import numpy as np

from edge.wire.messages import StageLatency

Clock = Callable[[], int]
"""Monotonic time in nanoseconds."""

_KEPT_LATENCIES = 4096


@runtime_checkable
class Degradable(Protocol):
    """A part that can go on working less well than it should."""

    def degraded(self) -> tuple[str, ...]:
        """A sentence for each way in which it does at present."""
        ...


@runtime_checkable
class Recovering(Protocol):
    """A source that brings its camera back by itself."""

    @property
    def recoveries(self) -> dict[str, int]:
        """What was done -> how often."""
        ...


class Stopwatch:
    """Times the stages of one piece of work."""

    def __init__(self, clock: Clock = time.monotonic_ns) -> None:
        """Start with no stage timed."""
        self.latencies_ms: dict[str, float] = {}
        self._clock = clock

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Time what runs inside as `stage`."""
        start = self._clock()
        yield
        self.latencies_ms[stage] = (self._clock() - start) / 1e6


class Latencies:
    """Collects the latencies of every stage until they are taken. Safe between threads, bounded in memory."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._by_stage: dict[str, _Interval] = {}

    def add(self, latencies_ms: Mapping[str, float]) -> None:
        """Take in one latency of each of some stages."""
        with self._lock:
            for stage, latency_ms in latencies_ms.items():
                self._by_stage.setdefault(stage, _Interval()).add(latency_ms)

    def take(self) -> dict[str, StageLatency]:
        """How many were added since the last call, and the percentiles of the newest `_KEPT_LATENCIES` of them."""
        with self._lock:
            taken, self._by_stage = self._by_stage, {}
        return {stage: interval.summary() for stage, interval in taken.items()}


class _Interval:
    """The latencies of one stage since they were last taken: all are counted, the newest are kept."""

    def __init__(self) -> None:
        self._count = 0
        self._newest: deque[float] = deque(maxlen=_KEPT_LATENCIES)

    def add(self, latency_ms: float) -> None:
        self._count += 1
        self._newest.append(latency_ms)

    def summary(self) -> StageLatency:
        median, p99 = np.percentile(list(self._newest), [50, 99])
        return StageLatency(count=self._count, p50_ms=float(median), p99_ms=float(p99))


class Rate:
    """How fast a counter grows."""

    def __init__(self, clock: Clock = time.monotonic_ns) -> None:
        """Start counting now, from 0."""
        self._clock = clock
        self._count, self._time_ns = 0, clock()

    def per_second(self, count: int) -> float:
        """Increase a second since the last call."""
        now = self._clock()
        grown, elapsed_ns = count - self._count, now - self._time_ns
        self._count, self._time_ns = count, now
        return 1e9 * grown / elapsed_ns if elapsed_ns > 0 else 0.0


def resident_mb() -> float:
    """Resident memory of this process, in units of 1e6 bytes (Linux: `statm` counts pages)."""
    pages = int(os.pread(_statm(), 128, 0).split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@cache
def _statm() -> int:
    """A descriptor that is opened once: connections may take all that are left."""
    return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
