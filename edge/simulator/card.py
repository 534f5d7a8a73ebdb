"""Renders simulated cards: the digital original from which a card is printed, cut and photographed."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image
from edge.simulator.art import paint_art
from edge.simulator.design import Design
from edge.simulator.design_drawing import foil_area, render_design
from edge.simulator.families import lay_out
from edge.simulator.fields import Field
from edge.simulator.frame import Area, coverage, lay_over, moved, textured, window_of
from edge.simulator.layout import CARD, ArtWindow, Layout, Panel
from edge.simulator.palette import mix
from edge.simulator.sets import CardSpec
from edge.simulator.style import Border
from edge.simulator.text import Rect, print_ink

Printed = CardSpec | Design
"""What a card may show: one of the simulated game's, or a design that collectors own."""

# Art is drawn a little finer than the card, and never finer than this: printed art has no more detail either.
_ART_OVERSAMPLING = 1.2
_ART_PX_PER_MM = (5.0, 10.0)


def render_card(
    spec: Printed, px_per_mm: float, offset_mm: tuple[float, float] = (0.0, 0.0), rotation_deg: float = 0.0
) -> Image:
    """The printed face of a card, cut out with square corners.

    Args:
        spec: which card.
        px_per_mm: resolution.
        offset_mm: how far the print (all that lies inside the border) is off to the right and down against the cut.
        rotation_deg: turn of the print about the middle of the card, clockwise as seen.

    Returns:
        uint8 [round(88 * px_per_mm), round(63 * px_per_mm), 3], BGR.
    """
    if isinstance(spec, Design):
        return render_design(spec, px_per_mm, offset_mm, rotation_deg)
    shape = (round(CARD_HEIGHT_MM * px_per_mm), round(CARD_WIDTH_MM * px_per_mm))
    layout = lay_out(spec)
    picture = _print(spec, layout, shape, px_per_mm)
    if offset_mm != (0.0, 0.0) or rotation_deg:
        picture = moved(picture, offset_mm, rotation_deg)
    border = layout.style.border
    if border is None:
        return picture
    return _bordered(picture, border, spec.style_seed, offset_mm, np.deg2rad(rotation_deg))


def render_back(px_per_mm: float) -> Image:
    """The back that all simulated cards share: uint8 [round(88 * px_per_mm), round(63 * px_per_mm), 3], BGR."""
    height, width = round(CARD_HEIGHT_MM * px_per_mm), round(CARD_WIDTH_MM * px_per_mm)
    picture = textured(width, height, ((120, 40, 30), (60, 16, 20)), "marble", 0)
    for rect, radius, color in (
        (CARD.inset(3.0), 2.0, (80, 170, 220)),
        (CARD.inset(3.6), 1.6, (150, 60, 40)),
        (Rect(11.5, 24, 40, 40), 20.0, (80, 170, 220)),
        (Rect(12.5, 25, 38, 38), 19.0, (40, 30, 160)),
        (Rect(19.5, 32, 24, 24), 12.0, (235, 235, 240)),
        (Rect(24.5, 37, 14, 14), 7.0, (40, 20, 20)),
    ):
        _fill(picture, Panel(rect=rect, top=color, bottom=mix(color, (0, 0, 0), 0.35), radius_mm=radius, opacity=0.85))
    return picture


def print_edges_mm(
    spec: Printed, offset_mm: tuple[float, float] = (0.0, 0.0)
) -> tuple[float, float, float, float] | None:
    """Widths of the printed border in mm: left, top, right, bottom; None for a borderless card."""
    widths = design_borders_mm(spec)
    if widths is None:
        return None
    left, top, right, bottom = widths
    return left + offset_mm[0], top + offset_mm[1], right - offset_mm[0], bottom - offset_mm[1]


def design_borders_mm(spec: Printed) -> tuple[float, float, float, float] | None:
    """The same of a perfectly centred print."""
    if isinstance(spec, Design):
        return spec.borders_mm
    border = lay_out(spec).style.border
    return None if border is None else border.widths_mm


def foil_mask(spec: Printed, px_per_mm: float) -> Field | None:
    """Where the card's foil lies, 0..1 [round(88 * px_per_mm), round(63 * px_per_mm)]; None for an ordinary card."""
    if spec.foil is None:
        return None
    shape = (round(CARD_HEIGHT_MM * px_per_mm), round(CARD_WIDTH_MM * px_per_mm))
    if isinstance(spec, Design):
        return foil_area(spec, shape)
    if spec.foil.area == "full":
        return np.ones(shape, dtype=np.float32)
    mask = np.zeros(shape, dtype=np.float32)
    for window in lay_out(spec).windows:
        mask = np.maximum(mask, coverage(window.rect, _radius(window), shape))
    return mask if spec.foil.area == "art" else np.float32(1) - mask


