"""Trains the outline network on simulated scenes."""

import argparse
import json
import logging
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from edge.errors import ConfigurationError
from training.checkpoint import FILE, save_checkpoint
from training.detection.batches import SceneBatches
from training.detection.loss import distance_loss, score_loss
from training.detection.model import OutlineNetwork
from training.detection.scenes import small_scenes
from training.ema import AveragedModel
from training.history import append_history
from training.ranks import Ranks, join_ranks
from training.schedule import Budget, Schedule

IMAGES = 16
SIZE_PX = 224
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 0.01
EMA_DECAY = 0.998
CLIP_NORM = 5.0
LOG_EVERY_STEPS = 50
SAVE_EVERY_S = 240.0
DISTANCE_WEIGHT = 2.0

log = logging.getLogger(__name__)


def run(args: argparse.Namespace) -> int:
    """Train for the time given; returns the exit code.

    Raises:
        ScannerError: if the run cannot start.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr, force=True)
    ranks = join_ranks()
    folder: Path = args.runs / args.name
    if (folder / FILE).exists():
        raise ConfigurationError(f"{folder} holds a run already; choose another --name")
    folder.mkdir(parents=True, exist_ok=True)
    scenes = small_scenes(args.scenes, args.runs / "references")
    description = {
        "command": shlex.join(["card-training", *sys.argv[1:]]),
        "data": f"{args.scenes} simulated scenes of training cards",
        "seed": args.seed,
        "processes": ranks.size,
    }
    OutlineTrainer(folder, ranks, description, args.seed).train(
        SceneBatches(scenes, IMAGES, SIZE_PX, args.seed), Budget(minutes=args.minutes), args.workers
    )
    return 0


class OutlineTrainer:
    """One run: the network, the average of it, its optimiser."""

    def __init__(self, folder: Path, ranks: Ranks, description: dict[str, Any], seed: int) -> None:
        """Set up a run from the start, with random weights."""
        torch.manual_seed(seed)
        self.folder = folder
        self.ranks = ranks
        self.description = description
        self.model = OutlineNetwork().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = AveragedModel(self.model, EMA_DECAY)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), weight_decay=WEIGHT_DECAY)
        self.schedule = Schedule(learning_rate=LEARNING_RATE)
        self.step = 0

    def train(self, batches: SceneBatches, budget: Budget, workers: int = 1) -> None:
        """Train to the end of the budget; a checkpoint is left in the folder every few minutes and at the end."""
        started = saved = logged = time.monotonic()
        losses: list[tuple[float, float]] = []
        numbers = range(self.ranks.rank, 2**40, self.ranks.size)
        loader = DataLoader(
            batches, batch_size=None, sampler=numbers, num_workers=workers, prefetch_factor=4 if workers else None
        )
        for batch in loader:
            now = time.monotonic()
            progress = self.ranks.agree(budget.progress(self.step, now - started))
            if progress >= 1:
                break
            losses.append(self._step(batch, progress))
            if self.ranks.rank == 0 and len(losses) == LOG_EVERY_STEPS:
                speed = LOG_EVERY_STEPS * len(batch[0]) * self.ranks.size / (now - logged)
                self._report(losses, progress, speed)
                losses, logged = [], now
            if self.ranks.rank == 0 and now - saved > SAVE_EVERY_S:
                self._save(now - started)
                saved = now
        if self.ranks.rank == 0:
            self._save(time.monotonic() - started)

    def _step(self, batch: list[Tensor], progress: float) -> tuple[float, float]:
        pixels, score, distances, weight, certain = batch
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.learning_rate_at(progress)
        self.model.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits, predicted = self.model(pixels.float().contiguous(memory_format=torch.channels_last))
        where = score_loss(logits[:, 0], score, certain)
        outline = distance_loss(predicted, distances, weight)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(where + DISTANCE_WEIGHT * outline)
        self.ranks.average_gradients(self.model.parameters())
        nn.utils.clip_grad_norm_(self.model.parameters(), CLIP_NORM)
        self.optimizer.step()
        self.average.update(self.model, self.step)
        self.step += 1
        return float(where.detach()), float(outline.detach())

    def _report(self, losses: list[tuple[float, float]], progress: float, speed: float) -> None:
        where, outline = (sum(values) / len(values) for values in zip(*losses, strict=True))
        entry = {"step": self.step, "progress": progress, "score": where, "outline": outline, "images_per_s": speed}
        append_history(self.folder, {key: round(value, 4) for key, value in entry.items()})

    def _save(self, elapsed_s: float) -> None:
        state = {"average": self.average.model.state_dict(), "step": self.step, "elapsed_s": elapsed_s}
        save_checkpoint(self.folder / FILE, state)
        path = self.folder / "run.json"
        path.write_text(
            json.dumps(self.description | {"steps": self.step, "minutes": round(elapsed_s / 60, 1)}, indent=2)
        )
