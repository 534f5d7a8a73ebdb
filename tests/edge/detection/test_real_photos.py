import functools
import json
from pathlib import Path

import numpy as np
import pytest

from edge.detection import CardDetector
from edge.frame import Detection
from edge.geometry import CARD_ASPECT, is_convex, quad_area, quad_iou, side_lengths
from edge.imaging.photos import read_photo
from training.evaluation.photos import as_frame

PHOTOS = Path(__file__).parents[3].parent / "shared" / "data" / "photos"
FLAT = ("mtg_black.jpg", "set_one-card.jpg", "set_purple-2-20161231_114022.jpg", "no_card_egg.jpg")
HARD = ("mtg_dragon_whelp.jpg", "mtg_lands_and_fatties.jpg", "set_webcam_20170529_184024.png")


@functools.cache
def detected(name: str) -> tuple[Detection, ...]:
    return CardDetector().detect(read_photo(PHOTOS / name))


def cards_in(name: str) -> int:
    return int(json.loads((PHOTOS / "truth.json").read_text())[name]["cards"])


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the real photos are not here")
@pytest.mark.parametrize("name", FLAT + HARD)
def test_every_card_is_found_and_nothing_else(name):
    detections = detected(name)
    assert len(detections) == cards_in(name)
    quads = [detection.quad for detection in detections]
    assert all(is_convex(quad) for quad in quads)
    assert all(quad_iou(a, b) < 0.1 for i, a in enumerate(quads) for b in quads[:i])


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the real photos are not here")
@pytest.mark.parametrize("name", FLAT[1:] + HARD)
def test_so_they_are_in_the_frames_of_a_camera(name):
    frame = as_frame(read_photo(PHOTOS / name))
    assert len(CardDetector().detect(frame)) == cards_in(name)


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the real photos are not here")
@pytest.mark.parametrize("name", FLAT)
def test_cards_seen_from_above_have_a_cards_shape(name):
    for detection in detected(name):
        sides = side_lengths(detection.quad)
        assert abs((sides[0] + sides[2]) / (sides[1] + sides[3]) / CARD_ASPECT - 1) < 0.12


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the real photos are not here")
def test_equal_cards_on_one_table_are_equally_large():
    detections = detected("mtg_black.jpg")
    areas = np.array([quad_area(detection.quad) for detection in detections])
    assert areas.max() / areas.min() < 1.15
