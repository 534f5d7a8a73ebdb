import logging
import subprocess
import time
from contextlib import closing

import cv2
import numpy as np
import pytest

from edge.detection import CardDetector, Following, SearchFailures, SensorBoxes
from edge.errors import SourceError, SourceLostError
from edge.frame import Detection, Frame
from edge.geometry import bounding_box
from edge.settings.sections import CameraSettings, Imx500Settings
from edge.sources import imx500 as source_module
from edge.sources.camera_feed import CameraFeed
from edge.sources.imx500 import Imx500Source, SensorSession, open_imx500
from edge.sources.sensor_network import SensorNetwork, network_output
from tests.hardware.picamera_stand_in import tensor_metadata

SIZE = 760
SSD_INTRINSICS = {
    "task": "object detection",
    "inference_rate": 26.0,
    "classes": {"labels": ["person", "-", "card"], "ignore_undefined": True},
}


@pytest.fixture
def settings(tmp_path) -> Imx500Settings:
    network = tmp_path / "network.rpk"
    network.write_bytes(b"network")
    return Imx500Settings(network=network)


@pytest.fixture
def sensor(camera_bench, monkeypatch):
    monkeypatch.setattr(time, "monotonic_ns", camera_bench.clock)
    monkeypatch.setattr(source_module, "SETTLE_S", 0.01)
    camera_bench.intrinsics = SSD_INTRINSICS
    return camera_bench


@pytest.fixture
def opened(sensor, settings):
    made = []

    def make(**changes) -> Imx500Source:
        made.append(open_imx500(CameraSettings(), settings.model_copy(update=changes), 30.0))
        return made[-1]

    yield make
    for each in made:
        each.close()
    assert sensor.outstanding == 0


@pytest.fixture(scope="module")
def card(request):
    tiny = request.getfixturevalue("tiny_database")
    return next(iter(tiny.cards.values()))


def table(card: np.ndarray, centre: tuple[float, float], degrees: float, height_px: float = 260) -> tuple:
    """A card, rotated, with round corners, on a plain table: the picture and its corners."""
    scale = height_px / card.shape[0]
    matrix = cv2.getRotationMatrix2D((card.shape[1] / 2 - 0.5, card.shape[0] / 2 - 0.5), degrees, scale)
    matrix[:, 2] += np.array(centre) - np.array([card.shape[1] / 2, card.shape[0] / 2]) + 0.5
    mask = np.zeros(card.shape[:2], np.float32)
    radius = round(3 / 63 * card.shape[1])
    mask[radius:-radius, radius:-radius] = 1
    mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
    share = cv2.warpAffine(mask, matrix, (SIZE, SIZE), flags=cv2.INTER_AREA)[..., None]
    noise = np.random.default_rng(0).integers(-4, 5, (SIZE, SIZE, 3))
    ground = np.clip(np.full((SIZE, SIZE, 3), (70, 120, 70)) + noise, 0, 255)
    picture = share * cv2.warpAffine(card, matrix, (SIZE, SIZE), flags=cv2.INTER_AREA) + (1 - share) * ground
    height, width = card.shape[:2]
    corners = np.array([[-0.5, -0.5], [width - 0.5, -0.5], [width - 0.5, height - 0.5], [-0.5, height - 0.5]])
    return picture.astype(np.uint8), corners @ matrix[:, :2].T + matrix[:, 2]


def output_for(*quads: np.ndarray, label: int = 1, score: float = 0.8) -> dict:
    """Metadata with the output for quads in the middle 3040 x 3040 of the sensor, whose network sees 4032 columns."""
    boxes, scores, classes = np.zeros((10, 4)), np.zeros(10), np.zeros(10)
    for row, quad in enumerate(quads):
        low, high = quad.min(axis=0), quad.max(axis=0)
        x = (np.array([low[0], high[0]]) + 0.5) * 3040 / SIZE + 508
        y = (np.array([low[1], high[1]]) + 0.5) * 3040 / SIZE
        boxes[row] = [y[0] / 3040, x[0] / 4032, y[1] / 3040, x[1] / 4032]
        scores[row], classes[row] = score, label
    return tensor_metadata(boxes, scores, classes, np.array([len(quads)]))


class Watched:
    """A source, and what is found in its frames."""

    def __init__(self, source: Imx500Source, following: Following) -> None:
        self.source, self._following = source, following

    def read(self) -> tuple[Frame, tuple[Detection, ...]]:
        frame = self.source.read()
        return frame, self._following.detect(frame)


@pytest.fixture
def watched(opened):
    with closing(Following(CardDetector(), SensorBoxes())) as following:
        yield lambda: Watched(opened(), following)


