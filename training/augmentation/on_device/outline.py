"""What wrong outlines do to whole batches: surroundings, a turn, a slant."""

import math

import torch
from kornia.geometry.transform import get_perspective_transform, warp_perspective
from torch import Tensor

from edge.geometry import CARD_WIDTH_MM, CORNER_RADIUS_MM
from training.augmentation.fields import Draw, places, textures
from training.augmentation.outline import LARGEST_PERSPECTIVE, LARGEST_ROTATION_DEG

# Surroundings of the card that are drawn, and the sleeve's margin in them, as fractions of the card's width.
SURROUND = 0.1
SLEEVE_MARGIN = 0.03


def cut_out(images: Tensor, draw: Draw) -> Tensor:
    """Put cards on random surfaces, half of them sleeved, and rectify them by slightly wrong outlines."""
    n, _, rows, columns = images.shape
    border = round(SURROUND * columns)
    size = rows + 2 * border, columns + 2 * border
    surface = _with_sleeves(textures(draw, n, size), draw, border)
    place = surface[:, :, border : border + rows, border : border + columns]
    place.lerp_(images, _rounded(images).expand_as(place))
    corners = _corners(images)
    outward = torch.tensor([[-1, -1], [1, -1], [1, 1], [-1, 1.0]], device=images.device)
    error = draw.normal(n, 4, 2) * draw.uniform(n, 1, 1) * 0.02
    growth = outward * (draw.uniform(n, 1, 1) * 0.065 - 0.03) * draw.uniform(n, 1, 1)
    wrong = corners + border + (error.clamp(-0.04, 0.04) + growth) * columns
    matrix = get_perspective_transform(wrong, corners.expand(n, 4, 2).contiguous())
    return warp_perspective(surface, matrix, (rows, columns), align_corners=True, padding_mode="border")


def rotate(images: Tensor, draw: Draw) -> Tensor:
    """Cards askew in their crops, their edges continued around them."""
    angle = (2 * draw.column(len(images)) - 1) * math.radians(LARGEST_ROTATION_DEG)
    corners = _corners(images)
    centred = corners - corners.mean(dim=0)
    across = torch.stack([-centred[:, 1], centred[:, 0]], dim=1)
    turned = torch.cos(angle[:, 0]) * centred + torch.sin(angle[:, 0]) * across + corners.mean(dim=0)
    return _warped(images, corners.expand_as(turned), turned)


def tilt(images: Tensor, draw: Draw) -> Tensor:
    """Cards seen at a slant, their corners inside the crop, their edges continued around them."""
    corners = _corners(images)
    middle = corners.mean(dim=0)
    inward = (middle - corners) * 2 * LARGEST_PERSPECTIVE * draw.uniform(len(images), 4, 2)
    return _warped(images, corners.expand_as(inward), corners + inward)


def _corners(images: Tensor) -> Tensor:
    """The corner pixels [4, 2] (x, y), clockwise from the top left."""
    right, bottom = images.shape[3] - 1.0, images.shape[2] - 1.0
    return torch.tensor([[0, 0], [right, 0], [right, bottom], [0, bottom]], device=images.device)


def _warped(images: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """Images of which the points `source` [N, 4, 2] have moved to `target`, of the same size."""
    matrix = get_perspective_transform(source.contiguous(), target)
    size = (images.shape[2], images.shape[3])
    return warp_perspective(images, matrix, size, align_corners=True, padding_mode="border")


def _rounded(images: Tensor) -> Tensor:
    """Coverage [1, 1, H, W], 0 to 1, of a card with rounded corners that fills the images."""
    x, y = places(images)
    radius = CORNER_RADIUS_MM / CARD_WIDTH_MM
    beyond = [((place - place.max() / 2).abs() - place.max() / 2 + radius).clamp(min=0) for place in (x, y)]
    return (0.5 + (radius - torch.hypot(*beyond)) * images.shape[3]).clamp(0, 1)


def _with_sleeves(surface: Tensor, draw: Draw, border: int) -> Tensor:
    n = len(surface)
    seen = surface.clone()
    margin = max(1, round((1 - SLEEVE_MARGIN / SURROUND) * border))
    inside = seen[:, :, margin:-margin, margin:-margin]
    opacity = torch.where(draw.column(n) < 0.7, draw.column(n, 0.05, 0.4), draw.column(n, 0.8, 1.0))
    opacity = opacity * (draw.column(n) < 0.5)
    inside.copy_((1 - opacity) * inside + opacity * draw.uniform(n, 3, 1, 1))
    return seen
