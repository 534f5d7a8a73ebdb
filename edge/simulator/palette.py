"""Colours of the simulated cards: palettes built from hue harmonies in OKLCh.

Colours are BGR, 0 to 255. Conversion after Björn Ottosson, "A perceptual color space for image processing" (2020).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Color = tuple[float, float, float]

_HARMONIES: tuple[tuple[float, ...], ...] = (
    (0, 0, 0, 0),
    (0, 25, -25, 50),
    (0, 30, 180, 200),
    (0, 120, 240, 60),
    (0, 150, 210, 20),
    (0, 90, 180, 270),
    (0, 40, 80, 120),
    (0, 180, 15, 195),
)


def from_oklch(lightness: float, chroma: float, hue_deg: float) -> Color:
    """BGR of an OKLCh colour, clipped to what sRGB can show."""
    hue = math.radians(hue_deg)
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _encoded(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
        _encoded(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _encoded(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
    )


def _encoded(linear: float) -> float:
    """A linear light intensity, clipped to 0..1, in the sRGB encoding, 0 to 255 (IEC 61966-2-1)."""
    linear = clamped(linear)
    return 255 * (12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055)


def clamped(value: float, low: float = 0.0, high: float = 1.0) -> float:
    """The value, or the limit that it exceeds."""
    return min(max(value, low), high)


def mix(first: Color, second: Color, share: float) -> Color:
    """`first` with `share` (0 to 1) of it replaced by `second`."""
    blended = [a + (b - a) * share for a, b in zip(first, second, strict=True)]
    return blended[0], blended[1], blended[2]


def scaled(color: Color, factor: float) -> Color:
    """A darker (`factor` below 1) or brighter colour."""
    return min(color[0] * factor, 255.0), min(color[1] * factor, 255.0), min(color[2] * factor, 255.0)


def luma(color: Color) -> float:
    """Perceived brightness, 0 to 255 (ITU-R BT.601 weights)."""
    return 0.114 * color[0] + 0.587 * color[1] + 0.299 * color[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours that go together.

    Attributes:
        colors: five to seven main colours, in no order.
        dark: for outlines and shadows.
        light: for highlights and paper.
    """

    colors: tuple[Color, ...]
    dark: Color
    light: Color

    def pick(self, rng: np.random.Generator) -> Color:
        """One of the main colours."""
        return self.colors[int(rng.integers(len(self.colors)))]

    def ramp(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """A colour ramp [256, 3] through some of the colours: dark to light, or in any order."""
        colors = list(self.colors)
        rng.shuffle(colors)
        stops = colors[: int(rng.integers(2, 6))]
        if rng.random() < 0.35:
            stops.append(self.dark)
        if rng.random() < 0.35:
            stops.append(self.light)
        if rng.random() < 0.6:
            stops.sort(key=luma)
        return ramp_through(stops)


def ramp_through(stops: list[Color]) -> NDArray[np.uint8]:
    """A colour ramp [256, 3] with the stops evenly spaced."""
    positions = np.linspace(0, 255, len(stops))
    table = np.asarray(stops, dtype=np.float64)
    channels = [np.interp(np.arange(256), positions, table[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def random_palette(rng: np.random.Generator) -> Palette:
    """A palette of any harmony, from muted to vivid and from dark to light."""
    base = rng.uniform(0, 360)
    harmony = _HARMONIES[int(rng.integers(len(_HARMONIES)))]
    vividness = rng.choice([0.02, 0.06, 0.10, 0.14, 0.19], p=[0.07, 0.18, 0.3, 0.25, 0.2])
    low, high = ((0.15, 0.6), (0.3, 0.8), (0.45, 0.92), (0.2, 0.92))[int(rng.choice(4, p=[0.2, 0.25, 0.2, 0.35]))]
    count = int(rng.integers(5, 8))
    lightness = rng.permutation(np.linspace(low, high, count)) + rng.normal(0, 0.03, count)
    hues = base + np.array([harmony[i % len(harmony)] for i in range(count)]) + rng.normal(0, 9, count)
    chromas = vividness * rng.uniform(0.4, 1.25, count)
    colors = tuple(
        from_oklch(*values) for values in zip(lightness.tolist(), chromas.tolist(), hues.tolist(), strict=True)
    )
    dark = from_oklch(rng.uniform(0.05, 0.25), vividness * 0.4, base + 180 * rng.integers(2))
    light = from_oklch(rng.uniform(0.88, 0.99), vividness * 0.25, base + 180 * rng.integers(2))
    return Palette(colors=colors, dark=dark, light=light)
