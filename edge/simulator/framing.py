"""Where the camera stands so that it sees the cards."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.simulator.camera import Camera, Pose
from edge.simulator.conditions import Conditions
from edge.simulator.items import card_quad_px

REFERENCE_SIDE_PX = 1520
MARGIN = 0.02


def frame_cards(rng: np.random.Generator, poses: list[Pose], conditions: Conditions, size: tuple[int, int]) -> Camera:
    """A camera that sees all cards entirely, unless the conditions let them hang out of the frame."""
    scale = rng.uniform(*conditions.px_per_mm) * min(size) / REFERENCE_SIDE_PX
    camera = _random_camera(rng, scale, conditions, size)
    wish = rng.uniform(-1, 1, 2)
    crop = bool(rng.random() < conditions.crop)
    if not poses:
        return camera
    camera = _centred(camera, poses)
    while not _sees_all(camera, poses):
        camera = _centred(replace(camera, distance_mm=camera.distance_mm * 1.04), poses)
    low, high = _extent_px(camera, poses)
    slack_mm = np.minimum(low, np.asarray(size) - high) / camera.px_per_mm
    if crop:
        outward = slack_mm + rng.uniform(18, 60)
        return _shifted(camera, outward * wish / np.abs(wish).max())
    moved = _shifted(camera, slack_mm * wish)
    while not _sees_all(moved, poses):
        wish = wish * 0.8
        moved = _shifted(camera, slack_mm * wish)
    return moved


def _random_camera(rng: np.random.Generator, scale: float, conditions: Conditions, size: tuple[int, int]) -> Camera:
    focal = float(rng.uniform(0.8, 1.9) * max(size))
    return Camera(
        width=size[0],
        height=size[1],
        focal_px=focal,
        centre_px=(size[0] / 2 - 0.5 + float(rng.normal(0, 8)), size[1] / 2 - 0.5 + float(rng.normal(0, 8))),
        distance_mm=focal / scale,
        tilt_deg=float(rng.uniform(*conditions.camera_tilt_deg)),
        azimuth_deg=float(rng.uniform(0, 360)),
        roll_deg=float(rng.normal(0, 2)),
        k1=float(rng.uniform(-0.12, 0.05)),
        k2=float(rng.uniform(-0.02, 0.02)),
    )


def _centred(camera: Camera, poses: list[Pose]) -> Camera:
    """The camera, moved so that the cards' extent lies in the middle of the frame."""
    x, y = np.mean([(pose.x_mm, pose.y_mm) for pose in poses], axis=0)
    camera = replace(camera, target_mm=(float(x), float(y)))
    low, high = _extent_px(camera, poses)
    return _shifted(camera, ((low + high) / 2 - np.asarray(camera.centre_px)) / camera.px_per_mm)


def _shifted(camera: Camera, by_mm: NDArray[np.float64]) -> Camera:
    x, y = np.asarray(camera.target_mm) + by_mm
    return replace(camera, target_mm=(float(x), float(y)))


def _extent_px(camera: Camera, poses: list[Pose]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    corners = np.concatenate([card_quad_px(camera, pose) for pose in poses])
    return corners.min(axis=0), corners.max(axis=0)


def _sees_all(camera: Camera, poses: list[Pose]) -> bool:
    size = np.array([camera.width, camera.height])
    margin = MARGIN * size.min()
    low, high = _extent_px(camera, poses)
    return bool((low > margin).all() and (high < size - margin).all())
