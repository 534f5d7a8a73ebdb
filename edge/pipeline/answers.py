"""What passes from stage to stage after detection, and how it is told to subscribers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.centering import RestingCard
from edge.frame import Frame
from edge.geometry import Quad
from edge.imaging.print_reference import PrintReference
from edge.pipeline.selection import Crop, Demand, TrackFeedback
from edge.pipeline.smoothing import Verdict
from edge.pipeline.tracking import Track
from edge.recognition.matches import match_messages
from edge.recognition.recognition import Recognition
from edge.wire.envelope import Envelope, Topic
from edge.wire.messages import CardDetails, CardMessage, TrackState
from edge.wire.session import FrameStamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The tracks of one frame.

    Attributes:
        frame: what messages say of the frame.
        scene_ns: when the scene was so.
        stretch: which continuous stretch of frames it belongs to.
        tracks: all that live.
        shown_since: track id -> first frame since which the track has shown what it shows now.
    """

    frame: FrameStamp
    scene_ns: int
    stretch: int
    tracks: tuple[Track, ...]
    shown_since: Mapping[int, int]


def stamp_of(frame: Frame) -> FrameStamp:
    """What messages say of a frame."""
    height, width = frame.image.shape[:2]
    return FrameStamp(frame_id=frame.frame_id, timestamp_ns=frame.timestamp_ns, width=width, height=height)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What recognition says of one crop.

    Attributes:
        crop: that was recognised.
        recognition: the answer.
        details: what the database knows of the first match.
        reference: picture of the first match, for reading its centering; None where the database holds none.
        latencies_ms: stage -> time, of capture and recognition.
    """

    crop: Crop
    recognition: Recognition
    details: CardDetails | None
    reference: PrintReference | None
    latencies_ms: dict[str, float]


@dataclass(slots=True, kw_only=True, eq=False)
class TrackedCard:
    """What the output stage remembers of a track.

    Attributes:
        track: as it was last seen.
        published_quad: its outline in the newest message.
        shown_since: first frame since which the track has shown what it shows now.
        verdict: what its answers come to.
        recognition: the newest one that agrees with the verdict; a single dissenting answer is not shown. Without its
            crop, which would keep a whole frame for as long as the card lies there.
        details: what the database knows of its first match.
        latencies_ms: stage -> time for the newest answer.
        frames_to_decision: from the first sharp frame to the verdict.
        centering: the measurement in its sharp frames, while it lies there and nothing else is thought of it.
        returned: earlier track of the confirmed card, where it has come back to its place.
    """

    track: Track
    published_quad: Quad
    shown_since: int
    verdict: Verdict = field(default_factory=Verdict)
    recognition: Recognition | None = None
    details: CardDetails | None = None
    latencies_ms: dict[str, float] = field(default_factory=dict)
    frames_to_decision: int | None = None
    centering: RestingCard = field(default_factory=RestingCard)
    returned: int | None = None

    @property
    def own_quad(self) -> Quad:
        """Its outline from the card's own top-left, as far as an answer says where that is."""
        return self.track.quad if self.recognition is None else self.recognition.own_quad(self.track.quad)

    def forget_measurements(self) -> bool:
        """Measure anew: what was measured may be of another card; whether something was published."""
        published = self.frames_to_decision is not None or self.centering.report is not None
        self.frames_to_decision, self.centering = None, RestingCard()
        return published


def feedback_of(verdict: Verdict, answer: Answer) -> TrackFeedback:
    """What the selector has to know of the newest answer on a track."""
    undecided = Demand.BEST if verdict.candidate else Demand.SHARP
    return TrackFeedback(
        demand=Demand.CHECK if verdict.decided else undecided,
        frame_id=answer.crop.frame.frame_id,
        quad=answer.crop.quad,
        fingerprint=answer.crop.fingerprint,
    )


def topics_of(before: Verdict, after: Verdict) -> list[Topic]:
    """What an answer has to say to subscribers."""
    if after.state is TrackState.NO_CARD:
        return [] if before.state is TrackState.NO_CARD else [Topic.LEFT]
    appeared = [Topic.APPEARED] if before.state is TrackState.NO_CARD else []
    changed = (before.state, before.card_id) != (after.state, after.card_id)
    if changed and after.state is TrackState.CONFIRMED:
        return [*appeared, Topic.CONFIRMED]
    if changed and after.state is TrackState.UNKNOWN_CARD:
        return [*appeared, Topic.UNKNOWN]
    return appeared or [Topic.UPDATED]


def card_message(card: TrackedCard, envelope: Envelope) -> CardMessage:
    """Say what is known of a card in the frame that the envelope names."""
    verdict = card.verdict
    recognition = card.recognition
    matches = () if recognition is None else recognition.matches
    belief = None if recognition is None else recognition.belief
    printings = None if recognition is None else recognition.printings
    confirmed = verdict.state is TrackState.CONFIRMED
    return CardMessage(
        **dict(envelope),
        track_id=card.track.track_id,
        state=TrackState.NO_CARD if envelope.topic is Topic.LEFT else verdict.state,
        corners=[(float(x), float(y)) for x, y in card.own_quad],
        card_id=verdict.card_id,
        card=card.details if confirmed else None,
        distance=matches[0].distance if matches else None,
        margin=max(0.0, matches[1].distance - matches[0].distance) if len(matches) > 1 else None,
        probability=None if belief is None else belief.probabilities[0],
        none_of_these=None if belief is None else belief.none,
        matches=[] if recognition is None else match_messages(recognition),
        printings=[] if printings is None else list(printings.card_ids),
        printings_reason=None if printings is None else printings.reason,
        centering=card.centering.report,
        frames_to_decision=card.frames_to_decision,
        returned=card.returned if confirmed else None,
        latencies_ms=card.latencies_ms,
    )
