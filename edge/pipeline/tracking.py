"""Detections frame by frame become tracks: the same card keeps its id while it moves, is hidden or has neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.frame import Detection
from edge.geometry import Quad, quad_iou, rotated_half_turn
from edge.pipeline.assignment import best_pairs
from edge.settings.sections import TrackingSettings

# chosen: the share of the newest motion in the velocity; the rest is what it was before.
VELOCITY_SHARE = 0.5
# chosen: of the velocity, so much is left after each frame in which the card is not seen.
COASTING = 0.8
# chosen: so many searches may miss a card.
TOLERATED_MISSES = 2
# physics: no hand takes a card away and lays another one in its place in less than a quarter of a second.
SWAP_NS = 250_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """One card over time.

    Attributes:
        track_id: counts up within one tracker.
        quad: card quad in frame pixels; the same physical corner stays first. Where it was last seen.
        velocity: [2] motion of the centre, pixels per frame.
        confidence: of the newest detection, 0 to 1.
        frame_id: frame of the newest detection.
        hits: frames in which it was detected.
        seen_ns: when that was, on the clock of the scene.
        missed_frames: frames since then that were searched without finding it; 0 means seen in the newest frame.
        shown_since: first frame since which it was never hidden for long enough to be swapped.
    """

    track_id: int
    quad: Quad
    velocity: NDArray[np.float64]
    confidence: float
    frame_id: int
    hits: int
    seen_ns: int
    missed_frames: int
    shown_since: int

    @property
    def visible(self) -> bool:
        """Whether the newest frame shows it."""
        return self.missed_frames == 0

    def predicted_quad(self, frame_id: int) -> Quad:
        """Where it should be in a later frame; motion that is no longer observed dies down."""
        frames = (1 - COASTING ** (frame_id - self.frame_id)) / (1 - COASTING)
        return self.quad + self.velocity * frames


class Tracker:
    """Assigns the detections of each frame to tracks by their overlap with the predicted outlines."""

    def __init__(self, settings: TrackingSettings) -> None:
        """Start without tracks; `settings` may be replaced between updates."""
        self.settings = settings
        self._tracks: list[Track] = []
        self._next_id = 0

    def update(self, detections: Sequence[Detection], frame_id: int, scene_ns: int) -> tuple[Track, ...]:
        """Take in the detections of the next frame.

        Args:
            detections: every card found in the frame.
            frame_id: greater than that of the last update.
            scene_ns: when the scene was so; not less than at the last update.

        Returns:
            The tracks that have been seen in at least `min_hits` frames, by id, also those that are hidden now: for
            `hold_s`, or for two searches where those take longer.
        """
        pairs = self._pairs(detections, frame_id)
        continued = [
            _continued(track, detections[pairs[row]], frame_id, scene_ns) if row in pairs else _missed(track)
            for row, track in enumerate(self._tracks)
        ]
        taken = set(pairs.values())
        started = [self._start(d, frame_id, scene_ns) for column, d in enumerate(detections) if column not in taken]
        self._tracks = [track for track in continued if self._alive(track, scene_ns)] + started
        return tuple(track for track in self._tracks if track.hits >= self.settings.min_hits)

    def correct(self, track_id: int, quad: Quad) -> None:
        """Give a track another outline where it was last seen: the card has not moved."""
        self._tracks = [replace(each, quad=quad) if each.track_id == track_id else each for each in self._tracks]

    def end_all(self) -> None:
        """End every track: what comes next shows another scene."""
        self._tracks = []

    def _pairs(self, detections: Sequence[Detection], frame_id: int) -> dict[int, int]:
        overlaps = np.zeros((len(self._tracks), len(detections)))
        for row, track in enumerate(self._tracks):
            predicted = track.predicted_quad(frame_id)
            overlaps[row] = [quad_iou(predicted, detection.quad) for detection in detections]
        return dict(best_pairs(np.where(overlaps >= self.settings.min_iou, overlaps, 0.0)))

    def _start(self, detection: Detection, frame_id: int, scene_ns: int) -> Track:
        track = Track(
            track_id=self._next_id,
            quad=detection.quad,
            velocity=np.zeros(2),
            confidence=detection.confidence,
            frame_id=frame_id,
            hits=1,
            seen_ns=scene_ns,
            missed_frames=0,
            shown_since=frame_id,
        )
        self._next_id += 1
        return track

    def _alive(self, track: Track, scene_ns: int) -> bool:
        """An established track may be hidden for a while; one that is still to prove itself must be seen soon."""
        if track.missed_frames <= min(TOLERATED_MISSES, track.hits):
            return True
        established = track.hits >= self.settings.min_hits
        return established and scene_ns - track.seen_ns <= 1e9 * self.settings.hold_s


def _continued(track: Track, detection: Detection, frame_id: int, scene_ns: int) -> Track:
    quad = same_start(detection.quad, track.predicted_quad(frame_id))
    moved = (quad.mean(axis=0) - track.quad.mean(axis=0)) / (frame_id - track.frame_id)
    share = VELOCITY_SHARE if track.hits > 1 else 1.0
    hidden = track.missed_frames > 0 and scene_ns - track.seen_ns > SWAP_NS
    return replace(
        track,
        quad=quad,
        velocity=(1 - share) * track.velocity + share * moved,
        confidence=detection.confidence,
        frame_id=frame_id,
        hits=track.hits + 1,
        seen_ns=scene_ns,
        missed_frames=0,
        shown_since=frame_id if hidden else track.shown_since,
    )


def _missed(track: Track) -> Track:
    return replace(track, missed_frames=track.missed_frames + 1)


def same_start(quad: Quad, reference: Quad) -> Quad:
    """Of the two starts that a card quad may have, the one whose corners lie nearer to the reference's."""
    turned = rotated_half_turn(quad)
    return turned if np.square(turned - reference).sum() < np.square(quad - reference).sum() else quad
