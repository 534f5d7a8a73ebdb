"""Intervals that count cards and not crops: crops of one card err together."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DRAWS = 2000
_TAIL = 0.025


def share_interval(hits: NDArray[np.bool_], groups: NDArray[np.int64]) -> tuple[float, float]:
    """95 % interval of a share, by drawing whole groups with replacement (bootstrap percentiles).

    Where nothing or everything hits, which draws cannot vary, one bound is that of as many groups without an exception.

    Args:
        hits: [N], each crop's outcome.
        groups: [N], equal for the crops of one card.

    Returns:
        Lower and upper bound; 0 and 1 where nothing was counted.
    """
    if len(hits) == 0:
        return 0.0, 1.0
    _, numbers = np.unique(groups, return_inverse=True)
    counts = np.bincount(numbers).astype(np.float64)
    sums = np.bincount(numbers, weights=hits.astype(np.float64))
    if hits.all() or not hits.any():
        reach = 1 - _TAIL ** (1 / len(counts))
        return (1 - reach, 1.0) if hits.all() else (0.0, reach)
    drawn = np.random.default_rng(0).multinomial(len(counts), np.full(len(counts), 1 / len(counts)), _DRAWS)
    low, high = np.quantile((drawn @ sums) / (drawn @ counts), [_TAIL, 1 - _TAIL])
    return float(low), float(high)


def counted(hits: NDArray[np.bool_], groups: NDArray[np.int64]) -> dict[str, Any]:
    """A share as a report has it: value (NaN where nothing was counted), hits, count, interval by group.

    Args:
        hits: [N], each crop's outcome.
        groups: [N], equal for the crops of one card.
    """
    value = float(hits.mean()) if len(hits) else math.nan
    interval = share_interval(hits, groups)
    return {"value": value, "hits": int(hits.sum()), "count": len(hits), "interval_95": list(interval)}


def difference(first: NDArray[np.bool_], second: NDArray[np.bool_], groups: NDArray[np.int64]) -> dict[str, Any]:
    """By how much two shares of the same crops differ: value, the two shares, count, 95 % interval by group.

    Groups are drawn as in `share_interval`; where no crop differs, either bound is that of as many groups without one.

    Args:
        first: [N], each crop's outcome one way; N at least 1.
        second: [N], the other way.
        groups: [N], equal for the crops of one card.
    """
    shares = [float(first.mean()), float(second.mean())]
    _, numbers = np.unique(groups, return_inverse=True)
    counts = np.bincount(numbers).astype(np.float64)
    sums = np.bincount(numbers, weights=first.astype(np.float64) - second)
    if np.array_equal(first, second):
        reach = 1 - _TAIL ** (1 / len(counts))
        low, high = -reach, reach
    else:
        drawn = np.random.default_rng(0).multinomial(len(counts), np.full(len(counts), 1 / len(counts)), _DRAWS)
        low, high = np.quantile((drawn @ sums) / (drawn @ counts), [_TAIL, 1 - _TAIL])
    interval = [float(low), float(high)]
    return {"value": shares[0] - shares[1], "shares": shares, "count": len(first), "interval_95": interval}


def calibration_error(probabilities: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error: mean distance of stated probability and share right, over bins of equal width."""
    place = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    gaps = [abs(float(probabilities[place == number].sum() - right[place == number].sum())) for number in range(bins)]
    return sum(gaps) / max(len(probabilities), 1)
