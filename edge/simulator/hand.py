"""Hands and fingers, drawn as shaded capsules."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image
from edge.simulator.camera import Points
from edge.simulator.compositing import Layer

TEXELS_PER_MM = 2.5
OUT_OF_FOCUS_MM = 0.25
SKIN_TONES = (
    (150, 180, 225),
    (120, 155, 205),
    (95, 130, 185),
    (70, 100, 155),
    (45, 70, 115),
    (165, 190, 230),
    (35, 50, 85),
)

Field = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finger:
    """A finger from its root to its tip.

    Attributes:
        tip_mm: local coordinates.
        root_mm: local coordinates; a long way off, so that it leaves the frame.
        radius_mm: half of its thickness at the tip.
        nail: whether its nail is seen.
    """

    tip_mm: tuple[float, float]
    root_mm: tuple[float, float]
    radius_mm: float
    nail: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Fingers of one hand.

    Attributes:
        fingers: bottom to top.
        skin: BGR.
        light: direction from which the light comes (x, y), length 0 to 1.
        seed: of the skin's texture.
    """

    fingers: tuple[Finger, ...]
    skin: tuple[int, int, int]
    light: tuple[float, float]
    seed: int


def random_hand(rng: np.random.Generator, fingers: int, length_mm: float = 130.0) -> Hand:
    """A hand reaching up (towards negative y) whose first finger's tip is the local origin."""
    radius = float(rng.uniform(6.5, 9.5))
    nail = bool(rng.random() < 0.75)
    spread = rng.uniform(-0.08, 0.12)
    drawn = []
    for place in range(fingers):
        back = 0.0 if place == 0 else float(rng.uniform(2, 22))
        across = place * radius * float(rng.uniform(2.05, 2.5))
        root = (across * (1 - spread) + float(rng.normal(0, 5)), length_mm + back)
        thickness = radius * float(rng.uniform(0.88, 1.08))
        drawn.append(Finger(tip_mm=(across, back), root_mm=root, radius_mm=thickness, nail=nail))
    if fingers > 1:
        middle, width = (fingers - 1) * 1.12 * radius, (fingers + 0.6) * radius
        knuckles = (middle, float(rng.uniform(62, 78)))
        drawn.append(Finger(tip_mm=knuckles, root_mm=(middle, length_mm + 30), radius_mm=width, nail=False))
    tone = np.asarray(SKIN_TONES[int(rng.integers(len(SKIN_TONES)))]) * rng.uniform(0.85, 1.12)
    blue, green, red = (int(c) for c in np.clip(tone + rng.normal(0, 5, 3), 5, 250))
    angle = rng.uniform(0, 2 * np.pi)
    light = float(0.6 * np.cos(angle)), float(0.6 * np.sin(angle))
    return Hand(fingers=tuple(drawn), skin=(blue, green, red), light=light, seed=int(rng.integers(2**31)))


def hand_layer(hand: Hand) -> Layer:
    """A hand as a layer in its own local coordinates."""
    low, high = _extent(hand.fingers)
    columns, rows = np.ceil((high - low) * TEXELS_PER_MM).astype(int).tolist()
    texture = np.zeros((rows, columns, 4), np.uint8)
    rng = np.random.default_rng(hand.seed)
    for finger in hand.fingers:
        first, last = (((e - low) * TEXELS_PER_MM).astype(int).clip(0, (columns, rows)) for e in _extent((finger,)))
        window = texture[first[1] : last[1], first[0] : last[0]]
        _draw_finger(window, finger, hand, low + first / TEXELS_PER_MM, rng)
    texture = np.asarray(cv2.GaussianBlur(texture, (0, 0), OUT_OF_FOCUS_MM * TEXELS_PER_MM), dtype=np.uint8)
    return Layer(
        texture=texture,
        px_per_mm=(TEXELS_PER_MM, TEXELS_PER_MM),
        origin_mm=(float(low[0]), float(low[1])),
        outline_mm=_outline(texture, low),
        half_extent_mm=(0.0, 0.0),
    )


def _extent(fingers: tuple[Finger, ...]) -> tuple[Points, Points]:
    """Lowest and highest local coordinates; a finger is cut off at its root, out of the frame."""
    tips = np.array([finger.tip_mm for finger in fingers])
    roots = np.array([finger.root_mm for finger in fingers])
    margin = np.array([[finger.radius_mm * 1.25 + 1.0] for finger in fingers])
    low = np.minimum(tips, roots) - margin
    return low.min(axis=0), np.maximum(tips + margin, roots + margin * (1, 0)).max(axis=0)


