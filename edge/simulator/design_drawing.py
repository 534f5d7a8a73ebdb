"""Draws the designs that collectors own, with an exact edge of the printed border."""

import cv2
import numpy as np

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image
from edge.simulator.art import paint_art
from edge.simulator.design import Design, Tab
from edge.simulator.fields import Field
from edge.simulator.fonts import BODY_FONTS, TITLE_FONTS
from edge.simulator.frame import coverage, moved, textured
from edge.simulator.palette import Color, mix
from edge.simulator.text import Rect, Text, print_ink

_CARD = Rect(0.0, 0.0, CARD_WIDTH_MM, CARD_HEIGHT_MM)
_BLEED_MM = 3.0
_RIM_MM = 0.2
_RULE_MM = 0.25
_ART_PX_PER_MM = 8.0
_INK: Color = (25.0, 22.0, 22.0)
_NICKED: Color = (232.0, 236.0, 238.0)


def render_design(
    design: Design, px_per_mm: float, offset_mm: tuple[float, float] = (0.0, 0.0), rotation_deg: float = 0.0
) -> Image:
    """The printed face of a design; arguments and result as of `edge.simulator.card.render_card`."""
    shape = round(CARD_HEIGHT_MM * px_per_mm), round(CARD_WIDTH_MM * px_per_mm)
    canvas = _Print(shape, offset_mm, float(np.deg2rad(rotation_deg)))
    picture = _interior(design, shape)
    if offset_mm != (0.0, 0.0) or rotation_deg:
        picture = moved(picture, offset_mm, rotation_deg)
    picture = _framed(canvas, picture, design)
    for tab in design.template.tabs:
        picture = _tabbed(canvas, picture, tab)
    return _worn(picture, design) if design.template.worn_mm else picture


def foil_area(design: Design, shape: tuple[int, int]) -> Field:
    """Where a design shines, 0 to 1 [H, W]: on its border."""
    widths = design.borders_mm
    if widths is None or design.template.border is None:
        return np.ones(shape, dtype=np.float32)
    return np.asarray(np.float32(1) - coverage(_inner(widths), design.template.corner_mm, shape), dtype=np.float32)


class _Print:
    """Lays rectangles of the print on a card on which it is shifted and turned."""

    def __init__(self, shape: tuple[int, int], offset_mm: tuple[float, float], angle_rad: float) -> None:
        self._shape, self._offset_mm, self._angle_rad = shape, offset_mm, angle_rad

    def within(self, picture: Image, rect: Rect, radius_mm: float, outside: Image) -> Image:
        """`picture` within a rounded rectangle, `outside` beyond it."""
        weight = coverage(rect, radius_mm, self._shape, offset_mm=self._offset_mm, angle_rad=self._angle_rad)
        return np.asarray(cv2.blendLinear(picture, outside, weight, np.float32(1) - weight), dtype=np.uint8)

    def flat(self, color: Color) -> Image:
        """A picture of one colour."""
        picture: Image = np.empty((*self._shape, 3), dtype=np.uint8)
        picture[:] = np.round(color)
        return picture


def _inner(widths_mm: tuple[float, float, float, float]) -> Rect:
    left, top, right, bottom = widths_mm
    return Rect(left, top, CARD_WIDTH_MM - left - right, CARD_HEIGHT_MM - top - bottom)


def _framed(canvas: _Print, picture: Image, design: Design) -> Image:
    """The lines round the frame, and the border."""
    template = design.template
    if template.border is None:
        return picture if template.rule_mm is None else _ruled(canvas, picture, template.rule_mm)
    inner = _inner(template.widths_mm)
    widths = design.line_widths_mm()
    inset = sum(widths)
    for line, width in zip(reversed(template.outlines), reversed(widths), strict=True):
        radius = max(template.corner_mm - inset, 0.0)
        picture = canvas.within(picture, inner.inset(inset), radius, canvas.flat(line.color))
        inset -= width
    rng = np.random.default_rng(np.random.SeedSequence([22, design.seed]))
    blue, green, red = (float(np.clip(c * rng.uniform(0.96, 1.03), 6, 250)) for c in template.border)
    border = (blue, green, red)
    shape = picture.shape
    ground = textured(shape[1], shape[0], (border, mix(border, (255, 255, 255), 0.35)), template.border_texture, 7)
    return canvas.within(picture, inner, template.corner_mm, ground)


def _ruled(canvas: _Print, picture: Image, rule_mm: float) -> Image:
    rect = _CARD.inset(rule_mm)
    inside = canvas.within(picture, rect.inset(_RULE_MM), 1.5, canvas.flat((215, 225, 230)))
    return canvas.within(inside, rect, 1.5 + _RULE_MM, picture)


def _tabbed(canvas: _Print, picture: Image, tab: Tab) -> Image:
    inside = canvas.within(canvas.flat(tab.color), tab.rect.inset(_RIM_MM), tab.radius_mm, canvas.flat(tab.rim))
    return canvas.within(inside, tab.rect, tab.radius_mm + _RIM_MM, picture)


