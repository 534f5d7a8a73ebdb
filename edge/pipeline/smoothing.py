"""Single answers become a verdict on a track: one explicit state machine, pure functions only.

    no_card -> detecting -> stabilizing -> confirmed | unknown_card

`no_card` is where a track starts and where it ends when its answers agree that it shows no card at all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.recognition.belief import Worth
from edge.recognition.recognition import Recognition
from edge.settings.sections import SmoothingSettings
from edge.wire.messages import TrackState

# chosen: how far looks at one card that lies still err together (correlation of their log-odds, 0 to 1), so that any
# number of equal ones is worth no more than 1.25 of them; and how much a look at a blurred crop counts.
_SHARED = 0.8
_BLURRED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One answer, judged.

    Attributes:
        worth: what it says.
        card_id: the first card, where it names one.
        frame_id: frame that it was read in.
        log_odds: that the card shows what the first match shows.
        needed: log-odds that confirm.
        weight: how much it counts, 0 to 1.
        tied: whether nothing decided between that card and another printing.
    """

    worth: Worth
    card_id: str | None
    frame_id: int
    log_odds: float
    needed: float
    weight: float = 1.0
    tied: bool = False

    @property
    def readable(self) -> bool:
        """Whether it names a card."""
        return self.worth.named

    def agrees_with(self, other: "Reading") -> bool:
        """Whether both refuse the card, or both name the same one and leave no other printing."""
        if self.readable != other.readable:
            return False
        return not self.readable or (self.card_id == other.card_id and not self.tied)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of a track.

    Attributes:
        state: of the track.
        card_id: the confirmed card.
        recent: the newest readings, oldest first, at most as many as have to agree and may dissent.
        doubted_since: frame of the first of the readings in a row that do not support the state.
    """

    state: TrackState = TrackState.DETECTING
    card_id: str | None = None
    recent: tuple[Reading, ...] = ()
    doubted_since: int | None = None

    @property
    def decided(self) -> bool:
        """Whether more answers are needed only when something changes."""
        final = self.state in (TrackState.CONFIRMED, TrackState.UNKNOWN_CARD, TrackState.NO_CARD)
        return final and self.doubted_since is None

    @property
    def shown(self) -> bool:
        """Whether the newest answer agrees with it, so that its distance and matches belong to it."""
        newest = self.recent[-1]
        if self.state is TrackState.CONFIRMED:
            return newest.card_id == self.card_id
        return self.state is not TrackState.UNKNOWN_CARD or not newest.readable

    @property
    def candidate(self) -> bool:
        """Whether the readings agree that a card is named, but not well enough to confirm one."""
        return self.state is TrackState.STABILIZING and self.doubted_since is None


def judge(recognition: Recognition, frame_id: int, *, sharp: bool = True) -> Reading:
    """What one answer says, and how much it counts; one from a blurred crop counts half."""
    belief = recognition.belief
    return Reading(
        worth=recognition.worth,
        card_id=recognition.card_id,
        frame_id=frame_id,
        log_odds=-math.inf if belief is None else belief.log_odds,
        needed=math.inf if belief is None else belief.needed,
        weight=1.0 if sharp else _BLURRED,
        tied=recognition.printings is not None,
    )


def advance(verdict: Verdict, reading: Reading, settings: SmoothingSettings) -> Verdict:
    """The verdict after one more reading.

    Readings that agree decide a track that is open, or refused. A confirmed card gives way to another card as soon as
    that one would be confirmed itself, but to anything else only after `doubt_frames` without support: a hand over
    the card is no reason to forget it.
    """
    recent = (*verdict.recent, reading)[-(settings.confirm_after + _dissenting(settings)) :]
    outcome = _outcome(recent, settings)
    if outcome == (verdict.state, verdict.card_id) or _supports(verdict, reading):
        return replace(verdict, recent=recent, doubted_since=None)
    doubted_since = reading.frame_id if verdict.doubted_since is None else verdict.doubted_since
    if outcome is not None and _gives_way(verdict, outcome, recent, settings):
        return Verdict(state=outcome[0], card_id=outcome[1], recent=recent)
    if verdict.state is TrackState.DETECTING:
        return Verdict(state=TrackState.STABILIZING, recent=recent, doubted_since=doubted_since)
    return replace(verdict, recent=recent, doubted_since=doubted_since)


def fused_log_odds(readings: Sequence[Reading]) -> float:
    """Log-odds of a card by all readings of it together.

    Looks at one card that lies still err together: of n readings with the same correlation r, each of weight 1, the sum
    counts 1 / (1 + (n - 1) r), which is the log-odds of equicorrelated normal evidence.
    """
    total = sum(reading.weight for reading in readings)
    evidence = sum(reading.weight * reading.log_odds for reading in readings)
    return evidence / (1 + max(total - 1, 0.0) * _SHARED)


def _dissenting(settings: SmoothingSettings) -> int:
    """How many readings among those that agree may say something else."""
    return settings.confirm_after // 3


def _outcome(recent: tuple[Reading, ...], settings: SmoothingSettings) -> tuple[TrackState, str | None] | None:
    """State and card that the newest readings come to, if any."""
    agreeing = _agreeing(recent, settings)
    newest = recent[-1]
    if agreeing and not newest.readable:
        nothing = all(reading.worth is Worth.NOT_A_CARD for reading in agreeing)
        return TrackState.NO_CARD if nothing else TrackState.UNKNOWN_CARD, None
    if agreeing and fused_log_odds(agreeing) >= newest.needed:
        return TrackState.CONFIRMED, newest.card_id
    last = recent[-settings.confirm_after :]
    if len(last) == settings.confirm_after and all(reading.readable for reading in last):
        return TrackState.STABILIZING, None
    return None


def _agreeing(recent: tuple[Reading, ...], settings: SmoothingSettings) -> list[Reading]:
    """The newest readings that say what the newest says, as many as have to; none where they are fewer."""
    agreeing = [reading for reading in reversed(recent) if reading.agrees_with(recent[-1])]
    return agreeing[: settings.confirm_after] if len(agreeing) >= settings.confirm_after else []


def _supports(verdict: Verdict, reading: Reading) -> bool:
    match verdict.state:
        case TrackState.CONFIRMED:
            return reading.card_id == verdict.card_id
        case TrackState.UNKNOWN_CARD:
            return not reading.readable
        case TrackState.NO_CARD:
            return reading.worth is Worth.NOT_A_CARD
        case _:
            return False


def _gives_way(
    verdict: Verdict,
    outcome: tuple[TrackState, str | None],
    recent: tuple[Reading, ...],
    settings: SmoothingSettings,
) -> bool:
    """Whether a track leaves its state for one that its newest readings agree on."""
    if verdict.state is TrackState.NO_CARD:
        return all(reading.worth is not Worth.NOT_A_CARD for reading in recent[-settings.confirm_after :])
    if verdict.state is not TrackState.CONFIRMED or outcome[0] is TrackState.CONFIRMED:
        return True
    return verdict.doubted_since is not None and recent[-1].frame_id - verdict.doubted_since >= settings.doubt_frames
