"""The stand-in as a package for a process of its own, at a camera's pace; `CAMERA_STAND_IN` (JSON) says what happens.

start_s: how long `start` holds the interpreter's lock; frames: after how many the camera shows nothing more;
cameras: how many there are.
"""

import json
import os
import time

import numpy as np

from tests.hardware import picamera_stand_in
from tests.hardware.holding import hold_lock

_ASKED = {"start_s": 0.0, "frames": 1_000_000, "cameras": 1} | json.loads(os.environ.get("CAMERA_STAND_IN", "{}"))

bench = picamera_stand_in.Bench(cameras=_ASKED["cameras"], clock_ns=time.monotonic_ns)
bench.on_start = lambda: hold_lock(_ASKED["start_s"])
modules = picamera_stand_in.stand_in(bench)


class Picamera2(modules["picamera2"].Picamera2):
    """Shows a frame each 20 ms: its number in every pixel, and the outputs of a network that sees nothing."""

    shown = 0

    def configure(self, camera_config=None):
        super().configure(camera_config)
        self._size = camera_config["main"]["size"]

    def wait(self, job, timeout=None):
        if Picamera2.shown < _ASKED["frames"]:
            time.sleep(0.02)
            width, height = self._size
            picture = np.full((height, width, 3), Picamera2.shown % 251, np.uint8)
            maps = np.full((1, 40, 40), -8.0), np.zeros((32, 40, 40))
            bench.show(picture, **picamera_stand_in.tensor_metadata(*maps))
            Picamera2.shown += 1
        else:
            time.sleep(timeout)
        return super().wait(job, timeout)
