"""Times the pipeline's stages and, in turns with them, the bare library calls that they cannot do without."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.database.bundle import VECTORS_FILE
from edge.database.usearch_index import Index
from edge.detection import CardDetector, Following, StillDetector, WholeFrame
from edge.embedding.onnx import INPUT_NAME, OUTPUT_NAME
from edge.errors import ScannerError
from edge.frame import Frame
from edge.geometry import Image, Quad, card_homography
from edge.health import Clock
from edge.imaging.preprocessing import preprocess
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH, rectify
from edge.pipeline.output import OutputStage
from edge.pipeline.selection import Feedback, Selector
from edge.pipeline.stages import CaptureStage, RecognitionStage
from edge.pipeline.tracking import Tracker
from edge.recognition.recognizer import Recognizer
from edge.recognition.verification import Verifier
from edge.settings.sections import RecognitionSettings, SelectionSettings, SmoothingSettings, TrackingSettings
from edge.simulator.bench import Bench
from edge.simulator.script import Scenario
from edge.wire.session import Session

_WARM_UP = 2
_LONGEST_S = 20.0
_NEIGHBOURS = 10
_SEARCH_LIMIT_S = 10.0

Call = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Percentiles of one call's duration."""

    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTiming:
    """What one stage took for one card.

    Attributes:
        stage: its name.
        repeats: how often it was timed.
        timing: of the stage.
        bare_calls: the library calls that it is compared with; empty where there is no such thing.
        bare: timing of those calls, with everything prepared that need not be done for each card.
    """

    stage: str
    repeats: int
    timing: Timing
    bare_calls: str = ""
    bare: Timing | None = None

    @property
    def ratio(self) -> float | None:
        """How many times as long as the bare calls, by the medians."""
        return None if self.bare is None else self.timing.p50_ms / self.bare.p50_ms


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage to time, and the library calls that it cannot do without, where there are such."""

    name: str
    call: Call
    bare_calls: str = ""
    bare: Call | None = None


def measure_stages(settings: RecognitionSettings, recognizer: Recognizer, repeats: int) -> list[StageTiming]:
    """Time every stage on one card of the simulated bench, with OpenCV's threads as the daemon sets them.

    Args:
        settings: that `recognizer` was opened with.
        recognizer: the model and card database.
        repeats: how often each call is timed; less often where that would take long.

    Raises:
        ScannerError: if no card is found in the frame.
    """
    cv2.setNumThreads(max(1, (os.cpu_count() or 1) // 2))
    frame = Frame(frame_id=0, timestamp_ns=time.monotonic_ns(), image=Bench(scenario=Scenario.RESTING).frame(0)[0])
    return [measure_stage(stage, repeats) for stage in _stages(frame, settings, recognizer)]


class _BareCalls:
    """The library calls that one card needs, with everything prepared that does not depend on the card."""

    def __init__(self, settings: RecognitionSettings, recognizer: Recognizer) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = settings.threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(settings.model), options, providers=["CPUExecutionProvider"])
        self._preprocessing = recognizer.embedder.manifest.preprocessing
        index = Index.restore(recognizer.database.path / VECTORS_FILE, view=True)
        if index is None:
            raise ScannerError(f"{recognizer.database.path / VECTORS_FILE} cannot be opened; copy the database again")
        self._index = index

    def warp(self, image: Image, matrix: NDArray[np.float64]) -> cv2.typing.MatLike:
        return cv2.warpPerspective(
            image, matrix, (RECTIFIED_WIDTH, RECTIFIED_HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )

    def resize(self, card: Image) -> cv2.typing.MatLike:
        size = (self._preprocessing.width, self._preprocessing.height)
        return cv2.resize(card, size, interpolation=cv2.INTER_AREA)

    def run(self, batch: NDArray[np.float32]) -> object:
        return self._session.run([OUTPUT_NAME], {INPUT_NAME: batch})

    def search(self, query: NDArray[np.float32]) -> object:
        narrowed = query[0][: self._index.ndim]  # a large gallery's index has fewer dimensions
        return self._index.search(narrowed, _NEIGHBOURS, exact=True, threads=1)


def _stages(frame: Frame, settings: RecognitionSettings, recognizer: Recognizer) -> Sequence[Stage]:
    image, detector = frame.image, CardDetector()
    quad = _first_card(detector, image)
    card, matrix = rectify(image, quad), card_homography(quad, RECTIFIED_WIDTH, RECTIFIED_HEIGHT)
    embedder, database, verifier = recognizer.embedder, recognizer.database, Verifier(recognizer.database)
    batch, query = preprocess([card], embedder.manifest.preprocessing), embedder.embed([card])
    (matches,) = database.search(query, settings.matches)
    bare, pipeline = _BareCalls(settings, recognizer), _Pipeline(frame, detector, recognizer)
    resize_and_run = _in_turn(partial(bare.resize, card), partial(bare.run, batch))
    everything = _in_turn(
        partial(detector.detect, image), partial(bare.warp, image, matrix), resize_and_run, partial(bare.search, query)
    )
    return (
        Stage("detect", partial(detector.detect, image)),
        Stage("follow", partial(_following(detector, frame).detect, frame)),
        Stage("second look", partial(detector.others, image, quad)),
        Stage("rectify", partial(rectify, image, quad), "cv2.warpPerspective", partial(bare.warp, image, matrix)),
        Stage("embed", partial(embedder.embed, [card]), "cv2.resize + onnxruntime", resize_and_run),
        Stage("search", partial(database.search, query, settings.matches), "usearch", partial(bare.search, query)),
        Stage("verify", partial(verifier.verify, card, matches)),
        Stage("pipeline", pipeline.step, "detect + the bare calls of the other stages", everything),
    )


def _first_card(detector: CardDetector, image: Image) -> Quad:
    detections = detector.detect(image)
    if not detections:
        raise ScannerError("no card was found on the simulated bench: the detector is not working")
    quad: Quad = detections[0].quad
    return quad


def _following(detector: CardDetector, frame: Frame) -> Following:
    """One that has found the cards and goes on watching the still picture."""
    following = Following(detector, WholeFrame())
    deadline_s = time.monotonic() + _SEARCH_LIMIT_S
    while not following.detect(frame) and time.monotonic() < deadline_s:
        time.sleep(0.01)
    following.close()
    return following


def _in_turn(*calls: Call) -> Call:
    def call_all() -> None:
        for call in calls:
            call()

    return call_all


class _Pipeline:
    """The daemon's stages, without its threads, on one frame again and again; the selector never trusts its cache."""

    def __init__(self, frame: Frame, detector: CardDetector, recognizer: Recognizer) -> None:
        selector = Selector(SelectionSettings(sharpness=0.0), Feedback())
        self._capture = CaptureStage(StillDetector(detector), Tracker(TrackingSettings(min_hits=1)), selector)
        self._recognition = RecognitionStage(recognizer)
        self._output = OutputStage(SmoothingSettings(), Feedback(), Session("benchmark").envelope)
        self._frame = frame

    def step(self) -> None:
        """One frame through everything; a view of its picture is a picture that was not searched yet."""
        image, frame_id = self._frame.image[:], self._frame.frame_id + 1
        self._frame = replace(self._frame, frame_id=frame_id, timestamp_ns=time.monotonic_ns(), image=image)
        observation, crops, _ = self._capture.process(self._frame)
        self._output.observe(observation)
        if not crops:
            raise ScannerError("the pipeline chose no card from a frame that shows one: its selector is not working")
        for answer in self._recognition.process(crops):
            self._output.answer(answer)


