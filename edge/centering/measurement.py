"""Centering of one card in one image: outline, border, 24 places, figures."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from edge.centering.aspect import aspect_doubts
from edge.centering.figures import figures_from_places
from edge.centering.grading import GradingTables, shipped_tables
from edge.centering.lens import Lens, lens_from_sides
from edge.centering.lines import Trace
from edge.centering.outline import Outline, corner_points, find_outline
from edge.centering.print_edge import MAX_BORDER_MM, OUTSIDE_MM, BorderSide, border_doubts, trace_side
from edge.centering.result import Centering, Face, Place
from edge.centering.strips import LENGTH_MM, SIDES, Floats, Side, Strip, card_to_image, sample_strip, side_to_card
from edge.errors import MeasurementError
from edge.geometry import (
    CARD_HEIGHT_MM,
    CARD_WIDTH_MM,
    Image,
    Quad,
    card_quad,
    quad_area,
    side_lengths,
    transform_points,
)

MIN_PX_PER_MM = 5.0
PROFILE_SPACING_MM = 0.75
PLACES_PER_SIDE: Mapping[Side, int] = {"left": 7, "right": 7, "top": 5, "bottom": 5}
PLACE_REACH_MM = 2.3
# What is wrong with a whole side at once (variance components of the error of 430 borders of simulated cards, rounded
# up): sampling, in samples; whatever roughens or blurs the card's edge, as a share of its scatter and its blur; and
# what lies beside a faint edge, in samples times grey levels.
SAMPLING_BIAS_PX = 0.05
SCATTER_BIAS = 1.3
BLUR_BIAS = 0.04
FAINT_BIAS_PX = 6.5
# A card's four edges are cut and seen alike; one that scatters far more than the others is not followed rightly.
MAX_UNEVENNESS = 4.0
MIN_UNEVEN_SCATTER_MM = 0.012
# How far off the width-to-height ratio of a rough outline may be: its corners are right to about 2 mm.
ROUGH_ASPECT_TOLERANCE = 0.06
ASPECT_TOLERANCE = 0.025


def measure(image: Image, quad: Quad, face: Face = "front", tables: GradingTables | None = None) -> Centering:
    """Measure the centering of one card.

    Args:
        image: uint8 [H, W, 3] BGR, at full resolution.
        quad: card quad in image pixels, right to about 2 mm; it may be a sleeve's.
        face: which tolerances apply.
        tables: grading tables; the shipped ones by default.

    Returns:
        The measurement, or the reason why there is none.
    """
    try:
        return _measured(image, quad, face, tables or shipped_tables())
    except MeasurementError as error:
        return Centering(figures=None, reason=str(error), face=face)


def place_positions_mm(side: Side) -> Floats:
    """Where along a side the border is measured: evenly spaced, the middle among them, clear of the corners."""
    count = PLACES_PER_SIDE[side]
    return LENGTH_MM[side] * np.arange(1, count + 1) / (count + 1)


def _measured(image: Image, rough: Quad, face: Face, tables: GradingTables) -> Centering:
    scale = _checked_scale(image, rough)
    doubts = aspect_doubts(rough, image.shape[1], image.shape[0], ROUGH_ASPECT_TOLERANCE)
    if doubts is not None:
        raise MeasurementError(doubts)
    outline = find_outline(image, rough, scale)
    card, resolution = card_to_image(outline.quad), _finest_scale(outline.quad)
    sides: dict[Side, BorderSide] = {}
    for side in SIDES:
        strip = sample_strip(image, card, side, (-OUTSIDE_MM, MAX_BORDER_MM + 0.3), resolution, PROFILE_SPACING_MM)
        sides[side] = trace_side(strip)
    _check_evenness(sides)
    lens = _lens(image, sides)
    quad = transform_points(card, corner_points({s: (f.outer.curve[0], f.outer.curve[1]) for s, f in sides.items()}))
    doubts = aspect_doubts(quad, image.shape[1], image.shape[0], ASPECT_TOLERANCE) or border_doubts(sides)
    if doubts is not None:
        return Centering(figures=None, reason=doubts, quad=quad, px_per_mm=scale, face=face)
    places = _places(sides, lens)
    return Centering(
        figures=figures_from_places(places, face, tables),
        places=places,
        quad=quad,
        px_per_mm=scale,
        face=face,
        notes=_notes(lens, outline),
    )


def _checked_scale(image: Image, quad: Quad) -> float:
    """Pixels per millimetre, by the card's area."""
    card_quad(quad)
    height, width = image.shape[:2]
    if np.any(quad < -1) or np.any(quad > (width, height)):
        raise MeasurementError("part of the card is outside the picture")
    scale = float(np.sqrt(abs(quad_area(quad)) / (CARD_WIDTH_MM * CARD_HEIGHT_MM)))
    if scale < MIN_PX_PER_MM:
        raise MeasurementError(
            f"too few pixels: the card has {scale:.1f} px/mm, at least {MIN_PX_PER_MM:.0f} are needed; "
            f"come {MIN_PX_PER_MM / scale:.1f} times closer or use a higher resolution"
        )
    return scale


def _check_evenness(sides: Mapping[Side, BorderSide]) -> None:
    scatters = {side: found.outer.scatter_mm for side, found in sides.items()}
    limit_mm = max(MIN_UNEVEN_SCATTER_MM, MAX_UNEVENNESS * float(np.median(list(scatters.values()))))
    worst = max(SIDES, key=lambda side: scatters[side])
    if scatters[worst] > limit_mm:
        raise MeasurementError(f"the card's {worst} edge is not clear: it is far less straight than the others")


