"""What cards lie on: wood, cloth, playmats, paper and other benches, drawn straight into the frame."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image

SurfaceKind = Literal[
    "wood", "cloth", "felt", "plain", "desk", "playmat", "paper", "cardboard", "motifs", "check", "print"
]
Colour = NDArray[np.float32]
Field = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A bench.

    Attributes:
        kind: what it is made of.
        seed: of everything random in it.
        tone: its mean BGR colour, or None for one that suits its kind.
    """

    kind: SurfaceKind
    seed: int
    tone: tuple[int, int, int] | None = None


def draw_surface(surface: Surface, width: int, height: int, px_per_mm: float) -> Image:
    """Draw a bench that fills the frame: uint8 [height, width, 3] BGR."""
    rng = np.random.default_rng(surface.seed)
    palette = _PALETTES.get(surface.kind, _ANY)
    tone = np.asarray(surface.tone if surface.tone else palette[int(rng.integers(len(palette)))], dtype=np.float32)
    if surface.tone is None:
        tone = np.clip(tone * rng.uniform(0.8, 1.2) + rng.uniform(-12, 12, 3), 3, 250).astype(np.float32)
    side = max(width, height)
    image = _PAINTERS[surface.kind](rng, side, px_per_mm, tone)
    return np.ascontiguousarray(np.rot90(image, int(rng.integers(4)))[:height, :width])


def _field(rng: np.random.Generator, side: int, cell_px: float, stretch: float = 1.0) -> Field:
    """Smooth unit-variance noise [side, side]; cells `stretch` times longer along x."""
    columns = max(2, int(side / (cell_px * stretch))) + 1
    rows = max(2, int(side / cell_px)) + 1
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _clouds(rng: np.random.Generator, side: int, cell_px: float, octaves: int) -> Field:
    field = _field(rng, side, cell_px)
    for octave in range(1, octaves):
        field += 0.55**octave * _field(rng, side, max(1.5, cell_px / 2**octave))
    return field


def _toned(tone: Colour, shade: Field) -> Image:
    """Colour [3] modulated by a field in grey levels at mid brightness (darker colours vary less)."""
    gain = 1 + shade * np.float32(1 / 128)
    planes = [np.clip(gain * t + shade * np.float32(0.08), 0, 255).astype(np.uint8) for t in tone]
    return np.asarray(cv2.merge(planes), dtype=np.uint8)


def _wood(rng: np.random.Generator, side: int, px_per_mm: float, tone: Colour) -> Image:
    """Planks with rings and fibres."""
    rows = np.linspace(0, side / px_per_mm, side, dtype=np.float32)[:, None]
    bend = _field(rng, side, 25 * px_per_mm, 6) * rng.uniform(1, 9) + _field(rng, side, 6 * px_per_mm, 10)
    rings = np.sin(np.asarray(rows + bend, dtype=np.float32) * np.float32(2 * np.pi / rng.uniform(4, 16)))
    fibre = _field(rng, side, max(1.5, 0.5 * px_per_mm), 40) + 0.6 * _field(rng, side, 1.5, 25)
    shade = rings * np.float32(rng.uniform(3, 14)) + fibre * np.float32(rng.uniform(3, 9))
    shade += 6 * _field(rng, side, 60 * px_per_mm, 3)
    if rng.random() < 0.5:
        width = int(rng.uniform(40, 120) * px_per_mm)
        for seam in range(int(rng.integers(width)), side, width):
            shade[seam : seam + max(1, int(0.6 * px_per_mm))] -= 60
            shade[seam:] += np.float32(rng.normal(0, 9))
    return _toned(tone, shade)


def _cloth(rng: np.random.Generator, side: int, px_per_mm: float, tone: Colour) -> Image:
    """Woven threads with folds."""
    pitch = rng.uniform(0.5, 1.6) * px_per_mm
    phase = np.arange(side, dtype=np.float32) * np.float32(2 * np.pi / max(pitch, 2.5))
    weave = np.sin(phase)[:, None] + np.sin(phase + np.float32(1))[None, :]
    shade = weave * np.float32(rng.uniform(2, 9)) + _field(rng, side, 1.5) * np.float32(rng.uniform(3, 10))
    shade += _field(rng, side, 70 * px_per_mm, rng.uniform(0.5, 3)) * np.float32(rng.uniform(2, 16))
    return _toned(tone, shade)


def _felt(rng: np.random.Generator, side: int, px_per_mm: float, tone: Colour) -> Image:
    """Short fibres without direction, with lint."""
    shade = _clouds(rng, side, 2.0 * px_per_mm, 3) * np.float32(rng.uniform(2, 6)) + 5 * _field(rng, side, 1.5)
    image = _toned(tone, shade)
    for x, y in rng.random((int(rng.integers(0, 50)), 2)) * side:
        image[int(y), int(x)] = np.clip(tone + rng.uniform(20, 110), 0, 255)
    return image


