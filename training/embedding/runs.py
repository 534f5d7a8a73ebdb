"""What all runs that learn embeddings have in common: their cards, how they are described and measured."""

import argparse
import logging
from dataclasses import asdict
from functools import partial
from typing import Any

from torch import nn

from training.augmentation import AugmentationSettings
from training.data.batches import BatchShape, batches_for
from training.data.references import References
from training.embedding.recipes import Recipe
from training.embedding.retrieval import disturbed_queries, measure_retrieval, torch_embedding
from training.engine.history import VALIDATION
from training.engine.runs import MakeBatches, describe_run
from training.engine.schedule import Budget, Schedule
from training.engine.settings import RunSettings
from training.engine.trainer import Measure
from training.parallel.ranks import Ranks

HELD_OUT_QUERIES = 300

log = logging.getLogger(__name__)


def recipe_settings(
    args: argparse.Namespace,
    recipe: Recipe,
    ranks: Ranks,
    size: tuple[int, int],
    schedule: Schedule,
    budget: Budget,
) -> RunSettings:
    """The settings of a run that follows a recipe, with the options of a command.

    Args:
        args: of the command.
        recipe: to follow.
        ranks: the processes that share the work.
        size: height and width of its pictures.
        schedule: of this run.
        budget: of this run.
    """
    height, width = size
    return RunSettings(
        batch=BatchShape(
            cards=recipe.cards, views=recipe.views, height=height, width=width, alike=recipe.hard_negatives
        ),
        batches_per_step=args.batches or ranks.size,
        schedule=schedule,
        budget=budget,
        seed=args.seed,
        precision=recipe.precision,
        ema_decay=recipe.ema_decay,
        workers=recipe.workers,
        checkpoint_every_s=recipe.checkpoint_every_s,
        checkpoint_every_steps=recipe.checkpoint_every_steps,
        log_every_steps=recipe.log_every_steps,
        patience=args.patience,
    )


def card_batches(references: References, augmentation: AugmentationSettings, settings: RunSettings) -> MakeBatches:
    """Makes the batches of a run that learns these cards."""
    return partial(
        batches_for, references=references, augmentation=augmentation, shape=settings.batch, seed=settings.seed
    )


def describe_card_run(
    args: argparse.Namespace,
    learnt: References,
    ranks: Ranks,
    settings: RunSettings,
    augmentation: AugmentationSettings,
    **more: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """What `run.json` says of a run that learns these cards; `more` goes to its settings."""
    return {
        "cards": args.cards if isinstance(args.cards, int) else str(args.cards),
        "card_labels": learnt.digest,
        **describe_run(args, ranks, settings, augmentation=asdict(augmentation), **more),
    }


def held_out_measure(held_out: References, height: int, width: int) -> Measure:
    """A function that measures a network with inputs of this size on cards it never sees in training.

    Args:
        held_out: the cards.
        height: of the input in pixels.
        width: of the input in pixels.
    """
    log.info("disturbing cards of %d held-out images, to measure on", len(held_out.labels))
    queries = disturbed_queries(held_out, AugmentationSettings(), HELD_OUT_QUERIES, (width, height))

    def measure(model: nn.Module) -> dict[str, Any]:
        found = measure_retrieval(torch_embedding(model, width, height), held_out, queries)
        return found.to_json() | {VALIDATION: found.margin_p5}

    return measure
