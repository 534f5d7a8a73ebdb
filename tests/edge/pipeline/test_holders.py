"""Cards in holders under a live camera, through the real detector, model and database: told by their own corners."""

import itertools
import time
from contextlib import ExitStack

import numpy as np
import pytest

from edge.detection import CardDetector, Following, SensorBoxes, StillDetector, WholeFrame
from edge.frame import Frame
from edge.geometry import Image, bounding_box, side_lengths
from edge.pipeline.handover import Corrections
from edge.pipeline.output import OutputStage
from edge.pipeline.second_look import SecondLooks
from edge.pipeline.selection import Feedback, Selector
from edge.pipeline.stages import CaptureStage, RecognitionStage
from edge.pipeline.tracking import Tracker
from edge.recognition.opening import open_recognizer
from edge.settings.settings import Settings
from edge.simulator.bench import LIGHT, bench_camera
from edge.simulator.camera import Pose
from edge.simulator.items import PlacedCard, Scene
from edge.simulator.scene import render_scene
from edge.simulator.sets import demo_cards
from edge.simulator.sleeve import Finish, Sleeve
from edge.simulator.surfaces import Surface
from edge.simulator.truth import CardTruth
from edge.wire.envelope import Topic
from edge.wire.messages import CardMessage
from edge.wire.session import Session

SETTINGS = Settings()
MAX_ERROR_MM = 1.0
YELLOW_SLEEVE = Sleeve(kind="coloured", margins_mm=(3.0, 3.0, 3.0, 4.0), colour=(40, 200, 240), opacity=1.0)
SLAB = Sleeve(kind="toploader", margins_mm=(9.0, 32.0, 9.0, 12.0), colour=(235, 235, 235), opacity=0.9)


@pytest.fixture(scope="module")
def recognizer():
    opened = open_recognizer(SETTINGS.recognition)
    yield opened
    opened.close()


class Scanner:
    """All stages, one after the other, with the real parts."""

    def __init__(self, recognizer, kind: str) -> None:
        cards, corrections, feedback = CardDetector(), Corrections(), Feedback()
        stills = kind == "photo"
        attention = SensorBoxes() if kind == "sensor" else WholeFrame()
        self.detector = StillDetector(cards) if stills else Following(cards, attention)
        selector = Selector(SETTINGS.selection, feedback, stills=stills)
        self.capture = CaptureStage(self.detector, Tracker(SETTINGS.tracking), selector, corrections)
        self.recognition = RecognitionStage(recognizer)
        self.looks = SecondLooks(cards, self.recognition, corrections, waits=stills)
        self.output = OutputStage(
            SETTINGS.smoothing,
            feedback,
            Session("bench").envelope,
        )

    def show(self, frame: Frame) -> list[CardMessage]:
        observation, crops, _ = self.capture.process(frame)
        messages = self.output.observe(observation)
        answers = self.recognition.process(crops) if crops else ()
        for answer in (*answers, *self.looks.after(answers)):
            messages += self.output.answer(answer)
        return messages

    def close(self) -> None:
        self.looks.close()
        if isinstance(self.detector, Following):
            self.detector.close()


def held_card(number: int, surface: str, holder: Sleeve) -> tuple[Image, CardTruth]:
    cards = [spec for spec in demo_cards() if spec.lookalike_of is None]
    card = PlacedCard(spec=cards[number], pose=Pose(angle_deg=4.0 * number - 6), finish=Finish(sleeve=holder))
    bench = Surface(kind=surface, seed=number)
    image, truth = render_scene(Scene(camera=bench_camera((960, 960)), surface=bench, cards=(card,), light=LIGHT))
    return image, truth.cards[0]


def shown(scanner: Scanner, image: Image, box: np.ndarray, *, still: bool, until, timeout_s: float = 60.0):
    """The messages of a card that lies there, until `until` holds of one and for some frames more."""
    rng = np.random.default_rng(0)
    noisy = [np.clip(image + rng.normal(0, 1.5, image.shape), 0, 255).astype(np.uint8) for _ in range(3)]
    messages, ends, deadline = [], None, time.monotonic() + timeout_s
    for number in itertools.count():
        if number == ends or time.monotonic() > deadline:
            return messages
        frame = Frame(
            frame_id=number, timestamp_ns=33_000_000 * number, image=image if still else noisy[number % 3],
            boxes=np.array([box]), media_ns=0 if still else None,
        )  # fmt: skip
        messages += scanner.show(frame)
        if ends is None and any(until(message) for message in messages):
            ends = number + 40
        time.sleep(0.002)
    raise AssertionError


def error_mm(message: CardMessage, truth: CardTruth) -> float:
    px_per_mm = side_lengths(truth.quad).min() / 63
    return float(np.abs(np.array(message.corners) - truth.quad).max() / px_per_mm)


SLEEVE_ON_FELT, SLEEVE_ON_WOOD = (1, "felt", YELLOW_SLEEVE), (2, "wood", YELLOW_SLEEVE)
SLAB_ON_CARDBOARD = (3, "cardboard", SLAB)


@pytest.mark.parametrize(
    ("kind", "number", "surface", "holder"),
    [
        ("camera", *SLEEVE_ON_FELT),
        ("camera", *SLAB_ON_CARDBOARD),
        ("sensor", *SLEEVE_ON_FELT),
        ("photo", *SLEEVE_ON_WOOD),
        ("photo", *SLAB_ON_CARDBOARD),
    ],
)
def test_a_card_in_a_holder_is_confirmed_by_its_own_corners(recognizer, kind, number, surface, holder):
    image, truth = held_card(number, surface, holder)
    with ExitStack() as resources:
        scanner = Scanner(recognizer, kind)
        resources.callback(scanner.close)
        messages = shown(
            scanner, image, bounding_box(truth.quad), still=kind == "photo", until=lambda m: m.topic is Topic.CONFIRMED
        )
    confirmed = [message for message in messages if message.topic is Topic.CONFIRMED]
    assert [message.card_id for message in confirmed] == [truth.card_id]
    assert {message.track_id for message in messages} == {confirmed[0].track_id}
    assert error_mm(messages[0], truth) > 3 * MAX_ERROR_MM
    assert max(error_mm(message, truth) for message in messages[messages.index(confirmed[0]) :]) < MAX_ERROR_MM
