"""What evidence comes to by a database's calibration: probabilities, and what an answer is worth."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from edge.manifests import Calibration, EvidenceWeights
from edge.recognition.evidence import Evidence

# chosen: log-odds between which agreement is looked at; beyond them it has no say, as where it says anything it moves
# them by 2 to 3 (the weight of agreement in a database's manifest; `card-training evaluate refusal`).
OPEN = (-6.0, 9.0)
# numerics: log-odds beyond which a probability in float64 is as good as 0 or 1.
_GREATEST = 30.0


class Worth(Enum):
    """What one answer says."""

    STRONG = auto()
    WEAK = auto()
    UNKNOWN = auto()
    NOT_A_CARD = auto()

    @property
    def named(self) -> bool:
        """Whether it names a card, surely or as a candidate."""
        return self in (Worth.STRONG, Worth.WEAK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """How probable the matches of a card are.

    Attributes:
        log_odds: that the card shows what the first match shows, or a look-alike of it.
        needed: log-odds that confirm.
        probabilities: of each match, in their order.
        none: probability that the card is none of them.
    """

    log_odds: float
    needed: float
    probabilities: tuple[float, ...]
    none: float

    @property
    def art(self) -> float:
        """Probability that the card shows what the first match shows, or a look-alike of it."""
        return probability(self.log_odds)


def probability(log_odds: float) -> float:
    """Of something with these log-odds; of what is no number that of the least."""
    return 1 / (1 + math.exp(-max(-_GREATEST, min(log_odds, _GREATEST))))


def log_odds(evidence: Evidence, calibration: Calibration) -> float:
    """That a card shows what the match with this evidence shows."""
    if evidence.agreement is None or calibration.full is None:
        return _weighted(evidence, calibration.cheap)
    return _weighted(evidence, calibration.full) + calibration.full.agreement * evidence.agreement


def is_open(evidence: Evidence, calibration: Calibration) -> bool:
    """Whether agreement could change what the evidence without it comes to."""
    return calibration.full is not None and OPEN[0] < _weighted(evidence, calibration.cheap) < OPEN[1]


def believe(first: float, others: Sequence[float], shares: Sequence[float], confirmed: float) -> Belief:
    """Probabilities of matches and of none of them.

    The first match's art has the probability that its log-odds say, which its look-alikes among the matches share; what
    is left is shared by the other matches and "none" in proportion to their odds.

    Args:
        first: log-odds that the card shows what the first match shows, or a look-alike of it.
        others: log-odds of each match; of the first and its look-alikes -inf.
        shares: of the first art's probability for each match, 0 for those of another art; at most 1 together.
        confirmed: probability that confirms.
    """
    art = probability(first)
    odds = [math.exp(min(_GREATEST, each)) for each in others]
    rest = (1 - art) / (1 + sum(odds))
    return Belief(
        log_odds=first,
        needed=math.log(confirmed / (1 - confirmed)),
        probabilities=tuple(art * share + rest * each for share, each in zip(shares, odds, strict=True)),
        none=rest,
    )


def worth_of(distance: float, belief: Belief | None, calibration: Calibration | None, *, tied: bool) -> Worth:
    """What an answer says; without a calibration, that its first match is a candidate.

    Args:
        distance: of the first match.
        belief: in the matches.
        calibration: of the database.
        tied: whether another card cannot be told from the first.
    """
    if belief is None or calibration is None:
        return Worth.WEAK
    if distance > calibration.not_a_card:
        return Worth.NOT_A_CARD
    if belief.art < calibration.named:
        return Worth.UNKNOWN
    return Worth.STRONG if belief.art >= calibration.confirmed and not tied else Worth.WEAK


def _weighted(evidence: Evidence, weights: EvidenceWeights) -> float:
    return (
        weights.intercept
        + weights.distance * evidence.distance
        + weights.lead * evidence.lead
        + weights.separation * evidence.separation
        + (0.0 if evidence.hash_lead is None else weights.hash_lead * evidence.hash_lead)
    )
