from dataclasses import fields, replace

import cv2
import numpy as np
import pytest

from tests.training.conftest import coarse_cards
from training.augmentation import DISTURBANCES, AugmentationSettings, augment
from training.augmentation.occlusion import LARGEST_SHARE, add_fingers, add_objects
from training.augmentation.outline import cut_out
from training.augmentation.surface import add_foil
from training.errors import TrainingError

SIZE = (80, 112)
CARD = coarse_cards(1)[0]
SMALL = cv2.resize(CARD, SIZE, interpolation=cv2.INTER_AREA)
DISTURBANCES = [*(disturb for _, disturb in DISTURBANCES), add_foil]


@pytest.mark.parametrize("size", [(40, 56), (80, 112), (160, 224)])
def test_result_has_the_size_asked_for(size):
    for seed in range(25):
        seen = augment(CARD, np.random.default_rng(seed), AugmentationSettings(), size)
        assert seen.shape == (size[1], size[0], 3)
        assert seen.dtype == np.uint8


def test_same_seed_same_picture_and_other_seed_another():
    settings = AugmentationSettings(clean=0)
    first, again, other = (augment(CARD, np.random.default_rng(seed), settings, SIZE) for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_clean_card_is_as_in_the_gallery():
    seen = augment(CARD, np.random.default_rng(0), AugmentationSettings(clean=1), SIZE)
    assert np.array_equal(seen, SMALL)


def test_original_is_never_written_to():
    before = CARD.copy()
    for seed in range(20):
        augment(CARD, np.random.default_rng(seed), AugmentationSettings(clean=0, heavy=1), SIZE)
    assert np.array_equal(CARD, before)


@pytest.mark.parametrize("disturb", DISTURBANCES, ids=lambda disturb: disturb.__name__)
def test_each_disturbance_changes_the_card_and_keeps_its_shape(disturb):
    before = SMALL.copy()
    results = [disturb(SMALL, np.random.default_rng(seed)) for seed in range(10)]
    assert all(seen.shape == SMALL.shape and seen.dtype == np.uint8 for seen in results)
    assert sum(not np.array_equal(seen, SMALL) for seen in results) >= 8
    assert np.array_equal(SMALL, before)


@pytest.mark.parametrize("disturb", DISTURBANCES, ids=lambda disturb: disturb.__name__)
def test_each_disturbance_works_on_the_smallest_cards(disturb):
    tiny = cv2.resize(CARD, (16, 22), interpolation=cv2.INTER_AREA)
    for seed in range(10):
        assert disturb(tiny, np.random.default_rng(seed)).shape == tiny.shape


@pytest.mark.parametrize("cover", [add_fingers, add_objects])
def test_at_most_a_third_of_the_card_is_covered(cover):
    grey = np.full((112, 80, 3), 128, np.uint8)
    shares = [np.any(cover(grey, np.random.default_rng(seed)) != 128, axis=2).mean() for seed in range(60)]
    assert max(shares) < LARGEST_SHARE + 0.04
    assert np.mean(np.array(shares) > 0.02) > 0.5


def test_corners_move_by_a_few_per_cent_only():
    marked = np.full((224, 160, 3), 40, np.uint8)
    cv2.circle(marked, (80, 112), 6, (255, 255, 255), cv2.FILLED)
    for seed in range(30):
        seen = cut_out(marked, np.random.default_rng(seed), (160, 224))
        ys, xs = np.nonzero(seen[60:164, 40:120].min(axis=2) > 200)
        assert np.hypot(xs.mean() + 40 - 80, ys.mean() + 60 - 112) < 0.08 * 160


def test_nothing_happens_when_every_probability_is_zero():
    off = AugmentationSettings(**{field.name: 0.0 for field in fields(AugmentationSettings)})
    seen = augment(CARD, np.random.default_rng(0), off, SIZE)
    assert np.abs(seen.astype(int) - SMALL).mean() < 2


@pytest.mark.parametrize("value", [-0.1, 1.5])
def test_a_probability_out_of_range_is_refused(value):
    with pytest.raises(TrainingError, match="glare"):
        replace(AugmentationSettings(), glare=value)
