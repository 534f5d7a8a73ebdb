"""The phases of a recipe: first the teacher's, then the student's."""

from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from training.augmentation import AugmentationSettings
from training.data.batches import BatchShape, TrainingBatches
from training.data.references import References
from training.distillation.objective import DistillationObjective
from training.distillation.reconstruction import reconstructed
from training.distillation.teachers import FrozenTeacher, check_same_cards
from training.distillation.weights import DistillationWeights
from training.embedding.loss import ArcFace
from training.embedding.phases import MakeRun
from training.embedding.recipes import Recipe, Stage, TeacherPhase, TeacherRecipe
from training.embedding.teaching import TeacherObjective
from training.engine.checkpoint import load_checkpoint
from training.engine.precision import Precision
from training.engine.runs import Run
from training.errors import TrainingError
from training.networks.beginnings import go_on_from, student_file
from training.networks.model import CardEmbedder, ModelSettings, student_of
from training.networks.statistics import with_statistics
from training.networks.teacher import published_teacher, teacher_of
from training.parallel.ranks import Ranks

# Pictures that a student is made over with. With 512, of which the last layers see 6,144 pixels for their 1,280 inputs,
# it came to a cosine of 0.97 to the teacher on these and of 0.92 on others.
_PICTURES = 1536
# chosen: those of them from which a student that starts as its teacher's copy takes the statistics of what it
# normalises; the widest of its feature maps then takes 126 MB.
_STATISTICS_PICTURES = 256


def teacher_phases(
    recipe: TeacherRecipe, precision: Precision, references: References, ranks: Ranks, make: MakeRun
) -> list[Run]:
    """How the teacher of a recipe learns these cards.

    Args:
        recipe: to follow.
        precision: that it computes in.
        references: the cards to learn.
        ranks: the processes that share the work.
        make: makes the run of a phase.
    """
    return [make(phase, partial(_taught, recipe, precision, phase, references, ranks)) for phase in recipe.phases]


def student_phases(
    recipe: Recipe, shape: ModelSettings, teacher: FrozenTeacher, references: References, make: MakeRun
) -> list[Run]:
    """How the student of a recipe learns from a teacher.

    Args:
        recipe: to follow.
        shape: of the student.
        teacher: of the cards that the student learns.
        references: these cards.
        make: makes the run of a stage.
    """
    return [
        make(stage, partial(_distilled, recipe, stage, shape, teacher, references)) for stage in recipe.student.stages
    ]


def first_distillation(
    shape: ModelSettings,
    teacher: FrozenTeacher,
    weights: DistillationWeights,
    precision: Precision = "bf16",
    published: str | None = None,
) -> DistillationObjective:
    """A new student that learns from a teacher; its class centres start as the teacher's.

    Args:
        shape: of the student, whose embedding gets the teacher's dimension.
        teacher: to learn from.
        weights: of the loss.
        precision: that both compute in.
        published: weights that the student's backbone starts with; None for random ones.

    Raises:
        TrainingError: if the published weights cannot be had.
    """
    student = CardEmbedder(replace(shape, dimension=teacher.dimension))
    if published is not None:
        student.load_backbone(published)
    return _distilling(student, teacher, weights, precision)


def _distilling(
    student: CardEmbedder, teacher: FrozenTeacher, weights: DistillationWeights, precision: Precision
) -> DistillationObjective:
    centres = ArcFace.from_state(teacher.centres.state_dict(), teacher.centres.scale)
    return DistillationObjective(student, centres, teacher, weights, precision)


def _taught(
    given: TeacherRecipe,
    precision: Precision,
    phase: TeacherPhase,
    references: References,
    ranks: Ranks,
    previous: Path | None,
) -> TeacherObjective:
    if previous is None:
        shape = {"dimension": given.dimension, "dropout": given.dropout, "height": given.height, "width": given.width}
        teacher = published_teacher(given.weights, **shape)
        arcface = ArcFace(2 * references.classes, given.dimension, given.scale)
    else:
        state = load_checkpoint(previous)
        check_same_cards(previous, state, references.digest)
        teacher, arcface = teacher_of(state)
    teacher.train_last(phase.blocks)
    return TeacherObjective(teacher, arcface, references, ranks, margin=given.margin, precision=precision)


def _distilled(
    recipe: Recipe,
    stage: Stage,
    shape: ModelSettings,
    teacher: FrozenTeacher,
    references: References,
    previous: Path | None,
) -> DistillationObjective:
    if previous is None and recipe.student.from_teacher:
        return _distilling(_made_over(teacher, shape, references), teacher, stage.loss, recipe.precision)
    file = student_file(recipe.student.weights) if recipe.student.weights else None
    if previous is None and file is not None:
        return _distilling(_going_on(file, shape, teacher, references), teacher, stage.loss, recipe.precision)
    if previous is None:
        return first_distillation(shape, teacher, stage.loss, recipe.precision, recipe.student.weights)
    state = load_checkpoint(previous)
    check_same_cards(previous, state, teacher.cards)
    centres = ArcFace.of_checkpoint(state, teacher.centres.scale)
    return DistillationObjective(student_of(state), centres, teacher, stage.loss, recipe.precision)


def _going_on(file: Path, shape: ModelSettings, teacher: FrozenTeacher, references: References) -> CardEmbedder:
    if shape.dimension != teacher.dimension:
        raise TrainingError(
            f"the student in {file} gives {shape.dimension} numbers, its teacher {teacher.dimension}: they cannot be "
            "compared; let it learn without a teacher, or begin with other weights"
        )
    size = BatchShape(cards=_STATISTICS_PICTURES, views=1, height=shape.height, width=shape.width)
    return go_on_from(file, TrainingBatches(references, AugmentationSettings(), size, seed=0)[0][0])


def _made_over(teacher: FrozenTeacher, shape: ModelSettings, references: References) -> CardEmbedder:
    """The teacher in the student's family, or a copy where it is of that family already."""
    network = teacher.network
    if not isinstance(network, CardEmbedder):
        raise TrainingError("a student starts as another student made over; this teacher is a vision transformer")
    made = replace(network.settings, family=shape.family)
    if made != shape:
        raise TrainingError(f"a student that starts as its teacher made over has its shape, {made}, not {shape}")
    size = BatchShape(cards=_PICTURES, views=1, height=shape.height, width=shape.width)
    pixels = TrainingBatches(references, AugmentationSettings(), size, seed=0)[0][0].to(network.mean.device)
    if network.settings == shape:
        copy = with_statistics(deepcopy(network), pixels[:_STATISTICS_PICTURES])
        return cast("CardEmbedder", copy.requires_grad_(requires_grad=True))
    return reconstructed(network, pixels)
