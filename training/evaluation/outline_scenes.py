"""Scenes to tune the detector on: every condition of the simulator, cards that the picture cuts, close and small ones.

Cards and scenes are those of calibration: neither training nor any reported figure has them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.geometry import Image, Quad, bounding_box, side_lengths
from edge.simulator.conditions import PRESETS, Conditions
from edge.simulator.scene import random_scene, render_scene
from edge.simulator.sets import calibration_cards

FIRST_SEED = 600_000
CARDS = 400
# Two thirds of the camera's frame along each side: drawn in half the time, and the networks see as much of it.
SIZE_PX = 1014
SMALL = replace(PRESETS["clean"], px_per_mm=(1.0, 3.0), props=(0, 3))
# A card is asked for where so much of it is seen, and no corner lies further outside, in its widths.
MIN_VISIBLE = 0.5
MOST_OUTSIDE = 0.1
_CUT = (0.0, 0.1)
_BESIDE = (0.01, 0.25)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutlineScene:
    """A picture and where its cards lie.

    Attributes:
        image: uint8 [H, W, 3] BGR.
        asked_for: outlines of the cards that have to be found.
        allowed: outlines of all cards.
    """

    image: Image
    asked_for: tuple[Quad, ...]
    allowed: tuple[Quad, ...]


Part = Callable[[Image, Sequence[Quad], np.random.Generator], tuple[int, int, int, int]]
"""Left, top, right and bottom of the part of a picture to show."""


def outline_scenes(count: int, first_seed: int = FIRST_SEED) -> Iterator[OutlineScene]:
    """Render `count` scenes, the conditions in turn."""
    cards = calibration_cards(CARDS)
    parts: list[tuple[Conditions, Part]] = [(conditions, _whole) for conditions in (*PRESETS.values(), SMALL)]
    parts += [(PRESETS[name], _cut) for name in ("clean", "everything")]
    parts += [(PRESETS[name], _close) for name in ("clean", "sleeved")]
    for seed in range(first_seed, first_seed + count):
        conditions, part = parts[(seed - first_seed) % len(parts)]
        image, truth = render_scene(random_scene(seed, cards, conditions, (SIZE_PX, SIZE_PX)))
        seen = [card.quad for card in truth.cards if card.visible_fraction >= MIN_VISIBLE]
        every = [card.quad for card in truth.cards]
        window = part(image, seen, np.random.default_rng(seed))
        yield shown(image, window, seen, every)


def shown(image: Image, window: tuple[int, int, int, int], seen: Sequence[Quad], every: Sequence[Quad]) -> OutlineScene:
    """The scene in a part of its picture.

    Args:
        image: uint8 [H, W, 3] BGR.
        window: left, top, right and bottom of the part.
        seen: outlines of cards of which enough is seen.
        every: outlines of all cards.
    """
    left, top, right, bottom = window
    part = np.ascontiguousarray(image[top:bottom, left:right])
    size = np.array([right - left, bottom - top])
    moved = [quad - (left, top) for quad in seen]
    return OutlineScene(
        image=part,
        asked_for=tuple(quad for quad in moved if _outside(quad, size) <= MOST_OUTSIDE),
        allowed=tuple(quad - (left, top) for quad in every),
    )


def _outside(quad: Quad, size: np.ndarray) -> float:
    """How far the outermost corner lies outside, in the card's widths."""
    beyond = max(-float(quad.min()), float((quad - (size - 1)).max()))
    return beyond / float(side_lengths(quad).min())


def _whole(image: Image, _seen: Sequence[Quad], _rng: np.random.Generator) -> tuple[int, int, int, int]:
    return 0, 0, image.shape[1], image.shape[0]


def _cut(image: Image, seen: Sequence[Quad], rng: np.random.Generator) -> tuple[int, int, int, int]:
    """One side of the picture cuts the card that is nearest to it by up to `_CUT` of its width."""
    window = [0, 0, image.shape[1], image.shape[0]]
    if seen:
        side = int(rng.integers(4))
        nearest = min if side < 2 else max
        bounds = [bounding_box(quad) for quad in seen]
        first = nearest(range(len(seen)), key=lambda k: float(bounds[k][side]))
        cut = rng.uniform(*_CUT) * float(side_lengths(seen[first]).min())
        window[side] = round(float(bounds[first][side]) + (cut if side < 2 else -cut))
    left, top, right, bottom = window
    return max(left, 0), max(top, 0), min(right, image.shape[1]), min(bottom, image.shape[0])


def _close(image: Image, seen: Sequence[Quad], rng: np.random.Generator) -> tuple[int, int, int, int]:
    """The picture shows little beside one card: on each side up to `_BESIDE` of its extent."""
    if not seen:
        return _whole(image, seen, rng)
    bounds = bounding_box(seen[int(rng.integers(len(seen)))])
    beside = rng.uniform(*_BESIDE, 4) * float((bounds[2:] - bounds[:2]).max()) * (-1, -1, 1, 1)
    left, top, right, bottom = (round(each) for each in (bounds + beside).tolist())
    return max(left, 0), max(top, 0), min(right, image.shape[1]), min(bottom, image.shape[0])
