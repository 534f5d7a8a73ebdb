import cv2
import numpy as np

from edge.geometry import card_homography, rotated_half_turn
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH, rectify, upside_down


def gradient_card() -> np.ndarray:
    y, x = np.mgrid[0:RECTIFIED_HEIGHT, 0:RECTIFIED_WIDTH]
    channels = [
        x * 255 / RECTIFIED_WIDTH,
        y * 255 / RECTIFIED_HEIGHT,
        (x + y) * 255 / (RECTIFIED_WIDTH + RECTIFIED_HEIGHT),
    ]
    return np.dstack(channels).astype(np.uint8)


def frame_with(card: np.ndarray, quad: np.ndarray) -> np.ndarray:
    matrix = np.linalg.inv(card_homography(quad, card.shape[1], card.shape[0]))
    return cv2.warpPerspective(card, matrix, (1000, 1000))


QUAD = np.array([[220.0, 130], [690, 190], [640, 900], [150, 800]])


def test_rectifying_undoes_the_perspective():
    card = gradient_card()
    result = rectify(frame_with(card, QUAD), QUAD)
    inner = (slice(20, -20), slice(20, -20))
    assert result.shape == (RECTIFIED_HEIGHT, RECTIFIED_WIDTH, 3)
    assert np.abs(result[inner].astype(int) - card[inner]).mean() < 1.0


def test_the_quads_first_corner_decides_which_way_is_up():
    frame = frame_with(gradient_card(), QUAD)
    turned = rectify(frame, rotated_half_turn(QUAD))
    assert np.abs(turned.astype(int) - upside_down(rectify(frame, QUAD))).mean() < 1.0


def test_a_card_outside_the_frame_is_filled_from_the_edge():
    image = np.full((50, 50, 3), 77, np.uint8)
    assert (rectify(image, QUAD) == 77).all()
