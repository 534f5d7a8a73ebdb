"""The measurement of a card that rests before the camera: better with every sharp frame."""

import math

from edge.centering.figures.combination import combine
from edge.centering.figures.report import centering_report
from edge.centering.result import Centering
from edge.wire.centering import CenteringReport

# geometry: grading companies state whole points.
GOOD_STD_POINTS = 1.0
# geometry: one point of the share of two borders of 3 mm.
MM_PER_POINT = 0.06
# chosen: frames, about one a second, that are combined, and that are waited for before a measurement is told as it is.
MAX_FRAMES, PATIENCE_FRAMES = 16, 3
# chosen: a change worth telling: a ratio moved by this many of its standard uncertainties, or they shrank so far.
CHANGE_STDS = 0.5
SHRINKAGE = 0.8
# chosen: a reading that is off by more of its standard uncertainties is of another card.
CONTRADICTION_STDS = 4.0
# chosen: where more frames would not help, every so many that are offered one is measured, to notice that.
CHECK_EVERY = 4

Readings = tuple[tuple[float, float], ...]


class RestingCard:
    """Combines the measurements of one card, and keeps what is worth publishing.

    A measurement is shown once its ratios are known to a point, or after a few frames as it is; a refusal only after a
    few frames. What is shown is replaced when it changes. A measurement that contradicts those before is of another
    card in the same place: they are forgotten, and nothing is shown until a few frames agree.

    Attributes:
        report: the `centering` object of the messages; None until there is one.
        attempts: frames that were tried.
    """

    def __init__(self) -> None:
        """Start without frames."""
        self.report: CenteringReport | None = None
        self.attempts = 0
        self._measured: list[Centering] = []
        self._combined: Centering | None = None
        self._shown: Readings = ()
        self._contradicted = False
        self._offered = 0

    @property
    def complete(self) -> bool:
        """Whether more frames would not make it better."""
        return self.attempts >= MAX_FRAMES

    def due(self) -> bool:
        """Whether to measure the frame that is offered: each until they would not help, then one of several."""
        self._offered += self.complete
        return not self.complete or self._offered % CHECK_EVERY == 0

    def add(self, centering: Centering) -> None:
        """Take in the measurement of another frame, its top at the same end of the card as before."""
        if self._contradicts(centering):
            self._start_anew()
        elif self.complete:
            return
        self.attempts += 1
        if centering.figures is not None or centering.registration is not None:
            self._measured.append(centering)
            self._combined = combine(self._measured)
        combined = self._combined or centering
        readings = _readings(combined)
        if self._worth_showing(readings):
            self._shown, self.report = readings, centering_report(combined)

    def _contradicts(self, centering: Centering) -> bool:
        """Whether a reading cannot be of the card that was measured before; readings of another kind say nothing."""
        before = self._combined
        if before is None or (before.figures is None) != (centering.figures is None):
            return False
        return any(
            abs(new - old) > CONTRADICTION_STDS * math.hypot(new_std, old_std)
            for (new, new_std), (old, old_std) in zip(_readings(centering), _readings(before), strict=False)
        )

    def _start_anew(self) -> None:
        self.report, self.attempts = None, 0
        self._measured, self._combined, self._shown = [], None, ()
        self._contradicted, self._offered = True, 0

    def _worth_showing(self, readings: Readings) -> bool:
        waited = self.attempts >= PATIENCE_FRAMES
        if not readings or (self._contradicted and not self._shown):
            return waited
        if not self._shown:
            return waited or max(std for _, std in readings) <= GOOD_STD_POINTS
        return any(
            abs(new - old) > CHANGE_STDS * old_std or new_std < SHRINKAGE * old_std
            for (new, new_std), (old, old_std) in zip(readings, self._shown, strict=True)
        )


def _readings(centering: Centering) -> Readings:
    """Values and uncertainties of both directions in points; of a card without a border the shift; else nothing."""
    if centering.figures is not None:
        return tuple((each.first, each.std) for each in (centering.figures.left_right, centering.figures.top_bottom))
    if centering.registration is not None:
        return tuple((each.value / MM_PER_POINT, each.std / MM_PER_POINT) for each in centering.registration.shift_mm)
    return ()