def _plain(rng: np.random.Generator, side: int, px_per_mm: float, tone: Colour) -> Image:
    """Lacquer, plastic or skai: nearly even, at times with pores."""
    shade = _field(rng, side, 120 * px_per_mm) * np.float32(rng.uniform(0, 5))
    shade += _field(rng, side, max(1.5, 0.8 * px_per_mm)) * np.float32(rng.uniform(0, 4))
    return _toned(tone, shade)


def _desk(rng: np.random.Generator, side: int, px_per_mm: float, tone: Colour) -> Image:
    """A table top with a soft reflection, an edge at times, and scratches."""
    image = _plain(rng, side, px_per_mm, tone)
    reflection = np.clip(_field(rng, side, 90 * px_per_mm, rng.uniform(0.5, 2)) * 30, 0, 70).astype(np.uint8)
    image = np.asarray(cv2.add(image, cv2.merge([reflection] * 3)), dtype=np.uint8)
    for _ in range(int(rng.integers(0, 12))):
        line = np.round(np.cumsum(rng.normal(0, 60, (2, 2)), axis=0) + rng.random(2) * side).astype(np.int32)
        cv2.polylines(image, [line], False, (tone * 0.8).tolist(), 1, cv2.LINE_AA)  # noqa: FBT003
    if rng.random() < 0.35:
        edge = int(side * rng.uniform(0.8, 0.97))
        image[edge:] = np.clip(tone * rng.uniform(0.1, 0.5), 0, 255).astype(np.uint8)
    return image


