"""What a run does when memory does not suffice or its loss explodes: a few times something milder, then an error."""

from dataclasses import dataclass
from typing import Any

import torch

from training.engine.history import RETRY
from training.errors import TrainingError

MOST_RETRIES = 3
_SLOWER = 0.5


class LossNotFiniteError(TrainingError):
    """The loss or its gradient is infinite or not a number."""


@dataclass(slots=True)
class Retries:
    """What was changed so that the run could go on.

    Attributes:
        count: changes since this process started.
        rate_factor: on the learning rate.
        parts: that each batch is computed in; their gradients add up to that of the whole batch.
    """

    count: int = 0
    rate_factor: float = 1.0
    parts: int = 1

    def split_more(self, step: int, cards: int) -> dict[str, Any]:
        """Compute each batch of `cards` cards or scenes in twice as many parts; returns an entry for the history.

        Raises:
            TrainingError: if that was tried often enough, or there is nothing left to split.
        """
        self.count += 1
        self.parts *= 2
        if self.count > MOST_RETRIES or self.parts > cards:
            raise TrainingError(
                f"the memory does not suffice at step {step}, even for {self.parts // 2} parts of each batch of "
                f"{cards}: make the batch, the input or the network smaller"
            )
        return {"step": step, RETRY: self.count, "reason": "out of memory", "parts": self.parts}

    def slow_down(self, step: int, reason: str) -> dict[str, Any]:
        """Halve the learning rate; returns an entry for the history.

        Raises:
            TrainingError: if that was tried often enough.
        """
        self.count += 1
        if self.count > MOST_RETRIES:
            raise TrainingError(
                f"{reason}, also after {MOST_RETRIES} retries with lower learning rates: look at the history, and "
                "start again with a lower one"
            )
        self.rate_factor *= _SLOWER
        return {"step": step, RETRY: self.count, "reason": reason, "learning_rate_factor": self.rate_factor}

    def to_json(self) -> dict[str, float]:
        """What a checkpoint keeps of it."""
        return {"rate_factor": self.rate_factor, "parts": self.parts}

    def restore(self, kept: dict[str, Any]) -> None:
        """Take over what a checkpoint kept; what was changed since then stays."""
        self.rate_factor = min(self.rate_factor, float(kept["rate_factor"]))
        self.parts = max(self.parts, int(kept["parts"]))


def out_of_memory(error: Exception) -> bool:
    """Whether an error says that the memory of a GPU or of the machine does not suffice."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)
