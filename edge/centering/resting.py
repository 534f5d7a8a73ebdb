"""The measurement of a card that rests before the camera: better with every sharp frame."""

from edge.centering.combination import combine
from edge.centering.result import Centering, Figures

MAX_FRAMES = 16
GOOD_STD_POINTS = 1.0
PATIENCE_FRAMES = 3
# A change worth telling: a ratio moved by this many of its standard uncertainties, or they shrank so far.
CHANGE_STDS = 0.5
SHRINKAGE = 0.8


class RestingCard:
    """Combines the measurements of one card, and keeps what is worth publishing.

    A measurement is shown once its ratios are known to a point, or after a few frames as it is; a refusal only after a
    few frames. What is shown is replaced when it changes.

    Attributes:
        report: the `centering` object of the messages; None until there is one.
        attempts: frames that were tried.
    """

    def __init__(self) -> None:
        """Start without frames."""
        self.report: dict[str, object] | None = None
        self.attempts = 0
        self._measured: list[Centering] = []
        self._shown: Figures | None = None

    @property
    def complete(self) -> bool:
        """Whether more frames would not make it better."""
        return self.attempts >= MAX_FRAMES

    def add(self, centering: Centering) -> None:
        """Take in the measurement of another frame, its top at the same end of the card as before."""
        self.attempts += 1
        if centering.figures is not None:
            self._measured.append(centering)
        combined = combine(self._measured) if self._measured else centering
        if self._worth_showing(combined.figures):
            self._shown, self.report = combined.figures, combined.to_json()

    def _worth_showing(self, figures: Figures | None) -> bool:
        waited = self.attempts >= PATIENCE_FRAMES
        if figures is None:
            return waited
        if self._shown is None:
            return waited or max(figures.left_right.std, figures.top_bottom.std) <= GOOD_STD_POINTS
        pairs = (
            (figures.left_right, self._shown.left_right),
            (figures.top_bottom, self._shown.top_bottom),
        )
        return any(
            abs(new.first - old.first) > CHANGE_STDS * old.std or new.std < SHRINKAGE * old.std for new, old in pairs
        )
