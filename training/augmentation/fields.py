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
    images: Tensor,
    draw: Draw,
    *,
    lines: tuple[int, int],
    thickness: tuple[float, float],
    length: float | None = None,
    softness: tuple[float, float] = (0.004, 0.004),
) -> Tensor:
    """Where random strokes lie, 0 to 1 [N, 1, H, W].

    Args:
        images: whose size and number count.
        draw: source of randomness.
        lines: fewest and most strokes on an image.
        thickness: least and greatest, in card widths.
        length: typical, in card widths; None where strokes run from anywhere to anywhere on the card and beside it.
        softness: least and greatest width of the strokes' edges, in card widths.
    """
    n = len(images)
    scale = COARSENESS if softness[1] * images.shape[3] > COARSENESS else 1
    x, y = places(images[:, :, ::scale, ::scale])
    rise = y.max()
    strokes = torch.zeros(n, 1, y.shape[2], x.shape[3], device=images.device)
    soft, count = draw.column(n, *softness), draw.column(n, lines[0], lines[1] + 1)
    for number in range(lines[1]):
        ax, ay, cx, cy = (draw.column(n, -0.3, 1.3) for _ in range(4))
        bx, by = cx - ax, (cy - ay) * rise
        if length is not None:
            bx, by = (length * draw.normal(n, 1, 1, 1) for _ in range(2))
        dx, dy = x - ax, y - ay * rise
        along = ((dx * bx + dy * by) / (bx * bx + by * by + 1e-6)).clamp(0, 1)
        distance = torch.hypot(dx - along * bx, dy - along * by)
        edge = (draw.column(n, *thickness) / 2 - distance) / soft + 0.5
        strokes = torch.maximum(strokes, edge.clamp(0, 1) * (count >= number + 1))
    return interpolate(strokes, images.shape[2:], mode="bilinear") if scale > 1 else strokes
