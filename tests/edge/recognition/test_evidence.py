import cv2
import numpy as np
import pytest

from edge.centering.registration.original import print_reference
from edge.database.hashes import card_hash
from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.imaging.rectification import upside_down
from edge.recognition.evidence import evidence_for, with_agreement
from tests.edge.conftest import write_tiny_database


@pytest.fixture(scope="module")
def embedder(tiny_database) -> OnnxEmbedder:
    return OnnxEmbedder(tiny_database.model)


@pytest.fixture(scope="module")
def database(tiny_database, embedder, tmp_path_factory) -> CardDatabase:
    folder = tmp_path_factory.mktemp("evidence") / "database"
    prints = {card_id: print_reference(card, card_id) for card_id, card in tiny_database.cards.items()}
    hashes = [card_hash(card) for card in tiny_database.cards.values()]
    write_tiny_database(folder, tiny_database.model, tiny_database.cards, prints=prints, hashes=hashes)
    return CardDatabase.open(folder, embedder.manifest)


def seen(database, embedder, card):
    (embedding,) = embedder.embed([card])
    (matches,) = database.search(embedding[None], 4)
    return embedding, matches


def test_a_card_leads_by_what_the_next_is_farther_and_stands_out_of_the_gallery(database, embedder, tiny_database):
    card = next(iter(tiny_database.cards.values()))
    embedding, matches = seen(database, embedder, card)
    first, second, *_ = evidence_for(database, card, embedding, matches)
    assert first.distance == matches[0].distance
    assert first.lead == pytest.approx(matches[1].distance - matches[0].distance)
    assert second.lead == pytest.approx(matches[0].distance - matches[1].distance)
    distances = 1 - np.load(database.path / "embeddings.npy") @ embedding
    assert first.separation == pytest.approx((distances.mean() - first.distance) / distances.std(), rel=1e-4)
    assert first.agreement is None


def test_a_look_alike_is_no_rival(database, embedder, tiny_database, monkeypatch):
    card = next(iter(tiny_database.cards.values()))
    embedding, matches = seen(database, embedder, card)
    pair = frozenset(match.card_id for match in matches[:2])
    monkeypatch.setattr(database, "alike", lambda card_id: pair if card_id in pair else frozenset({card_id}))
    first, second, *_ = evidence_for(database, card, embedding, matches)
    assert first.lead == pytest.approx(matches[2].distance - matches[0].distance)
    assert second.lead == pytest.approx(matches[2].distance - matches[1].distance)


def test_the_only_card_of_a_gallery_leads_by_the_mean(database, embedder, tiny_database):
    card = next(iter(tiny_database.cards.values()))
    embedding, matches = seen(database, embedder, card)
    (alone,) = evidence_for(database, card, embedding, matches[:1])
    assert alone.lead == pytest.approx(database.spread(embedding).mean - alone.distance)


@pytest.mark.parametrize("turned", [False, True])
def test_the_hash_of_the_card_that_is_seen_leads_and_that_of_another_does_not(
    database, embedder, tiny_database, turned
):
    for card in tiny_database.cards.values():
        shown = cv2.resize(upside_down(card) if turned else card, (252, 352), interpolation=cv2.INTER_AREA)
        embedding, matches = seen(database, embedder, shown)
        first, *others = evidence_for(database, shown, embedding, matches)
        assert first.hash_lead > 0.1
        assert all(other.hash_lead < -0.1 for other in others)


@pytest.mark.parametrize("turned", [False, True])
def test_a_picture_agrees_with_its_own_card_whichever_way_up(database, embedder, tiny_database, turned):
    for card in tiny_database.cards.values():
        shown = cv2.resize(upside_down(card) if turned else card, (252, 352), interpolation=cv2.INTER_AREA)
        embedding, matches = seen(database, embedder, shown)
        evidence = evidence_for(database, shown, embedding, matches)
        agreements = [
            with_agreement(each, database, shown, match).agreement
            for each, match in zip(evidence, matches, strict=True)
        ]
        assert agreements[0] > 0.7
        assert max(agreements[1:]) < agreements[0]


def test_without_reference_pictures_there_is_no_agreement(tiny_database, embedder):
    database = CardDatabase.open(tiny_database.database, embedder.manifest)
    card = next(iter(tiny_database.cards.values()))
    embedding, matches = seen(database, embedder, card)
    first, *_ = evidence_for(database, card, embedding, matches)
    assert with_agreement(first, database, card, matches[0]) == first
    assert first.hash_lead is None
