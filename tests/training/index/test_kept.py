import json
import subprocess
import sys
import time
import tracemalloc
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.embedding.onnx import OnnxEmbedder
from tests.training.conftest import coarse_cards
from training.data.gallery import GalleryImage, read_card_image
from training.index.broken import broken_first
from training.index.kept import KeptImages, kept_folder
from training.index.prepared import PreparedImage
from training.index.progress import BuildProgress
from training.index.rows import Build, prepare_images
from training.parallel.sharding import Shard

COUNT = 48


class Decoding:
    """Reads a card image and counts; can be sent to another process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.times = 0

    def __call__(self) -> np.ndarray:
        self.times += 1
        return read_card_image(self.path)


@pytest.fixture
def images(tmp_path: Path) -> list[GalleryImage]:
    """Cards in files, as a folder of them gives."""
    (tmp_path / "cards").mkdir()
    made = []
    for number, card in enumerate(coarse_cards(COUNT)):
        file = tmp_path / "cards" / f"a-{number:02}.png"
        cv2.imwrite(str(file), card)
        made.append(GalleryImage(card_id=file.stem, variant=0, load=Decoding(file), file=file))
    return made


def prepare(images, model: Path, kept: Path) -> list[PreparedImage | str]:
    return prepare_images(OnnxEmbedder(model), images, Build(former=None, kept=kept), 1, Shard())


def assert_same(first, second) -> None:
    for one, other in zip(first, second, strict=True):
        assert (one.digest, one.reference) == (other.digest, other.reference)
        assert np.array_equal(one.embeddings, other.embeddings)
        assert one.fingerprint.tobytes() == other.fingerprint.tobytes()


def test_an_unchanged_folder_is_not_decoded_again(images, model, tmp_path):
    first = prepare(images, model, tmp_path / "kept")
    again = prepare(images, model, tmp_path / "kept")
    assert [image.load.times for image in images] == [1] * COUNT
    assert not any(each.embedded for each in again)
    assert_same(first, again)


def test_only_changed_and_new_files_are_made_again_and_gone_ones_are_forgotten(images, model, tmp_path):
    prepare(images[1:], model, tmp_path / "kept")
    cv2.imwrite(str(images[5].file), coarse_cards(1, seed=9)[0])
    made = prepare(images[:-1], model, tmp_path / "kept")
    assert [place for place, each in enumerate(made) if each.embedded] == [0, 5]
    (file,) = (tmp_path / "kept").iterdir()
    assert len(file.read_bytes().splitlines()) == COUNT - 1


def test_a_variant_that_becomes_the_only_image_of_its_card_has_the_reference_it_needs(images, model, tmp_path):
    prepare(images[:2], model, tmp_path / "kept")
    second = [images[0], replace(images[1], card_id=images[0].card_id, variant=1)]
    made = prepare(second, model, tmp_path / "kept")
    assert [each.reference is None for each in made] == [False, True]


def test_what_another_model_made_is_not_taken(images, model, tmp_path):
    own = OnnxEmbedder(model).manifest
    other = own.model_copy(update={"sha256": "0" * 64})
    prepare(images[:1], model, tmp_path / "kept")
    with closing(KeptImages(tmp_path / "kept", other)) as kept:
        assert kept.of(images[0]) is None
    with closing(KeptImages(tmp_path / "kept", own)) as kept:
        assert kept.of(images[0]) is not None


def test_a_line_that_was_cut_off_is_made_again(images, model, tmp_path):
    whole = prepare(images, model, tmp_path / "kept")
    file = tmp_path / "kept" / "0.jsonl"
    file.write_bytes(file.read_bytes()[:-500])
    again = prepare(images, model, tmp_path / "kept")
    assert [each.embedded for each in again] == [False] * (COUNT - 1) + [True]
    assert_same(whole, again)
    assert not any(each.embedded for each in prepare(images, model, tmp_path / "kept"))


def test_what_is_kept_is_not_held_in_memory(images, model, tmp_path):
    prepare(images, model, tmp_path / "kept")
    manifest = OnnxEmbedder(model).manifest
    tracemalloc.start()
    with closing(KeptImages(tmp_path / "kept", manifest)) as kept:
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert held < (tmp_path / "kept" / "0.jsonl").stat().st_size / 4
        assert kept.of(images[-1]) is not None


def test_a_build_that_was_killed_goes_on(images, model, tmp_path):
    details = {"name": "A", "set_code": "a", "set_name": "A", "number": "1"}
    (tmp_path / "cards.json").write_text(json.dumps({image.card_id: details for image in images}))
    command = [sys.executable, "-m", "training", "index", "--workers", "1", "--output", str(tmp_path / "out")]
    command += ["--cards", str(tmp_path / "cards"), "--metadata", str(tmp_path / "cards.json"), "--model", str(model)]
    file = kept_folder(tmp_path / "out") / "0.jsonl"
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (file.exists() and b"\n" in file.read_bytes()):
        time.sleep(0.005)
    process.kill()
    process.wait()
    kept = file.read_bytes().count(b"\n")
    assert kept >= 1
    made = prepare(images, model, file.parent)
    assert sum(each.embedded for each in made) == COUNT - kept
    assert_same(made, prepare(images, model, tmp_path / "fresh"))


def test_files_that_look_broken_come_first_and_are_said_at_once(images, model, tmp_path, capsys):
    images[20].file.write_bytes(b"")
    images[30].file.write_bytes(images[30].file.read_bytes()[:-40])
    images[40].file.write_bytes(b"<html>not found</html>")
    assert broken_first(images, range(COUNT))[:3] == [20, 30, 40]
    made = prepare(images, model, tmp_path / "kept")
    assert [place for place, each in enumerate(made) if isinstance(each, str)] == [20, 30, 40]
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in said[1:4]] == ["cannot be used"] * 3


@pytest.mark.parametrize(("suffix", "flags"), [(".jpg", []), (".webp", []), (".png", [])])
def test_whole_files_of_each_kind_do_not_look_broken(tmp_path, suffix, flags):
    file = tmp_path / f"a{suffix}"
    cv2.imwrite(str(file), coarse_cards(1)[0], flags)
    other = tmp_path / "b.png"
    cv2.imwrite(str(other), coarse_cards(1)[0])
    pair = [GalleryImage(card_id=path.stem, variant=0, load=Decoding(path), file=path) for path in (other, file)]
    assert broken_first(pair, [0, 1]) == [0, 1]
    file.write_bytes(file.read_bytes()[:-30])
    assert broken_first(pair, [0, 1]) == [1, 0]


def test_progress_is_said_after_a_second_and_then_every_ten():
    now = [100.0]
    said: list[str] = []
    progress = BuildProgress(1000, 7, clock=lambda: now[0], say=said.append)
    for _ in range(30):
        now[0] += 0.5
        progress.add(["broken"] if now[0] == 103 else [PREPARED] * 10)
    assert said == [
        "1000 images to prepare, 7 are as they were\n",
        "20 of 1000 images, 20 embedded, 20.0 a second, 0:49 left\n",
        "cannot be used: broken\n",
        "211 of 1000 images, 210 embedded, 19.2 a second, 0:41 left\n",
    ]


PREPARED = PreparedImage(
    digest="",
    fingerprint=(np.zeros(32, np.uint8), np.zeros((88, 63), np.uint8)),
    hash=np.zeros(128, np.uint8),
    embeddings=np.zeros((2, 4), np.float32),
    embedded=True,
    reference=None,
)
