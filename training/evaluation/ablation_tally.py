"""What a detector with one of its choices changed found, and how that differs from the detector as it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edge.geometry import Quad
from training.evaluation.choices import Choice, Number
from training.evaluation.metrics import assign, corner_error, percentiles
from training.evaluation.outline_scenes import OutlineScene

# geometry: no figure shows a hundredth of a pixel.
SAME_PX = 0.01
HOWS = ("off", "half", "double")


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was found in the pictures.

    Attributes:
        asked_for: cards that have to be found.
        found: of these, the ones that were.
        false: outlines that are no card, or a card's second one.
        errors: of the found ones, the greatest of a corner, in the card's widths.
        photos: photos with a known number of cards.
        exact: of these, the ones with as many outlines as cards.
        missing: cards, as far as there are fewer outlines than cards.
        surplus: outlines, as far as there are more.
        tracks: ids of the tracks that were seen, where the pictures are frames.
        differing: pictures in which an outline is another one than the detector as it is finds.
    """

    asked_for: int = 0
    found: int = 0
    false: int = 0
    errors: list[float] = field(default_factory=list)
    photos: int = 0
    exact: int = 0
    missing: int = 0
    surplus: int = 0
    tracks: set[int] = field(default_factory=set)
    differing: int = 0

    def add_scene(self, quads: Sequence[Quad], scene: OutlineScene) -> None:
        """Compare the outlines found in a scene with its cards."""
        matched = assign(quads, scene.asked_for)
        self.asked_for += len(scene.asked_for)
        self.found += len(matched)
        self.false += len(quads) - len(assign(quads, scene.allowed, min_iou=0.5))
        self.errors += [corner_error(quads[k], scene.asked_for[i]) for i, k in matched.items()]

    def add_photo(self, quads: Sequence[Quad], cards: int) -> None:
        """Count the outlines found in a photo."""
        self.photos += 1
        self.exact += len(quads) == cards
        self.missing += max(0, cards - len(quads))
        self.surplus += max(0, len(quads) - cards)

    @property
    def corner_percent(self) -> tuple[float, float]:
        """Median and 95th percentile of the corner error, in % of the card's width."""
        median, high = percentiles(self.errors, 50, 95)
        return 100 * median, 100 * high


Outcome = tuple[Tally, Mapping[tuple[str, str], Tally]]
"""Of the detector as it is, and by name of a choice and how it was changed."""


def scenes_table(choices: Sequence[Choice], outcome: Outcome, what: str) -> str:
    """Markdown: one row a choice; each cell has the differences in what was found in scenes, `what` says which."""
    as_it_is, _ = outcome
    median, high = as_it_is.corner_percent
    head = (
        f"{what}, {as_it_is.asked_for} cards: {as_it_is.found} found, {as_it_is.false} false, corner error "
        f"{median:.2f} % (median), {high:.1f} % (95th percentile).\n"
        "Each cell: found, false, corner errors; and in how many scenes an outline is another one.\n"
    )
    return head + _table(choices, outcome, _scenes_cell)


def frames_table(choices: Sequence[Choice], outcome: Outcome, frames: int) -> str:
    """Markdown: as `scenes_table`, of cards that are followed from frame to frame."""
    as_it_is, _ = outcome
    median, high = as_it_is.corner_percent
    head = (
        f"{frames} frames, in which {as_it_is.asked_for} times a card is seen: {as_it_is.found} times shown, "
        f"{as_it_is.false} false outlines, corner error {median:.2f} % (median), {high:.1f} % (95th percentile), "
        f"{len(as_it_is.tracks)} tracks.\n"
        "Each cell: shown, false, corner errors, tracks; and in how many frames an outline is another one.\n"
    )
    return head + _table(choices, outcome, _frames_cell)


def photos_table(choices: Sequence[Choice], outcome: Outcome) -> str:
    """Markdown: as `scenes_table`, of photos in which only the number of cards is known."""
    as_it_is, _ = outcome
    head = (
        f"{as_it_is.photos} photos: {as_it_is.exact} exact, {as_it_is.missing} cards missing, {as_it_is.surplus} too "
        "many.\nEach cell: exact photos, missing, too many; and in how many photos an outline is another one.\n"
    )
    return head + _table(choices, outcome, _photos_cell)


def _table(choices: Sequence[Choice], outcome: Outcome, cell: Callable[[Tally, Tally], str]) -> str:
    as_it_is, others = outcome
    lines = [f"| choice | as it is | {' | '.join(HOWS)} |", "|---" * (len(HOWS) + 2) + "|"]
    for choice in choices:
        tallies = [others.get((choice.name, how)) for how in HOWS]
        cells = ["" if tally is None else cell(as_it_is, tally) for tally in tallies]
        lines.append(f"| {choice.name} | {_value(choice.value)} | {' | '.join(cells)} |")
    return "\n" + "\n".join(lines) + "\n"


def _scenes_cell(before: Tally, after: Tally) -> str:
    if not after.differing:
        return "="
    median, high = after.corner_percent
    return (
        f"{after.found - before.found:+d}, {after.false - before.false:+d}, {median:.2f} / {high:.1f} %; "
        f"{after.differing}"
    )


def _frames_cell(before: Tally, after: Tally) -> str:
    tracks = len(after.tracks) - len(before.tracks)
    if not after.differing:
        return f"=, {tracks:+d}" if tracks else "="
    return _scenes_cell(before, after).replace(";", f", {tracks:+d};")


def _photos_cell(before: Tally, after: Tally) -> str:
    if not after.differing:
        return "="
    changes = (
        after.exact - before.exact,
        after.missing - before.missing,
        after.surplus - before.surplus,
    )
    return ", ".join(f"{each:+d}" for each in changes) + f"; {after.differing}"


def same_outlines(first: Sequence[Quad], second: Sequence[Quad]) -> bool:
    """Whether two lists of outlines, best first, are the same."""
    return len(first) == len(second) and all(
        float(np.abs(a - b).max()) <= SAME_PX for a, b in zip(first, second, strict=True)
    )


def _value(value: Number | None) -> str:
    if value is None:
        return "rule"
    if isinstance(value, tuple):
        return ", ".join(f"({_value(each)})" if isinstance(each, tuple) else _value(each) for each in value)
    return f"{value:g}"
