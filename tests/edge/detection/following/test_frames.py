import numpy as np

from edge.detection.following.failures import SearchFailures
from edge.detection.following.frames import detections_of
from edge.frame import Detection, Frame

FRAME = Frame(frame_id=3, timestamp_ns=0, image=np.zeros((8, 8, 3), np.uint8))
FOUND = (Detection(quad=np.eye(4, 2), confidence=0.7),)


class Finder:
    def __init__(self, outcome):
        self.outcome = outcome

    def detect(self, frame):
        assert frame is FRAME
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def test_what_a_detector_finds_is_passed_on():
    failures = SearchFailures()
    assert detections_of(FRAME, Finder(FOUND), failures) is FOUND
    assert detections_of(FRAME, Finder(()), failures) == ()
    assert failures.count == 0


def test_a_failure_says_nothing_of_what_is_there_and_is_counted():
    failures = SearchFailures()
    assert detections_of(FRAME, Finder(ValueError("no outline")), failures) is None
    assert failures.count == 1
    assert "no outline" in failures.degraded()[0]
