"""Faces of cards that look like no trading card: plain ones with a few symbols, playing cards, patterned backs.

The simulated cards are all full of art. A network that saw no others takes art for what makes a card.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import CORNER_RADIUS_MM, Image, Quad

# The share of training pictures that show them.
OTHER_FACES = 0.25
# The share of a card that is seen where nothing lies on it.
SEEN_WHOLE = 0.98
_WIDTH_PX, _HEIGHT_PX = 126, 176
# Coordinates of drawings carry this many binary digits after the point.
_SHIFT = 4
_CORNER_MM = (2.5, 5.0)
# How bright the top and the bottom of a card are lit.
_LIGHT = (0.6, 1.08)
_MM = _WIDTH_PX / 63


def with_other_faces(
    picture: Image, quads: NDArray[np.float32], visible: NDArray[np.float32], rng: np.random.Generator
) -> Image:
    """A copy of a picture in which the cards that nothing covers show other faces of one kind.

    Args:
        picture: uint8 [H, W, 3] BGR.
        quads: float32 [K, 4, 2], pixels, clockwise from each card's own top-left; NaN where there is none.
        visible: float32 [K], the share of each card that is seen.
        rng: what they show.
    """
    painted = picture.copy()
    family = int(rng.integers(2**31))
    for quad in quads[np.isfinite(quads).all(axis=(1, 2)) & (visible >= SEEN_WHOLE)]:
        _lay(painted, plain_face(np.random.default_rng(family), rng), quad.astype(np.float64), rng)
    return painted


def plain_face(family: np.random.Generator, rng: np.random.Generator) -> Image:
    """A face, uint8 [_HEIGHT_PX, _WIDTH_PX, 3] BGR.

    Args:
        family: the ground, the frame and what kind of thing is drawn.
        rng: what is drawn on this face.
    """
    ground = _ground(family)
    face = np.full((_HEIGHT_PX, _WIDTH_PX, 3), ground, np.uint8)
    if family.random() < 0.35:
        _frame(face, family)
    draw = (_symbols, _pips, _text, _pattern)[family.choice(4, p=(0.5, 0.2, 0.12, 0.18))]
    if family.random() < 0.93:
        draw(face, family, rng)
    return face


def _ground(rng: np.random.Generator) -> NDArray[np.uint8]:
    kind = rng.random()
    if kind < 0.55:
        return (rng.uniform(215, 255) - rng.uniform(0, 18, 3)).astype(np.uint8)
    if kind < 0.7:
        return rng.integers(8, 60, 3).astype(np.uint8)
    return vivid_colour(rng)


def vivid_colour(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A colour that is neither grey nor dark, uint8 [3] BGR."""
    hsv = np.array([[[rng.integers(180), rng.integers(90, 256), rng.integers(60, 256)]]], np.uint8)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0, 0], np.uint8)


def _frame(face: Image, rng: np.random.Generator) -> None:
    inset = int(rng.uniform(2, 7) * _MM)
    corners = (inset, inset), (_WIDTH_PX - 1 - inset, _HEIGHT_PX - 1 - inset)
    cv2.rectangle(face, *corners, _bgr(vivid_colour(rng)), int(rng.choice([1, 2, 3, cv2.FILLED])), cv2.LINE_AA)


def _symbols(face: Image, family: np.random.Generator, rng: np.random.Generator) -> None:
    """One to four equal shapes in a column or a row."""
    count, sides = int(rng.integers(1, 5)), int(rng.choice([3, 4, 5, 6, 40]))
    colour, upright = vivid_colour(rng), family.random() < 0.5
    size = np.array([rng.uniform(0.25, 0.36) * _WIDTH_PX, rng.uniform(0.09, 0.16) * _WIDTH_PX])
    size = size[::-1] if upright else size
    wave = rng.uniform(0, 0.35) if sides == 40 else 0.0
    spacing = 2.35 * (size[0] if upright else size[1])
    line = int(rng.integers(1, 4))
    hatch = rng.random() < 0.3
    for number in range(count):
        offset = (number - (count - 1) / 2) * spacing
        centre = np.array([_WIDTH_PX / 2, _HEIGHT_PX / 2]) + ((offset, 0) if upright else (0, offset))
        shape = _shape(sides, wave) * size + centre
        if hatch:
            _hatch(face, shape, colour)
        _polygon(face, shape, colour, line if hatch or rng.random() < 0.3 else cv2.FILLED)


def _pips(face: Image, family: np.random.Generator, rng: np.random.Generator) -> None:
    """A playing card: a number in two corners, and as many signs in three columns."""
    colour = vivid_colour(family) if rng.random() < 0.5 else np.array([20, 20, 20], np.uint8)
    sides, size = int(rng.choice([3, 4, 40])), rng.uniform(0.06, 0.1) * _WIDTH_PX
    label = "A23456789JQK"[rng.integers(12)]
    for turned in (False, True):
        view = face[::-1, ::-1] if turned else face
        drawn = np.ascontiguousarray(view)
        _write(drawn, label, (7, 26), 0.7, colour)
        view[:] = drawn
    for x in rng.permutation((0.3, 0.5, 0.7))[: rng.integers(1, 4)]:
        for y in np.linspace(0.18, 0.82, rng.integers(1, 5)) if rng.random() < 0.8 else (0.5,):
            _polygon(face, _shape(sides, 0.2) * size + np.array([x * _WIDTH_PX, y * _HEIGHT_PX]), colour, cv2.FILLED)


