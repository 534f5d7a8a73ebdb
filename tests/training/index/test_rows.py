import numpy as np
import pytest

from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_WIDTH, upside_down
from edge.manifests import read_model_manifest
from edge.shipped import DEMO_DATABASE, EMBEDDING_MODEL
from edge.simulator.card import render_card
from edge.simulator.sets import calibration_cards
from training.data.gallery import GalleryImage
from training.index.rows import Build, Former, equal_images, prepare_images, read_former, usable_rows
from training.parallel.sharding import Shard

CARDS = [render_card(card, 8) for card in calibration_cards(2)]


def image(card_id, picture, variant=0):
    return GalleryImage(card_id=card_id, variant=variant, load=lambda: picture)


@pytest.fixture
def prepared(tmp_path):
    """Prepares images in one process."""

    def prepare(images, former=None):
        build = Build(former=former, kept=tmp_path / "kept")
        return prepare_images(OnnxEmbedder(EMBEDDING_MODEL), images, build, 1, Shard())

    return prepare


def test_an_image_is_embedded_both_ways_up(prepared):
    assert CARDS[0].shape == (RECTIFIED_HEIGHT, RECTIFIED_WIDTH, 3)
    (row,) = prepared([image("a-1", CARDS[0])])
    expected = OnnxEmbedder(EMBEDDING_MODEL).embed([CARDS[0], upside_down(CARDS[0])])
    assert row.embedded
    assert np.allclose(row.embeddings, expected, atol=1e-5)
    assert row.reference is not None


def test_what_the_former_database_holds_is_not_embedded_again(prepared):
    (row,) = prepared([image("a-1", CARDS[0])])
    kept = np.full((2, row.embeddings.shape[1]), 0.5, np.float32)
    manifest = CardDatabase.open(DEMO_DATABASE, read_model_manifest(EMBEDDING_MODEL.with_suffix(".json"))).manifest
    former = Former(manifest=manifest, embeddings={row.digest: kept})
    again, other = prepared([image("a-1", CARDS[0]), image("b-1", CARDS[1])], former)
    assert not again.embedded
    assert np.array_equal(again.embeddings, kept)
    assert other.embedded


def test_equal_images_of_different_cards_are_told(prepared):
    images = [image("a-1", CARDS[0]), image("b-1", CARDS[0]), image("c-1", CARDS[1]), image("c-1", CARDS[1], 1)]
    assert equal_images(images, prepared(images)) == [("a-1", "b-1")]


def test_where_a_cards_first_image_cannot_be_used_its_next_takes_the_place(prepared):
    images = [image("a-1", CARDS[0]), image("a-1", CARDS[1], 1)]
    rows = prepared(images)
    assert rows[1].reference is None
    kept, used = usable_rows(images, ["it is damaged", rows[1]])
    assert [(each.card_id, each.variant) for each in kept] == [("a-1", 0)]
    assert used[0].reference is not None
    assert usable_rows(images, rows)[1] == [rows[0], rows[1]]


def test_the_former_database_must_be_of_the_model(tmp_path):
    model = read_model_manifest(EMBEDDING_MODEL.with_suffix(".json"))
    former = read_former(DEMO_DATABASE, model)
    assert former.manifest.model_sha256 == model.sha256
    assert read_former(DEMO_DATABASE, model.model_copy(update={"sha256": "0" * 64})) is None
    assert read_former(tmp_path, model) is None
