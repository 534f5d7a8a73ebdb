"""The network that proposes card outlines: is a card's centre here, and how far is it to its edge?

A card's outline is given by its distance from a point inside it along `RAYS` fixed directions (as in StarDist, arXiv
1806.03535, and PolarMask, arXiv 1909.13226). Unlike a list of corners this knows no first corner, so that nothing jumps
when the card is turned; and hidden parts of the outline are predicted like the others. Convolution, batch normalisation
and ReLU only.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from edge.detection.networks.outline import DISTANCE_UNIT_PX, RAYS, STRIDE_PX
from training.networks.model import MEAN_RGB, STD_RGB

STAGES = ((24, 1), (48, 2), (96, 3), (160, 2))
HEAD_CHANNELS = 64
# Of all places few are centres; the first guess of the score says so (RetinaNet, arXiv 1708.02002, section 4.1).
_PRIOR_LOGIT = -4.0


class PixelNetwork(nn.Module):
    """A network that takes pixels as they are: float32 [N, 3, H, W], RGB, 0 to 255."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", 255 * torch.tensor(MEAN_RGB).reshape(1, 3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(STD_RGB).reshape(1, 3, 1, 1))

    def normalised(self, pixels: Tensor) -> Tensor:
        """Pixels with the mean and the standard deviation that published networks are trained with."""
        return (pixels - self.mean) / self.std


class OutlineNetwork(PixelNetwork):
    """A small residual network with a feature pyramid; the normalisation of pixels is inside."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = convolution(3, 16, stride=2)
        self.stages = residual_stages(16, STAGES)
        self.lateral = nn.ModuleList(nn.Conv2d(width, HEAD_CHANNELS, 1) for width, _ in STAGES[1:])
        self.head = nn.Sequential(convolution(HEAD_CHANNELS, HEAD_CHANNELS), convolution(HEAD_CHANNELS, HEAD_CHANNELS))
        self.score = nn.Conv2d(HEAD_CHANNELS, 1, 1)
        self.distances = nn.Conv2d(HEAD_CHANNELS, RAYS, 1)
        nn.init.constant_(self.score.bias, _PRIOR_LOGIT)  # type: ignore[arg-type]
        nn.init.normal_(self.distances.weight, std=0.01)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Look at pictures.

        Args:
            pixels: float32 [N, 3, H, W], RGB, 0 to 255; H and W are multiples of 32.

        Returns:
            float32 [N, 1, H / 8, W / 8], logits of a card's centre; and float32 [N, RAYS, H / 8, W / 8], pixels to its
            outline.
        """
        features = self.stem(self.normalised(pixels))
        pyramid = []
        for stage in self.stages:
            features = stage(features)
            pyramid.append(features)
        merged = self.head(merged_pyramid(self.lateral, pyramid[1:]))
        distances = DISTANCE_UNIT_PX * torch.exp(self.distances(merged).float().clamp(-6, 6))
        return self.score(merged).float(), distances


def residual_stages(channels: int, shapes: Sequence[tuple[int, int]]) -> nn.ModuleList:
    """Stages that halve the resolution; `shapes` are channels and residual blocks of each, `channels` go in."""
    inside = [channels, *(width for width, _ in shapes)]
    return nn.ModuleList(
        nn.Sequential(convolution(before, width, stride=2), *(Residual(width) for _ in range(blocks)))
        for before, (width, blocks) in zip(inside, shapes, strict=False)
    )


def merged_pyramid(lateral: nn.ModuleList, pyramid: Sequence[Tensor]) -> Tensor:
    """The finest of the maps with what all coarser ones say added to it, at the channels of `lateral`."""
    merged: Tensor = lateral[-1](pyramid[-1])
    for own, finer in zip(reversed(lateral[:-1]), reversed(pyramid[:-1]), strict=True):
        merged = own(finer) + nn.functional.interpolate(merged, scale_factor=2.0, mode="nearest")
    return merged


class Residual(nn.Module):
    """Two convolutions beside a short cut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, features: Tensor) -> Tensor:
        """Same shape as `features`."""
        return nn.functional.relu(features + self.second(self.first(features)))


def convolution(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    """3 x 3, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(outside), nn.ReLU()
    )


def cells(height: int, width: int) -> Tensor:
    """The pixel at the middle of each cell of the output, float32 [H / 8, W / 8, 2] (x, y)."""
    y, x = torch.meshgrid(torch.arange(height // STRIDE_PX), torch.arange(width // STRIDE_PX), indexing="ij")
    return STRIDE_PX * torch.stack([x, y], dim=-1).float() + (STRIDE_PX - 1) / 2
