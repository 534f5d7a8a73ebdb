"""Makes a ConvNeXt over into one of batch normalisation and ReLU, layer by layer, so that it need not learn anew.

Depthwise kernels and the projection are taken over. Every other convolution of the new network is the least squares
solution that comes closest to what the old network has at that place, given what the new one has before it, on some
pictures: errors of earlier layers are made good as far as later ones can. What is left (layer normalisation adapts to
every pixel, batch normalisation does not) is for training.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor, nn

from training.errors import TrainingError
from training.networks.families.batch_normalized import BatchNormalizedConvNext, Block
from training.networks.families.published import ConvNextMap
from training.networks.model import CardEmbedder

# Pictures that go through a layer at once, and pixels of their feature maps that a layer is fitted to, at most.
_AT_ONCE = 64
_SAMPLES = 6_000
# Added to the variances that a layer is fitted from, as a share of their mean: it keeps the solution finite where
# features depend on each other.
_RIDGE = 1e-3

Features = list[Tensor]
_Branch = tuple[nn.Conv2d, nn.BatchNorm2d, nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.Conv2d, nn.BatchNorm2d]
Pair = tuple[Tensor, Tensor]


@torch.no_grad()
def reconstructed(teacher: CardEmbedder, pixels: Tensor) -> CardEmbedder:
    """A student of the family `convnext-batchnorm` that does nearly what a ConvNeXt of the same shape does.

    Args:
        teacher: of the family `convnext`, in inference mode.
        pixels: uint8 or float32 [N, 3, H, W], RGB, 0 to 255; a thousand disturbed cards.

    Raises:
        TrainingError: if the teacher is of another family.
    """
    old = teacher.backbone
    if not isinstance(old, ConvNextMap):
        raise TrainingError(f"only a network of the family convnext can be made over, not {teacher.settings.family}")
    student = CardEmbedder(replace(teacher.settings, family="convnext-batchnorm")).eval()
    new = cast("BatchNormalizedConvNext", student.backbone)
    have = [
        ((part.float() - teacher.mean) / teacher.std).contiguous(memory_format=torch.channels_last)
        for part in torch.split(pixels, _AT_ONCE)
    ]
    wanted = [old.embeddings(part) for part in have]
    have = _fit_reduction(new.stem, have, wanted)
    stages: Any = old.encoder.stages
    for number, stage in enumerate(stages):
        if number > 0:
            wanted = [nn.Sequential(*stage.downsampling_layer)(part) for part in wanted]
            have = _fit_reduction(cast("nn.Sequential", new.reductions[number - 1]), have, wanted)
        for old_block, new_block in zip(stage.layers, cast("nn.Sequential", new.stages[number]), strict=True):
            wanted, have = _fit_block(cast("Block", new_block), old_block, have, wanted)
    student.reduction.load_state_dict(teacher.reduction.state_dict())
    student.projection.load_state_dict(teacher.projection.state_dict())
    projected = torch.cat([student.projection(student.reduction(part).flatten(start_dim=1)) for part in have])
    _copy_scale(student.normalization, teacher.normalization, projected)
    return student


def _fit_reduction(reduction: nn.Sequential, have: Features, wanted: Features) -> Features:
    """Fit a strided convolution and its normalisation; returns what they make of `have`."""
    convolution, normalization = cast("nn.Conv2d", reduction[0]), cast("nn.BatchNorm2d", reduction[1])

    def patches(part: Tensor) -> Tensor:
        columns = nn.functional.unfold(part, convolution.kernel_size, stride=convolution.stride)
        return columns.transpose(1, 2).flatten(end_dim=1)

    pairs = ((patches(seen), _rows(aim)) for seen, aim in zip(have, wanted, strict=True))
    weight, bias = _least_squares(pairs)
    convolution.weight.copy_(weight.reshape(convolution.weight.shape))
    _note([convolution(part) for part in have], normalization, bias)
    return [reduction(part) for part in have]


def _fit_block(
    new: Block,
    old: Any,  # noqa: ANN401 (transformers does not type its layers)
    have: Features,
    wanted: Features,
) -> tuple[Features, Features]:
    """Fit a block; returns what the old and the new one make of theirs."""
    spatial, first, expand, second, activate, contract, last = cast("_Branch", tuple(new.branch))
    hidden = [old.pwconv1(old.layernorm(old.dwconv(part).permute(0, 2, 3, 1))) for part in wanted]
    results = [
        part + (old.layer_scale_parameter * old.pwconv2(old.act(aim))).permute(0, 3, 1, 2)
        for part, aim in zip(wanted, hidden, strict=True)
    ]
    spatial.weight.copy_(old.dwconv.weight)
    seen = [spatial(part) for part in have]
    _note(seen, first, None)
    seen = [first(part) for part in seen]
    weight, bias = _least_squares((_rows(part), aim.flatten(end_dim=2)) for part, aim in zip(seen, hidden, strict=True))
    expand.weight.copy_(weight[:, :, None, None])
    seen = [expand(part) for part in seen]
    _note(seen, second, bias)
    seen = [activate(second(part)) for part in seen]
    left = ((_rows(part), _rows(aim - before)) for part, aim, before in zip(seen, results, have, strict=True))
    weight, bias = _least_squares(left)
    contract.weight.copy_(weight[:, :, None, None])
    seen = [contract(part) for part in seen]
    _note(seen, last, bias)
    return results, [before + last(part) for before, part in zip(have, seen, strict=True)]


def _least_squares(parts: Iterable[Pair]) -> Pair:
    """Weight [outputs, inputs] and bias [outputs] of the best linear map between a sample of the rows of pairs."""
    sums: list[Tensor] = []
    for rows, wanted in parts:
        step = max(1, len(rows) // _SAMPLES)
        sample = torch.cat([rows[::step], torch.ones_like(rows[::step, :1])], dim=1)
        products = [(sample.T @ sample).double(), (sample.T @ wanted[::step]).double()]
        sums = [before + more for before, more in zip(sums, products, strict=True)] if sums else products
    gram, cross = sums
    count = gram[-1, -1].item()
    mean, aim = gram[-1, :-1] / count, cross[-1] / count
    covariance = gram[:-1, :-1] / count - mean[:, None] * mean
    covariance.diagonal().add_(_RIDGE * covariance.diagonal().mean())
    weight = torch.linalg.solve(covariance, cross[:-1] / count - mean[:, None] * aim).T
    return weight.float(), (aim - weight @ mean).float()


def _note(features: Sequence[Tensor], normalization: nn.BatchNorm2d, bias: Tensor | None) -> None:
    """Let a batch normalisation know what it normalises, and add a bias beside that; without one, standardise."""
    mean = _mean(features, lambda rows: rows)
    variance = _mean(features, lambda rows: (rows - mean).square())
    _running(normalization, mean, variance)
    if bias is not None:
        normalization.weight.copy_(torch.sqrt(variance + normalization.eps))
        normalization.bias.copy_(mean + bias)


def _copy_scale(normalization: nn.BatchNorm1d, old: nn.Module, features: Tensor) -> None:
    """Let the last batch normalisation be the old one's scale and shift, knowing what it normalises."""
    mean, variance = features.mean(dim=0), features.var(dim=0, unbiased=False)
    origin = old(torch.zeros_like(features[:1]))[0]
    scale = old(torch.ones_like(features[:1]))[0] - origin
    _running(normalization, mean, variance)
    normalization.weight.copy_(scale * torch.sqrt(variance + normalization.eps))
    normalization.bias.copy_(origin + scale * mean)


def _running(normalization: nn.BatchNorm1d | nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> None:
    cast("Tensor", normalization.running_mean).copy_(mean)
    cast("Tensor", normalization.running_var).copy_(variance)


def _mean(features: Sequence[Tensor], of: Callable[[Tensor], Tensor]) -> Tensor:
    return torch.stack([of(_rows(part)).mean(dim=0) for part in features]).mean(dim=0)


def _rows(features: Tensor) -> Tensor:
    """[N, C, H, W] as [N * H * W, C]."""
    return features.permute(0, 2, 3, 1).flatten(end_dim=2)
