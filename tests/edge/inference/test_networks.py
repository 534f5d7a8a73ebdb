import json
import shutil
from pathlib import Path

import pytest

from edge.detection.networks.outline import OutlineProposer
from edge.detection.networks.sides import SideFinder
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import ModelError
from edge.manifests import file_sha256
from edge.shipped import EMBEDDING_MODEL, FOLDER, OUTLINE_MODEL, SIDE_MODEL

OPENERS = {OUTLINE_MODEL: OutlineProposer, SIDE_MODEL: SideFinder, EMBEDDING_MODEL: OnnxEmbedder}


@pytest.fixture(params=OPENERS, ids=lambda path: path.stem)
def network(request, tmp_path) -> tuple[Path, type]:
    """A copy of each network that is shipped, with its manifest, and what opens it."""
    for path in (request.param, request.param.with_suffix(".json")):
        shutil.copy(path, tmp_path)
    return tmp_path / request.param.name, OPENERS[request.param]


def refused(network: tuple[Path, type]) -> str:
    path, opener = network
    with pytest.raises(ModelError) as caught:
        opener(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_shipped_opens_and_lies_in_the_package(network):
    path, opener = network
    opener(path)
    assert FOLDER.parent.name == "edge"


def test_a_missing_network_is_named(network):
    network[0].unlink()
    assert str(network[0]) in refused(network)


def test_a_missing_manifest_is_named(network):
    network[0].with_suffix(".json").unlink()
    assert f"cannot read {network[0].with_suffix('.json')}" in refused(network)


@pytest.mark.parametrize("damage", [b"", b"?"], ids=["cut short", "one byte too many"])
def test_a_damaged_network_is_named(network, damage):
    content = network[0].read_bytes()
    network[0].write_bytes(content + damage if damage else content[: len(content) // 2])
    assert f"{network[0]} is damaged" in refused(network)


def test_a_manifest_without_a_checksum_is_refused(network):
    path = network[0].with_suffix(".json")
    path.write_text(json.dumps({"file": network[0].name}))
    assert f"{path} is not a valid manifest" in refused(network)


def test_a_file_that_is_no_network_is_refused_although_its_checksum_is_right(network):
    path = network[0].with_suffix(".json")
    network[0].write_bytes(b"no network")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sha256": file_sha256(network[0])}))
    assert f"{network[0]} is not a network that ONNX Runtime can run" in refused(network)


@pytest.mark.parametrize("opener", [OutlineProposer, SideFinder])
def test_another_sound_network_is_refused(opener):
    with pytest.raises(ModelError, match=r"demo\.onnx is another network: it takes pixels \[any, 3, 128, 96\]"):
        opener(EMBEDDING_MODEL)
