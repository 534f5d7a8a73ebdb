import numpy as np
import pytest

from edge.detection import CardDetector, StillDetector
from edge.detection.shape import grown_quad
from edge.frame import Detection, Frame


class CountingDetector(CardDetector):
    searches = 0

    def detect(self, image):
        self.searches += 1
        return super().detect(image)


def shown(image):
    return Frame(frame_id=0, timestamp_ns=0, image=image)


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
        detector.detect(shown(photo))
    assert detector.detect(shown(photo)) == detector.detect(shown(photo)) == ()
    assert search.searches == 2


def test_a_photo_is_searched_once_and_the_next_one_anew():
    search = CountingDetector()
    detector = StillDetector(search)
    first, second = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)
    assert detector.detect(shown(first)) == detector.detect(shown(first)) == ()
    assert search.searches == 1
    detector.detect(shown(second))
    detector.detect(shown(first))
    assert search.searches == 3


def test_a_corrected_outline_stays_while_the_photo_is_shown():
    quad = np.array([[10.0, 10], [40, 10], [40, 52], [10, 52]])
    holder, beside = grown_quad(quad, 8.0), quad + (200.0, 0)

    class Found:
        def detect(self, _):
            return tuple(Detection(quad=each, confidence=0.9) for each in (holder, beside))

    detector, photo = StillDetector(Found()), np.zeros((64, 300, 3), np.uint8)
    detector.detect(shown(photo))
    assert not detector.correct(quad, holder)
    assert not detector.correct(holder, beside)
    assert detector.correct(holder, quad)
    assert [each.quad.tolist() for each in detector.detect(shown(photo))] == [quad.tolist(), beside.tolist()]
    assert detector.detect(shown(photo.copy()))[0].quad is holder
