"""How several cards lie on a bench: scattered, in rows, touching, or overlapping a little."""

import numpy as np

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Quad, quad_iou
from edge.simulator.camera import Camera, Pose
from edge.simulator.conditions import Conditions
from edge.simulator.items import card_quad_px

_FROM_ABOVE = Camera(width=1000, height=1000, focal_px=1000, centre_px=(500, 500), distance_mm=1000)


def arrange(rng: np.random.Generator, count: int, conditions: Conditions) -> list[Pose]:
    """Poses of so many cards, bottom to top."""
    if count == 0:
        return []
    place = _scattered if count == 1 or rng.random() < 0.5 else _in_rows
    return [_tilted(rng, pose, conditions) for pose in place(rng, count, conditions)]


def _angle(rng: np.random.Generator, conditions: Conditions) -> float:
    if rng.random() < conditions.upright:
        return float(rng.normal(0, 6) + 180 * rng.integers(2))
    return float(rng.uniform(0, 360))


def _in_rows(rng: np.random.Generator, count: int, _: Conditions) -> list[Pose]:
    """A grid: apart, touching, or with edges that overlap."""
    columns = int(np.ceil(np.sqrt(count * rng.uniform(0.9, 1.8))))
    gap = rng.choice([0.0, rng.uniform(0.5, 3), rng.uniform(3, 20), rng.uniform(-6, -1)], p=[0.15, 0.25, 0.5, 0.1])
    jitter = rng.uniform(0, 0.25) * max(gap, 0.4)
    wobble = rng.uniform(0, 0.15) * max(gap, 1.0)
    turned = 180 * rng.integers(2, size=count) if rng.random() < 0.5 else np.zeros(count)
    poses = []
    for place in range(count):
        row, column = divmod(place, columns)
        x, y = np.array([column * (CARD_WIDTH_MM + gap), row * (CARD_HEIGHT_MM + gap)]) + rng.normal(0, jitter, 2)
        angle = float(turned[place] + rng.normal(0, wobble))
        poses.append(Pose(x_mm=float(x), y_mm=float(y), angle_deg=angle))
    return _turned_together(poses, float(rng.normal(0, 3) if rng.random() < 0.7 else rng.uniform(0, 360)))


def _scattered(rng: np.random.Generator, count: int, conditions: Conditions) -> list[Pose]:
    """Cards at random places that overlap by a few per cent at most."""
    poses: list[Pose] = []
    quads: list[Quad] = []
    side = 0.7 * CARD_HEIGHT_MM * np.sqrt(count)
    while len(poses) < count:
        x, y = rng.uniform(-0.5, 0.5, 2) * side * (count > 1)
        pose = Pose(x_mm=float(x), y_mm=float(y), angle_deg=_angle(rng, conditions))
        quad = card_quad_px(_FROM_ABOVE, pose)
        if all(quad_iou(quad, other) < 0.02 for other in quads):
            poses.append(pose)
            quads.append(quad)
        side *= 1.01
    return poses


def _turned_together(poses: list[Pose], angle_deg: float) -> list[Pose]:
    turn = np.deg2rad(angle_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centres = np.array([(pose.x_mm, pose.y_mm) for pose in poses]) @ rotation.T
    return [
        Pose(x_mm=float(x), y_mm=float(y), angle_deg=pose.angle_deg + angle_deg)
        for pose, (x, y) in zip(poses, centres, strict=True)
    ]


def _tilted(rng: np.random.Generator, pose: Pose, conditions: Conditions) -> Pose:
    return Pose(
        x_mm=pose.x_mm,
        y_mm=pose.y_mm,
        angle_deg=pose.angle_deg,
        tilt_deg=float(rng.uniform(*conditions.card_tilt_deg)),
        tilt_axis_deg=float(rng.uniform(0, 360)),
        lift_mm=float(rng.uniform(0, 0.6)),
    )
