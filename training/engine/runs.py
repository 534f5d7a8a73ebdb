"""Carries out a training run in its folder, from the start or from where it was stopped."""

import argparse
import logging
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from tqdm import tqdm

from training.engine import checkpoint
from training.engine.callbacks import Callback, drawing_curves, keeping_best, stopping_early
from training.engine.objective import Objective
from training.engine.progress import progress_bar
from training.engine.run_folder import RunFolder
from training.engine.settings import RunSettings
from training.engine.tensorboard import events_for_tensorboard
from training.engine.tracking import tracked
from training.engine.trainer import Batches, Measure, Trainer
from training.parallel.ranks import Ranks, join_ranks, leave_ranks

MakeObjective = Callable[[Path | None], Objective]
MakeBatches = Callable[[torch.device], Batches]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """A run that can be carried out.

    Attributes:
        folder: of the run.
        description: what `run.json` says of it.
        settings: how it goes.
        objective: makes what it learns, given the checkpoint of the run before it, if there is one; random weights
            come from torch's generator.
        batches: makes those it learns from, for the device that it learns on.
        measure: judges the averaged network at each checkpoint.
    """

    folder: Path
    description: dict[str, Any]
    settings: RunSettings
    objective: MakeObjective
    batches: MakeBatches
    measure: Measure | None = None


def carry_out(run: Run, ranks: Ranks, *, resume: bool, previous: Path | None = None) -> bool:
    """Train, or go on with a run that was stopped; returns whether it is finished.

    Raises:
        ScannerError: if the run cannot start or go on; `run.json` says so too.
    """
    first = ranks.rank == 0
    with RunFolder(run.folder, run.description, resume=resume) if first else nullcontext() as folder:
        torch.manual_seed(run.settings.seed)
        trainer = Trainer(run.objective(previous), run.batches(ranks.device), run.settings, run.folder, ranks)
        if resume:
            trainer.resume()
        log.info(
            "%s: training on %s from step %d, %s", run.folder, ranks.device, trainer.progress.step, run.settings.budget
        )
        with callbacks_of(run, trainer) if first else nullcontext(()) as callbacks:
            finished = trainer.train(run.measure if first else None, callbacks)
        if folder is not None:
            folder.end(finished=finished)
            log.info("%s: %s", "finished" if finished else "stopped, go on with --resume", run.folder / checkpoint.FILE)
    return finished


@contextmanager
def callbacks_of(run: Run, trainer: Trainer) -> Iterator[Sequence[Callback]]:
    """What happens beside the loop of a run, in its first process."""
    folder = run.folder
    with (
        progress_bar(trainer.progress.left_s, trainer.ranks.size) as show,
        tracked(folder, run.description) as mlflow,
        events_for_tensorboard(folder) as tensorboard,
    ):
        # The best is kept before a run may end for want of a better one.
        callbacks = [Callback(after_step=show), keeping_best(folder), drawing_curves(folder), mlflow, tensorboard]
        if run.settings.patience is not None:
            callbacks.append(stopping_early(folder, run.settings.patience))
        yield callbacks


@contextmanager
def started(args: argparse.Namespace) -> Iterator[Ranks]:
    """Prepare this process for training, and join the others that share the run."""
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    with _progress_on_stderr():
        try:
            yield join_ranks()
        finally:
            leave_ranks()


class _AboveBar(logging.Handler):
    """Writes what is logged to stderr, above the progress bar where there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        tqdm.write(self.format(record), file=sys.stderr)


@contextmanager
def _progress_on_stderr() -> Iterator[None]:
    """What is logged goes to stderr meanwhile, with the time."""
    root, output = logging.getLogger(), _AboveBar()
    output.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    previous = root.level
    root.addHandler(output)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(output)
        root.setLevel(previous)


def describe_run(args: argparse.Namespace, ranks: Ranks, settings: RunSettings, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """What `run.json` says of a run; `more` goes to its settings."""
    return {
        "command": shlex.join(["card-training", *sys.argv[1:]]),
        "processes": ranks.size,
        "device": str(ranks.device),
        "threads": args.threads,
        "settings": asdict(settings) | more,
        "versions": {"torch": torch.__version__, "numpy": np.__version__, "opencv": cv2.__version__},
    }
