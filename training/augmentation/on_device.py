"""The disturbances of this package for whole batches, on the device that trains: `augment` for a GPU.

Images are float32 [N, 3, H, W], RGB, 0 to 1. Every function disturbs all images that it is given, each differently; all
randomness comes from the draw that is passed in. Lengths are fractions of the card's width.
"""

import math
from collections.abc import Callable

import torch
from kornia.enhance import jpeg_codec_differentiable
from kornia.filters import gaussian_blur2d, motion_blur
from kornia.geometry.transform import get_perspective_transform, warp_perspective
from torch import Tensor
from torch.nn.functional import interpolate

from edge.geometry import CARD_WIDTH_MM, CORNER_RADIUS_MM
from training.augmentation.fields import Draw, covered, places, stripes, textures, waves
from training.augmentation.occlusion import LARGEST_SHARE
from training.augmentation.outline import LARGEST_PERSPECTIVE, LARGEST_ROTATION_DEG
from training.augmentation.sensor import LARGEST_HUE_DEG
from training.augmentation.settings import AugmentationSettings

DeviceDisturbance = Callable[[Tensor, Draw], Tensor]

# Surroundings of the card that are drawn, and the sleeve's margin in them, as fractions of the card's width.
SURROUND = 0.1
SLEEVE_MARGIN = 0.03
_SKIN = ((0.94, 0.80, 0.69), (0.37, 0.25, 0.18))


def augment_batch(cards: Tensor, draw: Draw, settings: AugmentationSettings, size: tuple[int, int]) -> Tensor:
    """Show cards as a camera might have seen them.

    Args:
        cards: uint8 [N, 3, rows, columns], RGB, the digital originals.
        draw: source of all randomness, on the same device.
        settings: how often what happens.
        size: width and height of the result in pixels.

    Returns:
        uint8 [N, 3, height, width].
    """
    small = interpolate(cards.float() / 255, (size[1], size[0]), mode="bilinear", antialias=True)
    clean = draw.uniform(len(cards)) < settings.clean
    factor = 1 + (draw.uniform(len(cards)) < settings.heavy).float()
    seen = small
    for probability, disturb in device_disturbances(settings):
        likely = (factor * probability).clamp(max=max(probability, 0.9))
        chosen = torch.nonzero((draw.uniform(len(cards)) < likely) & ~clean).flatten()
        if len(chosen):
            seen = seen.index_copy(0, chosen, disturb(seen[chosen], draw).clamp(0, 1))
    return (seen * 255).round().to(torch.uint8)


def device_disturbances(settings: AugmentationSettings) -> tuple[tuple[float, DeviceDisturbance], ...]:
    """What may happen to a card, in the order in which light meets it."""
    return (
        (settings.foil, add_foil),
        (settings.outline, cut_out),
        (settings.sleeve, add_film),
        (settings.glare, add_glare),
        (settings.objects, add_objects),
        (settings.fingers, add_fingers),
        (settings.shadow, add_shadow),
        (settings.illumination, change_illumination),
        (settings.hue, turn_hue),
        (settings.greyscale, remove_colour),
        (settings.low_resolution, reduce_resolution),
        (settings.defocus, defocus),
        (settings.motion, move),
        (settings.low_light, darken),
        (settings.noise, add_noise),
        (settings.compression, compress),
        (settings.rotation, rotate),
        (settings.perspective, tilt),
    )


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


def add_shadow(images: Tensor, draw: Draw) -> Tensor:
    """The soft shadow of a hand, an arm or a window frame."""
    n = len(images)
    shade = covered(images, draw, lines=(1, 4), thickness=(0.12, 0.7), softness=(0.035, 0.4))
    return images * (1 - shade * draw.column(n, 0.25, 0.75))


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


def _odd(reach: float) -> tuple[int, int]:
    side = 2 * max(1, round(reach)) + 1
    return side, side


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
