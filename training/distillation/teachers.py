"""Networks that teach, frozen, with the classes of the cards at hand."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.data.references import References
from training.embedding.imprint import imprinted_centres
from training.embedding.loss import SCALE, ArcFace
from training.embedding.retrieval import torch_embedding
from training.engine.checkpoint import load_checkpoint
from training.errors import TrainingError
from training.networks.exported import ONNX_SUFFIX, read_exported
from training.networks.model import CardEmbedder, student_of
from training.networks.teacher import Teacher, is_teacher, teacher_of
from training.parallel.ranks import Ranks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrozenTeacher:
    """What a student learns from.

    Attributes:
        network: in inference mode, on the device that the student will be on.
        centres: where it has each class.
        cards: digest of the cards that have these classes.
    """

    network: Teacher | CardEmbedder
    centres: ArcFace
    cards: str

    @property
    def dimension(self) -> int:
        """Of its embeddings."""
        return self.network.settings.dimension

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width of its input in pixels."""
        return self.network.settings.height, self.network.settings.width


def open_teacher(path: Path, references: References, ranks: Ranks) -> FrozenTeacher:
    """The averaged network of a checkpoint, a teacher's or that of another student, or a student that was exported.

    A teacher brings the centres of its classes, which must be those of the cards. A student may have learnt other
    cards: its centres are put where it has these.

    Args:
        path: of the checkpoint, or of the ONNX file that was made of a student's.
        references: the cards that its student shall learn.
        ranks: the processes that share the run; each has the teacher on its own device.

    Raises:
        TrainingError: if it is no checkpoint of either, or of a teacher of other cards.
    """
    if path.suffix == ONNX_SUFFIX:
        return _of_student(read_exported(path), references, ranks)
    state = load_checkpoint(path)
    if not is_teacher(state):
        return _of_student(student_of(state), references, ranks)
    network, centres = teacher_of(state)
    check_same_cards(path, state, references.digest)
    return _frozen(network, centres, references, ranks)


def _of_student(student: CardEmbedder, references: References, ranks: Ranks) -> FrozenTeacher:
    student.to(ranks.device)
    settings = student.settings
    centres = ArcFace(2 * references.classes, settings.dimension, SCALE)
    embed = torch_embedding(student, settings.width, settings.height)
    centres.imprint(imprinted_centres(embed, settings.dimension, references, ranks))
    return _frozen(student, centres, references, ranks)


def check_same_cards(path: Path, state: dict[str, Any], cards: str) -> None:
    """Check that the classes of a checkpoint are these cards.

    Args:
        path: of the checkpoint.
        state: of it.
        cards: `References.digest` of the cards.

    Raises:
        TrainingError: if it learnt other cards, or the same under other labels, or does not say which.
    """
    learnt = state["settings"].get("cards")
    if learnt is None:
        raise TrainingError(f"{path} does not say which cards it learnt (an earlier version wrote it): train it again")
    if learnt != cards:
        raise TrainingError(
            f"{path} learnt other cards than these, or the same ones under other labels: give the --cards and "
            "--metadata that it was trained with (the run.json beside it names them), or train it again on these"
        )


def _frozen(network: Teacher | CardEmbedder, centres: ArcFace, references: References, ranks: Ranks) -> FrozenTeacher:
    for part in (network, centres):
        part.to(ranks.device).requires_grad_(requires_grad=False)
    return FrozenTeacher(network=network, centres=centres, cards=references.digest)
