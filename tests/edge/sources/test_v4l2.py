import logging

import cv2
import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources.v4l2 import SIZE, V4l2Source


class PluggedCamera:
    """What OpenCV makes of a camera that gives a number of frames and is then unplugged."""

    def __init__(self, frames: int, size=SIZE, *, opens=True):
        self.settings = {}
        self.stamps_ms = []
        self.released = False
        self.opened_with = None
        self._left = frames
        self._size = size
        self._opens = opens

    def open(self, device, backend):
        self.opened_with = (device, backend)
        return self

    def isOpened(self):  # noqa: N802
        return self._opens

    def set(self, key, value):
        self.settings[key] = value
        return True

    def get(self, key):
        width, height = self._size
        return {cv2.CAP_PROP_FRAME_WIDTH: width, cv2.CAP_PROP_FRAME_HEIGHT: height}.get(key, self.settings.get(key, 0))

    def grab(self):
        self._left -= 1
        if self.stamps_ms:
            self.settings[cv2.CAP_PROP_POS_MSEC] = self.stamps_ms.pop(0)
        return self._left >= 0

    def retrieve(self):
        width, height = self._size
        return True, np.zeros((height, width, 3), np.uint8)

    def release(self):
        self.released = True


@pytest.fixture
def device(tmp_path):
    path = tmp_path / "video0"
    path.touch()
    return path


def test_frames_until_it_is_unplugged(device):
    camera = PluggedCamera(frames=2)
    source = V4l2Source(device, 30, camera.open)
    assert [source.read().frame_id for _ in range(2)] == [0, 1]
    with pytest.raises(SourceError, match="still plugged in"):
        source.read()


def test_frames_that_nobody_read_in_time_leave_a_gap(device):
    camera = PluggedCamera(frames=6)
    source = V4l2Source(device, 25, camera.open)
    camera.stamps_ms = [5000.0, 5040.0, 5041.0, 5160.5, 5600.0, 5641.0]
    assert [source.read().frame_id for _ in range(6)] == [0, 1, 2, 5, 16, 17]


def test_the_camera_is_asked_for_motion_jpeg_and_the_newest_frame(device):
    camera = PluggedCamera(frames=1)
    V4l2Source(device, 25, camera.open)
    assert camera.opened_with == (str(device), cv2.CAP_V4L2)
    assert camera.settings[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    assert camera.settings[cv2.CAP_PROP_BUFFERSIZE] == 1
    assert camera.settings[cv2.CAP_PROP_FPS] == 25


def test_another_size_than_asked_for_is_told(device, caplog):
    with caplog.at_level(logging.WARNING):
        V4l2Source(device, 30, PluggedCamera(frames=1, size=(640, 480)).open)
    assert "gives 640 x 480" in caplog.text


def test_a_camera_that_cannot_be_opened(device):
    camera = PluggedCamera(frames=0, opens=False)
    with pytest.raises(SourceError, match="cannot be opened"):
        V4l2Source(device, 30, camera.open)
    assert camera.released


def test_a_missing_camera_names_those_that_are_there(tmp_path):
    with pytest.raises(SourceError, match=r"there is no camera .*(devices here|no camera is connected)"):
        V4l2Source(tmp_path / "video9", 30)


def test_a_file_that_is_no_camera(device):
    with pytest.raises(SourceError, match="cannot be opened"):
        V4l2Source(device, 30)


def test_a_closed_source_ends(device):
    camera = PluggedCamera(frames=5)
    source = V4l2Source(device, 30, camera.open)
    source.close()
    assert camera.released
    assert source.read() is None
