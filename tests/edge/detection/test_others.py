import numpy as np
import pytest

from edge.detection.others import distinct, filling_quads, sleeved_quad
from edge.detection.shape import grown_quad
from edge.geometry import card_quad, quad_iou, side_lengths

CARD = np.array([[200.0, 150.0], [326.0, 150.0], [326.0, 326.0], [200.0, 326.0]])


def two_coloured(height, width):
    picture = np.full((height, width, 3), 30, np.uint8)
    picture[height // 3 :] = 200
    return picture


@pytest.mark.parametrize("shape", [(880, 630), (630, 880), (860, 630), (600, 430)])
def test_a_picture_of_a_cards_shape_may_be_a_card(shape):
    quads = filling_quads(two_coloured(*shape))
    height, width = shape
    assert np.abs(quads[0] - card_quad(np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5)).max() < 1e-9
    for cut, quad in zip((0.0, 0.02), quads, strict=True):
        assert side_lengths(quad)[0] == pytest.approx((1 + 2 * cut) * min(shape))
        assert side_lengths(quad)[0] < side_lengths(quad)[1]


@pytest.mark.parametrize("shape", [(400, 640), (500, 500), (1080, 1920), (3264, 1836)])
def test_a_picture_of_another_shape_is_none(shape):
    assert filling_quads(two_coloured(*shape)) == []


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_picture_is_none(level):
    assert filling_quads(np.full((880, 630, 3), level, np.uint8)) == []


@pytest.mark.parametrize("margin_mm", [0.8, 1.2, 1.8, 2.3])
def test_a_card_is_found_inside_its_tight_sleeve(rounded_card, table, margin_mm):
    found = sleeved_quad(rounded_card(table(), CARD), grown_quad(CARD, margin_mm))
    assert quad_iou(found, CARD) > 0.98


def test_nearly_equal_outlines_count_once():
    quads = [CARD + 0.5, grown_quad(CARD, -9.0), grown_quad(CARD, -9.2), CARD + 200.0]
    kept = distinct(quads, CARD)
    assert [id(quad) for quad in kept] == [id(quads[1]), id(quads[3])]
