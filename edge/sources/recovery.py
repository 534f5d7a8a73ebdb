"""What is tried, in which order, when a camera gives no more pictures."""

from enum import Enum


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
