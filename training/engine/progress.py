"""How far a run has come, how fast it goes, and how both are shown."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm


@dataclass(slots=True)
class Progress:
    """Steps done and seconds trained, also in earlier processes of this run; when the last checkpoint was written."""

    step: int = 0
    earlier_s: float = 0.0
    started: float = field(default_factory=time.monotonic)
    saved: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        """Seconds trained."""
        return self.earlier_s + time.monotonic() - self.started

    def figures(self, share: float) -> dict[str, Any]:
        """For the history: time trained, and time left if `share` of the run is done."""
        elapsed = self.elapsed_s
        return {"elapsed_s": round(elapsed), "eta_s": round(elapsed / share - elapsed) if share else None}


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


class ProgressBar:
    """The run's progress and the time it will still take, on a terminal; nothing where the output goes elsewhere."""

    def __init__(self, *, shown: bool) -> None:
        # `disable=None` is tqdm's way to say: not unless it is a terminal.
        hidden = None if shown else True
        self._bar: tqdm[Any] = tqdm(
            total=100.0, disable=hidden, bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}"
        )

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def show(self, share: float, step: int) -> None:
        """Show that `share` of the run is done."""
        self._bar.set_postfix_str(f"step {step}", refresh=False)
        self._bar.update(100 * share - self._bar.n)
