"""What displaces whole edges, fitted: the likelihood of the errors of simulated cards, with what is stated for them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.print_edge import BorderSide
from edge.centering.figures.figures import CARD_SIZE_SHARE, balance
from edge.centering.figures.places import outer_std_mm, print_edge_std_mm
from edge.centering.fitted import UncertaintyFit
from edge.centering.result import Estimate
from edge.geometry import SIDES
from training.evaluation.centering import shares
from training.evaluation.centering_observation import Observation
from training.evaluation.choices import changed
from training.evaluation.climbing import Numbers, climbed, standard_errors

# Errors have tails, as some readings are of another edge: Student's distribution (Lange et al., 1989) of three degrees
# of freedom, with 95 % of it within 1.96 stated standard uncertainties.
FREEDOM = 3
TAIL = 1.96 / 3.1824
_PLACES, _FIGURES = "edge.centering.figures.places", "edge.centering.figures.figures"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadCard:
    """The borders of one card.

    Attributes:
        sides: the edges.
        widths_mm: as they were read, left, right, top, bottom.
        truth_mm: as they are.
        own_variances: of the widths, what is not shared along the side and not the card's size.
    """

    sides: Sequence[BorderSide]
    widths_mm: Sequence[float]
    truth_mm: Sequence[float]
    own_variances: Sequence[float]


def fit_uncertainty(
    observations: Sequence[Observation], start: UncertaintyFit
) -> tuple[UncertaintyFit, dict[str, float | None]]:
    """The numbers with which the errors are likeliest, from those to start with, and their standard errors."""
    score = partial(edge_likelihood, list(read_cards(observations)))
    found = climbed(score, start.model_dump())
    return UncertaintyFit.model_validate(found), standard_errors(score, found)


def read_cards(observations: Iterable[Observation]) -> Iterable[ReadCard]:
    """The cards whose border was measured."""
    for observation in observations:
        figures, truth, borders = observation.answer.figures, observation.truth_mm, observation.borders
        if figures is None or truth is None or borders is None:
            continue
        shared = {place.side: place.shared_std_mm for place in observation.answer.places}
        estimates = [figures.borders_mm[side] for side in SIDES]
        yield ReadCard(
            sides=[borders[side] for side in SIDES],
            widths_mm=[each.value for each in estimates],
            truth_mm=truth,
            own_variances=[
                max(0.0, each.std**2 - shared[side] ** 2 - (CARD_SIZE_SHARE * each.value) ** 2)
                for side, each in zip(SIDES, estimates, strict=True)
            ],
        )


def edge_likelihood(cards: Sequence[ReadCard], numbers: Numbers) -> float:
    """Log-likelihood of the errors of widths and shares."""
    if abs(numbers["opposition"]) > 1:
        return -math.inf
    fit = UncertaintyFit.model_validate(dict(numbers))
    with changed({(_PLACES, "FITTED"): fit, (_FIGURES, "FITTED"): fit}):
        parts = [_errors_and_stds(card) for card in cards]
    return log_likelihood(np.concatenate([each for each, _ in parts]), np.concatenate([each for _, each in parts]))


def log_likelihood(errors: NDArray[np.float64], stds: NDArray[np.float64]) -> float:
    """Of errors [N] of which 95 % are stated to lie within 1.96 standard uncertainties [N]."""
    squares = (errors / (TAIL * stds)) ** 2
    return float(-np.sum(np.log(stds) + (FREEDOM + 1) / 2 * np.log1p(squares / FREEDOM)))


def _errors_and_stds(card: ReadCard) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Errors of the four widths and both shares, and what is stated for them where the card's size is known."""
    stds = [_std_mm(side, own) for side, own in zip(card.sides, card.own_variances, strict=True)]
    borders = [Estimate(value=value, std=std) for value, std in zip(card.widths_mm, stds, strict=True)]
    points = np.subtract(shares(card.widths_mm), shares(card.truth_mm))
    balances = [balance(borders[0], borders[1]).std, balance(borders[2], borders[3]).std]
    return np.concatenate([np.subtract(card.widths_mm, card.truth_mm), points]), np.array([*stds, *balances])


def _std_mm(side: BorderSide, own_variance: float) -> float:
    """Of a border's width."""
    inner_mm = 0.0 if side.inner is None else print_edge_std_mm(side, side.inner)
    return float(np.linalg.norm((np.sqrt(own_variance), outer_std_mm(side), inner_mm)))
