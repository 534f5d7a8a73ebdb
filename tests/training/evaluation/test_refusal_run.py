import argparse
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.database.build import write_bundle
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import ConfigurationError
from edge.simulator.sets import demo_cards
from tests.calibrations import by_distance
from tests.training.conftest import write_card_folder
from training.data.card_folder import folder_gallery
from training.evaluation import refusal_run
from training.evaluation.galleries import gallery_of
from training.evaluation.refusal import Look, Shown

SPECS = demo_cards()[:12]


@pytest.fixture(scope="module")
def everything(tmp_path_factory, model: Path):
    """Twelve images, what is known of them, and a folder for bundles."""
    folder = tmp_path_factory.mktemp("refusal")
    write_card_folder(folder, SPECS)
    images, metadata = folder_gallery(folder / "cards", folder / "cards.json")
    return folder, [image for image in images if image.variant == 0], metadata


@pytest.fixture(scope="module")
def filler(everything, model: Path) -> Path:
    """An uncalibrated database of the last four."""
    folder, images, metadata = everything
    write_bundle(folder / "filler", gallery_of(images[8:], metadata, OnnxEmbedder(model)))
    return folder / "filler"


@pytest.fixture
def seen(everything, monkeypatch):
    """What is asked of the expensive parts: each half of eight cards, each trial, each group that is shown."""
    _, images, metadata = everything
    asked = SimpleNamespace(galleries=[], looked_at=[], shown=[], counts=[])

    def trial_database(path, gallery, embedder, looked_at, _false_accepts, _workers):
        asked.galleries.append(set(gallery.metadata))
        asked.looked_at.append({image.card_id for image in looked_at})
        write_bundle(path, replace(gallery, calibration=by_distance()))
        return refusal_run.CardDatabase.open(path, embedder.manifest)

    def show_cards(_embedder, _database, exhibits, count, _workers):
        asked.shown.append(exhibits)
        asked.counts.append(count)
        look = Look(card_id="x", confirmed=False, named=False, probabilities=(0.1, 0.1), distance=0.3, ratio=0.6)
        for each in exhibits:
            card_id, hashed = each.image.card_id, {"hash": ("x", 1.0)}
            for known in (True, False):
                yield Shown(card_id=card_id, known=known, condition="clean", looks=(look,), verdict=None, hashed=hashed)

    monkeypatch.setattr(refusal_run, "half_unknown", lambda *_: (images[:4], images[4:8], metadata))
    monkeypatch.setattr(refusal_run, "trial_database", trial_database)
    monkeypatch.setattr(refusal_run, "show_cards", show_cards)
    return asked


@pytest.fixture
def arguments(model: Path, filler: Path, tmp_path: Path):
    def parsed(*given: str) -> argparse.Namespace:
        parser = argparse.ArgumentParser()
        refusal_run.add_arguments(parser, model, filler)
        return parser.parse_args(["--output", str(tmp_path / "out"), *given])

    return parsed


FOLDER = ("--cards", "cards", "--metadata", "cards.json")


def test_each_half_is_shown_with_its_art_and_without_to_the_calibration_of_the_other(
    seen, arguments, everything, tmp_path, capsys
):
    assert refusal_run.run(arguments(*FOLDER, "--count", "3")) == 0
    ids = [image.card_id for image in everything[1]]
    halves = [set(ids[:4]), set(ids[4:8])]
    assert seen.galleries == [set(ids[:8])] * 2
    assert seen.looked_at == halves
    assert [{each.image.card_id for each in group} for group in seen.shown] == halves[::-1]
    assert seen.counts == [3, 3]
    for exhibit in (each for group in seen.shown for each in group):
        nothing, art = exhibit.without
        assert nothing == frozenset()
        assert exhibit.image.card_id in art
    (gallery,) = json.loads((tmp_path / "out" / "refusal.json").read_text())["galleries"]
    assert gallery["all"]["known_confirmed"]["count"] == gallery["all"]["unknown_confirmed"]["count"] == 8
    assert (tmp_path / "out" / "refusal.md").read_text() == capsys.readouterr().out
    assert (tmp_path / "out" / "refusal.png").stat().st_size > 1000


@pytest.mark.parametrize("size", [5, 10])
def test_a_gallery_has_as_many_cards_as_was_said(seen, arguments, everything, size):
    refusal_run.run(arguments(*FOLDER, "--sizes", str(size)))
    ids = {image.card_id for image in everything[1][:8]}
    assert [len(each) for each in seen.galleries] == [size, size]
    assert len(seen.galleries[0] & ids) == min(size, 8)
    assert all(group for group in seen.shown)


def test_a_gallery_that_cannot_be_filled_is_refused(seen, arguments):
    with pytest.raises(ConfigurationError, match="has no 5 cards with reference pictures"):
        refusal_run.run(arguments(*FOLDER, "--sizes", "13"))
    assert seen.shown == []


def test_a_folder_without_metadata_is_refused_before_anything_is_written(arguments, tmp_path):
    with pytest.raises(ConfigurationError, match="needs --metadata FILE"):
        refusal_run.run(arguments("--cards", "cards"))
    assert not (tmp_path / "out").exists()


def test_a_database_without_a_calibration_has_nothing_to_measure(seen, arguments, everything, monkeypatch):
    monkeypatch.setattr(refusal_run, "demo_gallery", lambda: (everything[1], everything[2]))
    with pytest.raises(ConfigurationError, match="filler: "):
        refusal_run.run(arguments())
    assert seen.shown == []
