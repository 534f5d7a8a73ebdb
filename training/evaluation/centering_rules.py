"""The ideas of centering, each with what is done in its place without it: for `card-training ablate centering`."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.centering.edges.card_edge import SeenEdges
from edge.centering.edges.lines import Trace
from edge.centering.edges.print_edge import BorderSide
from edge.centering.edges.strips import Floats, Strip
from edge.centering.figures.places import PLACE_REACH_MM
from edge.centering.optics.lens import Lens, straight_lens
from edge.centering.result import Balance, Estimate
from edge.geometry import Image, Side
from training.evaluation.choices import Choice, rule

_EDGES = "edge.centering.edges."
_BORDER, _CARD_EDGE, _CUT, _HOUGH = (_EDGES + name for name in ("border", "card_edge", "cut", "hough"))
_LINES, _OUTLINE, _PRINT_EDGE, _TRACING = (_EDGES + name for name in ("lines", "outline", "print_edge", "tracing"))
_FIGURES, _PLACES = "edge.centering.figures.figures", "edge.centering.figures.places"
_ALIGNMENT = "edge.centering.registration.alignment"
_REGISTRATION = "edge.centering.registration.registration"
_MEASUREMENT = "edge.centering.measurement"
# A bowed line through fewer points would follow their errors.
FEWEST_POINTS = 8


def edge_rules() -> tuple[Choice, ...]:
    """What a card without a reference picture is measured by, in the order in which it is."""
    return (*_outline(), *_card_edge(), *_print_edge(), *_figures())


def _outline() -> tuple[Choice, ...]:
    return (
        rule("rounded corners tell the card from its sleeve", _OUTLINE, "_corner_scores", _no_corners),
        rule("an outline that is not as wide to high as a card is refused", _TRACING, "aspect_doubts", _nothing),
        rule("else the rough outline itself is followed", _TRACING, "_followed_closely", _nothing),
        rule("an edge far less straight than the others is refused", _TRACING, "_check_evenness", _nothing),
        rule("edges are looked for bowed as the lens bends them", _HOUGH, "find_bow", lambda *_: 0.0),
        rule("curves are fitted robustly", _LINES, "robust_curve", plain_curve),
        rule("the lens follows from the bow of the card's edges", _MEASUREMENT, "_lens", _no_lens),
    )


def _card_edge() -> tuple[Choice, ...]:
    return (
        rule("one light falls on the cut", _CUT, "_light_score", _zeros_of_sum),
        rule("the cut's colour lies between the border's and the core's", _CUT, "_core_shown", _any_colour),
        _without("edges that single profiles show are preferred", _CARD_EDGE, "UNSEEN_FACTOR", 1.0),
        _without("the outermost clear edge is preferred", _CARD_EDGE, "OUTERMOST_FACTOR", 1.0),
        _without("other places of the card's edge count", _CARD_EDGE, "MIN_CHANCE", 2.0),
        rule("the mean profile tells the card's edge", _BORDER, "card_edge", lambda _, seen, __: seen.guide),
        rule("a far stronger edge further out is the card's", _PRINT_EDGE, "_ends_further_out", _never),
    )


def _print_edge() -> tuple[Choice, ...]:
    return (
        rule("rough print edges by the border's colour", _PRINT_EDGE, "find_departures", lambda *_: []),
        _without("an edge with another one before it is refused", _PRINT_EDGE, "MAX_DOUBT", float("inf")),
        _without("a faint edge before a far stronger one is refused", _PRINT_EDGE, "MAX_OUTSHINING", float("inf")),
        rule("a border whose colour changes is refused", _PRINT_EDGE, "_changes_within", _never),
        rule("the border ends at the outer side of its outline", _BORDER, "with_lines", dict),
        rule("one print: edges that fit the other sides", _BORDER, "_one_print", lambda _, sides: dict(sides)),
        _without("an edge far fainter than those of the other sides is refused", _BORDER, "MIN_SHARE", 0.0),
        rule("borders of different colours are refused", _BORDER, "_differ", _no_difference),
        rule("two narrow opposite borders are refused", _BORDER, "_check_widths", _nothing),
    )


def _figures() -> tuple[Choice, ...]:
    return (
        rule("errors of opposite borders go together", _FIGURES, "balance", _apart),
        rule("what displaces a whole edge is stated", _MEASUREMENT, "outer_std_mm", lambda _: 0.0),
        rule("places that disagree with the straight edge are left out", _PLACES, "_local_offsets", all_places),
    )


def registration_rules() -> tuple[Choice, ...]:
    """What a reference picture adds."""
    return (
        rule("a print of another size doubts the card's edges", _REGISTRATION, "_doubtful_mm", _no_misfit),
        rule("a print of another size corrects the card's edges", _REGISTRATION, "_misfit_mm", _no_misfit),
        _without("two answers that exclude each other", _MEASUREMENT, "MAX_DISAGREEMENT_STDS", float("inf")),
        _without("pixels that differ are weighed down", _ALIGNMENT, "CUT_STDS", 1e6),
        _without("pixels that tell nothing are left out", _ALIGNMENT, "TELLING_SHARE", 1.0),
    )


def _without(name: str, module: str, constant: str, value: float) -> Choice:
    """A rule that a value of one of its constants switches off."""
    return Choice(name=name, value=None, changes={"off": {(module, constant): value}})


def plain_curve(u: Floats, s: Floats, _: float) -> tuple[tuple[float, float, float], NDArray[np.bool_], float]:
    """What `robust_curve` gives, by one least-squares fit through all points."""
    finite = np.isfinite(s)
    if np.count_nonzero(finite) < FEWEST_POINTS:
        return (float("nan"), 0.0, 0.0), np.zeros(len(u), dtype=bool), float("nan")
    c2, c1, c0 = np.polyfit(u[finite], s[finite], 2)
    left = s[finite] - (c0 + c1 * u[finite] + c2 * u[finite] ** 2)
    return (float(c0), float(c1), float(c2)), finite, float(np.sqrt(left @ left / (len(left) - 3)))


def all_places(strip: Strip, inner: Trace, positions_mm: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """What `_local_offsets` gives, by the means of whatever was read, without outliers."""
    residuals = inner.across_mm - inner.at(strip.along_mm - strip.middle_mm)
    read = (np.abs(strip.along_mm - positions_mm[:, None]) <= PLACE_REACH_MM) & np.isfinite(residuals)
    counts = np.asarray(read.sum(axis=1), dtype=np.float64)
    offsets = read @ np.nan_to_num(residuals) / np.maximum(counts, 1)
    return np.where(counts > 0, offsets, np.nan), counts, counts == 0


def _apart(first: Estimate, second: Estimate) -> Balance:
    """What `balance` gives, by errors of both borders that have nothing to do with each other."""
    total = first.value + second.value
    spread = np.hypot(second.value * first.std, first.value * second.std) / total**2
    return Balance(first=100 * first.value / total, std=float(100 * spread))


def _nothing(*_: object) -> None:
    """No doubt, no check, no other try."""


def _never(*_: object) -> bool:
    return False


def _no_corners(_: Image, __: Floats, points_mm: Floats, ___: NDArray[np.integer]) -> Floats:
    return np.ones(len(points_mm))


def _no_lens(image: Image, _: Mapping[Side, BorderSide]) -> Lens:
    return straight_lens(image.shape[1], image.shape[0])


def _zeros_of_sum(share: Mapping[Side, Floats]) -> Floats:
    return 0.0 * (share["left"] + share["right"] + share["top"] + share["bottom"])


def _any_colour(seen: SeenEdges) -> tuple[Floats, Floats]:
    none = np.zeros((2, *seen.misfits.shape))
    return none, none


def _no_difference(colors: Floats, _: Floats) -> NDArray[np.bool_]:
    return np.zeros(len(colors), dtype=bool)


def _no_misfit(_: object) -> tuple[float, float]:
    return 0.0, 0.0
