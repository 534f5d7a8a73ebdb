import io

import cv2
import numpy as np
import PIL.Image
import pytest

from edge.errors import ConfigurationError
from edge.files.outputs import PICTURE_MARK, carries, check_model_output, check_replaceable, marked_png


def test_a_marked_picture_is_the_same_picture():
    pixels = np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    marked = marked_png(cv2.imencode(".png", pixels)[1].tobytes())
    assert np.array_equal(cv2.imdecode(np.frombuffer(marked, np.uint8), cv2.IMREAD_COLOR), pixels)
    assert PIL.Image.open(io.BytesIO(marked)).text == {"Software": "card-scanner"}


def test_only_what_carries_the_mark_is_replaced(tmp_path):
    check_replaceable(tmp_path / "new.png", PICTURE_MARK)
    (tmp_path / "own.png").write_bytes(b"..." + PICTURE_MARK)
    check_replaceable(tmp_path / "own.png", PICTURE_MARK)
    (tmp_path / "other.png").write_bytes(b"holiday")
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere")
    for path in (tmp_path / "other.png", tmp_path / "dangling.png", tmp_path):
        assert not carries(path, PICTURE_MARK)
        with pytest.raises(ConfigurationError, match="was not written by this command; name another file"):
            check_replaceable(path, PICTURE_MARK)


def test_a_models_manifest_does_not_replace_a_list_of_cards(tmp_path):
    (tmp_path / "cards.json").write_text('{"base1-4": {"name": "Charizard"}}')
    with pytest.raises(ConfigurationError, match=r"cards\.json is there already"):
        check_model_output(tmp_path / "cards.onnx")
    (tmp_path / "demo.json").write_text('{"file": "demo.onnx", "sha256": "0"}')
    check_model_output(tmp_path / "demo.onnx", tmp_path / "float.onnx")
    (tmp_path / "demo.onnx").write_bytes(b"exported before")
    check_model_output(tmp_path / "demo.onnx", tmp_path / "float.onnx")
    with pytest.raises(ConfigurationError, match=r"demo\.onnx is what is read"):
        check_model_output(tmp_path / "demo.onnx", tmp_path / "." / "demo.onnx")


def test_a_network_replaces_neither_a_picture_nor_a_network_from_elsewhere(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"holiday")
    with pytest.raises(ConfigurationError, match=r"holiday\.jpg would be a network in a file of another kind"):
        check_model_output(tmp_path / "holiday.jpg")
    (tmp_path / "published.onnx").write_bytes(b"theirs")
    with pytest.raises(ConfigurationError, match=r"published\.onnx is there already, without the manifest"):
        check_model_output(tmp_path / "published.onnx")
