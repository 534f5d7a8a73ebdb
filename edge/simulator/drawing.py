"""A canvas to draw card art on, at any resolution.

Coordinates are in units (the shorter side of the picture is 1), x to the right and y down from the top-left corner of
the picture; colours are BGR, 0 to 255.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import Image
from edge.simulator.fields import Field, enlarged
from edge.simulator.palette import Color, scaled

Points = NDArray[np.float64]
_SHIFT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Brush:
    """How a drawn thing is rendered.

    Attributes:
        outline: colour of the outline, or None.
        outline_width: in units.
        shading: `flat`, `cel` (two tones), `soft` (a gradient towards the light) or `rough` (soft, with a grain).
        light: unit vector towards the light.
    """

    outline: Color | None
    outline_width: float
    shading: str
    light: tuple[float, float]


class Canvas:
    """A picture that is being drawn.

    Attributes:
        pixels: uint8 [height, width, 3] BGR.
        extent: width and height in units.
    """

    def __init__(self, width_mm: float, height_mm: float, px_per_mm: float) -> None:
        """Start a black picture of the given size."""
        short_mm = min(width_mm, height_mm)
        self.extent = (width_mm / short_mm, height_mm / short_mm)
        self._px_per_unit = px_per_mm * short_mm
        self.width_px = max(round(width_mm * px_per_mm), 8)
        self.height_px = max(round(height_mm * px_per_mm), 8)
        self._pose: tuple[Points, Points] | None = None
        self.pixels: Image = np.zeros((self.height_px, self.width_px, 3), dtype=np.uint8)

    @property
    def center(self) -> Points:
        """Middle of the picture."""
        return np.array(self.extent) / 2

    def focus(self, rng: np.random.Generator) -> Points:
        """A point of interest, not far from the middle."""
        return self.center + rng.normal(0, 0.15, 2)

    def enlarge(self, field: Field) -> Field:
        """A lattice field as [height, width] pixels, 0..1."""
        return enlarged(field, self.width_px, self.height_px)

    def coordinates(self) -> tuple[Field, Field]:
        """Positions of the pixel centres in units: x [1, width] and y [height, 1]."""
        x = ((np.arange(self.width_px) + 0.5) / self._px_per_unit).astype(np.float32)[None, :]
        y = ((np.arange(self.height_px) + 0.5) / self._px_per_unit).astype(np.float32)[:, None]
        return x, y

    def polar(self, center: Points) -> tuple[Field, Field]:
        """Distance from `center` in units and angle in radians, 0..2 pi, both [height, width]."""
        x, y = self.coordinates()
        shape = (self.height_px, self.width_px)
        across = np.ascontiguousarray(np.broadcast_to(x - np.float32(center[0]), shape))
        down = np.ascontiguousarray(np.broadcast_to(y - np.float32(center[1]), shape))
        radius, angle = cv2.cartToPolar(across, down)
        return np.asarray(radius, dtype=np.float32), np.asarray(angle, dtype=np.float32)

    def px(self, length: float) -> int:
        """A line width in whole pixels, at least 1."""
        return max(1, round(length * self._px_per_unit))

    def blur(self, length: float) -> None:
        """Blur everything drawn so far with a Gaussian of that sigma."""
        sigma = length * self._px_per_unit
        if sigma > 0.4:
            self.pixels = np.asarray(cv2.GaussianBlur(self.pixels, (0, 0), sigma), dtype=np.uint8)

    def paint_field(self, field: Field, ramp: NDArray[np.uint8]) -> None:
        """Colour every pixel by a field [height, width], 0..1, through a ramp [256, 3]."""
        index = (field * np.float32(255)).astype(np.uint8)
        self.pixels = np.asarray(cv2.LUT(cv2.merge([index, index, index]), ramp[None, :, :]), dtype=np.uint8)

    def blend(self, color: Color, weight: Field) -> None:
        """Mix a colour into the picture by a weight [height, width], 0..1."""
        over = np.empty_like(self.pixels)
        over[:] = np.round(color)
        self.pixels = np.asarray(cv2.blendLinear(over, self.pixels, weight, np.float32(1) - weight), dtype=np.uint8)

    def fill(self, polygons: Sequence[Points], color: Color) -> None:
        """Fill closed polygons; where two overlap they cut a hole into each other."""
        cv2.fillPoly(self.pixels, [self._fixed(polygon) for polygon in polygons], color, cv2.LINE_AA, _SHIFT)

    def stroke(self, line: Points, color: Color, width: float, *, closed: bool = False) -> None:
        """Draw a line of the given width in units."""
        thickness = self.px(width)
        cv2.polylines(self.pixels, [self._fixed(line)], closed, color, thickness, cv2.LINE_AA, _SHIFT)

    def disc(self, center: Points, radius: float, color: Color) -> None:
        """Fill a circle."""
        middle = self._fixed(np.asarray(center))
        size = max(1, round(radius * self._px_per_unit * (1 << _SHIFT)))
        cv2.circle(self.pixels, (int(middle[0]), int(middle[1])), size, color, -1, cv2.LINE_AA, _SHIFT)

    def pose(self, at: Points, turn: float, stretch: float) -> None:
        """Turn (radians, clockwise as seen) and stretch sideways about `at` all shapes drawn from now on."""
        if turn == 0 and stretch == 1:
            self._pose = None
            return
        cosine, sine = np.cos(turn), np.sin(turn)
        self._pose = at, np.array([[stretch * cosine, stretch * sine], [-sine, cosine]])

    def shadow(self, at: Points, size: float) -> None:
        """Darken an oval on the ground about `at`."""
        reach = np.array([1.6, 0.32]) * size
        window, _, _ = self._mask(np.array([at - reach, at + reach * [1, -1], at + reach]))
        if window is None:
            return
        x, y = self.coordinates()
        across = (x[:, window[1]] - np.float32(at[0])) / np.float32(size * 0.8)
        down = (y[window[0]] - np.float32(at[1])) / np.float32(size * 0.16)
        weight = np.exp(-(across**2)) * np.exp(-(down**2)) * np.float32(140)
        self._mix(window, np.asarray(weight, dtype=np.uint8), (12, 10, 10))

    def shape(self, polygon: Points, color: Color, brush: Brush) -> None:
        """Draw a solid: a filled polygon with the brush's shading and outline."""
        if brush.shading == "flat":
            self.fill([polygon], color)
        elif brush.shading == "cel":
            self._cel(polygon, color, brush)
        else:
            self._soft(polygon, color, brush)
        if brush.outline is not None:
            self.stroke(polygon, brush.outline, brush.outline_width, closed=True)

    def _cel(self, polygon: Points, color: Color, brush: Brush) -> None:
        """A lit tone over a shadow tone, the lit part being the polygon moved towards the light."""
        window, mask, _ = self._mask(polygon)
        if window is None:
            return
        size = float(np.ptp(polygon, axis=0).min())
        moved = polygon + np.array(brush.light) * size * 0.16
        lit = np.zeros_like(mask)
        origin = np.array([window[1].start, window[0].start]) * (1 << _SHIFT)
        cv2.fillPoly(lit, [self._fixed(moved) - origin.astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)
        self._mix(window, mask, scaled(color, 0.66))
        self._mix(window, np.minimum(mask, lit), color)

    def _soft(self, polygon: Points, color: Color, brush: Brush) -> None:
        """The colour, brighter towards the light."""
        window, mask, center = self._mask(polygon)
        if window is None:
            return
        rows, columns = mask.shape
        x = np.arange(window[1].start, window[1].start + columns, dtype=np.float32)[None, :] - np.float32(center[0])
        y = np.arange(window[0].start, window[0].start + rows, dtype=np.float32)[:, None] - np.float32(center[1])
        reach = max(float(np.ptp(polygon, axis=0).max()) * self._px_per_unit / 2, 1.0)
        slope = (x * np.float32(brush.light[0]) + y * np.float32(brush.light[1])) / np.float32(reach)
        tone = np.float32(0.95) + np.float32(0.5) * np.clip(slope, -1, 1)
        if brush.shading == "rough":
            tone = tone + np.float32(0.18) * np.sin(x * np.float32(9 / reach) + slope * 7) * np.sin(
                y * np.float32(13 / reach)
            )
        shaded = np.clip(tone[:, :, None] * np.asarray(color, dtype=np.float32), 0, 255).astype(np.uint8)
        weight = mask.astype(np.float32) * np.float32(1 / 255)
        roi = self.pixels[window]
        roi[:] = cv2.blendLinear(shaded, np.ascontiguousarray(roi), weight, np.float32(1) - weight)

    def _mask(self, polygon: Points) -> tuple[tuple[slice, slice] | None, NDArray[np.uint8], Points]:
        """The polygon's window in the picture, its coverage 0..255 there, and its middle in pixels."""
        fixed = self._fixed(polygon)
        low = np.floor(fixed.min(axis=0) / (1 << _SHIFT)).astype(int) - 1
        high = np.ceil(fixed.max(axis=0) / (1 << _SHIFT)).astype(int) + 2
        left, top = max(int(low[0]), 0), max(int(low[1]), 0)
        right, bottom = min(int(high[0]), self.width_px), min(int(high[1]), self.height_px)
        center = (fixed.min(axis=0) + fixed.max(axis=0)) / (2 << _SHIFT)
        if right <= left or bottom <= top:
            return None, np.zeros((0, 0), dtype=np.uint8), center
        mask = np.zeros((bottom - top, right - left), dtype=np.uint8)
        origin = np.array([left, top], dtype=np.int32) * (1 << _SHIFT)
        cv2.fillPoly(mask, [fixed - origin], 255, cv2.LINE_AA, _SHIFT)
        return (slice(top, bottom), slice(left, right)), mask, center

    def _mix(self, window: tuple[slice, slice], mask: NDArray[np.uint8], color: Color) -> None:
        roi = self.pixels[window]
        over = np.empty_like(roi)
        over[:] = np.round(color)
        weight = mask.astype(np.float32) * np.float32(1 / 255)
        roi[:] = cv2.blendLinear(over, np.ascontiguousarray(roi), weight, np.float32(1) - weight)

    def _fixed(self, points: Points) -> NDArray[np.int32]:
        """Points in OpenCV's fixed-point pixels."""
        if self._pose is not None:
            at, matrix = self._pose
            points = (points - at) @ matrix + at
        return np.rint(points * (self._px_per_unit * (1 << _SHIFT)) - (1 << _SHIFT) / 2).astype(np.int32)
