"""Which places the card's edges have, judged over the whole card.

A side alone often does not tell where the card ends: its cut may look just like the ground beside it. But one cut runs
round the card. It shows the card's core, so that its colour lies between the border's and white (or black, where it is
dirty); and one light falls on it, so that what it gains on two opposite sides is as much as on the other two.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.card_edge import SeenEdges
from edge.centering.edges.edge_model import CUTS_MM, EDGES_MM
from edge.centering.edges.strips import Floats
from edge.centering.fitted import fitted
from edge.geometry import SIDES, Side

Indices = NDArray[np.intp]

# physics: grey levels of a card's core: white board in the light, or dirty or black.
CORES = (245.0, 10.0)
# chosen: a card whose border is nearly as light or dark as the core shows no more than this of the way to it.
MIN_CORE_LEVELS = 60.0
# numerics: the narrowest of `CUTS_MM` alone, which fits whatever shape the blur has.
NARROW_CUT_MM = 0.25
# numerics: places of each side that are combined, 5 for each of the four; and how many of `EDGES_MM` they are apart.
PLACES_WITHOUT_CUT, PLACES_WITH_CUT = 2, 3
DISTINCT_PLACES = 5
FITTED = fitted().cut


def edge_chances(sides: Mapping[Side, SeenEdges]) -> dict[Side, Floats]:
    """How likely the card's edge lies at each of `EDGES_MM` against the guide, on each side.

    Args:
        sides: what is seen on each; sides on which nothing straight is seen are missing.

    Returns:
        [E] for each side, of sum 1.
    """
    present = [side for side in SIDES if side in sides]
    if not present:
        return {}
    tried = list(zip(*(_candidates(sides[side]) for side in present), strict=True))
    scores = np.array([_scores(dict(zip(present, each, strict=True))) for each in tried])
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    chances = {side: np.zeros(len(EDGES_MM)) for side in present}
    for each, weight in zip(tried, weights, strict=True):
        for k, side in enumerate(present):
            others = tuple(axis for axis in range(len(present)) if axis != k)
            np.add.at(chances[side], each[k][0], weight.sum(axis=others))
    return chances


def _candidates(seen: SeenEdges) -> list[tuple[Indices, Floats, Floats]]:
    """The likeliest places with and without a cut: their index, log-likelihood, and how much of each core is seen."""
    likelihood = -FITTED.independent_samples / 2 * np.log(seen.misfits * _cut_factors() ** 2)
    plain = _likeliest(likelihood[:, 0], PLACES_WITHOUT_CUT)
    found = []
    for share, colour in zip(*_core_shown(seen), strict=True):
        cut = (likelihood + colour)[:, 1:]
        best = cut.max(axis=1)
        with_cut = _likeliest(best, PLACES_WITH_CUT)
        shown = share[with_cut, 1 + cut[with_cut].argmax(axis=1)]
        found.append(
            (
                np.concatenate([plain, with_cut]),
                np.concatenate([likelihood[plain, 0], best[with_cut]]),
                np.concatenate([np.zeros(len(plain)), np.minimum(np.maximum(shown, 0), 1)]),
            )
        )
    return found


def _cut_factors() -> Floats:
    """How many times better a model has to fit for each of `CUTS_MM`."""
    factors = np.where(CUTS_MM < NARROW_CUT_MM, FITTED.narrow_cut, FITTED.wide_cut)
    return np.asarray(np.where(CUTS_MM == 0, 1.0, factors), dtype=np.float64)


def _core_shown(seen: SeenEdges) -> tuple[Floats, Floats]:
    """How far the cut's colour is from the border's to each core's, and what that adds to the likelihood; [2, E, C]."""
    rise, whole = seen.cuts - seen.borders, np.array(CORES)[:, None, None, None] - seen.borders
    size = np.einsum("kecb,kecb->kec", whole, whole)
    share = np.einsum("ecb,kecb->kec", rise, whole) / np.maximum(size, MIN_CORE_LEVELS**2)
    away = rise - share[..., None] * whole
    off = np.einsum("kecb,kecb->kec", away, away) / FITTED.core_spread**2
    below = np.maximum(-share - FITTED.below_border, 0) / FITTED.below_border
    outside = np.maximum(share - 1, 0) / FITTED.beyond_core + below
    return share, np.logaddexp(FITTED.core_gain - 0.5 * (off + outside**2), FITTED.other_colour)


def _likeliest(scores: Floats, count: int) -> Indices:
    """Indices of the highest scores, at least `DISTINCT_PLACES` apart."""
    left, found = scores.copy(), []
    for _ in range(count):
        found.append(int(left.argmax()))
        left[max(0, found[-1] - DISTINCT_PLACES + 1) : found[-1] + DISTINCT_PLACES] = -np.inf
    return np.array(found)


def _scores(tried: Mapping[Side, tuple[Indices, Floats, Floats]]) -> Floats:
    """Log-likelihoods of all combinations: an axis for each side."""
    shares: dict[Side, Floats] = {}
    total = np.zeros(1)
    for k, (side, (_, score, share)) in enumerate(tried.items()):
        shape = tuple(-1 if axis == k else 1 for axis in range(len(tried)))
        shares[side] = share.reshape(shape)
        total = total + score.reshape(shape)
    return total + _light_score(shares) if len(tried) == len(SIDES) else total


def _light_score(share: Mapping[Side, Floats]) -> Floats:
    """One light: what the cut shows on two opposite sides is as much as on the other two."""
    across, along = share["left"] + share["right"], share["top"] + share["bottom"]
    spread = FITTED.light_spread + FITTED.light_share * (across + along)
    even = np.exp(-0.5 * ((across - along) / spread) ** 2) / spread
    return np.asarray(np.log((1 - FITTED.other_light) * even + FITTED.other_light), dtype=np.float64)
