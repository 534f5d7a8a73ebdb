"""What happens beside the training loop, in the first process of a run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.engine.checkpoint import keep_as_best
from training.engine.curves import draw_curves
from training.engine.history import validations
from training.engine.progress import Pace
from training.errors import TrainingError


def _nothing(*_: object) -> None:
    """For a moment at which nothing is to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What to do at the moments of a run. What owns something is a context manager, which ends with the run.

    Attributes:
        after_step: given the step's number, the share of the run that is done, and the pace since the last entry.
        after_entry: given each line of the history as it is written.
        after_measurement: after each checkpoint, once the network was measured where the run has a measure.
        ends_run: asked after each measurement whether the run shall end early, as if its length was reached.
    """

    after_step: Callable[[int, float, Pace], None] = _nothing
    after_entry: Callable[[Mapping[str, Any]], None] = _nothing
    after_measurement: Callable[[], None] = _nothing
    ends_run: Callable[[], bool] = bool


def keeping_best(folder: Path) -> Callback:
    """Keeps a checkpoint that was measured better than all before it."""

    def after_measurement() -> None:
        found = validations(folder)
        if found and found[-1] > max(found[:-1], default=float("-inf")):
            keep_as_best(folder)

    return Callback(after_measurement=after_measurement)


def stopping_early(folder: Path, patience: int) -> Callback:
    """Ends a run once `patience` measurements in a row were no better than the best one before them."""

    def ends_run() -> bool:
        found = validations(folder)
        return bool(found) and len(found) - 1 - found.index(max(found)) >= patience

    return Callback(ends_run=ends_run)


def drawing_curves(folder: Path) -> Callback:
    """Draws what the history says.

    Raises:
        TrainingError: from the callback, if the picture cannot be written.
    """

    def after_measurement() -> None:
        try:
            draw_curves(folder)
        except OSError as cause:
            raise TrainingError(f"cannot draw the curves of {folder}: {cause.strerror}; is the disk full?") from cause

    return Callback(after_measurement=after_measurement)
