"""What the daemon runs: the pipeline's stages, the hand-overs between them, and the loops that drive them."""

from collections.abc import Callable
from dataclasses import dataclass

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
from edge.service.loops import CaptureLoop, OutputLoop, RecognitionLoop
from edge.settings.settings import Settings
from edge.sources import FrameSource
from edge.wire.envelope import Envelope, Topic
from edge.wire.messages import HealthMessage
from edge.wire.publisher import Publisher
from edge.wire.session import FrameStamp, Session

_SLOTS = 32
_ANSWERS = 256


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
    settings: Settings, open_source: Callable[[], FrameSource], recognizer: Recognizer, outlet: Outlet
) -> Parts:
    """Open the source, and make everything that stands between it and the outlet.

    Raises:
        SourceError: if the source cannot be opened.
        ModelError: if a network of the detector is missing or damaged.
    """
    source = open_source()
    latencies, failures, corrections, feedback = Latencies(), SearchFailures(), Corrections(), Feedback()
    crops, inbox = CropSlots(_SLOTS), OutputInbox(_ANSWERS)
    cards, tracker = CardDetector(), Tracker(settings.tracking)
    selector = Selector(settings.selection, feedback, stills=source.stills)
    detector = detector_for(source, cards, failures)
    capture_stage = CaptureStage(detector, tracker, selector, corrections, failures)
    recognition_stage = RecognitionStage(recognizer)
    second_looks = SecondLooks(cards, recognition_stage, corrections, failures, stills=source.stills)
    scans = _scan_log(settings, source, recognition_stage, outlet.session)
    output_stage = OutputStage(settings.smoothing, feedback, outlet.envelope, measurer(settings))
    return Parts(
        latencies=latencies,
        search_failures=failures,
        detector=detector,
        tracker=tracker,
        selector=selector,
        crops=crops,
        inbox=inbox,
        capture=CaptureLoop(source, open_source, capture_stage, crops, inbox, latencies),
        recognition_stage=recognition_stage,
        second_looks=second_looks,
        recognition=RecognitionLoop(
            recognition_stage, second_looks, crops, inbox, latencies, max_batch=settings.recognition.max_batch
        ),
        scans=scans,
        output_stage=output_stage,
        output=OutputLoop(
            output_stage,
            inbox,
            outlet.publisher,
            scans,
            latencies,
            outlet.health,
            health_interval_s=settings.publish.health_interval_s,
        ),
    )


def measurer(settings: Settings) -> Measure:
    """Measures confirmed cards; with the camera's calibration where the settings name one."""
    return open_measurer(settings.centering.calibration, Setup(), settings.source.camera)


def detector_for(source: FrameSource, detector: CardDetector, failures: SearchFailures) -> Following | StillDetector:
    """What finds the cards in the frames of a source, searching with `detector`."""
    if not source.live:
        return StillDetector(detector)
    return Following(detector, SensorBoxes() if source.gives_boxes else WholeFrame(), failures)


def _scan_log(settings: Settings, source: FrameSource, stage: RecognitionStage, session: Session) -> ScanLog:
    def provenance() -> Provenance:
        manifest = stage.recognizer.database.manifest
        return Provenance(model_id=manifest.model_id, database=manifest.name)

    logged = LoggedSession(
        session=session.session, device=session.device, source=settings.source.spec, live=source.live
    )
    return ScanLog(settings.log.file, logged, provenance)
