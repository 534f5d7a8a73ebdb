import cv2
import numpy as np
import pytest

from edge.detection.following.failures import SearchFailures
from edge.detection.following.known import (
    CHANGED_BLOCKS,
    CHANGED_LEVELS,
    PATCH_PX,
    changed,
    follow,
    follow_all,
    followed,
    patch_of,
    same_card,
)
from edge.frame import Detection

CARD = np.array([[200.0, 150.0], [326.0, 150.0], [326.0, 326.0], [200.0, 326.0]]) - 0.5


def picture(quad=CARD, level=200, seed=0):
    image = np.full((480, 640, 3), 50, np.uint8)
    (left, top), (right, bottom) = np.rint(quad[0] + 0.5).astype(int), np.rint(quad[2] + 0.5).astype(int)
    cv2.rectangle(image, (left, top), (right - 1, bottom - 1), (level, level, level), cv2.FILLED)
    cv2.rectangle(image, (left + 14, top + 20), (right - 20, bottom - 60), (40, 90, 160), cv2.FILLED)
    return np.clip(image + np.random.default_rng(seed).normal(0, 1.5, image.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def card():
    return followed(Detection(quad=CARD, confidence=0.8), picture())


def test_a_card_that_lies_still_keeps_its_detection(card):
    still = follow(card, picture(seed=1))
    assert still.detection is card.detection
    assert (card.still, still.still, follow(still, picture(seed=2)).still) == (0, 1, 2)
    assert follow(still, picture(CARD + (4.0, 0.0), seed=1)).still == 0


@pytest.mark.parametrize("step", [(1.0, 0.0), (2.0, -2.0), (6.0, 4.0)])
def test_a_card_that_moves_is_fitted_where_it_is(card, step):
    moved = follow(card, picture(CARD + step))
    assert np.abs(moved.detection.quad - CARD - step).max() < 0.4
    assert moved.detection.confidence == 0.8


def test_a_card_that_is_gone_is_not_followed(card):
    assert follow(card, picture(CARD + (300.0, 0.0))) is None


def test_sides_of_other_lengths_are_another_things(card):
    wider = CARD + np.array([[-3.0, 0.0], [3.0, 0.0], [3.0, 0.0], [-3.0, 0.0]])
    assert follow(card, picture(wider)) is None


def test_one_outline_that_cannot_be_fitted_loses_no_other(card, monkeypatch):
    broken = followed(Detection(quad=CARD + 1, confidence=0.5), picture())
    failures = SearchFailures()

    def fail_for_one(each, image):
        if each is broken:
            raise ValueError("no outline")
        return each

    monkeypatch.setattr("edge.detection.following.known.follow", fail_for_one)
    assert follow_all([broken, card], picture(), failures) == [card]
    assert failures.count == 1


def test_a_window_stays_within_the_picture():
    image = picture()
    for quad in (CARD - (210.0, 160.0), CARD + (320.0, 150.0), CARD + 1000.0):
        left, top, right, bottom = followed(Detection(quad=quad, confidence=1.0), image).window
        assert 0 <= left < right <= 640
        assert 0 <= top < bottom <= 480


def test_a_patch_is_grey_and_small():
    assert patch_of(picture(), (0, 0, 640, 480)).shape == (PATCH_PX * 480 // 640, PATCH_PX)
    assert patch_of(picture(), (10, 10, 40, 30)).shape == (20, 30)


@pytest.mark.parametrize(("blocks", "levels", "differs"), [(0, 1, True), (-1, 1, False), (100, 0, False)])
def test_a_picture_has_changed_where_enough_of_it_has(blocks, levels, differs):
    before = np.full((40, 40), 100, np.uint8)
    after = before.copy()
    after.reshape(-1)[: CHANGED_BLOCKS + blocks] += np.uint8(CHANGED_LEVELS + levels)
    assert changed(before, after) is differs


@pytest.mark.parametrize(("moved", "same"), [(20.0, True), (120.0, False)])
def test_outlines_of_one_card_overlap(card, moved, same):
    other = followed(Detection(quad=CARD + (moved, 0.0), confidence=0.4), picture())
    assert same_card(card, other) is same
