"""A card's four sides in one image, followed from a rough outline."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edge.centering.edges.aspect import aspect_doubts
from edge.centering.edges.border import trace_sides
from edge.centering.edges.outline import CutOutline, corner_points, find_outline, rounded_corners
from edge.centering.edges.print_edge import SHARP_SCATTER_MM, STRIP_MM, BorderSide
from edge.centering.edges.strips import PROFILE_SPACING_MM, card_to_image, sample_strip
from edge.errors import MeasurementError
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, SIDES, Image, Quad, Side, side_lengths, transform_points

# chosen: how much wider to high a card may seem than it is: two and a half times the 1 % that cards, the straightening
# and an unknown principal point come to.
ASPECT_TOLERANCE = 0.025
# chosen: of four corners.
MIN_ROUNDED_CORNERS = 2
# chosen: the same where other edges run around an outline: one corner may be hidden.
MIN_CORNERS_WITHIN = 3
# chosen: a card's four edges are cut and seen alike; one that scatters so many times as much as the others is not
# followed rightly.
MAX_UNEVENNESS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowedCard:
    """The four sides of a card.

    Attributes:
        outline: along which they were looked for.
        sides: with both edges of the border.
        quad: the card's sharp corners [4, 2] in image pixels, to sub-pixels.
        doubts: in words, why this is no card's outline.
    """

    outline: CutOutline
    sides: Mapping[Side, BorderSide]
    quad: Quad
    doubts: str | None


def follow_card(image: Image, rough: Quad, scale: float) -> FollowedCard:
    """Follow a card's sides; where the edges found near the rough outline are no card's, along that outline itself.

    Args:
        image: uint8 [H, W, 3] BGR.
        rough: card quad in image pixels, right to about 2 mm.
        scale: pixels per millimetre.

    Raises:
        MeasurementError: when neither is a card's.
    """
    try:
        found = _followed(image, find_outline(image, rough, scale))
    except MeasurementError:
        again = _followed_closely(image, rough)
        if again is None:
            raise
        return again
    if found.doubts is None:
        return found
    return _followed_closely(image, rough) or found


def _followed_closely(image: Image, rough: Quad) -> FollowedCard | None:
    """What the edges next to a rough outline give, if it has a card's corners and not a sleeve's."""
    corners = rounded_corners(image, rough)
    if corners < MIN_ROUNDED_CORNERS:
        return None
    try:
        found = _followed(image, CutOutline(quad=rough, rounded_corners=corners, edges_around=False))
    except MeasurementError:
        return None
    return found if found.doubts is None else None


def _followed(image: Image, outline: CutOutline) -> FollowedCard:
    height, width = image.shape[:2]
    sides = _traced_sides(image, outline)
    _check_corners(outline)
    corners = corner_points({s: (f.outer.curve[0], f.outer.curve[1]) for s, f in sides.items()})
    quad = transform_points(card_to_image(outline.quad), corners)
    doubts = aspect_doubts(quad, width, height, ASPECT_TOLERANCE)
    return FollowedCard(outline=outline, sides=sides, quad=quad, doubts=doubts)


def _check_corners(outline: CutOutline) -> None:
    """Where other edges run around an outline, rounded corners decide whether it is the card's or a frame's."""
    if outline.edges_around and outline.rounded_corners < MIN_CORNERS_WITHIN:
        raise MeasurementError(
            f"the card's edges are not clear: other straight edges run around those found, of which only "
            f"{outline.rounded_corners} of 4 corners look rounded as a card's are"
        )


def _traced_sides(image: Image, outline: CutOutline) -> dict[Side, BorderSide]:
    card, resolution = card_to_image(outline.quad), _finest_scale(outline.quad)
    strips = [sample_strip(image, card, side, STRIP_MM, resolution, PROFILE_SPACING_MM) for side in SIDES]
    sides = trace_sides(strips)
    _check_evenness(sides)
    return sides


def _check_evenness(sides: Mapping[Side, BorderSide]) -> None:
    scatters = {side: found.outer.scatter_mm for side, found in sides.items()}
    limit_mm = max(SHARP_SCATTER_MM, MAX_UNEVENNESS * float(np.median(list(scatters.values()))))
    worst = max(SIDES, key=lambda side: scatters[side])
    if scatters[worst] > limit_mm:
        raise MeasurementError(f"the card's {worst} edge is not clear: it is far less straight than the others")


def _finest_scale(quad: Quad) -> float:
    return float((side_lengths(quad) / (CARD_WIDTH_MM, CARD_HEIGHT_MM, CARD_WIDTH_MM, CARD_HEIGHT_MM)).max())
