from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from edge.detection import CardDetector, Following, SensorBoxes
from edge.detection.following.known import Followed, followed
from edge.detection.following.sensor_boxes import STILL_FRAMES
from edge.detection.following.sensor_outlines import looked_at_outlines
from edge.detection.networks import dense
from edge.detection.shape import grown_quad
from edge.frame import Detection, Frame
from tests.edge.detection.following.test_following import CARD, CountingDetector, frame
from tests.edge.detection.following.test_sensor_boxes import detect_until
from tests.edge.detection.outline_maps import card_maps

SIZE = 640
IMAGE = np.full((SIZE, SIZE, 3), 90, np.uint8)
FIRST, SECOND = CARD + (160, 240), CARD + (420, 300)


def known(quad: np.ndarray, *, corrected: bool = False) -> Followed:
    return replace(followed(Detection(quad=quad, confidence=0.9), IMAGE), corrected=corrected)


def test_a_new_card_is_told_with_its_outline():
    looked = looked_at_outlines(card_maps(SIZE, FIRST, SECOND), [known(FIRST)])
    ((_, outline),) = looked.new
    assert looked.seen == [True]
    np.testing.assert_allclose(outline.quad, SECOND, atol=2.0)


def test_no_outline_is_fitted_where_all_cards_are_known(monkeypatch):
    monkeypatch.setattr(dense, "proposals_at", lambda *_: pytest.fail("fitted an outline"))
    looked = looked_at_outlines(card_maps(SIZE, FIRST, SECOND), [known(FIRST), known(SECOND + 6.0)])
    assert (looked.seen, looked.new) == ([True, True], [])


def test_a_card_that_is_not_seen_is_told():
    looked = looked_at_outlines(card_maps(SIZE, FIRST), [known(FIRST), known(SECOND)])
    assert (looked.seen, looked.new) == ([True, False], [])


def test_a_holder_is_a_corrected_cards():
    """Its middle is elsewhere: a holder with its label above the card."""
    holder = grown_quad(FIRST, 35.0) - (0, 60.0)
    inside = known(FIRST, corrected=True)
    assert looked_at_outlines(card_maps(SIZE, holder), [inside]).new == []
    assert len(looked_at_outlines(card_maps(SIZE, holder), [known(FIRST)]).new) == 1


def test_a_card_that_lies_still_is_placed_again_once_its_picture_has_changed():
    quad = CARD + (180.0, 240)
    image, brighter = frame((180, 240)), frame((180, 240))
    brighter[300:340, 150:210] = 220
    with closing(Following(detector := Placing(), SensorBoxes())) as following:
        detect_until(following, shown(image, quad + 3), 1)
        for changed in (image, brighter):
            for _ in range(3 * STILL_FRAMES):
                following.detect(shown(changed, quad + 3))
                while following.searching:
                    following.detect(shown(changed, quad + 3))
        assert detector.placed == 2


class Placing(CardDetector):
    def __init__(self):
        super().__init__()
        self.placed = 0

    def place(self, image, proposals):
        self.placed += 1
        return super().place(image, proposals)


def shown(image: np.ndarray, *quads: np.ndarray) -> Frame:
    side = max(image.shape[:2])
    return Frame(frame_id=0, timestamp_ns=0, image=image, outlines=card_maps(side, *quads))


class NeverSearching(CountingDetector):
    def detect(self, _image):
        pytest.fail("searched a picture")


def test_cards_are_placed_from_the_sensors_outlines_and_dropped_when_it_no_longer_sees_them():
    first, second = CARD + (180.0, 240), CARD + (460.0, 240)
    image = frame((180, 240), (460, 240))
    with closing(Following(NeverSearching(), SensorBoxes())) as following:
        found = detect_until(following, shown(image, first + 4, second - 3), 2)
        for quad in (first, second):
            assert min(np.abs(each.quad - quad).max() for each in found) < 1.0
        frames = 0
        while len(following.detect(shown(image, first))) == 2:
            frames += 1
        assert 60 < frames < 120


def test_what_turns_out_to_be_no_card_is_placed_once(monkeypatch):
    placed = []
    monkeypatch.setattr(CardDetector, "place", lambda _self, _image, outlines: placed.append(outlines) or [])
    nothing = frame()
    with closing(Following(CardDetector(), SensorBoxes())) as following:
        for _ in range(200):
            following.detect(shown(nothing, CARD + (180.0, 240)))
        while following.searching:
            following.detect(shown(nothing, CARD + (180.0, 240)))
    assert len(placed) == 1
