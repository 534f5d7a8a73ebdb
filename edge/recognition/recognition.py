"""The answer for one rectified card."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.database.search import Match
from edge.geometry import Quad, rotated_half_turn
from edge.recognition.belief import Belief, Worth
from edge.recognition.printings import Printings
from edge.recognition.verification import Verification


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recognition:
    """What a rectified card is taken for.

    Attributes:
        matches: distinct cards of the gallery, nearest first; where the look-alike check decided, its card comes first
            and the others follow by distance.
        embedding: float32 [dimension], L2-normalised.
        worth: what it says, by the database's calibration.
        belief: how probable the matches are; None where the database is uncalibrated or there is no match.
        verified: True where the look-alike check decided, False where it could not, None where none was needed.
        verification: what the look-alike check found.
        printings: the cards between which nothing here decides, where it names a card and there are several.
        timings_ms: stage ("embed", "search", "verify") -> time; a batch's embedding and search count in full for each
            of its cards.
    """

    matches: tuple[Match, ...]
    embedding: NDArray[np.float32]
    worth: Worth = Worth.NOT_A_CARD
    belief: Belief | None = None
    verified: bool | None = None
    verification: Verification | None = None
    printings: Printings | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def sure(self) -> bool:
        """Whether it is surely the first match or a look-alike of it."""
        return self.belief is not None and self.belief.log_odds >= self.belief.needed

    @property
    def named(self) -> bool:
        """Whether it names a card, surely or as a candidate."""
        return self.worth.named

    @property
    def card_id(self) -> str | None:
        """The first match, where it names one."""
        return self.matches[0].card_id if self.named else None

    @property
    def rotation(self) -> int:
        """180 where the card lies upside down in the crop, else 0."""
        return self.matches[0].rotation if self.matches else 0

    def own_quad(self, quad: Quad) -> Quad:
        """The outline of the crop, from the card's own top-left."""
        return rotated_half_turn(quad) if self.rotation == 180 else quad
