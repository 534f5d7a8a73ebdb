import numpy as np

from edge.detection.following.search import search_windows
from edge.frame import Detection

CARD = np.array([[20.0, 10.0], [83.0, 10.0], [83.0, 98.0], [20.0, 98.0]])
IMAGE = np.zeros((300, 400, 3), np.uint8)


class Parts:
    """Finds one card in every part, best in the first."""

    def __init__(self):
        self.shapes = []

    def detect(self, image):
        self.shapes.append(image.shape)
        assert image.flags.c_contiguous
        return (Detection(quad=CARD, confidence=1.0 - 0.1 * len(self.shapes)),)


def test_cards_are_told_in_pixels_of_the_whole_image():
    detector = Parts()
    first, second = search_windows(detector, IMAGE, [(0, 0, 120, 110), (200, 150, 400, 300)])
    assert detector.shapes == [(110, 120, 3), (150, 200, 3)]
    assert np.array_equal(first.quad, CARD)
    assert np.array_equal(second.quad, CARD + (200, 150))


def test_a_card_in_two_parts_is_told_once():
    (only,) = search_windows(Parts(), IMAGE, [(0, 0, 120, 110), (5, 5, 125, 115)])
    assert np.array_equal(only.quad, CARD)


def test_nothing_is_found_nowhere():
    assert search_windows(Parts(), IMAGE, []) == ()
