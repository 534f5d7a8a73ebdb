import json
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from training.detection.published import read_published
from training.errors import TrainingError
from training.networks.statistics import with_statistics

MODELS = Path(__file__).parents[3] / "models"


def differences(network, model, pixels):
    """The largest difference of each output, as a share of its largest value."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    expected = session.run(None, {session.get_inputs()[0].name: pixels})
    with torch.no_grad():
        said = network.eval()(torch.from_numpy(pixels))
    outputs = [torch.sigmoid(said[0]), said[1]] if isinstance(said, tuple) else [said]
    return [
        float(np.abs(ours.numpy() - theirs).max() / np.abs(theirs).max())
        for ours, theirs in zip(outputs, expected, strict=True)
    ]


@pytest.mark.parametrize("name", ["outline", "sides"])
def test_a_published_network_stays_the_same_function(name):
    model = MODELS / f"{name}.onnx"
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 3, 160, 128)).astype(np.float32)
    beginning = read_published(model)
    assert max(differences(beginning.network, model, pixels)) < 1e-5
    network = with_statistics(beginning.network, torch.from_numpy(pixels).to(torch.uint8))
    assert max(differences(network, model, pixels)) < 1e-4
    assert beginning.description["network"] == name
    assert "sha256" not in beginning.description


def test_with_statistics_it_learns_as_it_infers():
    pixels = torch.from_numpy(np.random.default_rng(1).uniform(0, 255, (4, 3, 96, 96)).astype(np.float32))
    network = with_statistics(read_published(MODELS / "outline.onnx").network, pixels)
    with torch.no_grad():
        _, learning = network.train()(pixels)
        _, inferring = network.eval()(pixels)
    assert float((learning / inferring - 1).abs().max()) < 0.01


@pytest.mark.parametrize("fault", ["other file", "no card", "no network"])
def test_what_is_no_published_network_is_refused(tmp_path, fault):
    model = tmp_path / "outline.onnx"
    shutil.copy(MODELS / "outline.onnx", model)
    card = json.loads((MODELS / "outline.json").read_text())
    if fault == "other file":
        card["sha256"] = "0" * 64
    if fault == "no network":
        del card["network"]
    if fault != "no card":
        model.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(TrainingError, match=r"outline\.onnx"):
        read_published(model)
