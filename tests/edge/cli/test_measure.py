import json

import cv2
import jsonschema
import numpy as np
import pytest

from edge.calibration import Calibration, write_calibration
from edge.centering.registration.original import print_reference
from edge.geometry import CORNER_RADIUS_MM, card_homography
from edge.simulator.card import print_edges_mm, render_card
from edge.simulator.sets import unknown_cards
from edge.wire.schema import shipped_schema
from tests.edge.conftest import write_tiny_database

QUAD = np.array([[150.0, 120], [885, 140], [865, 1165], [130, 1145]])


@pytest.fixture(scope="module")
def card_photo(tmp_path_factory):
    """A photo of one bordered card, and its true share of the left border in per cent."""
    spec = next(card for card in unknown_cards(40) if print_edges_mm(card, (0.0, 0.0)) is not None)
    card = render_card(spec, 16.0, (0.5, 0.0))
    radius = round(CORNER_RADIUS_MM * 16)
    mask = np.zeros(card.shape[:2], np.uint8)
    cv2.rectangle(mask, (radius, radius), (card.shape[1] - radius, card.shape[0] - radius), 255, -1)
    mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
    matrix = np.linalg.inv(card_homography(2 * QUAD + 0.5, card.shape[1], card.shape[0]))
    size = (2060, 2600)
    alpha = cv2.warpPerspective(mask, matrix, size)[..., None] / 255.0
    picture = cv2.warpPerspective(card, matrix, size, borderMode=cv2.BORDER_REPLICATE) * alpha + 70.0 * (1 - alpha)
    path = tmp_path_factory.mktemp("measure") / "card.png"
    small = cv2.GaussianBlur(cv2.resize(picture, (1030, 1300), interpolation=cv2.INTER_AREA), (0, 0), 0.6)
    cv2.imwrite(str(path), np.rint(small).astype(np.uint8))
    left, _, right, _ = print_edges_mm(spec, (0.5, 0.0))
    return path, 100 * left / (left + right)


