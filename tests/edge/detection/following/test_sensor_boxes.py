import time
from contextlib import closing
from dataclasses import replace

import numpy as np

from edge.detection import CardDetector, Following, SensorBoxes
from edge.detection.shape import grown_quad
from edge.frame import Detection, Frame
from edge.geometry import bounding_box, quad_iou
from tests.edge.detection.following.test_following import CARD, CountingDetector, HolderDetector, frame, search_again


def boxed(image: np.ndarray, *boxes: np.ndarray) -> Frame:
    return Frame(frame_id=0, timestamp_ns=0, image=image, boxes=np.array(boxes, np.float64).reshape(-1, 4))


def detect_until(following: Following, shown: Frame, count: int) -> tuple[Detection, ...]:
    deadline = time.monotonic() + 20
    while len(found := following.detect(shown)) != count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(found) == count
    return found


def test_a_box_without_a_card_is_searched_once_until_it_changes():
    box = bounding_box(CARD + (200, 240))
    with closing(Following(detector := CountingDetector(), SensorBoxes())) as following:
        for seed in range(30):
            assert following.detect(boxed(frame(seed=seed), box)) == ()
            time.sleep(0.01)
        assert detector.searches == 1
        detect_until(following, boxed(frame((200, 240)), box), 1)


def test_a_second_card_that_is_put_down_in_a_large_box_is_found():
    """A known card lies wholly in the box, which says nothing of what lies beside it."""
    box = np.array([100.0, 100, 560, 400])
    with closing(Following(detector := CountingDetector(), SensorBoxes())) as following:
        detect_until(following, boxed(frame((180, 240)), box), 1)
        for seed in range(30):
            following.detect(boxed(frame((180, 240), seed=seed), box))
            time.sleep(0.01)
        assert detector.searches == 1
        detect_until(following, boxed(frame((180, 240), (460, 240)), box), 2)


def test_a_card_that_was_lost_and_shows_again_as_before_is_found_again():
    box, still = np.array([100.0, 100, 560, 400]), frame((180, 240))
    with closing(Following(CardDetector(), SensorBoxes())) as following:
        detect_until(following, boxed(still, box), 1)
        hidden = still.copy()
        hidden[100:400, 100:300] = 90
        detect_until(following, boxed(hidden), 0)
        (found,) = detect_until(following, boxed(still, box), 1)
        assert quad_iou(found.quad, CARD + (180, 240)) > 0.9


def test_an_outline_that_the_sensor_never_sees_is_dropped():
    image = frame((200, 240))
    with closing(Following(CardDetector(), SensorBoxes())) as following:
        detect_until(following, boxed(image, bounding_box(CARD + (200, 240))), 1)
        frames = 0
        while following.detect(boxed(image)):
            frames += 1
        assert 60 < frames < 120


def test_where_the_sensor_gave_nothing_nothing_is_searched_or_dropped():
    image = frame((200, 240))
    silent = Frame(frame_id=0, timestamp_ns=0, image=image, boxes=None)
    with closing(Following(detector := CountingDetector(), SensorBoxes())) as following:
        assert following.detect(silent) == ()
        assert detector.searches == 0
        detect_until(following, boxed(image, bounding_box(CARD + (200, 240))), 1)
        assert all(len(following.detect(silent)) == 1 for _ in range(120))


def test_a_corrected_outline_stays_though_the_sensors_box_is_the_holders():
    box = bounding_box(grown_quad(CARD + (180.0, 240), 12.0))
    with closing(Following(detector := HolderDetector(12.0), SensorBoxes())) as following:
        (wrong,) = detect_until(following, boxed(frame((180, 240)), box), 1)
        assert following.correct(wrong.quad, CARD + (180.0, 240))
        changed = frame((180, 240))
        changed[150:330, 30:95] = 200
        search_again(following, detector, changed, np.array([box]))
        (card,) = detect_until(following, boxed(changed, box), 1)
        assert np.abs(card.quad - (CARD + (180.0, 240))).max() < 1.0


class HastyDetector(CountingDetector):
    """Places the outline 1.5 mm too far out while something bright lies beside the card."""

    def detect(self, image: np.ndarray) -> tuple[Detection, ...]:
        hasty = image.min(axis=2).max() > 250
        found = super().detect(image)
        return tuple(replace(each, quad=grown_quad(each.quad, 1.5 if hasty else 0.0)) for each in found)


def with_hand(image: np.ndarray) -> np.ndarray:
    """Something bright within the sensor's box, and outside of what a card is followed by."""
    image = image.copy()
    image[150:330, 286:294] = 255
    return image


def test_a_card_that_was_found_while_it_was_put_down_is_searched_once_more_when_it_lies_still():
    box, still = bounding_box(CARD + (200, 240)), frame((200, 240))
    with closing(Following(detector := HastyDetector(), SensorBoxes())) as following:
        (wrong,) = detect_until(following, boxed(with_hand(still), box), 1)
        assert np.abs(wrong.quad - (CARD + (200, 240))).max() > 2.0
        deadline = time.monotonic() + 20
        while detector.searches < 2 and time.monotonic() < deadline:
            following.detect(boxed(still, box))
            time.sleep(0.01)
        for seed in range(30):
            (card,) = following.detect(boxed(frame((200, 240), seed=seed), box))
            time.sleep(0.01)
        assert np.abs(card.quad - (CARD + (200, 240))).max() < 1.0
        assert detector.searches == 2


def test_a_known_card_is_not_searched_for_while_it_moves():
    with closing(Following(detector := CountingDetector(), SensorBoxes())) as following:
        detect_until(following, boxed(frame((200, 240)), bounding_box(CARD + (200, 240))), 1)
        for step in range(30):
            centre = (200 + 4.0 * step, 240.0)
            assert len(following.detect(boxed(frame(centre, seed=step), bounding_box(CARD + centre)))) == 1
        assert detector.searches == 1
