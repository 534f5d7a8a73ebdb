"""`card-training student`: trains the embedding network that the scanner runs, alone or from a teacher."""

import argparse
from dataclasses import asdict, replace

from edge.errors import ConfigurationError
from edge.manifests import file_sha256
from training.augmentation import AugmentationSettings
from training.data.batches import BatchShape
from training.data.cards import Cards, open_cards
from training.distillation.stages import student_phases
from training.distillation.teachers import describe_teacher, open_teacher
from training.embedding.contrastive import ContrastiveObjective, ContrastiveSettings
from training.embedding.phases import carry_out_phases, run_maker
from training.embedding.recipes import Recipe, read_recipe
from training.embedding.runs import card_batches, describe_card_run, held_out_measure
from training.engine.runs import Run, carry_out, started
from training.engine.schedule import Budget, Schedule
from training.engine.settings import RunSettings
from training.networks.families.shapes import DEMO, shape_named
from training.networks.model import ModelSettings
from training.parallel.ranks import Ranks

BATCH_CARDS = 40


def run(args: argparse.Namespace) -> int:
    """Train, or go on with a run that was stopped; returns the exit code.

    Raises:
        ScannerError: if the run cannot start or go on.
    """
    _check_options(args)
    with started(args) as ranks:
        if args.recipe is None:
            _learn_alone(args, _cards(args, ranks), ranks)
        else:
            recipe = read_recipe(args.recipe)
            _learn_from_teacher(args, recipe, _cards(args, ranks, templates=recipe.hard_negatives > 1), ranks)
    return 0


def run_settings(args: argparse.Namespace, model: ModelSettings, processes: int) -> RunSettings:
    """The recipe of a student without a teacher, that of the demo model."""
    return RunSettings(
        batch=BatchShape(cards=BATCH_CARDS, height=model.height, width=model.width),
        batches_per_step=args.batches or processes,
        schedule=Schedule(learning_rate=args.learning_rate),
        budget=Budget(steps=args.steps, minutes=args.minutes),
        seed=args.seed,
        patience=args.patience,
    )


def _learn_alone(args: argparse.Namespace, cards: Cards, ranks: Ranks) -> None:
    objective = ContrastiveSettings(model=shape_named(args.shape or DEMO))
    model = objective.model
    settings = run_settings(args, model, ranks.size)
    plan = Run(
        folder=args.runs / args.name,
        description=describe_card_run(
            args, cards.learnt, ranks, settings, AugmentationSettings(), objective=asdict(objective)
        ),
        settings=settings,
        objective=lambda _: ContrastiveObjective(objective, cards.learnt, ranks, settings.precision),
        batches=card_batches(cards.learnt, AugmentationSettings(), settings),
        measure=held_out_measure(cards.held_out, model.height, model.width) if ranks.rank == 0 else None,
    )
    carry_out(plan, ranks, resume=args.resume)


def _cards(args: argparse.Namespace, ranks: Ranks, *, templates: bool = False) -> Cards:
    return open_cards(args.cards, args.metadata, args.runs / "references", ranks, templates=templates)


def _learn_from_teacher(args: argparse.Namespace, recipe: Recipe, cards: Cards, ranks: Ranks) -> None:
    if args.shape is not None:
        recipe = recipe.with_student(args.shape)
    model = shape_named(recipe.student.shape)
    teacher = open_teacher(args.teacher, cards.learnt, ranks)
    sizes = [(model.height, model.width), teacher.input_size]
    make = run_maker(args, recipe, cards, ranks, sizes, teacher=file_sha256(args.teacher))
    lineage = {"taught_by": describe_teacher(args.teacher)}
    phases = student_phases(recipe, teacher, cards.learnt, make)
    runs = [replace(phase, description=phase.description | lineage) for phase in phases]
    carry_out_phases(runs, ranks, resume=args.resume)


def _check_options(args: argparse.Namespace) -> None:
    length = args.minutes is not None or args.steps is not None
    if args.recipe is None and not length:
        raise ConfigurationError("say how long to train: --minutes or --steps, or a --recipe, which has its own length")
    if args.recipe is not None and (length or args.teacher is None):
        raise ConfigurationError(
            "a --recipe has its own length, and needs --teacher, a checkpoint of card-training teacher or student"
        )
    if args.recipe is None and args.teacher is not None:
        raise ConfigurationError("to learn from a --teacher, name a --recipe too, such as --recipe distillation")
