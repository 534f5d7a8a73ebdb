"""Things on a bench that are not cards: coins, dice, pens, phones, paper, notes, keyboards, eggs, stickers."""

from collections.abc import Callable
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image
from edge.simulator.camera import Points
from edge.simulator.compositing import Layer
from edge.simulator.sleeve import rounded_rectangle

PropKind = Literal[
    "coin", "die", "pen", "phone", "sheet", "business_card", "banknote", "keyboard", "egg", "screen", "sticker"
]
FLAT_PROPS: tuple[PropKind, ...] = (
    "sheet",
    "business_card",
    "banknote",
    "keyboard",
    "screen",
    "phone",
    "sticker",
    "egg",
)
SMALL_PROPS: tuple[PropKind, ...] = ("coin", "die", "pen", "sticker")

_SHIFT = 4
_Size = tuple[float, float]


def prop_layer(kind: PropKind, seed: int, px_per_mm: float) -> Layer:
    """Draw a thing at about the resolution at which it will be seen; its local origin is its centre."""
    rng = np.random.default_rng(seed)
    draw, sizes = _PROPS[kind]
    width, height = sizes[int(rng.integers(len(sizes)))]
    scale = min(px_per_mm, 1800 / max(width, height))
    texture, outline = draw(rng, (width, height), scale)
    rows, columns = texture.shape[:2]
    return Layer(
        texture=texture,
        px_per_mm=(scale, scale),
        origin_mm=(-columns / scale / 2, -rows / scale / 2),
        outline_mm=outline,
        half_extent_mm=(width / 2, height / 2),
    )


def _canvas(size: _Size, scale: float) -> Image:
    """An empty premultiplied texture with a margin of two texels."""
    return np.zeros((round(size[1] * scale) + 4, round(size[0] * scale) + 4, 4), np.uint8)


def _fill(canvas: Image, outline_mm: Points, colour: NDArray[np.floating], scale: float) -> None:
    """Fill an outline, centred local millimetres, with an opaque colour (anti-aliased)."""
    centre = (np.array(canvas.shape[1::-1]) - 1) / 2
    points = np.round((outline_mm * scale + centre) * 2**_SHIFT).astype(np.int32)
    opaque = (*np.clip(colour, 0, 255).tolist(), 255)
    cv2.fillPoly(canvas, [points], opaque, cv2.LINE_AA, _SHIFT)


def _shade(canvas: Image, gain: NDArray[np.floating]) -> None:
    """Scale the colours of a canvas by a field that broadcasts to [rows, columns], in place."""
    lit = canvas[..., :3] * np.asarray(gain, dtype=np.float32)[..., None]
    canvas[..., :3] = np.minimum(lit, canvas[..., 3:])


def _ellipse(size: _Size) -> Points:
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return np.column_stack([np.cos(angle) * size[0] / 2, np.sin(angle) * size[1] / 2])


def _colour(rng: np.random.Generator, low: float = 10, high: float = 245) -> NDArray[np.float64]:
    return rng.uniform(low, high, 3)


def _text(canvas: Image, rng: np.random.Generator, area: tuple[float, ...], scale: float, ink: float) -> None:
    """Rows of words within (left, top, right, bottom), fractions of the canvas."""
    rows, columns = canvas.shape[:2]
    line = max(3.0, rng.uniform(2.5, 5.0) * scale)
    colour = (ink, ink, ink, 255)
    for y in np.arange(area[1] * rows, area[3] * rows - line, line):
        x, end = area[0] * columns, area[2] * columns * rng.uniform(0.6, 1.0)
        while x < end:
            word = rng.uniform(0.8, 4) * line
            cv2.rectangle(canvas, (int(x), int(y)), (int(min(x + word, end)), int(y + 0.45 * line)), colour, -1)
            x += word + 0.6 * line


def _coin(rng: np.random.Generator, size: _Size, scale: float) -> tuple[Image, Points]:
    canvas, outline = _canvas(size, scale), _ellipse(size)
    metal = np.array([(60, 110, 170), (170, 175, 180), (60, 150, 190)][int(rng.integers(3))]) * rng.uniform(0.7, 1.1)
    _fill(canvas, outline, metal * 0.7, scale)
    _fill(canvas, outline * 0.88, metal, scale)
    _fill(canvas, outline * rng.uniform(0.3, 0.7, 2) + rng.normal(0, 1, 2), metal * 0.85, scale)
    _text(canvas, rng, (0.35, 0.7, 0.7, 0.85), scale * 0.6, float(metal[0] * 0.6))
    _shade(canvas, np.linspace(1.35, 0.7, canvas.shape[0])[:, None] * np.linspace(1.1, 0.9, canvas.shape[1])[None, :])
    return canvas, outline


