"""Where a run of frames breaks: what was seen before a break says nothing of what is seen after."""

from collections import deque

from edge.frame import Frame

# physics: the newest intervals whose mean is the usual one; a source that drops two frames in a row has not stopped.
_INTERVALS = 8
_USUAL_INTERVALS = 3


class Continuity:
    """Numbers the continuous stretches of the frames that are looked at. Used by one thread.

    A new one begins where the source says so, after an interruption, and after a gap that is longer than a card may be
    hidden: of several usual intervals at least, so that slow frames are no breaks.
    """

    def __init__(self) -> None:
        """Start before the first frame."""
        self._stretch = 0
        self._newest: tuple[int, int] | None = None
        self._interrupted = False
        self._intervals_ns: deque[int] = deque(maxlen=_INTERVALS)

    def interrupt(self) -> None:
        """Say that the next frame does not continue what was seen: the source was opened anew, or not looked at."""
        self._interrupted = True

    def stretch_of(self, frame: Frame, hold_s: float) -> int:
        """Which stretch the next frame belongs to.

        Args:
            frame: the next one.
            hold_s: how long a card may be hidden, in seconds.
        """
        if self._newest is not None and self._breaks(*self._newest, frame, hold_s):
            self._stretch += 1
        self._newest, self._interrupted = (frame.stretch, frame.scene_ns), False
        return self._stretch

    def _breaks(self, stretch: int, scene_ns: int, frame: Frame, hold_s: float) -> bool:
        if self._interrupted or frame.stretch != stretch:
            return True
        interval_ns = frame.scene_ns - scene_ns
        usual_ns = sum(self._intervals_ns) / max(1, len(self._intervals_ns))
        self._intervals_ns.append(interval_ns)
        return interval_ns > max(1e9 * hold_s, _USUAL_INTERVALS * usual_ns)
