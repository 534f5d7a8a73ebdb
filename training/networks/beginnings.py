"""What a student begins with: random weights, a published backbone, or all that another student learnt."""

import logging
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from edge.shipped import EMBEDDING_MODEL
from training.errors import TrainingError
from training.networks.exported import ONNX_SUFFIX, open_student
from training.networks.model import CardEmbedder, ModelSettings
from training.networks.statistics import with_statistics

log = logging.getLogger(__name__)

# Names the student that ships with the scanner.
SHIPPED = "demo"
_CHECKPOINT_SUFFIX = ".pt"


def student_file(weights: str) -> Path | None:
    """The file of a student that is named as weights to begin with; None if they are those of a published backbone.

    Args:
        weights: `demo` for the model that ships, a checkpoint (.pt) or an exported model (.onnx) of a student; else a
            name on Hugging Face's hub or a folder.
    """
    if weights == SHIPPED:
        return EMBEDDING_MODEL
    path = Path(weights).expanduser()
    return path if path.suffix in (_CHECKPOINT_SUFFIX, ONNX_SUFFIX) else None


def shape_of(file: Path, wanted: ModelSettings | None) -> ModelSettings:
    """The shape of the student in a file, which is also the one that begins with it.

    Raises:
        TrainingError: if it is of no student, or not of the shape that is wanted.
    """
    shape = open_student(file).settings
    if wanted is not None and replace(wanted, dimension=shape.dimension) != shape:
        raise TrainingError(f"{file} is a student of the shape {shape}, not {wanted}; leave --shape out")
    return shape


def go_on_from(file: Path, pixels: Tensor) -> CardEmbedder:
    """A student that begins with what the one in a file learnt, ready to be trained.

    Args:
        file: its checkpoint, or the ONNX file that was made of it, which has lost what it normalised.
        pixels: training pictures that tell this again, uint8 [N, 3, H, W], RGB.

    Raises:
        TrainingError: if it is of no student.
    """
    student = open_student(file)
    if file.suffix == ONNX_SUFFIX:
        log.info("going on from %s: what it normalises, on %d pictures", file, len(pixels))
        with_statistics(student, pixels)
    student.requires_grad_(requires_grad=True).train()
    return student
