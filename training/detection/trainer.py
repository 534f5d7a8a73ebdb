"""Trains the detector's networks on simulated scenes."""

import argparse
import json
import logging
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from edge.errors import ConfigurationError
from training.detection.batches import SceneBatches
from training.detection.loss import distance_loss, score_loss
from training.detection.model import OutlineNetwork
from training.detection.scenes import SmallScenes, small_scenes
from training.detection.side_batches import SideBatches
from training.detection.side_loss import side_loss
from training.detection.side_model import SideNetwork
from training.engine.checkpoint import FILE, load_checkpoint, save_checkpoint
from training.engine.ema import AveragedModel
from training.engine.history import append_history
from training.engine.schedule import Budget, Schedule
from training.errors import TrainingError
from training.parallel.ranks import Ranks, join_ranks

SCENE_PX = 448
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 0.01
EMA_DECAY = 0.998
CLIP_NORM = 5.0
LOG_EVERY_STEPS = 50
SAVE_EVERY_S = 240.0
DISTANCE_WEIGHT = 2.0

log = logging.getLogger(__name__)

Batch = list[Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is trained.

    Attributes:
        network: makes it with random weights.
        batches: makes the data set of batches from scenes and the seed.
        losses: of a network for a batch; what is minimised is their sum.
    """

    network: Callable[[], nn.Module]
    batches: Callable[[SmallScenes, int], Dataset[Any]]
    losses: Callable[[nn.Module, Batch], dict[str, Tensor]]


def outline_losses(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Of an `OutlineNetwork` for a batch of `SceneBatches`."""
    pixels, score, distances, weight, certain = batch
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits, predicted = network(pixels.float().contiguous(memory_format=torch.channels_last))
    outline = DISTANCE_WEIGHT * distance_loss(predicted, distances, weight)
    return {"score": score_loss(logits[:, 0], score, certain), "outline": outline}


def side_losses(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Of a `SideNetwork` for a batch of `SideBatches`."""
    views, positions = batch
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(views.float().contiguous(memory_format=torch.channels_last))
    return {"sides": side_loss(logits, positions)}


SUBJECTS = {
    "outline": Subject(
        network=OutlineNetwork,
        batches=lambda scenes, seed: SceneBatches(scenes, images=16, size_px=224, seed=seed),
        losses=outline_losses,
    ),
    "sides": Subject(
        network=SideNetwork,
        batches=lambda scenes, seed: SideBatches(scenes, views=32, seed=seed),
        losses=side_losses,
    ),
}


def run(args: argparse.Namespace) -> int:
    """Train for the time given; returns the exit code.

    Raises:
        ScannerError: if the run cannot start.
    """
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr, force=True)
    ranks = join_ranks()
    subject = SUBJECTS[args.network]
    folder: Path = args.runs / args.name
    if (folder / FILE).exists() != args.resume:
        held = "holds no run to resume" if args.resume else "holds a run already; choose another --name, or --resume it"
        raise ConfigurationError(f"{folder} {held}")
    folder.mkdir(parents=True, exist_ok=True)
    scenes = small_scenes(args.scenes, SCENE_PX, args.runs / "references")
    description: dict[str, Any] = {
        "command": shlex.join(["card-training", *sys.argv[1:]]),
        "network": args.network,
        "data": f"{args.scenes} simulated scenes of training cards",
        "seed": args.seed,
        "processes": ranks.size,
    }
    if args.weights:
        description["begun_with"] = _described(args.weights)
    trainer = DetectionTrainer(folder, ranks, description, subject)
    if args.resume:
        trainer.resume()
    elif args.weights:
        trainer.start_from(args.weights)
    trainer.train(subject.batches(scenes, args.seed), Budget(minutes=args.minutes), args.workers)
    return 0


def _described(checkpoint: Path) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads(checkpoint.with_name("run.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as cause:
        raise TrainingError(f"{checkpoint} has no readable run.json beside it, which says how it was made") from cause
    return said


class DetectionTrainer:
    """One run: the network, the average of it, its optimiser."""

    def __init__(self, folder: Path, ranks: Ranks, description: dict[str, Any], subject: Subject) -> None:
        """Set up a run from the start, with random weights; `description` holds the seed."""
        torch.manual_seed(description["seed"])
        self.folder = folder
        self.ranks = ranks
        self.description = description
        self.losses = subject.losses
        self.model = subject.network().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = AveragedModel(self.model, EMA_DECAY)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), weight_decay=WEIGHT_DECAY)
        self.schedule = Schedule(learning_rate=LEARNING_RATE)
        self.step = 0
        self.elapsed_s = 0.0

    def resume(self) -> None:
        """Go on from the checkpoint in the folder.

        Raises:
            TrainingError: if it is missing or damaged.
        """
        state = load_checkpoint(self.folder / FILE)
        self.model.load_state_dict(state["model"])
        self.average.model.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.elapsed_s = state["step"], state["elapsed_s"]

    def start_from(self, checkpoint: Path) -> None:
        """Take the averaged weights of another run instead of random ones.

        Raises:
            TrainingError: if it is missing, damaged or of another network.
        """
        weights = load_checkpoint(checkpoint)["average"]
        try:
            self.model.load_state_dict(weights)
        except RuntimeError as cause:
            raise TrainingError(f"{checkpoint} is of another network; give one of the same kind") from cause
        self.average = AveragedModel(self.model, EMA_DECAY)

    def train(self, batches: Dataset[Any], budget: Budget, workers: int = 1) -> None:
        """Train to the end of the budget; a checkpoint is left in the folder every few minutes and at the end."""
        saved = logged = before = time.monotonic()
        told: list[dict[str, float]] = []
        numbers = range(self.step * self.ranks.size + self.ranks.rank, 2**40, self.ranks.size)
        loader = DataLoader(
            batches, batch_size=None, sampler=numbers, num_workers=workers, prefetch_factor=4 if workers else None
        )
        for batch in loader:
            now = time.monotonic()
            self.elapsed_s, before = self.elapsed_s + now - before, now
            progress = self.ranks.agree(budget.progress(self.step, self.elapsed_s))
            if progress >= 1:
                break
            told.append(self._step(batch, progress))
            if self.ranks.rank == 0 and len(told) == LOG_EVERY_STEPS:
                speed = LOG_EVERY_STEPS * len(batch[0]) * self.ranks.size / (now - logged)
                self._report(told, progress, speed)
                told, logged = [], now
            if self.ranks.rank == 0 and now - saved > SAVE_EVERY_S:
                self._save()
                saved = now
        if self.ranks.rank == 0:
            self._save()

    def _step(self, batch: Batch, progress: float) -> dict[str, float]:
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.learning_rate_at(progress)
        self.model.train()
        losses = self.losses(self.model, batch)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack(list(losses.values())).sum())
        self.ranks.average_gradients(self.model.parameters())
        nn.utils.clip_grad_norm_(self.model.parameters(), CLIP_NORM)
        self.optimizer.step()
        self.average.update(self.model, self.step)
        self.step += 1
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _report(self, told: list[dict[str, float]], progress: float, speed: float) -> None:
        means = {name: sum(each[name] for each in told) / len(told) for name in told[0]}
        entry = {"step": self.step, "progress": progress, **means, "images_per_s": speed}
        append_history(self.folder, {key: round(value, 4) for key, value in entry.items()})

    def _save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "average": self.average.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "elapsed_s": self.elapsed_s,
        }
        save_checkpoint(self.folder / FILE, state)
        said = self.description | {"steps": self.step, "minutes": round(self.elapsed_s / 60, 1)}
        (self.folder / "run.json").write_text(json.dumps(said, indent=2))
