"""Figures of merit, as pure functions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.geometry import Quad, quad_iou, rotated_half_turn, side_lengths


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """`hits` of `count`, with the 95 % Wilson score interval (Wilson 1927)."""

    hits: int
    count: int

    @property
    def value(self) -> float:
        """Hits / count; NaN when nothing was counted."""
        return self.hits / self.count if self.count else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound of the 95 % interval."""
        if not self.count:
            return (0.0, 1.0)
        z = 1.959964
        centre = (self.value + z * z / (2 * self.count)) / (1 + z * z / self.count)
        spread = math.sqrt(self.value * (1 - self.value) / self.count + z * z / (4 * self.count**2))
        half = z * spread / (1 + z * z / self.count)
        return (max(0.0, centre - half), min(1.0, centre + half))

    def to_json(self) -> dict[str, float | int | list[float]]:
        """The figure with its counts and interval."""
        return {"value": self.value, "hits": self.hits, "count": self.count, "interval_95": list(self.interval)}


def proportion(outcomes: Sequence[bool]) -> Proportion:
    """Count the true ones."""
    return Proportion(hits=sum(outcomes), count=len(outcomes))


def corner_error(quad: Quad, truth: Quad) -> float:
    """Largest distance between corresponding corners, as a fraction of the true card's width.

    The outline alone does not tell top from bottom, so the better of the two half turns counts.
    """
    width = float((side_lengths(truth)[0] + side_lengths(truth)[2]) / 2)
    turns = (quad, rotated_half_turn(quad))
    return min(float(np.linalg.norm(turn - truth, axis=1).max()) for turn in turns) / width


def assign(quads: Sequence[Quad], truths: Sequence[Quad], min_iou: float = 0.75) -> dict[int, int]:
    """Match detections to true outlines one to one, greedily by overlap: {truth index: detection index}."""
    pairs = [(quad_iou(quad, truth), i, j) for i, quad in enumerate(quads) for j, truth in enumerate(truths)]
    matched: dict[int, int] = {}
    for iou, i, j in sorted(pairs, reverse=True):
        if iou >= min_iou and j not in matched and i not in matched.values():
            matched[j] = i
    return matched


def percentiles(values: Sequence[float] | NDArray[np.floating], *levels: float) -> list[float]:
    """Percentiles of the values; NaN when there are none."""
    if len(values) == 0:
        return [math.nan] * len(levels)
    return [float(value) for value in np.percentile(np.asarray(values, dtype=np.float64), levels)]
