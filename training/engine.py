"""The training loop."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn

from training.augmentation import AugmentationSettings
from training.batches import BatchShape, TrainingBatches
from training.checkpoint import FILE, load_checkpoint, save_checkpoint
from training.ema import AveragedModel
from training.errors import TrainingError
from training.history import append_history
from training.imprint import imprinted_centres
from training.loss import ArcFace, supervised_contrastive
from training.model import CardEmbedder, ModelSettings
from training.ranks import Ranks
from training.references import References
from training.schedule import Budget, Schedule

LOG_EVERY_STEPS = 25
# No loop is this long; the batches of a run have no end of their own.
ENDLESS = 2**40

Measure = Callable[[CardEmbedder], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Everything that decides how a run goes, but for its cards.

    Attributes:
        model: shape of the network.
        batch: of each training process; its images have the size of the model's input.
        schedule: learning rate and margin.
        budget: when it ends.
        augmentation: how cards are disturbed.
        seed: of weights, order and augmentation.
        arcface_weight: of the ArcFace loss beside the contrastive one.
        imprint_at: progress at which ArcFace's centres are put where the network has the classes by then.
        arcface_scale: factor on the cosines in ArcFace.
        temperature: of the contrastive loss.
        weight_decay: of matrices and kernels.
        ema_decay: of the averaged weights.
        clip_norm: largest norm of the network's gradient.
        workers: processes that make batches, for each training process.
        checkpoint_every_s: seconds between checkpoints.
    """

    model: ModelSettings
    batch: BatchShape
    schedule: Schedule
    budget: Budget
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    seed: int = 0
    arcface_weight: float = 0.2
    imprint_at: float = 0.2
    arcface_scale: float = 32.0
    temperature: float = 0.07
    weight_decay: float = 0.05
    ema_decay: float = 0.995
    clip_norm: float = 2.0
    workers: int = 1
    checkpoint_every_s: float = 300.0


@dataclass(slots=True)
class _Clock:
    """Steps done and seconds trained, also in earlier processes of this run."""

    step: int = 0
    earlier_s: float = 0.0
    started: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        return self.earlier_s + time.monotonic() - self.started


