import json
import shutil

import cv2
import jsonschema
import numpy as np
import PIL.Image
import pytest

from edge.calibration import Calibration, write_calibration
from edge.imaging.photos import decode_photo, read_photo
from edge.wire.schema import shipped_schema


def test_one_json_object_a_photo(scanner, tiny_settings, photo, tmp_path):
    (tmp_path / "photos").mkdir()
    shutil.copy(photo, tmp_path / "photos" / "p10.jpg")
    cv2.imwrite(str(tmp_path / "photos" / "p9.png"), np.full((100, 100), 200, np.uint8))
    outcome = scanner("identify", tmp_path / "photos", photo, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    results = [json.loads(line) for line in outcome.out.splitlines()]
    assert [r["image"] for r in results] == [
        str(tmp_path / "photos" / "p9.png"), str(tmp_path / "photos" / "p10.jpg"), str(photo)
    ]  # fmt: skip
    for result in results:
        jsonschema.validate(result, json.loads(shipped_schema("photo")))
    assert [len(r["cards"]) for r in results] == [0, 1, 1]
    card = results[2]["cards"][0]
    assert (card["card_id"], card["status"]) == (next(iter(tiny_settings.cards)), "confirmed")
    assert (results[2]["width"], results[2]["height"]) == (800, 600)
    assert len(card["matches"]) == 4


def test_a_table_for_people(scanner, tiny_settings, photo):
    outcome = scanner("identify", photo)
    header, row = outcome.out.splitlines()
    assert header == f"{photo}: 1 card (800 x 600 pixels)"
    assert row.split()[:2] == ["1", "confirmed"]
    assert f"Card {next(iter(tiny_settings.cards))}, Tiny" in row


def test_photos_that_cannot_be_read_do_not_stop_the_others(scanner, tiny_settings, photo, tmp_path):
    (tmp_path / "cut.jpg").write_bytes(photo.read_bytes()[:5000])
    cv2.imwrite(str(tmp_path / "dot.png"), np.zeros((1, 1, 3), np.uint8))
    (tmp_path / "empty").mkdir()
    bad = [tmp_path / "nothing.jpg", tmp_path / "empty", tmp_path / "cut.jpg", tmp_path / "dot.png"]
    outcome = scanner("identify", *bad, photo, "--json")
    assert outcome.code == 1
    assert [json.loads(line)["image"] for line in outcome.out.splitlines()] == [str(photo)]
    complaints = outcome.err.splitlines()
    assert len(complaints) == 4
    for path, complaint in zip(bad, complaints, strict=True):
        assert complaint.startswith("card-scanner: error: ")
        assert str(path) in complaint


@pytest.mark.parametrize("kind", ["grey", "alpha", "deep", "large"])
def test_unusual_photos_are_read(scanner, tiny_settings, photo, tmp_path, kind):
    image = read_photo(photo)
    made = {
        "grey": lambda: cv2.cvtColor(image, cv2.COLOR_BGR2GRAY),
        "alpha": lambda: cv2.cvtColor(image, cv2.COLOR_BGR2BGRA),
        "deep": lambda: image.astype(np.uint16) * 257,
        "large": lambda: cv2.resize(image, (5600, 4200)),
    }[kind]()
    path = tmp_path / f"{kind}.png"
    cv2.imwrite(str(path), made, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    outcome = scanner("identify", path, "--json")
    assert (outcome.code, outcome.err) == (0, "")
    assert len(json.loads(outcome.out)["cards"]) == 1


def test_overlays_are_told_apart(scanner, tiny_settings, photo, tmp_path):
    (tmp_path / "more").mkdir()
    cv2.imwrite(str(tmp_path / "more" / "photo.png"), read_photo(photo))
    outcome = scanner("identify", photo, tmp_path / "more", "--overlay", tmp_path / "new" / "out")
    assert outcome.code == 0
    assert sorted(path.name for path in (tmp_path / "new" / "out").iterdir()) == ["photo-2.png", "photo.png"]
    drawn, plain = read_photo(tmp_path / "new" / "out" / "photo.png"), read_photo(photo)
    assert drawn.shape == plain.shape
    assert 0.01 < (drawn != plain).any(axis=2).mean() < 0.2


def test_an_overlay_folder_that_cannot_be_made(scanner, tiny_settings, photo):
    outcome = scanner("identify", photo, "--overlay", photo)
    assert (outcome.code, outcome.out) == (2, "")
    assert "--overlay: cannot make the folder" in outcome.complaint


def test_model_and_database_can_be_chosen(scanner, tiny_database, photo):
    outcome = scanner("identify", photo, "--model", tiny_database.model, "--database", tiny_database.database)
    assert outcome.code == 0


def test_a_missing_model_or_database(scanner, tiny_settings, photo, tmp_path):
    for option in ("--model", "--database"):
        outcome = scanner("identify", photo, option, tmp_path / "nothing.onnx")
        assert (outcome.code, outcome.out) == (1, "")
        assert str(tmp_path / "nothing") in outcome.complaint


def test_a_database_of_another_model(scanner, tiny_settings, photo, tmp_path):
    for suffix in (".onnx", ".json"):
        shutil.copy(tiny_settings.model.with_suffix(suffix), tmp_path / f"thumbnail{suffix}")
    manifest = json.loads((tmp_path / "thumbnail.json").read_text()) | {"model_id": "another"}
    (tmp_path / "thumbnail.json").write_text(json.dumps(manifest))
    outcome = scanner("identify", photo, "--model", tmp_path / "thumbnail.onnx")
    assert (outcome.code, outcome.out) == (1, "")
    assert "was built with another model" in outcome.complaint


@pytest.mark.parametrize("name", ["usearch.index", "embeddings.npy", "metadata.json", "index.json", "manifest.json"])
def test_a_damaged_database(scanner, tiny_settings, photo, tmp_path, name):
    shutil.copytree(tiny_settings.database, tmp_path / "database")
    content = bytearray((tmp_path / "database" / name).read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    (tmp_path / "database" / name).write_bytes(content)
    outcome = scanner("identify", photo, "--database", tmp_path / "database")
    assert (outcome.code, outcome.out) == (1, "")
    assert name in outcome.complaint


def test_centering_by_a_calibrated_camera(scanner, tiny_settings, photo, tmp_path):
    calibration = Calibration(
        sensor=None, focus=None, width=640, height=480, focal_px=(600, 600), centre_px=(320, 240),
        coefficients=(0, 0, 0, 0, 0), reprojection_error_px=0.1, views=9, coverage=1, created="2025-01-01",
    )  # fmt: skip
    write_calibration(tmp_path / "camera.json", calibration)
    outcome = scanner("identify", photo, "--json", "--calibration", tmp_path / "camera.json")
    (card,) = json.loads(outcome.out)["cards"]
    assert card["centering"]["reason"].startswith("the camera's calibration is for pictures of 640 x 480 pixels")
    assert scanner("identify", photo, "--calibration", tmp_path / "nothing.json").code == 2


def test_results_of_a_very_large_photo_are_in_its_own_pixels(scanner, tiny_settings, photo, tmp_path, monkeypatch):
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    large = cv2.resize(read_photo(photo), (2000, 1500), interpolation=cv2.INTER_CUBIC)
    PIL.Image.fromarray(large[..., ::-1]).save(tmp_path / "large.jpg", quality=95, exif=exif)
    whole = json.loads(scanner("identify", tmp_path / "large.jpg", "--json").out)
    measured = json.loads(scanner("measure", tmp_path / "large.jpg", "--json").out)
    monkeypatch.setattr("edge.imaging.decoding.MAX_DECODED_PIXELS", 1_000_000)
    out = tmp_path / "out"
    found = json.loads(scanner("identify", tmp_path / "large.jpg", "--json", "--overlay", out).out)
    assert (found["width"], found["height"]) == (whole["width"], whole["height"]) == (1500, 2000)
    assert np.abs(np.array(found["cards"][0]["corners"]) - whole["cards"][0]["corners"]).max() < 4
    (card,), (other,) = measured["cards"], json.loads(scanner("measure", tmp_path / "large.jpg", "--json").out)["cards"]
    for first, second in ((found["cards"][0], whole["cards"][0]), (other, card)):
        points = [[point["outer_px"] for point in each["centering"]["points"]] for each in (first, second)]
        assert np.abs(np.subtract(*points)).max() < 4
        assert first["centering"]["px_per_mm"] == pytest.approx(second["centering"]["px_per_mm"], rel=0.01)
    drawn, plain = read_photo(out / "large.png"), decode_photo(tmp_path / "large.jpg").image
    assert drawn.shape == plain.shape == (1000, 750, 3)
    for x, y in (np.array(found["cards"][0]["corners"]) / 2).round().astype(int):
        assert (drawn[y - 2 : y + 3, x - 2 : x + 3] != plain[y - 2 : y + 3, x - 2 : x + 3]).any()


def test_overlays_never_replace_a_photo_or_a_picture_of_the_users(scanner, tiny_settings, photo, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), read_photo(photo))
    (folder / "b.png").symlink_to(photo)
    (folder / "c.jpg").write_bytes(photo.read_bytes())
    (folder / "c.png").write_bytes(b"holiday")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    first = scanner("identify", folder, "--overlay", folder)
    drawn = {path: path.read_bytes() for path in folder.iterdir() if path not in before}
    assert {path.name for path in drawn} == {"a-2.png", "b-2.png", "c-2.png"}
    again = scanner("identify", folder, "--overlay", folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before | drawn
    assert first.out == again.out
    assert "left out a-2.png, b-2.png, c-2.png: a picture that card-scanner drew" in again.err


def test_a_damaged_photo_does_not_stop_a_folder(scanner, tiny_settings, photo, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    whole = bytearray(photo.read_bytes())
    (folder / "1.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n")
    PIL.Image.open(photo).resize((200, 150)).save(folder / "2.avif")
    damaged = bytearray((folder / "2.avif").read_bytes())
    start = damaged.index(b"mdat") + 8
    damaged[start : start + 60] = bytes(60)
    (folder / "2.avif").write_bytes(damaged)
    (folder / "3.jpg").write_bytes(whole)
    (folder / "notes.txt").write_text("text")
    outcome = scanner("identify", folder, "--json")
    assert outcome.code == 1
    assert [json.loads(line)["image"] for line in outcome.out.splitlines()] == [str(folder / "3.jpg")]
    assert [sum(name in line for line in outcome.err.splitlines()) for name in ("1.jpg", "2.avif", "notes.txt")] == [
        1
    ] * 3
    assert len(outcome.err.splitlines()) == 3
