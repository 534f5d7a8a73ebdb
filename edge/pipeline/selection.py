"""Decides which crops are worth embedding.

A track is asked about until it is decided, in sharp frames only; a decided one is asked about again when it has
moved, its answer has aged, it was hidden, or it looks different (one card was swapped for another in the same place).
"""

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

import cv2
import numpy as np

from edge.frame import Frame
from edge.geometry import Image, Quad, quad_iou
from edge.imaging.hashing import Hash, perceptual_hash
from edge.imaging.rectification import rectify
from edge.pipeline.appearance import Appearances, looks_different
from edge.pipeline.tracking import Track
from edge.settings.sections import SelectionSettings

# geometry: 2.5 pixels/mm, which every camera has: the threshold of sharpness holds at every distance.
CROP_WIDTH, CROP_HEIGHT = 160, 224
# A side: hashes of 8 x 8 bits (Zauner, 2010).
FINGERPRINT_BITS = 8


class Demand(Enum):
    """What the output side wants of a track."""

    SHARP = auto()
    """Undecided: every sharp frame."""
    BEST = auto()
    """Readable but not good enough to decide: the best of several frames rather than more of the same."""
    CHECK = auto()
    """Decided: nothing until it moves, ages or looks different."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crop:
    """A card in a frame, chosen to be recognised.

    Attributes:
        track_id: of the card.
        frame: that shows it; its image is shared, not copied.
        quad: card quad in that frame.
        sharpness: variance of the Laplacian of the grey card at 160 x 224 pixels.
        sharp: whether that reaches the threshold.
        fingerprint: perceptual hash of that small card.
        first_frame_id: first frame that was sharp, or chosen, since the track was last decided.
        shown_since: first frame since which the track has shown what it shows now.
        neighbours: outlines of the other tracks in that frame.
        latencies_ms: stage -> time that the frame took in it.
    """

    track_id: int
    frame: Frame
    quad: Quad
    sharpness: float
    sharp: bool
    fingerprint: Hash
    first_frame_id: int
    shown_since: int = 0
    neighbours: tuple[Quad, ...] = ()
    latencies_ms: Mapping[str, float] = field(default_factory=dict)

    def supersedes(self, earlier: "Crop") -> bool:
        """Whether this later crop is the better one to recognise."""
        return self.sharp or self.sharpness >= earlier.sharpness


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackFeedback:
    """The newest answer on a track, as the selector has to know it: what is wanted next, and what was answered."""

    demand: Demand
    frame_id: int
    quad: Quad
    fingerprint: Hash


class Feedback:
    """The newest answer on each track. Written by the output side, read by the selector, safe between threads."""

    def __init__(self) -> None:
        """Start without answers."""
        self._lock = threading.Lock()
        self._by_track: dict[int, TrackFeedback] = {}

    def put(self, track_id: int, newest: TrackFeedback) -> None:
        """Replace the answer on a track."""
        with self._lock:
            self._by_track[track_id] = newest

    def get(self, track_id: int) -> TrackFeedback | None:
        """The newest answer on a track, if there is one."""
        with self._lock:
            return self._by_track.get(track_id)

    def discard(self, track_ids: Iterable[int]) -> None:
        """Forget tracks that have ended."""
        with self._lock:
            for track_id in track_ids:
                self._by_track.pop(track_id, None)


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiting:
    """What the selector remembers of a track: the best crop so far, and what was asked when."""

    best: Crop | None = None
    since_frame_id: int | None = None
    first_frame_id: int | None = None
    asked_frame_id: int | None = None


class Selector:
    """Chooses crops frame by frame. Used by one thread."""

    def __init__(self, settings: SelectionSettings, feedback: Feedback, *, stills: bool = False) -> None:
        """Start without tracks; `settings` may be replaced between frames.

        Args:
            settings: of the selection.
            feedback: what was answered of each track.
            stills: the frames are photos, of which no later one is sharper.
        """
        self.settings = settings
        self._stills = stills
        self.cache_hits = 0
        self._feedback = feedback
        self._waiting: dict[int, _Waiting] = {}
        self._appearances = Appearances()

    @property
    def shown_since(self) -> dict[int, int]:
        """Track id -> first frame since which it has shown what it shows now."""
        return self._appearances.since()

    def select(self, frame: Frame, tracks: Collection[Track]) -> tuple[Crop, ...]:
        """The crops to recognise now; at most one a track, of this frame or the best of the last few.

        Args:
            frame: the newest one.
            tracks: every track that lives; those that this frame does not show are left alone.
        """
        self._waiting = {track.track_id: self._waiting.get(track.track_id) or _Waiting() for track in tracks}
        self._appearances.keep(self._waiting)
        chosen = (self._consider(frame, track) for track in tracks if track.visible)
        return tuple(_beside(crop, tracks) for crop in chosen if crop is not None)

    def outline_corrected(self, track_id: int) -> None:
        """Say that a track has another outline from the next frame on: it looks different, and shows what it showed."""
        self._appearances.outline_corrected(track_id)
        if track_id in self._waiting:
            self._waiting[track_id].best = self._waiting[track_id].since_frame_id = None

    def remaining(self) -> tuple[Crop, ...]:
        """The crops that still wait for a sharper frame; for a source that has ended."""
        return tuple(waiting.best for waiting in self._waiting.values() if waiting.best is not None)

    def _consider(self, frame: Frame, track: Track) -> Crop | None:
        waiting = self._waiting[track.track_id]
        last = self._feedback.get(track.track_id)
        crop = self._crop(frame, track, waiting)
        since = self._appearances.see(track.track_id, track.shown_since, frame.frame_id, crop.fingerprint)
        crop = replace(crop, shown_since=since)
        if last is not None and last.demand is Demand.CHECK:
            if last.frame_id >= since and not self._outdated(last, crop):
                self.cache_hits += 1
                self._waiting[track.track_id] = _Waiting(asked_frame_id=waiting.asked_frame_id)
                return None
            if self._awaits_answer(waiting, last, frame.frame_id):
                return None
        return self._keep_or_choose(crop, waiting, patient=last is not None and last.demand is Demand.BEST)

    def _crop(self, frame: Frame, track: Track, waiting: _Waiting) -> Crop:
        card = small_grey_card(frame.image, track.quad)
        sharpness = laplacian_variance(card)
        sharp = sharpness >= self.settings.sharpness
        if sharp and waiting.first_frame_id is None:
            waiting.first_frame_id = frame.frame_id
        return Crop(
            track_id=track.track_id,
            frame=frame,
            quad=track.quad,
            sharpness=sharpness,
            sharp=sharp,
            fingerprint=perceptual_hash(card, FINGERPRINT_BITS),
            first_frame_id=frame.frame_id if waiting.first_frame_id is None else waiting.first_frame_id,
        )

    def _outdated(self, last: TrackFeedback, crop: Crop) -> bool:
        return (
            crop.frame.frame_id - last.frame_id > self.settings.cache_age_frames
            or quad_iou(last.quad, crop.quad) < self.settings.moved_iou
            or looks_different(last.fingerprint, crop.fingerprint)
        )

    def _awaits_answer(self, waiting: _Waiting, last: TrackFeedback, frame_id: int) -> bool:
        """Whether a check is under way; one that was dropped on the way is repeated after a few frames."""
        asked = waiting.asked_frame_id
        return asked is not None and last.frame_id < asked and frame_id - asked <= self.settings.best_of_frames

    def _keep_or_choose(self, crop: Crop, waiting: _Waiting, *, patient: bool) -> Crop | None:
        best = crop if waiting.best is None or crop.sharpness >= waiting.best.sharpness else waiting.best
        since = crop.frame.frame_id if waiting.since_frame_id is None else waiting.since_frame_id
        waited_long = self._stills or crop.frame.frame_id - since + 1 >= self.settings.best_of_frames
        if not waited_long and (patient or not crop.sharp):
            waiting.best, waiting.since_frame_id = best, since
            return None
        waiting.best, waiting.since_frame_id, waiting.asked_frame_id = None, None, best.frame.frame_id
        if waiting.first_frame_id is None:
            waiting.first_frame_id = best.frame.frame_id
        return best


def _beside(crop: Crop, tracks: Collection[Track]) -> Crop:
    others = tuple(track.quad for track in tracks if track.track_id != crop.track_id and track.visible)
    return replace(crop, neighbours=others)


def small_grey_card(image: Image, quad: Quad) -> Image:
    """A card as its sharpness is measured: uint8 [224, 160] grey, at the same size from every distance."""
    card = rectify(image, quad, CROP_WIDTH, CROP_HEIGHT)
    return np.asarray(cv2.cvtColor(card, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def laplacian_variance(grey: Image) -> float:
    """Variance of the Laplacian of a grey image, a measure of sharpness (Pech-Pacheco et al. 2000)."""
    _, deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_32F))
    return float(deviation[0, 0] ** 2)
