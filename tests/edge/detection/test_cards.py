import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.detection.cards import CardDetector, fitted
from edge.detection.shape import grown_quad
from edge.errors import ModelError
from edge.geometry import of_one_place, quad_iou
from edge.simulator.card import render_card
from edge.simulator.conditions import PRESETS
from edge.simulator.scene import random_scene, render_scene
from edge.simulator.sets import calibration_cards

CARD = np.array([[100.0, 80.0], [226.0, 80.0], [226.0, 256.0], [100.0, 256.0]])
FIRST_SEED = 91_000_000


@pytest.fixture(scope="module")
def live():
    return CardDetector()


@pytest.mark.parametrize("condition", ["occluded_20", "finger", "clutter"])
def test_partly_hidden_cards_are_found(live, condition):
    cards, found, present = calibration_cards(100), 0, 0
    for seed in range(4):
        image, truth = render_scene(random_scene(FIRST_SEED + seed, cards, PRESETS[condition]))
        quads = [detection.quad for detection in live.detect(image)]
        whole = [card.quad for card in truth.cards if card.fully_in_frame and card.visible_fraction > 0.5]
        present += len(whole)
        found += sum(any(quad_iou(quad, card) > 0.75 for quad in quads) for card in whole)
    assert present >= 4
    assert found >= 0.75 * present


@pytest.mark.parametrize("share", [0.95, 0.8, 0.6])
def test_a_card_that_fills_the_frame_is_found_whole(live, share):
    image, truth = render_scene(random_scene(FIRST_SEED + 700, calibration_cards(100), PRESETS["clean"]))
    quad = truth.cards[0].quad
    low, high = quad.min(axis=0), quad.max(axis=0)
    around = np.round((high - low).max() / share * np.array([-0.5, 0.5]) + ((low + high) / 2)[:, None]).astype(int)
    (left, right), (top, bottom) = around
    padded = cv2.copyMakeBorder(image, 300, 300, 300, 300, cv2.BORDER_REFLECT_101)
    close = cv2.resize(padded[top + 300 : bottom + 300, left + 300 : right + 300], (1200, 1200))

    found = live.detect(close)

    expected = (quad - (left, top) + 0.5) * 1200 / (right - left) - 0.5
    assert [quad_iou(each.quad, expected) > 0.93 for each in found] == [True]


