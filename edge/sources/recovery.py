"""What is tried, in which order, when a camera gives no more pictures, and how long that may take."""

from enum import Enum

from edge.errors import ConfigurationError
from edge.settings.patience import CAMERA_S
from edge.settings.sections import CameraSettings

FIRST_FRAME_S = 10.0
"""How long a camera that was just opened may take to its first picture."""
SLICE_S = 0.2
"""How often it is looked whether the wait for a picture is over."""
_OPENING_S = 2.0


class Rung(Enum):
    """One step of the recovery ladder."""

    REQUEUE = "re-queue"
    REBUILD = "rebuild"
    GIVE_UP = "give up"


# How often the camera is rebuilt before giving up.
REBUILDS = 2


class RecoveryLadder:
    """Escalates from stall to stall, and starts below again once pictures have come for a while."""

    def __init__(self, sound_after: int) -> None:
        """Start at the bottom.

        Args:
            sound_after: fresh frames in a row after which the camera counts as sound again.
        """
        self.requeued = 0
        self.rebuilt = 0
        self._steps = (Rung.REQUEUE, *(Rung.REBUILD for _ in range(REBUILDS)), Rung.GIVE_UP)
        self._sound_after = sound_after
        self._climbed = 0
        self._fresh = 0

    @property
    def recovering(self) -> bool:
        """Whether the camera has stalled and is not yet sound again."""
        return self._climbed > 0

    def fresh(self) -> None:
        """A fresh frame has come."""
        self._fresh += 1
        if self._fresh >= self._sound_after:
            self._climbed = 0

    def stalled(self, at_least: Rung = Rung.REQUEUE) -> Rung:
        """No fresh frame has come for too long; what to do now, skipping what is less than `at_least`."""
        self._fresh = 0
        self._climbed = max(self._climbed, self._steps.index(at_least))
        rung = self._steps[min(self._climbed, len(self._steps) - 1)]
        self._climbed += 1
        self.requeued += rung is Rung.REQUEUE
        self.rebuilt += rung is Rung.REBUILD
        return rung


def stall_s(settings: CameraSettings, fps: float, settle_s: float = 0.0) -> float:
    """How long a camera may give no picture before it counts as stalled.

    Args:
        settings: of the camera.
        fps: frames per second.
        settle_s: the pause between closing the camera and opening it again.

    Raises:
        ConfigurationError: if bringing the camera back would take so long that the process is ended meanwhile.
    """
    slowest = settings.min_fps or fps
    silence_s = settings.stall_frames / slowest
    excess_s = ladder_s(silence_s, settle_s) - CAMERA_S
    if excess_s <= 0:
        return silence_s
    longest_s = silence_s - excess_s / 2
    raise ConfigurationError(
        f"camera.stall_frames = {settings.stall_frames} at {slowest:g} frames/s: a camera that hangs would be noticed "
        f"after {silence_s:.0f} s and brought back too late; {longest_s:.1f} s are possible, so lower "
        "camera.stall_frames (at least 5), or raise camera.min_fps or source.fps"
    )


def ladder_s(silence_s: float, settle_s: float) -> float:
    """The longest time from a camera's last picture until it is given up.

    It is asked anew, then closed and opened again `REBUILDS` times; each time it gets its time for a picture.
    """
    waits = 2 + REBUILDS
    return 2 * silence_s + REBUILDS * (settle_s + _OPENING_S + FIRST_FRAME_S) + waits * SLICE_S
