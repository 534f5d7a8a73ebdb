"""Things laid over a card: fingers that hold it, coins and dice on it, and covers of a measured share of its area."""

import math

import numpy as np

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM
from edge.simulator.camera import Camera, Pose
from edge.simulator.compositing import outline_px
from edge.simulator.hand import random_hand
from edge.simulator.items import PlacedHand, PlacedProp, card_outline_px, item_layer
from edge.simulator.props import SMALL_PROPS, PropKind
from edge.simulator.truth import visible_fractions

_SLIDING: tuple[PropKind, ...] = ("sheet", "phone", "banknote", "business_card", "screen")
_FAR_MM = 330.0
_MASK_SIDE_PX = 512


def small_cover(rng: np.random.Generator, card: Pose) -> PlacedProp:
    """A coin, die or pen somewhere on a card."""
    x, y = rng.uniform(-0.4, 0.4, 2) * (CARD_WIDTH_MM, CARD_HEIGHT_MM)
    kind = SMALL_PROPS[int(rng.integers(len(SMALL_PROPS)))]
    pose = Pose(x_mm=card.x_mm + float(x), y_mm=card.y_mm + float(y), angle_deg=float(rng.uniform(0, 360)))
    return PlacedProp(kind=kind, seed=int(rng.integers(2**31)), pose=pose)


def finger_cover(rng: np.random.Generator, card: Pose) -> PlacedHand:
    """One to three fingers that reach onto a card from outside."""
    direction = rng.uniform(0, 2 * np.pi)
    outward = np.array([np.cos(direction), np.sin(direction)])
    edge = min(CARD_WIDTH_MM / 2 / max(abs(outward[0]), 0.1), CARD_HEIGHT_MM / 2 / max(abs(outward[1]), 0.1))
    hand = random_hand(rng, int(rng.choice([1, 1, 2, 3])), length_mm=160.0)
    return PlacedHand(hand=hand, pose=_reaching(card, direction, edge - float(rng.uniform(4, 22))))


def measured_cover(rng: np.random.Generator, camera: Camera, card: Pose, share: float) -> PlacedProp | PlacedHand:
    """An opaque thing slid over a card until it hides the wanted share of its area, as measured in the picture."""
    direction = float(rng.uniform(0, 2 * np.pi))
    seed, turn = int(rng.integers(2**31)), float(rng.uniform(-25, 25))
    hand = random_hand(rng, int(rng.integers(3, 5)), length_mm=250.0) if rng.random() < 0.4 else None
    kind = _SLIDING[int(rng.integers(len(_SLIDING)))]

    def at(distance_mm: float) -> PlacedProp | PlacedHand:
        pose = _reaching(card, direction, distance_mm, turn)
        return PlacedHand(hand=hand, pose=pose) if hand else PlacedProp(kind=kind, seed=seed, pose=pose)

    low, high = 0.0 if hand is None else -CARD_HEIGHT_MM, _FAR_MM
    layer = item_layer(camera, at(high))
    card_outline = card_outline_px(camera, card)
    for _ in range(18):
        middle = (low + high) / 2
        cover = outline_px(camera, at(middle).pose, layer)
        if _hidden(card_outline, cover) > share:
            low = middle
        else:
            high = middle
    return at((low + high) / 2)


def _hidden(card: np.ndarray, cover: np.ndarray) -> float:
    """Share of a card's outline that a cover hides, measured on a mask that just holds the card."""
    low = card.min(axis=0)
    scale = _MASK_SIDE_PX / float((card.max(axis=0) - low).max())
    size = _MASK_SIDE_PX + 8, _MASK_SIDE_PX + 8
    return 1.0 - visible_fractions(size, [(card - low) * scale + 2], [(cover - low) * scale + 2])[0]


def _reaching(card: Pose, direction_rad: float, distance_mm: float, turn_deg: float = 0.0) -> Pose:
    """A thing whose local up (negative y) points at a card from a direction, its origin so far from the middle."""
    x = card.x_mm + distance_mm * math.cos(direction_rad)
    y = card.y_mm + distance_mm * math.sin(direction_rad)
    return Pose(x_mm=x, y_mm=y, angle_deg=math.degrees(direction_rad) - 90 + turn_deg, lift_mm=3.0 + card.lift_mm)
