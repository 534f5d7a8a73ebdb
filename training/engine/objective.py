"""What a run learns: a network, the parts that are only there to train it, and a loss."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

NETWORK = "network"
# Before the name of a part of the loss: the length of its gradient.
GRADIENT = "gradient_"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatchLoss:
    """The loss of some images.

    Attributes:
        total: a scalar, the mean over the images; what is minimised.
        parts: what it is made of and what else is logged, scalars without gradient, each a mean over the images.
    """

    total: Tensor
    parts: Mapping[str, Tensor]


class Objective(Protocol):
    """What the training loop needs to know of the thing it trains."""

    @property
    def trained(self) -> nn.ModuleDict:
        """Everything that learns: the network that is kept under `NETWORK`, and what only serves training."""

    def describe(self) -> dict[str, Any]:
        """Plain values from which the network can be built again."""

    def prepare(self, progress: float, average: nn.Module) -> Sequence[nn.Parameter]:
        """Called before each step, the same in all processes.

        Args:
            progress: share of the run that is done.
            average: the averaged network, in inference mode.

        Returns:
            Parameters that were set anew, whose history in the optimiser is void.
        """

    def loss(self, pixels: Tensor, targets: Tensor, progress: float, /) -> BatchLoss:
        """The loss of a batch; any random number comes from torch's generators, which are seeded for each batch.

        Args:
            pixels: float32 [N, 3, H, W], RGB, 0 to 255; the views of one card follow each other.
            targets: [N, ...], what the network should say of each: a label, or whatever its batches give.
            progress: share of the run that is done.
        """


def parameter_groups(trained: nn.ModuleDict, weight_decay: float) -> list[dict[str, Any]]:
    """The parameters that learn; matrices and kernels of the network decay, all others do not."""
    network = [p for p in trained[NETWORK].parameters() if p.requires_grad]
    decayed = [p for p in network if p.ndim >= 2]
    others = [p for p in network if p.ndim < 2]
    others += [p for name, part in trained.items() if name != NETWORK for p in part.parameters() if p.requires_grad]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def split_cards(pixels: Tensor, targets: Tensor, views: int, parts: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Split a batch into `parts` of nearly the same size, or fewer where there are fewer cards, between cards."""
    cards = len(pixels) // views
    sizes = [views * len(share) for share in torch.arange(cards).tensor_split(min(parts, cards))]
    yield from zip(torch.split(pixels, sizes), torch.split(targets, sizes), strict=True)