@pytest.mark.parametrize("width_px", [110, 70])
def test_small_cards_on_a_dark_mat_are_found(live, width_px):
    rng = np.random.default_rng(7)
    image = np.clip(rng.normal(22, 3, (1520, 2028, 3)), 0, 255).astype(np.uint8)
    height_px = round(width_px * 88 / 63)
    quads = []
    for k, card in enumerate(calibration_cards(10)):
        left, top = 120 + 380 * (k % 5), 250 + 700 * (k // 5)
        picture = cv2.resize(render_card(card, 4.0), (width_px, height_px), interpolation=cv2.INTER_AREA)
        image[top : top + height_px, left : left + width_px] = (0.6 * picture).astype(np.uint8)
        corners = np.array([[0, 0], [width_px, 0], [width_px, height_px], [0, height_px]])
        quads.append(corners + np.array([left, top]) - 0.5)

    found = [detection.quad for detection in live.detect(cv2.GaussianBlur(image, (0, 0), 0.8))]

    assert sum(any(quad_iou(quad, card) > 0.8 for quad in found) for card in quads) >= 9


@settings(deadline=None, max_examples=15)
@given(height=st.integers(1, 200), width=st.integers(1, 200), level=st.integers(0, 255))
def test_nothing_is_found_where_nothing_is(live, height, width, level):
    assert live.detect(np.full((height, width, 3), level, np.uint8)) == ()


def test_a_side_without_an_edge_stays_where_it_was_proposed():
    image = np.full((400, 400, 3), 40, np.uint8)
    image[80:200, 100:226] = 200
    proposed = CARD + np.array([2.0, 2.0])
    detection = fitted(image, proposed, 0.8)
    assert detection.confidence == 0.8
    assert np.allclose(detection.quad[:2], CARD[:2] - 0.5, atol=1.0)
    assert np.allclose(detection.quad[2:, 1], proposed[2:, 1], atol=0.5)


def test_a_card_of_which_much_lies_outside_the_frame_is_none():
    image = np.full((400, 400, 3), 40, np.uint8)
    assert fitted(image, CARD - np.array([120.0, 0.0]), 0.9) is None


@pytest.mark.parametrize("cut", [0.02, 0.06])
def test_a_card_that_the_lower_edge_of_the_frame_cuts_is_found(live, cut):
    found = 0
    for seed in range(6):
        image, truth = render_scene(random_scene(FIRST_SEED + 800 + seed, calibration_cards(100), PRESETS["clean"]))
        quad = truth.cards[0].quad
        end = round(quad[:, 1].max() - cut * np.ptp(quad[:, 1]))
        seen = live.detect(np.ascontiguousarray(image[:end]))
        found += any(quad_iou(each.quad, quad) > 0.93 for each in seen)
    assert found >= 5


def test_a_closer_look_gives_other_outlines(live):
    image, truth = render_scene(random_scene(FIRST_SEED + 700, calibration_cards(100), PRESETS["clean"]))
    card = truth.cards[0].quad
    window = grown_quad(card, -12.0)
    others = live.others(image, window)
    assert max(quad_iou(other, card) for other in others) > 0.93
    assert all(quad_iou(other, window) < 0.95 for other in others)


def test_a_closer_look_gives_no_outline_of_a_neighbour(live):
    image, truth = render_scene(random_scene(FIRST_SEED + 701, calibration_cards(100), PRESETS["many"]))
    others = [(other, card.quad) for card in truth.cards for other in live.others(image, card.quad)]
    assert len(truth.cards) > 1
    assert others
    assert all(of_one_place(other, card) for other, card in others)


def test_a_tilted_card_keeps_its_short_side_first(live):
    cards = calibration_cards(100)
    image, truth = render_scene(random_scene(FIRST_SEED + 500, cards, PRESETS["clean"]))
    (card,) = truth.cards
    (detection,) = live.detect(image)
    turned = [np.roll(card.quad, k, axis=0) for k in range(4)]
    nearest = min(range(4), key=lambda k: np.abs(turned[k] - detection.quad).max())
    assert nearest in (0, 2)


def test_small_cards_are_looked_for_in_a_nearer_picture(live):
    image, truth = render_scene(random_scene(FIRST_SEED, calibration_cards(100), PRESETS["many"], (500, 500)))
    whole = [card.quad for card in truth.cards if card.fully_in_frame and card.visible_fraction > 0.9]
    wall = np.tile(image, (3, 3, 1))
    cards = [quad + (500 * column, 500 * row) for quad in whole for row in range(3) for column in range(3)]
    found = [detection.quad for detection in live.detect(wall)]
    assert len(cards) >= 18
    assert sum(any(quad_iou(quad, card) > 0.75 for quad in found) for card in cards) >= 0.75 * len(cards)


@pytest.mark.parametrize("condition", ["many", "everything"])
def test_no_card_is_found_twice(live, condition):
    for seed in range(4):
        image, _ = render_scene(random_scene(FIRST_SEED + 600 + seed, calibration_cards(100), PRESETS[condition]))
        quads = [detection.quad for detection in live.detect(image)]
        assert quads
        assert all(quad_iou(first, second) < 0.3 for first, second in itertools.combinations(quads, 2))


@pytest.mark.parametrize("which", ["outlines", "sides"])
def test_a_missing_network_is_named(tmp_path, which):
    with pytest.raises(ModelError, match=r"nothing\.onnx"):
        CardDetector(**{which: tmp_path / "nothing.onnx"})
