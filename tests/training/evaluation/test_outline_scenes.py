import numpy as np
import pytest

from training.evaluation.outline_scenes import SIZE_PX, outline_scenes, shown

CARD = np.array([[100.0, 100.0], [200.0, 100.0], [200.0, 240.0], [100.0, 240.0]])
PICTURE = np.zeros((400, 400, 3), np.uint8)


def test_the_part_of_a_picture_has_outlines_of_its_own():
    scene = shown(PICTURE, (50, 80, 350, 380), [CARD], [CARD, CARD + 100])
    assert scene.image.shape == (300, 300, 3)
    assert np.array_equal(scene.asked_for[0], CARD - (50, 80))
    assert len(scene.allowed) == 2


@pytest.mark.parametrize(("left", "asked_for"), [(108, 1), (112, 0)])
def test_a_card_that_is_cut_by_more_than_a_tenth_of_its_width_is_not_asked_for(left, asked_for):
    scene = shown(PICTURE, (left, 0, 400, 400), [CARD], [CARD])
    assert len(scene.asked_for) == asked_for
    assert len(scene.allowed) == 1


def test_scenes_are_small_cut_and_close_in_turn():
    *_, small, cut, _, close, _ = outline_scenes(22)
    (card,) = small.asked_for
    assert np.ptp(card, axis=0).max() < 0.3 * SIZE_PX
    (card,) = cut.asked_for
    height, width = cut.image.shape[:2]
    assert card.min() <= 0 or np.any(card.max(axis=0) >= (width - 1, height - 1))
    (card,) = close.asked_for
    assert np.ptp(card, axis=0).max() > 0.6 * max(close.image.shape[:2])


def test_scenes_are_the_same_every_time():
    (first,), (second,) = outline_scenes(1), outline_scenes(1)
    assert np.array_equal(first.image, second.image)
