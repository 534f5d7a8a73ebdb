import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from edge.database import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.embedding.selftest import load_golden
from edge.errors import ConfigurationError, DatabaseError, ImageError, ModelError, ScannerError
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from training.data import gallery
from training.data.gallery import card_id_of, demo_gallery, read_card_image
from training.data.lookalikes import difference_windows, fingerprint, group_fingerprints, register
from training.index import build as index

REPRINT = next(card for card in demo_cards() if card.lookalike_of)
ORIGINAL = next(card for card in demo_cards() if card.card_id == REPRINT.lookalike_of)
OTHERS = [card for card in demo_cards() if card.lookalike_of is None and card is not ORIGINAL][:3]
CARDS = {card.card_id: card for card in [ORIGINAL, REPRINT, *OTHERS]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five cards as images, among them a reprint and its original, and their metadata."""
    (tmp_path / "cards").mkdir()
    metadata = {}
    for card in CARDS.values():
        name = card.name.replace(" ", "-")
        cv2.imwrite(str(tmp_path / "cards" / f"{card.card_id}_{name}_high.png"), render_card(card, 8.0))
        metadata[card.card_id] = {
            "name": card.name,
            "set_code": card.set_code,
            "set_name": card.set_name,
            "number": card.number,
        }
    (tmp_path / "cards.json").write_text(json.dumps(metadata))
    return tmp_path


def build(folder: Path, model: Path, *more: str, cards: str | None = None) -> int:
    parser = argparse.ArgumentParser()
    index.add_parser(parser.add_subparsers())
    arguments = ["--cards", cards or str(folder / "cards"), "--metadata", str(folder / "cards.json")]
    args = parser.parse_args(["index", *arguments, "--model", str(model), "--output", str(folder / "out"), *more])
    return int(args.run(args))


def image_of(folder: Path, card_id: str) -> Path:
    return next((folder / "cards").glob(f"{card_id}_*"))


def test_a_folder_becomes_a_database(folder: Path, model: Path, capsys):
    assert build(folder, model) == 0
    embedder = OnnxEmbedder(model)
    database = CardDatabase.open(folder / "out", embedder.manifest)
    assert (database.manifest.cards, database.manifest.rows, database.manifest.name) == (5, 10, "out")
    assert database.details(REPRINT.card_id).set_name == REPRINT.set_name
    query = embedder.embed([render_card(OTHERS[0], 8.0)])
    assert database.search(query, 5)[0][0].card_id == OTHERS[0].card_id
    (group,) = database.lookalikes
    assert {member.card_id for member in group.members} == {ORIGINAL.card_id, REPRINT.card_id}
    assert group.windows
    printed = capsys.readouterr().out
    assert "5 cards, 10 rows" in printed
    assert "look-alikes: 1 groups" in printed


def test_several_images_of_a_card_are_its_variants(folder: Path, model: Path):
    cv2.imwrite(str(folder / "cards" / f"{OTHERS[0].card_id}_scan.jpg"), render_card(OTHERS[0], 5.0))
    build(folder, model)
    manifest = OnnxEmbedder(model).manifest
    database = CardDatabase.open(folder / "out", manifest)
    assert (database.manifest.cards, database.manifest.rows) == (5, 12)
    assert len(database.lookalikes) == 1
    rows = json.loads((folder / "out" / "index.json").read_text())
    variants = sorted((row["variant"], row["rotation"]) for row in rows if row["card_id"] == OTHERS[0].card_id)
    assert variants == [(0, 0), (0, 180), (1, 0), (1, 180)]


def test_the_same_input_gives_the_same_files(folder: Path, model: Path):
    build(folder, model)
    first = (folder / "out" / "manifest.json").read_bytes()
    build(folder, model)
    assert (folder / "out" / "manifest.json").read_bytes() == first


def test_only_new_images_are_embedded_and_gone_ones_leave(folder: Path, model: Path, capsys):
    card = image_of(folder, OTHERS[0].card_id)
    picture, metadata = card.read_bytes(), json.loads((folder / "cards.json").read_text())
    less = {card_id: entry for card_id, entry in metadata.items() if card_id != OTHERS[0].card_id}
    card.unlink()
    (folder / "cards.json").write_text(json.dumps(less))
    (folder / "thresholds.json").write_text(json.dumps({"confirmed": 0.2}))
    build(folder, model, "--thresholds", str(folder / "thresholds.json"))
    card.write_bytes(picture)
    (folder / "cards.json").write_text(json.dumps(metadata))
    capsys.readouterr()
    build(folder, model)
    assert "embedded: 1 of 5 images" in capsys.readouterr().out
    updated = CardDatabase.open(folder / "out", OnnxEmbedder(model).manifest)
    assert updated.manifest.thresholds.confirmed == 0.2
    (folder / "out").rename(folder / "updated")
    build(folder, model)
    fresh = CardDatabase.open(folder / "out", OnnxEmbedder(model).manifest)
    for name in ("embeddings.npy", "index.json", "metadata.json", "lookalikes.json"):
        assert (folder / "updated" / name).read_bytes() == (folder / "out" / name).read_bytes()
    assert fresh.card_ids == updated.card_ids
    card.unlink()
    (folder / "cards.json").write_text(json.dumps(less))
    capsys.readouterr()
    build(folder, model)
    assert "embedded: 0 of 4 images" in capsys.readouterr().out
    assert OTHERS[0].card_id not in CardDatabase.open(folder / "out", OnnxEmbedder(model).manifest).card_ids


def test_a_damaged_former_database_is_not_taken_over(folder: Path, model: Path, capsys):
    build(folder, model)
    embeddings = np.load(folder / "out" / "embeddings.npy")
    np.save(folder / "out" / "embeddings.npy", embeddings[::-1])
    capsys.readouterr()
    build(folder, model)
    assert "embedded: 5 of 5 images" in capsys.readouterr().out
    np.testing.assert_array_equal(np.load(folder / "out" / "embeddings.npy"), embeddings)


def test_processes_share_the_gallery(folder: Path, model: Path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "training"]
    command += [
        "index",
        "--cards",
        str(folder / "cards"),
        "--metadata",
        str(folder / "cards.json"),
        "--model",
        str(model),
    ]
    build(folder, model)
    subprocess.run(
        [*command, "--output", str(folder / "shared")], check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    for name in ("embeddings.npy", "index.json", "metadata.json", "lookalikes.json"):
        assert (folder / "shared" / name).read_bytes() == (folder / "out" / name).read_bytes()


def test_a_repeated_placeholder_is_reported(folder: Path, model: Path, capsys):
    placeholder = image_of(folder, OTHERS[0].card_id).read_bytes()
    image_of(folder, OTHERS[1].card_id).write_bytes(placeholder)
    build(folder, model)
    first, second = sorted((OTHERS[0].card_id, OTHERS[1].card_id))
    printed = capsys.readouterr().out
    assert f"{first} = {second}" in printed.split("equal to the model")[1]
    assert "equal images: 1 groups" in printed


def test_calibrated_thresholds_travel_in_the_manifest(folder: Path, model: Path):
    (folder / "thresholds.json").write_text(json.dumps({"confirmed": 0.2, "calibration": {"cards": 100}}))
    build(folder, model, "--thresholds", str(folder / "thresholds.json"))
    thresholds = CardDatabase.open(folder / "out", OnnxEmbedder(model).manifest).manifest.thresholds
    assert (thresholds.confirmed, thresholds.calibration) == (0.2, {"cards": 100})


def test_golden_crops_travel_with_the_embeddings_of_the_float_model(folder: Path, model: Path):
    build(folder, model)
    golden = load_golden(folder / "out")
    assert len(golden.cards) == len(CARDS)
    assert all(card.shape == (224, 160, 3) for card in golden.cards)
    np.testing.assert_allclose(OnnxEmbedder(model).embed(golden.cards), golden.embeddings, atol=1e-6)


def test_the_demo_gallery_has_an_image_and_details_for_every_card():
    images, metadata = demo_gallery()
    assert [image.card_id for image in images] == list(metadata) == [card.card_id for card in demo_cards()]
    assert images[0].load().shape == (704, 504, 3)


def corrupt(folder: Path) -> str:
    path = image_of(folder, OTHERS[0].card_id)
    path.write_bytes(path.read_bytes()[:2000])
    return path.name


def not_an_image(folder: Path) -> str:
    path = image_of(folder, OTHERS[0].card_id)
    path.write_bytes(b"text")
    return path.name


def transparent(folder: Path) -> str:
    path = image_of(folder, OTHERS[0].card_id)
    PIL.Image.new("RGBA", (504, 704)).save(path)
    return path.name


def landscape(folder: Path) -> str:
    path = image_of(folder, OTHERS[0].card_id)
    PIL.Image.new("RGB", (704, 504)).save(path)
    return "704 x 504"


def tiny(folder: Path) -> str:
    PIL.Image.new("L", (1, 1)).save(image_of(folder, OTHERS[0].card_id))
    return "1 x 1"


def wrong_name(folder: Path) -> str:
    PIL.Image.new("RGB", (504, 704)).save(folder / "cards" / "charizard.png")
    return "charizard.png is not named"


def no_details(folder: Path) -> str:
    PIL.Image.new("RGB", (504, 704)).save(folder / "cards" / "new-1_new.png")
    return "says nothing of 1 of the cards .* new-1"


def no_image(folder: Path) -> str:
    image_of(folder, OTHERS[0].card_id).unlink()
    return f"no image of 1 of the cards .* {OTHERS[0].card_id}"


def no_images(folder: Path) -> str:
    for path in (folder / "cards").iterdir():
        path.unlink()
    return "holds no card images"


def no_folder(folder: Path) -> str:
    (folder / "cards").rename(folder / "moved")
    return "cards is not a folder"


def no_metadata(folder: Path) -> str:
    (folder / "cards.json").unlink()
    return "cannot read the metadata .*cards.json"


def broken_metadata(folder: Path) -> str:
    (folder / "cards.json").write_text("{")
    return "is not JSON"


def listed_metadata(folder: Path) -> str:
    (folder / "cards.json").write_text("[]")
    return "must be one JSON object"


def incomplete_metadata(folder: Path) -> str:
    (folder / "cards.json").write_text('{"new-1": {"name": "New"}}')
    return "card new-1: set_code: Field required"


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (corrupt, ImageError),
        (not_an_image, ImageError),
        (transparent, ImageError),
        (landscape, ImageError),
        (tiny, ImageError),
        (wrong_name, ConfigurationError),
        (no_details, ConfigurationError),
        (no_image, ConfigurationError),
        (no_images, ConfigurationError),
        (no_folder, ConfigurationError),
        (no_metadata, ConfigurationError),
        (broken_metadata, ConfigurationError),
        (listed_metadata, ConfigurationError),
        (incomplete_metadata, ConfigurationError),
    ],
    ids=lambda value: value.__name__,
)
def test_bad_input_is_one_sentence_and_leaves_nothing(folder: Path, model: Path, spoil, error: type[ScannerError]):
    named = spoil(folder)
    with pytest.raises(error, match=named) as caught:
        build(folder, model)
    assert "\n" not in str(caught.value)
    assert not [path.name for path in folder.iterdir() if "out" in path.name]


def test_a_missing_model_and_a_missing_option_are_named(folder: Path, model: Path):
    with pytest.raises(ModelError, match=r"absent\.json"):
        build(folder, folder / "absent.onnx")
    with pytest.raises(ConfigurationError, match=r"thresholds .*absent\.json"):
        build(folder, model, "--thresholds", str(folder / "absent.json"))
    parser = argparse.ArgumentParser()
    index.add_parser(parser.add_subparsers())
    args = parser.parse_args(["index", "--cards", str(folder), "--model", str(model), "--output", str(folder / "out")])
    with pytest.raises(ConfigurationError, match="needs --metadata FILE"):
        args.run(args)


def test_something_else_in_the_outputs_place_is_left_alone(folder: Path, model: Path):
    (folder / "out").mkdir()
    (folder / "out" / "holiday.jpg").write_bytes(b"photo")
    with pytest.raises(DatabaseError, match="is not a card database"):
        build(folder, model)
    assert (folder / "out" / "holiday.jpg").read_bytes() == b"photo"


@pytest.mark.parametrize(
    ("name", "card_id"),
    [
        ("base1-4_Charizard_high.png", "base1-4"),
        ("swsh12.5-GG01_Hisuian Voltorb.jpg", "swsh12.5-GG01"),
        ("tk-xy-su-3_Potion_x_high.webp", "tk-xy-su-3"),
    ],
)
def test_the_card_id_comes_from_the_file_name(name: str, card_id: str):
    assert card_id_of(Path(name)) == card_id


def rounded(card: np.ndarray, corner: tuple[int, int, int, int]) -> np.ndarray:
    """The card with its corners of 3 mm cut off and filled with a BGRA colour."""
    height, width = card.shape[:2]
    radius = round(3 / 63 * width)
    mask = np.zeros((height, width), dtype=np.uint8)
    cv2.rectangle(mask, (radius, 0), (width - radius - 1, height - 1), 255, -1)
    cv2.rectangle(mask, (0, radius), (width - 1, height - radius - 1), 255, -1)
    for x in (radius, width - radius - 1):
        for y in (radius, height - radius - 1):
            cv2.circle(mask, (x, y), radius, 255, -1)
    filled = cv2.cvtColor(card, cv2.COLOR_BGR2BGRA)
    filled[mask == 0] = corner
    return filled


@pytest.mark.parametrize("px_per_mm", [4.0, 8.0, 11.65])
@pytest.mark.parametrize("corner", [(0, 0, 0, 0), (255, 255, 255, 255)], ids=["transparent", "white"])
def test_rounded_corners_are_filled(tmp_path: Path, px_per_mm: float, corner: tuple[int, int, int, int]):
    card = render_card(OTHERS[0], px_per_mm)
    cv2.imwrite(str(tmp_path / "square.png"), card)
    cv2.imwrite(str(tmp_path / "rounded.png"), rounded(card, corner))
    square, cut = read_card_image(tmp_path / "square.png"), read_card_image(tmp_path / "rounded.png")
    difference = np.abs(square.astype(int) - cut.astype(int))
    assert difference.max() <= 40
    assert difference[:24, :24].mean() < 3


def test_a_transparent_margin_is_cut_off(tmp_path: Path):
    card = cv2.cvtColor(render_card(OTHERS[1], 8.0), cv2.COLOR_BGR2BGRA)
    cv2.imwrite(str(tmp_path / "card.png"), card)
    cv2.imwrite(str(tmp_path / "framed.png"), cv2.copyMakeBorder(card, 40, 60, 20, 10, cv2.BORDER_CONSTANT))
    np.testing.assert_array_equal(read_card_image(tmp_path / "framed.png"), read_card_image(tmp_path / "card.png"))


def test_grey_and_palette_images_are_read(tmp_path: Path):
    card = PIL.Image.fromarray(cv2.cvtColor(render_card(OTHERS[1], 4.0), cv2.COLOR_BGR2GRAY))
    card.save(tmp_path / "grey.png")
    card.convert("P").save(tmp_path / "palette.png")
    grey, palette = read_card_image(tmp_path / "grey.png"), read_card_image(tmp_path / "palette.png")
    assert grey.shape == palette.shape == (704, 504, 3)
    assert np.abs(grey.astype(int) - palette.astype(int)).mean() < 2


def test_only_lookalikes_are_grouped():
    cards = [gallery.square_corners(render_card(card, 8.0)) for card in CARDS.values()]
    assert group_fingerprints([fingerprint(card) for card in cards]) == [[0, 1]]


def test_windows_lie_where_the_cards_differ():
    first = render_card(OTHERS[0], 8.0)
    second = first.copy()
    second[600:620, 400:430] = 255 - second[600:620, 400:430]
    (window,) = difference_windows([first, second])
    x, y, width, height = window
    assert x <= 400
    assert y <= 600
    assert x + width >= 430
    assert y + height >= 620
    assert difference_windows([first, first]) == ()


def test_a_shifted_scan_is_registered():
    card = render_card(OTHERS[0], 8.0)
    matrix = np.array([[1.004, 0.002, 3.0], [-0.002, 0.997, -2.0]])
    shifted = cv2.warpAffine(card, matrix, (504, 704), borderMode=cv2.BORDER_REPLICATE)
    inner = (slice(20, -20), slice(20, -20))
    before = np.abs(shifted[inner].astype(int) - card[inner]).mean()
    after = np.abs(register(shifted, card)[inner].astype(int) - card[inner]).mean()
    assert after < 0.35 * before
    assert register(card, card) is card
