"""Figures of refusal: what was confirmed and named, how far probabilities hold, and what simpler rules would do."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.manifests import Calibration
from training.calibration.intervals import calibration_error, counted
from training.evaluation.refusal import CONDITIONS, Look, Shown

BINS = 10
LEVELS = (0.5, 0.9, 0.99, 0.999)
RATES = (0.005, 0.02)

Score = Callable[[Shown], float]
Bools = NDArray[np.bool_]


def summarise_refusal(shown: Sequence[Shown], cards: int, calibrations: Sequence[Calibration]) -> dict[str, Any]:
    """Every figure, as plain values; intervals are of 95 % and by card.

    Args:
        shown: what was shown, of all calibrations together.
        cards: of the gallery.
        calibrations: that cards were shown under.
    """
    return {
        "cards": cards,
        "calibrations": [each.model_dump(mode="json") for each in calibrations],
        "conditions": {name: _verdicts([each for each in shown if each.condition == name]) for name in CONDITIONS},
        "all": _verdicts(shown),
        "reliability": _reliability(shown),
        "coverage": _coverage(shown),
        "curve": _coverage_curve(shown),
        "rules": {name: _rule(shown, name, score) for name, score in _rules(shown).items()},
    }


def _verdicts(shown: Sequence[Shown]) -> dict[str, Any]:
    known, unknown = [each for each in shown if each.known], [each for each in shown if not each.known]
    return {
        "known_confirmed": _share(known, lambda each: [each.verdict == each.card_id]),
        "known_confirmed_wrongly": _share(known, lambda each: [each.verdict not in (None, each.card_id)]),
        "known_confirmed_by_a_look": _share(known, lambda each: [_right(each, look) for look in each.looks]),
        "known_named_rightly": _share(
            known, lambda each: [look.named and look.card_id == each.card_id for look in each.looks]
        ),
        "unknown_confirmed": _share(unknown, lambda each: [each.verdict is not None]),
        "unknown_confirmed_by_a_look": _share(unknown, lambda each: [look.confirmed for look in each.looks]),
        "unknown_named": _share(unknown, lambda each: [look.named for look in each.looks]),
    }


def _right(each: Shown, look: Look) -> bool:
    return look.confirmed and look.card_id == each.card_id


def _share(shown: Sequence[Shown], outcomes: Callable[[Shown], Sequence[bool]]) -> dict[str, Any]:
    """The share of outcomes that are true, with an interval that counts cards."""
    found = [list(outcomes(each)) for each in shown]
    hits = np.array([hit for each in found for hit in each], dtype=np.bool_)
    numbers = {card_id: number for number, card_id in enumerate(dict.fromkeys(each.card_id for each in shown))}
    groups = np.repeat([numbers[each.card_id] for each in shown], [len(each) for each in found]).astype(np.int64)
    return counted(hits, groups) | {"cards": len(numbers)}


def _stated(shown: Sequence[Shown]) -> tuple[NDArray[np.float64], Bools]:
    """Stated probability of the first match of each look, and whether it is the card."""
    pairs = [
        (look.probabilities[0], each.known and look.card_id == each.card_id) for each in shown for look in each.looks
    ]
    return np.array([p for p, _ in pairs], dtype=np.float64), np.array([right for _, right in pairs], dtype=np.bool_)


def _reliability(shown: Sequence[Shown]) -> dict[str, Any]:
    stated, right = _stated(shown)
    places = np.minimum((stated * BINS).astype(int), BINS - 1)
    rows = [
        {
            "from": number / BINS,
            "looks": int((places == number).sum()),
            "stated": float(stated[places == number].mean()),
            "right": float(right[places == number].mean()),
        }
        for number in range(BINS)
        if (places == number).any()
    ]
    return {"calibration_error": calibration_error(stated, right, BINS), "bins": rows}


def _coverage(shown: Sequence[Shown]) -> list[dict[str, float]]:
    """How many looks are answered, and how many of these wrongly, where less than a probability is left open."""
    stated, right = _stated(shown)
    answered = [(level, stated >= level) for level in LEVELS]
    return [
        {
            "level": level,
            "answered": float(chosen.mean()),
            "wrong": float((~right[chosen]).mean()) if chosen.any() else 0.0,
        }
        for level, chosen in answered
    ]


def _coverage_curve(shown: Sequence[Shown]) -> dict[str, list[float]]:
    """The same from the surest look to the least sure: share of the looks answered, share of these that are wrong."""
    stated, right = _stated(shown)
    order = np.argsort(-stated, kind="stable")
    answered = np.arange(1, len(order) + 1)
    return {"answered": (answered / len(order)).tolist(), "wrong": (np.cumsum(~right[order]) / answered).tolist()}


def _rule(shown: Sequence[Shown], name: str, score: Score) -> list[dict[str, Any]]:
    """Known cards that first looks would confirm rightly by a score, at rates of unknown ones that it would confirm.

    The limit is chosen on the very looks, which flatters every rule alike.
    """
    unknown = np.sort([score(each) for each in shown if not each.known])[::-1]
    rows = []
    for rate in RATES:
        limit = float(unknown[int(rate * len(unknown))])
        known = [each for each in shown if each.known]
        accepted = _share(known, lambda each, limit=limit: [score(each) > limit and _named(each, name)])  # type: ignore[misc]
        rows.append({"unknown_confirmed": rate, "known_confirmed": accepted})
    return rows


def _named(each: Shown, rule: str) -> bool:
    named = each.hashed[rule][0] if rule in each.hashed else each.looks[0].card_id
    return named == each.card_id


def _rules(shown: Sequence[Shown]) -> Mapping[str, Score]:
    return {
        "probability": lambda each: each.looks[0].probabilities[1],
        "distance": lambda each: -each.looks[0].distance,
        "distance ratio": lambda each: -each.looks[0].ratio,
        **{name: _hashed(name) for name in shown[0].hashed},
    }


def _hashed(name: str) -> Score:
    return lambda each: each.hashed[name][1]