def _die(rng: np.random.Generator, size: _Size, scale: float) -> tuple[Image, Points]:
    canvas = _canvas(size, scale)
    sides = int(rng.choice([4, 4, 6]))
    angle = np.arange(sides) * 2 * np.pi / sides + np.pi / 4
    outline = np.column_stack([np.cos(angle), np.sin(angle)]) * size[0] / 2
    colour = _colour(rng)
    _fill(canvas, outline, colour * 0.6, scale)
    _fill(canvas, outline * 0.72, colour, scale)
    pip = np.array([250.0] * 3) if colour.mean() < 150 else np.array([15.0] * 3)
    for centre in rng.permutation([(-1, -1), (1, 1), (1, -1), (-1, 1), (0, 0)])[: int(rng.integers(1, 6))]:
        _fill(canvas, _ellipse((size[0] * 0.11, size[0] * 0.11)) + np.asarray(centre) * size[0] * 0.17, pip, scale)
    _shade(canvas, np.linspace(1.2, 0.8, canvas.shape[0])[:, None])
    return canvas, outline


def _pen(rng: np.random.Generator, size: _Size, scale: float) -> tuple[Image, Points]:
    canvas, outline = _canvas(size, scale), rounded_rectangle(size[0], size[1], size[1] * 0.4)
    _fill(canvas, outline, _colour(rng), scale)
    split = rng.uniform(-0.2, 0.35) * size[0]
    cap = outline.copy()
    cap[:, 0] = np.maximum(cap[:, 0], split)
    _fill(canvas, cap, _colour(rng), scale)
    _shade(canvas, 0.6 + 0.6 * np.sin(np.linspace(0.3, 3.0, canvas.shape[0]))[:, None])
    return canvas, outline


def _screen(rng: np.random.Generator, size: _Size, scale: float) -> tuple[Image, Points]:
    """A phone, tablet or monitor: a dark frame around a bright or black screen."""
    canvas, outline = _canvas(size, scale), rounded_rectangle(size[0], size[1], 0.09 * min(size))
    _fill(canvas, outline, _colour(rng, 5, 70), scale)
    bezel = rng.uniform(2, 7)
    screen = rounded_rectangle(size[0] - 2 * bezel, size[1] - 2 * bezel, 0.06 * min(size))
    _fill(canvas, screen, _colour(rng, 0, 25) if rng.random() < 0.5 else _colour(rng, 60, 255), scale)
    if rng.random() < 0.5:
        _text(canvas, rng, (0.15, 0.15, 0.85, 0.6), scale * 1.4, float(rng.uniform(60, 255)))
        _fill(
            canvas,
            rounded_rectangle(size[0] * 0.7, size[1] * 0.2, 2.0) + np.array([0, size[1] * 0.25]),
            _colour(rng),
            scale,
        )
    _shade(canvas, 1 + 0.25 * np.linspace(-1, 1, canvas.shape[1])[None, :] * np.ones((canvas.shape[0], 1)))
    return canvas, outline


def _sheet(rng: np.random.Generator, size: _Size, scale: float) -> tuple[Image, Points]:
    """Paper, a notebook or a printed card of another shape."""
    outline = rounded_rectangle(size[0], size[1], float(rng.choice([0.05, 0.05, 2.0])))
    canvas = _canvas(size, scale)
    paper = _colour(rng, 190, 255) if rng.random() < 0.7 else _colour(rng)
    _fill(canvas, outline, paper, scale)
    if rng.random() < 0.75:
        margin = rng.uniform(0.06, 0.14)
        _text(
            canvas, rng, (margin, margin, 1 - margin, rng.uniform(0.4, 1 - margin)), scale, float(rng.uniform(10, 120))
        )
    if rng.random() < 0.4:
        picture = rounded_rectangle(size[0] * rng.uniform(0.2, 0.5), size[1] * rng.uniform(0.2, 0.5), 0.1)
        _fill(canvas, picture + np.asarray(size) * rng.uniform(-0.2, 0.2, 2), _colour(rng), scale)
    return canvas, outline


