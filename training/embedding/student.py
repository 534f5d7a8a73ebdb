"""`card-training student`: trains the embedding network that the scanner runs, alone or from a teacher."""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

from edge.errors import ConfigurationError
from edge.manifests import file_sha256
from training.data.cards import Cards, open_cards
from training.distillation.stages import student_phases
from training.distillation.teachers import open_teacher
from training.embedding.alone import alone_by_options, alone_by_recipe, alone_run
from training.embedding.phases import carry_out_phases, run_maker
from training.embedding.recipes import Recipe, read_recipe
from training.engine.runs import carry_out, started
from training.networks.beginnings import shape_of, student_file
from training.networks.families.shapes import DEMO, shape_named
from training.networks.lineage import TAUGHT_BY, lineage_of
from training.networks.model import ModelSettings
from training.networks.weights import published_folder
from training.parallel.ranks import Ranks


def run(args: argparse.Namespace) -> int:
    """Train, or go on with a run that was stopped; returns the exit code.

    Raises:
        ScannerError: if the run cannot start or go on.
    """
    recipe = None if args.recipe is None else _with_options(read_recipe(args.recipe), args)
    _check_options(args, recipe)
    with started(args) as ranks:
        if recipe is None or recipe.student.alone is not None:
            _learn_alone(args, recipe, ranks)
        else:
            _learn_from_teacher(args, recipe, ranks)
    return 0


def _learn_alone(args: argparse.Namespace, recipe: Recipe | None, ranks: Ranks) -> None:
    weights = args.weights if recipe is None else recipe.student.weights
    file = _find(weights, ranks)
    shape = args.shape if recipe is None else recipe.student.shape
    model = _shape(shape, file)
    if recipe is None or recipe.student.alone is None:
        alone = alone_by_options(args, model, file, ranks)
    else:
        alone = alone_by_recipe(args, recipe, recipe.student.alone, model, file, ranks)
    cards = _cards(args, ranks, templates=alone.settings.batch.alike > 1)
    carry_out(alone_run(args, alone, cards, ranks), ranks, resume=args.resume)


def _shape(name: str | None, file: Path | None) -> ModelSettings:
    if file is None:
        return shape_named(name or DEMO)
    return shape_of(file, None if name is None else shape_named(name))


def _find(weights: str | None, ranks: Ranks) -> Path | None:
    """The file of the student to begin with, if it is one; published weights are fetched now, not after the cards."""
    file = None if weights is None else student_file(weights)
    if weights is not None and file is None:
        ranks.first_then_others(partial(published_folder, weights))
    return file


def _cards(args: argparse.Namespace, ranks: Ranks, *, templates: bool = False) -> Cards:
    return open_cards(args.cards, args.metadata, args.runs / "references", ranks, templates=templates)


def _learn_from_teacher(args: argparse.Namespace, recipe: Recipe, ranks: Ranks) -> None:
    lineage = {TAUGHT_BY: lineage_of(args.teacher)}
    model = _shape(recipe.student.shape, _find(recipe.student.weights, ranks))
    cards = _cards(args, ranks, templates=recipe.hard_negatives > 1)
    teacher = open_teacher(args.teacher, cards.learnt, ranks)
    sizes = [(model.height, model.width), teacher.input_size]
    make = run_maker(args, recipe, cards, ranks, sizes, teacher=file_sha256(args.teacher))
    phases = student_phases(recipe, model, teacher, cards.learnt, make)
    runs = [replace(phase, description=phase.description | lineage) for phase in phases]
    carry_out_phases(runs, ranks, resume=args.resume)


def _with_options(recipe: Recipe, args: argparse.Namespace) -> Recipe:
    if args.shape is not None:
        recipe = recipe.with_student(args.shape)
    return recipe if args.weights is None else recipe.with_weights(args.weights)


def _check_options(args: argparse.Namespace, recipe: Recipe | None) -> None:
    length = args.minutes is not None or args.steps is not None
    if recipe is None and not length:
        raise ConfigurationError("say how long to train: --minutes or --steps, or a --recipe, which has its own length")
    if recipe is None and args.teacher is not None:
        raise ConfigurationError("to learn from a --teacher, name a --recipe too, such as --recipe distillation")
    if recipe is not None and recipe.student.alone is not None and (length or args.teacher is not None):
        raise ConfigurationError(
            f"the recipe {args.recipe} has its own length, and its student learns without --teacher"
        )
    if recipe is not None and recipe.student.alone is None and (length or args.teacher is None):
        raise ConfigurationError(
            f"the recipe {args.recipe} has its own length, and needs --teacher, a checkpoint of card-training teacher "
            "or student"
        )
