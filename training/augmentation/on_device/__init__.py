"""The disturbances of this package for whole batches, on the device that trains: `augment` for a GPU.

Images are float32 [N, 3, H, W], RGB, 0 to 1. Every function disturbs all images that it is given, each differently; all
randomness comes from the draw that is passed in. Lengths are fractions of the card's width.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from training.augmentation.fields import Draw
from training.augmentation.on_device.occlusion import add_fingers, add_objects
from training.augmentation.on_device.outline import cut_out, rotate, tilt
from training.augmentation.on_device.sensor import (
    add_noise,
    change_illumination,
    compress,
    darken,
    defocus,
    move,
    reduce_resolution,
    remove_colour,
    turn_hue,
)
from training.augmentation.on_device.surface import add_film, add_foil, add_glare, add_shadow
from training.augmentation.settings import AugmentationSettings

DeviceDisturbance = Callable[[Tensor, Draw], Tensor]


# What may happen to a card, by the name of its setting, in the order in which light meets it.
DEVICE_DISTURBANCES: tuple[tuple[str, DeviceDisturbance], ...] = (
    ("foil", add_foil),
    ("outline", cut_out),
    ("sleeve", add_film),
    ("glare", add_glare),
    ("objects", add_objects),
    ("fingers", add_fingers),
    ("shadow", add_shadow),
    ("illumination", change_illumination),
    ("hue", turn_hue),
    ("greyscale", remove_colour),
    ("low_resolution", reduce_resolution),
    ("defocus", defocus),
    ("motion", move),
    ("low_light", darken),
    ("noise", add_noise),
    ("compression", compress),
    ("rotation", rotate),
    ("perspective", tilt),
)


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
    for name, disturb in DEVICE_DISTURBANCES:
        probability = getattr(settings, name)
        likely = (factor * probability).clamp(max=max(probability, 0.9))
        chosen = torch.nonzero((draw.uniform(len(cards)) < likely) & ~clean).flatten()
        if len(chosen):
            seen = seen.index_copy(0, chosen, disturb(seen[chosen], draw).clamp(0, 1))
    return (seen * 255).round().to(torch.uint8)
