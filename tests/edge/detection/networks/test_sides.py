import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.detection.networks.sides import (
    CARD_WIDTH_PX,
    CELL_PX,
    COLUMNS,
    ROWS,
    SIDES,
    VIEW_HEIGHT_PX,
    VIEW_WIDTH_PX,
    SideFinder,
    card_in_view,
    card_view,
    decode_sides,
)
from edge.errors import ModelError
from edge.geometry import side_lengths, transform_points
from edge.shipped import SIDE_MODEL

CARD = np.array([[200.0, 180.0], [326.0, 190.0], [330.0, 366.0], [196.0, 356.0]])


def logits_of(quad, sharpness=1.0):
    """What a network without doubt says of the card `quad` in a view."""
    said = np.full((SIDES, ROWS, COLUMNS), -30.0, np.float32)
    for side, (start, end) in enumerate(zip(quad, np.roll(quad, -1, axis=0), strict=True)):
        along, across, places = (0, 1, COLUMNS) if side % 2 == 0 else (1, 0, ROWS)
        at = CELL_PX * np.arange(places) + (CELL_PX - 1) / 2
        line = start[across] + (at - start[along]) * (end[across] - start[across]) / (end[along] - start[along])
        cell = (line - (CELL_PX - 1) / 2) / CELL_PX
        bins = np.arange(ROWS if along == 0 else COLUMNS)[:, None]
        share = sharpness * np.log(np.maximum(1 - np.abs(bins - cell), 1e-13))
        said[side] = share if along == 0 else share.T
    return said


def test_a_view_shows_the_card_upright_with_room_around_it():
    image = np.zeros((480, 640, 3), np.uint8)
    image[..., 1] = 90
    view, to_image = card_view(image, CARD)
    assert view.shape == (VIEW_HEIGHT_PX, VIEW_WIDTH_PX, 3)
    assert np.allclose(transform_points(to_image, card_in_view()), CARD, atol=1e-3)
    assert (side_lengths(card_in_view())[[0, 2]] == CARD_WIDTH_PX).all()
    assert (view[..., 1] == 90).all()


@pytest.mark.parametrize("scale", [0.4, 1.0, 3.0, 7.3])
def test_a_view_of_a_card_of_any_size_is_the_same(scale):
    size = round(480 * scale)
    y, x = np.mgrid[:size, :size] / scale
    image = np.repeat((127 + 60 * np.sin(x / 9) * np.cos(y / 13))[..., None], 3, axis=2).astype(np.uint8)
    view, to_image = card_view(image, (CARD + 0.5) * scale - 0.5)
    at = transform_points(to_image, np.argwhere(np.ones((160, 128)))[:, ::-1]).reshape(160, 128, 2) / scale
    expected = 127 + 60 * np.sin(at[..., 0] / 9) * np.cos(at[..., 1] / 13)
    assert np.abs(view[4:-4, 4:-4, 0] - expected[4:-4, 4:-4]).mean() < 4


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-6, 6), min_size=8, max_size=8))
def test_sides_are_read_to_a_fraction_of_a_cell(errors):
    true = card_in_view() + np.array(errors).reshape(4, 2)
    found = decode_sides(logits_of(true), np.eye(3))
    assert np.abs(found - true).max() < 0.02


def test_doubtful_places_count_less():
    true = card_in_view()
    said = logits_of(true)
    said[0, :, 4:14] = 0
    assert np.abs(decode_sides(said, np.eye(3)) - true).max() < 3


def test_no_sides_are_no_card():
    crossed = card_in_view()[[1, 0, 3, 2]]
    with np.errstate(invalid="ignore"):
        assert decode_sides(logits_of(crossed), np.eye(3)) is None


def test_a_card_is_found_from_a_wrong_outline(rounded_card, table):
    image = rounded_card(table(), CARD)
    width = side_lengths(CARD).min()
    wrong = CARD + 0.06 * width * np.array([[1, -1], [-1, 1], [1, 1], [-0.5, 1]])
    (found,) = SideFinder(SIDE_MODEL).find(image, [wrong])
    before = np.linalg.norm(wrong - CARD, axis=1).max()
    after = np.linalg.norm(found - CARD, axis=1).max()
    assert after < 0.25 * before


def test_no_cards_need_no_look():
    assert SideFinder(SIDE_MODEL).find(np.zeros((40, 40, 3), np.uint8), []) == []


def test_another_model_is_refused():
    with pytest.raises(ModelError, match=r"outline\.onnx is another network"):
        SideFinder(SIDE_MODEL.with_name("outline.onnx"))
