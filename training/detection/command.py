"""`card-training detector`: trains one of the detector's networks on simulated scenes."""

import argparse
from pathlib import Path

import torch

from training.detection.objective import SUBJECTS, DetectorObjective
from training.detection.published import read_published
from training.detection.scenes import small_scenes
from training.detection.trained import TrainedDetector, read_detector
from training.engine.precision import fitting_precision
from training.engine.run_folder import check_startable
from training.engine.runs import Run, carry_out, describe_run, started
from training.engine.schedule import Budget, Schedule
from training.engine.settings import RunSettings
from training.errors import TrainingError
from training.networks.statistics import with_statistics

SCENE_PX = 448
LEARNING_RATE = 2e-3
STATISTICS_BATCHES = 8


def run(args: argparse.Namespace) -> int:
    """Train, or go on with a run that was stopped; returns the exit code.

    Raises:
        ScannerError: if the run cannot start or go on.
    """
    subject = SUBJECTS[args.network]
    beginning = _beginning(args.weights, args.network)
    with started(args) as ranks:
        settings = run_settings(args, ranks.size)
        description = describe_run(args, ranks, settings, network=args.network, scenes=args.scenes)
        if beginning is not None:
            description["begun_with"] = beginning.description
        if ranks.rank == 0:
            check_startable(args.runs / args.name, description, resume=args.resume)
        scenes = ranks.first_then_others(lambda: small_scenes(args.scenes, SCENE_PX, args.runs / "references"))
        batches = subject.batches(scenes, settings.batch, settings.seed)
        network = subject.network() if beginning is None else beginning.network
        if _is_published(args.weights):
            with_statistics(network, torch.cat([pixels for pixels, _ in batches.loader(range(STATISTICS_BATCHES), 0)]))
        plan = Run(
            folder=args.runs / args.name,
            description=description,
            settings=settings,
            objective=lambda _: DetectorObjective(args.network, network, settings.precision),
            batches=lambda _: batches,
        )
        carry_out(plan, ranks, resume=args.resume)
    return 0


def run_settings(args: argparse.Namespace, processes: int) -> RunSettings:
    """How both networks are trained."""
    return RunSettings(
        batch=SUBJECTS[args.network].shape,
        batches_per_step=args.batches or processes,
        schedule=Schedule(learning_rate=LEARNING_RATE),
        budget=Budget(steps=args.steps, minutes=args.minutes),
        seed=args.seed,
        weight_decay=0.01,
        ema_decay=0.998,
        clip_norm=5.0,
        precision=fitting_precision(),
        workers=args.workers,
    )


def _beginning(weights: Path | None, subject: str) -> TrainedDetector | None:
    """The run whose weights this one begins with; None for random ones.

    Raises:
        TrainingError: if it is unusable, or of another network.
    """
    if weights is None:
        return None
    beginning = read_published(weights) if _is_published(weights) else read_detector(weights)
    if beginning.description["network"] != subject:
        raise TrainingError(f"{weights} is of the network {beginning.description['network']}, not of {subject}")
    return beginning


def _is_published(weights: Path | None) -> bool:
    return weights is not None and weights.suffix == ".onnx"