def _draw_finger(texture: Image, finger: Finger, hand: Hand, low: Points, rng: np.random.Generator) -> None:
    rows, columns = texture.shape[:2]
    x = ((np.arange(columns) + 0.5) / TEXELS_PER_MM + low[0]).astype(np.float32)[None, :]
    y = ((np.arange(rows) + 0.5) / TEXELS_PER_MM + low[1]).astype(np.float32)[:, None]
    where = x, y
    along, across, distance = _capsule(finger, where)
    depth = np.clip(-distance / finger.radius_mm, 0, 1)
    height = np.sqrt(np.clip(1 - (1 - depth) ** 2, 0, 1))
    side = across / finger.radius_mm
    direction = np.asarray(finger.tip_mm) - np.asarray(finger.root_mm)
    direction /= np.linalg.norm(direction)
    slant = hand.light[0] * -direction[1] + hand.light[1] * direction[0]
    shade = 0.5 + 0.5 * height + np.float32(0.28 * slant) * side * (1 - height * np.float32(0.4))
    for joint in (24.0, 46.0) if finger.radius_mm < 12 else ():
        shade -= 0.16 * np.exp(-(((along - joint) / 1.3) ** 2))
    mottle = cv2.resize(
        rng.standard_normal((40, 20), dtype=np.float32), distance.shape[::-1], interpolation=cv2.INTER_CUBIC
    )
    colour = np.asarray(hand.skin, dtype=np.float32) * (shade + 0.03 * mottle)[..., None]
    colour[..., 2] += 14 * np.exp(-(((along - 4) / 7) ** 2))
    if finger.nail:
        _paint_nail(colour, along, across, finger.radius_mm)
    alpha = np.clip(0.5 - distance * TEXELS_PER_MM / 2.0, 0, 1)[..., None]
    drawn = np.concatenate([np.clip(colour, 0, 255), np.full_like(alpha, 255)], axis=-1) * alpha
    texture[:] = (texture * (1 - alpha) + drawn).astype(np.uint8)


def _capsule(finger: Finger, where: tuple[Field, Field]) -> tuple[Field, Field, Field]:
    """Distance from the tip along the finger, across it, and signed distance to its surface (negative inside), mm."""
    tip, root = np.asarray(finger.tip_mm), np.asarray(finger.root_mm)
    axis = (root - tip) / np.linalg.norm(root - tip)
    start = tip + axis * finger.radius_mm
    dx, dy = where[0] - np.float32(start[0]), where[1] - np.float32(start[1])
    along = dx * np.float32(axis[0]) + dy * np.float32(axis[1])
    across = dy * np.float32(axis[0]) - dx * np.float32(axis[1])
    bulge = np.float32(0.55) * np.exp(-(((along - 26) / 11) ** 2)) + np.float32(0.012) * np.clip(along, 0, 90)
    distance = np.hypot(np.minimum(along, 0), across) - np.float32(finger.radius_mm) - bulge
    from_tip = along + np.float32(finger.radius_mm)
    return from_tip, np.asarray(across, dtype=np.float32), np.asarray(distance, dtype=np.float32)


def _paint_nail(colour: NDArray[np.float32], along: Field, across: Field, radius: float) -> None:
    """Blend in a pale nail with a light rim at the tip."""
    squared = ((along - 0.85 * radius) / (0.72 * radius)) ** 4 + (across / (0.62 * radius)) ** 4
    cover = np.clip((1.15 - squared) * 2.5, 0, 1)[..., None]
    gloss = np.exp(-(((along - 0.8 * radius) / 2) ** 2) - ((across + 0.2 * radius) / 1.2) ** 2)[..., None]
    rim = (along < 0.32 * radius)[..., None]
    nail = colour * 0.8 + np.array([55, 50, 62], dtype=np.float32) + 60 * gloss + 35 * rim
    colour += cover * (nail - colour)


def _outline(texture: Image, low: Points) -> Points:
    opaque = (texture[..., 3] > 127).astype(np.uint8)
    contours, _ = cv2.findContours(opaque, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_TC89_L1)
    largest = max(contours, key=cv2.contourArea)[:, 0].astype(np.float64)
    return np.asarray((largest + 0.5) / TEXELS_PER_MM + low, dtype=np.float64)