def measure_stage(stage: Stage, repeats: int, clock: Clock = time.perf_counter_ns) -> StageTiming:
    """Time a stage and its bare calls in turns, so that whatever else the machine does meets both alike.

    Args:
        stage: what is called, twice before it is timed.
        repeats: how often each call is timed; less often where that would take longer than 20 s.
        clock: in nanoseconds.
    """
    calls = [stage.call] if stage.bare is None else [stage.call, stage.bare]
    for call in calls * _WARM_UP:
        call()
    durations_ms: list[list[float]] = [[] for _ in calls]
    ends_ns = clock() + int(1e9 * _LONGEST_S)
    while len(durations_ms[0]) < repeats and clock() < ends_ns:
        turns = list(zip(calls, durations_ms, strict=True))
        for call, durations in turns if len(durations_ms[0]) % 2 else reversed(turns):
            durations.append(_duration_ms(call, clock))
    own, *bare = (_timing(durations) for durations in durations_ms)
    return StageTiming(
        stage=stage.name,
        repeats=len(durations_ms[0]),
        timing=own,
        bare_calls=stage.bare_calls,
        bare=bare[0] if bare else None,
    )


def _duration_ms(call: Call, clock: Clock) -> float:
    start_ns = clock()
    call()
    return (clock() - start_ns) / 1e6


def _timing(durations_ms: Sequence[float]) -> Timing:
    p50_ms, p99_ms = np.percentile(durations_ms, [50, 99])
    return Timing(p50_ms=float(p50_ms), p99_ms=float(p99_ms))
