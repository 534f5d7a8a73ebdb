"""Where an edge really is when another edge follows closely: a keyline, or the bright line of a cut edge.

Blur makes two near steps push each other's peaks apart. The mean gradient across the side is the sum of two Gaussians;
fitting both at once gives the place of the first.
"""

import numpy as np
from numpy.typing import NDArray

from edge.centering.strips import Floats

# A lone blurred step leaves less than 0.002 of its energy unexplained by one Gaussian; one with a neighbour, above 0.01.
MAX_LONE_RESIDUAL = 0.005
# Two edges must explain nearly all of it, or it is something else (a soft shadow, art), and nothing is corrected.
MAX_PAIR_RESIDUAL = 0.02
MAX_SHIFT_PX = 0.9

_OFFSETS = np.arange(-4, 9.25, 0.5)
_STEP_PX = 0.125
_POSITIONS = np.arange(-2.0, 9.01, _STEP_PX)
_FIRSTS = np.arange(29)
_GAPS = np.arange(10, 57, 2)
_FREE_SIGMAS = np.geomspace(1.05, 3.0, 10)


def window_offsets() -> Floats:
    """Offsets from the edge, in samples, at which `first_edge` wants the mean gradient."""
    return _OFFSETS


def first_edge(mean_gradient: NDArray[np.floating], sigma_px: float | None) -> tuple[float, float]:
    """How far the first of two overlapping edges lies from the peak of their gradient.

    Args:
        mean_gradient: [K, 3] at `window_offsets()`, 0 being the peak.
        sigma_px: blur of the gradient, in samples, where it is known from another edge of the side.

    Returns:
        Shift in samples, 0 where one edge alone explains the gradient; and the blur that explains it best.
    """
    total = max(float(np.sum(mean_gradient**2)), 1e-9)
    alone = np.sum((_FREE_BELLS[:, _FIRSTS] @ mean_gradient) ** 2, axis=2)
    widest = np.unravel_index(int(alone.argmax()), alone.shape)[0]
    if 1 - float(alone.max()) / total < MAX_LONE_RESIDUAL:
        return 0.0, float(_FREE_SIGMAS[widest])
    sigmas = _FREE_SIGMAS if sigma_px is None else sigma_px * np.array([0.95, 1.0, 1.05])
    energy = _pair_energy(_FREE_BELLS if sigma_px is None else _bells(sigmas), mean_gradient)
    by_position = energy.max(axis=(0, 2))
    k = int(by_position.argmax())
    sigma = float(sigmas[energy[:, k].max(axis=1).argmax()])
    if k in (0, len(by_position) - 1) or 1 - float(by_position[k]) / total > MAX_PAIR_RESIDUAL:
        return 0.0, float(_FREE_SIGMAS[widest])
    below, at, above = (float(value) for value in by_position[k - 1 : k + 2])
    bend = below - 2 * at + above
    shift = float(_POSITIONS[k]) + (0.5 * (below - above) / bend * _STEP_PX if bend < 0 else 0.0)
    return (shift if abs(shift) < MAX_SHIFT_PX else 0.0), sigma


def _bells(sigmas: Floats) -> Floats:
    """Gaussians of unit norm [len(sigmas), positions, offsets]."""
    bells = np.exp(-0.5 * ((_OFFSETS[None, None, :] - _POSITIONS[None, :, None]) / sigmas[:, None, None]) ** 2)
    return np.asarray(bells / np.linalg.norm(bells, axis=2, keepdims=True), dtype=np.float64)


def _pair_energy(bells: Floats, mean_gradient: NDArray[np.floating]) -> Floats:
    """Energy [sigmas, first positions, gaps] that two Gaussians explain together.

    For unit vectors with overlap g and projections a, b it is (a.a + b.b - 2 g a.b) / (1 - g^2).
    """
    projected = bells @ mean_gradient
    after = _FIRSTS[:, None] + _GAPS[None, :]
    first, second = projected[:, _FIRSTS][:, :, None], projected[:, after]
    overlap = np.einsum("spk,spgk->spg", bells[:, _FIRSTS], bells[:, after], optimize=True)
    dots, squares = np.sum(first * second, axis=3), np.sum(second * second, axis=3)
    return np.asarray((np.sum(first * first, axis=3) + squares - 2 * overlap * dots) / (1 - overlap**2))


_FREE_BELLS = _bells(_FREE_SIGMAS)
