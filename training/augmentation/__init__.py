"""Makes a photographed card out of a digital one, fast enough to do it anew for every training step.

`augment` works on one card with OpenCV, in the processes that make batches; `training.augmentation.on_device` does the
same to a whole batch on a GPU. On a CPU the first takes a quarter to a ninth of the time of the second.
"""

from collections.abc import Callable

import cv2
import numpy as np

from edge.geometry import Image
from training.augmentation.occlusion import add_fingers, add_objects
from training.augmentation.outline import cut_out, rotate, tilt
from training.augmentation.sensor import (
    add_noise,
    change_illumination,
    compress,
    darken,
    defocus,
    move,
    remove_colour,
    turn_hue,
)
from training.augmentation.settings import AugmentationSettings
from training.augmentation.surface import add_film, add_foil, add_glare, add_shadow

__all__ = ["DISTURBANCES", "AugmentationSettings", "Disturbance", "augment"]

Disturbance = Callable[[Image, np.random.Generator], Image]

# What may happen to a card that has been cut out, by the name of its setting, in the order in which light meets it.
DISTURBANCES: tuple[tuple[str, Disturbance], ...] = (
    ("sleeve", add_film),
    ("glare", add_glare),
    ("objects", add_objects),
    ("fingers", add_fingers),
    ("shadow", add_shadow),
    ("illumination", change_illumination),
    ("hue", turn_hue),
    ("greyscale", remove_colour),
    ("defocus", defocus),
    ("motion", move),
    ("low_light", darken),
    ("noise", add_noise),
    ("compression", compress),
    ("rotation", rotate),
    ("perspective", tilt),
)

SMALLEST_RESOLUTION = 0.4
# The card is first reduced to this many times the size it is wanted in, so that the warp does not alias.
_OVERSAMPLING = 1.2


def augment(card: Image, rng: np.random.Generator, settings: AugmentationSettings, size: tuple[int, int]) -> Image:
    """Show a card as a camera might have seen it.

    Args:
        card: uint8 [rows, columns, 3] BGR, the digital original.
        rng: source of all randomness.
        settings: how often what happens.
        size: width and height of the result in pixels.

    Returns:
        uint8 [height, width, 3] BGR.
    """
    if rng.random() < settings.clean:
        return _resized(card, size)
    factor = 2.0 if rng.random() < settings.heavy else 1.0

    def happens(probability: float) -> bool:
        return bool(rng.random() < min(factor * probability, max(probability, 0.9)))

    scale = rng.uniform(SMALLEST_RESOLUTION, 1.0) if happens(settings.low_resolution) else 1.0
    seen_size = round(size[0] * scale), round(size[1] * scale)
    seen = _resized(card, (round(seen_size[0] * _OVERSAMPLING), round(seen_size[1] * _OVERSAMPLING)))
    if happens(settings.foil):
        seen = add_foil(seen, rng)
    seen = cut_out(seen, rng, seen_size) if happens(settings.outline) else _resized(seen, seen_size)
    for name, disturb in DISTURBANCES:
        probability = getattr(settings, name)
        if probability and happens(probability):
            seen = disturb(seen, rng)
    return _resized(seen, size)


def _resized(card: Image, size: tuple[int, int]) -> Image:
    if card.shape[1::-1] == size:
        return card
    method = cv2.INTER_AREA if card.shape[1] > size[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(card, size, interpolation=method), dtype=np.uint8)
