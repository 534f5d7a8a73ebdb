"""Dark cards on dark mats: surroundings and rims of cards that hardly differ."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import CARD_WIDTH_MM, Image
from training.detection.faces import SEEN_WHOLE, card_mask
from training.detection.holders import mix

# The share of training pictures on dark mats.
ON_DARK_MATS = 0.15
_MAT_LEVELS = (4.0, 50.0)
_RIM_MM = (1.5, 4.5)
_RIM_LEVELS = (-15.0, 30.0)


def on_dark_mat(
    picture: Image, quads: NDArray[np.float32], visible: NDArray[np.float32], rng: np.random.Generator
) -> Image:
    """A copy of a picture with a dark mat beneath the cards, and dark rims on most of them.

    Args:
        picture: uint8 [H, W, 3] BGR.
        quads: float32 [K, 4, 2], pixels, clockwise; NaN where there is none.
        visible: float32 [K], the share of each card that is seen. Where something covers one, nothing is changed.
        rng: how dark.
    """
    finite = np.isfinite(quads).all(axis=(1, 2))
    if not finite.any() or np.any(visible[finite] < SEEN_WHOLE):
        return picture
    cards = quads[finite].astype(np.float64)
    size = picture.shape[:2]
    mat = rng.uniform(*_MAT_LEVELS) + rng.uniform(-6, 6, 3)
    dark = picture.astype(np.float32)
    rims = rng.random(len(cards)) < 0.7
    for quad, rim in zip(cards, rims, strict=True):
        if rim:
            inset = rng.uniform(*_RIM_MM) / CARD_WIDTH_MM
            inner = quad + inset * (np.roll(quad, -1, axis=0) + np.roll(quad, 1, axis=0) - 2 * quad)
            band = np.clip(card_mask(size, quad) - card_mask(size, inner), 0, 1)
            mix(dark, band, np.clip(mat + rng.uniform(*_RIM_LEVELS), 0, 255).astype(np.uint8))
    around = 1 - np.max([card_mask(size, quad) for quad in cards], axis=0)
    weave = cv2.GaussianBlur(rng.normal(0, 1, size).astype(np.float32), (0, 0), rng.uniform(0.4, 2))
    strength = rng.uniform(0, 6) / max(float(weave.std()), 1e-6)
    # What lay beneath shines through a little: folds, wear and light of the old ground.
    ground = mat + strength * np.asarray(weave, np.float32)[..., None] + rng.uniform(0, 0.15) * (dark - 128)
    dark += around[..., None] * (ground.astype(np.float32) - dark)
    return np.clip(np.round(dark), 0, 255).astype(np.uint8)