def test_one_json_object_a_photo(scanner, card_photo):
    path, left_share = card_photo
    outcome = scanner("measure", path, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    report = json.loads(outcome.out)
    assert (report["image"], report["width"], report["height"]) == (str(path), 1030, 1300)
    (card,) = report["cards"]
    assert np.abs(np.array(card["corners"]) - QUAD).max() < 2
    assert card["centering"]["left_right"][0] == pytest.approx(left_share, abs=0.7)
    assert len(card["centering"]["points"]) == 24
    jsonschema.validate(report, json.loads(shipped_schema("measured_photo")))


def test_the_json_of_a_photo_has_the_order_and_the_letters_that_programs_know(scanner, card_photo, tmp_path):
    path = tmp_path / "café.png"
    small = cv2.resize(cv2.imread(str(card_photo[0])), None, fx=0.35, fy=0.35, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(path), small)
    line = scanner("measure", path, "--json").out
    (card,) = json.loads(line)["cards"]
    centering = {
        "measurable": False, "reason": card["centering"]["reason"], "face": "front", "frames": 1, "notes": [],
        "method": None, "registration": None, "registration_reason": None, "disagreement": None,
    }  # fmt: skip
    known = {"corners": card["corners"], "card_id": None, "centering": centering}
    assert line == json.dumps({"image": str(path), "width": 360, "height": 455, "cards": [known]}) + "\n"
    assert r"caf\u00e9.png" in line


def test_figures_for_people_and_a_picture(scanner, card_photo, tmp_path):
    path, left_share = card_photo
    outcome = scanner("measure", path, "--overlay", tmp_path / "out")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[0] == f"{path}: 1 card"
    assert lines[1].split()[1] == "left/right"
    assert float(lines[1].split()[2].split("/")[0]) == pytest.approx(left_share, abs=0.7)
    assert "PSA" in lines[3]
    assert cv2.imread(str(tmp_path / "out" / "card-1.png")) is not None


def test_the_back_has_other_tolerances(scanner, card_photo):
    front, back = (
        json.loads(scanner("measure", card_photo[0], "--json", "--face", face).out)["cards"][0]["centering"]["grades"]
        for face in ("front", "back")
    )
    assert back["PSA"]["best"] == "10"
    assert front["PSA"]["best"] != "10"


def test_a_photo_without_cards(scanner, tmp_path):
    cv2.imwrite(str(tmp_path / "empty.png"), np.full((400, 400), 90, np.uint8))
    outcome = scanner("measure", tmp_path / "empty.png")
    assert (outcome.code, outcome.out) == (0, f"{tmp_path / 'empty.png'}: no card\n")


def test_a_card_with_too_few_pixels_is_told_so(scanner, card_photo, tmp_path):
    small = cv2.resize(cv2.imread(str(card_photo[0])), None, fx=0.35, fy=0.35, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(tmp_path / "small.png"), small)
    outcome = scanner("measure", tmp_path / "small.png")
    assert outcome.code == 0
    assert "not measured: too few pixels: the card has 4.1 px/mm" in outcome.out


def test_unreadable_photos_and_tables_are_complained_about(scanner, card_photo, tmp_path):
    assert scanner("measure", tmp_path / "nothing.jpg").code == 1
    (tmp_path / "tables.json").write_text("{}")
    outcome = scanner("measure", card_photo[0], "--tolerances", tmp_path / "tables.json")
    assert outcome.code == 2
    assert "tables.json" in outcome.err


def test_backs_of_the_configured_database_are_refused(scanner, card_photo, tiny_database, tmp_path, monkeypatch):
    card = cv2.imread(str(card_photo[0]))
    shown = cv2.warpPerspective(card, card_homography(QUAD, 504, 704), (504, 704))
    back = print_reference(shown, "back 0")
    prints = {card_id: print_reference(image, card_id) for card_id, image in tiny_database.cards.items()}
    write_tiny_database(tmp_path / "bundle", tiny_database.model, tiny_database.cards, prints=prints, backs=(back,))
    monkeypatch.setenv("CARD_SCANNER_RECOGNITION__DATABASE", str(tmp_path / "bundle"))
    assert "not measured: this is the back of a card" in scanner("measure", card_photo[0]).out
    assert "left/right" in scanner("measure", card_photo[0], "--face", "back").out


def test_identified_cards_are_registered(scanner, tiny_settings, table, tmp_path):
    card_id, card = next(iter(tiny_settings.cards.items()))
    prints = {name: print_reference(image, name) for name, image in tiny_settings.cards.items()}
    write_tiny_database(tmp_path / "bundle", tiny_settings.model, tiny_settings.cards, prints=prints)
    photo = cv2.resize(table(card), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(tmp_path / "photo.png"), photo)
    report = json.loads(scanner("measure", tmp_path / "photo.png", "--json", "--database", tmp_path / "bundle").out)
    (found,) = report["cards"]
    assert found["card_id"] == card_id
    shift = found["centering"]["registration"]["shift_mm"]
    assert abs(shift["right"]["value"]) < 0.15
    assert abs(shift["down"]["value"]) < 0.15
    old = scanner("measure", tmp_path / "photo.png", "--database", tiny_settings.database).out
    assert f"identified as {card_id}" in old
    assert "not registered: there is no reference picture" in old


def test_a_calibration_for_another_resolution_is_refused_in_words(scanner, card_photo, tmp_path):
    calibration = Calibration(
        sensor=None, focus=None, width=640, height=480, focal_px=(600, 600), centre_px=(320, 240),
        coefficients=(0, 0, 0, 0, 0), reprojection_error_px=0.1, views=9, coverage=1, created="2025-01-01",
    )  # fmt: skip
    write_calibration(tmp_path / "camera.json", calibration)
    outcome = scanner("measure", card_photo[0], "--calibration", tmp_path / "camera.json")
    assert "not measured: the camera's calibration is for pictures of 640 x 480 pixels" in outcome.out
    assert scanner("measure", card_photo[0], "--calibration", tmp_path / "nothing.json").code == 2


def test_a_model_needs_its_database(scanner, card_photo):
    assert "give --database too" in scanner("measure", card_photo[0], "--model", "x.onnx").complaint


def test_pictures_of_cards_never_replace_the_users_files(scanner, card_photo, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a.png").write_bytes(card_photo[0].read_bytes())
    (folder / "a-1.png").write_bytes(b"holiday")
    for _ in range(2):
        scanner("measure", folder / "a.png", "--overlay", folder)
        assert sorted(path.name for path in folder.iterdir()) == ["a-1.png", "a-2-1.png", "a.png"]
    assert (folder / "a-1.png").read_bytes() == b"holiday"
    assert (folder / "a.png").read_bytes() == card_photo[0].read_bytes()
