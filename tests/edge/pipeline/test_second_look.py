"""Second looks on synthetic frames: which cards get one, when, and what becomes of what it finds."""

import threading
import time
from contextlib import closing

import numpy as np
import pytest

from edge.detection.following.failures import SearchFailures
from edge.detection.shape import grown_quad
from edge.errors import MeasurementError
from edge.frame import Frame
from edge.geometry import card_quad, rotated_half_turn
from edge.pipeline.handover import Corrections
from edge.pipeline.second_look import MOST_OUTLINES, SecondLooks
from edge.pipeline.selection import Crop
from edge.pipeline.stages import RecognitionStage
from tests.edge.pipeline.test_stages import CARDS, QUAD, PixelRecognizer, picture

CARD = card_quad(QUAD)
HOLDER, INNER = grown_quad(CARD, 3.0), grown_quad(CARD, -3.0)


class Outlines:
    """A detector that knows these other outlines of any place."""

    def __init__(self, known=(CARD, INNER)) -> None:
        self.known = list(known)
        self.asked: list[np.ndarray] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def others(self, _image, quad):
        self.asked.append(quad)
        assert self.go_on.wait(20)
        if isinstance(self.known[0], Exception):
            raise self.known[0]
        return self.known


class Bench:
    """Recognition and second looks, fed crop by crop."""

    def __init__(self, detector=None, *, stills: bool = True) -> None:
        self.detector, self.recognizer = detector or Outlines(), PixelRecognizer()
        self.corrections, self.failures = Corrections(), SearchFailures()
        self.stage = RecognitionStage(self.recognizer)
        self.looks = SecondLooks(self.detector, self.stage, self.corrections, self.failures, waits=stills)
        self.frame_id = -1

    def close(self) -> None:
        self.detector.go_on.set()
        self.looks.close()

    def crop(self, quad=HOLDER, *, moved=(0.0, 0.0), track_id=0, shown_since=0, **of_crop) -> Crop:
        image = picture(CARDS["demo-001"], CARD + moved)
        return Crop(
            track_id=track_id, frame=Frame(frame_id=self.frame_id, timestamp_ns=0, image=image), quad=quad + moved,
            sharpness=500.0, sharp=True, fingerprint=np.zeros(8, np.uint8), first_frame_id=0,
            shown_since=shown_since, **of_crop,
        )  # fmt: skip

    def show(self, *crops: Crop):
        """What second looks answer after one frame's crops."""
        self.frame_id += 1
        return self.looks.after(self.stage.process(crops))


@pytest.fixture
def bench():
    with closing(Bench()) as photos:
        yield photos


@pytest.fixture
def live():
    with closing(Bench(stills=False)) as frames:
        yield frames


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not (outcome := condition()) and time.monotonic() < deadline:
        time.sleep(0.005)
    return outcome


def test_an_undecided_card_that_lies_still_is_looked_at_again_and_gets_the_nearest_outline(bench):
    assert bench.show(bench.crop()) == ()
    assert bench.detector.asked == []
    (better,) = bench.show(bench.crop())
    assert better.crop.quad == pytest.approx(CARD)
    assert better.recognition.matches[0].card_id == "demo-001"
    assert better.latencies_ms["second_look"] >= 0
    (correction,) = bench.corrections.take()
    assert (correction.track_id, correction.frame_id) == (0, 0)
    assert correction.found == pytest.approx(HOLDER)
    assert correction.better == pytest.approx(CARD)
    assert bench.corrections.take() == []


def test_it_is_looked_at_once_and_its_outlines_are_one_batch(bench):
    for _ in range(10):
        bench.show(bench.crop())
    assert len(bench.detector.asked) == 1
    assert bench.recognizer.batches == [1, 1, 2] + 8 * [1]


def test_a_recognised_card_costs_nothing(bench):
    for _ in range(5):
        assert bench.show(bench.crop(CARD)) == ()
    assert bench.detector.asked == []
    assert bench.recognizer.batches == 5 * [1]


def test_what_is_shown_anew_or_has_moved_far_is_looked_at_anew(bench):
    for shown_since, moved in ((0, 0.0), (9, 0.0), (9, 3.0), (9, 60.0), (9, 150.0)):
        for _ in range(4):
            bench.show(bench.crop(shown_since=shown_since, moved=(moved, 0.0)))
    assert [round(quad[:, 0].mean() - HOLDER[:, 0].mean()) for quad in bench.detector.asked] == [0, 0, 150]


def test_a_moving_card_is_not_looked_at_until_it_lies_still(bench):
    for step in range(8):
        bench.show(bench.crop(moved=(15.0 * step, 0.0)))
    assert bench.detector.asked == []
    bench.show(bench.crop(moved=(15.0 * 7, 0.0)))
    assert len(bench.detector.asked) == 1


def test_where_nothing_is_nearer_the_outline_stays(bench):
    bench.detector.known = [INNER, grown_quad(CARD, 5.0)]
    for _ in range(3):
        assert bench.show(bench.crop()) == ()
    assert bench.corrections.take() == []


def test_the_outline_of_a_neighbour_is_none_of_its_own(bench):
    for _ in range(3):
        assert bench.show(bench.crop(INNER, neighbours=(CARD,))) == ()
    assert len(bench.detector.asked) == 1
    assert bench.corrections.take() == []


def test_the_better_outline_starts_at_the_same_corner(bench):
    bench.detector.known = [rotated_half_turn(CARD)]
    bench.show(bench.crop())
    (better,) = bench.show(bench.crop())
    assert better.crop.quad == pytest.approx(CARD)
    assert better.recognition.rotation == 0


def test_most_outlines_are_bounded(bench):
    bench.detector.known = [grown_quad(CARD, -0.5 - 0.1 * k) for k in range(3 * MOST_OUTLINES)]
    for _ in range(2):
        bench.show(bench.crop())
    assert bench.recognizer.batches == [1, 1, MOST_OUTLINES]


def test_a_look_that_fails_is_counted_and_answers_nothing(bench):
    bench.detector.known = [MeasurementError("degenerate")]
    for _ in range(3):
        assert bench.show(bench.crop()) == ()
    assert bench.failures.count == 1


def test_every_undecided_card_of_a_photo_is_looked_at(bench):
    beside = bench.crop(track_id=1, moved=(60.0, 0.0))
    bench.detector.known = [CARD, CARD + (60.0, 0.0)]
    bench.show(bench.crop(), beside)
    assert len(bench.show(bench.crop(), beside)) == 2


def test_live_frames_do_not_wait_for_a_look_and_there_is_one_at_a_time(live):
    live.detector.go_on.clear()
    crops = [live.crop(track_id=track_id) for track_id in range(3)]
    for _ in range(5):
        assert live.show(*crops) == ()
    assert wait_for(lambda: len(live.detector.asked) == 1)
    live.detector.go_on.set()
    (first,) = wait_for(lambda: live.show(*crops))
    assert first.crop.track_id == 0
    answered = [wait_for(lambda: live.show(*crops))[0].crop.track_id for _ in range(2)]
    assert answered == [1, 2]
    assert len(live.detector.asked) == 3


def test_a_look_is_given_up_where_the_card_is_recognised_meanwhile(live):
    live.detector.go_on.clear()
    live.show(live.crop())
    live.show(live.crop())
    assert live.show(live.crop(CARD)) == ()
    live.detector.go_on.set()
    time.sleep(0.05)
    assert live.show() == live.show() == ()
    assert live.corrections.take() == []
