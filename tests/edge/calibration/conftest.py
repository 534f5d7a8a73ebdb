"""Pictures of the board as a camera with a known lens sees it."""

import cv2
import numpy as np
import pytest

from edge.calibration.board import COLUMNS, ROWS, SQUARE_MM, black_rectangles

WIDTH, HEIGHT = 1000, 760
FOCAL = (930.0, 933.0)
CENTRE = (508.0, 372.0)
COEFFICIENTS = (-0.16, 0.04, 0.0008, -0.0006, 0.0)
PX_PER_MM, MARGIN_MM = 6, 15
# The camera is exact at nodes this far apart, and linear between them.
STEP_PX = 10

CAMERA = np.array([[FOCAL[0], 0, CENTRE[0]], [0, FOCAL[1], CENTRE[1]], [0, 0, 1.0]])
# Turn (Rodrigues, radians) and middle of the board before the camera (mm).
POSES = (
    ((0.0, 0.0, 0.05), (0, 0, 300)),
    ((0.35, 0.0, 0.0), (-60, -40, 330)),
    ((-0.35, 0.1, 0.1), (70, 30, 330)),
    ((0.0, 0.4, 1.6), (-40, 50, 300)),
    ((0.1, -0.4, 1.5), (40, -50, 300)),
    ((0.3, 0.3, 1.57), (-60, 30, 290)),
    ((-0.2, 0.2, 0.0), (80, -30, 320)),
    ((0.0, -0.3, 0.2), (-90, 20, 310)),
    ((0.2, 0.0, 1.5), (60, 60, 290)),
    ((0.0, 0.1, 3.1), (-50, -60, 290)),
)


def flat_board():
    """The board from its own rectangles, with a white margin."""
    size = [round((n * SQUARE_MM + 2 * MARGIN_MM) * PX_PER_MM) for n in (ROWS, COLUMNS)]
    board = np.full(size, 255, np.uint8)
    for x, y, w, h in black_rectangles():
        edges = [round((value + MARGIN_MM) * PX_PER_MM) for value in (y, y + h, x, x + w)]
        board[edges[0] : edges[1], edges[2] : edges[3]] = 0
    return board


def board_view(turn, middle_mm):
    """A picture of the board, uint8 [760, 1000, 3]."""
    columns, rows = WIDTH // STEP_PX + 2, HEIGHT // STEP_PX + 2
    nodes = np.meshgrid((np.arange(columns) - 0.5) * STEP_PX - 0.5, (np.arange(rows) - 0.5) * STEP_PX - 0.5)
    pixels = np.stack(nodes, axis=-1).reshape(-1, 2)
    rays = cv2.undistortPoints(pixels.reshape(-1, 1, 2), CAMERA, np.array(COEFFICIENTS)).reshape(-1, 2)
    rotation = cv2.Rodrigues(np.array(turn))[0]
    corner = np.array(middle_mm) - rotation @ (np.array([COLUMNS, ROWS, 0]) * SQUARE_MM / 2)
    to_board = np.linalg.inv(np.column_stack([rotation[:, 0], rotation[:, 1], corner]))
    points = np.column_stack([rays, np.ones(len(rays))]) @ to_board.T
    where = ((points[:, :2] / points[:, 2:] + MARGIN_MM) * PX_PER_MM - 0.5).astype(np.float32)
    where = where.reshape(rows, columns, 2)
    where = cv2.resize(where, None, fx=2 * STEP_PX, fy=2 * STEP_PX)[
        2 * STEP_PX : -2 * STEP_PX, 2 * STEP_PX : -2 * STEP_PX
    ]
    seen = cv2.remap(flat_board(), where[..., 0].copy(), where[..., 1].copy(), cv2.INTER_LINEAR, borderValue=120)
    seen = cv2.GaussianBlur(cv2.resize(seen, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), (0, 0), 0.7)
    noisy = 20 + 0.8 * seen + np.random.default_rng(0).normal(0, 2, seen.shape)
    return cv2.cvtColor(np.clip(noisy, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)


@pytest.fixture(scope="session")
def board_pictures():
    """Ten pictures of the board by one camera."""
    return [board_view(*pose) for pose in POSES]