class Trainer:
    """One run: its network, the average of it, its optimiser, its place in the schedule."""

    def __init__(self, settings: RunSettings, references: References, folder: Path, ranks: Ranks | None = None) -> None:
        """Set up a run from the start.

        Args:
            settings: of the run.
            references: the cards to learn.
            folder: where checkpoint and history go; it exists.
            ranks: the processes that share the run; None for this one alone.
        """
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.references = references
        self.folder = folder
        self.ranks = ranks or Ranks()
        self.model = CardEmbedder(settings.model).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.arcface = ArcFace(2 * references.classes, settings.model.dimension, settings.arcface_scale)
        self.average = AveragedModel(self.model, settings.ema_decay)
        self.optimizer = torch.optim.AdamW(_parameter_groups(self.model, self.arcface, settings.weight_decay))
        self.clock = _Clock()
        self._imprinted = False
        self._stopping = False

    def resume(self) -> None:
        """Go on where the folder's checkpoint was written.

        Raises:
            TrainingError: if there is none, or it is of other cards or another network.
        """
        state = load_checkpoint(self.folder / FILE)
        try:
            self.model.load_state_dict(state["model"])
            self.average.model.load_state_dict(state["average"])
            self.arcface.load_state_dict(state["arcface"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError) as cause:
            raise TrainingError(f"{self.folder / FILE} is of another network or other cards: {cause}") from cause
        torch.set_rng_state(state["rng"])
        self.clock = _Clock(step=state["step"], earlier_s=state["elapsed_s"])
        self._imprinted = state["imprinted"]

    def train(self, measure: Measure | None = None) -> bool:
        """Train to the end of the budget, or until SIGTERM or SIGINT.

        Args:
            measure: judges the averaged network at each checkpoint; what it returns goes into the history.

        Returns:
            Whether the run is finished; if not, it was stopped and can be resumed.

        Raises:
            TrainingError: if the loss is not finite, or a file cannot be written.
        """
        self.clock.started = time.monotonic()
        with self._stopped_by_signals():
            progress = self._train(measure)
        self._checkpoint(measure)
        return progress >= 1

    def _train(self, measure: Measure | None) -> float:
        """Train to the end of the run; returns the progress then, or -1 when the run was stopped."""
        settings, ranks = self.settings, self.ranks
        batches = TrainingBatches(self.references, settings.augmentation, settings.batch, settings.seed)
        numbers = range(self.clock.step * ranks.size + ranks.rank, ENDLESS, ranks.size)
        saved = logged = time.monotonic()
        losses: list[tuple[float, float]] = []
        for pixels, labels in batches.loader(numbers, settings.workers):
            progress = self._agreed_progress()
            if not 0 <= progress < 1:
                return progress
            if not self._imprinted and progress >= settings.imprint_at:
                self._imprint()
            losses.append(self._step(pixels, labels, progress))
            now = time.monotonic()
            if len(losses) == LOG_EVERY_STEPS:
                images = len(losses) * settings.batch.images * ranks.size
                self._report(losses, images / (now - logged), progress)
                losses, logged = [], now
            if ranks.rank == 0 and now - saved >= settings.checkpoint_every_s:
                self._checkpoint(measure)
                saved = logged = time.monotonic()
                losses = []
        raise TrainingError("the batches ended before the run did")

    def _imprint(self) -> None:
        with torch.no_grad():
            self.arcface.centres.copy_(imprinted_centres(self.average.model, self.references, self.ranks))
        self.optimizer.state.pop(self.arcface.centres, None)
        self._imprinted = True

    def _agreed_progress(self) -> float:
        """Share of the run that is done, the same in all processes; -1 when one of them shall stop."""
        progress = self.settings.budget.progress(self.clock.step, self.clock.elapsed_s)
        return self.ranks.agree(-1.0 if self._stopping else progress)

    def _step(self, pixels: Tensor, labels: Tensor, progress: float) -> tuple[float, float]:
        """One step of the optimiser; returns the contrastive and the ArcFace loss."""
        settings = self.settings
        for group in self.optimizer.param_groups:
            group["lr"] = settings.schedule.learning_rate_at(progress)
        self.model.train()
        images = pixels.float().contiguous(memory_format=torch.channels_last)
        # bfloat16 has the range of float32, so that it needs no scaling of the loss.
        with torch.autocast("cpu", dtype=torch.bfloat16):
            embeddings = self.model(images)
        contrastive = supervised_contrastive(embeddings, labels, settings.temperature)
        arcface = self.arcface(embeddings, labels, settings.schedule.margin_at(progress))
        values = float(contrastive.detach()), float(arcface.detach())
        self._check_finite(values)
        self.optimizer.zero_grad(set_to_none=True)
        (contrastive + settings.arcface_weight * arcface).backward()
        self.ranks.average_gradients([*self.model.parameters(), *self.arcface.parameters()])
        nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip_norm)
        self.optimizer.step()
        self.average.update(self.model, self.clock.step)
        self.clock.step += 1
        return values

    def _check_finite(self, losses: tuple[float, float]) -> None:
        if not all(math.isfinite(loss) for loss in losses):
            raise TrainingError(
                f"the loss is not finite at step {self.clock.step} (contrastive {losses[0]}, ArcFace {losses[1]}); the "
                f"last checkpoint is in {self.folder}: start again with a lower learning rate"
            )

    def _report(self, losses: list[tuple[float, float]], images_per_s: float, progress: float) -> None:
        if self.ranks.rank != 0:
            return
        contrastive, arcface = (sum(values) / len(values) for values in zip(*losses, strict=True))
        elapsed = self.clock.elapsed_s
        entry = {
            "step": self.clock.step,
            "progress": round(progress, 4),
            "contrastive": round(contrastive, 4),
            "arcface": round(arcface, 4),
            "learning_rate": float(f"{self.optimizer.param_groups[0]['lr']:.3g}"),
            "images_per_s": round(images_per_s, 1),
            "elapsed_s": round(elapsed),
            "eta_s": round(elapsed / progress - elapsed) if progress else None,
        }
        append_history(self.folder, entry)

    def _checkpoint(self, measure: Measure | None) -> None:
        if self.ranks.rank != 0:
            return
        state = {
            "settings": {"model": self.settings.model.to_json()},
            "model": self.model.state_dict(),
            "average": self.average.model.state_dict(),
            "arcface": self.arcface.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rng": torch.get_rng_state(),
            "step": self.clock.step,
            "elapsed_s": self.clock.elapsed_s,
            "imprinted": self._imprinted,
        }
        save_checkpoint(self.folder / FILE, state)
        if measure is not None:
            append_history(self.folder, {"step": self.clock.step, **measure(self.average.model)})

    @contextmanager
    def _stopped_by_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT end the loop after the current step."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            self._stopping = True

        previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def _parameter_groups(model: nn.Module, loss: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Matrices and kernels decay; biases, scales and the centres of the classes do not."""
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2] + list(loss.parameters())
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
