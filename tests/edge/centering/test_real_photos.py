"""Cards in a real photo, and the same photo disturbed: what is stated has to cover what changes."""

from functools import cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.centering import measure
from edge.detection import CardDetector
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, transform_points
from edge.imaging.photos import read_photo

PHOTO = Path(__file__).parents[3].parent / "shared" / "data" / "photos" / "mtg_alpha_deck.jpg"
MARGIN_PX = 90
DISTURBED = 8

pytestmark = pytest.mark.skipif(not PHOTO.is_file(), reason="the real photos are not here")


@cache
def photo():
    """The photo, and the rough outlines of its cards [4, 2]."""
    image = read_photo(PHOTO)
    return image, tuple(detection.quad for detection in CardDetector().detect(image))


def crop(quad):
    """One card by itself: uint8 [H, W, 3] and its rough outline [4, 2]."""
    low = np.maximum(np.floor(quad.min(axis=0)).astype(int) - MARGIN_PX, 0)
    high = np.ceil(quad.max(axis=0)).astype(int) + MARGIN_PX
    return photo()[0][low[1] : high[1], low[0] : high[0]].copy(), quad - low


def turned(image, quad, degrees):
    height, width = image.shape[:2]
    matrix = np.vstack([cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1), [0, 0, 1]])
    flags = {"flags": cv2.INTER_CUBIC, "borderMode": cv2.BORDER_REPLICATE}
    return cv2.warpPerspective(image, matrix, (width, height), **flags), transform_points(matrix, quad)


def disturbed(image, quad):
    yield cv2.GaussianBlur(image, (0, 0), 0.8), quad
    yield turned(image, quad, 7)
    yield cv2.resize(image, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA), (quad + 0.5) * 0.75 - 0.5
    yield cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_COLOR), quad


def shares(centering):
    balances = centering.figures.left_right, centering.figures.top_bottom
    return np.array([each.first for each in balances]), np.array([each.std for each in balances])


def test_most_cards_of_a_real_photo_are_measured_and_their_frames_are_of_one_size():
    image, quads = photo()
    measured = (measure(image, quad) for quad in quads)
    found = [each.figures.borders_mm for each in measured if each.measurable]
    assert len(found) >= 30
    frames = np.array(
        [
            (
                CARD_WIDTH_MM - borders["left"].value - borders["right"].value,
                CARD_HEIGHT_MM - borders["top"].value - borders["bottom"].value,
            )
            for borders in found
        ]
    )
    # Cards' own sizes vary by 0.14 mm (standard deviation).
    assert (np.abs(frames - np.median(frames, axis=0)) < 4 * 0.14).all()
    assert (frames.std(axis=0) < 0.2).all()


def test_a_disturbed_photo_gives_what_was_stated():
    deviations = []
    alone = (crop(quad) for quad in photo()[1])
    chosen = ((card, first) for card in alone if (first := measure(*card)).measurable)
    for card, first in islice(chosen, DISTURBED):
        for again in (measure(*each) for each in disturbed(*card)):
            if again.measurable:
                (before, before_std), (after, after_std) = shares(first), shares(again)
                deviations.extend(np.abs(after - before) / np.hypot(before_std, after_std))
    assert len(deviations) >= 2 * 3 * DISTURBED
    assert np.mean(np.array(deviations) < 1.96) >= 0.95
