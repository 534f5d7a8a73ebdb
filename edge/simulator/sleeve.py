"""What lies around and on a card: its cut edge, a sleeve or toploader, foil that changes with the view, glare."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, CORNER_RADIUS_MM, Image
from edge.simulator.camera import Points
from edge.simulator.compositing import Layer, fill

SleeveKind = Literal["none", "glossy", "matte", "scuffed", "coloured", "toploader"]

MARGINS_MM: dict[SleeveKind, tuple[float, float]] = {
    "none": (0.0, 0.0),
    "glossy": (1.5, 1.9),
    "matte": (1.6, 2.2),
    "scuffed": (1.5, 2.0),
    "coloured": (1.5, 2.2),
    "toploader": (5.5, 7.0),
}
FILM_TEXELS_PER_MM = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleeve:
    """The sleeve of one card.

    Attributes:
        kind: what it is; "none" for a bare card.
        margins_mm: transparent (or coloured) width left, top, right and bottom of the card.
        colour: BGR of the film seen against the bench (of the back, for a coloured one).
        opacity: how much of the bench the margin hides, 0 to 1.
        haze: how much the film whitens the card, 0 to 1.
        seed: of scratches and wrinkles.
    """

    kind: SleeveKind = "none"
    margins_mm: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    colour: tuple[int, int, int] = (255, 255, 255)
    opacity: float = 0.0
    haze: float = 0.0
    seed: int = 0


UNSLEEVED = Sleeve()


@dataclass(frozen=True, slots=True, kw_only=True)
class Glare:
    """The mirror image of a lamp or window on a card or sleeve.

    Attributes:
        centre_mm: local coordinates of its middle.
        size_mm: standard deviations along and across.
        angle_deg: direction of its long side.
        strength: light added at its middle, in units of white; above 1 it burns out.
        ripple: how much the surface's waves bend it, 0 to 1.
        seed: of the waves.
    """

    centre_mm: tuple[float, float]
    size_mm: tuple[float, float]
    angle_deg: float
    strength: float
    ripple: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoilView:
    """How a holographic film shines at one view angle.

    Attributes:
        strength: 0 (none) to 1.
        phase: of the rainbow, turns; follows the view angle.
        gradient: turns per card width and height.
        grain_mm: size of the holographic pattern.
        seed: of that pattern.
    """

    strength: float
    phase: float
    gradient: tuple[float, float]
    grain_mm: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """Everything around and on one card.

    Attributes:
        sleeve: its sleeve.
        foil: how its foil shines, or None.
        glare: reflections on its surface.
        edge_light: shine of its cut edge, -1 (worn dark) to 1 (the white core of the card is seen).
        edge_angle_deg: side of the card on which that is strongest.
        contrast: gain of the print's colours.
        veil: grey levels of stray light on it.
    """

    sleeve: Sleeve = UNSLEEVED
    foil: FoilView | None = None
    glare: tuple[Glare, ...] = ()
    edge_light: float = 0.0
    edge_angle_deg: float = 0.0
    contrast: float = 1.0
    veil: float = 0.0


BARE = Finish()


def card_layer(face: Image, finish: Finish, foil_area: NDArray[np.float32] | None = None) -> Layer:
    """A card with everything on it, as a layer whose local origin is the card's centre.

    Args:
        face: uint8 [rows, columns, 3] BGR, the print edge to edge with square corners.
        finish: what lies around and on it.
        foil_area: where the foil is, 0 to 1, any resolution; None: everywhere.
    """
    sleeve = finish.sleeve
    rows, columns = face.shape[:2]
    scale = columns / CARD_WIDTH_MM, rows / CARD_HEIGHT_MM
    left, top, right, bottom = (round(m * s) + 2 for m, s in zip(sleeve.margins_mm, (*scale, *scale), strict=True))
    printed = np.asarray(cv2.convertScaleAbs(face, alpha=finish.contrast, beta=finish.veil), dtype=np.uint8)
    if finish.foil:
        printed = _with_foil(printed, finish.foil, foil_area)
    printed = _with_cut_edge(printed, finish, scale[0])
    if sleeve.kind != "none":
        printed = _under_film(printed, sleeve, scale[0])
    margins = (top, bottom), (left, right)
    alpha = np.pad(_corner_mask(rows, columns), margins)
    colour = np.pad(printed, (*margins, (0, 0)))
    texture = _over_margin(colour, alpha, sleeve, scale[0])
    origin = -CARD_WIDTH_MM / 2 - left / scale[0], -CARD_HEIGHT_MM / 2 - top / scale[1]
    for reflection in finish.glare:
        _add_glare(texture, reflection, scale, origin)
    return Layer(
        texture=texture,
        px_per_mm=scale,
        origin_mm=origin,
        outline_mm=rounded_rectangle(CARD_WIDTH_MM, CARD_HEIGHT_MM, CORNER_RADIUS_MM),
        half_extent_mm=(CARD_WIDTH_MM / 2, CARD_HEIGHT_MM / 2),
    )


def rounded_rectangle(width_mm: float, height_mm: float, radius_mm: float) -> Points:
    """Points [N, 2] clockwise around a centred rectangle with rounded corners, about 5 mm apart on its sides."""
    angles = np.linspace(0, np.pi / 2, 7)
    points = []
    for corner, (x, y) in enumerate([(-1, -1), (1, -1), (1, 1), (-1, 1)]):
        turn = angles + np.pi + corner * np.pi / 2
        centre = np.array([x * (width_mm / 2 - radius_mm), y * (height_mm / 2 - radius_mm)])
        points.append(centre + radius_mm * np.column_stack([np.cos(turn), np.sin(turn)]))
    ring = np.concatenate(points)
    following = np.roll(ring, -1, axis=0)
    return np.concatenate(
        [
            np.linspace(a, b, max(2, int(np.linalg.norm(b - a) / 5) + 1))[:-1]
            for a, b in zip(ring, following, strict=True)
        ]
    )


def _corner_mask(rows: int, columns: int) -> NDArray[np.uint8]:
    """Coverage [rows, columns] of a card with rounded corners that fills the array exactly."""
    mask = np.full((rows, columns), 255, np.uint8)
    radius = CORNER_RADIUS_MM * columns / CARD_WIDTH_MM, CORNER_RADIUS_MM * rows / CARD_HEIGHT_MM
    size_x, size_y = int(np.ceil(radius[0])), int(np.ceil(radius[1]))
    x = 1 - (np.arange(size_x) + 0.5) / radius[0]
    y = 1 - (np.arange(size_y) + 0.5) / radius[1]
    distance = (1 - np.hypot(x[None, :], y[:, None])) * min(radius)
    corner = (np.clip(distance + 0.5, 0, 1) * 255).astype(np.uint8)
    mask[:size_y, :size_x] = corner
    mask[:size_y, -size_x:] = corner[:, ::-1]
    mask[-size_y:, :size_x] = corner[::-1]
    mask[-size_y:, -size_x:] = corner[::-1, ::-1]
    return mask


def _with_cut_edge(face: Image, finish: Finish, px_per_mm: float) -> Image:
    """Draw the thin bright (or worn dark) line of the cut edge, strongest towards one side."""
    if finish.edge_light == 0:
        return face
    edged = face.copy()
    inset = 0.12 * px_per_mm
    rows, columns = face.shape[:2]
    size = np.array([columns / px_per_mm - 0.24, rows / px_per_mm - 0.24])
    line = rounded_rectangle(float(size[0]), float(size[1]), CORNER_RADIUS_MM - 0.12) + size / 2
    points = np.round((line * px_per_mm + inset - 0.5) * 16).astype(np.int32)
    thickness = max(1, round(0.3 * px_per_mm))
    colour = (245, 245, 245) if finish.edge_light > 0 else (10, 10, 12)
    cv2.polylines(edged, [points], True, colour, thickness, cv2.LINE_AA, 4)  # noqa: FBT003
    turn = np.deg2rad(finish.edge_angle_deg)
    x = np.linspace(-1, 1, columns, dtype=np.float32)[None, :] * np.float32(np.cos(turn))
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None] * np.float32(np.sin(turn))
    weight = np.clip(x + y, -1, 1) * np.float32(0.5) + np.float32(0.5)
    weight *= np.float32(abs(finish.edge_light))
    return np.asarray(cv2.blendLinear(edged, face, weight, np.float32(1) - weight), dtype=np.uint8)


def _with_foil(face: Image, foil: FoilView, area: NDArray[np.float32] | None) -> Image:
    """Lay a rainbow over the print that follows the view angle and a holographic grain."""
    rows, columns = face.shape[:2]
    rng = np.random.default_rng(foil.seed)
    px_per_mm = columns / CARD_WIDTH_MM
    cells = int(CARD_HEIGHT_MM / foil.grain_mm) + 2, int(CARD_WIDTH_MM / foil.grain_mm) + 2
    grain = cv2.resize(rng.random(cells, dtype=np.float32), (columns // 2, rows // 2), interpolation=cv2.INTER_CUBIC)
    x = np.linspace(0, foil.gradient[0], columns // 2, dtype=np.float32)[None, :]
    y = np.linspace(0, foil.gradient[1], rows // 2, dtype=np.float32)[:, None]
    wave = np.float32(foil.phase) + x + y + 0.6 * grain
    hue = ((wave % 1.0) * 180).astype(np.uint8)
    value = np.clip(110 + 100 * np.sin(2 * np.pi * (0.7 * wave + grain)), 0, 255).astype(np.uint8)
    saturation = np.full_like(hue, 200)
    rainbow = cv2.cvtColor(cv2.merge([hue, saturation, value]), cv2.COLOR_HSV2BGR)
    rainbow = cv2.GaussianBlur(rainbow, (0, 0), max(0.3, 0.1 * px_per_mm))
    rainbow = cv2.resize(rainbow, (columns, rows), interpolation=cv2.INTER_LINEAR)
    glow = cv2.multiply(rainbow, face, scale=1.6 / 255)
    shone = cv2.addWeighted(face, 1 - 0.45 * foil.strength, glow, 0.9 * foil.strength, 0)
    shone = cv2.addWeighted(shone, 1.0, rainbow, 0.22 * foil.strength, 0)
    if area is not None:
        weight = cv2.resize(area, (columns, rows), interpolation=cv2.INTER_LINEAR)
        shone = cv2.blendLinear(shone, face, weight, np.float32(1) - weight)
    return np.asarray(shone, dtype=np.uint8)


def _under_film(face: Image, sleeve: Sleeve, px_per_mm: float) -> Image:
    """What a plastic film does to the print below: haze, a little blur, scratches."""
    seen = face
    if sleeve.kind == "matte":
        seen = np.asarray(cv2.GaussianBlur(face, (0, 0), max(0.3, 0.07 * px_per_mm)), dtype=np.uint8)
    seen = np.asarray(cv2.convertScaleAbs(seen, alpha=1 - sleeve.haze, beta=235 * sleeve.haze), dtype=np.uint8)
    if sleeve.kind in ("scuffed", "toploader"):
        seen = _scratched(seen, sleeve, px_per_mm)
    return seen


def _scratched(face: Image, sleeve: Sleeve, px_per_mm: float) -> Image:
    rng = np.random.default_rng(sleeve.seed)
    scratches = np.zeros(face.shape[:2], np.uint8)
    rows, columns = face.shape[:2]
    for _ in range(int(rng.integers(8, 60 if sleeve.kind == "scuffed" else 16))):
        start = rng.random(2) * (columns, rows)
        reach = rng.normal(0, rng.choice([3.0, 9.0]), 2) * px_per_mm
        ends = np.round(np.array([start, start + reach]) * 16).astype(np.int32)
        cv2.polylines(scratches, [ends], False, int(rng.integers(25, 140)), 1, cv2.LINE_AA, 4)  # noqa: FBT003
    cloud = (rng.random((7, 5), dtype=np.float32) * 40).astype(np.uint8)
    marks = cv2.add(scratches, cv2.resize(cloud, (columns, rows), interpolation=cv2.INTER_CUBIC))
    return np.asarray(cv2.add(face, cv2.merge([marks] * 3)), dtype=np.uint8)


def _over_margin(colour: Image, alpha: NDArray[np.uint8], sleeve: Sleeve, px_per_mm: float) -> Image:
    """Premultiplied BGRA of the card and, around it, the margin of its sleeve with its welded edge."""
    blue, green, red = (cv2.multiply(channel, alpha, scale=1 / 255) for channel in cv2.split(colour))
    card = cv2.merge([blue, green, red, alpha])
    if sleeve.kind == "none":
        return np.asarray(card, dtype=np.uint8)
    rows, columns = alpha.shape
    film = np.zeros((rows, columns), np.uint8)
    radius = (1.0 if sleeve.kind != "toploader" else 2.5) * px_per_mm
    size = np.array([columns - 4, rows - 4])
    ring = rounded_rectangle(float(size[0]), float(size[1]), radius) + (np.array([columns, rows]) - 1) / 2
    fill(film, ring)
    weld = np.zeros_like(film)
    points = np.round(ring * 16).astype(np.int32)
    width = max(1, round((0.35 if sleeve.kind != "toploader" else 0.8) * px_per_mm))
    cv2.polylines(weld, [points], True, 255, width, cv2.LINE_AA, 4)  # noqa: FBT003
    weld[film == 0] = 0
    shine = 60 if sleeve.kind == "coloured" else 190
    tints = [cv2.addWeighted(film, sleeve.opacity * c / 255, weld, 0.35 * shine / 255, 0) for c in sleeve.colour]
    cover = cv2.addWeighted(film, sleeve.opacity, weld, 0.35, 0)
    clear = cv2.bitwise_not(alpha)
    around = [cv2.multiply(channel, clear, scale=1 / 255) for channel in (*tints, cover)]
    return np.asarray(cv2.add(card, cv2.merge(around)), dtype=np.uint8)


def _add_glare(texture: Image, glare: Glare, px_per_mm: tuple[float, float], origin_mm: tuple[float, float]) -> None:
    """Add a reflection to a premultiplied texture, in place, wherever there is card or film."""
    rows, columns = texture.shape[:2]
    width_mm, height_mm = columns / px_per_mm[0], rows / px_per_mm[1]
    texels = int(width_mm * FILM_TEXELS_PER_MM), int(height_mm * FILM_TEXELS_PER_MM)
    x = np.linspace(0, width_mm, texels[0], dtype=np.float32)[None, :] + np.float32(origin_mm[0] - glare.centre_mm[0])
    y = np.linspace(0, height_mm, texels[1], dtype=np.float32)[:, None] + np.float32(origin_mm[1] - glare.centre_mm[1])
    rng = np.random.default_rng(glare.seed)
    waves = rng.normal(0, 1, (2, 12, 8)).astype(np.float32)
    bend = [cv2.resize(wave, texels, interpolation=cv2.INTER_CUBIC) * 7 * glare.ripple for wave in waves]
    turn = np.deg2rad(glare.angle_deg)
    along = np.cos(turn) * x + np.sin(turn) * y + bend[0]
    across = np.cos(turn) * y - np.sin(turn) * x + bend[1]
    lobe = np.exp(-0.5 * ((along / glare.size_mm[0]) ** 2 + (across / glare.size_mm[1]) ** 2))
    light = np.clip(lobe * glare.strength * 255, 0, 255).astype(np.uint8)
    light = cv2.resize(light, (columns, rows), interpolation=cv2.INTER_LINEAR)
    light[cv2.extractChannel(texture, 3) == 0] = 0
    cv2.add(texture, cv2.merge([light] * 4), dst=texture)
