import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.recognition.selftest import load_golden
from edge.simulator.card import render_card
from tests.training.index.conftest import CARDS, ORIGINAL, OTHERS, REPRINT, build, image_of
from training.data.card_folder import folder_gallery
from training.data.gallery import GalleryImage
from training.index.kept import kept_folder
from training.index.rows import Build, prepare_images
from training.parallel.sharding import Shard


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
    build(folder, model)
    card.write_bytes(picture)
    (folder / "cards.json").write_text(json.dumps(metadata))
    capsys.readouterr()
    build(folder, model)
    assert "embedded: 1 of 5 images" in capsys.readouterr().out
    updated = CardDatabase.open(folder / "out", OnnxEmbedder(model).manifest)
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
    shutil.rmtree(kept_folder(folder / "out"))
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
    for name in ("embeddings.npy", "index.json", "metadata.json", "lookalikes.json", "prints.bin", "prints.npy"):
        assert (folder / "shared" / name).read_bytes() == (folder / "out" / name).read_bytes()


def test_each_image_is_decoded_once(folder: Path, model: Path):
    images, _ = folder_gallery(folder / "cards", folder / "cards.json")
    decoded = []

    def counted(image: GalleryImage) -> GalleryImage:
        return replace(image, load=lambda: decoded.append(image.file) or image.load())

    variants = [*images, replace(images[0], variant=1)]
    build_ = Build(former=None, kept=folder / "kept")
    prepared = prepare_images(OnnxEmbedder(model), [counted(image) for image in variants], build_, 1, Shard())
    assert decoded == [image.file for image in variants]
    names = [each.reference and each.reference.name for each in prepared]
    assert names == [*(image.card_id for image in images), None]


def test_a_repeated_placeholder_is_reported(folder: Path, model: Path, capsys):
    placeholder = image_of(folder, OTHERS[0].card_id).read_bytes()
    image_of(folder, OTHERS[1].card_id).write_bytes(placeholder)
    build(folder, model)
    first, second = sorted((OTHERS[0].card_id, OTHERS[1].card_id))
    printed = capsys.readouterr().out
    assert f"{first} = {second}" in printed.split("equal to the model")[1]
    assert "equal images: 1 groups" in printed


def test_too_few_cards_give_an_uncalibrated_database_that_says_so(folder: Path, model: Path, capsys):
    build(folder, model)
    assert CardDatabase.open(folder / "out", OnnxEmbedder(model).manifest).manifest.calibration is None
    assert "uncalibrated: a calibration needs 50 arts" in capsys.readouterr().out


def test_golden_crops_travel_with_the_embeddings_of_the_float_model(folder: Path, model: Path):
    build(folder, model)
    golden = load_golden(folder / "out")
    assert len(golden.cards) == len(CARDS)
    assert all(card.shape == (224, 160, 3) for card in golden.cards)
    np.testing.assert_allclose(OnnxEmbedder(model).embed(golden.cards), golden.embeddings, atol=1e-6)
