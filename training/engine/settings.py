"""How a training run goes, whatever it learns."""

from dataclasses import dataclass

from training.data.batches import BatchShape
from training.engine.precision import Precision
from training.engine.schedule import Budget, Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Everything that decides how a run goes, but for what it learns and from which pictures.

    Attributes:
        batch: its images have the size of the network's input.
        batches_per_step: that make up one step of the optimiser, shared out over the processes.
        schedule: of the learning rate.
        budget: when the run ends.
        seed: of weights, order and augmentation.
        precision: that networks compute in.
        weight_decay: of matrices and kernels.
        ema_decay: of the averaged weights.
        clip_norm: largest norm of the network's gradient.
        workers: processes that make batches, for each training process.
        checkpoint_every_s: seconds between checkpoints, at most. They come sooner at the start, see
            `Progress.checkpoint_is_due`.
        checkpoint_every_steps: a checkpoint is also written whenever so many steps are done; None for never.
        log_every_steps: steps between lines of the history, at most; there is also one after the first step, and ten
            seconds after the last.
        patience: measurements in a row that are no better than the best before them, after which the run ends; None
            for never.
    """

    batch: BatchShape
    schedule: Schedule
    budget: Budget
    batches_per_step: int = 1
    seed: int = 0
    precision: Precision = "bf16"
    weight_decay: float = 0.05
    ema_decay: float = 0.995
    clip_norm: float = 2.0
    workers: int = 1
    checkpoint_every_s: float = 300.0
    checkpoint_every_steps: int | None = None
    log_every_steps: int = 25
    patience: int | None = None
