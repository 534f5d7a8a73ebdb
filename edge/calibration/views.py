"""Pictures of the board: from photos, and chosen from the frames of a live source."""

from collections.abc import Iterator, Sequence

import numpy as np

from edge.calibration.board import BoardView, find_board
from edge.calibration.solving import MIN_CORNERS
from edge.geometry import Image
from edge.sources import FrameSource

# chosen: another view counts when the corners it shares with each earlier one have moved by this share of the picture.
MIN_NEW_SHARE = 0.06


def live_views(source: FrameSource) -> Iterator[tuple[Image, BoardView]]:
    """Frames of a source in which the board is seen from another place than before."""
    kept: list[BoardView] = []
    while (frame := source.read()) is not None:
        found = find_board(frame.image)
        if found is not None and len(found.ids) >= MIN_CORNERS and is_new(found, kept, frame.image.shape[1]):
            kept.append(found)
            yield frame.image, found


def is_new(view: BoardView, kept: Sequence[BoardView], width: int) -> bool:
    """Whether a view shows the board elsewhere, or turned, against every view that was kept."""
    return all(_moved_px(view, other) > MIN_NEW_SHARE * width for other in kept)


def _moved_px(first: BoardView, second: BoardView) -> float:
    """Median distance between the corners that both views show; infinite where they share none."""
    common, at, there = np.intersect1d(first.ids, second.ids, return_indices=True)
    if len(common) == 0:
        return float("inf")
    return float(np.median(np.linalg.norm(first.points_px[at] - second.points_px[there], axis=1)))
