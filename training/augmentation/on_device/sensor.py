"""What light, lens and sensor do to whole batches."""

import math

import torch
from kornia.enhance import jpeg_codec_differentiable
from kornia.filters import gaussian_blur2d, motion_blur
from torch import Tensor
from torch.nn.functional import interpolate

from training.augmentation.fields import Draw
from training.augmentation.sensor import LARGEST_HUE_DEG


def change_illumination(images: Tensor, draw: Draw) -> Tensor:
    """Exposure, gamma, white balance, black level and saturation."""
    n = len(images)
    tint = torch.where(draw.column(n) < 0.5, 0.03, 0.15) * draw.normal(n, 3, 1, 1)
    gain = torch.exp(0.25 * draw.normal(n, 1, 1, 1) + tint)
    black = draw.column(n, 0, 0.12) * (draw.column(n) < 0.3)
    seen = (black + (1 - black) * images.clamp(1e-4) ** torch.exp(0.25 * draw.normal(n, 1, 1, 1)) * gain).clamp(0, 1)
    saturation = torch.where(draw.column(n) < 0.5, draw.column(n, 0.4, 1.5), 1.0)
    return saturation * seen + (1 - saturation) * remove_colour(seen, draw)


def turn_hue(images: Tensor, draw: Draw) -> Tensor:
    """Every colour turned about the axis of greys, which stay as they are."""
    angle = (2 * draw.column(len(images)) - 1) * math.radians(LARGEST_HUE_DEG)
    red, green, blue = images.unbind(dim=1)
    across = torch.stack([blue - green, red - blue, green - red], dim=1) / math.sqrt(3)
    grey = images.mean(dim=1, keepdim=True)
    return torch.cos(angle) * (images - grey) + grey + torch.sin(angle) * across


def remove_colour(images: Tensor, _draw: Draw) -> Tensor:
    """Cards in grey, still of three channels."""
    weights = torch.tensor([0.299, 0.587, 0.114], device=images.device).reshape(1, 3, 1, 1)
    return (images * weights).sum(dim=1, keepdim=True).expand_as(images)


def reduce_resolution(images: Tensor, draw: Draw) -> Tensor:
    """Cards that are small in the frame; one of six scales from 0.4 to 0.9 for each."""
    scales = (draw.uniform(len(images)) * 6).floor()
    seen = images.clone()
    for step in range(6):
        chosen = scales == step
        if bool(chosen.any()):
            smaller = interpolate(images[chosen], scale_factor=0.4 + 0.1 * step, mode="bilinear", antialias=True)
            seen[chosen] = interpolate(smaller, images.shape[2:], mode="bilinear")
    return seen


def defocus(images: Tensor, draw: Draw) -> Tensor:
    """Gaussian blur."""
    largest = 0.011 * images.shape[3]
    sigma = (draw.uniform(len(images), 1, low=0.2) * largest).clamp(min=0.2).expand(-1, 2)
    return gaussian_blur2d(images, _odd(3 * largest), sigma.contiguous())


def move(images: Tensor, draw: Draw) -> Tensor:
    """Blur along a straight line, 1 to 7 % of the width long."""
    n = len(images)
    sharp = draw.column(n, 0, 0.6)
    length, _ = _odd(0.035 * images.shape[3])
    angle, direction = draw.uniform(n) * 360, torch.zeros(n, device=images.device)
    return sharp * images + (1 - sharp) * motion_blur(images, length, angle, direction, "replicate")


def darken(images: Tensor, draw: Draw) -> Tensor:
    """Low light: little of the range is used, strong noise."""
    n = len(images)
    exposure = draw.column(n, 0.12, 0.5)
    dim = images * exposure + draw.column(n, 0, 0.08)
    noisy = dim + draw.normal(*images.shape) * draw.column(n, 0.008, 0.027)
    return noisy * (1 + draw.column(n) * (0.8 / exposure - 1))


def add_noise(images: Tensor, draw: Draw) -> Tensor:
    """Gaussian noise of each channel."""
    return images + draw.normal(*images.shape) * draw.column(len(images), 0.004, 0.055)


def compress(images: Tensor, draw: Draw) -> Tensor:
    """One round of JPEG."""
    quality = draw.uniform(len(images)) * 70 + 25
    return jpeg_codec_differentiable(images.clamp(0, 1), quality)


def _odd(reach: float) -> tuple[int, int]:
    side = 2 * max(1, round(reach)) + 1
    return side, side
