"""What is done to pictures and views of scenes, so that no two are alike."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image

MOST_COVERED = 0.4
_CORNERS = np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])


def turn(angle: float) -> NDArray[np.float64]:
    """The matrix [2, 2] that turns points about the origin, in radians, clockwise in the image."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def cover(
    picture: Image,
    other: Image,
    centre: NDArray[np.float64],
    extent: NDArray[np.float64],
    rng: np.random.Generator,
    spared: tuple[slice, slice] | None = None,
) -> None:
    """Lay a convex piece of another picture, with four corners and turned at random, over a picture.

    Args:
        picture: uint8 [H, W, 3], which is changed.
        other: of the same size.
        centre: [2] of the piece, pixels.
        extent: [2] width and height before it is turned, pixels; or [4, 2], seen by each corner.
        rng: turns it.
        spared: rows and columns of which it must not hide much: nothing is laid over the picture then.
    """
    corners = centre + (extent / 2 * _CORNERS) @ turn(rng.uniform(0, np.pi))
    mask: NDArray[np.uint8] = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(corners).astype(np.int32)), 1)
    if spared is None or mask[spared].mean() < MOST_COVERED:
        np.copyto(picture, other, where=mask[..., None] > 0)


def recoloured(picture: Image, rng: np.random.Generator) -> Image:
    """Change brightness, contrast and colour; sometimes blur, add noise, take the colour away."""
    seen: NDArray[np.float32] = picture.astype(np.float32)
    gain = np.exp(rng.normal(0, 0.25)) * np.exp(rng.normal(0, 0.08, 3))
    seen = 255 * (np.clip(seen * gain / 255, 0, 1) ** np.exp(rng.normal(0, 0.2))) + rng.normal(0, 8)
    if rng.random() < 0.1:
        seen = np.repeat(seen.mean(axis=2, keepdims=True), 3, axis=2)
    if rng.random() < 0.25:
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), rng.uniform(0.3, 1.2)), np.float32)
    if rng.random() < 0.3:
        seen = seen + rng.normal(0, rng.uniform(1, 8), seen.shape).astype(np.float32)
    return np.clip(seen, 0, 255).astype(np.uint8)
