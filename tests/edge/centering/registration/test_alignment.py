import cv2
import numpy as np
import pytest

from edge.centering.registration.alignment import align, correlation
from edge.errors import MeasurementError
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM
from edge.imaging.print_reference import REFERENCE_SIZE
from edge.simulator.card import render_card
from edge.simulator.sets import unknown_cards

MIDDLE_MM = np.array([[CARD_WIDTH_MM / 2, CARD_HEIGHT_MM / 2]])


def small(card):
    return cv2.resize(cv2.cvtColor(card, cv2.COLOR_BGR2GRAY), REFERENCE_SIZE, interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def original(reference_of, borderless):
    """The reference picture of a card, as it is stored."""
    return reference_of(borderless).picture()


def aligned_shift(card, original):
    found = align(card, original)
    shift, std = found.displacement(MIDDLE_MM)
    return found, shift[0], std[0]


@pytest.mark.parametrize(("offset_mm", "turn_deg"), [((0.0, 0.0), 0.0), ((0.7, -0.45), 0.0), ((-0.4, 1.1), 0.35)])
def test_shift_and_turn_are_read_to_hundredths(borderless, original, offset_mm, turn_deg):
    found, shift, std = aligned_shift(small(render_card(borderless, 14.0, offset_mm, turn_deg)), original)
    assert shift == pytest.approx(offset_mm, abs=0.025)
    assert (std < 0.02).all()
    assert np.degrees((found.map[4] - found.map[2]) / 2) == pytest.approx(turn_deg, abs=0.03)
    assert found.map[[1, 5]] == pytest.approx([0, 0], abs=0.001)
    assert found.correlation > 0.9


def test_uneven_light_and_a_covered_part_do_not_matter(borderless, original):
    card = small(render_card(borderless, 14.0, (0.6, 0.3))).astype(np.float64)
    x = np.linspace(0.35, 1.0, card.shape[1])
    card = card * x + 25 * (1 - x)
    card[150:, :70] = 180
    found, shift, _ = aligned_shift(np.clip(card, 0, 255).astype(np.uint8), original)
    assert shift == pytest.approx((0.6, 0.3), abs=0.04)
    assert found.agreeing < 0.95


def test_a_print_of_another_size_is_read(original):
    matrix = cv2.getRotationMatrix2D(((original.shape[1] - 1) / 2, (original.shape[0] - 1) / 2), 0, 1.006)
    larger = cv2.warpAffine(original, matrix, original.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    assert align(larger, original).map[[1, 5]] == pytest.approx([0.006, 0.006], abs=0.001)


def test_other_cards_and_empty_ones_are_refused(original):
    others = unknown_cards(40)[:4]
    for other in others:
        picture = small(render_card(other, 8.0))
        assert correlation(picture, original) < 0.4
        with pytest.raises(MeasurementError, match="does not look like its reference"):
            align(picture, original)
    with pytest.raises(MeasurementError, match="does not look like its reference"):
        align(np.full(REFERENCE_SIZE[::-1], 128, np.uint8), original)
