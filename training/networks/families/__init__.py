"""Convolution networks that a student can be built on: pixels in, the last feature map out, at 1/32 of their size."""

from collections.abc import Callable
from typing import Literal

from torch import nn

from training.networks.families.batch_normalized import BatchNormalizedConvNext
from training.networks.families.published import convnext, dinov3_convnext, regnet_x

Family = Literal["convnext", "dinov3-convnext", "convnext-batchnorm", "regnet-x"]
Build = Callable[[tuple[int, ...], tuple[int, ...], int], nn.Module]

_BUILD: dict[str, Build] = {
    "convnext": convnext,
    "dinov3-convnext": dinov3_convnext,
    "convnext-batchnorm": BatchNormalizedConvNext,
    "regnet-x": regnet_x,
}


def build_backbone(
    family: Family, depths: tuple[int, ...], hidden_sizes: tuple[int, ...], group_width: int
) -> nn.Module:
    """A backbone with random weights: float32 [N, 3, H, W], normalised, to [N, hidden_sizes[-1], H / 32, W / 32].

    Args:
        family: kind of blocks.
        depths: blocks in each of the four stages.
        hidden_sizes: channels of each stage.
        group_width: channels that a grouped convolution mixes, in the families that have one.
    """
    return _BUILD[family](depths, hidden_sizes, group_width)
