import cv2
import numpy as np
import pytest

from edge.centering import Centering
from edge.database.search import CardDatabase
from edge.detection import CardDetector
from edge.embedding.onnx import OnnxEmbedder
from edge.imaging.rectification import upside_down
from edge.photo.identification import PhotoIdentifier
from edge.recognition.recognizer import Recognizer
from edge.wire.photo_result import CardStatus
from tests.calibrations import by_distance, recalibrated

CORNERS = np.array([[250.0, 90], [520, 100], [510, 480], [240, 470]])


@pytest.fixture(scope="module")
def recognizer(tiny_database):
    embedder = OnnxEmbedder(tiny_database.model)
    return Recognizer(embedder, CardDatabase.open(tiny_database.database, embedder.manifest))


def identifier(recognizer, measure=None):
    return PhotoIdentifier(CardDetector(), recognizer, max_batch=1, measure=measure)


def calibrated(tiny_database, folder, calibration):
    embedder = OnnxEmbedder(tiny_database.model)
    bundle = recalibrated(tiny_database.database, folder, calibration)
    return identifier(Recognizer(embedder, CardDatabase.open(bundle, embedder.manifest)))


def test_a_card_is_named_where_it_lies(recognizer, tiny_database, table):
    card_id, card = next(iter(tiny_database.cards.items()))
    result = identifier(recognizer).identify(table(card), "bench.jpg")
    assert (result.image, result.width, result.height) == ("bench.jpg", 800, 600)
    (found,) = result.cards
    assert (found.status, found.card_id) == (CardStatus.CONFIRMED, card_id)
    assert np.abs(np.array(found.corners) - CORNERS).max() < 2
    assert found.matches[0].card_id == card_id
    assert found.matches[0].distance == found.distance
    assert [m.distance for m in found.matches] == sorted(m.distance for m in found.matches)


def test_the_corners_start_at_the_cards_own_top_left(recognizer, tiny_database, table):
    card_id, card = next(iter(tiny_database.cards.items()))
    (found,) = identifier(recognizer).identify(table(upside_down(card)), "").cards
    assert found.card_id == card_id
    assert np.abs(np.array(found.corners) - np.roll(CORNERS, -2, axis=0)).max() < 2


def test_the_calibration_decides(recognizer, tiny_database, table, tmp_path):
    photo = table(next(iter(tiny_database.cards.values())))
    distance = identifier(recognizer).identify(photo, "").cards[0].distance
    assert 0 < distance < 0.2
    candidate = by_distance(confirmed=distance / 2, unknown=2 * distance)
    (found,) = calibrated(tiny_database, tmp_path / "candidate", candidate).identify(photo, "").cards
    assert (found.status, found.card_id is None) == (CardStatus.CANDIDATE, False)
    unknown = by_distance(confirmed=distance / 4, unknown=distance / 2)
    (found,) = calibrated(tiny_database, tmp_path / "unknown", unknown).identify(photo, "").cards
    assert (found.status, found.card_id) == (CardStatus.UNKNOWN, None)
    assert found.distance == distance
    assert found.probability < 0.5 < found.none_of_these
    assert found.probability == found.matches[0].probability


def test_an_uncalibrated_database_confirms_nothing_and_states_no_probability(tiny_database, table, tmp_path):
    card_id, card = next(iter(tiny_database.cards.items()))
    result = calibrated(tiny_database, tmp_path / "uncalibrated", None).identify(table(card), "")
    (found,) = result.cards
    assert not result.calibrated
    assert (found.status, found.card_id) == (CardStatus.CANDIDATE, card_id)
    assert (found.probability, found.none_of_these, found.matches[0].probability) == (None, None, None)


def test_several_cards_one_by_one(recognizer, tiny_database, table):
    cards = list(tiny_database.cards.items())[:3]
    photo = np.hstack([table(card) for _, card in cards])
    result = identifier(recognizer).identify(photo, "")
    assert sorted(card.card_id for card in result.cards) == sorted(card_id for card_id, _ in cards)


def test_centering_gets_the_photo_and_the_cards_own_corners(recognizer, tiny_database, table):
    asked = []

    def measure(image, quad, reference):
        asked.append((image.shape, quad))
        return Centering(figures=None, reason="no printed border")

    photo = table(upside_down(next(iter(tiny_database.cards.values()))))
    (found,) = identifier(recognizer, measure=measure).identify(photo, "").cards
    assert (found.centering.measurable, found.centering.reason) == (False, "no printed border")
    assert asked[0][0] == photo.shape
    assert np.abs(asked[0][1] - found.corners).max() < 0.01


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_photo_has_no_cards(recognizer, level):
    photo = cv2.GaussianBlur(np.full((300, 400, 3), level, np.uint8), (5, 5), 1)
    assert identifier(recognizer).identify(photo, "").cards == []