def _print(spec: CardSpec, layout: Layout, shape: tuple[int, int], px_per_mm: float) -> Image:
    """Everything inside the border, running on beyond it."""
    style = layout.style
    picture = textured(shape[1], shape[0], style.frame, style.texture, spec.style_seed)
    for window in layout.windows:
        _place_art(picture, window, px_per_mm)
    for panel in layout.panels:
        _fill(picture, panel)
    return print_ink(picture, layout.texts, layout.marks)


def _place_art(picture: Image, window: ArtWindow, px_per_mm: float) -> None:
    height, width = picture.shape[:2]
    rect = window.rect
    if window.trim is not None and window.trim_mm > 0:
        around = ArtWindow(rect=rect.inset(-window.trim_mm), seed=0, shape=window.shape, radius_mm=window.radius_mm)
        area = window_of(around.rect, (height, width))
        over = np.empty_like(picture[area])
        over[:] = np.round(window.trim)
        lay_over(picture, area, over, _window_coverage(around, (height, width), area))
    art = paint_art(window.seed, rect.w, rect.h, float(np.clip(px_per_mm * _ART_OVERSAMPLING, *_ART_PX_PER_MM)))
    area = window_of(rect, (height, width))
    scale_x, scale_y = width / CARD_WIDTH_MM * rect.w / art.shape[1], height / CARD_HEIGHT_MM * rect.h / art.shape[0]
    left = rect.x * width / CARD_WIDTH_MM - area[1].start
    top = rect.y * height / CARD_HEIGHT_MM - area[0].start
    matrix = np.array([[scale_x, 0, left + 0.5 * scale_x - 0.5], [0, scale_y, top + 0.5 * scale_y - 0.5]])
    size = (area[1].stop - area[1].start, area[0].stop - area[0].start)
    flags = cv2.INTER_CUBIC if scale_x > 1.2 else cv2.INTER_LINEAR
    placed = cv2.warpAffine(art, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    lay_over(picture, area, np.asarray(placed, dtype=np.uint8), _window_coverage(window, (height, width), area))


def _radius(window: ArtWindow) -> float:
    return min(window.rect.w, window.rect.h) / 2 if window.shape == "ellipse" else window.radius_mm


def _window_coverage(window: ArtWindow, shape: tuple[int, int], area: Area) -> Field:
    weight = coverage(window.rect, _radius(window), shape, area=area)
    if window.shape == "arch":
        round_top = coverage(window.rect, window.rect.w / 2, shape, area=area)
        half = len(weight) // 2
        weight[:half] = round_top[:half]
    return weight


def _fill(picture: Image, panel: Panel) -> None:
    height, width = picture.shape[:2]
    if panel.trim is not None and panel.trim_mm > 0:
        rim = panel.rect.inset(-panel.trim_mm)
        _cover(picture, rim, panel.radius_mm + panel.trim_mm, _flat(picture, rim, panel.trim), panel.opacity)
    area = window_of(panel.rect, (height, width))
    rows, columns = area[0].stop - area[0].start, area[1].stop - area[1].start
    share = ((np.arange(rows) + 0.5) / max(rows, 1))[:, None]
    tones = np.asarray(panel.top) * (1 - share) + np.asarray(panel.bottom) * share
    over = np.repeat(np.round(tones).astype(np.uint8)[:, None, :], columns, axis=1)
    _cover(picture, panel.rect, panel.radius_mm, over, panel.opacity)


def _flat(picture: Image, rect: Rect, color: tuple[float, float, float]) -> NDArray[np.uint8]:
    over = np.empty_like(picture[window_of(rect, picture.shape[:2])])
    over[:] = np.round(color)
    return over


def _cover(picture: Image, rect: Rect, radius_mm: float, over: NDArray[np.uint8], opacity: float) -> None:
    shape = picture.shape[:2]
    area = window_of(rect, shape)
    if over.size == 0:
        return
    lay_over(picture, area, over, coverage(rect, radius_mm, shape, area=area) * np.float32(opacity))


def _bordered(picture: Image, border: Border, seed: int, offset_mm: tuple[float, float], angle_rad: float) -> Image:
    height, width = picture.shape[:2]
    left, top, right, bottom = border.widths_mm
    inner = Rect(left, top, CARD.w - left - right, CARD.h - top - bottom)
    ground = textured(width, height, (border.color, mix(border.color, (128, 128, 128), 0.3)), border.texture, seed + 1)
    if border.keyline is not None:
        line = np.empty_like(picture)
        line[:] = np.round(border.keyline)
        shown, corner_mm = inner.inset(border.keyline_mm), max(border.corner_mm - border.keyline_mm, 0.0)
        weight = coverage(shown, corner_mm, (height, width), offset_mm=offset_mm, angle_rad=angle_rad)
        picture = np.asarray(cv2.blendLinear(picture, line, weight, np.float32(1) - weight), dtype=np.uint8)
    weight = coverage(inner, border.corner_mm, (height, width), offset_mm=offset_mm, angle_rad=angle_rad)
    return np.asarray(cv2.blendLinear(picture, ground, weight, np.float32(1) - weight), dtype=np.uint8)
