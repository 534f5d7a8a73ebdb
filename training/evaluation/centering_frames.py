"""What the numbers decide that count over many frames of one card, by frames that are made of one measurement.

A card rests before the camera for a while, then another lies there. Each frame reads each place with an error of its
own, as is stated for it; glare displaces a few.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edge.centering import Centering, RestingCard
from edge.centering.figures.figures import figures_from_places
from edge.centering.figures.grading import shipped_tables
from edge.centering.result import Place
from edge.errors import MeasurementError
from edge.wire.centering import CenteringReport
from training.evaluation.centering_tally import AS_IT_IS, Change

# Frames of the first card that are offered, and of the second.
RESTING, SWAPPED = 40, 20
GLARE_SHARE, GLARE_MM = 0.05, 0.4


@dataclass(slots=True, kw_only=True)
class FramesTally:
    """Cards that rested and were swapped.

    Attributes:
        shown_after: frames offered until something was shown.
        shows: how often what is shown changed, for each card.
        errors: of both shares that were shown last, points.
        noticed_after: frames of the second card until it was noticed; all of them where it never was.
        restarts: cards that were taken for another without being swapped.
    """

    shown_after: list[int] = field(default_factory=list)
    shows: list[int] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    noticed_after: list[int] = field(default_factory=list)
    restarts: int = 0

    def add(self, first: Centering, second: Centering, seed: int) -> None:
        """Count a card that rests, and is swapped for another."""
        rng, resting = np.random.default_rng(seed), RestingCard()
        reports: list[CenteringReport] = []
        shown, attempts = RESTING, 0
        for number, frame in enumerate(frames_of(first, RESTING, rng), 1):
            offered(resting, frame)
            self.restarts += resting.attempts < attempts
            attempts = resting.attempts
            if resting.report is not None and (not reports or reports[-1] is not resting.report):
                reports.append(resting.report)
                shown = min(shown, number)
        self.shown_after.append(shown)
        self.shows.append(len(reports))
        if reports and reports[-1].measurable and first.figures is not None:
            last = reports[-1]
            self.errors += [
                last.left_right[0] - first.figures.left_right.first,
                last.top_bottom[0] - first.figures.top_bottom.first,
            ]
        self.noticed_after.append(_noticed(resting, frames_of(second, SWAPPED, rng)))


def frames_of(card: Centering, count: int, rng: np.random.Generator) -> Iterator[Centering]:
    """Measurements of a card as frames would give them, with errors drawn from what is stated."""
    for _ in range(count):
        places = tuple(_read_again(place, rng) for place in card.places)
        try:
            yield replace(card, places=places, figures=figures_from_places(places, card.face, shipped_tables()))
        except MeasurementError as error:
            yield replace(card, places=places, figures=None, reason=str(error))


def offered(resting: RestingCard, frame: Centering) -> None:
    """Let it measure a frame, if it wants to."""
    if resting.due():
        resting.add(frame)


def frames_table(
    names: Mapping[Change, str], tallies: Mapping[Change, FramesTally], usual: FramesTally
) -> Iterator[str]:
    """Markdown lines: as it is, and one row for each change."""
    yield (
        "| without | frames until shown | shown how often | share p95 (points) | frames until a swap is noticed "
        "| taken for another |"
    )
    yield "|---|---|---|---|---|---|"
    yield _row(AS_IT_IS, usual)
    yield from (_row(names[change], tally) for change, tally in tallies.items())


def _noticed(resting: RestingCard, frames: Iterator[Centering]) -> int:
    attempts = resting.attempts
    for number, frame in enumerate(frames, 1):
        offered(resting, frame)
        if resting.attempts < attempts:
            return number
        attempts = resting.attempts
    return SWAPPED


def _read_again(place: Place, rng: np.random.Generator) -> Place:
    if place.width_mm is None or place.std_mm is None:
        return place
    own = float(np.sqrt(max(place.std_mm**2 - place.shared_std_mm**2, 0.0)))
    glare = GLARE_MM if rng.random() < GLARE_SHARE else 0.0
    return replace(place, width_mm=place.width_mm + float(rng.normal(0, own)) + glare)


def _row(name: str, tally: FramesTally) -> str:
    cells = [
        _mean(tally.shown_after), _mean(tally.shows), f"{np.percentile(np.abs(tally.errors), 95):.2f}",
        _mean(tally.noticed_after), str(tally.restarts),
    ]  # fmt: skip
    return f"| {name} | {' | '.join(cells)} |"


def _mean(values: Sequence[int]) -> str:
    return f"{np.mean(values):.1f}"
