import os
import shutil
from dataclasses import replace

import cv2
import numpy as np
import onnx
import pytest

from edge.database.hashes import card_hash
from edge.database.learned_folder import LearnedFolder
from edge.database.learned_gallery import LearnedGallery
from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import DatabaseError, LearningError
from edge.imaging.print_reference import PrintReference, encode_reference
from edge.imaging.rectification import upside_down
from edge.manifests import EvidenceWeights, file_sha256, read_model_manifest
from edge.recognition.belief import Worth
from edge.recognition.evidence import agreement, evidence_for
from edge.recognition.learned_matches import LEAST_AGREEMENT, with_learned
from edge.recognition.learning import View, learned_card, open_learned
from edge.recognition.opening import open_recognizer
from edge.recognition.recognizer import Recognizer
from edge.settings.sections import RecognitionSettings
from edge.simulator.card import render_back, render_card
from edge.simulator.sets import demo_cards
from tests.calibrations import by_distance, recalibrated
from tests.edge.conftest import write_tiny_database


@pytest.fixture(scope="module")
def stranger() -> np.ndarray:
    spec = [spec for spec in demo_cards() if spec.lookalike_of is None][4]
    return cv2.resize(render_card(spec, 8.0), (504, 704))


@pytest.fixture(scope="module")
def recognizer(tiny_database) -> Recognizer:
    return open_recognizer(RecognitionSettings(model=tiny_database.model, database=tiny_database.database))


def views_of(*cards: np.ndarray) -> list[View]:
    return [View(card=card, sharpness=float(number), shown_since=0) for number, card in enumerate(cards)]


@pytest.fixture
def folder(tmp_path, recognizer, stranger) -> LearnedFolder:
    """Holds the stranger."""
    folder = LearnedFolder(tmp_path / "learned")
    folder.write(*learned_card(recognizer, "Stranger", views_of(stranger, stranger, stranger)))
    return folder


def test_a_stranger_is_known_once_it_is_learned(recognizer, folder, stranger):
    assert recognizer.recognize([stranger])[0].worth is not Worth.STRONG
    after = open_learned(folder, recognizer)
    for shown, rotation in ((stranger, 0), (upside_down(stranger), 180)):
        (answer,) = after.recognize([shown])
        assert answer.worth is Worth.STRONG
        assert after.details(answer.card_id).name == "Stranger"
        assert answer.rotation == rotation
        assert answer.belief.probabilities[0] == pytest.approx(answer.belief.art)
        assert after.original(answer.card_id) is None


def test_cards_of_the_database_stay_what_they_were(recognizer, folder, tiny_database):
    cards = list(tiny_database.cards.values())
    before, after = (each.recognize(cards) for each in (recognizer, open_learned(folder, recognizer)))
    assert [(a.matches, a.worth) for a in after] == [(b.matches[:5], b.worth) for b in before]
    assert all(after.worth is Worth.STRONG for after in after)


def test_a_card_between_a_learned_one_and_one_of_the_database_is_not_confirmed(tiny_database, folder, tmp_path):
    """Its lead tells, whichever of the two is nearer; a card that would be refused as known is forced in for that."""
    weights = EvidenceWeights(intercept=-4.0, distance=0.0, lead=100.0, separation=0.0)
    calibration = by_distance().model_copy(update={"cheap": weights, "not_a_card": 2.0})
    bundle = recalibrated(tiny_database.database, tmp_path / "by lead", calibration)
    recognizer = open_recognizer(RecognitionSettings(model=tiny_database.model, database=bundle))
    card_id, known = next(iter(tiny_database.cards.items()))
    assert recognizer.recognize([known])[0].worth is Worth.STRONG
    twin = cv2.convertScaleAbs(known, alpha=0.97, beta=4)
    embeddings = recognizer.embedder.embed([twin] * 3 + [upside_down(twin)] * 3).reshape(2, 3, -1)
    learned = replace(folder.read().cards[0], embeddings=embeddings, print=encode_reference(twin))
    after = recognizer.with_learned(LearnedGallery([learned]))
    for shown in (known, twin):
        (answer,) = after.recognize([shown])
        assert {match.card_id for match in answer.matches[:2]} == {card_id, learned.card_id}
        assert answer.worth is not Worth.STRONG


