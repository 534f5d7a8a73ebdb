"""Random scenes: which cards lie where, in which sleeves, under which light."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edge.simulator.arrangement import arrange
from edge.simulator.camera import Camera, Pose
from edge.simulator.card import Printed, render_back, render_card
from edge.simulator.conditions import Conditions
from edge.simulator.covers import finger_cover, measured_cover, small_cover
from edge.simulator.finishes import random_finish
from edge.simulator.framing import frame_cards
from edge.simulator.items import PlacedCard, PlacedHand, PlacedProp, Scene
from edge.simulator.lighting import random_light, random_motion, random_sensor
from edge.simulator.props import FLAT_PROPS, SMALL_PROPS
from edge.simulator.surfaces import Surface, SurfaceKind

LEVEL_SURFACES: tuple[SurfaceKind, ...] = ("plain", "felt", "cloth", "paper", "desk")


def random_scene(
    seed: int, cards: Sequence[Printed], conditions: Conditions, size: tuple[int, int] = (1520, 1520)
) -> Scene:
    """Draw a scene; the same arguments always give the same scene.

    Args:
        seed: of everything random.
        cards: cards to choose from; the conditions say how many lie in the scene.
        conditions: what may happen.
        size: width and height of the frame, pixels.
    """
    rng = np.random.default_rng(seed)
    count = int(rng.integers(conditions.cards[0], conditions.cards[1] + 1))
    poses = arrange(rng, count, conditions)
    camera = frame_cards(rng, poses, conditions, size)
    chosen = [cards[int(i)] for i in rng.integers(len(cards), size=count)]
    placed = tuple(_card(rng, spec, pose, conditions) for spec, pose in zip(chosen, poses, strict=True))
    camera_moves = bool(rng.random() < 0.5)
    path = random_motion(rng, conditions)
    if not camera_moves:
        placed = tuple(replace(card, motion_px=path) for card in placed)
    return Scene(
        camera=camera,
        surface=_surface(rng, placed, conditions),
        below=_props(rng, poses, camera, conditions),
        cards=placed,
        above=_covers(rng, camera, placed, conditions),
        light=random_light(rng, conditions),
        sensor=random_sensor(rng, conditions, path if camera_moves else (0.0, 0.0)),
    )


def _card(rng: np.random.Generator, spec: Printed, pose: Pose, conditions: Conditions) -> PlacedCard:
    face_down = rng.random() < conditions.back
    offset = rng.uniform(-1, 1, 2) * conditions.print_offset_mm
    return PlacedCard(
        spec=None if face_down else spec,
        pose=pose,
        offset_mm=(0.0, 0.0) if face_down else (float(offset[0]), float(offset[1])),
        rotation_deg=0.0 if face_down else float(rng.uniform(-1, 1) * conditions.print_rotation_deg),
        finish=random_finish(rng, None if face_down else spec, pose, conditions),
    )


def _surface(rng: np.random.Generator, cards: tuple[PlacedCard, ...], conditions: Conditions) -> Surface:
    seed = int(rng.integers(2**31))
    if cards and rng.random() < conditions.low_contrast:
        kind = LEVEL_SURFACES[int(rng.integers(len(LEVEL_SURFACES)))]
        return Surface(kind=kind, seed=seed, tone=_edge_tone(cards[0], rng))
    return Surface(kind=conditions.surfaces[int(rng.integers(len(conditions.surfaces)))], seed=seed)


def _edge_tone(card: PlacedCard, rng: np.random.Generator) -> tuple[int, int, int]:
    """About the colour of a card's outermost millimetre and a half."""
    face = render_card(card.spec, 2.0) if card.spec else render_back(2.0)
    ring = np.ones(face.shape[:2], dtype=bool)
    ring[3:-3, 3:-3] = False
    colour = np.median(face[ring], axis=0) * card.finish.contrast + card.finish.veil + rng.normal(0, 10, 3)
    blue, green, red = np.clip(colour, 4, 250).astype(int).tolist()
    return blue, green, red


def _props(
    rng: np.random.Generator, poses: list[Pose], camera: Camera, conditions: Conditions
) -> tuple[PlacedProp, ...]:
    """Things around the cards, at times reaching under them."""
    things = []
    reach = min(camera.width, camera.height) / camera.px_per_mm / 2
    for _ in range(int(rng.integers(conditions.props[0], conditions.props[1] + 1))):
        kinds = FLAT_PROPS if rng.random() < 0.6 else SMALL_PROPS
        kind = kinds[int(rng.integers(len(kinds)))]
        x, y = rng.uniform(-1.1, 1.1, 2) * reach + np.asarray(camera.target_mm)
        if kind == "egg" and any(math.hypot(x - pose.x_mm, y - pose.y_mm) < 90 for pose in poses):
            continue
        pose = Pose(x_mm=float(x), y_mm=float(y), angle_deg=float(rng.uniform(0, 360)))
        things.append(PlacedProp(kind=kind, seed=int(rng.integers(2**31)), pose=pose))
    return tuple(things)


def _covers(
    rng: np.random.Generator, camera: Camera, cards: tuple[PlacedCard, ...], conditions: Conditions
) -> tuple[PlacedProp | PlacedHand, ...]:
    covers: list[PlacedProp | PlacedHand] = []
    for card in cards:
        if rng.random() < conditions.small_covers:
            covers.append(small_cover(rng, card.pose))
        if rng.random() < conditions.finger:
            covers.append(finger_cover(rng, card.pose))
        if conditions.occlusion is not None:
            covers.append(measured_cover(rng, camera, card.pose, conditions.occlusion))
    return tuple(covers)
