"""Scans with a margin, and cards whose own border looks like one."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import ImageError
from edge.simulator.card import render_card
from tests.training.index.conftest import OTHERS
from training.data.gallery import card_image
from training.data.margins import without_scan_margin

PX_PER_MM = 6
CARDS = [render_card(card, PX_PER_MM) for card in OTHERS]


def framed(card: np.ndarray, millimetres: float, level: int) -> np.ndarray:
    width = round(millimetres * PX_PER_MM)
    return cv2.copyMakeBorder(card, width, width, width, width, cv2.BORDER_CONSTANT, value=(level,) * 3)


def scanned(picture: np.ndarray, turned_deg: float = 0.0) -> np.ndarray:
    """With the noise of a scanner, and perhaps laid on it a little askew."""
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), turned_deg, 1)
    turned = cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    noise = np.random.default_rng(1).normal(0, 2, picture.shape)
    return np.clip(turned + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("level", [255, 245, 0, 12])
@pytest.mark.parametrize("millimetres", [2, 4, 12])
@pytest.mark.parametrize("turned_deg", [0.0, 1.5])
def test_a_scanners_margin_is_cut_off(level: int, millimetres: float, turned_deg: float):
    card = CARDS[0] if level > 100 else CARDS[1]
    # A card on its own colour cannot be told from the margin: a rim of another one stands for its border.
    card = cv2.rectangle(card.copy(), (0, 0), (card.shape[1] - 1, card.shape[0] - 1), (90, 120, 150), 8)
    cut = without_scan_margin(scanned(framed(card, millimetres, level), turned_deg))
    assert cut is not None
    assert np.abs(np.subtract(cut.shape, card.shape)).max() <= 3
    difference = np.abs(card_image(cut, Path("cut.png")).astype(int) - card_image(card, Path("card.png")))
    assert difference.mean() < 9


@pytest.mark.parametrize("level", [255, 240, 0, 20])
@pytest.mark.parametrize("border_mm", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("size", [(63, 88), (63.5, 88.9)])
def test_a_cards_own_border_is_never_cut(level: int, border_mm: float, size: tuple[float, float]):
    width, height = (round(each * PX_PER_MM) for each in size)
    border = border_mm * PX_PER_MM
    inside = cv2.resize(CARDS[2], (width - 2 * border, height - 2 * border), interpolation=cv2.INTER_AREA)
    card = scanned(framed(inside, border_mm, level))
    np.testing.assert_array_equal(without_scan_margin(card), card)


def test_a_margin_that_the_card_does_not_stand_out_from_is_said():
    inside = cv2.resize(CARDS[2], (57 * PX_PER_MM, 82 * PX_PER_MM), interpolation=cv2.INTER_AREA)
    with pytest.raises(ImageError, match=r"white\.png has a margin"):
        card_image(framed(framed(inside, 3, 255), 4, 255), Path("white.png"))


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_is_no_card(level: int):
    with pytest.raises(ImageError, match=r"blank\.png is blank"):
        card_image(scanned(np.full((528, 378, 3), level, np.uint8)), Path("blank.png"))


ART = Path(__file__).parents[3].parent / "shared" / "data" / "art"


@pytest.mark.skipif(not ART.is_dir(), reason="no ../shared/data beside the repository")
def test_nothing_is_cut_off_real_digital_originals():
    """Every ninth of those that the rule was not made with."""
    for file in sorted(ART.iterdir())[1::18]:
        picture = cv2.imread(str(file))
        np.testing.assert_array_equal(without_scan_margin(picture), picture)
