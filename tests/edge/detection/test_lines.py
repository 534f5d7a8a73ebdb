import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.detection.lines import line_detections
from edge.geometry import card_quad, quad_iou, rotated_half_turn
from edge.simulator.conditions import PRESETS
from edge.simulator.scene import random_scene, render_scene
from edge.simulator.sets import calibration_cards

UPRIGHT = np.array([[-63.0, -88], [63, -88], [63, 88], [-63, 88]])


def turned(quad: np.ndarray, degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return quad @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def tilted(degrees: float, direction_deg: float, distance: float = 600.0) -> np.ndarray:
    """Image of a card that is turned in its plane, tilted about the picture's x axis, and seen from `distance`."""
    flat = turned(UPRIGHT, direction_deg)
    depth = distance + flat[:, 1] * np.sin(np.radians(degrees))
    return distance * np.column_stack([flat[:, 0], flat[:, 1] * np.cos(np.radians(degrees))]) / depth[:, None]


def corner_errors_px(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    turns = (np.linalg.norm(turn - true, axis=1) for turn in (found, rotated_half_turn(found)))
    return min(turns, key=np.max)


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 133])
def test_corners_are_exact_to_a_fraction_of_a_pixel(table, rounded_card, degrees):
    quad = turned(UPRIGHT, degrees) + (320.3, 240.6)
    (detection,) = line_detections(rounded_card(table(), quad))
    assert corner_errors_px(detection.quad, quad).max() < 0.4
    assert detection.confidence > 0.8


@pytest.mark.parametrize("direction", [0, 30, 90])
def test_a_card_tilted_by_45_degrees_is_found_the_right_way_round(table, rounded_card, direction):
    quad = tilted(45, direction) + (320, 240)
    (detection,) = line_detections(rounded_card(table(), quad))
    assert corner_errors_px(detection.quad, quad).max() < 0.8


@pytest.mark.parametrize(("level", "border"), [(30, (45, 45, 48)), (222, (238, 240, 240))])
def test_dark_on_dark_and_white_on_white(table, rounded_card, level, border):
    quad = turned(UPRIGHT, 10) + (320, 240)
    (detection,) = line_detections(rounded_card(table(level=level), quad, border))
    assert corner_errors_px(detection.quad, quad).max() < 1.0


def test_several_cards_are_all_found_and_do_not_overlap(table, rounded_card):
    picture = table(480, 900)
    quads = [turned(UPRIGHT, 5 * k) + (160 + 280 * k, 240) for k in range(3)]
    for quad in quads:
        rounded_card(picture, quad)
    detections = line_detections(picture)
    assert len(detections) == 3
    assert all(max(quad_iou(d.quad, card_quad(quad)) for d in detections) > 0.95 for quad in quads)
    assert [d.confidence for d in detections] == sorted((d.confidence for d in detections), reverse=True)


def test_covered_corners_are_reconstructed(table, rounded_card):
    quad = turned(UPRIGHT, 12) + (320, 240)
    picture = rounded_card(table(), quad)
    cv2.circle(picture, tuple(int(v) for v in quad[0]), 30, (40, 40, 190), -1)
    cv2.circle(picture, tuple(int(v) for v in quad[2]), 25, (40, 160, 190), -1)
    (detection,) = line_detections(picture)
    assert corner_errors_px(detection.quad, quad).max() < 1.0


def test_a_card_that_leaves_the_frame_is_not_found(table, rounded_card):
    assert line_detections(rounded_card(table(), UPRIGHT + (320, 30))) == ()


@pytest.mark.parametrize("aspect", [1.0, 1.414, 2.1])
def test_things_with_other_shapes_are_not_cards(table, aspect):
    picture = table()
    cv2.rectangle(picture, (220, 60), (380, round(60 + 160 * aspect)), (220, 220, 220), -1)
    assert line_detections(picture) == ()


@pytest.mark.parametrize("level", [0, 60, 255])
def test_nothing_is_found_on_an_empty_table(table, level):
    assert line_detections(table(level=level)) == ()
    assert line_detections(np.full((300, 200, 3), level, np.uint8)) == ()


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (23, 23), (24, 24), (3000, 24)])
def test_pictures_too_small_for_a_card_have_none(size):
    assert line_detections(np.zeros((*size, 3), np.uint8)) == ()


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 120), st.integers(1, 120), st.integers(3, 40), st.integers(0, 2**32 - 1))
def test_any_picture_gives_quads_within_it(height, width, block, seed):
    noise = np.random.default_rng(seed).integers(0, 256, (-(-height // block), -(-width // block), 3), dtype=np.uint8)
    picture = np.ascontiguousarray(np.kron(noise, np.ones((block, block, 1), np.uint8))[:height, :width])
    before = picture.copy()
    for detection in line_detections(picture):
        assert detection.quad.shape == (4, 2)
        assert detection.quad.min() >= -0.5
        assert np.all(detection.quad.max(axis=0) <= np.array([width, height]) - 0.5)
        assert 0 < detection.confidence <= 1
    assert np.array_equal(picture, before)


def test_a_view_into_a_larger_picture_will_do(table, rounded_card):
    picture = rounded_card(table(), UPRIGHT + (320, 240))
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    (expected,) = line_detections(mirrored)
    (found,) = line_detections(picture[:, ::-1])
    assert np.array_equal(found.quad, expected.quad)


def test_the_same_picture_gives_the_same_answer(table, rounded_card):
    picture = rounded_card(table(), turned(UPRIGHT, 7) + (320, 240))
    first, second = (line_detections(picture) for _ in range(2))
    assert [d.confidence for d in first] == [d.confidence for d in second]
    assert all(np.array_equal(a.quad, b.quad) for a, b in zip(first, second, strict=True))


def test_the_size_of_the_picture_does_not_matter(table, rounded_card):
    picture = rounded_card(table(), turned(UPRIGHT, 7) + (320, 240))
    (small,) = line_detections(picture)
    (large,) = line_detections(cv2.resize(picture, None, fx=7, fy=7, interpolation=cv2.INTER_CUBIC))
    assert np.abs((large.quad + 0.5) / 7 - 0.5 - small.quad).max() < 0.5


def test_simulated_scenes():
    cards = calibration_cards(60)
    errors, found, judged, false = [], 0, 0, 0
    for preset, seeds in {"tilt": (42,), "finger": (41,), "many": (41,)}.items():
        for seed in seeds:
            picture, truth = render_scene(random_scene(seed, cards, PRESETS[preset], size=(760, 760)))
            detections = line_detections(picture)
            whole = [card for card in truth.cards if card.fully_in_frame and card.visible_fraction > 0.7]
            judged += len(whole)
            false += sum(all(quad_iou(d.quad, c.quad) < 0.5 for c in truth.cards) for d in detections)
            for card in whole:
                near = [d.quad for d in detections if quad_iou(d.quad, card.quad) > 0.75]
                found += bool(near)
                errors += [e for quad in near for e in corner_errors_px(quad, card.quad)]
    assert judged >= 5
    assert found >= 0.75 * judged
    assert false <= 1
    assert np.median(errors) < 1.5
