from pathlib import Path

import numpy as np
import pytest

from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import ScannerError
from tests.training.conftest import write_card_folder
from tests.training.index.conftest import CARDS, ORIGINAL, OTHERS, REPRINT, build
from training.calibration.fitting import calibrate
from training.calibration.samples import arts_of, as_columns, gather_samples, spread_over_sets
from training.data.card_folder import folder_gallery
from training.errors import CalibrationError


@pytest.fixture(scope="module")
def gallery(tmp_path_factory, model: Path):
    """A database of five cards with its images and metadata."""
    folder = tmp_path_factory.mktemp("gallery")
    write_card_folder(folder, CARDS.values())
    build(folder, model)
    images, metadata = folder_gallery(folder / "cards", folder / "cards.json")
    embedder = OnnxEmbedder(model)
    return CardDatabase.open(folder / "out", embedder.manifest), embedder, images, metadata


def test_a_reprint_is_of_its_originals_art_and_another_card_is_not(gallery):
    database, _, _, metadata = gallery
    arts = arts_of(database, metadata)
    assert {ORIGINAL.card_id, REPRINT.card_id} in arts
    assert sorted(map(len, arts)) == [1, 1, 1, 2]


def test_cards_of_one_name_in_two_spellings_are_of_one_art(gallery):
    database, _, _, metadata = gallery
    spelled = {OTHERS[0].card_id: "Misty's Duck", OTHERS[1].card_id: "Misty’s  duck"}
    named = {k: v.model_copy(update={"name": spelled.get(k, v.name)}) for k, v in metadata.items()}
    assert set(spelled) in arts_of(database, named)


def test_arts_are_taken_from_all_sets_alike(gallery):
    _, _, _, metadata = gallery
    example = next(iter(metadata.values()))
    many = {
        f"{s}-{n}": example.model_copy(update={"set_code": s}) for s in "abcd" for n in range(10 if s < "d" else 100)
    }
    chosen = spread_over_sets([frozenset({card_id}) for card_id in many], many, 13)
    assert {min(art)[0] for art in chosen} == set("abcd")
    assert len(chosen) == 13


def test_each_crop_is_looked_at_with_its_art_and_without(gallery):
    database, embedder, images, metadata = gallery
    first = {image.card_id: image for image in images}
    faces = [(first[min(art)], art) for art in arts_of(database, metadata)]
    samples = list(gather_samples(database, embedder, faces, shots=2, workers=1))
    columns = as_columns(samples)
    assert len(samples) == 8
    assert columns.rows.shape == (16, 5)
    assert columns.right[columns.known].sum() >= 6
    assert not columns.right[~columns.known].any()
    for sample in samples:
        assert sample.unknown.evidence.distance > sample.known.evidence.distance or not sample.known.right
    assert np.isfinite(columns.rows).all()


def test_a_gallery_of_too_few_arts_is_refused(gallery):
    database, embedder, images, metadata = gallery
    with pytest.raises(CalibrationError, match="needs 50 arts to leave out in turn; there are 4"):
        calibrate(database, embedder, images, metadata, 0.001, 1)
    assert issubclass(CalibrationError, ScannerError)
    assert len(CARDS) == 5
