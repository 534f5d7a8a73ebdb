"""Recipes of a teacher and a student: TOML files, checked."""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from edge.errors import ConfigurationError
from edge.settings.validation import first_fault
from training.augmentation import AugmentationSettings
from training.distillation.weights import DistillationWeights
from training.engine.precision import Precision

FOLDER = Path(__file__).parent

Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PhaseRecipe(_Part):
    """How long and how fast a part of the training goes.

    Attributes:
        name: of its folder in the run's folder.
        epochs: in each of which every card is seen once either way up.
        learning_rate: its peak.
        warm_up_epochs: in which the learning rate rises to it.
    """

    name: Name
    epochs: float = Field(gt=0)
    learning_rate: float = Field(gt=0)
    warm_up_epochs: float = Field(default=0, ge=0)


class TeacherPhase(PhaseRecipe):
    """A phase of the teacher.

    Attributes:
        blocks: of the transformer that learn, its last ones, beside the projection.
    """

    blocks: int = Field(ge=0)


class Stage(PhaseRecipe, DistillationWeights):
    """A stage of distillation, and the weights of its loss."""

    @property
    def loss(self) -> DistillationWeights:
        """The weights alone."""
        return DistillationWeights(**self.model_dump(include=set(DistillationWeights.model_fields)))


class TeacherRecipe(_Part):
    """The teacher, a DINOv3 vision transformer.

    Attributes:
        weights: published ones that it begins with: a name on Hugging Face's hub, or a folder with config.json and
            model.safetensors.
        height: of its input in pixels, a multiple of its patches.
        width: likewise.
        dimension: of its embeddings.
        dropout: share of the pooled features that is left out of each training step.
        scale: of ArcFace.
        margin: of ArcFace, in radians.
        phases: in which it learns, one after the other.
    """

    weights: str
    height: int = Field(gt=0)
    width: int = Field(gt=0)
    dimension: int = Field(gt=0)
    dropout: Share = 0.1
    scale: float = Field(default=64, gt=0)
    margin: float = Field(default=0.5, ge=0)
    phases: tuple[TeacherPhase, ...] = Field(min_length=1)


class AloneRecipe(_Part):
    """A student that learns without a teacher, by a supervised contrastive loss and ArcFace.

    Attributes:
        steps: of the optimiser.
        learning_rate: its peak.
        warm_up: share of the steps in which the learning rate rises to it.
        margin: of ArcFace, in radians, which it has from the middle of the run on.
        arcface_weight: of ArcFace beside the contrastive loss.
        imprint_at: share of the steps after which the class centres are put where the network has the cards; 0 for a
            student that has learnt cards already.
        temperature: of the contrastive loss.
    """

    steps: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    warm_up: Share = 0.03
    margin: float = Field(default=0.3, ge=0)
    arcface_weight: float = Field(default=0.2, ge=0)
    imprint_at: Share = 0.2
    temperature: float = Field(default=0.07, gt=0)


class StudentRecipe(_Part):
    """The student, which learns from a teacher in stages or alone.

    Attributes:
        shape: its name; unset: that of the student that it begins with, or demo.
        weights: that it begins with: demo for the student that ships, a checkpoint (.pt) or an exported model (.onnx)
            of another; or, for its backbone alone, a name on Hugging Face's hub or a folder with published ones.
            Unset: random ones.
        from_teacher: whether it starts as its teacher made over, see `training.distillation.reconstruction`.
        stages: in which it learns from a teacher, one after the other.
        alone: how it learns without one.
    """

    shape: str | None = None
    weights: str | None = None
    from_teacher: bool = False
    stages: tuple[Stage, ...] = ()
    alone: AloneRecipe | None = None

    @model_validator(mode="after")
    def _learns_in_one_way(self) -> Self:
        if bool(self.stages) == (self.alone is not None):
            raise ValueError(
                "a student learns either in stages from a teacher, or alone: give [[student.stages]] or [student.alone]"
            )
        if self.stages and self.shape is None:
            raise ValueError("shape is missing")
        return self


class Recipe(_Part):
    """Everything that a teacher and a student are made with, but for the cards.

    Attributes:
        cards: in each batch.
        views: of each card in a batch.
        hard_negatives: cards of one set that come together in a batch; with more than one, half of the simulated cards
            are of sets that have a single template each.
        precision: that networks compute in.
        ema_decay: of the averaged weights, which are what is measured and exported.
        workers: processes that make batches, for each training process.
        checkpoint_every_s: seconds between checkpoints, each of which is measured; they come sooner at the start.
        checkpoint_every_steps: a checkpoint is also written whenever so many steps are done; unset: never.
        log_every_steps: steps between lines of the history, at most.
        augmentation: probabilities that differ from those in the table of augmentation.
        teacher: that the student learns from; unset where another student teaches, or none.
        student: that the scanner runs.
    """

    cards: int = Field(gt=0)
    views: int = Field(default=2, gt=0)
    hard_negatives: int = Field(default=1, ge=1)
    precision: Precision = "bf16"
    ema_decay: Share = 0.999
    workers: int = Field(default=1, ge=0)
    checkpoint_every_s: float = Field(default=300, gt=0)
    checkpoint_every_steps: int | None = Field(default=None, gt=0)
    log_every_steps: int = Field(default=25, gt=0)
    augmentation: dict[str, Share] = Field(default_factory=dict)
    teacher: TeacherRecipe | None = None
    student: StudentRecipe

    @field_validator("augmentation")
    @classmethod
    def _names_disturbances(cls, given: dict[str, float]) -> dict[str, float]:
        known = [field.name for field in fields(AugmentationSettings)]
        if unknown := sorted(set(given) - set(known)):
            raise ValueError(f"there is no {', '.join(unknown)}; there are {', '.join(known)}")
        return given

    @property
    def disturbances(self) -> AugmentationSettings:
        """How cards are disturbed."""
        return AugmentationSettings(**self.augmentation)

    def described(self) -> dict[str, Any]:
        """What `run.json` says of it, but for what its other settings say."""
        elsewhere = {"workers", "checkpoint_every_s", "checkpoint_every_steps", "log_every_steps", "augmentation"}
        described = self.model_dump(exclude=elsewhere)
        described["student"].pop("alone")
        return described

    def with_weights(self, weights: str) -> "Recipe":
        """The same recipe for a student that begins with other weights."""
        return self.model_copy(update={"student": self.student.model_copy(update={"weights": weights})})

    def with_student(self, shape: str) -> "Recipe":
        """The same recipe for a student of another shape, whose weights are random then."""
        changed = {"shape": shape, "weights": None, "from_teacher": False}
        return self.model_copy(update={"student": self.student.model_copy(update=changed)})


def read_recipe(name: str) -> Recipe:
    """The recipe that ships under this name, or that in the file of this name.

    Raises:
        ConfigurationError: naming the file and the entry at fault.
    """
    shipped = FOLDER / f"{name}.toml"
    path = shipped if shipped.exists() else Path(name)
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as cause:
        names = ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
        raise ConfigurationError(
            f"cannot read the recipe {name}: {cause.strerror}; there are {names}, or name a file"
        ) from cause
    except tomllib.TOMLDecodeError as cause:
        raise ConfigurationError(f"the recipe {path} is not TOML: {cause}") from cause
    except ValidationError as cause:
        raise ConfigurationError(f"the recipe {path}: {first_fault(cause, 'the file')}") from cause
