"""The training loop, for every network and every loss of this project."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from training.engine.callbacks import Callback
from training.engine.checkpoint import FILE, load_checkpoint, save_checkpoint
from training.engine.ema import AveragedModel
from training.engine.gradients import Gradients
from training.engine.history import append_history, forget_after
from training.engine.objective import NETWORK, Objective, parameter_groups
from training.engine.precision import gradient_scaler
from training.engine.progress import Pace, Progress
from training.engine.recovery import LossNotFiniteError, Retries
from training.engine.run_folder import check_space
from training.engine.settings import RunSettings
from training.engine.signals import StopSignals
from training.errors import TrainingError
from training.parallel.ranks import Ranks

# No loop is this long; the batches of a run have no end of their own.
ENDLESS = 2**40
# Averages of the weights, and both moments of AdamW, beside the weights.
_CHECKPOINT_COPIES = 4

Measure = Callable[[nn.Module], dict[str, Any]]


class Batches(Protocol):
    """Where the images come from; each batch is a function of its number alone."""

    def loader(self, numbers: range, workers: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of these numbers: uint8 [N, 3, H, W] RGB, and targets [N, ...], as the objective takes them."""


class Trainer:
    """One run: what it learns, the average of its network, its optimiser, its place in the schedule.

    A step takes the gradient of `batches_per_step` batches, whoever computes them: two processes do the same as one.
    Random numbers are seeded by the number of the batch, so that they need no state of their own in a checkpoint.
    """

    def __init__(
        self, objective: Objective, batches: Batches, settings: RunSettings, folder: Path, ranks: Ranks | None = None
    ) -> None:
        """Set up a run from the start.

        Args:
            objective: what is learned; it is moved to the device of this process.
            batches: to learn from.
            settings: of the run.
            folder: where checkpoint and history go; it exists.
            ranks: the processes that share the run; None for this one alone.

        Raises:
            TrainingError: if the batches of a step cannot be shared out over the processes.
        """
        self.ranks = ranks or Ranks()
        if settings.batches_per_step % self.ranks.size:
            raise TrainingError(
                f"{settings.batches_per_step} batches a step cannot be shared out evenly over "
                f"{self.ranks.size} processes"
            )
        self.objective = objective
        self.batches = batches
        self.settings = settings
        self.folder = folder
        objective.trained.to(self.ranks.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = AveragedModel(objective.trained[NETWORK], settings.ema_decay)
        self.optimizer = torch.optim.AdamW(parameter_groups(objective.trained, settings.weight_decay))
        self.scaler = gradient_scaler(settings.precision, self.ranks.device)
        self._gradients = Gradients(objective, settings, self.ranks, self.scaler)
        self.progress = Progress()
        self.retries = Retries()
        self._pace = Pace()
        self._measure: Measure | None = None
        self._callbacks: Sequence[Callback] = ()
        self._judged_step: int | None = None
        self._ends_early = False

    def resume(self) -> None:
        """Go on where the folder's checkpoint was written.

        Raises:
            TrainingError: if there is none, or it is of other cards or another network.
        """
        path = self.folder / FILE
        state = load_checkpoint(path)
        if state.get("settings") != self.objective.describe():
            raise TrainingError(
                f"{path} is of another network, other cards or other losses than this run: go on with what it "
                "was started with (the run.json beside it), or choose another --name"
            )
        try:
            self.objective.trained.load_state_dict(state["trained"])
            self.average.model.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.scaler.load_state_dict(state["scaler"])
            self.progress = Progress(step=state["step"], earlier_s=state["elapsed_s"])
            self.retries.restore(state["retries"])
        except (RuntimeError, ValueError, KeyError) as cause:
            raise TrainingError(f"{path} is of another network, other cards or another version: {cause}") from cause
        if self.ranks.rank == 0:
            forget_after(self.folder, self.progress.step)

    def train(self, measure: Measure | None = None, callbacks: Sequence[Callback] = ()) -> bool:
        """Train to the end of the budget, until a callback ends it, or until SIGTERM or SIGINT.

        Args:
            measure: judges the averaged network at each checkpoint; what it returns goes into the history.
            callbacks: called in the first process, in their order.

        Returns:
            Whether the run is finished; if not, it was stopped and can be resumed.

        Raises:
            TrainingError: if the loss stays not finite, memory does not suffice, or a file cannot be written.
        """
        self.progress.started = self.progress.saved = self.progress.logged = time.monotonic()
        self._measure, self._callbacks = measure, callbacks if self.ranks.rank == 0 else ()
        if self.ranks.rank == 0 and not (self.folder / FILE).exists():
            weights = sum(value.nbytes for value in self.objective.trained.state_dict().values())
            check_space(self.folder, _CHECKPOINT_COPIES * weights)
            self._save()
        with StopSignals() as stop:
            share = self._train(stop)
            while share is None:
                share = self._train(stop)
        if self._judged_step != self.progress.step:
            self._checkpoint()
        return share >= 1

    def _train(self, stop: StopSignals) -> float | None:
        """Train to the end of the run; returns its progress then, -1 if it was stopped, None if it was rolled back."""
        settings, ranks = self.settings, self.ranks
        first = self.progress.step * settings.batches_per_step + ranks.rank
        loader = self.batches.loader(range(first, ENDLESS, ranks.size), settings.workers)
        own = settings.batches_per_step // ranks.size
        while True:
            share, quiet = self._agreed(stop)
            if not 0 <= share < 1:
                return share
            with self._pace.waiting():
                batches = list(islice(loader, own))
            try:
                self._step(batches, share)
            except LossNotFiniteError as broken:
                self._roll_back(broken)
                return None
            for callback in self._callbacks:
                callback.after_step(self.progress.step, share, self._pace)
            if quiet or self.progress.step == 1 or self.progress.step % settings.log_every_steps == 0:
                self._report(share)
            if self._checkpoint_is_due():
                with self._pace.pause():
                    self._checkpoint()

    def _agreed(self, stop: StopSignals) -> tuple[float, bool]:
        """What all processes see alike.

        Returns:
            Share of the run that is done, 1 when it ends early, -1 when one of the processes shall stop; and whether
            the history has been quiet for long.
        """
        share = self.ranks.agree(self.settings.budget.progress(self.progress.step, self.progress.elapsed_s))
        stopping, ending, quiet = self.ranks.any(stop.received, self._ends_early, self.progress.entry_is_due())
        return -1.0 if stopping else 1.0 if ending else share, quiet

    def _step(self, batches: Sequence[tuple[Tensor, Tensor]], share: float) -> None:
        """One step of the optimiser.

        Raises:
            LossNotFiniteError: in all processes if it is so in one.
        """
        settings, objective = self.settings, self.objective
        for fresh in objective.prepare(share, self.average.model):
            self.optimizer.state.pop(fresh, None)
        for group in self.optimizer.param_groups:
            group["lr"] = settings.schedule.learning_rate_at(share) * self.retries.rate_factor
        self._add_up_gradients(batches, share)
        self.ranks.add_gradients(p for group in self.optimizer.param_groups for p in group["params"])
        self.scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(objective.trained[NETWORK].parameters(), settings.clip_norm)
        if not self.scaler.is_enabled() and not math.isfinite(norm):
            raise LossNotFiniteError(f"the gradient is not finite at step {self.progress.step}")
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.average.update(objective.trained[NETWORK], self.progress.step)
        self.progress.step += 1
        self._pace.images += settings.batch.images * settings.batches_per_step

    def _add_up_gradients(self, batches: Sequence[tuple[Tensor, Tensor]], share: float) -> None:
        """Leave the gradient of this process's batches in the parameters, in parts that fit into memory."""
        while True:
            self.optimizer.zero_grad(set_to_none=True)
            losses = self._gradients.add_up(batches, self.progress.step, share, self.retries.parts)
            if losses is not None:
                self._pace.add(losses)
                return
            self.optimizer.zero_grad(set_to_none=True)
            self._note_retry(self.retries.split_more(self.progress.step, self.settings.batch.cards))

    def _roll_back(self, broken: LossNotFiniteError) -> None:
        """Go back to the last checkpoint with a lower learning rate.

        Raises:
            TrainingError: if that was tried often enough.
        """
        entry = self.retries.slow_down(self.progress.step, str(broken))
        elapsed_s = self.progress.elapsed_s
        self.resume()
        self.progress = Progress(step=self.progress.step, earlier_s=elapsed_s)
        self._pace = Pace()
        self._judged_step = None
        self._note_retry(entry | {"back_to_step": self.progress.step})

    def _note_retry(self, entry: dict[str, Any]) -> None:
        if self.ranks.rank == 0:
            self._note(entry)

    def _note(self, entry: dict[str, Any]) -> None:
        append_history(self.folder, entry)
        for callback in self._callbacks:
            callback.after_entry(entry)

    def _report(self, share: float) -> None:
        pace, self._pace = self._pace, Pace()
        self.progress.logged = time.monotonic()
        names, values = pace.losses()
        values = self.ranks.total(values)
        if self.ranks.rank != 0:
            return
        entry = {"step": self.progress.step, "progress": round(share, 4)}
        entry |= {name: round(value, 4) for name, value in zip(names, values.tolist(), strict=True)}
        entry["learning_rate"] = float(f"{self.optimizer.param_groups[0]['lr']:.3g}")
        self._note(entry | pace.figures() | self.progress.figures(share))

    def _checkpoint_is_due(self) -> bool:
        every = self.settings.checkpoint_every_steps
        by_steps = every is not None and self.progress.step % every == 0
        return by_steps or self.progress.checkpoint_is_due(self.settings.checkpoint_every_s)

    def _checkpoint(self) -> None:
        """Save and measure, in the first process."""
        if self.ranks.rank != 0:
            return
        began = time.monotonic()
        self._judged_step = self.progress.step
        self._save()
        if self._measure is not None:
            self._note({"step": self.progress.step, **self._measure(self.average.model)})
        for callback in self._callbacks:
            callback.after_measurement()
        self._ends_early = any(callback.ends_run() for callback in self._callbacks)
        self.progress.saved = time.monotonic()
        self.progress.saving_s = self.progress.saved - began

    def _save(self) -> None:
        state = {
            "settings": self.objective.describe(),
            "trained": self.objective.trained.state_dict(),
            "average": self.average.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "step": self.progress.step,
            "elapsed_s": self.progress.elapsed_s,
            "retries": self.retries.to_json(),
        }
        save_checkpoint(self.folder / FILE, state)
