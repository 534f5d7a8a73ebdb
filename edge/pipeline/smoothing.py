"""Single answers become a verdict on a track: one explicit state machine, pure functions only.

    no_card -> detecting -> stabilizing -> confirmed | unknown_card

`no_card` is where a track starts and where it ends when its answers agree that it shows no card at all.
"""

from dataclasses import dataclass, replace

from edge.recognition.belief import Worth
from edge.recognition.recognizer import Recognition
from edge.settings.settings import SmoothingSettings
from edge.wire.messages import TrackState


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One answer, judged.

    Attributes:
        worth: what it says.
        card_id: the first card, where it names one.
        frame_id: frame that it was read in.
    """

    worth: Worth
    card_id: str | None
    frame_id: int

    @property
    def readable(self) -> bool:
        """Whether it names a card."""
        return self.worth in (Worth.STRONG, Worth.WEAK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of a track.

    Attributes:
        state: of the track.
        card_id: the confirmed card.
        recent: the newest readings, oldest first, at most as many as have to agree.
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


def judge(recognition: Recognition, frame_id: int) -> Reading:
    """What one answer says."""
    return Reading(worth=recognition.worth, card_id=recognition.card_id, frame_id=frame_id)


def advance(verdict: Verdict, reading: Reading, settings: SmoothingSettings) -> Verdict:
    """The verdict after one more reading.

    Readings that agree decide a track that is open, or refused. A confirmed card gives way to another card as soon as
    that one would be confirmed itself, but to anything else only after `doubt_frames` without support: a hand over
    the card is no reason to forget it.
    """
    recent = (*verdict.recent, reading)[-settings.confirm_after :]
    outcome = _agreed(recent) if len(recent) == settings.confirm_after else None
    if outcome == (verdict.state, verdict.card_id) or _supports(verdict, reading):
        return replace(verdict, recent=recent, doubted_since=None)
    doubted_since = reading.frame_id if verdict.doubted_since is None else verdict.doubted_since
    if outcome is not None and _gives_way(verdict, outcome, recent, settings):
        return Verdict(state=outcome[0], card_id=outcome[1], recent=recent)
    if verdict.state is TrackState.DETECTING:
        return Verdict(state=TrackState.STABILIZING, recent=recent, doubted_since=doubted_since)
    return replace(verdict, recent=recent, doubted_since=doubted_since)


def _agreed(readings: tuple[Reading, ...]) -> tuple[TrackState, str | None] | None:
    """State and card that these readings have in common, if any; nothing but equal strong ones confirm a card."""
    kinds = {reading.worth for reading in readings}
    cards = {reading.card_id for reading in readings}
    if kinds == {Worth.STRONG} and len(cards) == 1:
        return TrackState.CONFIRMED, readings[0].card_id
    if kinds == {Worth.NOT_A_CARD}:
        return TrackState.NO_CARD, None
    if kinds <= {Worth.UNKNOWN, Worth.NOT_A_CARD}:
        return TrackState.UNKNOWN_CARD, None
    if all(reading.readable for reading in readings):
        return TrackState.STABILIZING, None
    return None


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
        return all(reading.worth is not Worth.NOT_A_CARD for reading in recent)
    if verdict.state is not TrackState.CONFIRMED or outcome[0] is TrackState.CONFIRMED:
        return True
    return verdict.doubted_since is not None and recent[-1].frame_id - verdict.doubted_since >= settings.doubt_frames
