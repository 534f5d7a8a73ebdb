"""What centering with one of its choices changed comes to, beside centering as it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edge.centering.result import Centering
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM
from training.evaluation.centering import shares, stated_stds, widths_mm
from training.evaluation.centering_summary import CONFIDENT_STDS, WRONG_POINTS, Z_95
from training.evaluation.metrics import percentiles

AS_IT_IS = "as it is"
Change = tuple[str, str]
"""Name of a choice, and how it is changed."""


@dataclass(slots=True, kw_only=True)
class SceneTally:
    """Simulated cards of known border.

    Attributes:
        cards: that have a border, and have not.
        measured: of these.
        width_errors: of each border measured, mm.
        share_errors: of both shares of each card, points.
        within: whether these errors are within what was stated for 95 %: of the widths, and of the shares.
        wrong: cards with a share off by more than 3 points, and of those, by more than 3 stated standard uncertainties.
        answers: widths of each card in mm and all that is stated for them, by which two tallies are compared.
    """

    cards: list[int] = field(default_factory=lambda: [0, 0])
    measured: list[int] = field(default_factory=lambda: [0, 0])
    width_errors: list[float] = field(default_factory=list)
    share_errors: list[float] = field(default_factory=list)
    within: tuple[list[bool], list[bool]] = field(default_factory=lambda: ([], []))
    wrong: list[int] = field(default_factory=lambda: [0, 0])
    answers: list[tuple[float, ...] | None] = field(default_factory=list)

    def add(self, found: Centering, truth_mm: Sequence[float] | None) -> None:
        """Count one card; without a truth it has no border to measure."""
        answer, kind = widths_mm(found), int(truth_mm is None)
        stds = stated_stds(found)
        self.answers.append(None if answer is None else (*answer, *stds))
        self.cards[kind] += 1
        self.measured[kind] += answer is not None
        if answer is None or truth_mm is None:
            return
        widths = [a - t for a, t in zip(answer, truth_mm, strict=True)]
        points = [a - t for a, t in zip(shares(answer), shares(truth_mm), strict=True)]
        self.width_errors += widths
        self.share_errors += points
        self.within[0].extend(abs(e) <= Z_95 * s for e, s in zip(widths, stds, strict=False))
        self.within[1].extend(abs(e) <= Z_95 * s for e, s in zip(points, stds[len(widths) :], strict=True))
        off = [abs(e) / s for e, s in zip(points, stds[len(widths) :], strict=True) if abs(e) > WRONG_POINTS]
        self.wrong[0] += bool(off)
        self.wrong[1] += any(each > CONFIDENT_STDS for each in off)

    def differing(self, other: "SceneTally") -> int:
        """How many cards have another answer, or one where the other has none."""
        return sum(not _same(a, b) for a, b in zip(self.answers, other.answers, strict=True))


@dataclass(slots=True, kw_only=True)
class PhotoTally:
    """Real cards of one design in one photo, each also in a disturbed copy: they have to agree.

    Attributes:
        cards: outlines that were tried.
        frames_mm: width and height of each measured card's printed frame, the card taken as 63 x 88 mm.
        stated: standard uncertainties of the shares, points.
        changes: of the shares in the copy, in standard uncertainties of the difference.
    """

    cards: int = 0
    frames_mm: list[tuple[float, float]] = field(default_factory=list)
    stated: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)

    def add(self, found: Centering, again: Centering) -> None:
        """Count one card, measured in the photo and in the copy."""
        self.cards += 1
        answer, stds = widths_mm(found), stated_stds(found)[4:]
        if answer is None:
            return
        left, right, top, bottom = answer
        self.frames_mm.append((CARD_WIDTH_MM - left - right, CARD_HEIGHT_MM - top - bottom))
        self.stated += stds
        other, other_stds = widths_mm(again), stated_stds(again)[4:]
        if other is not None:
            changes = np.subtract(shares(other), shares(answer)) / np.hypot(stds, other_stds)
            self.changes += changes.tolist()


def scenes_table(names: Mapping[Change, str], tallies: Mapping[Change, SceneTally], usual: SceneTally) -> Iterator[str]:
    """Markdown lines: centering as it is, and one row for each change; those that change no card in one line."""
    yield (
        "| without | measured | width p95 (mm) | within stated 95 % | share p95 (points) | within stated 95 % "
        "| off by > 3 points | of those, by > 3 stated sd | cards that differ |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    yield _scenes_row(AS_IT_IS, usual, 0)
    for change, tally in tallies.items():
        if tally.differing(usual):
            yield _scenes_row(names[change], tally, tally.differing(usual))
    yield from _idle(names[change] for change, tally in tallies.items() if not tally.differing(usual))


def photo_table(names: Mapping[Change, str], tallies: Mapping[Change, PhotoTally], usual: PhotoTally) -> Iterator[str]:
    """Markdown lines, as `scenes_table`."""
    yield (
        "| without | measured | sd of the frames' width | height (mm) | stated sd of a share, median (points) "
        "| shares within the stated 95 % when turned |"
    )
    yield "|---|---|---|---|---|---|"
    yield _photo_row(AS_IT_IS, usual)
    differing = [change for change, tally in tallies.items() if tally != usual]
    yield from (_photo_row(names[change], tallies[change]) for change in differing)
    yield from _idle(names[change] for change in tallies if change not in differing)


def _idle(names: Iterator[str]) -> Iterator[str]:
    idle = list(names)
    if idle:
        yield ""
        yield f"Without effect on any of these cards: {'; '.join(idle)}."


def _scenes_row(name: str, tally: SceneTally, differing: int) -> str:
    false = f", {tally.measured[1]} of {tally.cards[1]} borderless" if tally.measured[1] else ""
    cells = [
        f"{tally.measured[0]} of {tally.cards[0]}{false}",
        _p95(tally.width_errors, 3),
        _percent(tally.within[0]),
        _p95(tally.share_errors, 2),
        _percent(tally.within[1]),
        str(tally.wrong[0]),
        str(tally.wrong[1]),
        str(differing),
    ]
    return f"| {name} | {' | '.join(cells)} |"


def _photo_row(name: str, tally: PhotoTally) -> str:
    spreads = np.std(tally.frames_mm, axis=0) if tally.frames_mm else (np.nan, np.nan)
    stated = f"{np.median(tally.stated):.2f}" if tally.stated else "-"
    within = _percent([abs(change) <= Z_95 for change in tally.changes])
    cells = [f"{len(tally.frames_mm)} of {tally.cards}", f"{spreads[0]:.3f}", f"{spreads[1]:.3f}", stated, within]
    return f"| {name} | {' | '.join(cells)} |"


def _p95(errors: Sequence[float], digits: int) -> str:
    return f"{percentiles(np.abs(errors), 95)[0]:.{digits}f}" if len(errors) else "-"


def _percent(kept: Sequence[bool]) -> str:
    return f"{100 * float(np.mean(kept)):.1f} %" if len(kept) else "-"


def _same(first: tuple[float, ...] | None, second: tuple[float, ...] | None) -> bool:
    return first == second if first is None or second is None else bool(np.allclose(first, second, rtol=0, atol=1e-6))
