import hashlib
import json
from pathlib import Path

import pytest

from edge.errors import DatabaseError, ModelError
from edge.manifests import ModelManifest, Preprocessing, file_sha256, read_database_manifest, read_model_manifest

MANIFEST = ModelManifest(
    model_id="tiny-1",
    file="tiny.onnx",
    sha256="0" * 64,
    dimension=8,
    preprocessing=Preprocessing(width=160, height=224),
)


def test_a_manifest_survives_the_disk(tmp_path: Path):
    path = tmp_path / "tiny.json"
    path.write_text(MANIFEST.model_dump_json(), encoding="utf-8")
    assert read_model_manifest(path) == MANIFEST


def test_a_missing_manifest_is_named(tmp_path: Path):
    with pytest.raises(ModelError, match="absent.json"):
        read_model_manifest(tmp_path / "absent.json")
    with pytest.raises(DatabaseError, match="absent.json"):
        read_database_manifest(tmp_path / "absent.json")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"dimension": 0}, "dimension"),
        ({"sha256": "xyz"}, "sha256"),
        ({"extra": 1}, "extra"),
        ({"schema_version": 2}, "schema"),
    ],
)
def test_a_wrong_manifest_names_the_field(tmp_path: Path, change: dict[str, object], named: str):
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps(json.loads(MANIFEST.model_dump_json()) | change), encoding="utf-8")
    with pytest.raises(ModelError, match=named):
        read_model_manifest(path)


def test_a_torn_manifest_is_refused(tmp_path: Path):
    path = tmp_path / "tiny.json"
    path.write_text(MANIFEST.model_dump_json()[:-20], encoding="utf-8")
    with pytest.raises(ModelError, match="not a valid manifest"):
        read_model_manifest(path)


def test_a_bundle_of_an_older_version_opens_uncalibrated(tmp_path: Path):
    older = {
        "name": "older", "model_id": "tiny-1", "model_sha256": "0" * 64, "dimension": 8, "rows": 2, "cards": 1,
        "files": {}, "preprocessing": {"width": 160, "height": 224}, "thresholds": {"confirmed": 0.2, "unknown": 0.4},
    }  # fmt: skip
    (tmp_path / "manifest.json").write_text(json.dumps(older))
    manifest = read_database_manifest(tmp_path / "manifest.json")
    assert (manifest.cards, manifest.calibration) == (1, None)


def test_file_sha256(tmp_path: Path):
    path = tmp_path / "data"
    path.write_bytes(b"card" * 100_000)
    assert file_sha256(path) == hashlib.sha256(b"card" * 100_000).hexdigest()
