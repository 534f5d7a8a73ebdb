"""The outcome of an ablation study, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Differences of at least so many standard errors are printed bold.
NOTABLE_ERRORS = 3

Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VariantOutcome:
    """What one training came to.

    Attributes:
        name: of the training.
        against: name of the one that it is compared with.
        recalled: bool [C, Q], whether the right card was nearest to query q under each of C conditions; the query
            shows the same card under all conditions, and to every training.
        confirmed: bool [C, Q], whether it was nearer than a threshold that hardly any other card passes.
    """

    name: str
    against: str
    recalled: NDArray[np.bool_]
    confirmed: NDArray[np.bool_]


def ablation_table(outcomes: Sequence[VariantOutcome], conditions: Sequence[str]) -> str:
    """Two tables: what each training came to, and how that differs from the training that it is compared with.

    The first column is recall@1 under all conditions, the others have the share of crops that are confirmed. Every
    figure comes with its standard error over the queries; that of a difference is one of pairs, since all trainings
    answer the same queries. It does not hold what another seed would change.

    Args:
        outcomes: each after the one that it is compared with.
        conditions: names of the C conditions.
    """
    rows = {outcome.name: _rows(outcome) for outcome in outcomes}
    head = f"| recall@1 | confirmed | {' | '.join(conditions)} |"
    rule = "|---" * (len(conditions) + 2) + "|"
    lines = [f"| training, % {head}", f"|---{rule}"]
    lines += [f"| {name} {_cells(values, signed=False)}" for name, values in rows.items()]
    lines += ["", f"| difference, points | to {head}", f"|---|---{rule}"]
    lines += [
        f"| {each.name} | {each.against} {_cells(rows[each.name] - rows[each.against], signed=True)}"
        for each in outcomes
        if each.name != each.against
    ]
    return "\n".join(lines) + "\n"


def _rows(outcome: VariantOutcome) -> Rows:
    """What is shown, one row a column of the table, by query: [C + 2, Q]."""
    return np.stack([outcome.recalled.mean(axis=0), outcome.confirmed.mean(axis=0), *outcome.confirmed])


def _cells(values: Rows, *, signed: bool) -> str:
    return f"| {' | '.join(_cell(row, signed=signed) for row in values)} |"


def _cell(values: NDArray[np.float64], *, signed: bool) -> str:
    mean = 100 * float(values.mean())
    error = 100 * float(values.std(ddof=1)) / len(values) ** 0.5
    text = f"{mean:{'+' if signed else ''}.1f} ± {error:.1f}"
    return f"**{text}**" if signed and abs(mean) >= NOTABLE_ERRORS * error and mean else text
