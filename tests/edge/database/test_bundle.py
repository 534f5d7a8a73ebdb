import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.database import CardDatabase
from edge.database.benchmark import made_up_gallery, random_unit_vectors
from edge.database.build import write_bundle
from edge.database.bundle import REQUIRED_FILES
from edge.errors import DatabaseError, ModelMismatchError
from edge.manifests import file_sha256
from edge.verification import Verifier

GALLERY = made_up_gallery(random_unit_vectors(np.random.default_rng(0), 8, 16))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "bundle", GALLERY)
    return tmp_path / "bundle"


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [truncate, flip_a_bit, empty, Path.unlink])
@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_a_damaged_file_is_named(bundle: Path, name: str, damage: Callable[[Path], None]):
    damage(bundle / name)
    with pytest.raises(DatabaseError, match=name) as caught:
        CardDatabase.open(bundle, GALLERY.model)
    assert "build it" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", [truncate, empty, Path.unlink])
def test_a_damaged_manifest_is_named(bundle: Path, damage: Callable[[Path], None]):
    damage(bundle / "manifest.json")
    with pytest.raises(DatabaseError, match=r"manifest\.json"):
        CardDatabase.open(bundle, GALLERY.model)


def forge(bundle: Path, name: str, content: bytes) -> None:
    """Replace a file and its checksum."""
    (bundle / name).write_bytes(content)
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["files"][name] = file_sha256(bundle / name)
    (bundle / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("embeddings.npy", b"not an array"),
        ("embeddings.npy", b""),
        ("usearch.index", b"not an index at all, though long enough to hold a header of sixty-four bytes"),
        ("usearch.index", b""),
        ("index.json", b"[]"),
        ("index.json", b'[{"card": 1}]'),
        ("index.json", b"{"),
        ("metadata.json", b"{}"),
        ("metadata.json", b'{"0": {"name": "no more"}}'),
        ("lookalikes.json", b'[{"anchor": "a.png"}]'),
    ],
)
def test_a_file_of_the_wrong_content_with_the_right_checksum_is_refused(bundle: Path, name: str, content: bytes):
    forge(bundle, name, content)
    with pytest.raises(DatabaseError, match=str(bundle)):
        CardDatabase.open(bundle, GALLERY.model)


def test_files_that_the_manifest_leaves_out_are_refused(bundle: Path):
    manifest = json.loads((bundle / "manifest.json").read_text())
    del manifest["files"]["usearch.index"]
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DatabaseError, match=r"does not list usearch\.index"):
        CardDatabase.open(bundle, GALLERY.model)


def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(DatabaseError, match="absent is not a folder"):
        CardDatabase.open(tmp_path / "absent", GALLERY.model)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"model_id": "other"}, "another model "),
        ({"sha256": "1" * 64}, "model file"),
        ({"dimension": 32}, "dimension"),
        ({"preprocessing": GALLERY.model.preprocessing.model_copy(update={"width": 224})}, "preprocessing"),
    ],
)
def test_another_model_is_refused(bundle: Path, change: dict[str, object], named: str):
    with pytest.raises(ModelMismatchError, match=named):
        CardDatabase.open(bundle, GALLERY.model.model_copy(update=change))


def test_a_lookalikes_picture_outside_the_bundle_is_not_read(bundle: Path):
    (bundle.parent / "secret.png").write_bytes(b"secret")
    group = {
        "anchor": "../secret.png",
        "windows": [],
        "members": [{"card_id": card, "file": "../secret.png"} for card in sorted(GALLERY.metadata)[:2]],
    }
    forge(bundle, "lookalikes.json", json.dumps([group]).encode())
    with pytest.raises(DatabaseError, match=r"secret\.png: it lies outside"):
        Verifier(CardDatabase.open(bundle, GALLERY.model))


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["manifest.json", "metadata.json", "usearch.index"])
def test_a_fifo_in_place_of_a_file_is_refused_at_once(bundle: Path, name: str):
    (bundle / name).unlink()
    os.mkfifo(bundle / name)
    with pytest.raises(DatabaseError, match=f"{name}: it is not a regular file"):
        CardDatabase.open(bundle, GALLERY.model)


def test_a_manifest_saved_with_a_byte_order_mark_is_read(bundle: Path):
    content = (bundle / "manifest.json").read_bytes()
    (bundle / "manifest.json").write_bytes(b"\xef\xbb\xbf" + content)
    assert CardDatabase.open(bundle, GALLERY.model).manifest.rows == 8
