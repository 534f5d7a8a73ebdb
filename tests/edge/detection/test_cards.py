import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.detection.acceptance import Candidate
from edge.detection.cards import CardDetector, fitted, outline_of
from edge.detection.network import Proposal
from edge.errors import ModelError
from edge.geometry import quad_iou
from edge.simulator.conditions import PRESETS
from edge.simulator.scene import random_scene, render_scene
from edge.simulator.sets import calibration_cards

CARD = np.array([[100.0, 80.0], [226.0, 80.0], [226.0, 256.0], [100.0, 256.0]])
FIRST_SEED = 91_000_000


@pytest.fixture(scope="module")
def live():
    return CardDetector(live=True)


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


@settings(deadline=None, max_examples=15)
@given(height=st.integers(1, 200), width=st.integers(1, 200), level=st.integers(0, 255))
def test_nothing_is_found_where_nothing_is(live, height, width, level):
    assert live.detect(np.full((height, width, 3), level, np.uint8)) == ()


def test_a_side_without_an_edge_stays_where_it_was_proposed():
    image = np.full((400, 400, 3), 40, np.uint8)
    image[80:200, 100:226] = 200
    proposed = CARD + np.array([2.0, 2.0])
    detection = fitted(image, Proposal(quad=proposed, score=0.8))
    assert detection.confidence == 0.8
    assert np.allclose(detection.quad[:2], CARD[:2] - 0.5, atol=1.0)
    assert np.allclose(detection.quad[2:, 1], proposed[2:, 1], atol=0.5)


def test_a_card_that_leaves_the_frame_is_not_whole():
    image = np.full((400, 400, 3), 40, np.uint8)
    assert fitted(image, Proposal(quad=CARD - np.array([120.0, 0.0]), score=0.9)) is None


def test_an_outline_that_won_its_place_is_taken_before_a_nearer_one():
    def outline(quad, confidence):
        return Candidate(quad=quad, confidence=confidence, roundness=1.0, contrast=50.0)

    proposal = Proposal(quad=CARD + 3, score=0.7)
    winner, nearer = outline(CARD, 0.6), outline(CARD + 3, 0.5)
    assert np.array_equal(outline_of(proposal, [winner], [winner, nearer]).quad, CARD)
    assert np.array_equal(outline_of(proposal, [], [winner, nearer]).quad, CARD)
    assert np.array_equal(outline_of(proposal, [], [outline(CARD, 0.3), nearer]).quad, CARD + 3)
    assert outline_of(proposal, [], [outline(CARD + 150, 0.9)]) is None


def test_a_missing_network_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"nothing\.onnx"):
        CardDetector(model=tmp_path / "nothing.onnx")