def test_a_learned_card_leads_by_its_hash_as_those_of_the_database_do(tiny_database, folder, stranger, tmp_path):
    hashes = [card_hash(card) for card in tiny_database.cards.values()]
    write_tiny_database(tmp_path / "hashed", tiny_database.model, tiny_database.cards, hashes=hashes)
    recognizer = open_recognizer(RecognitionSettings(model=tiny_database.model, database=tmp_path / "hashed"))
    learned = open_learned(folder, recognizer).learned
    for shown in (stranger, upside_down(stranger)):
        (embedding,) = recognizer.embedder.embed([shown])
        matches = with_learned(recognizer.database.search(embedding[None], 4)[0], learned, embedding, shown)
        first, *others = evidence_for(recognizer.database, shown, embedding, matches, learned)
        assert matches[0].card_id in learned
        assert first.hash_lead > 0.2
        assert all(other.hash_lead < 0 for other in others)


def test_what_cannot_be_learned_is_refused_with_the_reason(recognizer, folder, tiny_database, stranger):
    card_id, known = next(iter(tiny_database.cards.items()))
    dazzled, covered = stranger.copy(), stranger.copy()
    dazzled[100:300, 100:300] = 255
    covered[200:600, 150:350] = 60
    cases = [
        (recognizer, views_of(stranger, stranger), "only 2 of 3 sharp views"),
        (recognizer, views_of(known, known, known), rf"looks like Card {card_id} \({card_id}\), which is known"),
        (recognizer, views_of(stranger, dazzled, stranger), "% of the card is lost in glare or too bright"),
        (recognizer, views_of(stranger, covered, stranger), "the views do not agree"),
        (recognizer, views_of(stranger, upside_down(stranger), stranger), "the views do not agree"),
        (open_learned(folder, recognizer), views_of(stranger, stranger, stranger), r"looks like Stranger \(learned-"),
    ]
    for each, views, reason in cases:
        with pytest.raises(LearningError, match=reason):
            learned_card(each, "Name", views)


def test_a_card_that_lies_face_down_is_not_learned(tiny_database, stranger, tmp_path):
    """Every back would be taken for it."""
    prints = {
        card_id: PrintReference(encoded=encode_reference(card), borders_mm=None, name=card_id)
        for card_id, card in tiny_database.cards.items()
    }
    back = cv2.resize(render_back(8.0), (504, 704))
    backs = (PrintReference(encoded=encode_reference(back), borders_mm=None, name="back"),)
    write_tiny_database(tmp_path / "backs", tiny_database.model, tiny_database.cards, prints=prints, backs=backs)
    recognizer = open_recognizer(RecognitionSettings(model=tiny_database.model, database=tmp_path / "backs"))
    for shown in (back, upside_down(back)):
        look = cv2.GaussianBlur(cv2.convertScaleAbs(shown, alpha=0.8, beta=8), (0, 0), 1.2)
        with pytest.raises(LearningError, match="the card lies face down; turn it over"):
            learned_card(recognizer, "Name", views_of(look, look, look))
    turn = cv2.getRotationMatrix2D((252, 352), 2.0, 1.04)
    beside = cv2.warpAffine(back, turn, (504, 704), borderMode=cv2.BORDER_REPLICATE)
    assert agreement(beside, 0, backs[0]) < LEAST_AGREEMENT
    with pytest.raises(LearningError, match="face down"):
        learned_card(recognizer, "Name", views_of(beside, beside, beside))
    assert learned_card(recognizer, "Name", views_of(stranger, stranger, stranger))[0].name == "Name"


def test_without_a_calibration_nothing_is_learned(tiny_database, stranger, tmp_path):
    bundle = recalibrated(tiny_database.database, tmp_path / "uncalibrated", None)
    recognizer = open_recognizer(RecognitionSettings(model=tiny_database.model, database=bundle))
    with pytest.raises(LearningError, match="the card database is uncalibrated"):
        learned_card(recognizer, "Name", views_of(stranger, stranger, stranger))


def other_model(tiny_database, folder) -> OnnxEmbedder:
    """A model whose embeddings are the negatives of the tiny one's."""
    model = onnx.load(tiny_database.model)
    (last,) = [node for node in model.graph.node if node.op_type == "LpNormalization"]
    model.graph.node.insert(len(model.graph.node) - 1, onnx.helper.make_node("Neg", ["flat"], ["negative"]))
    last.input[0] = "negative"
    path = folder / "other.onnx"
    onnx.save(model, path)
    changes = {"file": path.name, "sha256": file_sha256(path), "model_id": "other"}
    manifest = read_model_manifest(tiny_database.model.with_suffix(".json")).model_copy(update=changes)
    path.with_suffix(".json").write_text(manifest.model_dump_json())
    return OnnxEmbedder(path)


