import numpy as np
import pytest

from edge.database.prints import PICTURES_FILE, TABLE_FILE, dump_prints, open_prints, read_backs
from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import DatabaseError
from edge.imaging.print_reference import REFERENCE_SIZE, PrintReference, encode_reference
from tests.edge.conftest import write_tiny_database

BORDERS_MM = {"left": 3.0, "right": 3.1, "top": 2.9, "bottom": 3.2}


@pytest.fixture(scope="module")
def prints(tiny_database):
    """Reference pictures of the tiny database's cards, every other one borderless."""
    return {
        card_id: PrintReference(
            encoded=encode_reference(card), borders_mm=BORDERS_MM if number % 2 else None, name=card_id
        )
        for number, (card_id, card) in enumerate(tiny_database.cards.items())
    }


@pytest.fixture
def bundle(tiny_database, prints, tmp_path):
    back = PrintReference(encoded=next(iter(prints.values())).encoded, borders_mm=None, name="back 0")
    folder = tmp_path / "with-prints"
    write_tiny_database(folder, tiny_database.model, tiny_database.cards, prints=prints, backs=(back,))
    return folder


def opened(folder, model):
    embedder = OnnxEmbedder(model)
    try:
        return CardDatabase.open(folder, embedder.manifest)
    finally:
        embedder.close()


def test_every_card_has_its_reference(bundle, tiny_database, prints):
    database = opened(bundle, tiny_database.model)
    for card_id, written in prints.items():
        assert database.print_reference(card_id) == written
        assert database.print_reference(card_id).picture().shape == REFERENCE_SIZE[::-1]
    assert [back.name for back in database.backs] == ["back 0"]
    assert read_backs(bundle) == database.backs


def test_a_bundle_without_them_says_so(tiny_database, tmp_path):
    database = opened(tiny_database.database, tiny_database.model)
    assert database.print_reference(next(iter(tiny_database.cards))) is None
    assert database.backs == read_backs(tiny_database.database) == read_backs(tmp_path) == ()
    assert dump_prints({}, ()) == {}


def test_an_unknown_card_is_an_error(bundle, tiny_database):
    with pytest.raises(DatabaseError, match="nobody-1"):
        opened(bundle, tiny_database.model).print_reference("nobody-1")


def test_a_picture_is_small(prints):
    assert np.mean([len(each.encoded) for each in prints.values()]) < 6000


def test_a_file_cut_short_while_open_is_an_error(bundle, tiny_database, prints):
    database = opened(bundle, tiny_database.model)
    with (bundle / PICTURES_FILE).open("r+b") as file:
        file.truncate(10)
    with pytest.raises(DatabaseError, match="cut short"):
        database.print_reference(max(prints))


ROW = [0.0, 10, 1, 1, 1, 1]
NAN = float("nan")


@pytest.mark.parametrize(
    "table",
    [
        [[0.0, 1e9, 1, 1, 1, 1]] * 5,
        [[NAN, 10, 1, 1, 1, 1]] * 5,
        [[0.5, 10, 1, 1, 1, 1]] * 5,
        [[-1.0, 10, 1, 1, 1, 1]] * 5,
        [[0.0, 10, 1, NAN, 1, 1]] * 5,
        [[0.0, 10, 1, float("inf"), 1, 1]] * 5,
        [[0.0, 10, 1, -1, 1, 1]] * 5,
        [ROW] * 3,
        [ROW[:5]] * 5,
        [[str(value) for value in ROW]] * 5,
        ROW,
    ],
)
def test_a_table_that_does_not_fit_is_refused(bundle, tiny_database, table):
    manifest = opened(bundle, tiny_database.model).manifest
    np.save(bundle / TABLE_FILE, np.array(table))
    with pytest.raises(DatabaseError, match=r"prints\.npy"):
        open_prints(bundle, sorted(tiny_database.cards), manifest)
    np.save(bundle / TABLE_FILE, np.array([ROW] * 5))
    assert open_prints(bundle, sorted(tiny_database.cards), manifest) is not None


def test_references_of_other_cards_are_not_written(tiny_database, prints, tmp_path):
    some = dict(list(prints.items())[:2])
    with pytest.raises(DatabaseError, match="other cards"):
        write_tiny_database(tmp_path / "bundle", tiny_database.model, tiny_database.cards, prints=some)
