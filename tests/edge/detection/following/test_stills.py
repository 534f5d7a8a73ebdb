import numpy as np
import pytest

from edge.detection import CardDetector, StillDetector


class CountingDetector(CardDetector):
    searches = 0

    def detect(self, image):
        self.searches += 1
        return super().detect(image)


def test_a_photo_whose_search_fails_is_searched_again():
    class FailingOnce(CountingDetector):
        def detect(self, image):
            found = super().detect(image)
            if self.searches == 1:
                raise ValueError("once")
            return found

    detector = StillDetector(search := FailingOnce())
    photo = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(ValueError, match="once"):
        detector.detect(photo)
    assert detector.detect(photo) == detector.detect(photo) == ()
    assert search.searches == 2


def test_a_photo_is_searched_once_and_the_next_one_anew():
    search = CountingDetector()
    detector = StillDetector(search)
    first, second = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)
    assert detector.detect(first) == detector.detect(first) == ()
    assert search.searches == 1
    detector.detect(second)
    detector.detect(first)
    assert search.searches == 3
