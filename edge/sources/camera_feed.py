"""The pictures of a Raspberry Pi camera, through stalls: re-queue, rebuild the camera, give up."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from edge.errors import SourceError, SourceLostError
from edge.health import Clock
from edge.sources.camera_session import CameraSession, Capture
from edge.sources.recovery import FIRST_FRAME_S, SLICE_S, RecoveryLadder, Rung

_TOLD_S = 60.0

_log = logging.getLogger(__name__)

SessionT = TypeVar("SessionT", bound=CameraSession)


class CameraFeed(Generic[SessionT]):
    """Owns the camera session and brings it back when it stalls. Read by one thread; `close` may come from another."""

    def __init__(
        self,
        open_session: Callable[[], SessionT],
        *,
        stall_s: float,
        stall_frames: int,
        settle_s: float = 0.0,
        clock: Clock = time.monotonic_ns,
        closed: threading.Event | None = None,
    ) -> None:
        """Open the first session.

        Args:
            open_session: starts the camera.
            stall_s: without a picture that mean a stall.
            stall_frames: fresh frames after which the camera counts as sound again.
            settle_s: the pause between closing the camera and opening it again.
            clock: monotonic.
            closed: is set by `close`; what the feed waits on while the camera is closed.

        Raises:
            SourceError: if the camera cannot be opened.
        """
        self.frame_id = -1
        self.stretch = 0
        self.session = open_session()
        self._open_session = open_session
        self._stall_s = stall_s
        self._settle_s = settle_s
        self._clock = clock
        self._ladder = RecoveryLadder(stall_frames)
        self._closed = closed or threading.Event()
        self._in_use = threading.Lock()
        self._previous_ns = 0
        self._stalled_ns: int | None = None

    def next(self) -> Capture | None:
        """Wait for the next picture, however the camera has to be brought back for it; None once closed.

        Raises:
            SourceLostError: if nothing has brought it back.
            SourceError: if a picture cannot be read.
        """
        with self._in_use:
            patience_s = self._stall_s if self.frame_id >= 0 else FIRST_FRAME_S
            since_ns = self._clock()
            while not self._closed.is_set():
                capture = self.session.capture(min(SLICE_S, self._stall_s))
                if capture is not None:
                    self._count(capture)
                    return capture
                if (self._clock() - since_ns) / 1e9 >= patience_s:
                    patience_s = self._recover(f"no picture for {patience_s:.1f} s", Rung.REQUEUE)
                    since_ns = self._clock()
        return None

    def usable(self) -> None:
        """Say that the newest picture was of use: enough of those in a row, and the camera counts as sound again."""
        self._ladder.fresh()

    def rebuild(self, reason: str) -> None:
        """Close the camera and open it anew, because its pictures come but are not usable.

        Raises:
            SourceLostError: if that has been tried too often.
        """
        with self._in_use:
            self._recover(reason, Rung.REBUILD)

    @property
    def recoveries(self) -> dict[str, int]:
        """What was done to bring the camera back -> how often."""
        return {"requeued": self._ladder.requeued, "rebuilt": self._ladder.rebuilt}

    def degraded(self) -> tuple[str, ...]:
        """A sentence for as long as the camera recovers, and for a minute after."""
        if self._stalled_ns is None:
            return ()
        age_s = (self._clock() - self._stalled_ns) / 1e9
        if age_s > _TOLD_S and not self._ladder.recovering:
            return ()
        return (
            f"the camera stalled {age_s:.0f} s ago; so far re-queued {self._ladder.requeued} and rebuilt "
            f"{self._ladder.rebuilt} times",
        )

    def close(self) -> None:
        """Release the camera. Safe to call twice."""
        self._closed.set()
        with self._in_use:
            self.session.close()

    def _count(self, capture: Capture) -> None:
        """Number the frame so that those which the sensor exposed and nobody read leave a gap."""
        duration_ns = 1000 * int(capture.metadata.get("FrameDuration") or 0)
        elapsed_ns = capture.sensor_ns - self._previous_ns
        missed = round(elapsed_ns / duration_ns) - 1 if self._previous_ns and duration_ns else 0
        self.frame_id += 1 + max(0, missed)
        self._previous_ns = capture.sensor_ns

    def _recover(self, reason: str, at_least: Rung) -> float:
        """Climb one rung; returns how long to wait for a picture afterwards, in seconds.

        What comes after continues neither the pictures nor the outputs of before: a new stretch.
        """
        self.stretch += 1
        self._stalled_ns = self._clock()
        rung = self._ladder.stalled(at_least)
        _log.warning("camera: %s; %s (re-queued %d, rebuilt %d times so far)",
                     reason, rung.value, self._ladder.requeued, self._ladder.rebuilt)  # fmt: skip
        if rung is Rung.GIVE_UP:
            raise SourceLostError(
                f"the camera does not come back ({reason}; re-queued {self._ladder.requeued}, rebuilt "
                f"{self._ladder.rebuilt} times); only a new process may help: check its cable if that fails too"
            )
        if rung is Rung.REQUEUE:
            self.session.requeue()
            return self._stall_s
        self._reopen()
        return FIRST_FRAME_S

    def _reopen(self) -> None:
        self.session.close()
        if self._closed.wait(self._settle_s):
            return
        try:
            self.session = self._open_session()
        except SourceError as cause:
            # The closed session gives no picture, and so leads to the next rung.
            _log.warning("camera: cannot be opened again: %s", cause)
