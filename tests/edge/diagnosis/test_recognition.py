import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.database.learned_folder import LearnedFolder
from edge.detection import CardDetector
from edge.diagnosis import recognition as checks
from edge.diagnosis.finding import State
from edge.diagnosis.machine import Machine
from edge.diagnosis.picture import card_on_table
from edge.diagnosis.recognition import check_database, check_detector, check_learned, check_model, check_recognition
from edge.errors import ModelError
from edge.geometry import quad_iou
from edge.manifests import UNCALIBRATED
from edge.settings.sections import PublishSettings, RecognitionSettings
from edge.settings.settings import Settings
from edge.shipped import DEMO_DATABASE, EMBEDDING_MODEL
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from tests.calibrations import by_distance, recalibrated
from tests.edge.database.learned import learned

MACHINE = Machine()


def recognition(model: Path, database: Path) -> Settings:
    return Settings(recognition=RecognitionSettings(model=model, database=database))


def test_a_sound_model_and_database(tiny_database):
    settings = recognition(tiny_database.model, tiny_database.database)
    assert check_model(settings, MACHINE).state is State.OK
    assert "4 cards" in check_database(settings, MACHINE).sentence


def test_an_uncalibrated_database_is_told(tiny_database, tmp_path):
    bundle = recalibrated(tiny_database.database, tmp_path / "uncalibrated", None)
    finding = check_database(recognition(tiny_database.model, bundle), MACHINE)
    assert (finding.state, finding.remedy) == (State.WARNING, UNCALIBRATED)


def test_a_damaged_model(tiny_database, tmp_path):
    for suffix in (".onnx", ".json"):
        shutil.copy(tiny_database.model.with_suffix(suffix), tmp_path / f"thumbnail{suffix}")
    with (tmp_path / "thumbnail.onnx").open("ab") as file:
        file.write(b"?")
    settings = recognition(tmp_path / "thumbnail.onnx", tiny_database.database)
    assert "is damaged" in check_model(settings, MACHINE).sentence
    assert check_database(settings, MACHINE).remedy == "mend the model first"
    assert "is damaged" in check_recognition(settings, MACHINE).sentence
    (tmp_path / "thumbnail.onnx").unlink()
    assert f"no network {tmp_path}/thumbnail.onnx" in check_model(settings, MACHINE).sentence


def test_a_missing_fallback_model(tiny_database, tmp_path):
    fallback = {"fallback_model": tmp_path / "absent.onnx"}
    settings = recognition(tiny_database.model, tiny_database.database)
    settings = settings.model_copy(update={"recognition": settings.recognition.model_copy(update=fallback)})
    assert "absent" in check_model(settings, MACHINE).sentence


def test_a_damaged_database(tiny_database, tmp_path):
    shutil.copytree(tiny_database.database, tmp_path / "database")
    (tmp_path / "database" / "index.json").write_text("[]")
    finding = check_database(recognition(tiny_database.model, tmp_path / "database"), MACHINE)
    assert finding.state is State.FAILURE
    assert "index.json is damaged" in finding.sentence
    assert "database rollback" in finding.remedy


def test_the_detector(monkeypatch):
    assert check_detector(Settings(), MACHINE).sentence == "outline.onnx and sides.onnx open"

    def refuse(**_):
        raise ModelError("outline.onnx is damaged")

    monkeypatch.setattr(checks, "CardDetector", refuse)
    finding = check_detector(Settings(), MACHINE)
    assert (finding.state, finding.sentence) == (State.FAILURE, "outline.onnx is damaged")
    assert "install.sh" in finding.remedy


def test_a_card_of_the_shipped_database_is_recognised_by_all_parts_together():
    finding = check_recognition(Settings(), MACHINE)
    assert finding.state is State.OK
    assert re.fullmatch(r"a picture of .+ \(\w+-\d+\) at distance 0\.0\d\d", finding.sentence)


def test_a_scanner_that_recognises_nothing_is_a_failure(tmp_path):
    strict = recalibrated(DEMO_DATABASE, tmp_path / "strict", by_distance(confirmed=1e-12))
    finding = check_recognition(recognition(EMBEDDING_MODEL, strict), MACHINE)
    assert (finding.state, finding.sentence.split()[:3]) == (State.FAILURE, ["none", "of", "8"])


def test_a_database_without_pictures_to_try(tiny_database):
    finding = check_recognition(recognition(tiny_database.model, tiny_database.database), MACHINE)
    assert finding.state is State.WARNING
    assert "holds no pictures" in finding.sentence


def test_the_accelerator_is_left_to_the_scanner_that_runs(monkeypatch):
    monkeypatch.setattr(checks, "running_scanner", lambda _: "30 frames/s from picamera, status ok")
    finding = check_recognition(recognition(Path("student.hef"), Path("database")), MACHINE)
    assert (finding.state, finding.remedy) == (State.UNUSED, "")


@pytest.mark.parametrize("size", [(96, 128), (504, 704)])
def test_the_picture_shows_one_card(size):
    card = cv2.resize(render_card(demo_cards()[0], 8.0), size, interpolation=cv2.INTER_AREA)
    (found,) = CardDetector().detect(card_on_table(card))
    assert quad_iou(found.quad, np.array([[150.0, 150], [401, 150], [401, 501], [150, 501]])) > 0.97


def test_learned_cards_are_counted_and_what_is_torn_is_named(tmp_path):
    publish = PublishSettings(control=f"ipc://{tmp_path}/nobody")
    settings = Settings(recognition=RecognitionSettings(learned=tmp_path / "learned"), publish=publish)
    assert check_learned(settings, MACHINE).state is State.UNUSED
    folder = LearnedFolder(tmp_path / "learned")
    for number in (1, 2):
        folder.write(*learned(number))
    finding = check_learned(settings, MACHINE)
    assert (finding.state, finding.sentence) == (State.OK, f"2, in {tmp_path / 'learned'}")
    (folder.path / "learned-000000000001" / "vectors.bin").unlink()
    finding = check_learned(settings, MACHINE)
    assert finding.state is State.WARNING
    assert "learned-000000000001/vectors.bin" in finding.sentence
    shutil.rmtree(folder.path)
    folder.path.write_bytes(b"a file")
    assert "Not a directory" in check_learned(settings, MACHINE).sentence
