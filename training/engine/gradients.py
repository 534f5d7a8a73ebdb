"""The gradient of one step: in parts that fit into memory, and the same however many processes share it."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from training.engine.objective import NETWORK, Objective, split_cards
from training.engine.recovery import LossNotFiniteError, out_of_memory
from training.engine.settings import RunSettings
from training.engine.statistics import RunningStatistics
from training.parallel.ranks import Ranks


class Gradients:
    """Computes this process's share of each step's gradient, and the network's running statistics after the step."""

    def __init__(self, objective: Objective, settings: RunSettings, ranks: Ranks, scaler: torch.amp.GradScaler) -> None:
        """Of what is learned, by the processes of a run; `scaler` keeps small gradients from vanishing in 16 bits."""
        self._objective = objective
        self._settings = settings
        self._ranks = ranks
        self._scaler = scaler
        self._statistics = RunningStatistics(objective.trained[NETWORK])

    def add_up(
        self, batches: Sequence[tuple[Tensor, Tensor]], step: int, share: float, parts: int
    ) -> dict[str, float] | None:
        """Add the gradient of this process's batches to that of the parameters.

        Args:
            batches: pixels, uint8 [N, 3, H, W] RGB, and targets [N, ...] of each.
            step: number of the step, which seeds its random numbers.
            share: of the run that is done.
            parts: that each batch is computed in.

        Returns:
            The parts of their loss, this process's share of a mean. None if the memory of any process does not suffice:
            the statistics are then as they were, and what was added to the gradient is of no use.

        Raises:
            LossNotFiniteError: in all processes if it is so in one.
        """
        before = self._statistics.copy()
        exhausted = broken = False
        losses, after = dict[str, float](), before
        try:
            losses, after = self._gradient_of(batches, step, share, parts)
            broken = not all(math.isfinite(value) for value in losses.values())
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            exhausted = True
        exhausted, broken = self._ranks.any(exhausted, broken)
        if broken:
            raise LossNotFiniteError(f"the loss is not finite at step {step}: {losses}")
        self._statistics.set(before if exhausted else self._ranks.total(after))
        return None if exhausted else losses

    def _gradient_of(
        self, batches: Sequence[tuple[Tensor, Tensor]], step: int, share: float, parts: int
    ) -> tuple[dict[str, float], Tensor]:
        """Add the gradient of some batches to that of the parameters.

        Returns:
            The parts of their loss, and the running statistics after them; both are this process's share of a mean.
        """
        settings, device = self._settings, self._ranks.device
        self._objective.trained.train()
        sums: dict[str, Tensor] = {}
        before = self._statistics.copy()
        after = torch.zeros_like(before)
        for number, (all_pixels, all_targets) in enumerate(batches):
            place = (step * settings.batches_per_step + number * self._ranks.size) + self._ranks.rank
            cut = split_cards(all_pixels, all_targets, settings.batch.views, parts)
            for part, (pixels, targets) in enumerate(cut):
                self._statistics.set(before)
                torch.manual_seed(_seed_of(settings.seed, place, part))
                images = pixels.to(device, non_blocking=True).float().contiguous(memory_format=torch.channels_last)
                loss = self._objective.loss(images, targets.to(device, non_blocking=True), share)
                weight = len(pixels) / len(all_pixels) / settings.batches_per_step
                self._scaler.scale(loss.total * weight).backward()  # type: ignore[no-untyped-call]
                after += weight * self._statistics.copy()
                for name, value in loss.parts.items():
                    sums[name] = sums.get(name, torch.zeros((), device=device)) + weight * value
        return {name: float(value) for name, value in sums.items()}, after


def _seed_of(*numbers: int) -> int:
    """A seed for torch's generators that differs for different numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])
