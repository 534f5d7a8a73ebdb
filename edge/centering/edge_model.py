"""What the mean colour across a card's edge looks like: ground in shadow, perhaps the cut itself, then the border.

Averaged along the whole side, an edge of a few grey levels stands far out of the noise, and the shape of the profile
tells the card's edge from what runs beside it: the ground's shadow grows smoothly towards the card, the border is of
one colour, and what lies between them is the cut, about as wide as a card is thick.
"""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edge.centering.strips import Floats

# Where the profile is read, about an edge that guides it.
ACROSS_MM = np.arange(-0.9, 0.5501, 0.04)
# What is tried: standard deviations of the blur, places of the card's edge, widths of the visible cut.
BLURS_MM = np.array([0.03, 0.04, 0.052, 0.068, 0.088, 0.115, 0.15, 0.195])
EDGE_STEP_MM = 0.03
EDGES_MM = np.arange(-0.5, 0.401, EDGE_STEP_MM)
CUTS_MM = np.array([0.0, 0.2, 0.26, 0.32, 0.38])
COLOURS = 3
_TERMS = 6
_SAME = 1e-6
_ERF = np.vectorize(math.erf, otypes=[np.float64])


def edge_misfits(profile: NDArray[np.float32]) -> Floats:
    """Mean squared differences between a profile and the best model of it with its edge at each of `EDGES_MM`.

    Args:
        profile: [M, K] grey levels of K channels at `ACROSS_MM`.

    Returns:
        [E, C]: for each place of the edge and width of the visible cut.
    """
    centred = profile - profile.mean(axis=0)
    shape = len(BLURS_MM), len(EDGES_MM), len(CUTS_MM)
    parts = (_models() @ centred).reshape(-1, _TERMS * centred.shape[1])
    best = np.einsum("kt,kt->k", parts, parts).reshape(shape).max(axis=0)
    left = np.maximum(float(np.square(centred).sum()) - best, 0.0)
    return np.asarray(left / (COLOURS * len(centred)), dtype=np.float64)


@cache
def _models() -> NDArray[np.float32]:
    """Orthonormal bases [B E C 6, M] of all models."""
    blur, edge, cut = BLURS_MM[:, None, None, None], EDGES_MM[:, None, None], CUTS_MM[:, None]
    outside, inside = edge - ACROSS_MM + 0 * blur, ACROSS_MM - edge - cut + 0 * blur
    ground, border = _step(outside / blur), _step(inside / blur)
    bell = [blur * np.exp(-0.5 * (x / blur) ** 2) / np.sqrt(2 * np.pi) for x in (outside, inside)]
    terms = [
        ground,
        outside * ground + bell[0],
        (outside**2 + blur**2) * ground + outside * bell[0],
        border,
        inside * border + bell[1],
        _step(-outside / blur) - border,
    ]
    terms = [np.broadcast_to(term, np.broadcast_shapes(outside.shape, inside.shape)) for term in terms]
    basis, strength, _ = np.linalg.svd(np.stack(terms, axis=-1), full_matrices=False)
    basis = basis * (strength > _SAME * strength[..., :1])[..., None, :]
    return np.ascontiguousarray(np.moveaxis(basis, -1, -2).reshape(-1, len(ACROSS_MM)), dtype=np.float32)


def _step(x: Floats) -> Floats:
    """The normal distribution function."""
    return np.asarray(0.5 + 0.5 * _ERF(x / np.sqrt(2)), dtype=np.float64)
