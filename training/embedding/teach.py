"""`card-training teacher`: trains the large network that students learn from."""

import argparse
from functools import partial

from edge.errors import ConfigurationError
from training.data.cards import open_cards
from training.distillation.stages import teacher_phases
from training.embedding.phases import carry_out_phases, run_maker
from training.embedding.recipes import read_recipe
from training.engine.checkpoint import FILE
from training.engine.runs import started
from training.networks.weights import published_folder


def run(args: argparse.Namespace) -> int:
    """Train, or go on with a teacher that was stopped; returns the exit code.

    Raises:
        ScannerError: if the run cannot start or go on.
    """
    recipe = read_recipe(args.recipe)
    if recipe.teacher is None:
        raise ConfigurationError(
            f"the recipe {args.recipe} has no teacher of its own: it is for card-training student --teacher"
        )
    with started(args) as ranks:
        if not (args.runs / args.name / recipe.teacher.phases[0].name / FILE).exists():
            ranks.first_then_others(partial(published_folder, recipe.teacher.weights))
        cards = open_cards(args.cards, args.metadata, args.runs / "references", ranks)
        make = run_maker(args, recipe, cards, ranks, [(recipe.teacher.height, recipe.teacher.width)])
        phases = teacher_phases(recipe.teacher, recipe.precision, cards.learnt, ranks, make)
        carry_out_phases(phases, ranks, resume=args.resume)
    return 0
