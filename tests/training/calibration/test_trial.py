from pathlib import Path

import pytest

from edge.embedding.onnx import OnnxEmbedder
from tests.calibrations import by_distance
from tests.training.conftest import write_card_folder
from tests.training.index.conftest import CARDS
from training.calibration import trial
from training.calibration.trial import trial_database
from training.data.card_folder import folder_gallery
from training.errors import CalibrationError
from training.evaluation.galleries import gallery_of


@pytest.fixture(scope="module")
def made(tmp_path_factory, model: Path):
    """A gallery without a calibration, its embedder and its images."""
    folder = tmp_path_factory.mktemp("trial")
    write_card_folder(folder, CARDS.values())
    images, metadata = folder_gallery(folder / "cards", folder / "cards.json")
    first = [image for image in images if image.variant == 0]
    embedder = OnnxEmbedder(model)
    return gallery_of(first, metadata, embedder), embedder, first


def test_the_database_has_the_calibration_that_was_measured_on_it(made, tmp_path, monkeypatch):
    gallery, embedder, images = made
    asked = []

    def calibrate(database, *given):
        asked.append((set(database.card_ids), database.manifest.calibration, *given))
        return by_distance(confirmed=0.21)

    monkeypatch.setattr(trial, "calibrate", calibrate)
    database = trial_database(tmp_path / "trial", gallery, embedder, images[:2], 0.02, 3)
    assert asked == [(set(gallery.metadata), None, embedder, images[:2], gallery.metadata, 0.02, 3)]
    assert database.manifest.calibration == by_distance(confirmed=0.21)
    (matches,) = database.search(embedder.embed([images[0].load()]), 1)
    assert matches[0].card_id == images[0].card_id
    assert gallery.calibration is None


def test_a_second_trial_at_the_same_place_begins_uncalibrated(made, tmp_path, monkeypatch):
    gallery, embedder, images = made
    found = []

    def calibrate(database, *_):
        found.append(database.manifest.calibration)
        return by_distance(confirmed=0.1 * len(found))

    monkeypatch.setattr(trial, "calibrate", calibrate)
    for _ in range(2):
        database = trial_database(tmp_path / "trial", gallery, embedder, images, 0.02, 1)
    assert found == [None, None]
    assert database.manifest.calibration == by_distance(confirmed=0.2)


def test_a_gallery_of_too_few_arts_is_refused(made, tmp_path):
    gallery, embedder, images = made
    with pytest.raises(CalibrationError, match="arts to leave out in turn"):
        trial_database(tmp_path / "trial", gallery, embedder, images, 0.02, 1)