def _text(face: Image, family: np.random.Generator, rng: np.random.Generator) -> None:
    """Lines of letters, here and there."""
    colour = 255 - face[0, 0] if family.random() < 0.6 else vivid_colour(rng)
    scale = rng.uniform(0.3, 0.7)
    for y in np.arange(rng.uniform(15, 80), _HEIGHT_PX - 10, 36 * scale):
        if rng.random() < 0.75:
            letters = "".join(chr(c) for c in rng.integers(65, 123, rng.integers(2, 22)))
            _write(face, letters, (int(rng.uniform(6, 20)), int(y)), scale, colour)


def _pattern(face: Image, family: np.random.Generator, _: np.random.Generator) -> None:
    """A back: lines both ways or rings, inside a margin."""
    colour, step, angle = vivid_colour(family), family.uniform(5, 18), family.uniform(0, np.pi)
    margin = int(family.uniform(0, 8) * _MM)
    y, x = np.mgrid[:_HEIGHT_PX, :_WIDTH_PX].astype(np.float32)
    if family.random() < 0.6:
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        marked = (along % step < step / 3) | (across % step < step / 3)
    else:
        marked = np.hypot(x - _WIDTH_PX / 2, (y - _HEIGHT_PX / 2) * family.uniform(0.6, 1)) % step < step / 2
    inside = np.zeros_like(marked)
    inside[margin : _HEIGHT_PX - margin, margin : _WIDTH_PX - margin] = True
    face[marked & inside] = colour


def _shape(sides: int, wave: float) -> NDArray[np.float64]:
    """A polygon about the origin within -1 and 1, its outline waved twice around."""
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    radius = 1 - wave * (0.5 + 0.5 * np.sin(2 * angle + 1))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _write(face: Image, text: str, at: tuple[int, int], scale: float, colour: NDArray[np.uint8]) -> None:
    cv2.putText(face, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, _bgr(colour), round(2 * scale), cv2.LINE_AA)


def _polygon(face: Image, points: NDArray[np.float64], colour: NDArray[np.uint8], line: int) -> None:
    fixed = np.round(points * 2**_SHIFT).astype(np.int32)
    if line == cv2.FILLED:
        cv2.fillPoly(face, [fixed], _bgr(colour), cv2.LINE_AA, _SHIFT)
    else:
        cv2.polylines(face, [fixed], True, _bgr(colour), line, cv2.LINE_AA, _SHIFT)  # noqa: FBT003


def _hatch(face: Image, points: NDArray[np.float64], colour: NDArray[np.uint8]) -> None:
    inside = np.zeros(face.shape[:2], np.uint8)
    _polygon(inside[..., None], points, np.array([255, 255, 255], np.uint8), cv2.FILLED)
    inside[:, 1::3] = 0
    face[inside > 127] = colour


def _bgr(colour: NDArray[np.uint8]) -> tuple[int, int, int]:
    return int(colour[0]), int(colour[1]), int(colour[2])


def _lay(picture: Image, face: Image, quad: Quad, rng: np.random.Generator) -> None:
    """Draw a face over a card, under uneven light."""
    corners = np.array([(0, 0), (_WIDTH_PX, 0), (_WIDTH_PX, _HEIGHT_PX), (0, _HEIGHT_PX)], np.float32) - np.float32(0.5)
    left, top = np.maximum(np.floor(quad.min(axis=0)).astype(int) - 1, 0)
    right, bottom = np.ceil(quad.max(axis=0)).astype(int) + 2
    target = picture[top:bottom, left:right]
    if target.size == 0:
        return
    # Twice as large, then averaged: a face has more pixels than the card in the picture.
    doubled = np.array([[2, 0, 0.5 - 2 * left], [0, 2, 0.5 - 2 * top], [0, 0, 1]])
    matrix = doubled @ cv2.getPerspectiveTransform(corners, quad.astype(np.float32))
    above, below = rng.uniform(*_LIGHT, 2)
    light = np.linspace(above, below, _HEIGHT_PX)[:, None, None]
    radius = int(rng.uniform(*_CORNER_MM) * _MM)
    layer = np.dstack([np.clip(face * light, 0, 255), _rounded(radius)]).astype(np.float32)
    size = target.shape[1::-1]
    warped = cv2.warpPerspective(layer, matrix, (2 * size[0], 2 * size[1]), flags=cv2.INTER_LINEAR)
    seen = cv2.resize(warped, size, interpolation=cv2.INTER_AREA)
    share = seen[..., 3:] / 255
    target[:] = np.round(share * seen[..., :3] + (1 - share) * target)


def _rounded(radius: int) -> NDArray[np.uint8]:
    """255 where a card with corners of this radius in pixels is."""
    mask = np.zeros((_HEIGHT_PX, _WIDTH_PX), np.uint8)
    right, bottom = _WIDTH_PX - 1, _HEIGHT_PX - 1
    cv2.rectangle(mask, (radius, 0), (right - radius, bottom), 255, cv2.FILLED)
    cv2.rectangle(mask, (0, radius), (right, bottom - radius), 255, cv2.FILLED)
    for x in (radius, right - radius):
        for y in (radius, bottom - radius):
            cv2.circle(mask, (x, y), radius, 255, cv2.FILLED)
    return mask


def card_mask(size: tuple[int, int], quad: Quad) -> NDArray[np.float32]:
    """How much of each pixel of a picture of `size` (height, width) a card with rounded corners covers, 0 to 1."""
    corners = np.array([(0, 0), (_WIDTH_PX, 0), (_WIDTH_PX, _HEIGHT_PX), (0, _HEIGHT_PX)], np.float32) - np.float32(0.5)
    matrix = cv2.getPerspectiveTransform(corners, quad.astype(np.float32))
    mask = cv2.warpPerspective(_rounded(round(CORNER_RADIUS_MM * _MM)), matrix, size[::-1], flags=cv2.INTER_LINEAR)
    return np.asarray(mask / 255, np.float32)
