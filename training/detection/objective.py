"""What the detector's networks learn, and from what."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from edge.detection.networks.sides import VIEW_HEIGHT_PX, VIEW_WIDTH_PX
from training.data.batches import BatchShape
from training.detection.batches import SceneBatches
from training.detection.loss import distance_loss, score_loss
from training.detection.model import OutlineNetwork
from training.detection.scenes import SmallScenes
from training.detection.side_batches import SideBatches
from training.detection.side_loss import side_loss
from training.detection.side_model import SideNetwork
from training.engine.objective import NETWORK, BatchLoss
from training.engine.precision import Precision, autocast
from training.engine.trainer import Batches

DISTANCE_WEIGHT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One of the networks.

    Attributes:
        network: makes it with random weights.
        shape: of the batches of a run.
        batches: makes them from scenes, their shape and the seed.
        losses: of what the network says and the targets of its batches; what is minimised is their sum.
    """

    network: Callable[[], nn.Module]
    shape: BatchShape
    batches: Callable[[SmallScenes, BatchShape, int], Batches]
    losses: Callable[[Any, Tensor], dict[str, Tensor]]


def outline_losses(said: tuple[Tensor, Tensor], targets: Tensor) -> dict[str, Tensor]:
    """Of an `OutlineNetwork`; targets are those of `SceneBatches`."""
    logits, predicted = said
    score, weight, certain = targets[:, :3].unbind(dim=1)
    outline = DISTANCE_WEIGHT * distance_loss(predicted, targets[:, 3:], weight)
    return {"score": score_loss(logits[:, 0], score, certain), "outline": outline}


def side_losses(said: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """Of a `SideNetwork`; targets are those of `SideBatches`."""
    return {"sides": side_loss(said, targets)}


SUBJECTS = {
    "outline": Subject(
        network=OutlineNetwork,
        shape=BatchShape(cards=16, views=1, height=224, width=224),
        batches=lambda scenes, shape, seed: SceneBatches(scenes, shape.images, shape.height, seed),
        losses=outline_losses,
    ),
    "sides": Subject(
        network=SideNetwork,
        shape=BatchShape(cards=32, views=1, height=VIEW_HEIGHT_PX, width=VIEW_WIDTH_PX),
        batches=lambda scenes, shape, seed: SideBatches(scenes, shape.images, seed),
        losses=side_losses,
    ),
}


class DetectorObjective:
    """One of the detector's networks, and the sum of its losses."""

    def __init__(self, subject: str, network: nn.Module, precision: Precision) -> None:
        """Go on with a network's weights.

        Args:
            subject: key of `SUBJECTS`.
            network: made by it.
            precision: that the network computes in.
        """
        self.subject = subject
        self.trained = nn.ModuleDict({NETWORK: network})
        self.precision = precision

    def describe(self) -> dict[str, Any]:
        """Plain values from which the network can be built again."""
        return {"network": self.subject}

    def prepare(self, progress: float, average: nn.Module) -> Sequence[nn.Parameter]:  # noqa: ARG002
        """Nothing to prepare."""
        return []

    def loss(self, pixels: Tensor, targets: Tensor, progress: float) -> BatchLoss:  # noqa: ARG002
        """The losses of a batch."""
        with autocast(self.precision, pixels.device):
            said = self.trained[NETWORK](pixels)
        parts = SUBJECTS[self.subject].losses(said, targets)
        return BatchLoss(
            total=sum(parts.values(), pixels.new_zeros(())), parts={k: v.detach() for k, v in parts.items()}
        )
