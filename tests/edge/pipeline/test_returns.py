"""A hand over a card that lies still does not make it several cards."""

from contextlib import closing

import cv2
import numpy as np
import pytest

from edge.detection import CardDetector, StillDetector
from edge.pipeline.output import OutputStage
from edge.pipeline.returns import MOST_PLACES, GoneCards
from edge.pipeline.selection import Feedback, Selector
from edge.pipeline.stages import CaptureStage, RecognitionStage
from edge.pipeline.tracking import Tracker
from edge.recognition.opening import open_recognizer
from edge.settings.sections import RecognitionSettings, SelectionSettings, SmoothingSettings, TrackingSettings
from edge.sources.video import VideoSource
from edge.wire.envelope import Topic
from edge.wire.session import Session

FPS = 30
HIDDEN_S = ((4.0, 5.5), (8.0, 9.5))
QUAD = np.array([[0.0, 0], [63, 0], [63, 88], [0, 88]])


class RememberingDetector(CardDetector):
    """The real one; a picture that was searched before is not searched again, for the test's sake."""

    def __init__(self) -> None:
        super().__init__()
        self._found = {}

    def detect(self, image):
        key = image.tobytes()
        if key not in self._found:
            self._found[key] = super().detect(image)
        return self._found[key]


@pytest.fixture(scope="module")
def video(tmp_path_factory, tiny_database, table):
    """12 s at 30 frames a second: one card lies still, and a hand hides it wholly, twice."""
    still = table(next(iter(tiny_database.cards.values())))
    hidden = still.copy()
    cv2.ellipse(hidden, (380, 300), (200, 270), 20, 0, 360, (120, 150, 205), -1, cv2.LINE_AA)
    for finger in range(4):
        cv2.ellipse(hidden, (250 + 80 * finger, 90), (38, 130), 8, 0, 360, (125, 155, 210), -1, cv2.LINE_AA)
    path = tmp_path_factory.mktemp("video") / "hand.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (800, 600))
    for frame in range(12 * FPS):
        writer.write(hidden if any(begin <= frame / FPS < end for begin, end in HIDDEN_S) else still)
    writer.release()
    return path


def played(video, tiny_database, tracking):
    feedback, messages = Feedback(), []
    detector = StillDetector(RememberingDetector())
    capture = CaptureStage(detector, Tracker(tracking), Selector(SelectionSettings(), feedback))
    settings = RecognitionSettings(model=tiny_database.model, database=tiny_database.database)
    with closing(open_recognizer(settings)) as recognizer, closing(VideoSource(video)) as source:
        recognition = RecognitionStage(recognizer)
        output = OutputStage(SmoothingSettings(), feedback, Session("bench").envelope)
        while (frame := source.read()) is not None:
            observation, crops, _ = capture.process(frame)
            messages += output.observe(observation)
            for answer in recognition.process(crops) if crops else ():
                messages += output.answer(answer)
    return [message for message in messages if message.topic is Topic.CONFIRMED]


def test_a_card_that_a_hand_hides_is_told_as_returned(video, tiny_database):
    confirmed = played(video, tiny_database, TrackingSettings())
    assert {message.card_id for message in confirmed} == {next(iter(tiny_database.cards))}
    assert [message.returned for message in confirmed] == [None, *(message.track_id for message in confirmed[:-1])]
    assert len(confirmed) == 3


def test_a_card_is_one_track_where_a_hand_may_hide_it_for_long_enough(video, tiny_database):
    (confirmed,) = played(video, tiny_database, TrackingSettings(hold_s=2.0))
    assert confirmed.returned is None


def test_the_places_that_are_remembered_are_bounded_and_each_holds_one_card():
    gone = GoneCards()
    for number in range(MOST_PLACES + 1):
        gone.add(number, "a-1", QUAD + [100.0 * number, 0])
    assert gone.returned(999, "a-1", QUAD) is None
    assert gone.returned(999, "a-1", QUAD + [100.0, 0]) == 1
    gone.add(1000, "b-2", QUAD + [200.0, 3])
    assert gone.returned(1001, "a-1", QUAD + [200.0, 0]) is None


def test_a_track_that_is_confirmed_again_has_not_returned_to_itself():
    gone = GoneCards()
    gone.add(4, "a-1", QUAD)
    assert gone.returned(4, "a-1", QUAD) is None


@pytest.mark.parametrize(("aside_mm", "returned"), [(0.5, 4), (2.5, 4), (4.0, None), (10.0, None)])
def test_a_copy_that_is_put_down_beside_where_the_first_lay_is_another_card(aside_mm, returned):
    gone = GoneCards()
    gone.add(4, "a-1", QUAD)
    assert gone.returned(5, "a-1", QUAD + [aside_mm, 0]) == returned