def _banknote(rng: np.random.Generator, size: _Size, scale: float) -> tuple[Image, Points]:
    canvas, outline = _canvas(size, scale), rounded_rectangle(size[0], size[1], 0.05)
    colour = _colour(rng, 110, 210)
    _fill(canvas, outline, colour, scale)
    _fill(canvas, outline * (0.94, 0.88), colour * 1.12, scale)
    for turn in np.linspace(0, np.pi, 9):
        ring = _ellipse((size[0] * 0.5, size[1] * 0.8)) * (np.cos(turn) * 0.5 + 0.6, 1)
        _fill(canvas, ring * 0.9, colour * (0.8 + 0.3 * np.sin(3 * turn)), scale)
    _fill(
        canvas,
        _ellipse((size[1] * 0.5, size[1] * 0.62)) + np.array([size[0] * rng.uniform(-0.3, 0.3), 0]),
        colour * 0.55,
        scale,
    )
    _text(canvas, rng, (0.05, 0.08, 0.4, 0.25), scale, float(colour.mean() * 0.4))
    return canvas, outline


def _keyboard(rng: np.random.Generator, size: _Size, scale: float) -> tuple[Image, Points]:
    canvas, outline = _canvas(size, scale), rounded_rectangle(size[0], size[1], 4.0)
    body = _colour(rng, 15, 60) if rng.random() < 0.6 else _colour(rng, 160, 235)
    _fill(canvas, outline, body, scale)
    pitch = 19.0
    key = rounded_rectangle(15.5, 15.5, 1.5)
    for row, y in enumerate(np.arange(-size[1] / 2 + 14, size[1] / 2 - 9, pitch)):
        for x in np.arange(-size[0] / 2 + 14 + 5 * (row % 2), size[0] / 2 - 9, pitch):
            _fill(canvas, key + np.array([x, y]), body * 1.35 + 12, scale)
            _fill(canvas, _ellipse((3, 4)) + np.array([x - 3, y - 3]), 255 - body, scale)
    return canvas, outline


def _egg(rng: np.random.Generator, size: _Size, scale: float) -> tuple[Image, Points]:
    """A smooth rounded body with shading: no straight edge at all."""
    canvas, outline = _canvas(size, scale), _ellipse(size)
    outline[:, 0] *= 1 - 0.14 * outline[:, 1] / size[1]
    _fill(canvas, outline, _colour(rng, 90, 240), scale)
    x, y = np.meshgrid(np.linspace(-1, 1, canvas.shape[1]), np.linspace(-1, 1, canvas.shape[0]))
    light = rng.uniform(-0.5, 0.5, 2)
    _shade(canvas, np.clip(1.25 - 0.55 * ((x - light[0]) ** 2 + (y - light[1]) ** 2), 0.25, 1.3))
    return canvas, outline


def _sticker(rng: np.random.Generator, size: _Size, scale: float) -> tuple[Image, Points]:
    canvas, outline = _canvas(size, scale), _ellipse(size)
    _fill(canvas, outline, np.array([245.0] * 3), scale)
    _fill(canvas, outline * 0.92, _colour(rng), scale)
    _fill(canvas, outline * rng.uniform(0.2, 0.6, 2), _colour(rng), scale)
    return canvas, outline


_Painter = Callable[[np.random.Generator, _Size, float], tuple[Image, Points]]
_PROPS: dict[PropKind, tuple[_Painter, tuple[_Size, ...]]] = {
    "coin": (_coin, ((21, 21), (24, 24), (16, 16), (28, 28))),
    "die": (_die, ((16, 16), (20, 20), (14, 14))),
    "pen": (_pen, ((140, 9), (150, 12), (120, 8))),
    "phone": (_screen, ((71, 147), (75, 160))),
    "sheet": (_sheet, ((210, 297), (148, 210), (105, 148), (76, 76), (90, 127), (130, 60))),
    "business_card": (_sheet, ((85, 55), (85.6, 54), (90, 50))),
    "banknote": (_banknote, ((156, 66), (140, 77), (127, 65))),
    "keyboard": (_keyboard, ((280, 110), (360, 130))),
    "egg": (_egg, ((44, 58), (70, 90), (60, 60))),
    "screen": (_screen, ((240, 170), (180, 120))),
    "sticker": (_sticker, ((30, 30), (50, 50), (40, 25))),
}
