"""The figures of a card whose edges and print edges a person has placed on a picture."""

import numpy as np

from edge.centering.edges.strips import Floats, card_to_image
from edge.centering.figures.figures import figures_from_places
from edge.centering.figures.grading import GradingTables, shipped_tables
from edge.centering.figures.places import place_positions_mm
from edge.centering.result import Centering, Face, Place
from edge.errors import MeasurementError
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, SIDES, Quad, Side, is_convex, quad_area, transform_points

# geometry: the standard deviation of what is evenly spread from -1 to 1 pixel: under the lens a line is placed to the
# pixel, and is off by the same along its whole length.
PLACED_STD_PX = 0.58
NOTE = "measured by hand: a person placed the card's edges and the print's"
# geometry: which corners of a quad, counted clockwise from the top-left, each side's line runs through.
_ENDS: dict[Side, tuple[int, int]] = {"left": (0, 3), "right": (1, 2), "top": (0, 1), "bottom": (3, 2)}


def measured_by_hand(outer: Quad, inner: Quad, face: Face, tables: GradingTables | None = None) -> Centering:
    """Measure a card by eight lines.

    Args:
        outer: the card's sharp corners [4, 2] in pixels of the picture, clockwise from its own top-left.
        inner: the print's corners, likewise.
        face: which tolerances apply.
        tables: grading tables; the shipped ones by default.

    Raises:
        MeasurementError: if the lines are those of no card.
    """
    if not (is_convex(outer) and is_convex(inner)):
        raise MeasurementError("the lines cross; each side's line has to stay on its own side")
    scale = float(np.sqrt(abs(quad_area(outer)) / (CARD_WIDTH_MM * CARD_HEIGHT_MM)))
    to_image = card_to_image(outer)
    print_mm = transform_points(np.asarray(np.linalg.inv(to_image), dtype=np.float64), inner)
    std_mm = float(np.sqrt(2)) * PLACED_STD_PX / scale
    places = tuple(place for side in SIDES for place in _places(side, print_mm, to_image, std_mm))
    figures = figures_from_places(places, face, tables or shipped_tables())
    return Centering(figures=figures, places=places, quad=outer, px_per_mm=scale, face=face, notes=(NOTE,))


def _places(side: Side, print_mm: Floats, to_image: Floats, std_mm: float) -> list[Place]:
    """Where the print's line lies along one side, by straight interpolation between its ends."""
    first, last = (print_mm[corner] for corner in _ENDS[side])
    along, across = (1, 0) if side in ("left", "right") else (0, 1)
    if last[along] - first[along] < 1:
        raise MeasurementError(f"the print's {side} line is too short to be one")
    found = []
    for position in place_positions_mm(side):
        share = (position - first[along]) / (last[along] - first[along])
        inward = float(first[across] + share * (last[across] - first[across]))
        far = {"right": CARD_WIDTH_MM, "bottom": CARD_HEIGHT_MM}.get(side)
        width = inward if far is None else far - inward
        if width <= 0:
            raise MeasurementError(f"the print's {side} line lies outside the card")
        edge = 0.0 if far is None else far
        ends = np.array([[edge, position], [inward, position]])
        outer_px, inner_px = transform_points(to_image, ends if across == 0 else ends[:, ::-1])
        found.append(
            Place(
                side=side,
                position_mm=float(position),
                outer_px=(float(outer_px[0]), float(outer_px[1])),
                inner_px=(float(inner_px[0]), float(inner_px[1])),
                width_mm=width,
                std_mm=std_mm,
                shared_std_mm=std_mm,
                outlier=False,
            )
        )
    return found
