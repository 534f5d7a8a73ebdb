"""Where look-alikes differ: the few small windows of a card by which the members of a group are told apart."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.database.bundle import Window
from edge.geometry import Image
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH
from edge.recognition.window_evidence import BLUR_PX, DIFFERENT

# geometry: windows lie on a grid of 1 mm, and are 12 x 6 mm.
_CELL_PX = 8
_CELLS = (RECTIFIED_WIDTH // _CELL_PX, RECTIFIED_HEIGHT // _CELL_PX)
_WINDOW_CELLS = (12, 6)
# chosen: windows hold so much of a pair's difference, or a pair has had its share of them.
_COVERED_SHARE = 2 / 3
_GREATEST_PAIR_COUNT = 4
_GREATEST_WINDOW_COUNT = 16
# chosen: of a large group each member is compared with those most like it, and with the group's first.
_NEAREST = 8
# numerics: sums of cells that differ by less, as a share, are equal.
_EQUAL = 1e-6

Energies = NDArray[np.float32]


def difference_windows(cards: Sequence[Image]) -> tuple[Window, ...]:
    """Windows of 12 x 6 mm that hold most of what tells each pair of registered cards apart.

    The pair that is told apart least gets the next one, where it differs most, until they hold two thirds of the
    difference of every pair, or there are sixteen; no pair gets more than four.

    Args:
        cards: uint8 [704, 504, 3] BGR, no two of them equal.
    """
    smooth = [np.asarray(cv2.GaussianBlur(card, (0, 0), BLUR_PX), dtype=np.uint8) for card in cards]
    pairs = _pairs(smooth)
    if not pairs:
        return ()
    left = np.stack([_energy(smooth[first], smooth[second]) for first, second in pairs])
    totals = np.maximum(left.sum(axis=(1, 2)), 1.0)
    given = np.zeros(len(pairs), dtype=np.int64)
    windows: list[Window] = []
    while len(windows) < _GREATEST_WINDOW_COUNT:
        shares = np.where(given < _GREATEST_PAIR_COUNT, left.sum(axis=(1, 2)) / totals, 0.0)
        least_told = int(shares.argmax())
        if shares[least_told] <= 1 - _COVERED_SHARE:
            break
        x, y = _richest(left[least_told])
        left[:, y : y + _WINDOW_CELLS[1], x : x + _WINDOW_CELLS[0]] = 0
        given[least_told] += 1
        windows.append((x * _CELL_PX, y * _CELL_PX, _WINDOW_CELLS[0] * _CELL_PX, _WINDOW_CELLS[1] * _CELL_PX))
    return tuple(windows)


def _pairs(cards: Sequence[Image]) -> list[tuple[int, int]]:
    """Each card with those most like it, and with the first."""
    small = np.stack([cv2.resize(card, _CELLS, interpolation=cv2.INTER_AREA).ravel() for card in cards])
    values = small.astype(np.float32)
    squares = np.einsum("nv,nv->n", values, values)
    distances = squares[:, None] + squares - 2 * (values @ values.T)
    np.fill_diagonal(distances, -1)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, 1 : _NEAREST + 1]
    found = {(min(each, int(other)), max(each, int(other))) for each, row in enumerate(nearest) for other in row}
    return sorted(found | {(0, other) for other in range(1, len(cards))})


def _energy(first: Image, second: Image) -> Energies:
    """How much two cards differ in each cell [88, 63], small differences left out."""
    blue, green, red = cv2.split(cv2.absdiff(first, second))
    spread = cv2.max(cv2.max(blue, green), red).astype(np.float32)
    spread[spread < DIFFERENT] = 0
    return np.asarray(cv2.resize(spread, _CELLS, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _richest(energy: Energies) -> tuple[int, int]:
    """The cell (x, y) where the window begins that holds most; of several in a row the middle one."""
    sums = cv2.integral(energy)
    width, height = _WINDOW_CELLS
    held = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    richest = np.argwhere(held >= held.max() * (1 - _EQUAL))
    y, x = richest[np.abs(richest - richest.mean(axis=0)).sum(axis=1).argmin()]
    return int(x), int(y)