def read_until(source: Watched, bench, picture: np.ndarray, metadata: dict, frames: int = 400):
    """Read frames of one picture until the search, which runs beside, has found a card."""
    for _ in range(frames):
        bench.show(picture, **metadata)
        frame, detections = source.read()
        if detections:
            return frame, detections
        time.sleep(0.01)
    raise AssertionError("no card was found")


@pytest.mark.parametrize("degrees", [0, 33, 90])
def test_a_box_of_the_sensor_becomes_a_sharp_outline(watched, sensor, card, degrees):
    picture, corners = table(card, (380.25, 300.75), degrees)
    frame, (detection,) = read_until(watched(), sensor, picture, output_for(corners))
    distances = np.linalg.norm(detection.quad[:, None] - corners, axis=2).min(axis=1)
    assert distances.max() < 1.5
    np.testing.assert_array_equal(frame.image, picture)


def test_a_known_card_is_followed_through_frames_without_output(watched, sensor, card):
    picture, corners = table(card, (300, 300), 10)
    source = watched()
    read_until(source, sensor, picture, output_for(corners))
    for step in range(1, 6):
        moved, corners = table(card, (300 + 3 * step, 300), 10)
        sensor.show(moved)
        _, (detection,) = source.read()
        assert np.linalg.norm(detection.quad[:, None] - corners, axis=2).min(axis=1).max() < 1.5


def test_where_the_sensor_sees_nothing_nothing_is_searched(watched, sensor, card):
    picture, _ = table(card, (380, 300), 5)
    source = watched()
    for _ in range(30):
        sensor.show(picture, **output_for())
        assert source.read()[1] == ()
        time.sleep(0.005)


def test_a_search_that_fails_is_repeated_and_the_camera_stays(opened, sensor, card):
    class FailingOnce(CardDetector):
        def detect(self, image):
            if not failures.count:
                raise MemoryError("for now")
            return super().detect(image)

    failures = SearchFailures()
    picture, corners = table(card, (380, 300), 5)
    with closing(Following(FailingOnce(), SensorBoxes(), failures)) as following:
        source = Watched(opened(), following)
        _, detections = read_until(source, sensor, picture, output_for(corners))
    assert len(detections) == 1
    assert failures.count == 1
    assert sensor.log.count("start") == 1


def test_no_picture_from_before_a_stall_gets_boxes_from_after_it(sensor, settings, card):
    """With a lag of two frames, two pictures wait for their boxes when the camera has to be opened anew."""
    feed = CameraFeed(
        lambda: SensorSession(CameraSettings(), settings, 30.0), stall_s=1.0, stall_frames=30, clock=sensor.clock
    )
    source = Imx500Source(feed, lag_frames=2)
    before, corners = table(card, (250, 300), 0)
    after, corners_after = table(card, (400, 300), 0)
    sensor.show(before, frames=4, **output_for(corners))
    assert [source.read().stretch for _ in range(2)] == [0, 0]
    sensor.script.extend([0.2] * 12)
    sensor.show(after, frames=6, **output_for(corners_after))
    frames = [source.read() for _ in range(4)]
    assert source.recoveries == {"requeued": 1, "rebuilt": 1}
    for frame in frames:
        np.testing.assert_array_equal(frame.image, after)
    assert {frame.stretch for frame in frames} == {2}
    source.close()


def test_the_network_is_set_before_the_camera_is_opened_and_its_rate_kept(opened, sensor):
    opened()
    assert sensor.log[:3] == ["network", "open 0", "start"]
    assert sensor.controls["FrameDurationLimits"] == (38462, 38462)


def test_frame_and_boxes_are_of_one_request(opened, sensor, card):
    """Two requests with different pictures and outputs: each frame must carry its own."""
    source = opened()
    first, corners_1 = table(card, (250, 300), 0)
    second, corners_2 = table(card, (256, 306), 0)
    for picture, corners in ((first, corners_1), (second, corners_2), (first, corners_1)):
        sensor.show(picture, **output_for(corners))
        frame = source.read()
        np.testing.assert_array_equal(frame.image, picture)
        np.testing.assert_allclose(frame.boxes, [bounding_box(corners)], atol=0.1)


def test_boxes_that_lag_are_given_to_the_frame_that_they_belong_to(opened, sensor, card):
    source = opened(tensor_lag_frames=2)
    shown = [table(card, (250 + 30 * k, 300), 0) for k in range(4)]
    for k, (picture, _) in enumerate(shown):
        sensor.show(picture, **output_for(shown[max(0, k - 2)][1]))
    for k in range(2):
        frame, (picture, corners) = source.read(), shown[k]
        assert frame.frame_id == k
        np.testing.assert_array_equal(frame.image, picture)
        np.testing.assert_allclose(frame.boxes[0, :2], corners.min(axis=0), atol=0.1)


