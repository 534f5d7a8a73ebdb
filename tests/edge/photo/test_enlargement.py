from dataclasses import replace

import numpy as np
import pytest

from edge.centering import Centering
from edge.imaging.decoding import Photo
from edge.photo.enlargement import enlarged_centering, enlarged_points, enlarged_result
from edge.wire.photo_result import CardResult, CardStatus, PhotoResult

QUAD = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 14.0], [0.0, 14.0]])


@pytest.mark.parametrize("reduction", [1, 2, 4, 8])
def test_the_middle_of_a_block_of_pixels_is_that_of_the_pixel_it_became(reduction):
    block = np.arange(reduction)
    middle = block.mean() + reduction * 3
    assert enlarged_points(np.array([[3.0, 0.0]]), reduction)[0] == pytest.approx([middle, block.mean()])


def result(corners):
    card = CardResult(
        corners=corners,
        status=CardStatus.UNKNOWN,
        card_id=None,
        distance=None,
        probability=None,
        none_of_these=None,
        matches=[],
        printings=[],
        printings_reason=None,
        centering=None,
    )
    return PhotoResult(image="photo.jpg", width=100, height=80, calibrated=False, cards=[card])


def photo(reduction):
    image = np.zeros((80, 100, 3), np.uint8)
    return Photo(image=image, width=100 * reduction + 1, height=80 * reduction, reduction=reduction)


def test_a_result_is_told_in_pixels_of_the_file():
    told = enlarged_result(result([tuple(corner) for corner in QUAD]), photo(2))
    assert (told.width, told.height) == (201, 160)
    assert told.cards[0].corners == [(0.5, 0.5), (20.5, 0.5), (20.5, 28.5), (0.5, 28.5)]


def test_a_photo_that_was_not_reduced_is_told_as_it_is():
    said = result([tuple(corner) for corner in QUAD])
    assert enlarged_result(said, photo(1)) is said


def test_centering_is_enlarged_with_its_outline_and_scale():
    centering = Centering(figures=None, reason="no border", quad=QUAD, px_per_mm=3.0)
    enlarged = enlarged_centering(centering, 4)
    assert np.array_equal(enlarged.quad, 4 * QUAD + 1.5)
    assert enlarged.px_per_mm == 12.0
    assert enlarged.reason == "no border"
    assert enlarged_centering(centering, 1) is centering
    assert enlarged_centering(replace(centering, quad=None), 2).quad is None
