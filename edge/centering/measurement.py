"""Centering of one card in one image: outline, border, 24 places, registration, figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from edge.centering.edges.aspect import aspect_doubts
from edge.centering.edges.border import check_border
from edge.centering.edges.outline import CutOutline
from edge.centering.edges.print_edge import BorderSide
from edge.centering.edges.tracing import follow_card
from edge.centering.figures.figures import figures_from_places, registered_figures, widened
from edge.centering.figures.grading import GradingTables, shipped_tables
from edge.centering.figures.layout import layout_notes, unshifted
from edge.centering.figures.places import outer_std_mm, read_places
from edge.centering.optics.lens import Lens, LensModel, lens_from_sides
from edge.centering.optics.plane import CardPlane, card_plane
from edge.centering.registration.registration import Registered, register, shown_back, straightened
from edge.centering.result import Centering, Disagreement, Face
from edge.errors import MeasurementError
from edge.geometry import (
    CARD_HEIGHT_MM,
    CARD_WIDTH_MM,
    Image,
    Quad,
    Side,
    card_quad,
    quad_area,
)
from edge.imaging.print_reference import PrintReference

Measure = Callable[[Image, Quad, PrintReference | None], Centering]
"""Measures a card's centering in an image; the quad starts at the card's own top-left; the reference is its own."""

# chosen: below it a border of 3 mm has fewer than 15 pixels.
MIN_PX_PER_MM = 5.0
# chosen: how far off the width-to-height ratio of a rough outline may be: its corners are right to about 2 mm.
ROUGH_ASPECT_TOLERANCE = 0.06
# chosen: two answers further apart than this exclude each other; what the rejected one adds to the uncertainty, as a
# share of their difference.
MAX_DISAGREEMENT_STDS = 3.0
CONTRADICTION_SHARE = 0.25
# geometry: of two answers of which neither is better, the middle is half of their difference from each.
UNDECIDED_SHARE = 0.5
BORDERLESS_ORIGINAL = (
    "the card's reference picture has no clear printed border: the borders are those of the edges seen, and how the "
    "print lies on the card follows from the picture"
)
NO_REFERENCE = (
    "there is no reference picture of this card: it was not identified, or the card database was built without them"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Setup:
    """What is the same for every card.

    Attributes:
        face: which tolerances apply.
        tables: grading tables; None for the shipped ones.
        backs: reference pictures of backs; a card that shows one is refused unless its back was asked for, which is
            then registered to it.
        lens: of a calibrated camera; None takes the distortion from each card.
    """

    face: Face = "front"
    tables: GradingTables | None = None
    backs: tuple[PrintReference, ...] = ()
    lens: LensModel | None = None


def measure(image: Image, quad: Quad, reference: PrintReference | None = None, setup: Setup | None = None) -> Centering:
    """Measure the centering of one card.

    Args:
        image: uint8 [H, W, 3] BGR, at full resolution.
        quad: card quad in image pixels, right to about 2 mm; it may be a sleeve's. With a reference it starts at the
            card's own top-left.
        reference: of the identified card, to which the print is registered.
        setup: what is the same for every card.

    Returns:
        The measurement, or the reason why there is none.

    Raises:
        DatabaseError: when a reference picture is damaged.
    """
    chosen = setup or Setup()
    try:
        return _measured(image, quad, reference, chosen)
    except MeasurementError as error:
        return Centering(figures=None, reason=str(error), face=chosen.face)


def _measured(image: Image, rough: Quad, reference: PrintReference | None, setup: Setup) -> Centering:
    scale = _checked_scale(image, rough)
    height, width = image.shape[:2]
    doubts = aspect_doubts(rough, width, height, ROUGH_ASPECT_TOLERANCE)
    if doubts is not None:
        raise MeasurementError(doubts)
    followed = follow_card(image, rough, scale)
    sides = followed.sides
    lens = _lens(image, sides) if setup.lens is None else setup.lens
    notes = _notes(lens, followed.outline)
    bare = Centering(figures=None, quad=followed.quad, px_per_mm=scale, face=setup.face, notes=notes)
    plane = card_plane(sides, lens)
    if followed.doubts is not None:
        return replace(bare, reason=followed.doubts)
    if setup.backs and (reference is None or setup.face == "front"):
        shown = shown_back(straightened(image, plane, scale), setup.backs)
        if shown is not None and setup.face == "front":
            return replace(bare, reason="this is the back of a card, not its front")
        if shown is not None:
            back, upside_down = shown
            return _measured(image, np.roll(rough, 2, axis=0) if upside_down else rough, back, setup)
    stds = {side: outer_std_mm(found) for side, found in sides.items()}
    registered, why_not = _registered(image, plane, stds, scale, reference)
    if registered is None:
        return _with_figures(replace(bare, registration_reason=why_not), (sides, plane, stds), None, setup)
    if registered.outline_doubts is not None:
        return replace(bare, reason=registered.outline_doubts)
    notes = (*bare.notes, *_misfit_notes(registered.misfit_mm))
    found = replace(bare, registration=registered.registration, notes=notes)
    return _with_figures(found, (sides, plane, registered.outer_stds_mm), registered, setup)


def _registered(
    image: Image, plane: CardPlane, stds_mm: Mapping[Side, float], scale: float, reference: PrintReference | None
) -> tuple[Registered | None, str | None]:
    """The registration to the reference, or why there is none."""
    if reference is None:
        return None, NO_REFERENCE
    try:
        return register(straightened(image, plane, scale), plane, stds_mm, reference), None
    except MeasurementError as error:
        return None, str(error)


def _with_figures(
    found: Centering,
    read: tuple[Mapping[Side, BorderSide], CardPlane, Mapping[Side, float]],
    registered: Registered | None,
    setup: Setup,
) -> Centering:
    """Figures from the print's edges; where those are not clear, from the places that the registration gives.

    Args:
        found: what is known so far.
        read: both edges of each side's border, the card's plane, and the uncertainties of the card's edges.
        registered: what the reference tells; None without one.
        setup: what is the same for every card.
    """
    sides, plane, stds_mm = read
    designed_mm = None if registered is None else registered.designed_mm
    try:
        check_border(sides)
        places = read_places(sides, plane, stds_mm)
        if registered is not None:
            places = registered.corrected(places)
        figures = figures_from_places(places, setup.face, setup.tables or shipped_tables(), designed_mm)
    except MeasurementError as error:
        if registered is None or not registered.places:
            return replace(found, reason=str(error))
        note = f"the border was not read from its edges ({error}) but from the registered reference"
        return _by_registration(found, registered, setup, note)
    widths_mm = {side: each.value for side, each in figures.borders_mm.items()}
    notes = found.notes
    if registered is not None and designed_mm is None:
        designed_mm = unshifted(widths_mm, registered.registration)
        figures = figures_from_places(places, setup.face, setup.tables or shipped_tables(), designed_mm)
        notes = (*notes, BORDERLESS_ORIGINAL)
    notes = (*notes, *layout_notes(widths_mm, designed_mm))
    edges = replace(found, figures=figures, places=places, designed_mm=designed_mm, notes=notes)
    disagreement = edges.disagreement
    if registered is None or disagreement is None or disagreement.stds <= MAX_DISAGREEMENT_STDS:
        return edges
    return _contradicted(edges, disagreement, registered, setup)


def _by_registration(found: Centering, registered: Registered, setup: Setup, note: str) -> Centering:
    """Figures by the reference picture alone."""
    tables = setup.tables or shipped_tables()
    figures = registered_figures(registered.places, registered.registration, setup.face, tables)
    widths_mm = {side: each.value for side, each in figures.borders_mm.items()}
    notes = (*found.notes, *layout_notes(widths_mm, registered.designed_mm), note)
    return replace(found, figures=figures, method="registration", places=registered.places, notes=notes)


def _contradicted(edges: Centering, disagreement: Disagreement, registered: Registered, setup: Setup) -> Centering:
    """One of two answers that exclude each other, with an uncertainty that allows for the other.

    A print whose size fits the card is found as a whole; its edges may be taken for other lines. Where its size does
    not fit, neither answer is better.
    """
    gap = (
        f"left/right {-disagreement.left_right:+.1f}, top/bottom {-disagreement.top_bottom:+.1f} points, "
        f"{disagreement.stds:.1f} times the uncertainty"
    )
    if any(registered.misfit_mm):
        note = f"the registration gives another answer ({gap}); look at the picture"
        figures = edges.figures and widened(edges.figures, disagreement, UNDECIDED_SHARE, setup.face, setup.tables)
        return replace(edges, figures=figures, notes=(*edges.notes, note))
    note = f"the print's edges give another answer than the registration, which is given ({gap}); look at the picture"
    found = _by_registration(edges, registered, setup, note)
    figures = found.figures and widened(found.figures, disagreement, CONTRADICTION_SHARE, setup.face, setup.tables)
    return replace(found, figures=figures)


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


def _lens(image: Image, sides: Mapping[Side, BorderSide]) -> Lens:
    points = [
        found.strip.image_points(found.outer.across_mm[found.outer.used], found.strip.along_mm[found.outer.used])
        for found in sides.values()
    ]
    return lens_from_sides(points, image.shape[1], image.shape[0])


def _misfit_notes(misfit_mm: tuple[float, float]) -> list[str]:
    return [
        f"the card is {abs(misfit):.2f} mm {'smaller' if misfit > 0 else 'larger'} {way} than it should be for its "
        "print: it was cut so, or one of the two edges was misread; the uncertainties allow for both"
        for way, misfit in zip(("across", "along"), misfit_mm, strict=True)
        if misfit
    ]


def _notes(lens: LensModel, outline: CutOutline) -> tuple[str, ...]:
    notes = []
    if outline.edges_around:
        notes.append(
            "other straight edges run around the outline measured (a sleeve's, or those of things beside it); "
            f"{outline.rounded_corners} of its 4 corners look rounded as a card's are"
        )
    if isinstance(lens, Lens) and lens.k1 != 0.0:
        notes.append(f"lens distortion removed, from the bow of the card's own edges: k1 = {lens.k1:+.4f}")
    return tuple(notes)
