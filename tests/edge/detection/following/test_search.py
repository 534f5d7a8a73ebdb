import numpy as np

from edge.detection.following.known import Place
from edge.detection.following.search import search_places
from edge.detection.networks.outline import Proposal
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
    first, second = search_places(detector, IMAGE, [Place(window=(0, 0, 120, 110)), Place(window=(200, 150, 400, 300))])
    assert detector.shapes == [(110, 120, 3), (150, 200, 3)]
    assert np.array_equal(first.quad, CARD)
    assert np.array_equal(second.quad, CARD + (200, 150))


def test_a_card_in_two_parts_is_told_once():
    (only,) = search_places(Parts(), IMAGE, [Place(window=(0, 0, 120, 110)), Place(window=(5, 5, 125, 115))])
    assert np.array_equal(only.quad, CARD)


def test_outlines_that_are_known_are_placed_together_and_nothing_is_searched():
    class Placing:
        def place(self, image, proposals):
            assert image is IMAGE
            return [Detection(quad=each.quad + 1, confidence=each.score) for each in proposals]

    outlines = [Proposal(quad=CARD, score=0.7), Proposal(quad=CARD + (200, 150), score=0.6)]
    found = search_places(Placing(), IMAGE, [Place(window=(0, 0, 90, 100), outline=each) for each in outlines])
    assert [np.array_equal(each.quad, outline.quad + 1) for each, outline in zip(found, outlines, strict=True)] == [
        True,
        True,
    ]


def test_nothing_is_found_nowhere():
    assert search_places(Parts(), IMAGE, []) == ()
