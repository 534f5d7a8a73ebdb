"""What the daemon runs: the pipeline's stages, the hand-overs between them, and the loops that drive them."""

import platform
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from edge.calibration.measuring import open_measurer
from edge.centering import Measure, Setup
from edge.detection import CardDetector, Following, SearchFailures, SensorBoxes, StillDetector, WholeFrame
from edge.health import Latencies
from edge.log.rows import Provenance
from edge.log.scan_log import ScanLog
from edge.log.session import LoggedSession
from edge.manifests import DatabaseManifest
from edge.pipeline.handover import Corrections, CropSlots, OutputInbox
from edge.pipeline.output import OutputStage
from edge.pipeline.second_look import SecondLooks
from edge.pipeline.selection import Feedback, Selector
from edge.pipeline.stages import CaptureStage, RecognitionStage
from edge.pipeline.tracking import Tracker
from edge.recognition.recognizer import Recognizer
from edge.recording.format import RecordingHeader
from edge.service.identity import device_id
from edge.service.loops import CaptureLoop, OutputLoop, RecognitionLoop
from edge.service.recorder import Recorder
from edge.settings.sections import camera_of
from edge.settings.settings import Settings
from edge.sources import FrameSource
from edge.sources.base import Recorded
from edge.wire.envelope import Envelope, Topic
from edge.wire.messages import HealthMessage
from edge.wire.publisher import Publisher
from edge.wire.session import FrameStamp, Session

_SLOTS = 32
_ANSWERS = 256
# The sections that decide results, and name no file of the machine.
_DECISIVE = ("camera", "tracking", "selection", "smoothing")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlet:
    """Where results go.

    Attributes:
        session: this run of the scanner.
        publisher: of its messages.
        envelope: what each message begins with.
        health: composes the health message.
    """

    session: Session
    publisher: Publisher
    envelope: Callable[[Topic, FrameStamp | None], Envelope]
    health: Callable[[], HealthMessage]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """One of each; every stage belongs to one loop, and every loop to one thread."""

    latencies: Latencies
    search_failures: SearchFailures
    detector: Following | StillDetector
    tracker: Tracker
    selector: Selector
    crops: CropSlots
    inbox: OutputInbox
    capture: CaptureLoop
    recognition_stage: RecognitionStage
    second_looks: SecondLooks
    recognition: RecognitionLoop
    scans: ScanLog
    recorder: Recorder
    output_stage: OutputStage
    output: OutputLoop

    @property
    def recognizer(self) -> Recognizer:
        """The one in use."""
        return self.recognition_stage.recognizer

    @property
    def database(self) -> DatabaseManifest:
        """Of the card database in use."""
        return self.recognizer.database.manifest


def put_together(
    settings: Settings,
    source: FrameSource,
    reopen: Callable[[], FrameSource],
    recognizer: Recognizer,
    outlet: Outlet,
    log: Path,
) -> Parts:
    """Make everything that stands between the source and the outlet.

    Args:
        settings: of all.
        source: of the frames.
        reopen: opens it anew after a failure.
        recognizer: in use until another one is.
        outlet: where results go.
        log: of scans.

    Raises:
        ModelError: if a network of the detector is missing or damaged.
    """
    recorded = isinstance(source, Recorded)
    latencies, failures, corrections, feedback = Latencies(), SearchFailures(), Corrections(), Feedback()
    crops, inbox = CropSlots(_SLOTS), OutputInbox(_ANSWERS)
    cards, tracker = CardDetector(), Tracker(settings.tracking)
    selector = Selector(settings.selection, feedback, stills=source.stills)
    detector = detector_for(source, cards, failures)
    capture_stage = CaptureStage(detector, tracker, selector, corrections, failures)
    recognition_stage = RecognitionStage(recognizer)
    second_looks = SecondLooks(cards, recognition_stage, corrections, failures, waits=source.stills or recorded)
    logged = LoggedSession(
        session=outlet.session.session, device=outlet.session.device, source=settings.source.spec, live=source.live
    )
    scans = ScanLog(log, logged, partial(_provenance, recognition_stage))
    recorder = Recorder(
        settings.snapshot.place,
        partial(_recording_header, settings, source, recognition_stage, outlet.session),
        outlet.session.captured_ns,
    )
    output_stage = OutputStage(
        settings.smoothing,
        feedback,
        outlet.envelope,
        measurer(settings, source),
        outlet.session.monotonic,
        timed=not recorded,
    )
    return Parts(
        latencies=latencies,
        search_failures=failures,
        detector=detector,
        tracker=tracker,
        selector=selector,
        crops=crops,
        inbox=inbox,
        capture=CaptureLoop(source, reopen, capture_stage, crops, inbox, latencies, recorder=recorder),
        recognition_stage=recognition_stage,
        second_looks=second_looks,
        recognition=RecognitionLoop(
            recognition_stage, second_looks, crops, inbox, latencies, max_batch=settings.recognition.max_batch
        ),
        scans=scans,
        recorder=recorder,
        output_stage=output_stage,
        output=OutputLoop(
            output_stage,
            inbox,
            outlet.publisher,
            scans,
            latencies,
            outlet.health,
            health_interval_s=settings.publish.health_interval_s,
            recorder=recorder,
        ),
    )


def measurer(settings: Settings, source: FrameSource) -> Measure:
    """Measures confirmed cards; with the camera's calibration where the settings name one."""
    camera = camera_of(source.origin) if isinstance(source, Recorded) else settings.source.camera
    return open_measurer(settings.centering.calibration, Setup(), camera)


def detector_for(source: FrameSource, detector: CardDetector, failures: SearchFailures) -> Following | StillDetector:
    """What finds the cards in the frames of a source, searching with `detector`."""
    recorded = isinstance(source, Recorded)
    if not source.live and not recorded:
        return StillDetector(detector)
    attention = SensorBoxes() if source.gives_boxes else WholeFrame()
    return Following(detector, attention, failures, waits=recorded)


def session_of(settings: Settings, source: FrameSource) -> Session:
    """This run of the scanner, or, where a recording is played, the run that was recorded, with its clock."""
    if isinstance(source, Recorded):
        return Session(source.device, source.session, clock=source.utc_ns, monotonic=source.monotonic_ns)
    return Session(device_id(settings.publish.device))


@contextmanager
def log_of_scans(settings: Settings) -> Iterator[Path]:
    """The file of the log; of what is recorded none is kept, since its cards were counted when they were scanned."""
    if not settings.source.replays:
        yield settings.log.file
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "scans.db"


def _provenance(stage: RecognitionStage) -> Provenance:
    manifest = stage.recognizer.database.manifest
    return Provenance(model_id=manifest.model_id, database=manifest.name)


def _recording_header(
    settings: Settings, source: FrameSource, stage: RecognitionStage, session: Session, fps: float
) -> RecordingHeader:
    manifest = stage.recognizer.database.manifest
    return RecordingHeader(
        program=version("card-scanner"),
        machine=platform.machine(),
        device=session.device,
        session=session.session,
        source=source.origin if isinstance(source, Recorded) else settings.source.spec,
        gives_boxes=source.gives_boxes,
        fps=fps,
        model_id=manifest.model_id,
        database=manifest.name,
        database_cards=manifest.cards,
        settings=settings.model_dump(mode="json", include=set(_DECISIVE)),
    )
