"""Runs that follow each other, each starting from what the one before it left."""

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.data.cards import Cards
from training.embedding.recipes import PhaseRecipe, Recipe
from training.embedding.runs import card_batches, describe_card_run, held_out_measure, recipe_settings
from training.engine import checkpoint
from training.engine.run_folder import RUN_FILE, check_same_run, how_it_ended
from training.engine.runs import MakeObjective, Run, carry_out
from training.engine.schedule import Budget, Schedule
from training.networks.lineage import BEGUN_WITH, lineage_of
from training.parallel.ranks import Ranks

MakeRun = Callable[[PhaseRecipe, MakeObjective], Run]


def carry_out_phases(phases: Sequence[Run], ranks: Ranks, *, resume: bool) -> Path | None:
    """Carry out runs one after the other.

    Args:
        phases: in their order.
        ranks: the processes that share the work.
        resume: leave out finished runs and go on with the one that was stopped.

    Returns:
        The checkpoint of the last run; None if one was stopped.

    Raises:
        ScannerError: if a run cannot start or go on, or a finished one was of other cards or settings.
    """
    previous: Path | None = None
    for phase in phases:
        run = phase
        if resume and how_it_ended(run.folder) == "finished":
            check_same_run(run.folder / RUN_FILE, run.description)
        else:
            if previous is not None:
                run = replace(run, description=run.description | {BEGUN_WITH: lineage_of(previous)})
            begun = ranks.agree(resume and (run.folder / checkpoint.FILE).exists())
            if not carry_out(run, ranks, resume=bool(begun), previous=previous):
                return None
        previous = run.folder / checkpoint.FILE
    return previous


def run_maker(
    args: argparse.Namespace,
    recipe: Recipe,
    cards: Cards,
    ranks: Ranks,
    sizes: Sequence[tuple[int, int]],
    **described: Any,  # noqa: ANN401
) -> MakeRun:
    """Makes the runs of a recipe with the options of a command.

    Args:
        args: of the command.
        recipe: to follow.
        cards: to learn and to measure on.
        ranks: the processes that share the work.
        sizes: height and width of the inputs of all networks at work, first of the one that learns.
        described: what `run.json` says of the settings beside the recipe.
    """
    height, width = sizes[0]
    measure = held_out_measure(cards.held_out, height, width) if ranks.rank == 0 else None

    def make(phase: PhaseRecipe, objective: MakeObjective) -> Run:
        settings = recipe_settings(
            args,
            recipe,
            ranks,
            (max(size[0] for size in sizes), max(size[1] for size in sizes)),
            Schedule(learning_rate=phase.learning_rate, warm_up=min(0.9, phase.warm_up_epochs / phase.epochs)),
            Budget(steps=steps_of(phase, recipe, len(cards.learnt.labels), args.batches or ranks.size)),
        )
        return Run(
            folder=args.runs / args.name / phase.name,
            description=describe_card_run(
                args,
                cards.learnt,
                ranks,
                settings,
                recipe.disturbances,
                recipe=recipe.described(),
                **described,
            ),
            settings=settings,
            objective=objective,
            batches=card_batches(cards.learnt, recipe.disturbances, settings),
            measure=measure,
        )

    return make


def steps_of(phase: PhaseRecipe, recipe: Recipe, images: int, batches_per_step: int) -> int:
    """Steps of a phase in which each of `images` cards is shown either way up in every epoch."""
    return math.ceil(phase.epochs * 2 * images / (recipe.cards * batches_per_step))
