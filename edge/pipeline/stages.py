"""The whole flow, from a frame to what is published about its cards.

    frame -> CaptureStage: detect, track, select -> crops
    crops -> RecognitionStage: rectify, embed, search, verify -> answers
    tracks, answers -> OutputStage (`output.py`): smooth, measure -> messages

Stages are plain objects without threads; `edge.service.daemon` runs each in a thread of its own. What flows back
is small: by the `Feedback` the output stage tells the selector what was answered of each track, and whether that
decides it; by `Corrections` second looks (`second_look.py`) tell the capture stage which outline a card really has.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from edge.database.learned_gallery import LearnedGallery
from edge.detection.following.failures import SearchFailures
from edge.detection.following.frames import Detector, detections_of
from edge.frame import Frame
from edge.health import Stopwatch
from edge.imaging.rectification import rectify
from edge.pipeline.answers import Answer, Observation, stamp_of
from edge.pipeline.continuity import Continuity
from edge.pipeline.handover import Corrections
from edge.pipeline.selection import Crop, Selector
from edge.pipeline.tracking import Track, Tracker
from edge.pipeline.views import Views
from edge.recognition.recognition import Recognition
from edge.recognition.recognizer import Recognizer

T = TypeVar("T")


class CaptureStage:
    """From a frame to its tracks and the crops worth recognising."""

    def __init__(
        self,
        detector: Detector,
        tracker: Tracker,
        selector: Selector,
        corrections: Corrections | None = None,
        failures: SearchFailures | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            detector: finds the cards.
            tracker: follows what it finds.
            selector: chooses what to recognise.
            corrections: outlines that recognition has put right.
            failures: is told of frames in which the detector fails.
        """
        self._corrections = corrections or Corrections()
        self._failures = failures or SearchFailures()
        self._detector = detector
        self._tracker = tracker
        self._selector = selector
        self._continuity = Continuity()
        self._stretch = 0
        self._tracks: tuple[Track, ...] = ()

    def interrupt(self) -> None:
        """Say that the next frame does not continue what was seen."""
        self._continuity.interrupt()

    def process(self, frame: Frame) -> tuple[Observation, tuple[Crop, ...], dict[str, float]]:
        """Detect, track and select.

        A frame in which the detector fails says nothing about what is there: the tracks stay as they were.

        Returns:
            The tracks, the crops to recognise, and stage -> time in ms.
        """
        watch = Stopwatch()
        self._follow_on(frame)
        self._correct()
        with watch.time("detect"):
            detections = detections_of(frame, self._detector, self._failures)
        crops: tuple[Crop, ...] = ()
        if detections is not None:
            with watch.time("track"):
                self._tracks = self._tracker.update(detections, frame.frame_id, frame.scene_ns)
            with watch.time("select"):
                crops = self._selector.select(frame, self._tracks)
        observation = Observation(
            frame=stamp_of(frame),
            scene_ns=frame.scene_ns,
            stretch=self._stretch,
            tracks=self._tracks,
            shown_since=self._selector.shown_since,
        )
        return observation, tuple(replace(c, latencies_ms=watch.latencies_ms) for c in crops), watch.latencies_ms

    def _follow_on(self, frame: Frame) -> None:
        """End every track where the frame does not continue what was seen."""
        stretch = self._continuity.stretch_of(frame, self._tracker.settings.hold_s)
        if stretch != self._stretch:
            self._stretch = stretch
            self._tracker.end_all()
            self._tracks = ()

    def _correct(self) -> None:
        """Put the outlines right that recognition has corrected, where the card lies there still."""
        tracks, since = {track.track_id: track for track in self._tracks}, self._selector.shown_since
        for each in self._corrections.take():
            track = tracks.get(each.track_id)
            if track is None or since.get(each.track_id, 0) > each.frame_id:
                continue
            better = each.moved_to(track.quad)
            if self._detector.correct(track.quad, better):
                self._tracker.correct(track.track_id, better)
                self._selector.outline_corrected(track.track_id)

    def remaining(self) -> tuple[Crop, ...]:
        """The crops that still wait for a sharper frame; for a source that has ended."""
        return self._selector.remaining()


class RecognitionStage:
    """From crops to answers, in one batch."""

    def __init__(self, recognizer: Recognizer) -> None:
        """Start with that model and card database."""
        self.embeddings = 0
        self.views = Views()
        self._recognizer = recognizer
        self._in_use = threading.Lock()

    @property
    def recognizer(self) -> Recognizer:
        """The model and card database in use."""
        return self._recognizer

    def swap(self, recognizer: Recognizer) -> None:
        """Use another model and card database from the next batch on, and release the present ones.

        Safe to call from another thread; it waits for the batch that is being recognised.
        """
        with self._in_use:
            previous, self._recognizer = self._recognizer, recognizer
        previous.close()

    def know(self, learned: LearnedGallery) -> None:
        """Know these learned cards from the next batch on. Safe to call from another thread."""
        with self._in_use:
            self._recognizer = self._recognizer.with_learned(learned)

    def between_batches(self, work: Callable[[Recognizer], T]) -> T:
        """What some work with the recogniser comes to, which is done between two batches; whatever it raises.

        Safe to call from another thread.
        """
        with self._in_use:
            return work(self._recognizer)

    def process(self, crops: Sequence[Crop]) -> tuple[Answer, ...]:
        """Rectify and recognise.

        Raises:
            InferenceError: if the model fails.
            DatabaseError: if the database fails.
        """
        watch = Stopwatch()
        with watch.time("rectify"):
            cards = [rectify(crop.frame.image, crop.quad) for crop in crops]
        with self._in_use:
            recognitions = self._recognizer.recognize(cards)
            self.embeddings += len(cards)
            return tuple(
                self._answer(crop, recognition, watch.latencies_ms)
                for crop, recognition in zip(crops, recognitions, strict=True)
            )

    def _answer(self, crop: Crop, recognition: Recognition, latencies_ms: dict[str, float]) -> Answer:
        first = recognition.matches[0].card_id if recognition.matches else None
        return Answer(
            crop=crop,
            recognition=recognition,
            details=None if first is None else self._recognizer.details(first),
            reference=None if first is None else self._recognizer.original(first),
            latencies_ms={**crop.latencies_ms, **latencies_ms, **recognition.timings_ms},
        )
