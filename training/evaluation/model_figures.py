"""Figures of a model on crops of held-out cards: recognition by condition, refusal of unknown cards, look-alikes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.calibration.intervals import counted
from training.evaluation.distances import Distances
from training.evaluation.metrics import percentiles
from training.evaluation.nearest_cards import NearestCards
from training.evaluation.report import AIMS, EXACT_PRINTING
from training.evaluation.vectors import MODEL, UNTRAINED, hash_name

UNKNOWN = -1
FALSE_ACCEPT_RATES = (0.001, 0.005, 0.01, 0.05)
BASELINES = (hash_name(32), UNTRAINED)
# chosen: the aim for known cards among unknown ones.
IDENTIFIED, REFUSED_RATE = 0.97, 0.005
_CURVE_POINTS = 60
_TOP = (1, 3, 5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """What the M crops show.

    Attributes:
        conditions: of each crop.
        cards: int64 [M], number of the card in the gallery; UNKNOWN where the gallery does not hold it.
        groups: int64 [M], equal for the crops of one card, also of an unknown one.
        arts: int64 [cards], the art of each card of the gallery; look-alikes share one.
        has_lookalike: bool [cards].
    """

    conditions: Sequence[str]
    cards: NDArray[np.int64]
    groups: NDArray[np.int64]
    arts: NDArray[np.int64]
    has_lookalike: NDArray[np.bool_]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Bool [M], whether the gallery holds the card."""
        return np.asarray(self.cards != UNKNOWN)

    @property
    def lookalike(self) -> NDArray[np.bool_]:
        """Bool [M], whether the gallery holds a look-alike of the card."""
        return np.asarray(self.known & self.has_lookalike[self.cards])


def right_art(shown: Shown, answers: NearestCards) -> NDArray[np.bool_]:
    """Bool [M], whether the nearest card is the one shown or a look-alike of it."""
    return np.asarray(shown.known & (shown.arts[answers.cards[:, 0]] == shown.arts[shown.cards]))


def distances_of(shown: Shown, answers: NearestCards, chosen: NDArray[np.bool_]) -> Distances:
    """The nearest distances of the chosen crops."""
    nearest, right = answers.distances[:, 0].astype(np.float64), right_art(shown, answers)
    return Distances(
        known=nearest[chosen & right],
        mistaken=nearest[chosen & shown.known & ~right],
        unknown=nearest[chosen & ~shown.known],
    )


def summarise_model(shown: Shown, answers: Mapping[str, NearestCards]) -> dict[str, Any]:
    """Every figure, as plain values; recognition leaves cards with a look-alike out, which are counted apart."""
    recognition = {method: _by_condition(shown, found) for method, found in answers.items()}
    lookalikes = {method: _lookalikes(shown, found) for method, found in answers.items()}
    open_set = {method: _open_set(shown, found) for method, found in answers.items()}
    return {
        "known_crops": int(shown.known.sum()),
        "unknown_crops": int((~shown.known).sum()),
        "gallery_cards": len(shown.arts),
        "recognition": recognition,
        "lookalikes": lookalikes,
        "open_set": open_set,
        "distances": _spread(distances_of(shown, answers[MODEL], _all(shown))),
        "criteria": [
            *_criteria(recognition),
            _criterion("look-alikes: the card first", EXACT_PRINTING, lookalikes[MODEL]["card_first"]),
            *_unknown_criteria(open_set),
        ],
    }


def open_set_curve(distances: Distances) -> list[dict[str, float]]:
    """The open-set ROC: at each threshold, the unknown cards accepted and the known ones rightly identified."""
    known = len(distances.known) + len(distances.mistaken)
    every = np.sort(np.concatenate([distances.known, distances.unknown]))
    thresholds = every[np.linspace(0, len(every) - 1, min(_CURVE_POINTS, len(every))).astype(int)]
    return [
        {
            "threshold": float(threshold),
            "false_accept_rate": float(np.mean(distances.unknown <= threshold)),
            "identified": float(np.sum(distances.known <= threshold)) / max(known, 1),
        }
        for threshold in thresholds
    ]


