"""The adapters on the real picamera2, with a stand-in only below it.

Needs picamera2 without what it depends on, as `make install` brings it: pip install --no-deps picamera2==0.3.36
"""

import importlib.util
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from edge.errors import SourceError, SourceLostError
from edge.manifests import read_sensor_manifest
from edge.settings.sections import CameraSettings
from edge.shipped import MODELS
from edge.sources.camera_feed import CameraFeed
from edge.sources.camera_session import BUFFERS, CameraSession, open_camera
from edge.sources.imx500_outlines import region_in_frame
from edge.sources.imx500_outputs import FULL_SENSOR, Boxes, NetworkOutput, decode_boxes, to_frame
from tests.hardware import libcamera_stand_in
from tests.hardware.picamera_stand_in import tensor_metadata

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("picamera2") is None, reason="picamera2 is not installed"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    # picamera2 leaves its pipe to the garbage collector where it finds no camera.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SETTINGS = CameraSettings(width=152, height=100, exposure_us=8000, gain=2.0, red_gain=1.5, blue_gain=2.5)
PICTURE = np.arange(100 * 152 * 3, dtype=np.uint32).astype(np.uint8).reshape(100, 152, 3)


@pytest.fixture
def world(monkeypatch):
    world = libcamera_stand_in.World()
    before = set(sys.modules)
    for name, module in libcamera_stand_in.modules(world).items():
        monkeypatch.setitem(sys.modules, name, module)
    import picamera2.picamera2

    world.allocators = []

    def allocator() -> libcamera_stand_in.MemoryAllocator:
        world.allocators.append(libcamera_stand_in.MemoryAllocator())
        return world.allocators[-1]

    monkeypatch.setattr(picamera2.picamera2, "DmaAllocator", allocator)
    yield world
    world.close()
    for name in set(sys.modules) - before:
        del sys.modules[name]


def stamped(frame: int) -> dict:
    return {"SensorTimestamp": 10**9 + frame * 33_333_000, "FrameDuration": 33333}


def session() -> CameraSession:
    return CameraSession(open_camera(0), SETTINGS, 30.0)


def test_pictures_arrive_whole_and_requests_go_round(world):
    camera = session()
    for frame in range(5 * BUFFERS):
        assert world.camera.deliver(np.roll(PICTURE, frame), **stamped(frame)), "no request is queued: one has leaked"
        capture = camera.capture(5.0)
        np.testing.assert_array_equal(capture.image, np.roll(PICTURE, frame))
        assert capture.image.flags.c_contiguous
        assert capture.sensor_ns == 10**9 + frame * 33_333_000
    camera.close()
    assert world.allocators[0].held == 0
    assert world.log == ["acquire", "start", "stop", "release"]


def test_the_controls_reach_libcamera(world):
    session().close()
    assert world.camera.started_with == {
        "FrameDurationLimits": (33333, 33333), "ExposureTime": 8000, "ExposureTimeMode": 1, "AnalogueGain": 2.0,
        "AnalogueGainMode": 1, "AwbEnable": False, "ColourGains": (1.5, 2.5),
    } | {"NoiseReductionMode": 1}  # fmt: skip
    main, raw = world.configuration
    assert (main.size.width, main.size.height, str(main.pixel_format), main.buffer_count) == (152, 100, "RGB888", 12)
    assert (raw.size.width, raw.size.height) == (2028, 1520)


def test_a_late_picture_is_taken_by_the_job_that_waits(world):
    camera = session()
    assert [camera.capture(0.05) for _ in range(3)] == [None] * 3
    world.camera.deliver(PICTURE, **stamped(0))
    assert camera.capture(5.0) is not None
    assert camera.capture(0.05) is None
    camera.requeue()
    world.camera.deliver(PICTURE, **stamped(1))
    assert camera.capture(5.0) is not None
    camera.close()
    assert world.allocators[0].held == 0


def test_closing_does_not_wait_for_a_picture_that_never_comes(world):
    camera = session()
    assert camera.capture(0.05) is None
    closing = threading.Thread(target=camera.close)
    closing.start()
    closing.join(10)
    assert not closing.is_alive()
    camera.close()


def test_a_stalled_camera_is_rebuilt_and_given_up(world):
    feed = CameraFeed(session, stall_s=0.1, stall_frames=2)
    world.camera.deliver(PICTURE, **stamped(0))
    assert feed.next() is not None
    thread = threading.Thread(target=_deliver_after_rebuild, args=(world,))
    thread.start()
    assert feed.next() is not None
    thread.join()
    assert world.log == ["acquire", "start", "stop", "release", "acquire", "start"]
    feed.close()
    assert all(allocator.held == 0 for allocator in world.allocators)
    assert issubclass(SourceLostError, SourceError)


def _deliver_after_rebuild(world) -> None:
    while world.log.count("start") < 2:
        time.sleep(0.01)
    while not world.camera.deliver(PICTURE, **stamped(1)):
        time.sleep(0.01)


def test_a_camera_number_that_is_not_there(world):
    with pytest.raises(SourceError, match="no camera number 3"):
        open_camera(3)


