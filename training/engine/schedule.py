"""How far a run has come, and what follows from that: learning rate and margin."""

import math
from dataclasses import dataclass

from training.errors import TrainingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How long a run lasts: a number of steps, or of minutes of wall-clock time. Exactly one is given.

    A run by steps is reproducible and resumed exactly; one by minutes ends in time on a machine of unknown speed.
    """

    steps: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        """Check that exactly one limit is given.

        Raises:
            TrainingError: if not, or if it is not positive.
        """
        given = [limit for limit in (self.steps, self.minutes) if limit is not None]
        if len(given) != 1 or given[0] <= 0:
            raise TrainingError(f"give a positive number of steps or of minutes, got {self.steps} and {self.minutes}")

    def __str__(self) -> str:
        """For a person."""
        return f"{self.steps} steps" if self.steps is not None else f"{self.minutes:g} minutes"

    def progress(self, step: int, elapsed_s: float) -> float:
        """Share of the run that is done, 0 to 1, after `step` steps and `elapsed_s` seconds."""
        if self.steps is not None:
            return min(1.0, step / self.steps)
        assert self.minutes is not None  # noqa: S101 (checked at construction)
        return min(1.0, elapsed_s / (60 * self.minutes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The learning rate, as it changes with progress.

    Attributes:
        learning_rate: its peak.
        warm_up: share of the run in which the learning rate rises to it; it then falls as a half cosine.
    """

    learning_rate: float
    warm_up: float = 0.03

    def learning_rate_at(self, progress: float) -> float:
        """Linear warm-up, then half a cosine down to 1 % of the peak."""
        if progress < self.warm_up:
            return self.learning_rate * (0.01 + 0.99 * progress / self.warm_up)
        share = (progress - self.warm_up) / (1 - self.warm_up)
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """ArcFace's margin, as it changes with progress.

    Attributes:
        radians: at its full size.
        warm_up: share of the run in which it rises from 0.
    """

    radians: float = 0.3
    warm_up: float = 0.5

    def at(self, progress: float) -> float:
        """Linear growth to the full margin."""
        return self.radians * (min(1.0, progress / self.warm_up) if self.warm_up else 1.0)