def test_with_another_model_a_card_is_embedded_anew_and_kept_so(tiny_database, folder, stranger, tmp_path):
    embedder = other_model(tiny_database, tmp_path)
    write_tiny_database(tmp_path / "other", tmp_path / "other.onnx", tiny_database.cards)
    recognizer = Recognizer(embedder, CardDatabase.open(tmp_path / "other", embedder.manifest))
    (before,) = folder.read().cards
    for _ in range(2):
        (answer,) = open_learned(folder, recognizer).recognize([stranger])
        assert (answer.worth, answer.card_id) == (Worth.STRONG, before.card_id)
        (after,) = folder.read().cards
        assert (after.model_id, after.model_sha256) == ("other", embedder.manifest.sha256)
        assert np.allclose(after.embeddings, -before.embeddings, atol=1e-4)


def test_a_folder_that_cannot_be_written_costs_only_time(
    tiny_database, folder, stranger, tmp_path, monkeypatch, caplog
):
    embedder = other_model(tiny_database, tmp_path)
    write_tiny_database(tmp_path / "other", tmp_path / "other.onnx", tiny_database.cards)
    recognizer = Recognizer(embedder, CardDatabase.open(tmp_path / "other", embedder.manifest))

    def refuse(*_args):
        raise DatabaseError("cannot keep learned cards: Read-only file system")

    monkeypatch.setattr(folder, "write", refuse)
    (answer,) = open_learned(folder, recognizer).recognize([stranger])
    assert answer.worth is Worth.STRONG
    assert "Read-only file system" in caplog.text


@pytest.mark.parametrize("same_id", [True, False], ids=["exported", "another id"])
def test_a_card_that_the_database_has_got_is_left_out(tiny_database, folder, recognizer, stranger, tmp_path, same_id):
    (card,) = folder.read().cards
    card_id = card.card_id if same_id else "tiny-005"
    write_tiny_database(tmp_path / "larger", tiny_database.model, tiny_database.cards | {card_id: stranger})
    database = CardDatabase.open(tmp_path / "larger", recognizer.embedder.manifest)
    opened = open_learned(folder, Recognizer(recognizer.embedder, database))
    assert opened.learned.cards == ()
    assert opened.learned.known == {card.card_id: card_id}
    assert opened.learned.degraded() == ()
    (answer,) = opened.recognize([stranger])
    assert (answer.card_id, answer.worth) == (card_id, Worth.STRONG)


def test_what_is_torn_is_left_out_and_told(folder, recognizer, stranger, caplog):
    folder.write(*learned_card(recognizer, "Again", views_of(stranger, stranger, stranger)))
    torn, sound = folder.read().cards
    path = folder.path / torn.card_id / "view-2.webp"
    os.truncate(path, 100)
    opened = open_learned(folder, recognizer)
    assert [card.card_id for card in opened.learned.cards] == [sound.card_id]
    assert f"{path} is torn" in opened.learned.degraded()[0]
    assert f"{path} is torn" in caplog.text


def test_what_is_whole_and_no_card_is_left_out_and_told(folder, recognizer, stranger):
    (card,) = folder.read().cards
    views = folder.card(card.card_id)[1]
    for number, bad in enumerate(
        (replace(card, print=b"no picture"), replace(card, embeddings=np.ones((2, 3, 1), "f4")))
    ):
        folder.write(replace(bad, card_id=f"learned-{number:012x}"), views)
    opened = open_learned(folder, recognizer).learned
    assert {each.card_id for each in opened.cards} == {card.card_id, "learned-000000000001"}
    assert {each.embeddings.shape for each in opened.cards} == {card.embeddings.shape}
    assert "print.webp is not a small picture of a card; 'card-scanner learn --remove" in opened.degraded()[0]


def test_a_database_that_was_built_anew_meanwhile_is_not_the_one_that_the_card_was_compared_with(
    tiny_database, stranger, tmp_path
):
    place = shutil.copytree(tiny_database.database, tmp_path / "in use")
    in_use = open_recognizer(RecognitionSettings(model=tiny_database.model, database=place))
    write_tiny_database(place, tiny_database.model, tiny_database.cards | {"tiny-005": stranger})
    folder = LearnedFolder(tmp_path / "learned")
    card, views = learned_card(in_use, "Stranger", views_of(stranger, stranger, stranger))
    folder.write(card, views)
    opened = open_learned(folder, open_recognizer(RecognitionSettings(model=tiny_database.model, database=place)))
    assert opened.learned.known == {card.card_id: "tiny-005"}


def test_a_folder_that_cannot_be_read_is_no_reason_not_to_scan(tmp_path, recognizer, stranger):
    (tmp_path / "learned").write_bytes(b"a file")
    opened = open_learned(LearnedFolder(tmp_path / "learned"), recognizer)
    assert opened.learned.cards == ()
    assert "Not a directory" in opened.learned.degraded()[0]
    assert opened.recognize([stranger])
