"""ConvNeXt of operations that every accelerator has: batch normalisation and ReLU, which fold into convolutions."""

from itertools import pairwise

from torch import Tensor, nn

_KERNEL = 7
_EXPANSION = 4
# As ConvNeXt's layer scale does, so that a block starts close to the identity.
_BRANCH_SCALE = 0.1


class BatchNormalizedConvNext(nn.Module):
    """ConvNeXt's layout (arXiv 2201.03545) with batch for layer normalisation, ReLU for GELU, no layer scale."""

    def __init__(self, depths: tuple[int, ...], hidden_sizes: tuple[int, ...], _group_width: int = 0) -> None:
        super().__init__()
        self.stem = _reduction(3, hidden_sizes[0], 4)
        self.stages = nn.ModuleList(
            nn.Sequential(*(Block(size) for _ in range(depth)))
            for depth, size in zip(depths, hidden_sizes, strict=True)
        )
        self.reductions = nn.ModuleList(_reduction(before, after, 2) for before, after in pairwise(hidden_sizes))

    def forward(self, pixels: Tensor) -> Tensor:
        """The last feature map."""
        features: Tensor = self.stages[0](self.stem(pixels))
        for reduction, stage in zip(self.reductions, self.stages[1:], strict=True):
            features = stage(reduction(features))
        return features


class Block(nn.Module):
    """Depthwise convolution, expansion, ReLU, contraction, beside the identity."""

    def __init__(self, size: int) -> None:
        super().__init__()
        last = nn.BatchNorm2d(size)
        nn.init.constant_(last.weight, _BRANCH_SCALE)
        self.branch = nn.Sequential(
            nn.Conv2d(size, size, _KERNEL, padding=_KERNEL // 2, groups=size, bias=False),
            nn.BatchNorm2d(size),
            nn.Conv2d(size, _EXPANSION * size, 1, bias=False),
            nn.BatchNorm2d(_EXPANSION * size),
            nn.ReLU(inplace=True),
            nn.Conv2d(_EXPANSION * size, size, 1, bias=False),
            last,
        )

    def forward(self, features: Tensor) -> Tensor:
        """What it adds to its input, and that."""
        out: Tensor = features + self.branch(features)
        return out


def _reduction(before: int, after: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, stride, stride, bias=False), nn.BatchNorm2d(after))
