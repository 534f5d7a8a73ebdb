"""The last stage: what tracks and answers come to, as messages."""

import time
from collections.abc import Callable, Sequence

from edge.centering import Measure
from edge.geometry import MOVED_IOU, quad_iou
from edge.health import Clock, Stopwatch
from edge.pipeline.answers import Answer, Observation, TrackedCard, card_message, feedback_of, topics_of
from edge.pipeline.lateness import LateAnswers
from edge.pipeline.returns import GoneCards
from edge.pipeline.selection import Feedback
from edge.pipeline.smoothing import Verdict, advance, judge
from edge.pipeline.tracking import SWAP_NS, Track
from edge.recognition.outlines import lies_inside
from edge.settings.sections import SmoothingSettings
from edge.wire.envelope import Envelope, Topic
from edge.wire.messages import CardMessage, TrackState
from edge.wire.session import FrameStamp

_NO_CARD = Verdict(state=TrackState.NO_CARD)
# layout: before the first frame, which has no size, nothing is followed.
_NOTHING_SEEN = Observation(
    frame=FrameStamp(frame_id=0, timestamp_ns=0, width=0, height=0), scene_ns=0, stretch=0, tracks=(), shown_since={}
)


class OutputStage:
    """From tracks and answers to messages. Used by one thread."""

    def __init__(
        self,
        settings: SmoothingSettings,
        feedback: Feedback,
        envelope: Callable[[Topic, FrameStamp], Envelope],
        measure: Measure | None = None,
        clock: Clock = time.monotonic_ns,
        *,
        timed: bool = True,
    ) -> None:
        """Start without tracks; `settings` may be replaced between calls.

        Args:
            settings: of the smoother.
            feedback: where the selector learns what was answered.
            envelope: of the next message of a topic, about a frame.
            measure: measures a confirmed card; None measures nothing.
            clock: the one that stamps frames.
            timed: whether messages say how long their answers took; those of a recording say nothing of the machine.
        """
        self.settings = settings
        self.lateness = LateAnswers(clock)
        self._feedback = feedback
        self._envelope = envelope
        self.measure = measure
        self._clock = clock
        self._timed = timed
        self._cards: dict[int, TrackedCard] = {}
        self._gone = GoneCards()
        self._observation = _NOTHING_SEEN

    @property
    def tracks(self) -> int:
        """How many tracks live."""
        return len(self._cards)

    def in_view(self) -> dict[int, Verdict]:
        """Track id -> verdict, of the tracks that the newest frame shows. Safe to call from another thread."""
        cards = tuple(self._cards.values())
        return {card.track.track_id: card.verdict for card in cards if card.track.visible}

    def observe(self, observation: Observation) -> list[CardMessage]:
        """Take in the newest tracks: which cards appeared, moved, changed or left."""
        before, self._observation = self._observation, observation
        present = {track.track_id: track for track in observation.tracks}
        messages = self._leave([track_id for track_id in self._cards if track_id not in present])
        if observation.stretch != before.stretch:
            self._gone.clear()
        for track in observation.tracks:
            since = observation.shown_since.get(track.track_id, track.shown_since)
            if track.track_id not in self._cards:
                card = TrackedCard(track=track, published_quad=track.quad, shown_since=since)
                self._cards[track.track_id] = card
                messages.append(self._message(Topic.APPEARED, card))
            elif self._changed(self._cards[track.track_id], track, since):
                messages.append(self._message(Topic.UPDATED, self._cards[track.track_id]))
        return messages

    def _changed(self, card: TrackedCard, track: Track, since: int) -> bool:
        """Take in a track's newest place and looks; whether subscribers are to be told."""
        card.track = track
        other = since > card.shown_since and card.forget_measurements()
        card.shown_since = since
        moved = quad_iou(card.published_quad, track.quad) < MOVED_IOU
        return (other or moved) and card.verdict.state is not TrackState.NO_CARD

    def answer(self, answer: Answer) -> list[CardMessage]:
        """Take in one answer; that on a track which has left, or shows something else since, changes nothing."""
        card = self._cards.get(answer.crop.track_id)
        if card is None or self._outlived(answer):
            self.lateness.late()
            return []
        self.lateness.in_time()
        watch, before = Stopwatch(self._clock), card.verdict
        with watch.time("smooth"):
            reading = judge(answer.recognition, answer.crop.frame.frame_id, sharp=answer.crop.sharp)
            card.verdict = _NO_CARD if self._is_a_part(card) else advance(before, reading, self.settings)
        if card.verdict.recent and card.verdict.shown:
            card.recognition, card.details = answer.recognition, answer.details
        self._feedback.put(card.track.track_id, feedback_of(card.verdict, answer))
        topics = topics_of(before, card.verdict)
        if (before.state, before.card_id) != (card.verdict.state, card.verdict.card_id):
            self._decide_anew(card, before, answer)
        with watch.time("centering"):
            self._measure(card, answer)
        total_ms = (self._clock() - answer.crop.frame.timestamp_ns) / 1e6
        if self._timed:
            card.latencies_ms = {**answer.latencies_ms, **watch.latencies_ms, "total": total_ms}
        return [self._message(topic, card) for topic in topics]

    def _decide_anew(self, card: TrackedCard, before: Verdict, answer: Answer) -> None:
        """Start again with all that belongs to one verdict."""
        card.forget_measurements()
        card.returned = None
        if before.card_id is not None:
            self._gone.add(card.track.track_id, before.card_id, card.track.quad)
        if card.verdict.card_id is not None:
            card.returned = self._gone.returned(card.track.track_id, card.verdict.card_id, card.track.quad)
        if card.verdict.decided and card.verdict.state is not TrackState.NO_CARD:
            card.frames_to_decision = self._observation.frame.frame_id - answer.crop.first_frame_id

    def _is_a_part(self, card: TrackedCard) -> bool:
        """Whether what a track shows lies inside a confirmed card, as its art window does: it is no card of its own."""
        confirmed = [each for each in self._cards.values() if each.verdict.state is TrackState.CONFIRMED]
        return any(
            each is not card and each.track.visible and lies_inside(card.track.quad, each.track.quad)
            for each in confirmed
        )

    def _outlived(self, answer: Answer) -> bool:
        """Whether the track shows something else since; where it does not, an answer may take as long as it likes."""
        frame = answer.crop.frame
        age_ns = self._observation.scene_ns - frame.scene_ns
        return age_ns > SWAP_NS and frame.frame_id < self._observation.shown_since.get(answer.crop.track_id, 0)

    def finish(self) -> list[CardMessage]:
        """Let every card leave; for a source that has ended."""
        return self._leave(list(self._cards))

    def _leave(self, track_ids: Sequence[int]) -> list[CardMessage]:
        self._feedback.discard(track_ids)
        left = [self._cards.pop(track_id) for track_id in track_ids]
        for card in left:
            if card.verdict.card_id is not None:
                self._gone.add(card.track.track_id, card.verdict.card_id, card.track.quad)
        return [self._message(Topic.LEFT, card) for card in left if card.verdict.state is not TrackState.NO_CARD]

    def _message(self, topic: Topic, card: TrackedCard) -> CardMessage:
        card.published_quad = card.track.quad
        return card_message(card, self._envelope(topic, self._observation.frame))

    def _measure(self, card: TrackedCard, answer: Answer) -> None:
        """Improve the centering of a confirmed card by another sharp frame."""
        shown = card.verdict.state is TrackState.CONFIRMED and answer.recognition is card.recognition
        current = shown and answer.crop.frame.frame_id >= card.shown_since
        if self.measure is None or not current or not answer.crop.sharp or not card.centering.due():
            return
        quad = answer.recognition.own_quad(answer.crop.quad)
        card.centering.add(self.measure(answer.crop.frame.image, quad, answer.reference))