def test_the_real_class_reads_our_tensors_and_finds_the_same_place(world):
    """`IMX500.get_outputs` on metadata in the documented layout; its own conversion agrees where it is right."""
    from picamera2.devices.imx500 import IMX500

    imx500 = IMX500.__new__(IMX500)
    imx500.device_fd = None
    tensors = [np.random.default_rng(1).random((10, 4)), np.arange(10.0), np.arange(10.0) % 3, np.array([7.0])]
    for sent, received in zip(tensors, imx500.get_outputs(tensor_metadata(*tensors), add_batch=True), strict=True):
        np.testing.assert_allclose(received[0], sent, rtol=1e-6)
    assert imx500.get_outputs({"SensorTimestamp": 1}) is None
    broken = tensor_metadata(*tensors) | {"CnnOutputTensorInfo": b"\0" * 700}
    with pytest.raises(ValueError, match="712"):
        imx500.get_outputs(broken)


@pytest.mark.parametrize("crop", [(508, 0, 3040, 3040), (0, 0, 4056, 3040), (1000, 700, 1520, 1520)])
def test_a_box_lands_where_picamera2_puts_it(world, crop):
    """Where its `convert_inference_coords` is right (box within the crop, whole sensor), up to its rounding."""
    from picamera2.devices.imx500 import IMX500

    imx500 = IMX500.__new__(IMX500)
    # Its constructor, which would do this, needs the sensor.
    imx500.device_fd, imx500._IMX500__cfg = None, {"roi": libcamera_stand_in.Rectangle(*FULL_SENSOR)}  # noqa: SLF001
    x0, y0, x1, y1 = 0.3, 0.28, 0.55, 0.7
    streams = {"main": {"size": (1520, 1520)}, "raw": {"size": (2028, 1520)}}
    camera = SimpleNamespace(camera_configuration=lambda: streams)
    left, top, width, height = imx500.convert_inference_coords((y0, x0, y1, x1), {"ScalerCrop": crop}, camera)
    boxes = Boxes(corners=np.array([[x0, y0, x1, y1]]), scores=np.ones(1))
    (ours,) = to_frame(boxes, FULL_SENSOR, crop, (1520, 1520)).corners
    np.testing.assert_allclose(ours + 0.5, [left, top, left + width, top + height], atol=5)


@pytest.mark.parametrize("crop", [(508, 0, 3040, 3040), (1000, 700, 1520, 1520)])
def test_an_outline_lands_where_picamera2_puts_it(world, crop):
    """Its conversion knows the whole sensor alone, so the network is taken to have seen all of it."""
    from picamera2.devices.imx500 import IMX500

    imx500 = IMX500.__new__(IMX500)
    imx500.device_fd, imx500._IMX500__cfg = None, {}  # noqa: SLF001
    streams = {"main": {"size": (1520, 1520)}, "raw": {"size": (2028, 1520)}}
    camera = SimpleNamespace(camera_configuration=lambda: streams)
    left, top, width, height = imx500.convert_inference_coords((0.28, 0.3, 0.7, 0.55), {"ScalerCrop": crop}, camera)
    region = region_in_frame(FULL_SENSOR, crop, (1520, 1520))
    ours = np.array([[0.3, 0.28], [0.55, 0.7]]) * region[2:] + region[:2]
    np.testing.assert_allclose(ours.ravel(), [left, top, left + width, top + height], atol=5)


def test_the_square_of_picamera2_is_the_frame(world):
    """The region that it sets for a square input, against the crop of a square frame of the 2028 x 1520 mode."""
    from picamera2.devices.imx500 import IMX500

    imx500 = IMX500.__new__(IMX500)
    imx500.device_fd, imx500._IMX500__cfg = None, {"input_tensor_size": (320, 320)}  # noqa: SLF001
    asked = []
    imx500.set_inference_roi_abs = asked.append
    imx500.set_auto_aspect_ratio()
    assert region_in_frame(asked[0], (508, 0, 3040, 3040), (1520, 1520)) == (0, 0, 1520, 1520)


def test_the_shipped_intrinsics_are_read_by_picamera2(world):
    from picamera2.devices.imx500 import NetworkIntrinsics

    intrinsics = NetworkIntrinsics(read_sensor_manifest(MODELS / "outline-imx500.json").intrinsics)
    assert (intrinsics.task, intrinsics.inference_rate, intrinsics.labels) == ("object detection", 25.0, ["card"])
    assert (intrinsics.postprocess, intrinsics.preserve_aspect_ratio) == ("card-outlines", True)


def test_nanodet_is_decoded_as_picamera2_does(world, monkeypatch):
    from picamera2.devices.imx500 import postprocess_nanodet_detection

    # It calls numpy.reshape with a name of the parameter that newer versions of numpy do not know.
    reshape = np.reshape
    monkeypatch.setattr(np, "reshape", lambda array, shape=None, newshape=None: reshape(array, newshape or shape))

    rng = np.random.default_rng(8)
    tensor = rng.normal(0, 1, (1, 3598, 112)).astype(np.float32)
    tensor[..., :80] -= 12
    for k, row in enumerate(rng.choice(3598, 12, replace=False)):
        tensor[0, row, 5 * k % 80] = 0.5 + 0.2 * k
    theirs, scores, _ = postprocess_nanodet_detection(tensor.copy(), conf=0.4, iou_thres=0.65, max_out_dets=32)[0]
    network = NetworkOutput(postprocess="nanodet", bbox_order="yx", bbox_normalization=False, input_size=(416, 416))
    ours = decode_boxes([tensor], network)
    assert len(ours.scores) >= 10
    np.testing.assert_allclose(ours.scores, scores, atol=1e-5)
    np.testing.assert_allclose(ours.corners, np.clip(theirs[:, [1, 0, 3, 2]] / 416, 0, 1), atol=1e-4)
