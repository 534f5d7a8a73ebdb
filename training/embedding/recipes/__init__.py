"""Recipes of a teacher and a student: TOML files, checked."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.errors import ConfigurationError
from edge.settings.validation import first_fault
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
    """A phase of the teacher, in which the projection and the last `blocks` blocks of the transformer learn."""

    blocks: int = Field(ge=0)


class Stage(PhaseRecipe, DistillationWeights):
    """A stage of distillation, and the weights of its loss."""

    @property
    def loss(self) -> DistillationWeights:
        """The weights alone."""
        return DistillationWeights(**self.model_dump(include=set(DistillationWeights.model_fields)))


class TeacherRecipe(_Part):
    """The teacher: `weights` are a name on Hugging Face's hub or a local folder."""

    weights: str
    height: int = Field(gt=0)
    width: int = Field(gt=0)
    dimension: int = Field(gt=0)
    dropout: Share = 0.1
    scale: float = Field(default=64, gt=0)
    margin: float = Field(default=0.5, ge=0)
    phases: tuple[TeacherPhase, ...] = Field(min_length=1)


class StudentRecipe(_Part):
    """The student.

    Attributes:
        shape: its name.
        weights: that its backbone starts with; None for random ones.
        from_teacher: whether it starts as its teacher made over, see `training.distillation.reconstruction`.
    """

    shape: str
    weights: str | None = None
    from_teacher: bool = False
    stages: tuple[Stage, ...] = Field(min_length=1)


class Recipe(_Part):
    """Everything that a teacher and a student are made with, but for the cards.

    Attributes:
        cards: in each batch.
        views: of each card in a batch.
        hard_negatives: cards of one set that come together in a batch; with more than one, half of the simulated cards
            are of sets that have a single template each.
        precision: that networks compute in.
        ema_decay: of the averaged weights.
        teacher: that the student learns from; None where another student teaches.
        student: that the scanner runs.
    """

    cards: int = Field(gt=0)
    views: int = Field(default=2, gt=0)
    hard_negatives: int = Field(default=1, ge=1)
    precision: Precision = "bf16"
    ema_decay: Share = 0.999
    teacher: TeacherRecipe | None = None
    student: StudentRecipe

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
