import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.imaging.hashing import hash_distances, perceptual_hash


def picture(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (22, 16, 3), dtype=np.uint8)
    return cv2.resize(noise, (504, 704), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("size", [8, 16, 32])
def test_a_hash_has_a_bit_for_each_frequency(size: int):
    bits = perceptual_hash(picture(0), size)
    assert bits.shape == (size * size // 8,)
    assert abs(int(np.unpackbits(bits).sum()) - size * size // 2) <= 1


@pytest.mark.parametrize("size", [8, 16, 32])
@given(seed=st.integers(0, 1000), gain=st.floats(0.4, 0.9), offset=st.integers(5, 20))
@example(seed=258, gain=0.7421875, offset=5)
def test_brightness_and_contrast_hardly_matter(size: int, seed: int, gain: float, offset: int):
    """Frequencies beside the median change sides in pairs, of which a small hash may have one more."""
    card = picture(seed)
    other = np.round(card * gain + offset).astype(np.uint8)
    assert hash_distances(perceptual_hash(card, size), perceptual_hash(other, size)) <= 0.06 * size * size + 2


@given(first=st.integers(0, 1000), second=st.integers(1001, 2000))
def test_different_cards_are_far_apart(first: int, second: int):
    distance = hash_distances(perceptual_hash(picture(first), 16), perceptual_hash(picture(second), 16))
    assert distance > 0.25 * 256


def test_a_gallery_is_compared_at_once():
    gallery = np.stack([perceptual_hash(picture(seed), 16) for seed in range(5)])
    distances = hash_distances(gallery, gallery[3])
    assert distances.shape == (5,)
    assert int(distances.argmin()) == 3
    assert distances[3] == 0
    assert list(distances) == [int(np.unpackbits(bits ^ gallery[3]).sum()) for bits in gallery]


def test_grey_and_colour_agree():
    card = picture(1)
    np.testing.assert_array_equal(perceptual_hash(card, 8), perceptual_hash(cv2.cvtColor(card, cv2.COLOR_BGR2GRAY), 8))
