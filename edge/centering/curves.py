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
    """Least-squares coefficients [3] of 1, u, u^2."""
    scale = max(float(np.abs(u).max()), 1e-9)
    return np.asarray(_scaled_parabola(_powers(u / scale), s) / (1.0, scale, scale**2), dtype=np.float64)


def _powers(x: Floats) -> Floats:
    """1, x, x^2 as [3, N]."""
    powers = np.empty((3, len(x)))
    powers[0], powers[1] = 1.0, x
    np.square(x, out=powers[2])
    return powers


def _scaled_parabola(powers: Floats, s: Floats) -> Floats:
    """Least-squares coefficients [3] of `_powers` of scaled u, by the normal equations and Cramer's rule."""
    (n, a, b), (_, _, c), (_, _, d) = (powers @ powers.T).tolist()
    p, q, r = (powers @ s).tolist()
    ridge = 1e-9 * n
    n, e, d = n + ridge, b + ridge, d + ridge
    first, second, third = e * d - c * c, a * d - b * c, a * c - b * e
    solved = [
        p * first - a * (q * d - c * r) + b * (q * c - e * r),
        n * (q * d - c * r) - p * second + b * (a * r - q * b),
        n * (e * r - q * c) - a * (a * r - q * b) + p * third,
    ]
    return np.asarray(np.array(solved) / (n * first - a * second + b * third), dtype=np.float64)


def crossings(first: Floats, second: Floats) -> Floats:
    """Points [..., 2] where lines [..., 3], a x + b y + c = 0, cross; without the cost of `numpy.cross`."""
    a, b, c = first[..., 0], first[..., 1], first[..., 2]
    d, e, f = second[..., 0], second[..., 1], second[..., 2]
    return np.asarray(np.stack([b * f - c * e, c * d - a * f], axis=-1) / (a * e - b * d)[..., None], dtype=np.float64)


def upper_median(values: Floats) -> float:
    """Upper median, without the checks that make `numpy.median` slow on short arrays."""
    half = len(values) // 2
    ordered = values.copy()
    ordered.partition(half)
    return float(ordered[half])


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
    scale = max(float(np.abs(where).max()), 1e-9)
    powers = _powers(where / scale)
    curve = np.array([upper_median(values - slope * where), slope * scale, 0.0])
    close = np.ones(len(where), dtype=bool)
    for bowed in (False, True, True, True):
        residual = np.abs(values - curve @ powers)
        before, close = close, residual < max(3 * 1.4826 * upper_median(residual), tolerance_mm)
        if np.count_nonzero(close) < 4 or (curve[2] != 0 and not np.count_nonzero(before != close)):
            break
        if bowed:
            curve = _scaled_parabola(powers[:, close], values[close])
        else:
            curve = np.array([*straight_line(powers[1, close], values[close]), 0.0])
    residual = (values - curve @ powers)[close]
    curve = curve / (1.0, scale, scale**2)
    used = finite.copy()
    used[finite] = close
    scatter = float(np.sqrt(residual @ residual / max(len(residual) - 3, 1)))
    return (float(curve[0]), float(curve[1]), float(curve[2])), used, scatter
