"""Curves fitted to points along a side, and order statistics for short arrays."""

import numpy as np
from numpy.typing import NDArray

from edge.centering.strips import Floats


def straight_line(u: Floats, s: Floats) -> tuple[float, float]:
    """Least-squares line through points: value at u = 0, slope."""
    mean_u, mean_s = float(u.sum()) / len(u), float(s.sum()) / len(s)
    centred = u - mean_u
    slope = float(centred @ s) / max(float(centred @ centred), 1e-12)
    return mean_s - slope * mean_u, slope


def parabola(u: Floats, s: Floats) -> Floats:
    """Least-squares coefficients [3] of 1, u, u^2, by the normal equations in scaled u."""
    scale = max(float(np.abs(u).max()), 1e-9)
    powers = np.empty((3, len(u)))
    powers[0], powers[1] = 1.0, u / scale
    powers[2] = powers[1] ** 2
    normal = powers @ powers.T + 1e-9 * len(u) * np.eye(3)
    return np.asarray(np.linalg.solve(normal, powers @ s) / (1.0, scale, scale**2), dtype=np.float64)


def upper_median(values: Floats) -> float:
    """Upper median, without the checks that make `numpy.median` slow on short arrays."""
    half = len(values) // 2
    return float(np.partition(values, half)[half])


def quantiles(values: NDArray[np.floating], *shares: float) -> list[float]:
    """Order statistics, without the interpolation that makes `numpy.percentile` slow on short arrays."""
    ranks = [round(share * (len(values) - 1)) for share in shares]
    ordered = np.partition(values, ranks)
    return [float(ordered[rank]) for rank in ranks]


def robust_curve(
    u: Floats, s: Floats, tolerance_mm: float
) -> tuple[tuple[float, float, float], NDArray[np.bool_], float]:
    """Fit a slightly bowed line through points of which many may be wrong.

    A Theil-Sen-like start (medians of thirds), then reweighted least squares with a shrinking cut at 3 standard
    deviations (from the median absolute deviation), never below `tolerance_mm`.

    Returns:
        Coefficients (c0, c1, c2) in u, the points used, and the standard deviation of one point.
    """
    finite = np.isfinite(s)
    if np.count_nonzero(finite) < 8:
        return (float("nan"), 0.0, 0.0), np.zeros(len(u), dtype=bool), float("nan")
    where, values = u[finite], s[finite]
    third = len(where) // 3
    slope = (upper_median(values[-third:]) - upper_median(values[:third])) / (
        upper_median(where[-third:]) - upper_median(where[:third])
    )
    curve = np.array([upper_median(values - slope * where), slope, 0.0])
    close = np.ones(len(where), dtype=bool)
    for bowed in (False, True, True, True):
        residual = np.abs(values - (curve[0] + where * (curve[1] + curve[2] * where)))
        before, close = close, residual < max(3 * 1.4826 * upper_median(residual), tolerance_mm)
        if np.count_nonzero(close) < 4 or (curve[2] != 0 and np.array_equal(before, close)):
            break
        curve = (
            parabola(where[close], values[close])
            if bowed
            else np.array([*straight_line(where[close], values[close]), 0])
        )
    residual = values[close] - (curve[0] + curve[1] * where[close] + curve[2] * where[close] ** 2)
    used = finite.copy()
    used[finite] = close
    scatter = float(np.sqrt(residual @ residual / max(len(residual) - 3, 1)))
    return (float(curve[0]), float(curve[1]), float(curve[2])), used, scatter