def _playmat(rng: np.random.Generator, side: int, px_per_mm: float, tone: Colour) -> Image:
    """Printed art on cloth: clouds through a palette, shapes, perhaps a frame of lines."""
    small = side // 3
    levels = _clouds(rng, small, 45 * px_per_mm / 3, 4)
    stops = np.vstack([tone, rng.uniform(0, 255, (4, 3))])[rng.permutation(5)]
    table = np.stack([np.interp(np.arange(256), np.linspace(0, 255, 5), stops[:, c]) for c in range(3)], axis=-1)
    index = np.clip(levels * 45 + 128, 0, 255).astype(np.uint8)
    art = cv2.LUT(cv2.merge([index] * 3), table[None].astype(np.uint8))
    image = np.asarray(cv2.resize(art, (side, side), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    for _ in range(int(rng.integers(0, 14))):
        _draw_motif(image, rng, rng.random(2) * side, rng.uniform(8, 60) * px_per_mm)
    if rng.random() < 0.4:
        _draw_zones(image, rng, px_per_mm)
    grain = (_field(rng, side, 1.5) * 4 + 128).clip(0, 255).astype(np.uint8)
    return np.asarray(cv2.addWeighted(image, 1.0, cv2.merge([grain] * 3), 1.0, -128), dtype=np.uint8)


def _draw_zones(image: Image, rng: np.random.Generator, px_per_mm: float) -> None:
    """The outlines of card places that are printed on playmats: card-sized, but empty."""
    colour = tuple(int(c) for c in rng.uniform(120, 255, 3))
    size = np.array([rng.uniform(66, 72), rng.uniform(91, 98)]) * px_per_mm
    thickness = max(1, int(rng.uniform(0.4, 1.5) * px_per_mm))
    for corner in rng.random((int(rng.integers(1, 5)), 2)) * image.shape[0]:
        low, high = corner.astype(int).tolist(), (corner + size).astype(int).tolist()
        cv2.rectangle(image, low, high, colour, thickness, cv2.LINE_AA)


def _paper(rng: np.random.Generator, side: int, px_per_mm: float, tone: Colour) -> Image:
    """Blank, ruled or squared paper."""
    image = _toned(tone, _field(rng, side, 1.5) * 2 + _field(rng, side, 90 * px_per_mm) * 2)
    if rng.random() < 0.45:
        pitch = rng.choice([5.0, 8.0]) * px_per_mm
        ink = np.clip(tone * np.array([0.95, 0.8, 0.7]), 0, 255)
        for place in np.arange(0, side, pitch).astype(int):
            image[place : place + max(1, int(0.25 * px_per_mm))] = ink
        for place in np.arange(0, side, pitch).astype(int) if rng.random() < 0.6 else []:
            image[:, place : place + max(1, int(0.25 * px_per_mm))] = ink
    return image


def _cardboard(rng: np.random.Generator, side: int, px_per_mm: float, tone: Colour) -> Image:
    """Corrugated board with fibres."""
    pitch = rng.uniform(3.5, 8) * px_per_mm
    flutes = np.sin(np.arange(side, dtype=np.float32) * np.float32(2 * np.pi / pitch))[:, None]
    shade = (
        flutes * np.float32(rng.uniform(0, 5)) + 4 * _field(rng, side, 1.5, 4) + 3 * _field(rng, side, 8 * px_per_mm)
    )
    return _toned(tone, shade)


def _motifs(rng: np.random.Generator, side: int, px_per_mm: float, tone: Colour) -> Image:
    """Printed fabric: small pictures scattered over an even ground."""
    image = _toned(tone, _field(rng, side, 1.5) * 3)
    pitch = rng.uniform(14, 45) * px_per_mm
    for x in np.arange(0, side + pitch, pitch):
        for y in np.arange(0, side + pitch, pitch):
            _draw_motif(image, rng, np.array([x, y]) + rng.normal(0, 0.15 * pitch, 2), pitch * rng.uniform(0.25, 0.4))
    return image


def _draw_motif(image: Image, rng: np.random.Generator, centre: NDArray[np.float64], radius: float) -> None:
    """One blob, polygon or rounded square with an outline and a face."""
    count = int(rng.choice([4, 5, 6, 40]))
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False) + rng.uniform(0, 6)
    outline = centre + radius * np.column_stack([np.cos(angle), np.sin(angle)]) * rng.uniform(0.7, 1.2, 2)
    points = [np.round(outline * 16).astype(np.int32)]
    fill_colour = rng.uniform(30, 255, 3).tolist()
    cv2.fillPoly(image, points, fill_colour, cv2.LINE_AA, 4)
    cv2.polylines(image, points, True, rng.uniform(0, 140, 3).tolist(), max(1, int(radius / 12)), cv2.LINE_AA, 4)  # noqa: FBT003
    for spot in centre + rng.uniform(-0.4, 0.4, (int(rng.integers(0, 4)), 2)) * radius:
        cv2.circle(
            image, spot.astype(int).tolist(), max(1, int(radius / 9)), rng.uniform(0, 255, 3).tolist(), -1, cv2.LINE_AA
        )


def _check(rng: np.random.Generator, side: int, px_per_mm: float, tone: Colour) -> Image:
    """A checked table cloth or tiles."""
    pitch = rng.uniform(8, 45) * px_per_mm
    stripe = (np.arange(side) / pitch % 1 < rng.uniform(0.3, 0.6)).astype(np.float32)
    shade = (stripe[:, None] + stripe[None, :]) * np.float32(rng.uniform(-45, 30)) + 4 * _field(rng, side, 1.5)
    return _toned(tone, shade)


def _print(rng: np.random.Generator, side: int, px_per_mm: float, tone: Colour) -> Image:
    """A newspaper or document: columns of lines of words, boxes and pictures."""
    image = _toned(tone, _field(rng, side, 1.5) * 2)
    ink = (tone * rng.uniform(0.1, 0.4)).tolist()
    line = rng.uniform(2.5, 5) * px_per_mm
    for y in np.arange(line, side, line):
        x = line
        while x < side:
            word = rng.uniform(1, 5) * line
            cv2.rectangle(image, (int(x), int(y)), (int(x + word), int(y + 0.45 * line)), ink, -1)
            x += word + rng.uniform(0.4, 0.9) * line
    for low in rng.random((int(rng.integers(0, 4)), 2)) * side:
        high = low + rng.uniform(20, 90, 2) * px_per_mm
        cv2.rectangle(image, low.astype(int).tolist(), high.astype(int).tolist(), rng.uniform(20, 240, 3).tolist(), -1)
    return image


_ANY = ((40, 40, 40), (200, 200, 200), (150, 90, 40), (60, 60, 160), (80, 140, 70), (170, 170, 90), (30, 70, 110))
_PALETTES: dict[SurfaceKind, tuple[tuple[int, int, int], ...]] = {
    "wood": ((90, 140, 185), (50, 85, 130), (30, 45, 70), (140, 175, 205), (120, 130, 140)),
    "cloth": (
        (22, 22, 24),
        (35, 32, 30),
        (70, 40, 30),
        (120, 120, 120),
        (200, 205, 210),
        (40, 40, 120),
        (225, 225, 228),
    ),
    "felt": ((20, 20, 20), (40, 80, 30), (90, 45, 25), (35, 30, 60), (60, 60, 60), (12, 12, 14)),
    "plain": ((30, 30, 30), (225, 225, 225), (60, 20, 30), (180, 180, 175), (15, 15, 15), (120, 100, 90)),
    "desk": ((200, 200, 198), (60, 60, 62), (110, 150, 190), (30, 30, 32), (150, 150, 150)),
    "paper": ((240, 242, 242), (215, 230, 235), (250, 250, 250), (205, 205, 205)),
    "cardboard": ((110, 150, 185), (90, 125, 160), (130, 165, 195)),
    "print": ((225, 230, 232), (200, 212, 218), (245, 245, 245)),
}
_PAINTERS: dict[SurfaceKind, Callable[[np.random.Generator, int, float, Colour], Image]] = {
    "wood": _wood,
    "cloth": _cloth,
    "felt": _felt,
    "plain": _plain,
    "desk": _desk,
    "playmat": _playmat,
    "paper": _paper,
    "cardboard": _cardboard,
    "motifs": _motifs,
    "check": _check,
    "print": _print,
}
