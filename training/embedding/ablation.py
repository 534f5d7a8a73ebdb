"""`card-training ablate embedding`: the same short training again and again, each time without one of its parts."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from edge.errors import ConfigurationError
from edge.manifests import file_sha256
from training.data.batches import BatchShape
from training.data.cards import Cards, open_cards
from training.data.references import References
from training.distillation.stages import first_distillation
from training.distillation.teachers import FrozenTeacher, open_teacher
from training.distillation.weights import DistillationWeights
from training.embedding.ablation_table import VariantOutcome, ablation_table
from training.embedding.contrastive import ContrastiveObjective, ContrastiveSettings
from training.embedding.retrieval import torch_embedding
from training.embedding.runs import card_batches, describe_card_run
from training.embedding.variants import Variant, variants
from training.engine.checkpoint import FILE as CHECKPOINT_FILE
from training.engine.checkpoint import load_checkpoint
from training.engine.objective import Objective
from training.engine.run_folder import RUN_FILE, check_same_run, how_it_ended
from training.engine.runs import Run, carry_out, started
from training.engine.schedule import Budget, Schedule
from training.engine.settings import RunSettings
from training.evaluation.condition_distances import (
    ConditionDistances,
    ConditionQueries,
    condition_distances,
    condition_queries,
)
from training.networks.families.shapes import shape_named
from training.networks.model import ModelSettings, student_of
from training.parallel.ranks import Ranks

TABLE, DISTANCES_FILE = "ablation.md", "distances.npz"
BATCH_CARDS = 40
# Confirmed crops tell trainings apart where nearly all crops have the right card nearest; a rate that a few thousand
# crops can show.
FALSE_ACCEPT_RATE = 0.005
# Divides the channels of every stage of the demo shape.
_GROUP_WIDTH = 8


def run(args: argparse.Namespace) -> int:
    """Train and measure what is not there yet, and write the table; returns the exit code.

    Raises:
        ScannerError: if a training cannot start or go on.
    """
    with started(args) as ranks:
        cards = open_cards(args.cards, args.metadata, args.runs / "references", ranks)
        teacher = None if args.teacher is None else open_teacher(args.teacher, cards.learnt, ranks)
        queries = _queries(args, cards) if ranks.rank == 0 else None
        outcomes = []
        for variant in variants(with_teacher=teacher is not None):
            plan = _plan(args, variant, cards, ranks, teacher)
            if not _trained(plan, ranks):
                return 0
            if queries is not None:
                outcomes.append(_outcome(variant, _distances(plan.folder, cards.held_out, queries, ranks)))
                (args.output / TABLE).write_text(ablation_table(outcomes, queries.conditions), encoding="utf-8")
        if ranks.rank == 0:
            sys.stdout.write((args.output / TABLE).read_text(encoding="utf-8"))
    return 0


def _queries(args: argparse.Namespace, cards: Cards) -> ConditionQueries:
    shape = shape_named(args.shape)
    args.output.mkdir(parents=True, exist_ok=True)
    return condition_queries(cards.held_out, args.queries, (shape.width, shape.height), args.output, args.workers)


def _trained(plan: Run, ranks: Ranks) -> bool:
    """Train, go on with a training that was stopped, or find a finished one; returns whether it is finished.

    Raises:
        ConfigurationError: if another study left a run of this name in the folder.
    """
    if how_it_ended(plan.folder) != "finished":
        return carry_out(plan, ranks, resume=bool(ranks.agree((plan.folder / CHECKPOINT_FILE).exists())))
    check_same_run(plan.folder / RUN_FILE, plan.description)
    steps = load_checkpoint(plan.folder / CHECKPOINT_FILE)["step"]
    if steps != plan.settings.budget.steps:
        raise ConfigurationError(
            f"the run in {plan.folder} has {steps} steps, not {plan.settings.budget.steps}; choose another --output"
        )
    return True


def _outcome(variant: Variant, distances: ConditionDistances) -> VariantOutcome:
    return VariantOutcome(
        name=variant.name,
        against=variant.against,
        recalled=distances.recalled(),
        confirmed=distances.confirmed(FALSE_ACCEPT_RATE),
    )


def _distances(folder: Path, held_out: References, queries: ConditionQueries, ranks: Ranks) -> ConditionDistances:
    """What a trained network makes of the queries, as it was measured before or as it is measured now."""
    measured = f"{file_sha256(folder / CHECKPOINT_FILE)} {queries.key}"
    path = folder / DISTANCES_FILE
    if path.exists():
        with np.load(path) as earlier:
            if str(earlier["measured"]) == measured:
                return ConditionDistances(own=earlier["own"], other=earlier["other"])
    network = student_of(load_checkpoint(folder / CHECKPOINT_FILE)).to(ranks.device)
    embed = torch_embedding(network, network.settings.width, network.settings.height)
    distances = condition_distances(embed, held_out, queries)
    np.savez(path, measured=measured, own=distances.own, other=distances.other)
    return distances


def _plan(args: argparse.Namespace, variant: Variant, cards: Cards, ranks: Ranks, teacher: FrozenTeacher | None) -> Run:
    shape = replace(shape_named(args.shape), family=variant.family, group_width=_GROUP_WIDTH)
    settings = RunSettings(
        batch=BatchShape(cards=BATCH_CARDS, height=shape.height, width=shape.width),
        batches_per_step=args.batches or ranks.size,
        schedule=Schedule(learning_rate=1e-3),
        budget=Budget(steps=args.steps),
        seed=args.seed + variant.seed_offset,
        ema_decay=0.98,
    )
    described = {"variant": variant.name, "shape": shape.to_json()}
    if variant.weights is not None:
        described |= {"teacher": str(args.teacher), "distillation": variant.weights.model_dump()}
    return Run(
        folder=args.output / variant.folder,
        description=describe_card_run(args, cards.learnt, ranks, settings, variant.augmentation, **described),
        settings=settings,
        objective=_objective(variant, cards, ranks, shape, teacher),
        batches=card_batches(cards.learnt, variant.augmentation, settings),
    )


def _objective(
    variant: Variant, cards: Cards, ranks: Ranks, shape: ModelSettings, teacher: FrozenTeacher | None
) -> Callable[[Path | None], Objective]:
    if teacher is not None and variant.weights is not None:
        return partial(_distilled, shape, teacher, variant.weights)
    losses = ContrastiveSettings(model=shape, arcface_weight=variant.arcface_weight, imprint_at=variant.imprint_at)
    return lambda _: ContrastiveObjective(losses, cards.learnt, ranks)


def _distilled(
    shape: ModelSettings, teacher: FrozenTeacher, weights: DistillationWeights, _previous: Path | None
) -> Objective:
    return first_distillation(shape, teacher, weights)
