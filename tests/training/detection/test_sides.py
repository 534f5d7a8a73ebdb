import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from edge.detection.networks.sides import COLUMNS, ROWS, SIDES, card_in_view, decode_sides
from edge.geometry import is_convex
from training.detection.scenes import SmallScenes
from training.detection.side_batches import SideBatches, disturbed, side_positions
from training.detection.side_loss import side_loss
from training.detection.side_model import SideNetwork

CARD = np.array([[120.0, 100.0], [220.0, 105.0], [215.0, 245.0], [118.0, 240.0]])


@pytest.fixture(scope="module")
def scenes():
    quads = np.full((3, 4, 4, 2), np.nan, np.float32)
    quads[0, 0], quads[1, 1], quads[2, 0] = CARD, CARD + 20, CARD
    visible = np.zeros((3, 4), np.float32)
    visible[0, 0], visible[1, 1], visible[2, 0] = 1, 0.5, 0.1
    images = np.random.default_rng(0).integers(0, 256, (3, 448, 448, 3), dtype=np.uint8)
    return SmallScenes(images=images, quads=quads, visible=visible, originals=images)


def test_batches_follow_from_seed_and_number(scenes):
    batches = SideBatches(scenes, views=4, seed=3)
    views, positions = batches[5]
    assert views.shape == (4, 3, 160, 128)
    assert positions.shape == (4, SIDES, max(ROWS, COLUMNS))
    again, _ = SideBatches(scenes, views=4, seed=3)[5]
    assert torch.equal(views, again)
    assert not torch.equal(views, batches[6][0])


def test_hidden_cards_are_not_asked_for(scenes):
    assert SideBatches(scenes, views=1, seed=0).cards.tolist() == [[0, 0], [1, 1]]


@given(st.integers(0, 10_000))
def test_disturbed_outlines_are_near_the_card(seed):
    moved = disturbed(CARD, np.random.default_rng(seed))
    assert is_convex(moved)
    nearest = min(np.abs(np.roll(moved, k, axis=0) - CARD).max() for k in range(4))
    assert nearest < 60


@given(st.lists(st.floats(-8, 8), min_size=8, max_size=8))
def test_positions_say_where_the_sides_are(errors):
    true = card_in_view() + np.array(errors).reshape(4, 2)
    positions = side_positions(true)
    said = np.full((SIDES, ROWS, COLUMNS), -30.0, np.float32)
    for side in range(SIDES):
        for place in np.flatnonzero(np.isfinite(positions[side])):
            lower = int(np.floor(positions[side, place]))
            for cell, share in (
                (lower, 1 - positions[side, place] + lower),
                (lower + 1, positions[side, place] - lower),
            ):
                index = (cell, place) if side % 2 == 0 else (place, cell)
                said[(side, *index)] = np.log(max(share, 1e-13))
    assert np.abs(decode_sides(said, np.eye(3)) - true).max() < 0.1


def test_the_loss_is_least_at_the_truth():
    positions = torch.from_numpy(side_positions(card_in_view() + 0.3))[None]
    right = torch.full((1, SIDES, ROWS, COLUMNS), -30.0)
    for side in range(SIDES):
        for place in torch.nonzero(torch.isfinite(positions[0, side])).flatten().tolist():
            lower = int(positions[0, side, place])
            share = float(positions[0, side, place]) - lower
            for cell, value in ((lower, 1 - share), (lower + 1, share)):
                index = (cell, place) if side % 2 == 0 else (place, cell)
                right[(0, side, *index)] = float(np.log(max(value, 1e-13)))
    wrong = right.roll((3, 3), dims=(2, 3))
    assert side_loss(right, positions) < 0.8
    assert side_loss(wrong, positions) > side_loss(right, positions) + 5
    assert side_loss(right, torch.full_like(positions, float("nan"))) == 0


def test_the_network_has_a_cell_for_each_four_pixels():
    assert SideNetwork().eval()(torch.zeros(1, 3, 160, 128)).shape == (1, SIDES, ROWS, COLUMNS)
