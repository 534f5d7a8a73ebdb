from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, CORNER_RADIUS_MM

Draw = Callable[..., np.ndarray]
SCALE = 8


@pytest.fixture(scope="session")
def rounded_card() -> Draw:
    """Draws a white-bordered card with 3 mm corners onto a picture, in place: the outline is exactly the given quad."""
    radius = CORNER_RADIUS_MM
    angles = np.radians(np.arange(0, 91, 6))
    arc = np.stack([radius - radius * np.cos(angles), radius - radius * np.sin(angles)], axis=1)
    flips = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    size = np.array([CARD_WIDTH_MM, CARD_HEIGHT_MM])
    outline = [np.where(flip == 1, size - arc, arc)[:: 1 if flip.sum() != 1 else -1] for flip in flips]
    frame = np.array([[4.0, 4], [59, 4], [59, 84], [4, 84]])
    art = np.array([[8.0, 12], [55, 12], [55, 45], [8, 45]])
    corners = np.array([[0, 0], [CARD_WIDTH_MM, 0], [CARD_WIDTH_MM, CARD_HEIGHT_MM], [0, CARD_HEIGHT_MM]], np.float32)

    def draw(picture: np.ndarray, quad: np.ndarray, border: tuple[int, ...] = (225, 225, 225)) -> np.ndarray:
        large = cv2.resize(picture, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_NEAREST)
        matrix = cv2.getPerspectiveTransform(corners, quad.astype(np.float32))
        for shape, colour in ((np.concatenate(outline), border), (frame, (150, 90, 60)), (art, (60, 120, 170))):
            points = cv2.perspectiveTransform(shape[None].astype(np.float64), matrix)[0]
            cv2.fillPoly(large, [np.rint(SCALE * (points + 0.5) - 0.5).astype(np.int32)], colour)
        picture[:] = cv2.resize(large, picture.shape[1::-1], interpolation=cv2.INTER_AREA)
        return picture

    return draw


@pytest.fixture(scope="session")
def table() -> Draw:
    """A noisy table: uint8 [H, W, 3]."""

    def make(height: int = 480, width: int = 640, level: int = 60, seed: int = 0) -> np.ndarray:
        noise = np.random.default_rng(seed).normal(level, 2, (height, width, 3))
        return np.clip(noise, 0, 255).astype(np.uint8)

    return make
