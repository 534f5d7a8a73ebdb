"""What hides a part of each card of a batch: objects and fingers."""

import math

import torch
from torch import Tensor

from training.augmentation.fields import Draw, places, textures
from training.augmentation.occlusion import LARGEST_SHARE

_SKIN = ((0.94, 0.80, 0.69), (0.37, 0.25, 0.18))


def add_objects(images: Tensor, draw: Draw) -> Tensor:
    """One to three dice, counters, or corners of other cards, with random surfaces; at most `LARGEST_SHARE` of it."""
    n = len(images)
    several = draw.column(n)
    hidden = torch.zeros_like(images[:, :1], dtype=torch.bool)
    for chance in (1.0, 0.4, 0.15):
        more = hidden | _shape(images, draw)
        fits = more.float().mean(dim=(1, 2, 3), keepdim=True) <= LARGEST_SHARE
        hidden = torch.where(fits & (several < chance), more, hidden)
    return torch.where(hidden, textures(draw, n, (images.shape[2], images.shape[3])), images)


def add_fingers(images: Tensor, draw: Draw) -> Tensor:
    """One to three fingers that reach in over one edge."""
    n = len(images)
    x, y = places(images)
    side = (draw.column(n) * 4).floor()
    across = torch.where(side < 2, x, y)
    depth = torch.where(side == 0, y, torch.where(side == 1, y.max() - y, torch.where(side == 2, x, 1 - x)))
    width = draw.column(n, 0.14, 0.24)
    start, slant = draw.column(n) * torch.where(side < 2, 1.0, float(y.max())), draw.normal(n, 1, 1, 1) * 0.3
    seen = images
    light, dark = (torch.tensor(tone, device=images.device).reshape(1, 3, 1, 1) for tone in _SKIN)
    skin = light + (dark - light) * draw.column(n)
    several = draw.column(n)
    for number, chance in enumerate((1.0, 0.45, 0.15)):
        reach = draw.column(n, 0.1, 0.5) * (1 + 0.3 * draw.normal(n, 1, 1, 1))
        offset = across - start - number * 1.08 * width - slant * depth
        beyond = (depth - reach).clamp(min=0)
        distance = torch.sqrt(offset * offset + beyond * beyond) / (width / 2)
        shade = 0.55 + 0.45 * torch.sqrt((1 - distance * distance).clamp(min=0))
        hidden = ((1 - distance) / 0.06 + 1).clamp(0, 1) * (several < chance)
        seen = seen * (1 - hidden) + skin * shade * hidden
    return seen


def _shape(images: Tensor, draw: Draw) -> Tensor:
    """A circle, a square or a rectangle anywhere on each card, bool [N, 1, H, W]."""
    n = len(images)
    x, y = places(images)
    angle = draw.column(n, 0, math.pi / 2)
    dx, dy = x - draw.column(n), y - draw.column(n) * y.max()
    u = (torch.cos(angle) * dx + torch.sin(angle) * dy).abs()
    v = (torch.cos(angle) * dy - torch.sin(angle) * dx).abs()
    square = draw.column(n) < 0.5
    side = draw.column(n, 0.12, 0.3)
    width, height = (torch.where(square, side, draw.column(n, 0.1, 0.9)) for _ in range(2))
    radius = draw.column(n, 0.08, 0.3)
    return torch.where(draw.column(n) < 0.3, torch.hypot(dx, dy) < radius, (2 * u < width) & (2 * v < height))
