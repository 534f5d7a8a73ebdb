import numpy as np

from edge.detection import CardDetector, StillDetector


class CountingDetector(CardDetector):
    searches = 0

    def detect(self, image):
        self.searches += 1
        return super().detect(image)


def test_a_photo_is_searched_once_and_the_next_one_anew():
    search = CountingDetector()
    detector = StillDetector(search)
    first, second = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)
    assert detector.detect(first) == detector.detect(first) == ()
    assert search.searches == 1
    detector.detect(second)
    detector.detect(first)
    assert search.searches == 3
