"""The ChArUco board: a chessboard of 7 x 9 squares of 25 mm with a marker in each white square.

The number of rows is odd, so that OpenCV before and after 4.7 mean the same board.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ConfigurationError
from edge.geometry import Image

# geometry: 7 x 9 squares of 25 mm are the largest whole board on A4 and Letter with room for the ruler; three cells in
# four of a white square are a marker's, so that a white rim is left round it.
COLUMNS, ROWS = 7, 9
SQUARE_MM = 25.0
MARKER_MM = 18.5
# A marker of the dictionary 4 x 4 with its rim of one cell (Garrido-Jurado et al., 2014).
MARKER_CELLS = 6
# numerics: the search for a corner ends after so many steps, or once one is shorter than this many pixels; a hundredth
# of what the corners of a good picture scatter.
_MOST_STEPS, _LAST_STEP_PX = 40, 1e-3
# geometry: a corner is looked for within an eighth of a square, where no other edge lies; up to so many pixels.
_CORNER_SHARE, _MOST_PX = 1 / 8, 12
# geometry: a homography follows from four points.
_FEWEST_CORNERS = 4

Rectangle = tuple[float, float, float, float]
"""Left, top, width, height in mm from the board's top-left corner."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoardView:
    """The board's inner corners in one picture.

    Attributes:
        ids: which corners [K], 0 to 47, row by row.
        points_px: where they are [K, 2].
    """

    ids: NDArray[np.intp]
    points_px: NDArray[np.float64]


def corner_points_mm(ids: NDArray[np.intp]) -> NDArray[np.float64]:
    """Corners [K, 2] on the board, in mm from its top-left corner."""
    row, column = np.divmod(ids, COLUMNS - 1)
    return np.asarray(np.column_stack([column + 1, row + 1]) * SQUARE_MM, dtype=np.float64)


def black_rectangles() -> Iterator[Rectangle]:
    """Everything that is printed black."""
    marker = 0
    margin, cell = (SQUARE_MM - MARKER_MM) / 2, MARKER_MM / MARKER_CELLS
    for row in range(ROWS):
        for column in range(COLUMNS):
            left, top = column * SQUARE_MM, row * SQUARE_MM
            if (row + column) % 2 == 0:
                yield left, top, SQUARE_MM, SQUARE_MM
                continue
            for y, x in np.argwhere(_marker_bits(marker) == 0):
                yield left + margin + x * cell, top + margin + y * cell, cell, cell
            marker += 1


def find_board(image: Image) -> BoardView | None:
    """The board's corners in a picture, uint8 [H, W, 3] BGR; None where it is not seen.

    Raises:
        ConfigurationError: when this OpenCV was built without its ArUco module.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    corners, ids = _detected(grey)
    if ids is None or corners is None or len(ids) < _FEWEST_CORNERS:
        return None
    points = np.asarray(corners, dtype=np.float32).reshape(-1, 1, 2)
    size = max(2, round(float(_spacing_px(np.asarray(ids).ravel(), points.reshape(-1, 2))) * _CORNER_SHARE))
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, _MOST_STEPS, _LAST_STEP_PX)
    refined = cv2.cornerSubPix(grey, points, (min(size, _MOST_PX),) * 2, (-1, -1), stop)
    return BoardView(ids=np.asarray(ids).ravel().astype(np.intp), points_px=refined.reshape(-1, 2).astype(np.float64))


def _detected(grey: NDArray[Any]) -> tuple[Any, Any]:
    aruco, board = _aruco(), _board()
    if hasattr(aruco, "CharucoDetector"):
        corners, ids, _, _ = aruco.CharucoDetector(board).detectBoard(grey)
        return corners, ids
    markers, marker_ids, _ = aruco.detectMarkers(grey, _dictionary())
    if marker_ids is None:
        return None, None
    _, corners, ids = aruco.interpolateCornersCharuco(markers, marker_ids, grey, board)
    return corners, ids


def _spacing_px(ids: NDArray[np.intp], points: NDArray[np.float32]) -> float:
    """Typical distance between neighbouring corners."""
    mm = corner_points_mm(ids)
    spans = np.linalg.norm(points[1:] - points[:-1], axis=1) / np.linalg.norm(mm[1:] - mm[:-1], axis=1)
    return float(np.median(spans)) * SQUARE_MM


@cache
def _board() -> Any:  # noqa: ANN401 (OpenCV has no types for its ArUco module)
    aruco = _aruco()
    sizes = (SQUARE_MM, MARKER_MM, _dictionary())
    if hasattr(aruco, "CharucoBoard_create"):
        return aruco.CharucoBoard_create(COLUMNS, ROWS, *sizes)
    return aruco.CharucoBoard((COLUMNS, ROWS), *sizes)


@cache
def _dictionary() -> Any:  # noqa: ANN401
    return _aruco().getPredefinedDictionary(_aruco().DICT_4X4_50)


@cache
def _marker_bits(number: int) -> NDArray[np.uint8]:
    """A marker's cells with its black rim, [6, 6], 0 for black."""
    aruco = _aruco()
    draw = aruco.generateImageMarker if hasattr(aruco, "generateImageMarker") else aruco.drawMarker
    return np.asarray(draw(_dictionary(), number, MARKER_CELLS), dtype=np.uint8)


def _aruco() -> Any:  # noqa: ANN401
    if not hasattr(cv2, "aruco"):
        raise ConfigurationError(
            f"this OpenCV ({cv2.__version__}) has no ArUco module; install opencv-python-headless 4.7 or newer, or the "
            "contrib package of an older one"
        )
    return cv2.aruco