def worst_confusions(shown: Shown, answers: NearestCards, count: int) -> dict[int, bool]:
    """The crops whose nearest card of another art is nearest in comparison with their own, worst first.

    Returns:
        Number of the crop -> whether it was taken for the other card; where fewer than `count` were, those follow that
        came closest to it.
    """
    other = np.where(shown.arts[answers.cards] == shown.arts[shown.cards][:, None], np.inf, answers.distances)
    lead = np.where(shown.known, answers.own - other.min(axis=1), -np.inf)
    worst = [int(number) for number in np.argsort(-lead, kind="stable")[:count] if np.isfinite(lead[number])]
    return {number: bool(lead[number] > 0) for number in worst}


def _all(shown: Shown) -> NDArray[np.bool_]:
    return np.ones(len(shown.cards), bool)


def _by_condition(shown: Shown, answers: NearestCards) -> dict[str, Any]:
    plain = shown.known & ~shown.lookalike
    named = np.asarray(shown.conditions)
    groups = {name: plain & (named == name) for name in dict.fromkeys(shown.conditions)}
    return {name: _top(shown, answers, chosen) for name, chosen in [*groups.items(), ("all", plain)]}


def _top(shown: Shown, answers: NearestCards, chosen: NDArray[np.bool_]) -> dict[str, Any]:
    hits = answers.cards[chosen] == shown.cards[chosen][:, None]
    return {f"top{k}": counted(hits[:, :k].any(axis=1), shown.groups[chosen]) for k in _TOP}


def _lookalikes(shown: Shown, answers: NearestCards) -> dict[str, Any]:
    """How often the very card, and how often its art, comes first for cards that have a look-alike in the gallery."""
    chosen = shown.lookalike
    exact = answers.cards[chosen, 0] == shown.cards[chosen]
    return {
        "card_first": counted(exact, shown.groups[chosen]),
        "art_first": counted(right_art(shown, answers)[chosen], shown.groups[chosen]),
    }


def _open_set(shown: Shown, answers: NearestCards) -> dict[str, Any]:
    nearest, right = answers.distances[:, 0].astype(np.float64), right_art(shown, answers)
    unknown = np.sort(nearest[~shown.known])
    rows = []
    for rate in FALSE_ACCEPT_RATES:
        if len(unknown) * rate < 1:
            continue
        threshold = float(unknown[int(rate * len(unknown))])  # what is nearer is accepted: that many, and no more
        identified = counted((right & (nearest < threshold))[shown.known], shown.groups[shown.known])
        rows.append({"false_accept_rate": rate, "threshold": threshold, "identified": identified})
    return {"at": rows, "curve": open_set_curve(distances_of(shown, answers, _all(shown)))}


def _spread(distances: Distances) -> dict[str, list[float]]:
    levels = (1, 5, 50, 95, 99)
    return {
        "percentiles": list(levels),
        "right": percentiles(distances.known, *levels),
        "mistaken": percentiles(distances.mistaken, *levels),
        "unknown": percentiles(distances.unknown, *levels),
    }


def _criteria(recognition: Mapping[str, Any]) -> list[dict[str, Any]]:
    own = recognition[MODEL]
    made = [
        _criterion(f"{condition}: top-{k}", share, own[condition][f"top{k}"])
        for condition, k, share in AIMS
        if condition in own
    ]
    for method in BASELINES:
        if method in recognition:
            aim = recognition[method]["all"]["top1"]["value"]
            made.append(_criterion(f"all: top-1 against the {method}", aim, own["all"]["top1"]))
    return made


def _unknown_criteria(open_set: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Known cards that are identified where hardly any unknown one is; none with too few crops to tell."""
    reached = {
        method: row["identified"]
        for method, found in open_set.items()
        for row in found["at"]
        if row["false_accept_rate"] == REFUSED_RATE
    }
    if MODEL not in reached:
        return []
    name = f"identified where {REFUSED_RATE:.1%} of unknown crops are accepted"
    baselines = {f"{name}, against the {method}": reached[method]["value"] for method in BASELINES if method in reached}
    return [_criterion(said, aim, reached[MODEL]) for said, aim in {name: IDENTIFIED, **baselines}.items()]


def _criterion(name: str, aim: float, reached: dict[str, Any]) -> dict[str, Any]:
    """Met where the whole interval is above the aim, missed where it is below, else undecided: None."""
    low, high = reached["interval_95"]
    return {
        "criterion": name,
        "aim": aim,
        "reached": reached,
        "met": True if low >= aim else None if high >= aim else False,
    }
