"""The phases of a recipe: first the teacher's, then the student's."""

from functools import partial
from pathlib import Path
from typing import Any

import torch

from training.data.references import References
from training.distillation.objective import DistillationObjective, DistillationWeights
from training.embedding.loss import ArcFace
from training.embedding.phases import MakeRun
from training.embedding.recipes import Recipe, Stage, TeacherPhase
from training.embedding.teaching import TeacherObjective
from training.engine.checkpoint import load_checkpoint
from training.engine.precision import Precision
from training.engine.runs import Run
from training.errors import TrainingError
from training.networks.families.shapes import shape_named
from training.networks.model import CardEmbedder, ModelSettings
from training.networks.teacher import Teacher, load_teacher, published_teacher
from training.parallel.ranks import Ranks


def teacher_phases(recipe: Recipe, references: References, ranks: Ranks, make: MakeRun) -> list[Run]:
    """How the teacher of a recipe learns these cards.

    Args:
        recipe: to follow.
        references: the cards to learn.
        ranks: the processes that share the work.
        make: makes the run of a phase.
    """
    return [make(phase, partial(_taught, recipe, phase, references, ranks)) for phase in recipe.teacher.phases]


def student_phases(recipe: Recipe, teacher: Path, references: References, ranks: Ranks, make: MakeRun) -> list[Run]:
    """How the student of a recipe learns these cards from the teacher of a checkpoint.

    Args:
        recipe: to follow.
        teacher: checkpoint of the teacher.
        references: the cards to learn.
        ranks: the processes that share the work.
        make: makes the run of a stage.

    Raises:
        TrainingError: if there is no such student, or the checkpoint is not that of a teacher of these cards.
    """
    shape = shape_named(recipe.student.shape)
    _check_teacher(teacher, references)
    return [
        make(stage, partial(_distilled, recipe, stage, shape, teacher, ranks.device)) for stage in recipe.student.stages
    ]


def first_distillation(
    shape: ModelSettings,
    teacher: Path,
    weights: DistillationWeights,
    device: torch.device,
    precision: Precision = "bf16",
    published: str | None = None,
) -> DistillationObjective:
    """A new student that learns from a teacher; its class centres start as the teacher's.

    Args:
        shape: of the student.
        teacher: checkpoint of the teacher.
        weights: of the loss.
        device: that both are on.
        precision: that both compute in.
        published: weights that the student's backbone starts with; None for random ones.

    Raises:
        TrainingError: if teacher and student do not fit together, or weights cannot be had.
    """
    student = CardEmbedder(shape)
    if published is not None:
        student.load_backbone(published)
    frozen = _frozen(teacher, device)
    centres = ArcFace.from_state(frozen[1].state_dict(), frozen[1].scale)
    return DistillationObjective(student, centres, frozen, weights, precision)


def load_student(path: Path) -> tuple[CardEmbedder, dict[str, Any]]:
    """The averaged student of a checkpoint, and the state of its class centres.

    Raises:
        TrainingError: if it is not the checkpoint of a student.
    """
    state = load_checkpoint(path)
    if "model" not in state["settings"]:
        raise TrainingError(f"{path} is not the checkpoint of a student")
    student = CardEmbedder(ModelSettings.from_json(state["settings"]["model"]))
    student.load_state_dict(state["average"])
    prefix = "arcface."
    return student, {k.removeprefix(prefix): v for k, v in state["trained"].items() if k.startswith(prefix)}


def _taught(
    recipe: Recipe, phase: TeacherPhase, references: References, ranks: Ranks, previous: Path | None
) -> TeacherObjective:
    given = recipe.teacher
    if previous is None:
        shape = {"dimension": given.dimension, "dropout": given.dropout, "height": given.height, "width": given.width}
        teacher = published_teacher(given.weights, **shape)
        arcface = ArcFace(2 * references.classes, given.dimension, given.scale)
    else:
        teacher, arcface = load_teacher(previous)
    teacher.train_last(phase.blocks)
    return TeacherObjective(teacher, arcface, references, ranks, margin=given.margin, precision=recipe.precision)


def _distilled(
    recipe: Recipe, stage: Stage, shape: ModelSettings, teacher: Path, device: torch.device, previous: Path | None
) -> DistillationObjective:
    weights = DistillationWeights(**stage.model_dump(include=set(DistillationWeights.__dataclass_fields__)))
    if previous is None:
        return first_distillation(shape, teacher, weights, device, recipe.precision, recipe.student.weights)
    student, state = load_student(previous)
    frozen = _frozen(teacher, device)
    return DistillationObjective(student, ArcFace.from_state(state, frozen[1].scale), frozen, weights, recipe.precision)


def _frozen(teacher: Path, device: torch.device) -> tuple[Teacher, ArcFace]:
    taught, centres = load_teacher(teacher)
    return taught.to(device), centres.to(device).requires_grad_(requires_grad=False)


def _check_teacher(path: Path, references: References) -> None:
    _, arcface = load_teacher(path)
    if len(arcface.centres) != 2 * references.classes:
        raise TrainingError(
            f"the teacher {path} knows {len(arcface.centres) // 2} cards, these are {references.classes}: train it on "
            "the same cards"
        )
