"""What all runs that learn embeddings have in common: their cards, how they are described and measured."""

import argparse
import logging
from dataclasses import asdict
from functools import partial
from typing import Any

from torch import nn

from training.augmentation import AugmentationSettings
from training.data.batches import batches_for
from training.data.references import References
from training.embedding.retrieval import disturbed_queries, measure_retrieval, torch_embedding
from training.engine.history import VALIDATION
from training.engine.runs import MakeBatches, describe_run
from training.engine.settings import RunSettings
from training.engine.trainer import Measure
from training.parallel.ranks import Ranks

HELD_OUT_QUERIES = 300

log = logging.getLogger(__name__)


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
