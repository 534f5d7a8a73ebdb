"""How far a run has come, how fast it goes, and how both are shown."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from training.engine.objective import GRADIENT

# chosen: seconds after which a run is first measured, and without a line of its history: a person waits.
FIRST_CHECKPOINT_S = 20.0
QUIET_S = 10.0
# chosen: how many times longer a run trains than it takes to save and to measure it.
_TRAINING_TO_MEASURING = 10


@dataclass(slots=True)
class Progress:
    """Steps done and seconds trained, also in earlier processes of this run; when the last checkpoint was written.

    Attributes:
        step: steps done.
        earlier_s: seconds trained in earlier processes.
        started: of this process, by the monotonic clock.
        saved: when the last checkpoint was written and measured, by that clock.
        saving_s: that it took.
        logged: when the history last got a line, by that clock.
    """

    step: int = 0
    earlier_s: float = 0.0
    started: float = field(default_factory=time.monotonic)
    saved: float = field(default_factory=time.monotonic)
    saving_s: float = 0.0
    logged: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        """Seconds trained."""
        return self.earlier_s + time.monotonic() - self.started

    def figures(self, share: float) -> dict[str, Any]:
        """For the history: time trained, and time left if `share` of the run is done."""
        return {"elapsed_s": round(self.elapsed_s), "eta_s": self.left_s(share)}

    def left_s(self, share: float) -> int | None:
        """Seconds that are left if `share` of the run is done; None where nothing is."""
        return round(self.elapsed_s / share - self.elapsed_s) if share else None

    def checkpoint_is_due(self, every_s: float) -> bool:
        """Whether a checkpoint is due by the clock: after 20, 40, 80 seconds and so on, then `every_s` after the last.

        Where measuring takes long it comes less often at the start.
        """
        wait_s = max(FIRST_CHECKPOINT_S, self.elapsed_s / 2, _TRAINING_TO_MEASURING * self.saving_s)
        return time.monotonic() - self.saved >= min(every_s, wait_s)

    def entry_is_due(self) -> bool:
        """Whether a line of the history is due by the clock."""
        return time.monotonic() - self.logged >= QUIET_S


@dataclass(slots=True)
class Pace:
    """What happened since the last line of the history: losses, images, time.

    Attributes:
        images: seen by all processes.
        steps: of the optimiser.
        sums: of this process's share of each part of the loss, one addend a step.
        waiting_s: spent waiting for batches.
        paused_s: spent on checkpoints.
    """

    images: int = 0
    steps: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    waiting_s: float = 0.0
    paused_s: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def add(self, parts: Mapping[str, float]) -> None:
        """Take in the losses of a step."""
        self.steps += 1
        for name, value in parts.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def losses(self) -> tuple[list[str], Tensor]:
        """Names of the parts of the loss, and this process's share of their means over the steps, float64."""
        names = sorted(self.sums)
        return names, torch.tensor([self.sums[name] / self.steps for name in names], dtype=torch.float64)

    def figures(self) -> dict[str, float]:
        """For the history: speed, and the share of the time in which this process waited for batches."""
        taken_s = max(1e-9, time.monotonic() - self.started - self.paused_s)
        return {"images_per_s": round(self.images / taken_s, 1), "waiting": round(self.waiting_s / taken_s, 3)}

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Counts the time in the block as waiting for batches."""
        began = time.monotonic()
        yield
        self.waiting_s += time.monotonic() - began

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Leaves the time in the block out of the speed."""
        began = time.monotonic()
        yield
        self.paused_s += time.monotonic() - began


@contextmanager
def progress_bar(left_s: Callable[[float], int | None], processes: int) -> Iterator[Callable[[int, float, Pace], None]]:
    """A bar on the terminal while the block lasts; nothing where stderr goes elsewhere.

    Args:
        left_s: seconds that are left if a share of the run is done.
        processes: that share the run; each has its share of the losses.

    Yields:
        What shows the step's number, the share of the run that is done, losses and images a second.
    """
    # `disable=None` is tqdm's way to say: not unless it is a terminal.
    with tqdm(total=100.0, disable=None, bar_format="{l_bar}{bar}| {elapsed}{postfix}", smoothing=0) as bar:

        def show(step: int, share: float, pace: Pace) -> None:
            if not bar.disable:
                bar.set_postfix_str(said(step, pace, left_s(share), processes), refresh=False)
                bar.update(100 * share - bar.n)

        yield show


def said(step: int, pace: Pace, left_s: int | None, processes: int) -> str:
    """Time left, step, losses and speed, for a person."""
    names, means = pace.losses()
    losses = [
        f"{name} {processes * value:.3g}"
        for name, value in zip(names, means.tolist(), strict=True)
        if not name.startswith(GRADIENT)
    ]
    left = [] if left_s is None else [f"{left_s // 60}:{left_s % 60:02} left"]
    return ", ".join([*left, f"step {step}", *losses, f"{pace.figures()['images_per_s']:.0f} images/s"])
