import numpy as np
import pytest

from edge.database.benchmark import made_up_gallery, random_unit_vectors
from edge.database.build import write_bundle
from edge.database.search import CardDatabase
from training.calibration.left_out import WithoutCards


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> CardDatabase:
    path = tmp_path_factory.mktemp("left-out") / "bundle"
    gallery = made_up_gallery(random_unit_vectors(np.random.default_rng(4), 24, 16))
    write_bundle(path, gallery)
    return CardDatabase.open(path, gallery.model)


@pytest.fixture(scope="module")
def queries() -> np.ndarray:
    return random_unit_vectors(np.random.default_rng(5), 3, 16)


def test_without_some_cards_as_many_others_are_found_in_the_same_order_at_the_same_distances(database, queries):
    everything = database.search(queries, 12)
    gone = {everything[0][0].card_id, everything[0][2].card_id, everything[1][1].card_id}
    left = WithoutCards(database, gone).search(queries, 4)
    assert left == [tuple(match for match in found if match.card_id not in gone)[:4] for found in everything]
    assert [len(found) for found in left] == [4, 4, 4]


def test_the_database_itself_still_has_them(database, queries):
    before = database.search(queries, 3)
    WithoutCards(database, {match.card_id for match in before[0]}).search(queries, 3)
    assert database.search(queries, 3) == before


def test_without_all_cards_nothing_is_found(database, queries):
    everything = {match.card_id for match in database.search(queries[:1], 24)[0]}
    assert WithoutCards(database, everything).search(queries[:1], 2) == [()]
