"""A student that learns without a teacher: its run, from the options of the command or from a recipe."""

import argparse
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from training.augmentation import AugmentationSettings
from training.data.batches import BatchShape, TrainingBatches
from training.data.cards import Cards
from training.embedding.contrastive import ContrastiveObjective, ContrastiveSettings
from training.embedding.recipes import AloneRecipe, Recipe
from training.embedding.runs import card_batches, describe_card_run, held_out_measure, recipe_settings
from training.engine.objective import Objective
from training.engine.runs import Run
from training.engine.schedule import Budget, Margin, Schedule
from training.engine.settings import RunSettings
from training.networks.beginnings import go_on_from
from training.networks.lineage import BEGUN_WITH, lineage_of
from training.networks.model import CardEmbedder, ModelSettings
from training.parallel.ranks import Ranks

log = logging.getLogger(__name__)

BATCH_CARDS = 40
# chosen: training pictures from which a student that goes on from an exported one takes what it normalises.
_STATISTICS_CARDS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """How a student learns without a teacher.

    Attributes:
        settings: of the run.
        objective: what it learns.
        augmentation: how its cards are disturbed.
        file: of the student that it goes on from.
        backbone: published weights that its backbone begins with, where there is no such file.
    """

    settings: RunSettings
    objective: ContrastiveSettings
    augmentation: AugmentationSettings
    file: Path | None
    backbone: str | None = None


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


def alone_by_options(args: argparse.Namespace, model: ModelSettings, file: Path | None, ranks: Ranks) -> Alone:
    """As the options of the command say; a student that has learnt cards has its class centres placed at once."""
    objective = ContrastiveSettings(model=model)
    return Alone(
        settings=run_settings(args, model, ranks.size),
        objective=objective if file is None else replace(objective, imprint_at=0.0),
        augmentation=AugmentationSettings(),
        file=file,
        backbone=args.weights if file is None else None,
    )


def alone_by_recipe(
    args: argparse.Namespace, recipe: Recipe, alone: AloneRecipe, model: ModelSettings, file: Path | None, ranks: Ranks
) -> Alone:
    """As a recipe says."""
    settings = recipe_settings(
        args,
        recipe,
        ranks,
        (model.height, model.width),
        Schedule(learning_rate=alone.learning_rate, warm_up=alone.warm_up),
        Budget(steps=alone.steps),
    )
    objective = ContrastiveSettings(
        model=model,
        margin=Margin(radians=alone.margin),
        arcface_weight=alone.arcface_weight,
        imprint_at=alone.imprint_at,
        temperature=alone.temperature,
    )
    return Alone(
        settings=settings,
        objective=objective,
        augmentation=recipe.disturbances,
        file=file,
        backbone=recipe.student.weights if file is None else None,
    )


def alone_run(args: argparse.Namespace, alone: Alone, cards: Cards, ranks: Ranks) -> Run:
    """The run of such a student.

    Args:
        args: of the command.
        alone: how it learns.
        cards: to learn and to measure on.
        ranks: the processes that share the work.
    """
    model, settings = alone.objective.model, alone.settings
    description = describe_card_run(
        args, cards.learnt, ranks, settings, alone.augmentation, objective=asdict(alone.objective)
    )
    begun = {} if alone.file is None else {BEGUN_WITH: lineage_of(alone.file)}

    def objective(_: Path | None) -> Objective:
        network = _beginning(alone, cards)
        return ContrastiveObjective(alone.objective, cards.learnt, ranks, settings.precision, network)

    return Run(
        folder=args.runs / args.name,
        description=description | begun,
        settings=settings,
        objective=objective,
        batches=card_batches(cards.learnt, alone.augmentation, settings),
        measure=held_out_measure(cards.held_out, model.height, model.width) if ranks.rank == 0 else None,
    )


def _beginning(alone: Alone, cards: Cards) -> CardEmbedder | None:
    model = alone.objective.model
    if alone.file is not None:
        size = BatchShape(cards=_STATISTICS_CARDS, views=1, height=model.height, width=model.width)
        log.info("disturbing %d cards, to go on from %s", _STATISTICS_CARDS, alone.file.name)
        pixels, _ = TrainingBatches(cards.learnt, alone.augmentation, size, alone.settings.seed)[0]
        return go_on_from(alone.file, pixels)
    if alone.backbone is not None:
        network = CardEmbedder(model)
        network.load_backbone(alone.backbone)
        return network
    return None