def _interior(design: Design, shape: tuple[int, int]) -> Image:
    """All that is within the border, running on beyond it."""
    template = design.template
    frame = design.frame
    picture = textured(shape[1], shape[0], (frame, mix(frame, (255, 255, 255), 0.3)), template.texture, design.seed)
    draw = {"creature": _creature, "trainer": _trainer, "back": _back, "art": _full_art}[template.interior]
    return draw(picture, design)


def _creature(picture: Image, design: Design) -> Image:
    _picture(picture, design, Rect(5.6, 10.5, 51.8, 33.0))
    return _written(picture, design, Rect(6.0, 5.0, 40.0, 4.6), Rect(6.5, 50.0, 50.0, 30.0))


def _trainer(picture: Image, design: Design) -> Image:
    _picture(picture, design, Rect(7.0, 17.0, 49.0, 30.0))
    return _written(picture, design, Rect(7.0, 10.5, 44.0, 5.0), Rect(8.0, 51.0, 47.0, 26.0))


def _full_art(picture: Image, design: Design) -> Image:
    _picture(picture, design, _CARD.inset(-_BLEED_MM))
    return _written(picture, design, Rect(6.0, 4.5, 40.0, 4.6), Rect(6.5, 58.0, 50.0, 22.0))


def _back(picture: Image, design: Design) -> Image:
    """A ball that is off the middle on purpose, with an emblem beside it; the same on every card of the series."""
    canvas = _Print(picture.shape[:2], (0.0, 0.0), 0.0)
    frame = design.frame
    for rect, radius, color in (
        (Rect(9.0, 25.5, 43.0, 43.0), 21.5, mix(frame, (255, 255, 255), 0.45)),
        (Rect(11.5, 28.0, 38.0, 38.0), 19.0, (38.0, 32.0, 190.0)),
        (Rect(11.5, 47.0, 38.0, 19.0), 3.0, (236.0, 238.0, 240.0)),
        (Rect(24.0, 40.5, 13.0, 13.0), 6.5, (30.0, 24.0, 24.0)),
        (Rect(26.5, 43.0, 8.0, 8.0), 4.0, (240.0, 242.0, 244.0)),
        (Rect(8.0, 8.5, 42.0, 9.0), 3.0, (60.0, 200.0, 245.0)),
        (Rect(20.0, 75.0, 34.0, 6.0), 2.0, (60.0, 200.0, 245.0)),
    ):
        picture = canvas.within(canvas.flat(color), rect, radius, picture)
    return picture


def _picture(picture: Image, design: Design, rect: Rect) -> None:
    """Art in a window of a card's picture, in place."""
    height, width = picture.shape[:2]
    scale = width / CARD_WIDTH_MM
    left, top = max(round(rect.x * scale), 0), max(round(rect.y * scale), 0)
    right, bottom = min(round(rect.right * scale), width), min(round(rect.bottom * scale), height)
    seed = 900_000_000_000 + 1000 * int.from_bytes(design.template.name.encode()[-3:]) + design.seed
    art = paint_art(seed, rect.w, rect.h, min(scale, _ART_PX_PER_MM))
    picture[top:bottom, left:right] = cv2.resize(art, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)


def _written(picture: Image, design: Design, title: Rect, body: Rect) -> Image:
    rng = np.random.default_rng(np.random.SeedSequence([23, design.seed]))
    words = ["".join(rng.choice(list("aeioumnrstkl"), int(rng.integers(3, 9)))) for _ in range(60)]
    rows = tuple(" ".join(words[k : k + 6]).capitalize() for k in range(6, 6 + 6 * int(rng.integers(3, 8)), 6))
    font = BODY_FONTS[int(rng.integers(len(BODY_FONTS)))]
    heading = TITLE_FONTS[int(rng.integers(1, len(TITLE_FONTS)))]
    halo: Color | None = (250.0, 250.0, 250.0) if design.template.interior == "art" else None
    texts = [
        Text(rect=title, lines=(words[0].capitalize(),), font=heading, size_mm=3.8, color=_INK, halo=halo),
        Text(rect=body, lines=rows, font=font, size_mm=2.1, color=_INK, halo=halo),
    ]
    return print_ink(picture, texts, [])


def _worn(picture: Image, design: Design) -> Image:
    """White nicks along the cut, here and there, deepest at the corners."""
    height, width = picture.shape[:2]
    rng = np.random.default_rng(np.random.SeedSequence([24, design.seed]))
    depth = design.template.worn_mm * width / CARD_WIDTH_MM
    nicked = np.zeros((height, width), dtype=np.float32)
    for turns in range(4):
        along = width if turns % 2 == 0 else height
        lattice = rng.random(round(along / width * CARD_WIDTH_MM * 1.5)).astype(np.float32)
        coarse = cv2.resize(lattice[None], (along, 1), interpolation=cv2.INTER_CUBIC)[0]
        reach = depth * np.clip((coarse - 0.55) / 0.45, 0, 1)
        beyond = np.clip(reach[None, :] - np.arange(round(depth) + 1, dtype=np.float32)[:, None], 0, 1)
        turned = np.rot90(nicked, turns)
        np.maximum(turned[: len(beyond)], beyond, out=turned[: len(beyond)])
    white: Image = np.empty_like(picture)
    white[:] = np.round(_NICKED)
    return np.asarray(cv2.blendLinear(white, picture, nicked, np.float32(1) - nicked), dtype=np.uint8)
