"""Families that `transformers` has, with the names of their published weights kept."""

from torch import Tensor
from transformers import (
    ConvNextConfig,
    ConvNextModel,
    DINOv3ConvNextConfig,
    DINOv3ConvNextModel,
    RegNetConfig,
    RegNetModel,
)

# ConvNeXt starts its residual branches at 1e-6, which suits 300 epochs; a short run needs them at work sooner.
LAYER_SCALE = 0.1
STRIDE = 32


class ConvNextMap(ConvNextModel):  # type: ignore[no-untyped-call]
    """ConvNeXt (arXiv 2201.03545): layer normalisation, GELU, layer scale."""

    def forward(self, pixels: Tensor) -> Tensor:
        """The last feature map."""
        feature_map: Tensor = super().forward(pixel_values=pixels).last_hidden_state
        return feature_map


class DinoConvNextMap(DINOv3ConvNextModel):  # type: ignore[no-untyped-call]
    """ConvNeXt as DINOv3 distils it (arXiv 2508.10104)."""

    def forward(self, pixels: Tensor) -> Tensor:
        """The last feature map, normalised as its authors do, without the pooled token before it."""
        tokens: Tensor = super().forward(pixel_values=pixels).last_hidden_state[:, 1:]
        return tokens.transpose(1, 2).reshape(len(pixels), -1, pixels.shape[2] // STRIDE, pixels.shape[3] // STRIDE)


class RegNetMap(RegNetModel):  # type: ignore[no-untyped-call]
    """RegNetX (arXiv 2003.13678): convolutions, batch normalisation and ReLU alone."""

    def forward(self, pixels: Tensor) -> Tensor:
        """The last feature map."""
        feature_map: Tensor = super().forward(pixel_values=pixels).last_hidden_state
        return feature_map


def convnext(depths: tuple[int, ...], hidden_sizes: tuple[int, ...], _group_width: int) -> ConvNextMap:
    """ConvNeXt of a given size."""
    return ConvNextMap(
        ConvNextConfig(depths=list(depths), hidden_sizes=list(hidden_sizes), layer_scale_init_value=LAYER_SCALE)
    )


def dinov3_convnext(depths: tuple[int, ...], hidden_sizes: tuple[int, ...], _group_width: int) -> DinoConvNextMap:
    """DINOv3's ConvNeXt of a given size."""
    return DinoConvNextMap(
        DINOv3ConvNextConfig(depths=list(depths), hidden_sizes=list(hidden_sizes), layer_scale_init_value=LAYER_SCALE)
    )


def regnet_x(depths: tuple[int, ...], hidden_sizes: tuple[int, ...], group_width: int) -> RegNetMap:
    """RegNetX of a given size."""
    return RegNetMap(
        RegNetConfig(depths=list(depths), hidden_sizes=list(hidden_sizes), groups_width=group_width, layer_type="x")
    )
