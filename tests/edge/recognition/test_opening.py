import json
from pathlib import Path

import pytest

from edge.errors import DatabaseError, ModelError, ModelMismatchError
from edge.recognition.opening import open_recognizer
from edge.settings.sections import RecognitionSettings


def test_a_missing_model_or_database_is_named(tiny_database, tmp_path: Path):
    with pytest.raises(ModelError, match="absent.json"):
        open_recognizer(RecognitionSettings(model=tmp_path / "absent.onnx", database=tiny_database.database))
    with pytest.raises(DatabaseError, match="absent"):
        open_recognizer(RecognitionSettings(model=tiny_database.model, database=tmp_path / "absent"))


def test_a_model_and_a_database_that_do_not_belong_together_are_refused(tiny_database, tmp_path: Path):
    (tmp_path / "other.onnx").write_bytes(tiny_database.model.read_bytes())
    entries = json.loads(tiny_database.model.with_suffix(".json").read_text())
    (tmp_path / "other.json").write_text(json.dumps(entries | {"file": "other.onnx", "model_id": "other"}))
    with pytest.raises(ModelMismatchError, match="built with another model"):
        open_recognizer(RecognitionSettings(model=tmp_path / "other.onnx", database=tiny_database.database))
