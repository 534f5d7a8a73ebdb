"""CPU time of each stage of the latency budget, on one core of whatever machine this runs on.

    python -m tests.hardware.stage_times

Prints the constants of `latency_budget.py` as they are here. On a Raspberry Pi they replace the assumed factor. CPU
time of the thread is measured, so that other programs disturb it little.
"""

import sys
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from edge.centering import measure
from edge.detection.cards import FAR_PX, MIN_SCORE, NEARER_PX, CardDetector
from edge.detection.following.known import Place, follow, followed
from edge.detection.following.search import search_places
from edge.detection.following.sensor_outlines import looked_at_outlines
from edge.detection.networks.dense import decode_maps
from edge.detection.networks.outline import (
    DISTANCE_UNIT_PX,
    INPUT_NAME,
    OUTPUT_NAMES,
    RAYS,
    SIGNATURE,
    STRIDE_PX,
    OutlineProposer,
    Proposal,
)
from edge.detection.networks.sides import SideFinder
from edge.frame import Detection, OutlineMaps
from edge.imaging.preprocessing import preprocess
from edge.imaging.rectification import rectify
from edge.inference.networks import open_network
from edge.manifests import Preprocessing
from edge.recognition.opening import open_recognizer
from edge.recognition.verification import Verifier
from edge.settings.sections import RecognitionSettings
from edge.shipped import OUTLINE_MODEL, SIDE_MODEL
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from edge.sources.imx500_outlines import outline_maps

FRAME_PX = 1520
CARD_PX = (504, 704)
PLACE_PX = (500, 400)
SENSOR_PX = 320
MODEL_INPUT = Preprocessing(width=160, height=224, layout="NHWC")


def cpu_ms(work: Callable[[], object], times: int) -> float:
    """Median CPU time of this thread, after a first run that does not count."""
    work()
    taken = []
    for _ in range(times):
        start = time.thread_time()
        work()
        taken.append(1000 * (time.thread_time() - start))
    return float(np.median(taken))


def frame_with(places: list[tuple[int, int]], size: tuple[int, int]) -> np.ndarray:
    """A noisy green table with cards of that size, rounded corners and all."""
    rng = np.random.default_rng(0)
    frame = (np.array([70, 120, 70]) + rng.integers(-5, 6, (FRAME_PX, FRAME_PX, 3))).astype(np.uint8)
    width, height = size
    radius = round(width * 3 / 63)
    mask = np.zeros((height, width), np.uint8)
    mask[radius:-radius, radius:-radius] = 255
    mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
    for (left, top), spec in zip(places, demo_cards()[5:], strict=False):
        card = cv2.resize(render_card(spec, 8.0), size, interpolation=cv2.INTER_AREA)
        frame[top : top + height, left : left + width][mask > 0] = card[mask > 0]
    return frame


def sensor_output(frame: np.ndarray) -> tuple[float, ...]:
    """What libcamera's binding gives of the outline network's output for a frame: one number after the other."""
    session = open_network(OUTLINE_MODEL, SIGNATURE)
    small = cv2.resize(frame, (SENSOR_PX, SENSOR_PX), interpolation=cv2.INTER_AREA)
    pixels = np.ascontiguousarray(small[None, ..., ::-1].transpose(0, 3, 1, 2), np.float32)
    score, distances = session.run(list(OUTPUT_NAMES), {INPUT_NAME: pixels})
    logits, log_distances = np.log(score[0] / (1 - score[0])), np.log(distances[0] / DISTANCE_UNIT_PX)
    return tuple(np.concatenate([each.ravel(order="F") for each in (logits, log_distances)]).tolist())


def decoded_output(said: tuple[float, ...]) -> OutlineMaps:
    """The same as arrays, as picamera2's `get_outputs` makes them, and checked."""
    values = np.fromiter(said, np.float32)
    cells = SENSOR_PX // STRIDE_PX
    tensors = [
        part.reshape((channels, cells, cells), order="F")[None]
        for part, channels in ((values[: cells**2], 1), (values[cells**2 :], RAYS))
    ]
    crop = (508, 0, 3040, 3040)
    return outline_maps(tensors, crop, crop, (1520, 1520))


