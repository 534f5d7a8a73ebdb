"""What the teacher learns: to tell all cards apart, with ArcFace."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from torch import Tensor, nn

from training.data.references import References
from training.embedding.imprint import imprinted_centres
from training.embedding.loss import ArcFace
from training.embedding.retrieval import torch_embedding
from training.engine.objective import NETWORK, BatchLoss
from training.engine.precision import Precision, autocast
from training.networks.teacher import Teacher
from training.parallel.ranks import Ranks


class TeacherObjective:
    """ArcFace on the teacher's embeddings; its centres start where the teacher has the classes."""

    def __init__(
        self,
        teacher: Teacher,
        arcface: ArcFace,
        references: References,
        ranks: Ranks,
        *,
        margin: float,
        precision: Precision,
    ) -> None:
        """Teach.

        Args:
            teacher: what of it requires a gradient learns.
            arcface: with twice as many classes as the references.
            references: the cards to learn.
            ranks: the processes that share the imprinting.
            margin: of ArcFace, in radians.
            precision: that the teacher computes in.
        """
        self.trained = nn.ModuleDict({NETWORK: teacher, "arcface": arcface})
        self.teacher, self.arcface = teacher, arcface
        self.references = references
        self.ranks = ranks
        self.margin = margin
        self.precision = precision

    def describe(self) -> dict[str, Any]:
        """Plain values from which the teacher can be built again."""
        return {
            "teacher": asdict(self.teacher.settings),
            "scale": self.arcface.scale,
            "cards": self.references.digest,
        }

    def prepare(self, progress: float, average: nn.Module) -> Sequence[nn.Parameter]:  # noqa: ARG002
        """Imprint the centres before the first step."""
        if self.arcface.imprinted:
            return []
        shape = self.teacher.settings
        embed = torch_embedding(average, shape.width, shape.height)
        self.arcface.imprint(imprinted_centres(embed, shape.dimension, self.references, self.ranks))
        return [self.arcface.centres]

    def loss(self, pixels: Tensor, labels: Tensor, progress: float) -> BatchLoss:  # noqa: ARG002
        """ArcFace."""
        with autocast(self.precision, pixels.device):
            embeddings = self.teacher(pixels)
        arcface = self.arcface(embeddings, labels, self.margin)
        return BatchLoss(total=arcface, parts={"arcface": arcface.detach()})
