"""How a card's cut looks, fitted: the likelihood of the places where its edges truly lie."""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from edge.centering.edges.card_edge import SAME_EDGE_MM
from edge.centering.edges.cut import edge_chances
from edge.centering.edges.edge_model import EDGES_MM
from edge.centering.fitted import CutFit
from training.evaluation.centering_observation import SeenCard
from training.evaluation.choices import changed
from training.evaluation.climbing import Numbers, climbed, standard_errors

# An edge that lies where no model was tried, or under a thing, says nothing of how cuts look.
_CERTAIN = 0.99


def fit_cut(cards: Sequence[SeenCard], start: CutFit) -> tuple[CutFit, dict[str, float | None]]:
    """The numbers with which the true edges are likeliest, from those to start with, and their standard errors."""
    score = partial(log_likelihood, cards)
    found = climbed(score, start.model_dump())
    return CutFit.model_validate(found), standard_errors(score, found)


def log_likelihood(cards: Sequence[SeenCard], numbers: Numbers) -> float:
    """Sum of the logarithms of the chances that the true edges were given."""
    with changed({("edge.centering.edges.cut", "FITTED"): CutFit.model_validate(dict(numbers))}):
        return sum(_of_card(card) for card in cards)


def edges_of(cards: Sequence[SeenCard]) -> int:
    """How many true edges lie among the places tried."""
    return sum(_tried(place) for card in cards for place in card.places_mm.values())


def _of_card(card: SeenCard) -> float:
    chances = edge_chances(card.sides)
    near = {side: np.abs(EDGES_MM - place) < SAME_EDGE_MM for side, place in card.places_mm.items() if _tried(place)}
    return sum(
        math.log(_CERTAIN * float(chances[side][at].sum()) + (1 - _CERTAIN) / len(EDGES_MM))
        for side, at in near.items()
    )


def _tried(place_mm: float) -> bool:
    return float(EDGES_MM[0]) <= place_mm <= float(EDGES_MM[-1])
