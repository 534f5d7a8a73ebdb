import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from usearch.index import Index

from edge.database.benchmark import made_up_gallery, random_unit_vectors
from edge.database.build import write_bundle
from edge.database.bundle import REQUIRED_FILES
from edge.database.search import CardDatabase
from edge.database.vectors import quantised
from edge.errors import DatabaseError, ModelMismatchError
from edge.manifests import file_sha256
from edge.recognition.verification import Verifier

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


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=array.dtype == object)
    return buffer.getvalue()


def with_row(row: int, value: float) -> np.ndarray:
    embeddings = GALLERY.embeddings.copy()
    embeddings[row] *= value
    return embeddings


def index(vectors: np.ndarray, **options) -> bytes:
    made = Index(ndim=16, **({"metric": "cos", "dtype": "i8"} | options))
    made.add(np.arange(len(vectors), dtype=np.uint64), vectors, threads=1)
    return bytes(made.save())


def table(**change: object) -> bytes:
    rows = [{"card_id": row.card_id, "variant": row.variant, "rotation": row.rotation} for row in GALLERY.rows]
    return json.dumps([rows[0] | change, *rows[1:]]).encode()


def lookalikes(**change: object) -> bytes:
    members = [{"card_id": card_id, "file": "index.json"} for card_id in ("0", "1")]
    return json.dumps([{"anchor": "index.json", "windows": [], "members": members} | change]).encode()


def golden(embedding: list[float], file: str = "index.json") -> bytes:
    return json.dumps([{"file": file, "embedding": embedding}]).encode()


UNIT = GALLERY.embeddings[0].tolist()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("embeddings.npy", b"not an array"),
        ("embeddings.npy", b""),
        ("embeddings.npy", npy(GALLERY.embeddings).replace(b"(8, 16)", b"(8, 1a)")),
        ("embeddings.npy", npy(GALLERY.embeddings).replace(b"(8, 16)", b"(8, 16]")),
        ("embeddings.npy", npy(GALLERY.embeddings) + b"more"),
        ("embeddings.npy", npy(GALLERY.embeddings.astype(np.int8))),
        ("embeddings.npy", npy(GALLERY.embeddings.astype(np.float64))),
        ("embeddings.npy", npy(GALLERY.embeddings.astype(">f4"))),
        ("embeddings.npy", npy(GALLERY.embeddings.astype("<U1"))),
        ("embeddings.npy", npy(GALLERY.embeddings.astype(object))),
        ("embeddings.npy", npy(np.asfortranarray(GALLERY.embeddings))),
        ("embeddings.npy", npy(GALLERY.embeddings[:-1])),
        ("embeddings.npy", npy(GALLERY.embeddings[:0])),
        ("embeddings.npy", npy(with_row(7, np.nan))),
        ("embeddings.npy", npy(with_row(7, np.inf))),
        ("embeddings.npy", npy(with_row(7, 0.0))),
        ("embeddings.npy", npy(with_row(7, 1.01))),
        ("embeddings.npy", npy(GALLERY.embeddings[::-1].copy())),
        ("usearch.index", b"not an index at all, though long enough to hold a header of sixty-four bytes"),
        ("usearch.index", b""),
        ("usearch.index", index(GALLERY.embeddings, metric="ip")),
        ("usearch.index", index(GALLERY.embeddings, dtype="f32")),
        ("usearch.index", index(GALLERY.embeddings, dtype="f16")),
        ("usearch.index", index(quantised(GALLERY.embeddings[:-1]))),
        ("usearch.index", index(quantised(GALLERY.embeddings[::-1].copy()))),
        ("index.json", b"[]"),
        ("index.json", b"[" * 100_000),
        ("index.json", b'[{"card": 1}]'),
        ("index.json", b"{"),
        ("index.json", table(card_id="nobody")),
        ("index.json", table(card_id=0)),
        ("index.json", table(variant=-1)),
        ("index.json", table(variant="0")),
        ("index.json", table(rotation=90)),
        ("index.json", table(rotation=0.5)),
        ("index.json", table(rotation=None)),
        ("metadata.json", b"{}"),
        ("metadata.json", b'{"0": {"name": "no more"}}'),
        ("lookalikes.json", b'[{"anchor": "a.png"}]'),
        ("lookalikes.json", lookalikes(anchor="../bundle/index.json")),
        ("lookalikes.json", lookalikes(anchor="not-listed.png")),
        ("lookalikes.json", lookalikes(windows=[[500, 0, 96, 48]])),
        ("lookalikes.json", lookalikes(windows=[[0, 700, 96, 48]])),
        ("lookalikes.json", lookalikes(members=[{"card_id": card, "file": "index.json"} for card in ("0", "nobody")])),
        ("golden.json", golden(UNIT[:-1])),
        ("golden.json", golden([2 * value for value in UNIT])),
        ("golden.json", golden([float("nan")] * 16)),
        ("golden.json", golden(UNIT, "../bundle/index.json")),
    ],
)
def test_a_file_of_the_wrong_content_with_the_right_checksum_is_refused(bundle: Path, name: str, content: bytes):
    forge(bundle, name, content)
    with pytest.raises(DatabaseError, match=str(bundle)) as caught:
        CardDatabase.open(bundle, GALLERY.model)
    assert "build it" in str(caught.value)


def test_what_is_forged_without_a_fault_is_accepted(bundle: Path):
    """So that the refusals above are for the faults."""
    for name, content in (
        ("embeddings.npy", npy(GALLERY.embeddings)),
        ("usearch.index", index(quantised(GALLERY.embeddings))),
        ("index.json", table()),
        ("lookalikes.json", lookalikes()),
        ("golden.json", golden(UNIT)),
    ):
        forge(bundle, name, content)
    assert CardDatabase.open(bundle, GALLERY.model).search(GALLERY.embeddings[:1], 1)[0][0].card_id == "0"


@pytest.mark.parametrize("change", [{"dtype": "f32"}, {"rows": 0, "cards": 0}, {"rows": 9}, {"cards": 3}])
def test_a_manifest_of_other_counts_or_another_index_is_refused(bundle: Path, change: dict[str, object]):
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps(manifest | change))
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
    with pytest.raises(DatabaseError, match=r"names \.\./secret\.png, which the manifest does not list"):
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
