from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from edge.database.search import CardDatabase
from edge.detection import CardDetector
from edge.detection.shape import grown_quad
from edge.embedding.onnx import OnnxEmbedder
from edge.frame import Detection
from edge.imaging.rectification import rectify
from edge.photo.outlines import OutlineReader
from edge.recognition.belief import Worth
from edge.recognition.recognizer import Recognizer
from tests.calibrations import by_distance, recalibrated

LYING = np.array([[250.0, 90], [520, 100], [510, 480], [240, 470]])
HOLDER = grown_quad(LYING, 9.0)
WINDOW = grown_quad(LYING, -10.0)


@dataclass
class Outlines:
    """A detector that has found these outlines, and knows these others."""

    found: list[np.ndarray]
    known: list[np.ndarray] = field(default_factory=list)
    asked: int = 0

    def detect(self, _):
        return tuple(Detection(quad=quad, confidence=0.9) for quad in self.found)

    def others(self, *_):
        self.asked += 1
        return self.known


@pytest.fixture(scope="module")
def recognizer(tiny_database):
    embedder = OnnxEmbedder(tiny_database.model)
    return Recognizer(embedder, CardDatabase.open(tiny_database.database, embedder.manifest))


def read(image, detector, recognizer):
    return OutlineReader(detector, recognizer, max_batch=3).read(image)


def named(sighting):
    return sighting.recognition.matches[0].card_id


@pytest.mark.parametrize("cut", [0.0, 0.02])
@pytest.mark.parametrize("turns", range(4))
def test_a_card_that_fills_the_picture_is_found(recognizer, tiny_database, cut, turns):
    for card_id, card in tiny_database.cards.items():
        height, width = card.shape[:2]
        top, left = round(cut * height), round(cut * width)
        picture = np.ascontiguousarray(np.rot90(card[top : height - top, left : width - left], turns))
        (sighting,) = read(picture, CardDetector(), recognizer)
        assert named(sighting) == card_id
        assert sighting.recognition.worth is Worth.STRONG


def test_what_is_found_inside_gives_way_to_the_picture_itself(recognizer, tiny_database):
    card_id, card = next(iter(tiny_database.cards.items()))
    height, width = card.shape[:2]
    window = np.array([[60.0, 80], [width - 60, 80], [width - 60, 400], [60, 400]])
    (sighting,) = read(card, Outlines([window]), recognizer)
    assert named(sighting) == card_id
    assert np.abs(np.ptp(sighting.quad, axis=0) - (width, height)).max() < 0.05 * width


def test_a_picture_of_a_cards_shape_with_a_card_on_a_table_is_no_card(recognizer, tiny_database, table):
    photo = table(next(iter(tiny_database.cards.values())))[:500, 200:557]
    (sighting,) = read(np.ascontiguousarray(photo), Outlines([LYING - (200, 0)]), recognizer)
    assert np.array_equal(sighting.quad, LYING - (200, 0))


@pytest.mark.parametrize("wrong", [HOLDER, WINDOW], ids=["holder", "art window"])
def test_the_outline_that_is_nearest_to_a_card_wins(recognizer, tiny_database, table, wrong):
    card_id, card = next(iter(tiny_database.cards.items()))
    detector = Outlines([wrong], known=[HOLDER, LYING, WINDOW])
    (sighting,) = read(table(card), detector, recognizer)
    assert named(sighting) == card_id
    assert np.array_equal(sighting.quad, LYING)


def test_a_card_that_is_recognised_at_once_is_not_looked_at_again(recognizer, tiny_database, table):
    detector = Outlines([LYING], known=[WINDOW])
    read(table(next(iter(tiny_database.cards.values()))), detector, recognizer)
    assert detector.asked == 0


def test_what_lies_inside_a_recognised_card_is_no_card(recognizer, tiny_database, table):
    photo = table(next(iter(tiny_database.cards.values())))
    for found in ([WINDOW, LYING], [LYING, WINDOW]):
        (sighting,) = read(photo, Outlines(found), recognizer)
        assert np.array_equal(sighting.quad, LYING)


@pytest.mark.parametrize("growth", [-0.5, 0.5])
def test_one_card_with_two_outlines_is_one_card(recognizer, tiny_database, table, growth):
    photo = table(next(iter(tiny_database.cards.values())))
    assert len(read(photo, Outlines([LYING, grown_quad(LYING, growth)]), recognizer)) == 1


def test_a_covered_card_does_not_take_the_outline_of_its_neighbour(recognizer, tiny_database, table):
    covered, neighbour = (table(card) for card in list(tiny_database.cards.values())[:2])
    covered[150:450, 230:530] = 90
    beside = LYING + (800.0, 0)
    detector = Outlines([LYING, beside], known=[beside, LYING])
    first, second = read(np.hstack([covered, neighbour]), detector, recognizer)
    assert np.array_equal(first.quad, LYING)
    assert np.array_equal(second.quad, beside)


def test_an_unknown_card_keeps_its_outline(tiny_database, tmp_path, table):
    embedder = OnnxEmbedder(tiny_database.model)
    bundle = recalibrated(tiny_database.database, tmp_path / "strict", by_distance(confirmed=0.1, unknown=0.2))
    strict = Recognizer(embedder, CardDatabase.open(bundle, embedder.manifest))
    rng = np.random.default_rng(0)
    unknown = cv2.resize(rng.integers(0, 256, (11, 8, 3)).astype(np.uint8), (504, 704), interpolation=cv2.INTER_CUBIC)
    detector = Outlines([LYING], known=[HOLDER, WINDOW])
    (sighting,) = read(table(unknown), detector, strict)
    assert np.array_equal(sighting.quad, LYING)
    assert detector.asked == 1


def test_each_answer_belongs_to_its_outline(recognizer, tiny_database, table):
    cards = list(tiny_database.cards.values())
    photo = np.hstack([table(card) for card in cards])
    quads = [LYING + (800.0 * k, 0) for k in range(len(cards))]
    for sighting, card_id in zip(read(photo, Outlines(quads), recognizer), tiny_database.cards, strict=True):
        crop = rectify(photo, sighting.quad)
        assert named(sighting) == card_id
        assert sighting.recognition.matches == recognizer.recognize([crop])[0].matches
