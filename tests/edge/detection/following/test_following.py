import threading
import time
from contextlib import closing
from dataclasses import replace

import cv2
import numpy as np
import pytest

import edge.detection.following.known as known_module
from edge.detection.cards import CardDetector
from edge.detection.following.failures import SearchFailures
from edge.detection.following.following import Following
from edge.detection.following.whole_frame import WholeFrame
from edge.detection.shape import grown_quad
from edge.errors import MeasurementError
from edge.frame import Detection, Frame
from edge.geometry import quad_iou

SIZE = (480, 640)
CARD = np.array([[-63.0, -88], [63, -88], [63, 88], [-63, 88]])


def frame(*centres: tuple[float, float], seed: int = 0) -> np.ndarray:
    image = np.full((*SIZE, 3), 60, np.uint8)
    for centre in centres:
        for inset, colour in ((0, (230, 230, 230)), (8, (150, 90, 60)), (20, (60, 120, 170))):
            (left, top), (right, bottom) = CARD[0] + centre + inset, CARD[2] + centre - inset
            _rounded(image, (left, top, right, bottom), 9 if inset == 0 else 1, colour)
    noise = np.random.default_rng(seed).normal(0, 2, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def shown(image: np.ndarray) -> Frame:
    return Frame(frame_id=0, timestamp_ns=0, image=image)


def _rounded(image: np.ndarray, box: tuple[float, ...], radius: int, colour: tuple[int, int, int]) -> None:
    left, top, right, bottom = (round(16 * v) for v in box)
    r = 16 * radius
    cv2.rectangle(image, (left, top + r), (right, bottom - r), colour, -1, cv2.LINE_AA, 4)
    cv2.rectangle(image, (left + r, top), (right - r, bottom), colour, -1, cv2.LINE_AA, 4)
    for x in (left + r, right - r):
        for y in (top + r, bottom - r):
            cv2.circle(image, (x, y), r, colour, -1, cv2.LINE_AA, 4)


class CountingDetector(CardDetector):
    def __init__(self):
        super().__init__()
        self.searches = 0

    def detect(self, image: np.ndarray) -> tuple[Detection, ...]:
        self.searches += 1
        return super().detect(image)


@pytest.fixture
def searching():
    detector = CountingDetector()
    live = Following(detector, WholeFrame())
    yield live, detector
    live.close()


def settle(live: Following, image: np.ndarray, count: int) -> tuple[Detection, ...]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        detections = live.detect(shown(image))
        if len(detections) == count and not live.searching:
            return detections
        time.sleep(0.01)
    raise AssertionError(f"never {count} cards, but {len(detections)}")


def test_a_still_picture_is_searched_once(searching):
    live, detector = searching
    first = settle(live, frame((200, 240)), 1)
    for seed in range(1, 20):
        assert live.detect(shown(frame((200, 240), seed=seed))) == first
    assert detector.searches == 1


def test_a_slowly_moving_card_is_followed_in_every_frame(searching):
    live, _ = searching
    settle(live, frame((200, 240)), 1)
    for step in range(1, 15):
        centre = (200 + 4.0 * step, 240 - 2.0 * step)
        (detection,) = live.detect(shown(frame(centre, seed=step)))
        assert np.abs(detection.quad - (CARD + centre)).max() < 1.0


def test_cards_come_and_go(searching):
    live, _ = searching
    settle(live, frame((150, 240)), 1)
    both = settle(live, frame((150, 240), (450, 240)), 2)
    assert max(quad_iou(each.quad, CARD + (450, 240)) for each in both) > 0.9
    settle(live, frame((450, 240)), 1)
    settle(live, frame(), 0)


def test_the_first_frame_does_not_wait_for_its_search():
    release = threading.Event()

    class SlowDetector(CardDetector):
        def detect(self, image: np.ndarray) -> tuple[Detection, ...]:  # noqa: ARG002
            release.wait(10)
            return ()

    live = Following(SlowDetector(), WholeFrame())
    assert live.detect(shown(frame((200, 240)))) == ()
    release.set()
    live.close()


def test_in_a_recording_what_a_search_has_found_is_known_in_the_next_frame():
    class SlowDetector(CardDetector):
        def detect(self, image: np.ndarray) -> tuple[Detection, ...]:
            time.sleep(0.2)
            return super().detect(image)

    with closing(Following(SlowDetector(), WholeFrame(), waits=True)) as recorded:
        image = frame((200, 240))
        assert [len(recorded.detect(shown(image))) for _ in range(3)] == [0, 1, 1]


class FailingDetector(CardDetector):
    """Fails in its first searches, as when memory is short for a moment."""

    def __init__(self, failures: float):
        super().__init__()
        self.failures = failures

    def detect(self, image: np.ndarray) -> tuple[Detection, ...]:
        if self.failures > 0:
            self.failures -= 1
            raise MeasurementError("no memory for now")
        return super().detect(image)


def test_a_card_that_lies_still_is_found_though_the_first_searches_fail(caplog):
    failures = SearchFailures()
    live = Following(FailingDetector(failures=2), WholeFrame(), failures)
    (detection,) = settle(live, frame((200, 240)), 1)
    assert quad_iou(detection.quad, CARD + (200, 240)) > 0.9
    assert failures.count == 2
    assert failures.degraded() == ("the search for cards has failed 2 times: no memory for now",)
    assert len(caplog.records) == 1
    live.close()
    live.close()


def test_known_cards_are_followed_while_searches_fail():
    search = FailingDetector(failures=0)
    failures = SearchFailures()
    live = Following(search, WholeFrame(), failures)
    settle(live, frame((200, 240)), 1)
    search.failures = float("inf")
    deadline = time.monotonic() + 20
    while failures.count < 3 and time.monotonic() < deadline:
        (detection,) = live.detect(shown(frame((204, 240))))
    assert np.abs(detection.quad - (CARD + (204, 240))).max() < 1.0
    live.close()


def test_an_outline_that_cannot_be_fitted_does_not_lose_the_others(monkeypatch):
    live = Following(CardDetector(), WholeFrame(), failures := SearchFailures())
    settle(live, frame((150, 240), (450, 240)), 2)
    fit = known_module.fit_outline

    def fit_or_fail(image, quad, reach):
        if quad[:, 0].mean() < 300:
            raise MeasurementError("degenerate")
        return fit(image, quad, reach)

    monkeypatch.setattr(known_module, "fit_outline", fit_or_fail)
    (detection,) = live.detect(shown(frame((153, 240), (453, 240))))
    assert quad_iou(detection.quad, CARD + (453, 240)) > 0.95
    assert failures.count == 1
    live.close()


HOLDER_MM, WINDOW_MM = 6.0, -12.0


class HolderDetector(CountingDetector):
    """Takes the outline of a holder, or of a part, for the card's."""

    def __init__(self, beyond_mm: float):
        super().__init__()
        self.beyond_mm = beyond_mm

    def detect(self, image: np.ndarray) -> tuple[Detection, ...]:
        found = super().detect(image)
        return tuple(replace(each, quad=grown_quad(each.quad, self.beyond_mm)) for each in found)


@pytest.mark.parametrize("beyond_mm", [HOLDER_MM, WINDOW_MM], ids=["holder", "art window"])
def test_a_corrected_outline_stays_whatever_later_searches_find(beyond_mm):
    live = Following(search := HolderDetector(beyond_mm), WholeFrame())
    (wrong,) = settle(live, frame((200, 240)), 1)
    assert live.correct(wrong.quad, CARD + (200.0, 240))
    for step in range(4):
        now, image = (200 + 4.0 * step, 240.0), frame((200 + 4.0 * step, 240), (450, 100 + 10 * step))
        searches = search_again(live, search, image)
        assert searches > step
        (card,) = [each for each in live.detect(shown(image)) if quad_iou(each.quad, CARD + now) > 0.9]
        assert np.abs(card.quad - (CARD + now)).max() < 1.0
    at_that_place = [each for each in live.detect(shown(image)) if each.quad[:, 0].mean() < 320]
    assert len(at_that_place) == 1
    live.close()


def search_again(live: Following, search: CountingDetector, image: np.ndarray, boxes: np.ndarray | None = None) -> int:
    """Show a changed picture until a search of it is done; how many there were until then."""
    before, deadline = search.searches, time.monotonic() + 20
    while (search.searches == before or live.searching) and time.monotonic() < deadline:
        live.detect(Frame(frame_id=0, timestamp_ns=0, image=image, boxes=boxes))
        time.sleep(0.01)
    assert search.searches > before
    return search.searches


def test_a_corrected_card_that_is_taken_away_is_forgotten():
    live = Following(HolderDetector(HOLDER_MM), WholeFrame())
    (wrong,) = settle(live, frame((200, 240)), 1)
    assert live.correct(wrong.quad, CARD + (200.0, 240))
    settle(live, frame(), 0)
    (again,) = settle(live, frame((200, 240)), 1)
    assert quad_iou(again.quad, wrong.quad) > 0.95
    live.close()


def test_an_outline_that_is_not_known_or_is_another_cards_is_not_corrected():
    live = Following(CountingDetector(), WholeFrame())
    first, second = (CARD + (150.0, 240), CARD + (450.0, 240))
    assert not live.correct(first, grown_quad(first, -3.0))
    before = settle(live, frame((150, 240), (450, 240)), 2)
    assert not live.correct(first + 60, first)
    assert not live.correct(first, second)
    assert live.detect(shown(frame((150, 240), (450, 240)))) == before
    live.close()