def stages() -> Iterator[tuple[str, float]]:
    """Name of the constant, milliseconds."""
    cv2.setNumThreads(1)
    (left, top), (width, height) = PLACE_PX, CARD_PX
    one = frame_with([PLACE_PX], CARD_PX)
    five = frame_with([(60, 80), (560, 80), (1060, 80), (60, 780), (560, 780)], (400, 560))
    quad = np.array([[0, 0], [width, 0], [width, height], [0, height]]) + (left - 0.5, top - 0.5)
    card = followed(Detection(quad=quad, confidence=0.9), one)
    moved = np.roll(one, (3, 4), (0, 1))
    detector, proposer, sides = CardDetector(), OutlineProposer(OUTLINE_MODEL), SideFinder(SIDE_MODEL)
    window = (left - 150, top - 150, left + width + 150, top + height + 150)
    recognizer = open_recognizer(RecognitionSettings())
    rectified = rectify(one, quad)
    yield "COPY_FRAME", cpu_ms(one.copy, 30)
    yield "FOLLOW_STILL", cpu_ms(lambda: follow(card, one), 50)
    yield "FOLLOW_MOVED", cpu_ms(lambda: follow(card, moved), 30)
    yield "OUTLINE_NETWORK", cpu_ms(lambda: proposer.propose(one, FAR_PX, MIN_SCORE), 10)
    yield "OUTLINE_NETWORK, small cards", cpu_ms(lambda: proposer.propose(one, NEARER_PX[0], MIN_SCORE), 5)
    yield "SIDE_NETWORK", cpu_ms(lambda: sides.find(one, [quad]), 10)
    yield "SEARCH_FRAME, 1 card", cpu_ms(lambda: detector.detect(one), 7)
    yield "SEARCH_FRAME, 5 cards", cpu_ms(lambda: detector.detect(five), 5)
    yield "SEARCH_BOX", cpu_ms(lambda: search_places(detector, one, (Place(window=window),)), 7)
    said = sensor_output(five)
    maps = decoded_output(said)
    yield "READ_MAPS", cpu_ms(lambda: decoded_output(said), 30)
    yield "DECODE_MAPS, 5 new cards", cpu_ms(lambda: decode_maps(maps, MIN_SCORE), 30)
    known = [followed(Detection(quad=each.quad, confidence=0.9), five) for each in decode_maps(maps, MIN_SCORE)]
    yield "LOOK_AT_MAPS, 5 known cards", cpu_ms(lambda: looked_at_outlines(maps, known), 30)
    outline = Place(window=window, outline=Proposal(quad=quad + (4, -3), score=0.9))
    yield "PLACE_OUTLINE", cpu_ms(lambda: search_places(detector, one, (outline,)), 10)
    yield "SECOND_LOOK", cpu_ms(lambda: detector.others(one, quad), 7)
    yield "RECTIFY", cpu_ms(lambda: rectify(one, quad), 30)
    yield "PREPROCESS", cpu_ms(lambda: preprocess([rectified], MODEL_INPUT).astype(np.uint8), 30)
    lookalike = next(spec for spec in demo_cards() if spec.lookalike_of)
    seen = cv2.resize(render_card(lookalike, 8.0), CARD_PX, interpolation=cv2.INTER_AREA)
    matches = recognizer.recognize([seen])[0].matches
    verifier = Verifier(recognizer.database)
    yield "VERIFY", cpu_ms(lambda: verifier.verify(seen, matches), 10)
    yield "CENTERING", cpu_ms(lambda: measure(one, quad), 10)


if __name__ == "__main__":
    for name, milliseconds in stages():
        sys.stdout.write(f"{name:28} {milliseconds:8.1f} ms\n")
