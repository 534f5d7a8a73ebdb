import json
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from edge.errors import ImageError
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from tests.training.conftest import coarse_cards
from training.cli import main
from training.data import references
from training.data.card_folder import folder_gallery
from training.data.card_list import read_card_list
from training.data.folder_references import decoded_references, folder_references, labels_of, split_gallery
from training.data.gallery import GalleryImage
from training.data.inspection import describe, inspect_folder
from training.errors import TrainingError
from training.evaluation.held_out import folder_held_out


def save(folder: Path, name: str, card: np.ndarray) -> Path:
    cv2.imwrite(str(folder / "cards" / name), card)
    return folder / "cards" / name


def details(card_id: str, name: str = "Pip") -> dict[str, str]:
    return {
        "name": name,
        "set_code": card_id.split("-", maxsplit=1)[0],
        "set_name": "Set",
        "number": card_id.split("-")[1],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six different cards, two of them with the same name."""
    (tmp_path / "cards").mkdir()
    metadata = {}
    for number, card in enumerate(coarse_cards(6)):
        save(tmp_path, f"set-{number}_Pip_high.png", card)
        metadata[f"set-{number}"] = details(f"set-{number}", f"Name {number // 2}")
    (tmp_path / "cards.json").write_text(json.dumps(metadata))
    return tmp_path


def inspected(folder: Path):
    return inspect_folder(folder / "cards", read_card_list(folder / "cards.json"), workers=1)


def test_a_good_folder_is_usable(folder: Path):
    found = inspected(folder)
    assert found.complete
    assert (found.files, found.cards, found.images_per_card, found.formats) == (6, 6, {1: 6}, {".png": 6})
    assert found.widths_px == (252, 252, 252)
    assert not found.equal
    assert not found.near_equal


def test_every_fault_is_listed_in_one_go(folder: Path):
    cards = folder / "cards"
    save(folder, "charizard.png", coarse_cards(1, seed=1)[0])
    save(folder, "set-0_Pip.jpg", coarse_cards(1)[0])
    save(folder, "new-1_Pip.png", coarse_cards(1, seed=2)[0])
    (cards / "set-1_Pip_high.png").write_bytes((cards / "set-1_Pip_high.png").read_bytes()[:900])
    (cards / "set-2_Pip_high.png").unlink()
    found = inspected(folder)
    assert found.usable
    assert not found.complete
    assert found.cards == 4
    assert found.findings.misnamed == ("charizard.png",)
    assert set(found.findings.repeated[0]) == {"set-0_Pip.jpg", "set-0_Pip_high.png"}
    assert found.findings.without_metadata == ("new-1",)
    assert found.findings.without_image == ("set-2",)
    assert list(found.findings.unreadable) == ["set-1_Pip_high.png"]


def test_a_scan_whose_margin_is_cut_off_is_named(folder: Path):
    card = next(iter(demo_cards()))
    scan = cv2.copyMakeBorder(render_card(card, 6.0), 24, 24, 24, 24, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    cv2.rectangle(scan, (24, 24), (scan.shape[1] - 25, scan.shape[0] - 25), (90, 120, 150), 8)
    save(folder, "set-2_Pip_high.png", scan)
    found = inspected(folder)
    assert found.complete
    assert found.margin_cut == ("set-2_Pip_high.png",)
    assert "scans whose margin is cut off: 1\n  set-2_Pip_high.png\n" in describe(found, folder)


@pytest.mark.parametrize("suffix", [".tif", ".bmp", ".avif", ".gif"])
def test_every_kind_of_picture_is_taken_and_other_files_are_named(folder: Path, suffix: str):
    png = folder / "cards" / "set-2_Pip_high.png"
    with PIL.Image.open(png) as picture:
        picture.save(png.with_suffix(suffix))
    png.unlink()
    (folder / "cards" / "set-7_\u202epsd.psd").write_bytes(b"8BPS")
    (folder / "cards" / "cards.csv").write_text("id,name\n")
    found = inspected(folder)
    assert (found.cards, found.formats) == (6, {".png": 5, suffix: 1})
    assert found.findings.other_kinds == ("set-7_\u202epsd.psd",)
    assert not found.complete
    said = describe(found, folder)
    assert "files of other kinds: 1" in said
    assert r"set-7_\u202epsd.psd" in said


def test_equal_and_nearly_equal_images_are_told_apart(folder: Path):
    card = next(card for card in demo_cards() if card.lookalike_of)
    other = next(other for other in demo_cards() if other.card_id == card.lookalike_of)
    reprint, original = render_card(card, 4.0), render_card(other, 4.0)
    save(folder, "set-2_Pip_high.png", original)
    save(folder, "set-3_Pip_high.png", reprint)
    save(folder, "set-4_Pip_high.png", original)
    found = inspected(folder)
    assert found.complete
    assert found.equal == (("set-2_Pip_high.png", "set-4_Pip_high.png"),)
    assert found.near_equal == (("set-2_Pip_high.png", "set-3_Pip_high.png"),)


def test_the_command_writes_a_report_and_says_with_its_exit_code_whether_the_folder_can_be_used(folder: Path, capsys):
    command = ["inspect", str(folder / "cards"), "--metadata", str(folder / "cards.json"), "--workers", "1"]
    assert main([*command, "--output", str(folder / "out" / "report.json")]) == 0
    assert json.loads((folder / "out" / "report.json").read_text())["files"] == 6
    assert "usable as it is" in capsys.readouterr().out
    (folder / "cards" / "set-1_Pip_high.png").write_bytes(b"text")
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "set-1_Pip_high.png" in printed
    assert "usable as it is" not in printed
    assert main([*command, "--strict"]) == 1
    for file in (folder / "cards").iterdir():
        file.write_bytes(b"text")
    assert main(command) == 1
    assert "NOT usable" in capsys.readouterr().out


def test_a_folder_is_decoded_once_for_learnt_and_held_out_cards(folder: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("training.data.folder_references.HELD_OUT_SHARE", 0.5)
    images, metadata = folder_gallery(folder / "cards", folder / "cards.json")
    learnt, held_out = split_gallery(images, metadata, 0.5)
    assert sorted(image.card_id for image in [*learnt, *held_out]) == sorted(metadata)
    names = [{metadata[image.card_id].name for image in side} for side in (learnt, held_out)]
    assert not names[0] & names[1]
    decoded = decoded_references(learnt, tmp_path / "cache", workers=1)
    monkeypatch.setattr("training.data.folder_references.in_processes", lambda *_: pytest.fail("decoded again"))
    again = decoded_references(learnt, tmp_path / "cache", workers=1)
    assert isinstance(again.images, np.memmap)
    np.testing.assert_array_equal(decoded.images, again.images)
    np.testing.assert_array_equal(decoded.labels, again.labels)
    assert again.card_ids == tuple(image.card_id for image in learnt)


def test_training_leaves_out_what_cannot_be_used_and_names_it(folder: Path, tmp_path: Path, capsys):
    for number in (1, 4):
        (folder / "cards" / f"set-{number}_Pip_high.png").write_bytes(b"text")
    images, _ = folder_gallery(folder / "cards", folder / "cards.json")
    for _ in range(2):
        decoded = decoded_references(images, tmp_path / "cache", workers=1)
        assert decoded.card_ids == ("set-0", "set-2", "set-3", "set-5")
        assert (decoded.images.shape[0], decoded.labels.tolist()) == (4, [0, 1, 2, 3])
        assert np.abs(decoded.images[3].astype(int) - coarse_cards(6)[5]).mean() < 10
    said = capsys.readouterr().err
    assert "2 of 6" in said
    assert "set-1_Pip_high" in said
    assert "set-4_Pip_high" in said


def test_a_folder_without_a_usable_image_is_refused_before_training(folder: Path, tmp_path: Path):
    for file in (folder / "cards").iterdir():
        file.write_bytes(b"text")
    images, _ = folder_gallery(folder / "cards", folder / "cards.json")
    with pytest.raises(ImageError, match=r"6 of 6 .*set-1_Pip_high"):
        decoded_references(images, tmp_path / "cache", workers=1)
    assert [file.suffix for file in (tmp_path / "cache").iterdir()] == [".lock"]


@pytest.mark.parametrize("suffix", [".npz", ".bgr"])
def test_decoded_images_that_were_damaged_are_decoded_again(folder: Path, tmp_path: Path, suffix: str):
    images, _ = folder_gallery(folder / "cards", folder / "cards.json")
    decoded = decoded_references(images, tmp_path / "cache", workers=1)
    pixels = decoded.images.copy()
    (damaged,) = (tmp_path / "cache").glob(f"*{suffix}")
    damaged.write_bytes(b"")
    again = decoded_references(images, tmp_path / "cache", workers=1)
    np.testing.assert_array_equal(again.images, pixels)
    assert again.digest == decoded.digest


def test_a_folder_under_another_name_is_the_same_data(folder: Path, tmp_path: Path, monkeypatch):
    images, _ = folder_gallery(folder / "cards", folder / "cards.json")
    decoded = decoded_references(images, tmp_path / "cache", workers=1)
    monkeypatch.setattr("training.data.folder_references.in_processes", lambda *_: pytest.fail("decoded again"))
    (folder / "linked").symlink_to(folder / "cards")
    images, _ = folder_gallery(folder / "linked", folder / "cards.json")
    assert decoded_references(images, tmp_path / "cache", workers=1).digest == decoded.digest
    (folder / "cards").rename(tmp_path / "moved")
    images, _ = folder_gallery(tmp_path / "moved", folder / "cards.json")
    assert decoded_references(images, tmp_path / "cache", workers=1).digest == decoded.digest


def test_evaluation_leaves_out_what_cannot_be_used_and_names_it(folder: Path, monkeypatch, capsys):
    monkeypatch.setattr("training.evaluation.held_out.split_gallery", lambda images, _: ([], images))
    whole = folder_held_out(folder / "cards", folder / "cards.json")
    spoiled = whole.known[0]
    spoiled.file.write_bytes(b"text")
    rest = folder_held_out(folder / "cards", folder / "cards.json")
    assert {image.card_id for image in rest.gallery} == {image.card_id for image in whole.gallery} - {spoiled.card_id}
    assert spoiled.file.name in capsys.readouterr().err


def test_a_full_disk_and_an_empty_side_are_found_before_anything_is_decoded(folder: Path, tmp_path: Path, monkeypatch):
    usage = references.shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(references.shutil, "disk_usage", lambda _: usage)
    images, _ = folder_gallery(folder / "cards", folder / "cards.json")
    with pytest.raises(TrainingError, match="make room"):
        decoded_references(images, tmp_path / "cache", workers=1)
    (folder / "cards.json").write_text(json.dumps({f"set-{n}": details(f"set-{n}") for n in range(6)}))
    with pytest.raises(TrainingError, match="give more cards"):
        folder_references(folder / "cards", folder / "cards.json", tmp_path / "cache")


def test_images_of_one_card_and_look_alikes_share_a_label():
    assert labels_of(["a", "b", "a", "c", "d"], [[1, 3]]).tolist() == [0, 1, 0, 1, 2]
    assert labels_of(["a", "b", "c"], [[0, 1], [1, 2]]).tolist() == [0, 0, 0]


def test_rendered_cards_are_not_taken_for_files(tmp_path: Path):
    image = GalleryImage(card_id="set-1", variant=0, load=lambda: coarse_cards(1)[0])
    with pytest.raises(TrainingError, match="does not come from a folder"):
        decoded_references([image], tmp_path, workers=1)
