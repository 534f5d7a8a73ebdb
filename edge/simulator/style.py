"""The look that cards of one set share: border, frame colours, fonts, proportions."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge.simulator.fonts import BODY_FONTS, FLAVOR_FONTS, TITLE_FONTS
from edge.simulator.palette import Color, Palette, from_oklch, luma, mix, random_palette
from edge.simulator.sets import TYPES, CardSpec

Texture = Literal["plain", "gradient", "clouds", "marble", "brushed", "dots", "stripes", "paper", "tiles", "rays"]
_TEXTURES: tuple[Texture, ...] = (
    "plain", "gradient", "clouds", "marble", "brushed", "dots", "stripes", "paper", "tiles", "rays",
)  # fmt: skip

_BORDER_COLORS: dict[str, tuple[Color, float]] = {
    "yellow": ((40, 205, 245), 0.17),
    "silver": ((190, 186, 182), 0.13),
    "white": ((240, 242, 243), 0.19),
    "black": ((24, 21, 22), 0.26),
    "blue": ((150, 70, 30), 0.08),
    "gold": ((80, 155, 195), 0.08),
    "red": ((45, 35, 170), 0.05),
    "green": ((60, 110, 40), 0.04),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Border:
    """The printed border of a card.

    Attributes:
        widths_mm: left, top, right, bottom, of a perfectly centred card.
        color: of the border.
        texture: `plain`, or what the border is patterned with.
        corner_mm: radius of the inner corners.
        keyline: colour of a thin line round the print, or None.
        keyline_mm: its width.
    """

    widths_mm: tuple[float, float, float, float]
    color: Color
    texture: Texture
    corner_mm: float
    keyline: Color | None
    keyline_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a card is printed.

    Attributes:
        border: None for a borderless card.
        frame: the two main colours of the frame.
        texture: of the frame.
        panel: colour of the boxes that carry text.
        panel_opacity: 0 to 1.
        panel_radius_mm: of their corners.
        trim: colour of outlines.
        trim_mm: width of outlines.
        accent: colour of the name bar and of icons.
        title_font: font file of names.
        body_font: font file of the text box.
        flavor_font: font file of italic text.
        body_mm: em size of the text box.
        number_mm: em size of the collector number.
    """

    border: Border | None
    frame: tuple[Color, Color]
    texture: Texture
    panel: Color
    panel_opacity: float
    panel_radius_mm: float
    trim: Color
    trim_mm: float
    accent: Color
    title_font: str
    body_font: str
    flavor_font: str
    body_mm: float
    number_mm: float


def style_of(spec: CardSpec, rng: np.random.Generator, *, bordered: bool) -> Style:
    """The style of a card: one draw for all cards with its `style_seed`, coloured by its first type.

    Args:
        spec: the card.
        rng: stream that depends on `style_seed` alone.
        bordered: whether the card has a printed border.
    """
    palette = random_palette(rng)
    frame, accent = _type_colors(spec, rng, palette)
    border = _border(rng, frame[0]) if bordered else None
    light_panel = rng.random() < 0.65
    panel = mix(palette.light if light_panel else palette.dark, frame[0], rng.uniform(0.0, 0.3))
    trim = (palette.dark, palette.light, (90, 150, 190), (170, 170, 170))[int(rng.choice(4, p=[0.5, 0.2, 0.15, 0.15]))]
    return Style(
        border=border,
        frame=(frame[0], mix(*frame, rng.uniform(0.25, 0.9))),
        texture=_TEXTURES[int(rng.integers(len(_TEXTURES)))],
        panel=panel,
        panel_opacity=float(rng.choice([1.0, 0.9, 0.75])),
        panel_radius_mm=float(rng.choice([0.0, 0.6, 1.2, 2.2])),
        trim=trim,
        trim_mm=float(rng.choice([0.2, 0.35, 0.6, 0.9])),
        accent=accent,
        title_font=TITLE_FONTS[int(rng.integers(len(TITLE_FONTS)))],
        body_font=BODY_FONTS[int(rng.integers(len(BODY_FONTS)))],
        flavor_font=FLAVOR_FONTS[int(rng.integers(len(FLAVOR_FONTS)))],
        body_mm=float(np.round(rng.uniform(1.6, 2.5), 1)),
        number_mm=float(np.round(rng.uniform(1.7, 2.2), 1)),
    )


def ink_on(color: Color) -> Color:
    """Black or white, whichever reads better on a colour."""
    return (16, 14, 14) if luma(color) > 118 else (248, 248, 248)


def _type_colors(spec: CardSpec, rng: np.random.Generator, palette: Palette) -> tuple[tuple[Color, Color], Color]:
    """Frame colours and accent: of the style, or (mostly) of the card's type in the style's own key."""
    lightness, chroma = rng.uniform(0.3, 0.88), rng.uniform(0.02, 0.15)
    hue, spread = rng.uniform(0, 360), rng.uniform(-40, 40)
    by_type, contrast = rng.random() < 0.7, rng.choice([-0.25, -0.12, 0.15, 0.25])
    second_hue = rng.choice([0.0, 180.0, spread])
    if by_type:
        hue += 360 / len(TYPES) * TYPES.index(spec.types[0])
    first = from_oklch(lightness, chroma, hue)
    second = from_oklch(float(np.clip(lightness + contrast, 0.12, 0.95)), chroma, hue + spread)
    accent = from_oklch(float(np.clip(lightness - contrast, 0.25, 0.92)), max(chroma, 0.08) * 1.2, hue + second_hue)
    return (first, second), accent if rng.random() < 0.8 else palette.pick(rng)


def _border(rng: np.random.Generator, frame: Color) -> Border:
    names = list(_BORDER_COLORS)
    name = names[int(rng.choice(len(names), p=[_BORDER_COLORS[each][1] for each in names]))]
    base = _BORDER_COLORS[name][0]
    color = tuple(float(np.clip(channel * rng.uniform(0.93, 1.05) + rng.normal(0, 4), 8, 247)) for channel in base)
    side = float(np.round(rng.triangular(1.6, 2.9, 4.6), 2))
    upper = float(np.round(np.clip(side + rng.choice([0.0, 0.0, 0.3, -0.3]), 1.5, 5), 2))
    lower = upper if rng.random() < 0.7 else float(np.round(np.clip(upper + rng.uniform(0.2, 1.5), 1.5, 5), 2))
    border = (color[0], color[1], color[2])
    too_alike = max(abs(a - b) for a, b in zip(border, frame, strict=True)) < 60
    keyline = ink_on(border) if too_alike or rng.random() < 0.25 else None
    texture: Texture = _TEXTURES[int(rng.integers(2, len(_TEXTURES)))] if rng.random() < 0.12 else "plain"
    return Border(
        widths_mm=(side, upper, side, lower),
        color=border,
        texture=texture,
        corner_mm=float(rng.choice([0.0, 0.0, 0.8, 1.6, 2.4])),
        keyline=keyline,
        keyline_mm=float(rng.choice([0.3, 0.45, 0.7])),
    )
