"""What the outcomes of the centering study come to: errors, stated intervals, refusals and times."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.geometry import SIDES
from training.evaluation.centering import METHOD, METHODS, REFERENCED, CenteringOutcome
from training.evaluation.metrics import percentiles, proportion

Z_95 = 1.96
WRONG_POINTS = 3.0
CONFIDENT_STDS = 3.0


def summarise(results: Sequence[CenteringOutcome]) -> dict[str, Any]:
    """Every figure of the study.

    Returns:
        A JSON object: per condition and method, errors in mm and in points; coverage of the stated 95 % intervals;
        refusals; false answers on borderless cards; times.
    """
    names = list(dict.fromkeys(outcome.condition for outcome in results))
    groups = {name: [outcome for outcome in results if outcome.condition == name] for name in names}
    strata = sorted({stratum for outcome in results for stratum in outcome.strata})
    groups |= {name: [outcome for outcome in results if name in outcome.strata] for name in strata}
    return {
        "cards": len(results),
        "conditions": {name: _figures(group) for name, group in (groups | {"all": list(results)}).items()},
        "milliseconds": percentiles([outcome.milliseconds[0] for outcome in results], 50, 95),
        "milliseconds with reference": percentiles([outcome.milliseconds[1] for outcome in results], 50, 95),
    }


def _figures(group: Sequence[CenteringOutcome]) -> dict[str, Any]:
    bordered = [outcome for outcome in group if outcome.truth_mm is not None]
    borderless = [outcome for outcome in group if outcome.truth_mm is None]
    return {
        **_coverage(bordered, METHOD),
        "with reference": _coverage(bordered, REFERENCED),
        "borderless refused": proportion([outcome.answers[METHOD] is None for outcome in borderless]).to_json(),
        "methods": {name: _errors(bordered, name) for name in METHODS},
        "refusals": _counted([outcome.reason for outcome in bordered if outcome.reason]),
        "registration": {
            "bordered": _registration(bordered),
            "borderless": _registration(borderless),
        },
    }


def _coverage(bordered: Sequence[CenteringOutcome], method: str) -> dict[str, Any]:
    """How many cards a method measured, how often the truth lies in its stated intervals, and where it is far off."""
    measured = [outcome for outcome in bordered if outcome.answers[method] is not None]
    kept = [
        [abs(error) <= Z_95 * std for error, std in zip(errors, outcome.stds[method], strict=True)]
        for outcome in measured
        for errors in [outcome.errors_mm(method) + outcome.ratio_errors(method)]
    ]
    sides = len(SIDES)
    return {
        "measured": proportion([outcome.answers[method] is not None for outcome in bordered]).to_json(),
        "widths within the stated 95 %": proportion([each for row in kept for each in row[:sides]]).to_json(),
        "ratios within the stated 95 %": proportion([each for row in kept for each in row[sides:]]).to_json(),
        "wrong by more than 3 points": [_named(o) for o in measured if _wrong_by_stds(o, method) is not None],
        "of those, more than 3 standard uncertainties": [
            _named(o) for o in measured if (_wrong_by_stds(o, method) or 0.0) > CONFIDENT_STDS
        ],
    }


def _wrong_by_stds(outcome: CenteringOutcome, method: str) -> float | None:
    """How many stated standard uncertainties a share is off that is off by more than 3 points; None where none is."""
    stds = outcome.stds[method][len(SIDES) :]
    off = [abs(error) for error in outcome.ratio_errors(method)]
    return max((each / std for each, std in zip(off, stds, strict=True) if each > WRONG_POINTS), default=None)


def _named(outcome: CenteringOutcome) -> str:
    return f"{outcome.card_id} seed {outcome.seed}"


def _registration(group: Sequence[CenteringOutcome]) -> dict[str, Any]:
    """Errors of the print's shift and turn by the reference picture."""
    found = [(outcome.shift, outcome.shift_stds) for outcome in group if outcome.shift is not None]
    errors = np.array([shift for shift, _ in found]).reshape(-1, 3)
    within = np.abs(errors) <= Z_95 * np.array([stds for _, stds in found]).reshape(-1, 3)
    return {
        "registered": proportion([outcome.shift is not None for outcome in group]).to_json(),
        "shift_mm": _spread(errors[:, :2].ravel()),
        "turn_deg": _spread(errors[:, 2]),
        "shifts within the stated 95 %": proportion(within[:, :2].ravel().tolist()).to_json(),
        "turns within the stated 95 %": proportion(within[:, 2].tolist()).to_json(),
        "refusals": _counted([o.shift_reason or "" for o in group if o.shift is None]),
    }


def _errors(group: Sequence[CenteringOutcome], method: str) -> dict[str, Any]:
    widths = np.array([error for outcome in group for error in outcome.errors_mm(method)])
    ratios = np.array([error for outcome in group for error in outcome.ratio_errors(method)])
    return {
        "cards": sum(outcome.answers[method] is not None for outcome in group),
        "width_mm": _spread(widths),
        "ratio_points": _spread(ratios),
    }


def _spread(errors: NDArray[np.float64]) -> dict[str, float] | None:
    if len(errors) == 0:
        return None
    median, high = percentiles(np.abs(errors), 50, 95)
    return {"bias": float(errors.mean()), "sd": float(errors.std()), "median": median, "p95": high}


def _counted(words: Sequence[str]) -> dict[str, int]:
    return {word: words.count(word) for word in sorted(set(words))}
