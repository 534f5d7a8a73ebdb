"""The stand-ins take what the published libraries take, so that a test on them says something about those."""

import inspect
import json
from pathlib import Path

import numpy as np

RECORD = json.loads((Path(__file__).parent / "signatures.json").read_text())


def parameters(function) -> list[str]:
    listed = []
    for parameter in inspect.signature(function).parameters.values():
        default = "" if parameter.default is parameter.empty else "="
        keyword = " (keyword)" if parameter.kind is parameter.KEYWORD_ONLY else ""
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        listed.append(f"{star}{parameter.name}{default}{keyword}")
    return listed


def compare(stand_in: type, recorded: dict) -> int:
    compared = 0
    for name, member in vars(stand_in).items():
        if (name.startswith("_") and name != "__init__") or isinstance(member, type):
            continue
        if isinstance(member, property):
            assert name in recorded["properties"], name
        elif callable(member) or isinstance(member, staticmethod):
            function = member.__func__ if isinstance(member, staticmethod) else member
            assert name in recorded["methods"], name
            if name != "__init__" or stand_in.__name__ in ("VDevice", "Picamera2", "IMX500", "NetworkIntrinsics"):
                assert parameters(function) == recorded["methods"][name], f"{stand_in.__name__}.{name}"
        compared += 1
    return compared


def test_the_hailo_stand_in_is_as_published(npu, hailo_version):
    import hailo_platform

    recorded = RECORD["hailort"][hailo_version]
    for name in ("VDevice", "InferModel", "ConfiguredInferModel", "AsyncInferJob", "AsyncInferCompletionInfo"):
        assert compare(getattr(hailo_platform, name), recorded["classes"][name]) > 0
    bindings = hailo_platform.ConfiguredInferModel.Bindings
    for kind, name in (
        (bindings, "ConfiguredInferModel.Bindings"),
        (bindings.InferStream, "ConfiguredInferModel.Bindings.InferStream"),
    ):
        assert compare(kind, recorded["classes"][name]) > 0
    assert {"VDevice", "FormatType", "HailoSchedulingAlgorithm", "HailoRTException"} <= set(recorded["exports"])
    assert {"name", "shape"} <= set(recorded["classes"]["InferModel.InferStream"]["properties"])


def test_every_hailo_exception_is_one_that_is_caught(npu, hailo_version):
    from edge.embedding.hailo_session import MEANINGS

    names = set(RECORD["hailort"][hailo_version]["exceptions"]) | set(RECORD["hailort"][hailo_version]["status"])
    newer = {
        "HailoRTHEFNotCompatibleWithDevice",
        "HAILO_HEF_NOT_COMPATIBLE_WITH_DEVICE",
        "HAILO_HEF_NOT_SUPPORTED",
        "HAILO_HEF_FILE_CORRUPTED",
    }
    for markers, _, _ in MEANINGS:
        for marker in markers:
            known = any(marker in name for name in names)
            assert known or (hailo_version == "4.20.0" and marker in newer), f"{marker} is not a name of HailoRT's"


def test_the_picamera2_stand_in_is_as_published(camera_bench):
    import picamera2
    import picamera2.devices.imx500 as devices

    recorded = RECORD["picamera2"]["0.3.36"]["classes"]
    assert compare(picamera2.Picamera2, recorded["Picamera2"]) >= 8
    assert compare(picamera2.CompletedRequest, recorded["CompletedRequest"]) >= 3
    assert compare(devices.IMX500, recorded["IMX500"]) >= 5
    assert compare(devices.NetworkIntrinsics, recorded["NetworkIntrinsics"]) >= 8


def test_tensors_cross_the_stand_in_as_they_were(camera_bench):
    from picamera2.devices.imx500 import IMX500

    from tests.hardware.picamera_stand_in import tensor_metadata

    tensors = [np.arange(24, dtype=np.float32).reshape(6, 4), np.arange(6, dtype=np.float32)]
    metadata = tensor_metadata(*tensors)
    assert len(metadata["CnnOutputTensorInfo"]) == 712
    for sent, received in zip(tensors, IMX500("x").get_outputs(metadata, add_batch=True), strict=True):
        np.testing.assert_array_equal(received[0], sent)
