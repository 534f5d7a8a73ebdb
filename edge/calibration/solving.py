"""From views of the board to the camera's calibration (Z. Zhang, "A flexible new technique for camera calibration")."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.calibration.board import BoardView, corner_points_mm
from edge.calibration.stored import Calibration
from edge.errors import MeasurementError

# chosen: a quarter of the board's corners; and enough views of them to average over, all over the picture, some tilted.
MIN_CORNERS = 12
MIN_VIEWS = 8
MIN_COVERAGE = 0.7
MIN_TILT_DEG = 12.0
# Three views in general position determine the five intrinsic parameters (Zhang, 2000).
MIN_TILTED_VIEWS = 3
# layout: cells along each side of the picture in which corners are counted; thirds have to be whole cells.
GRID = 6
# chosen: corners of a sharp picture of a flat board are found to a tenth of this.
MAX_ERROR_PX = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What all views have in common: size in pixels, the camera, and how its lens was set."""

    width: int
    height: int
    sensor: str | None = None
    focus: str | None = None


def coverage(views: Sequence[BoardView], width: int, height: int) -> float:
    """Share of a 6 x 6 grid over the picture in whose cells corners were seen, 0 to 1."""
    return float(np.mean(_cells_seen(views, width, height)))


def calibrate(views: Sequence[BoardView], picture: Picture) -> Calibration:
    """Solve for the camera.

    Raises:
        MeasurementError: saying what is missing: views, corners in a part of the picture, tilted views; or that the
            corners do not fit one camera.
    """
    usable = [view for view in views if len(view.ids) >= MIN_CORNERS]
    _check_views(usable, picture)
    points_mm = [np.column_stack([corner_points_mm(v.ids), np.zeros(len(v.ids))]).astype(np.float32) for v in usable]
    points_px = [view.points_px.astype(np.float32).reshape(-1, 1, 2) for view in usable]
    size = (picture.width, picture.height)
    guess = np.array([[max(size), 0, size[0] / 2], [0, max(size), size[1] / 2], [0, 0, 1.0]])
    flags = cv2.CALIB_FIX_K3 | cv2.CALIB_USE_INTRINSIC_GUESS
    error, matrix, bends, turns, _ = cv2.calibrateCamera(points_mm, points_px, size, guess, np.zeros(5), flags=flags)
    k1, k2, p1, p2, k3 = (float(value) for value in np.asarray(bends).ravel()[:5])
    _check_solution(float(error), [np.asarray(turn, dtype=np.float64) for turn in turns])
    return Calibration(
        sensor=picture.sensor,
        focus=picture.focus,
        width=picture.width,
        height=picture.height,
        focal_px=(float(matrix[0, 0]), float(matrix[1, 1])),
        centre_px=(float(matrix[0, 2]), float(matrix[1, 2])),
        coefficients=(k1, k2, p1, p2, k3),
        reprojection_error_px=float(error),
        views=len(usable),
        coverage=coverage(usable, *size),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def missing_parts(views: Sequence[BoardView], width: int, height: int) -> str:
    """Where in the picture the board was not seen, in words; empty where it was seen all over."""
    seen = _cells_seen(views, width, height)
    third = GRID // 3
    rows, columns = ("upper", "middle", "lower"), ("left", "centre", "right")
    lacking = [
        f"{rows[j]} {columns[i]}"
        for j in range(3)
        for i in range(3)
        if seen[third * j : third * (j + 1), third * i : third * (i + 1)].mean() < MIN_COVERAGE
    ]
    return ", ".join(lacking)


def _cells_seen(views: Sequence[BoardView], width: int, height: int) -> NDArray[np.bool_]:
    seen = np.zeros((GRID, GRID), dtype=bool)
    for view in views:
        cells = (view.points_px / (width, height) * GRID).astype(int)
        inside = np.all((cells >= 0) & (cells < GRID), axis=1)
        seen[cells[inside, 1], cells[inside, 0]] = True
    return seen


def _check_views(views: Sequence[BoardView], picture: Picture) -> None:
    if len(views) < MIN_VIEWS:
        raise MeasurementError(
            f"the board is seen in {len(views)} pictures with {MIN_CORNERS} corners or more, {MIN_VIEWS} are needed; "
            "take more, sharp and evenly lit"
        )
    share = coverage(views, picture.width, picture.height)
    if share < MIN_COVERAGE:
        raise MeasurementError(
            f"the board was seen in {share:.0%} of the picture only, {MIN_COVERAGE:.0%} are needed; missing: "
            f"{missing_parts(views, picture.width, picture.height)}"
        )


def _check_solution(error_px: float, turns: Sequence[NDArray[np.float64]]) -> None:
    tilts = [_tilt_deg(turn) for turn in turns]
    tilted = sum(tilt >= MIN_TILT_DEG for tilt in tilts)
    if tilted < MIN_TILTED_VIEWS:
        raise MeasurementError(
            f"the board is tilted by {MIN_TILT_DEG:.0f} degrees or more in {tilted} pictures, {MIN_TILTED_VIEWS} are "
            "needed to tell the focal length; tilt it to different sides"
        )
    if not error_px <= MAX_ERROR_PX:
        raise MeasurementError(
            f"the corners do not fit one camera: reprojection error {error_px:.2f} pixels, at most {MAX_ERROR_PX:.1f}; "
            "is the board flat, were the pictures sharp, and all taken at one zoom and focus?"
        )


def _tilt_deg(turn: NDArray[np.float64]) -> float:
    """Angle between the board's normal and the optical axis, from a Rodrigues vector."""
    normal = np.asarray(cv2.Rodrigues(turn)[0], dtype=np.float64)[:, 2]
    return float(np.degrees(np.arccos(np.clip(abs(normal[2]), 0, 1))))
