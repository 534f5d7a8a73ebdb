"""Rewrites a student, without changing what it computes, into operations that Hailo's compiler takes.

What is rewritten in ConvNeXt, and why it is the same function:

- Linear layers over the last axis become 1 x 1 convolutions, so that no transposition is left.
- Layer normalisation becomes the mean over the channels, differences, squares, mean, root and division. Its scale and
  shift go into the next layer's weights where that is a pointwise or unpadded convolution, else into a 1 x 1 depthwise
  convolution.
- Layer scale goes into the weights of the pointwise convolution before it.
- GELU stays: in ONNX it is the pattern Div, Erf, Add, Mul, Mul, which the compiler knows.
- The batch normalisation of the embedding goes into the projection. Pixels are normalised by the model script, and
  the embedding is brought to length 1 by the scanner.

Families of convolution, batch normalisation and ReLU need none of the first four.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from training.networks.families.published import ConvNextMap, DinoConvNextMap
from training.networks.model import CardEmbedder


class ChannelNormalization(nn.Module):
    """Layer normalisation over the channels of a map [N, C, H, W], without scale and shift."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, features: Tensor) -> Tensor:
        """The map with mean 0 and variance 1 over the channels at each place."""
        centred = features - features.mean(dim=1, keepdim=True)
        variance = (centred * centred).mean(dim=1, keepdim=True)
        return centred / torch.sqrt(variance + self.eps)


class RewrittenBlock(nn.Module):
    """One residual block of ConvNeXt."""

    def __init__(self, branch: nn.Sequential) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, features: Tensor) -> Tensor:
        """The map after the block."""
        out: Tensor = features + self.branch(features)
        return out


class AcceleratorForm(nn.Module):
    """A student for the compiler: normalised pixels [N, 3, H, W] to embeddings [N, D] of any length."""

    def __init__(self, model: CardEmbedder) -> None:
        super().__init__()
        self.settings = model.settings
        self.backbone = _rewritten_backbone(model.backbone)
        self.reduction = model.reduction
        self.projection = _with_batch_norm(model.projection, model.normalization)

    def forward(self, normalized: Tensor) -> Tensor:
        """Embed."""
        embedding: Tensor = self.projection(self.reduction(self.backbone(normalized)).flatten(start_dim=1))
        return embedding


def is_rewritten(model: CardEmbedder) -> bool:
    """Whether the compiler's form of a student has other operations than the student itself."""
    return isinstance(model.backbone, ConvNextMap | DinoConvNextMap)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Block:
    """The parts of a block, whatever its library calls them."""

    depthwise: nn.Conv2d
    norm: nn.LayerNorm
    expand: nn.Linear
    activation: nn.Module
    reduce: nn.Linear
    scale: Tensor | None

    def rewritten(self) -> RewrittenBlock:
        return RewrittenBlock(
            nn.Sequential(
                self.depthwise,
                ChannelNormalization(self.norm.eps),
                _after_norm(_pointwise(self.expand), self.norm),
                self.activation,
                _scaled(_pointwise(self.reduce), self.scale),
            )
        )


def _rewritten_backbone(backbone: nn.Module) -> nn.Module:
    if isinstance(backbone, ConvNextMap):
        return nn.Sequential(*_convnext(backbone))
    if isinstance(backbone, DinoConvNextMap):
        return nn.Sequential(*_dino(backbone))
    return backbone


def _convnext(backbone: ConvNextMap) -> Iterator[nn.Module]:
    yield backbone.embeddings.patch_embeddings
    yield from _norm(backbone.embeddings.layernorm)
    stages: Any = backbone.encoder.stages
    for stage in stages:
        if len(stage.downsampling_layer):
            yield from _norm_and_convolution(*stage.downsampling_layer)
        for layer in stage.layers:
            parts = _Block(
                depthwise=layer.dwconv,
                norm=layer.layernorm,
                expand=layer.pwconv1,
                activation=layer.act,
                reduce=layer.pwconv2,
                scale=layer.layer_scale_parameter,
            )
            yield parts.rewritten()


def _dino(backbone: DinoConvNextMap) -> Iterator[nn.Module]:
    for number, stage in enumerate(backbone.model.stages):
        if number == 0:
            yield stage.downsample_layers[0]
            yield from _norm(stage.downsample_layers[1])
        else:
            yield from _norm_and_convolution(*stage.downsample_layers)
        for layer in stage.layers:
            parts = _Block(
                depthwise=layer.depthwise_conv,
                norm=layer.layer_norm,
                expand=layer.pointwise_conv1,
                activation=layer.activation_fn,
                reduce=layer.pointwise_conv2,
                scale=layer.gamma,
            )
            yield parts.rewritten()
    yield from _norm(backbone.layer_norm)


def _norm(norm: nn.LayerNorm) -> Iterator[nn.Module]:
    """A normalisation before something that its scale and shift cannot go into."""
    yield ChannelNormalization(norm.eps)
    channels = len(norm.weight)
    affine = nn.Conv2d(channels, channels, 1, groups=channels)
    affine.weight.data = norm.weight.data.reshape(channels, 1, 1, 1).clone()
    affine.bias = nn.Parameter(norm.bias.data.clone())
    yield affine


def _norm_and_convolution(norm: nn.LayerNorm, convolution: nn.Conv2d) -> Iterator[nn.Module]:
    yield ChannelNormalization(norm.eps)
    yield _after_norm(convolution, norm)


def _after_norm(convolution: nn.Conv2d, norm: nn.LayerNorm) -> nn.Conv2d:
    """An unpadded convolution that takes what a normalisation gives before its scale and shift."""
    made = _like(convolution)
    weight = convolution.weight.data
    made.weight.data = weight * norm.weight.data[None, :, None, None]
    shift = torch.einsum("ocij,c->o", weight, norm.bias.data)
    made.bias = nn.Parameter(shift if convolution.bias is None else convolution.bias.data + shift)
    return made


def _scaled(convolution: nn.Conv2d, scale: Tensor | None) -> nn.Conv2d:
    if scale is None:
        return convolution
    made = _like(convolution)
    made.weight.data = convolution.weight.data * scale.data[:, None, None, None]
    if convolution.bias is not None:
        made.bias = nn.Parameter(convolution.bias.data * scale.data)
    return made


def _pointwise(linear: nn.Linear) -> nn.Conv2d:
    made = nn.Conv2d(linear.in_features, linear.out_features, 1, bias=linear.bias is not None)
    made.weight.data = linear.weight.data[:, :, None, None].clone()
    if linear.bias is not None:
        made.bias = nn.Parameter(linear.bias.data.clone())
    return made


def _like(convolution: nn.Conv2d) -> nn.Conv2d:
    return nn.Conv2d(
        convolution.in_channels,
        convolution.out_channels,
        (convolution.kernel_size[0], convolution.kernel_size[1]),
        (convolution.stride[0], convolution.stride[1]),
    )


def _with_batch_norm(linear: nn.Linear, norm: nn.BatchNorm1d) -> nn.Linear:
    if norm.running_mean is None or norm.running_var is None:
        raise TypeError("the embedding's batch normalisation keeps no statistics")
    scale = norm.weight.data / torch.sqrt(norm.running_var + norm.eps)
    made = nn.Linear(linear.in_features, linear.out_features)
    made.weight.data = linear.weight.data * scale[:, None]
    made.bias.data = norm.bias.data - norm.running_mean * scale
    return made
