"""Print edges as real cards have them: bevels, ink that wanders, reflections, dirt before the edge."""

from functools import lru_cache

import cv2
import numpy as np
import pytest

from edge.centering import measure
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, SIDES

SCALE = 15
BORDERS_MM = {"left": 3.4, "right": 2.7, "top": 3.9, "bottom": 3.6}
BORDER = (42, 40, 38)
FRAME = (96, 104, 118)


def frame_mask(wander_mm, rng):
    """Where the frame is, 0 to 1, its edges wandering over a few millimetres along each side."""
    height, width = round(CARD_HEIGHT_MM * SCALE), round(CARD_WIDTH_MM * SCALE)
    y, x = (np.mgrid[:height, :width] + 0.5) / SCALE
    inside = np.ones((height, width))
    for side, border in BORDERS_MM.items():
        across = {"left": x, "right": CARD_WIDTH_MM - x, "top": y, "bottom": CARD_HEIGHT_MM - y}[side]
        length = height if side in ("left", "right") else width
        wander = cv2.GaussianBlur(rng.normal(0, 1, (length, 1)), (1, 0x1F), sigmaX=1, sigmaY=0.25 * SCALE)[:, 0]
        wander *= wander_mm / wander.std()
        edge = border + (wander[:, None] if side in ("left", "right") else wander[None, :])
        inside = np.minimum(inside, np.clip((across - edge) / 0.25 + 0.5, 0, 1))
    return inside


@lru_cache
def worn_card(wander_mm=0.08, seed=0):
    """A black-bordered card whose frame has a textured, bevelled, wandering edge."""
    rng = np.random.default_rng(seed)
    inside = frame_mask(wander_mm, rng)[..., None]
    texture = cv2.GaussianBlur(rng.normal(0, 1, inside.shape[:2]), (0, 0), 0.8 * SCALE)
    frame = np.array(FRAME) * (1 + 0.15 * texture / texture.std())[..., None]
    return np.clip(np.array(BORDER) * (1 - inside) + frame * inside, 0, 255).astype(np.uint8)


def photographed(lay, card, **options):
    return measure(
        *lay(card, **({"px_per_mm": 10.0, "ground": (225, 228, 226), "noise": 2.0, "blur_px": 1.2} | options))
    )


def check_measured(centering, tolerance_mm):
    assert centering.figures is not None, centering.reason
    for side in SIDES:
        border = centering.figures.borders_mm[side]
        assert border.value == pytest.approx(BORDERS_MM[side], abs=tolerance_mm)
        assert abs(border.value - BORDERS_MM[side]) < 3 * border.std


def test_a_rough_frame_is_measured_with_its_roughness_in_the_uncertainty(lay):
    smooth, rough = (photographed(lay, worn_card(wander)) for wander in (0.002, 0.09))
    check_measured(smooth, 0.05)
    check_measured(rough, 0.08)
    assert rough.figures.left_right.std > smooth.figures.left_right.std


def test_a_reflection_on_one_border_is_not_another_border(lay):
    card = worn_card().astype(np.float64)
    shine = np.clip(1 - np.abs(np.linspace(-1, 1, card.shape[0]) - 0.2) / 0.9, 0, 1)[:, None]
    across = np.clip((np.arange(card.shape[1]) / SCALE - (CARD_WIDTH_MM - 4)) / 2, 0, 1)[None]
    card += 60 * (shine * across)[..., None]
    centering = photographed(lay, np.clip(card, 0, 255).astype(np.uint8))
    assert centering.method == "print edges"
    check_measured(centering, 0.12)


def test_a_border_of_another_hue_is_another_border(lay):
    card = worn_card().copy()
    width = round((CARD_WIDTH_MM - BORDERS_MM["right"]) * SCALE)
    card[:, width:] = (90, 30, 20)
    assert "another colour" in (photographed(lay, card).reason or "")


def test_a_faint_line_before_the_edge_is_not_taken_for_it(lay):
    card = worn_card(0.03).copy()
    row = round((CARD_HEIGHT_MM - BORDERS_MM["bottom"] - 0.7) * SCALE) + 1
    left, right = round(BORDERS_MM["left"] * SCALE), round((CARD_WIDTH_MM - BORDERS_MM["right"]) * SCALE)
    gaps = np.random.default_rng(2).random(card.shape[1]) < 0.9
    columns = np.flatnonzero(gaps)
    columns = columns[(columns > left) & (columns < right)]
    band = card[row : row + round(0.7 * SCALE), columns].astype(np.int16) + 9
    card[row : row + round(0.7 * SCALE), columns] = np.clip(band, 0, 255)
    centering = photographed(lay, card)
    assert centering.figures is not None, centering.reason
    assert centering.figures.borders_mm["bottom"].value == pytest.approx(BORDERS_MM["bottom"], abs=0.1)
