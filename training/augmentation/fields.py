"""Random fields for whole batches, on any device: what the disturbances of `on_device` are made of."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

# Light and shadow vary slowly: they are drawn on a grid this many times coarser than the image.
COARSENESS = 4


class Draw:
    """Random numbers of one batch, all from one seed."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self._generator = torch.Generator(device).manual_seed(seed)

    def uniform(self, *shape: int, low: float = 0.0) -> Tensor:
        """Even between `low` and 1."""
        return low + (1 - low) * torch.rand(shape, generator=self._generator, device=self.device)

    def column(self, count: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """One even number for each image, [N, 1, 1, 1]."""
        return low + (high - low) * self.uniform(count, 1, 1, 1)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal."""
        return torch.randn(shape, generator=self._generator, device=self.device)


def places(images: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates of the pixels in card widths: x [1, 1, 1, W] and y [1, 1, H, 1]."""
    rows, columns = images.shape[2:]
    x = torch.linspace(0, 1, columns, device=images.device)
    y = torch.linspace(0, rows / columns, rows, device=images.device)
    return x.reshape(1, 1, 1, -1), y.reshape(1, 1, -1, 1)


def stripes(images: Tensor, draw: Draw, slowest: float, fastest: float) -> Tensor:
    """A ramp [N, 1, H, W] in a random direction, around 0, that rises by `slowest` to `fastest` over a width."""
    x, y = places(images)
    angle, rise = draw.column(len(images), 0, 6.2832), draw.column(len(images), slowest, fastest)
    return rise * (torch.cos(angle) * (x - 0.5) + torch.sin(angle) * (y - 0.7))


def waves(images: Tensor, draw: Draw, cells: int) -> Tensor:
    """Smooth noise [N, 1, H, W] of unit variance, with `cells` cells across."""
    noise = draw.normal(len(images), 1, cells + 2, cells)
    return interpolate(noise, images.shape[2:], mode="bicubic", align_corners=True)


def textures(draw: Draw, count: int, size: tuple[int, int]) -> Tensor:
    """Plain, blotchy, striped or printed-looking surfaces [N, 3, height, width], 0 to 1."""
    tone = draw.uniform(count, 3, 1, 1)
    surface = tone.expand(count, 3, *size)
    for cells, contrast in (((3, 3), 0.15), ((24, 17), 0.12), ((64, 3), 0.08), ((64, 46), 0.12)):
        weight = contrast * draw.column(count) ** 2 * 2
        noise = draw.normal(count, 3, *cells)
        surface = surface + weight * interpolate(noise, size, mode="bilinear", align_corners=True)
    return surface.clamp(0, 1)


def covered(
    images: Tensor, draw: Draw, *, lines: int, thickness: tuple[float, float], length: float, softness: float = 0.004
) -> Tensor:
    """Where up to `lines` random strokes lie, 0 to 1 [N, 1, H, W].

    Args:
        images: whose size and number count.
        draw: source of randomness.
        lines: strokes at most.
        thickness: least and greatest, in card widths.
        length: typical, in card widths.
        softness: width of the strokes' edge, in card widths.
    """
    n = len(images)
    scale = COARSENESS if softness * images.shape[3] > COARSENESS else 1
    x, y = places(images[:, :, ::scale, ::scale])
    strokes = torch.zeros(n, 1, y.shape[2], x.shape[3], device=images.device)
    for _ in range(lines):
        ax, ay = draw.column(n, -0.1, 1.1), draw.column(n, -0.1, 1.5)
        bx, by = (length * draw.normal(n, 1, 1, 1) for _ in range(2))
        along = (((x - ax) * bx + (y - ay) * by) / (bx * bx + by * by + 1e-6)).clamp(0, 1)
        distance = torch.hypot(x - ax - along * bx, y - ay - along * by)
        edge = (draw.column(n, *thickness) / 2 - distance) / softness + 0.5
        strokes = torch.maximum(strokes, edge.clamp(0, 1) * (draw.column(n) < 0.7))
    return interpolate(strokes, images.shape[2:], mode="bilinear") if scale > 1 else strokes
