"""Card outlines from what the outline network says of every cell, where a sensor has run it.

The sensor gives what the last convolutions say, in 8 bits: logits and logarithms. From there on it is what ONNX Runtime
gives, and decoded as that. To say where the centres of cards are takes a hundredth of the time that it takes to fit
their outlines; so that is done first, and the rest where it is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.detection.networks.outline import DISTANCE_UNIT_PX, STRIDE_PX, Proposal, peaks, proposals_at
from edge.frame import OutlineMaps

# layout: of the network: logarithms of distances are held within these bounds.
LOG_BOUND = 6.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Centre:
    """The middle of a card.

    Attributes:
        cell: row and column in the maps.
        point: float64 [2], the middle of that cell in pixels of the frame.
    """

    cell: tuple[int, int]
    point: NDArray[np.float64]


def card_centres(maps: OutlineMaps, min_score: float) -> list[Centre]:
    """The centres that the maps show, best first.

    Args:
        maps: of one picture.
        min_score: of a centre, 0 to 1.
    """
    middles = ((cell, np.array(cell[::-1], np.float64) * STRIDE_PX + (STRIDE_PX - 1) / 2) for cell in
               peaks(_score(maps), min_score))  # fmt: skip
    return [Centre(cell=cell, point=_in_frame(maps, middle)) for cell, middle in middles]


def outlines_at(maps: OutlineMaps, centres: Sequence[Centre]) -> list[Proposal]:
    """The outlines around centres, in pixels of the frame, best first; one for each card.

    Args:
        maps: of one picture.
        centres: some of its own, best first.
    """
    if not centres:
        return []
    distances = np.exp(np.clip(maps.log_distances, -LOG_BOUND, LOG_BOUND), dtype=np.float32)
    found = proposals_at(_score(maps), np.float32(DISTANCE_UNIT_PX) * distances, [each.cell for each in centres])
    return [replace(each, quad=_in_frame(maps, each.quad)) for each in found]


def decode_maps(maps: OutlineMaps, min_score: float) -> list[Proposal]:
    """All outlines that the maps show, in pixels of the frame, best first.

    Args:
        maps: of one picture.
        min_score: of a proposal, 0 to 1.
    """
    return outlines_at(maps, card_centres(maps, min_score))


def _score(maps: OutlineMaps) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-maps.logits)), np.float32)


def _in_frame(maps: OutlineMaps, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points [..., 2] of the network's picture in pixels of the frame."""
    rows, columns = maps.logits.shape
    left, top, width, height = maps.region
    scale = np.array([width / columns, height / rows]) / STRIDE_PX
    return np.asarray((points + 0.5) * scale + (left, top) - 0.5, np.float64)
