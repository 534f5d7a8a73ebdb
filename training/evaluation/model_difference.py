"""Whether one model is better than another: differences on the same crops, condition by condition."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.calibration.intervals import difference
from training.evaluation.model_figures import Shown, right_art
from training.evaluation.nearest_cards import NearestCards

# A tenth of a per cent would need ten times the crops: of 600 unknown ones, six may be accepted.
ACCEPTED = 0.01


def compare_models(shown: Shown, first: NearestCards, second: NearestCards) -> dict[str, dict[str, Any]]:
    """How much more often the first model is right, and identifies where 1 % of the unknown crops are accepted.

    A crop is identified where its art comes first, nearer than a threshold: each model has its own for all conditions.

    Returns:
        Condition, or `all` -> `right` and `identified`, each a `training.calibration.intervals.difference`.
    """
    right = [right_art(shown, each) for each in (first, second)]
    identified = [each & _near(shown, found) for each, found in zip(right, (first, second), strict=True)]
    named = np.asarray(shown.conditions)
    groups = {name: shown.known & (named == name) for name in dict.fromkeys(shown.conditions)} | {"all": shown.known}
    return {
        name: {
            "right": difference(right[0][chosen], right[1][chosen], shown.groups[chosen]),
            "identified": difference(identified[0][chosen], identified[1][chosen], shown.groups[chosen]),
        }
        for name, chosen in groups.items()
    }


def difference_table(other: str, compared: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The differences as lines of a page."""
    lines = [f"## The model less {other}, in points, with 95 % intervals that count cards", ""]
    lines += [f"| condition | crops | art first | identified where {ACCEPTED:.0%} of the unknown are accepted |"]
    lines += ["|---|---|---|---|"]
    lines += [
        f"| {name} | {row['right']['count']} | {_points(row['right'])} | {_points(row['identified'])} |"
        for name, row in compared.items()
    ]
    return [*lines, ""]


def _near(shown: Shown, answers: NearestCards) -> NDArray[np.bool_]:
    """Bool [M], whether the nearest card is nearer than all but 1 % of the unknown crops have one."""
    nearest = answers.distances[:, 0]
    unknown = np.sort(nearest[~shown.known])
    return np.asarray(nearest < unknown[int(ACCEPTED * len(unknown))])


def _points(found: Mapping[str, Any]) -> str:
    low, high = (100 * end for end in found["interval_95"])
    first, second = (100 * share for share in found["shares"])
    return f"{first:.1f} - {second:.1f} = {100 * found['value']:+.1f} ({low:+.1f} to {high:+.1f})"
