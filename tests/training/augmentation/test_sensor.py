import numpy as np
import pytest

from tests.training.conftest import coarse_cards
from training.augmentation.sensor import (
    LARGEST_HUE_DEG,
    add_noise,
    change_illumination,
    compress,
    darken,
    defocus,
    hue_matrix,
    move,
    remove_colour,
    turn_hue,
)

CARD = np.ascontiguousarray(coarse_cards(1)[0][:224, :160])
GREY = np.full((224, 160, 3), 120, np.uint8)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("angle_deg", [-36.0, 10.0, 120.0])
def test_a_turn_of_colours_keeps_greys_and_how_far_from_grey_every_colour_is(angle_deg):
    matrix = hue_matrix(angle_deg)
    assert np.allclose(matrix @ [1, 1, 1], [1, 1, 1])
    assert np.allclose(matrix @ matrix.T, np.eye(3))
    red = np.array([0.0, 0.0, 1.0])
    turned = matrix @ red
    across = [each - each.mean() for each in (red, turned)]
    cosine = across[0] @ across[1] / (across[0] @ across[0])
    assert np.degrees(np.arccos(cosine)) == pytest.approx(abs(angle_deg))


def test_after_three_thirds_of_a_turn_a_colour_is_itself_again_and_after_one_the_next():
    third = hue_matrix(120)
    assert np.allclose(np.linalg.matrix_power(third, 3), np.eye(3))
    assert np.allclose(np.sort(third, axis=0), np.sort(np.eye(3), axis=0))
    assert not np.allclose(third, np.eye(3))


def test_hues_are_turned_by_no_more_than_lamps_and_inks_do():
    red = np.full((8, 8, 3), (40, 40, 160), np.uint8)
    for seed in range(40):
        b, g, r = turn_hue(red, rng(seed))[0, 0].astype(float)
        hue = np.degrees(np.arctan2(np.sqrt(3) * (g - b), 2 * r - g - b))
        assert abs(hue) <= LARGEST_HUE_DEG + 2
    assert np.array_equal(turn_hue(GREY, rng(1)), GREY)


def test_a_card_without_colour_has_equal_channels_and_its_brightness():
    seen = remove_colour(CARD, rng())
    assert (seen == seen[..., :1]).all()
    assert seen.std() > 20


@pytest.mark.parametrize("blur", [defocus, move])
def test_blur_takes_detail_and_keeps_light(blur):
    for seed in range(8):
        seen = blur(CARD, rng(seed))
        assert abs(float(seen.mean()) - float(CARD.mean())) < 2
        steps = [np.abs(np.diff(each.astype(int), axis=1)).max() for each in (CARD, seen)]
        assert steps[1] <= steps[0]
    assert np.array_equal(blur(GREY, rng()), GREY)


def test_motion_blurs_along_one_direction_alone():
    point = np.zeros((101, 101, 3), np.uint8)
    point[50, 50] = 255
    for seed in range(6):
        rows, columns = np.nonzero(move(point, rng(seed))[..., 0])
        spread = np.linalg.eigvalsh(np.cov(np.stack([rows, columns])))
        assert spread[0] < 0.8
        assert len(rows) < 40


def test_noise_is_of_the_size_that_it_says_and_different_in_each_channel():
    sizes = [(add_noise(GREY, rng(seed)).astype(float) - 120).std() for seed in range(30)]
    assert min(sizes) > 0.8
    assert max(sizes) < 15
    noise = add_noise(GREY, rng(3)).astype(float) - 120
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 0.05


def test_low_light_uses_little_of_the_range():
    for seed in range(10):
        seen = darken(CARD, rng(seed))
        assert np.percentile(seen, 99) - np.percentile(seen, 1) < np.percentile(CARD, 99) - np.percentile(CARD, 1)


@pytest.mark.parametrize("disturb", [change_illumination, compress, darken, add_noise])
def test_every_disturbance_leaves_its_input_alone_and_follows_from_its_random_numbers(disturb):
    before = CARD.copy()
    first, again, other = (disturb(CARD, rng(seed)) for seed in (4, 4, 5))
    assert np.array_equal(CARD, before)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert (first.shape, first.dtype) == (CARD.shape, np.uint8)
