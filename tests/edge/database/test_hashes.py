import numpy as np
import pytest

from edge.database.bundle import IndexRow
from edge.database.hashes import HASHES_FILE, CardHashes, card_hash, dump_hashes
from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import DatabaseError
from edge.imaging.hashing import hash_distances
from tests.edge.conftest import write_tiny_database


def test_a_card_with_several_images_is_as_far_as_the_nearest_of_them():
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 256, (5, 128), dtype=np.uint8)
    query = rng.integers(0, 256, 128, dtype=np.uint8)
    expected = hash_distances(hashes, query) / 1024
    found = CardHashes(hashes, np.array([1, 0, 1, 2, 0], np.int32), ["a", "b", "c"]).distances(query)
    a, b, c = min(expected[[1, 4]]), min(expected[[0, 2]]), expected[3]
    assert found.lead("a", {"a"}) == pytest.approx(min(b, c) - a)
    assert found.lead("c", {"c"}) == pytest.approx(min(a, b) - c)
    assert found.lead("a", {"a", "b"}) == pytest.approx(c - a)
    assert found.without({"b"}).lead("a", {"a"}) == pytest.approx(c - a)


def test_a_bundle_holds_the_hashes_of_its_upright_rows(tiny_database, tmp_path):
    hashes = [card_hash(card) for card in tiny_database.cards.values()]
    write_tiny_database(tmp_path / "hashed", tiny_database.model, tiny_database.cards, hashes=hashes)
    database = CardDatabase.open(tmp_path / "hashed", OnnxEmbedder(tiny_database.model).manifest)
    for card_id, card in tiny_database.cards.items():
        found = database.hash_distances(card)
        assert found.lead(card_id, {card_id}) > 0.1


def test_a_bundle_without_hashes_says_so(tiny_database):
    database = CardDatabase.open(tiny_database.database, OnnxEmbedder(tiny_database.model).manifest)
    assert database.hash_distances(next(iter(tiny_database.cards.values()))) is None


def test_hashes_of_other_rows_are_refused(tiny_database, tmp_path):
    hashes = [card_hash(card) for card in tiny_database.cards.values()]
    rows = [IndexRow(card_id=card_id, variant=0, rotation=0) for card_id in tiny_database.cards]
    assert dump_hashes([], rows) == {}
    with pytest.raises(DatabaseError, match="4 upright images need as many hashes, got 3"):
        dump_hashes(hashes[:3], rows)
    assert list(dump_hashes(hashes, rows)) == [HASHES_FILE]
