"""What the mean colour across a card's edge looks like: ground in shadow, perhaps the cut itself, then the border.

Averaged along the whole side, an edge of a few grey levels stands far out of the noise, and the shape of the profile
tells the card's edge from what runs beside it: the ground's shadow grows smoothly towards the card, the border is of
one colour, and what lies between them is the cut, about as wide as a card is thick.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.strips import Floats

# numerics: where the profile is read, about an edge that guides it.
ACROSS_MM = np.arange(-0.9, 0.5501, 0.04)
# numerics: what is tried: standard deviations of the blur, a third apart, of half a sample at 15 px/mm to two at 10;
# and places of the card's edge, between which the vertex of a parabola is taken.
BLURS_MM = np.array([0.03, 0.04, 0.052, 0.068, 0.088, 0.115, 0.15, 0.195])
EDGE_STEP_MM = 0.03
EDGES_MM = np.arange(-0.5, 0.401, EDGE_STEP_MM)
# physics: widths of the visible cut: cards are 0.3 mm thick, seen from above, tilted, or bevelled by the blade.
CUTS_MM = np.array([0.0, 0.2, 0.26, 0.32, 0.38])
# geometry: channels of a picture; and ground with two terms of a growing shadow, border with one of its light, the cut.
COLOURS = 3
_TERMS = 6
# numerics: terms of a model that differ by less are one.
_SAME = 1e-6
_ERF = np.vectorize(math.erf, otypes=[np.float64])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EdgeFits:
    """How well each model fits a profile: for each of `EDGES_MM` and `CUTS_MM`, with its best blur.

    Attributes:
        misfits: [E, C] mean squared differences from the profile.
        borders: [E, C, K] levels of the border where it begins.
        cuts: [E, C, K] levels of the cut; without one, of the border.
    """

    misfits: Floats
    borders: Floats
    cuts: Floats


def fit_edges(profile: NDArray[np.float32]) -> EdgeFits:
    """Fit every model to a profile.

    Args:
        profile: [M, K] grey levels of K channels at `ACROSS_MM`.
    """
    centred = profile - profile.mean(axis=0)
    bases, levels = _models()
    shape = len(BLURS_MM), len(EDGES_MM), len(CUTS_MM)
    parts = (bases @ centred).reshape(-1, _TERMS * centred.shape[1])
    explained = np.einsum("kt,kt->k", parts, parts).reshape(shape)
    blurs = explained.argmax(axis=0)
    left = np.maximum(float(np.square(centred).sum()) - explained.max(axis=0), 0.0)
    edges, cuts = np.ogrid[: shape[1], : shape[2]]
    read = (levels[blurs, edges, cuts].reshape(-1, len(profile)) @ profile).reshape(*shape[1:], 2, -1)
    border, cut = read[..., 0, :], read[..., 0, :] + read[..., 1, :]
    return EdgeFits(misfits=left / (COLOURS * len(centred)), borders=border, cuts=cut)


@cache
def _models() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of all models: orthonormal bases [B E C 6, M], and what reads off a profile [B, E, C, 2, M].

    That is the level of the border where it begins, and how far the cut's lies above it.
    """
    blur, edge, cut = BLURS_MM[:, None, None, None], EDGES_MM[:, None, None], CUTS_MM[:, None]
    outside, inside = edge - ACROSS_MM + 0 * blur, ACROSS_MM - edge - cut + 0 * blur
    ground, border = normal_step(outside / blur), normal_step(inside / blur)
    bell = [blur * np.exp(-0.5 * (x / blur) ** 2) / np.sqrt(2 * np.pi) for x in (outside, inside)]
    terms = [
        ground,
        outside * ground + bell[0],
        (outside**2 + blur**2) * ground + outside * bell[0],
        border,
        inside * border + bell[1],
        normal_step(-outside / blur) - border,
    ]
    terms = [np.broadcast_to(term, np.broadcast_shapes(outside.shape, inside.shape)) for term in terms]
    design = np.stack(terms, axis=-1)
    basis, strength, _ = np.linalg.svd(design, full_matrices=False)
    basis = basis * (strength > _SAME * strength[..., :1])[..., None, :]
    levels = np.linalg.pinv(design, rcond=_SAME)[..., 3:, :][..., [0, 2], :]
    levels[..., 1, :] -= levels[..., 0, :]
    levels[:, :, CUTS_MM == 0, 1] = 0.0
    bases = np.ascontiguousarray(np.moveaxis(basis, -1, -2).reshape(-1, len(ACROSS_MM)), dtype=np.float32)
    return bases, levels.astype(np.float32)


def normal_step(x: Floats) -> Floats:
    """The normal distribution function."""
    return np.asarray(0.5 + 0.5 * _ERF(x / np.sqrt(2)), dtype=np.float64)
