"""Foil, sleeves, reflections and shadows of whole batches."""

import torch
from torch import Tensor

from training.augmentation.fields import Draw, covered, places, stripes, waves


def add_foil(images: Tensor, draw: Draw) -> Tensor:
    """A holographic rainbow, over the whole card or a band of it."""
    n = len(images)
    turns = stripes(images, draw, 0.4, 3.0) + draw.column(n, 0, 0.8) * waves(images, draw, 8) + draw.column(n)
    saturation = draw.column(n, 0.35, 0.95)
    shift = torch.tensor([5.0, 3.0, 1.0], device=images.device).reshape(1, 3, 1, 1)
    k = (shift + 6 * (turns % 1)) % 6
    value = (0.51 + 0.43 * torch.sin(6.283 * draw.column(n, 0.5, 2.0) * turns)).clamp(0, 1)
    rainbow = value * (1 - saturation * torch.minimum(k, 4 - k).clamp(0, 1))
    strength = draw.column(n, 0.15, 0.7)
    shone = (1 - 0.6 * strength) * images + 0.8 * strength * 1.7 * rainbow * images + 0.3 * strength * rainbow
    _, y = places(images)
    ends = draw.uniform(n, 2).sort(dim=1).values.reshape(n, 2, 1, 1) * y.max()
    banded = draw.column(n) < 0.4
    inside = (y > ends[:, :1]) & (y < ends[:, 1:]) | ~banded
    return torch.where(inside, shone, images)


def add_film(images: Tensor, draw: Draw) -> Tensor:
    """A sleeve over the card: haze, a sheen that runs across it, scuffs."""
    n = len(images)
    haze = draw.column(n, 0, 0.3)
    hazy = (1 - haze) * images + haze * draw.column(n, 0.75, 0.98)
    sheen = draw.column(n, 0.1, 0.55) * (0.5 + stripes(images, draw, 0.3, 1.0) + 0.15 * waves(images, draw, 5))
    sheen = sheen.clamp(min=0) * (draw.column(n) < 0.6)
    scuffs = covered(images, draw, lines=(3, 18), thickness=(0.004, 0.009), length=0.15) * draw.column(n, 0.1, 0.5)
    return hazy + sheen + scuffs * (draw.column(n) < 0.35)


def add_glare(images: Tensor, draw: Draw) -> Tensor:
    """Up to four reflections: soft blobs, hard lamps or long streaks, some burnt out."""
    n = len(images)
    x, y = places(images)
    bend = waves(images, draw, 5) * draw.column(n, 0, 0.05)
    light = torch.zeros_like(images[:, :1])
    for chance in (1.0, 0.5, 0.15, 0.15):
        angle = draw.column(n, 0, 3.1416)
        dx, dy = x - draw.column(n, -0.1, 1.1), y - draw.column(n, -0.1, 1.5)
        u = (torch.cos(angle) * dx + torch.sin(angle) * dy + bend) / draw.column(n, 0.06, 0.7)
        v = (torch.cos(angle) * dy - torch.sin(angle) * dx + bend) / draw.column(n, 0.02, 0.16)
        sharpness = 1 + 2 * (draw.column(n) < 0.5).float()
        blob = torch.exp(-0.5 * (u * u + v * v + 1e-6) ** sharpness)
        light = light + draw.column(n, 0.3, 1.6) * blob * (draw.column(n) < chance)
    return images + light * draw.uniform(n, 3, 1, 1, low=0.8)


def add_shadow(images: Tensor, draw: Draw) -> Tensor:
    """The soft shadow of a hand, an arm or a window frame."""
    n = len(images)
    shade = covered(images, draw, lines=(1, 4), thickness=(0.12, 0.7), softness=(0.035, 0.4))
    return images * (1 - shade * draw.column(n, 0.25, 0.75))