def _finest_scale(quad: Quad) -> float:
    return float((side_lengths(quad) / (CARD_WIDTH_MM, CARD_HEIGHT_MM, CARD_WIDTH_MM, CARD_HEIGHT_MM)).max())


def _lens(image: Image, sides: Mapping[Side, BorderSide]) -> Lens:
    points = [
        found.strip.image_points(found.outer.across_mm[found.outer.used], found.strip.along_mm[found.outer.used])
        for found in sides.values()
    ]
    return lens_from_sides(points, image.shape[1], image.shape[0])


def _places(sides: Mapping[Side, BorderSide], lens: Lens) -> tuple[Place, ...]:
    to_card = _image_to_card(sides, lens)
    return tuple(place for side in SIDES for place in _side_places(sides[side], lens, to_card))


def _image_to_card(sides: Mapping[Side, BorderSide], lens: Lens) -> Floats:
    """Homography [3, 3] from undistorted pixels to card millimetres, through the four straightened outer edges."""
    straight = {side: _straight_line(found, lens) for side, found in sides.items()}
    pairs: tuple[tuple[Side, Side], ...] = (("left", "top"), ("right", "top"), ("right", "bottom"), ("left", "bottom"))
    corners = np.array([np.cross(straight[a], straight[b]) for a, b in pairs])
    return np.asarray(np.linalg.inv(card_to_image(corners[:, :2] / corners[:, 2:])), dtype=np.float64)


def _straight_line(found: BorderSide, lens: Lens) -> Floats:
    """The outer edge in undistorted pixels as a x + b y + c = 0, by total least squares."""
    used = found.outer.used
    points = lens.undistorted(found.strip.image_points(found.outer.across_mm[used], found.strip.along_mm[used]))
    centre = points.mean(axis=0)
    normal = np.linalg.svd(points - centre, full_matrices=False)[2][1]
    return np.array([normal[0], normal[1], -float(normal @ centre)])


def _side_places(found: BorderSide, lens: Lens, to_card: Floats) -> list[Place]:
    """Read the border at all places of one side."""
    strip, outer, inner = found.strip, found.outer, found.inner
    if inner is None:
        raise MeasurementError(f"no printed border on the {strip.side} side")
    positions = place_positions_mm(strip.side)
    offsets, counts, outliers = _local_offsets(strip, inner, positions)
    u = positions - strip.middle_mm
    outer_px = strip.image_points(outer.at(u), positions)
    inner_px = strip.image_points(inner.at(u) + np.nan_to_num(offsets), positions)
    inward = np.linalg.inv(side_to_card(strip.side)) @ to_card
    edges = [transform_points(inward, lens.undistorted(points))[:, 0] for points in (outer_px, inner_px)]
    shared = _shared_std_mm(strip.step_mm, outer, inner)
    stds = np.sqrt(shared**2 + inner.scatter_mm**2 / np.maximum(counts, 1))
    return [
        Place(
            side=strip.side,
            position_mm=float(positions[k]),
            outer_px=(float(outer_px[k, 0]), float(outer_px[k, 1])),
            inner_px=(float(inner_px[k, 0]), float(inner_px[k, 1])) if readable else None,
            width_mm=float(edges[1][k] - edges[0][k]) if readable else None,
            std_mm=float(stds[k]) if readable else None,
            shared_std_mm=shared,
            outlier=bool(outliers[k]),
        )
        for k, readable in enumerate(np.isfinite(offsets))
    ]


def _shared_std_mm(step_mm: float, outer: Trace, inner: Trace) -> float:
    """The part of the uncertainty that all places of a side share."""
    parts = (
        SAMPLING_BIAS_PX * step_mm,
        SCATTER_BIAS * outer.scatter_mm,
        BLUR_BIAS * outer.width_mm,
        FAINT_BIAS_PX * step_mm / max(outer.contrast, 1.0),
        FAINT_BIAS_PX * step_mm / max(inner.contrast, 1.0),
    )
    return float(np.linalg.norm(parts))


def _local_offsets(strip: Strip, inner: Trace, positions_mm: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """What is read around each place, against the print edge's curve.

    Returns:
        Offsets [K] in mm (NaN where there is no edge), profiles behind each [K], and which are outliers [K]: places
        where most profiles do not agree with the straight edge.
    """
    residuals = inner.across_mm - inner.at(strip.along_mm - strip.middle_mm)
    offsets, counts, outliers = np.full(len(positions_mm), np.nan), np.zeros(len(positions_mm)), []
    for k, position in enumerate(positions_mm):
        near = np.abs(strip.along_mm - position) <= PLACE_REACH_MM
        good = residuals[near & inner.used]
        outliers.append(len(good) < max(2, np.count_nonzero(near) / 2))
        read = residuals[near & np.isfinite(residuals)] if outliers[-1] else good
        counts[k] = len(good)
        if len(read):
            offsets[k] = np.median(read) if outliers[-1] else read.mean()
    return offsets, counts, np.array(outliers)


def _notes(lens: Lens, outline: Outline) -> tuple[str, ...]:
    notes = []
    if outline.edges_around:
        notes.append(
            "other straight edges run around the outline measured (a sleeve's, or those of things beside it); "
            f"{outline.rounded_corners} of its 4 corners look rounded as a card's are"
        )
    if lens.k1 != 0.0:
        notes.append(f"lens distortion removed, from the bow of the card's own edges: k1 = {lens.k1:+.4f}")
    return tuple(notes)
