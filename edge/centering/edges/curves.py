"""Curves fitted to points along a side, and order statistics for short arrays."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.strips import Floats

# The standard deviation of a normal distribution, in median absolute deviations (Rousseeuw and Croux, 1993).
DEVIATIONS = 1.4826
# What lies further from a curve than three standard deviations is not of it (Leys et al., 2013).
MAX_DEVIATIONS = 3.0
# geometry: a bowed line through fewer would follow their errors; a straight one through fewer, too.
_MIN_POINTS, _MIN_CLOSE = 8, 4
# geometry: of a bowed line.
_UNKNOWNS = 3


def crossings(first: Floats, second: Floats) -> Floats:
    """Points [..., 2] where lines [..., 3], a x + b y + c = 0, cross; without the cost of `numpy.cross`."""
    a, b, c = first[..., 0], first[..., 1], first[..., 2]
    d, e, f = second[..., 0], second[..., 1], second[..., 2]
    return np.asarray(np.stack([b * f - c * e, c * d - a * f], axis=-1) / (a * e - b * d)[..., None], dtype=np.float64)


def upper_median(values: NDArray[np.floating]) -> float:
    """Upper median, without the checks that make `numpy.median` slow on short arrays."""
    half = len(values) // 2
    ordered = values.copy()
    ordered.partition(half)
    return float(ordered[half])


def quantiles(values: NDArray[np.floating], *shares: float) -> list[float]:
    """Order statistics, without the interpolation that makes `numpy.percentile` slow on short arrays."""
    ranks = [round(share * (len(values) - 1)) for share in shares]
    ordered = values.copy()
    ordered.partition(ranks)
    return [float(ordered[rank]) for rank in ranks]


def robust_curve(
    u: Floats, s: Floats, tolerance_mm: float
) -> tuple[tuple[float, float, float], NDArray[np.bool_], float]:
    """Fit a slightly bowed line through points of which many may be wrong.

    A Theil-Sen-like start (medians of thirds), then reweighted least squares with a shrinking cut at 3 standard
    deviations (from the median absolute deviation), never below `tolerance_mm`.

    Args:
        u: along the side, ascending.
        s: across it; NaN where there is no point.
        tolerance_mm: the least cut.

    Returns:
        Coefficients (c0, c1, c2) in u, the points used, and the standard deviation of one point.
    """
    finite = np.isfinite(s)
    where, values = u[finite], s[finite]
    if len(where) < _MIN_POINTS:
        return (float("nan"), 0.0, 0.0), np.zeros(len(u), dtype=bool), float("nan")
    slope = _slope_of_thirds(where, values)
    scale = max(-float(where[0]), float(where[-1]), 1e-9)
    # 1, x, x^2 and s.
    terms = np.empty((4, len(where)))
    terms[0] = 1.0
    np.divide(where, scale, out=terms[1])
    np.square(terms[1], out=terms[2])
    terms[3] = values
    curve = [upper_median(values - slope * where), slope * scale, 0.0]
    close = np.ones(len(where), dtype=bool)
    residual = _residuals(terms, curve)
    for bowed in (False, True, True, True):
        away = np.abs(residual)
        before, close = close, away < max(MAX_DEVIATIONS * DEVIATIONS * upper_median(away), tolerance_mm)
        moments = ((terms * close) @ terms.T).tolist()
        if moments[0][0] < _MIN_CLOSE or (curve[2] != 0 and bool((before == close).all())):
            break
        curve = (_parabola if bowed else _line)(moments)
        residual = _residuals(terms, curve)
    used = finite.copy()
    used[finite] = close
    left = residual[close]
    scatter = math.sqrt(float(left @ left) / max(len(left) - _UNKNOWNS, 1))
    return (curve[0], curve[1] / scale, curve[2] / scale**2), used, scatter


def _slope_of_thirds(u: Floats, s: Floats) -> float:
    """Between the medians of the first and the last third, u ascending."""
    third = len(u) // 3
    rise = upper_median(s[-third:]) - upper_median(s[:third])
    return rise / float(u[len(u) - third + third // 2] - u[third // 2])


def _residuals(terms: Floats, curve: Sequence[float]) -> Floats:
    c0, c1, c2 = curve
    return np.asarray(np.array([-c0, -c1, -c2, 1.0]) @ terms, dtype=np.float64)


def _line(moments: Sequence[Sequence[float]]) -> list[float]:
    """Least-squares coefficients of 1, x and 0, from the sums of products [4, 4] of 1, x, x^2, s."""
    (n, a, b, p), (_, _, _, q) = moments[0], moments[1]
    slope = (q - a * p / n) / max(b - a * a / n, 1e-12)
    return [(p - slope * a) / n, slope, 0.0]


def _parabola(moments: Sequence[Sequence[float]]) -> list[float]:
    """Least-squares coefficients of 1, x, x^2, from the sums of products [4, 4] of those and s, by Cramer's rule."""
    (n, a, b, p), (_, _, c, q), (_, _, d, r) = moments[0], moments[1], moments[2]
    ridge = 1e-9 * n
    n, e, d = n + ridge, b + ridge, d + ridge
    first, second, third = e * d - c * c, a * d - b * c, a * c - b * e
    whole = n * first - a * second + b * third
    return [
        (p * first - a * (q * d - c * r) + b * (q * c - e * r)) / whole,
        (n * (q * d - c * r) - p * second + b * (a * r - q * b)) / whole,
        (n * (e * r - q * c) - a * (a * r - q * b) + p * third) / whole,
    ]