def test_a_network_that_was_lost_leads_to_a_new_camera(opened, sensor, card):
    source = opened()
    picture, corners = table(card, (380, 300), 5)
    sensor.show(picture, frames=101)
    for _ in range(60):
        source.read()
    assert any("has given nothing for" in sentence for sentence in source.degraded())
    for _ in range(41):
        source.read()
    assert sensor.log == ["network", "open 0", "start", "flush", "close", "network", "open 0", "start"]
    sensor.show(picture, **output_for(corners))
    assert source.read().boxes is not None
    assert not any("has given nothing" in sentence for sentence in source.degraded())


def test_a_network_that_never_comes_back_ends_it(opened, sensor):
    source = opened()
    sensor.show(frames=400)
    with pytest.raises(SourceLostError, match="rebuilt 2 times"):
        for _ in range(400):
            source.read()


def test_tensors_of_another_libcamera_are_explained(opened, sensor):
    source = opened()
    metadata = output_for() | {"CnnOutputTensorInfo": b"\0" * 708}
    sensor.show(**metadata)
    with pytest.raises(SourceError, match="708 does not match.*does not fit libcamera.*full-upgrade"):
        source.read()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("IMX500: Requested camera dev-node not found"), "dev-node not found.*group video"),
        (PermissionError(13, "Permission denied", "/dev/v4l-subdev2"), "v4l-subdev2.*group video"),
        (StopIteration(), "libcamera does not list it"),
    ],
)
def test_a_sensor_that_cannot_be_opened_is_explained(sensor, settings, error, said):
    sensor.imx500_error = error
    with pytest.raises(SourceError, match=said):
        SensorNetwork(settings)


def test_a_missing_network_says_what_to_install(sensor, tmp_path):
    with pytest.raises(SourceError, match="apt install imx500-all"):
        SensorNetwork(Imx500Settings(network=tmp_path / "none.rpk"))


def test_the_intrinsics_say_how_to_read_the_output(sensor, settings):
    ssd = SensorNetwork(settings.model_copy(update={"labels": ("card",)}))
    assert ssd.output.labels == ("person", "card")
    assert (ssd.output.bbox_order, ssd.output.bbox_normalization, ssd.rate) == ("yx", False, 26.0)
    sensor.intrinsics = {"cpu": {"bbox_normalization": True}, "inference_rate": 23.0}
    assert SensorNetwork(settings).output.bbox_normalization
    assert not SensorNetwork(settings.model_copy(update={"bbox_normalization": False})).output.bbox_normalization
    sensor.intrinsics = {"cpu": {"post_processing": "nanodet"}}
    assert SensorNetwork(settings).output.postprocess == "nanodet"
    with pytest.raises(SourceError, match="no label card; it has: none"):
        SensorNetwork(settings.model_copy(update={"labels": ("card",)}))


def test_a_network_without_intrinsics_is_read_as_configured(sensor, settings):
    """As the published YOLO networks are: their files say neither order nor unit."""
    sensor.intrinsics, sensor.input_size = None, (640, 640)
    yolo = SensorNetwork(settings.model_copy(update={"bbox_order": "xy", "bbox_normalization": True}))
    assert (yolo.output.bbox_order, yolo.output.bbox_normalization, yolo.rate) == ("xy", True, 30.0)


def test_a_network_for_something_else_is_refused(sensor, settings):
    sensor.intrinsics = {"task": "classification"}
    with pytest.raises(SourceError, match="is for classification"):
        SensorNetwork(settings)
    sensor.intrinsics = {"cpu": {"post_processing": "unheard-of"}}
    with pytest.raises(SourceError, match="decoding 'unheard-of'"):
        SensorNetwork(settings)


def test_the_upload_is_told_and_needs_no_debugfs(sensor, settings, caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("edge.sources.sensor_network.PROGRESS_POLL_S", 0.01)
    sensor.on_start = lambda: time.sleep(0.3)
    sensor.progress = [(0, 0), (1_000_000, 4_000_000), (3_900_000, 4_000_000), (0, 0)]
    SensorSession(CameraSettings(), settings, 30.0).close()
    assert "first time this can take minutes" in caplog.text
    assert "25 %" in caplog.text
    assert "97 %" in caplog.text
    caplog.clear()
    for failure in (AssertionError(), subprocess.CalledProcessError(1, "sudo"), ValueError("empty"), IndexError()):
        sensor.progress = [failure]
        SensorSession(CameraSettings(), settings, 30.0).close()
    assert caplog.text.count("progress of the upload cannot be read") == 4


def test_the_decoding_that_is_asked_for_is_the_one_that_is_used(settings):
    class Intrinsics:
        postprocess, labels, ignore_dash_labels, bbox_order, bbox_normalization = None, None, None, "xy", None

    assert network_output(settings, Intrinsics(), (320, 320)).bbox_order == "xy"
    assert network_output(settings.model_copy(update={"bbox_order": "yx"}), Intrinsics(), (320, 320)).bbox_order == "yx"
