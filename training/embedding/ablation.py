"""`card-training ablate`: the same short training again and again, each time without one of its parts."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from torch import nn

from training.augmentation import AugmentationSettings
from training.data.batches import BatchShape
from training.data.cards import Cards, open_cards
from training.distillation.objective import DistillationWeights
from training.distillation.stages import first_distillation
from training.embedding.contrastive import ContrastiveObjective, ContrastiveSettings
from training.engine import checkpoint
from training.engine.history import read_history
from training.engine.objective import Objective
from training.engine.run_folder import how_it_ended
from training.engine.runs import Run, carry_out, describe_run, held_out_measure, started
from training.engine.schedule import Budget, Schedule
from training.engine.settings import RunSettings
from training.engine.trainer import Measure
from training.networks.families import Family
from training.networks.families.shapes import shape_named
from training.networks.model import ModelSettings
from training.parallel.ranks import Ranks

TABLE = "ablation.md"
BATCH_CARDS = 40
# Divides the channels of every stage of the demo shape.
_GROUP_WIDTH = 8
HEAVY = AugmentationSettings(clean=0.0, heavy=1.0)

AUGMENTATION_FAMILIES: dict[str, tuple[str, ...]] = {
    "wrong corners": ("outline", "rotation", "perspective"),
    "foil": ("foil",),
    "sleeves": ("sleeve",),
    "glare and shadow": ("glare", "shadow"),
    "fingers and objects": ("fingers", "objects"),
    "colour and brightness": ("illumination", "greyscale", "low_light"),
    "blur": ("defocus", "motion"),
    "resolution, noise, compression": ("low_resolution", "noise", "compression"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One training of the study.

    Attributes:
        name: for the table.
        augmentation: how its cards are disturbed.
        arcface_weight: of the ArcFace loss, without a teacher.
        imprint_at: progress at which its centres are imprinted; over 1 for never.
        family: of its network.
        weights: of distillation; None to learn without a teacher.
    """

    name: str
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    arcface_weight: float = 0.2
    imprint_at: float = 0.2
    family: Family = "convnext"
    weights: DistillationWeights | None = None

    @property
    def folder(self) -> str:
        """Of its run."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.name)


def run(args: argparse.Namespace) -> int:
    """Train what is not trained yet, and write the table; returns the exit code.

    Raises:
        ScannerError: if a training cannot start or go on.
    """
    with started(args) as ranks:
        cards = open_cards(args.cards, args.metadata, args.runs / "references", ranks)
        measure = _measure(cards, shape_named(args.shape)) if ranks.rank == 0 else None
        rows = []
        for variant in variants(with_teacher=args.teacher is not None):
            plan = _plan(args, variant, cards, ranks, measure)
            if how_it_ended(plan.folder) != "finished":
                resume = bool(ranks.agree((plan.folder / checkpoint.FILE).exists()))
                if not carry_out(plan, ranks, resume=resume):
                    return 0
            rows.append((variant.name, read_history(plan.folder)[-1]))
            if ranks.rank == 0:
                (args.output / TABLE).write_text(table(rows), encoding="utf-8")
        if ranks.rank == 0:
            sys.stdout.write(table(rows))
    return 0


def variants(*, with_teacher: bool) -> list[Variant]:
    """Everything that is trained, the default first."""
    default = AugmentationSettings()
    changed = [Variant(name="default")]
    changed += [
        Variant(name=f"without {family}", augmentation=replace(default, **dict.fromkeys(fields, 0.0)))
        for family, fields in AUGMENTATION_FAMILIES.items()
    ]
    changed += [
        Variant(name="without any augmentation", augmentation=replace(default, clean=1.0)),
        Variant(name="without ArcFace", arcface_weight=0.0),
        Variant(name="without imprinting", imprint_at=2.0),
        Variant(name="ConvNeXt with batch normalisation and ReLU", family="convnext-batchnorm"),
        Variant(name="RegNetX", family="regnet-x"),
    ]
    return changed + (_distilled_variants() if with_teacher else [])


def table(rows: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """The outcomes as Markdown, each with its distance from the first."""
    first = rows[0][1]
    lines = [
        "| training | recall@1 | heavily disturbed | difference | true distance, median |",
        "|---|---|---|---|---|",
    ]
    for name, entry in rows:
        heavy = entry["heavy_recall_at_1"]
        lines.append(
            f"| {name} | {entry['recall_at_1']:.1%} | {heavy:.1%} | "
            f"{100 * (heavy - first['heavy_recall_at_1']):+.1f} | {entry['true_distance']:.3f} |"
        )
    return "\n".join(lines) + "\n"


def _distilled_variants() -> list[Variant]:
    whole = DistillationWeights()
    alone = replace(whole, feature=1.0, kl=0.0, attention=0.0, high_frequency=0.0)
    return [
        Variant(name="teacher, all terms", weights=whole),
        Variant(name="teacher, without features", weights=replace(whole, feature=0.0)),
        Variant(name="teacher, without class probabilities", weights=replace(whole, kl=0.0)),
        Variant(name="teacher, without attention", weights=replace(whole, attention=0.0)),
        Variant(name="teacher, without details of the logits", weights=replace(whole, high_frequency=0.0)),
        Variant(name="teacher, embedding regression alone", weights=alone),
        Variant(name="teacher, regression and relations", weights=replace(alone, feature=0.5, relational=0.5)),
        Variant(
            name="teacher, all terms and classification",
            weights=replace(whole, classification=0.3, distillation=0.7),
        ),
    ]


def _plan(args: argparse.Namespace, variant: Variant, cards: Cards, ranks: Ranks, measure: Measure | None) -> Run:
    shape = replace(shape_named(args.shape), family=variant.family, group_width=_GROUP_WIDTH)
    settings = RunSettings(
        batch=BatchShape(cards=BATCH_CARDS, height=shape.height, width=shape.width),
        batches_per_step=args.batches or ranks.size,
        schedule=Schedule(learning_rate=1e-3),
        budget=Budget(steps=args.steps),
        augmentation=variant.augmentation,
        seed=args.seed,
        ema_decay=0.98,
    )
    return Run(
        folder=args.output / variant.folder,
        description=describe_run(args, ranks, settings, variant=variant.name, shape=shape.to_json()),
        settings=settings,
        objective=_objective(args, variant, cards, ranks, shape),
        references=cards.learnt,
        measure=measure,
    )


def _objective(
    args: argparse.Namespace, variant: Variant, cards: Cards, ranks: Ranks, shape: ModelSettings
) -> Callable[[Path | None], Objective]:
    if variant.weights is not None:
        weights = variant.weights
        return lambda _: first_distillation(shape, args.teacher, weights, ranks.device)
    losses = ContrastiveSettings(model=shape, arcface_weight=variant.arcface_weight, imprint_at=variant.imprint_at)
    return lambda _: ContrastiveObjective(losses, cards.learnt, ranks)


def _measure(cards: Cards, model: ModelSettings) -> Measure:
    normal = held_out_measure(cards.held_out, model.height, model.width)
    heavy = held_out_measure(cards.held_out, model.height, model.width, HEAVY)

    def measure(network: nn.Module) -> dict[str, Any]:
        return {**normal(network), **{f"heavy_{key}": value for key, value in heavy(network).items()}}

    return measure
