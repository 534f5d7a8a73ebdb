"""The print's place on the card, by the reference picture of the identified card.

Reference pictures are digital originals, whose print is centred as it was designed. Where the reference's print lies on
the photographed card is the centering: without a printed border the shift is the answer, with one the border's widths
follow from those of the reference. Both this and the print's edges rest on the same outer edges of the card.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from edge.centering.edges.strips import LENGTH_MM, Floats
from edge.centering.figures.figures import CARD_SIZE_SHARE, CARD_SIZE_STD_MM
from edge.centering.figures.layout import by_layout
from edge.centering.figures.places import place_positions_mm
from edge.centering.optics.plane import CardPlane
from edge.centering.registration.alignment import Alignment, align, correlation
from edge.centering.result import Balance, Estimate, Place, Registration
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, SIDES, Image, Side
from edge.imaging.print_reference import REFERENCE_SIZE, PrintReference

# chosen: what the reference pictures' size and compression, and the widths of their own borders, may be off by: more
# than simulated ones are, as those of a gallery are scans.
REFERENCE_STD_MM, REFERENCE_BORDER_STD_MM = 0.012, 0.02
# chosen: what is left of the lens's distortion, and the reference's own, turn the print by so much.
REFERENCE_STD_DEG = 0.012
# chosen: two standard deviations, which one card in twenty exceeds.
MAX_MISFIT_MM = 2 * CARD_SIZE_STD_MM
# chosen: no card is cut so wrongly, and no lit cut edge so broad: an edge was misread.
MAX_BELIEVED_MISFIT_MM = 0.6
# chosen: forty simulated fronts stayed below 0.12, backs in every condition above 0.9.
MIN_BACK_CORRELATION = 0.45

# geometry: the middle of a card.
_MIDDLE_MM = np.array([[CARD_WIDTH_MM, CARD_HEIGHT_MM]]) / 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Registered:
    """What the reference tells.

    Attributes:
        registration: where the print lies.
        places: the 24 places where the reference's border lies; none without a printed border.
        outer_stds_mm: standard uncertainties of the card's edges, larger where the print's size makes them doubtful.
        misfit_mm: how much too large the print is for the card, across and along it, where that is doubtful, else 0.
        designed_mm: widths of the reference's border; None without one.
    """

    registration: Registration
    places: tuple[Place, ...]
    outer_stds_mm: Mapping[Side, float]
    misfit_mm: tuple[float, float]
    designed_mm: Mapping[Side, float] | None

    @property
    def outline_doubts(self) -> str | None:
        """In words, where the print is of so wrong a size for the card that one of its edges was misread."""
        for misfit, way, edges in zip(
            self.misfit_mm, ("across", "along"), ("left or right", "top or bottom"), strict=True
        ):
            if abs(misfit) > MAX_BELIEVED_MISFIT_MM:
                return (
                    f"the card's {edges} edge is not clear: the card is {abs(misfit):.1f} mm "
                    f"{'smaller' if misfit > 0 else 'larger'} {way} than it should be for its print"
                )
        return None

    def corrected(self, places: tuple[Place, ...]) -> tuple[Place, ...]:
        """Places read from the print's edges, with half of the misfit given to the border on either side."""
        return tuple(
            p if p.width_mm is None else replace(p, width_mm=p.width_mm + _half(self.misfit_mm, p.side)) for p in places
        )


def register(
    card: Image, plane: CardPlane, outer_stds_mm: Mapping[Side, float], reference: PrintReference
) -> Registered:
    """Read where the print lies.

    Args:
        card: the straightened card, uint8 grey of `REFERENCE_SIZE`.
        plane: through which it was straightened.
        outer_stds_mm: standard uncertainties of the card's edges.
        reference: of the identified card.

    Raises:
        MeasurementError: when the card does not show the reference's print.
        DatabaseError: when the reference picture is damaged.
    """
    alignment = align(card, reference.picture())
    misfit = _misfit_mm(alignment)
    doubted: dict[Side, float] = {
        side: float(np.hypot(outer_stds_mm[side], np.sqrt(2) * _half(_doubtful_mm(alignment), side))) for side in SIDES
    }
    registration = _registration(alignment, doubted)
    places: tuple[Place, ...] = ()
    if reference.borders_mm is not None:
        fitted = _fitted(alignment, misfit)
        registration = _bordered(registration, fitted, doubted, reference.borders_mm)
        places = tuple(p for s in SIDES for p in _places(s, fitted, plane, doubted[s], reference.borders_mm))
    return Registered(
        registration=registration,
        places=places,
        outer_stds_mm=doubted,
        misfit_mm=misfit,
        designed_mm=reference.borders_mm,
    )


def straightened(image: Image, plane: CardPlane, px_per_mm: float) -> Image:
    """The card as `register` wants it."""
    return plane.straightened(image, *REFERENCE_SIZE, px_per_mm)


def shown_back(card: Image, backs: tuple[PrintReference, ...]) -> tuple[PrintReference, bool] | None:
    """Which of these backs a straightened card shows, and whether upside down; None for none."""
    turned = np.ascontiguousarray(card[::-1, ::-1])
    views = ((view, upside_down) for view, upside_down in ((card, False), (turned, True)))
    alike = [(correlation(view, back.picture()), back, down) for view, down in views for back in backs]
    best, back, upside_down = max(alike, key=lambda each: each[0], default=(-1.0, None, False))
    return None if back is None or best <= MIN_BACK_CORRELATION else (back, upside_down)


def _misfit_mm(alignment: Alignment) -> tuple[float, float]:
    """How much too large the print is for the card, across and along it; 0 where cards differ as much.

    What a card is too small by may be missing on one of two edges, as when a bright cut edge is taken for the ground.
    """
    across, along = (each if abs(each) > MAX_MISFIT_MM else 0.0 for each in _excess_mm(alignment))
    return across, along


def _doubtful_mm(alignment: Alignment) -> tuple[float, float]:
    """How much of the print's excess may be an edge misread: nothing within a standard deviation of cards' sizes."""
    across, along = (each * float(np.clip(abs(each) / CARD_SIZE_STD_MM - 1, 0, 1)) for each in _excess_mm(alignment))
    return across, along


def _excess_mm(alignment: Alignment) -> tuple[float, float]:
    """How much larger than the card's own the print is, across and along it."""
    return float(alignment.map[1]) * CARD_WIDTH_MM, float(alignment.map[5]) * CARD_HEIGHT_MM


def _half(misfit_mm: tuple[float, float], side: Side) -> float:
    """What half of the misfit adds to the border of a side."""
    return misfit_mm[0 if side in ("left", "right") else 1] / 2


def _fitted(alignment: Alignment, misfit_mm: tuple[float, float]) -> Alignment:
    """The alignment with a print of the card's size where its own is doubtful: half of what is missing on each side."""
    across, along = misfit_mm
    parameters = alignment.map - np.array([0, across / CARD_WIDTH_MM, 0, 0, 0, along / CARD_HEIGHT_MM])
    return replace(alignment, map=parameters)


def _registration(alignment: Alignment, outer_mm: Mapping[Side, float]) -> Registration:
    shift, own = (values[0] for values in alignment.displacement(_MIDDLE_MM))
    shared = [
        float(np.hypot(REFERENCE_STD_MM, np.hypot(first, second) / 2))
        for first, second in ((outer_mm["left"], outer_mm["right"]), (outer_mm["top"], outer_mm["bottom"]))
    ]
    stds = np.hypot(own, shared)
    _, across, shear_x, _, shear_y, along = alignment.map
    variance = np.diag(alignment.covariance)
    tilt = np.sqrt(sum((outer_mm[side] / LENGTH_MM[side]) ** 2 for side in SIDES)) / 4
    return Registration(
        shift_mm=(
            Estimate(value=float(shift[0]), std=float(stds[0])),
            Estimate(value=float(shift[1]), std=float(stds[1])),
        ),
        shared_std_mm=(shared[0], shared[1]),
        rotation_deg=Estimate(
            value=float(np.degrees((shear_y - shear_x) / 2)),
            std=float(np.hypot(REFERENCE_STD_DEG, np.degrees(np.hypot(np.sqrt(variance[2] + variance[4]) / 2, tilt)))),
        ),
        scale=(
            Estimate(value=1 + float(across), std=float(np.hypot(np.sqrt(variance[1]), 2 * shared[0] / CARD_WIDTH_MM))),
            Estimate(value=1 + float(along), std=float(np.hypot(np.sqrt(variance[5]), 2 * shared[1] / CARD_HEIGHT_MM))),
        ),
        correlation=alignment.correlation,
        agreeing=alignment.agreeing,
    )


def _bordered(
    found: Registration, alignment: Alignment, outer_mm: Mapping[Side, float], borders_mm: Mapping[Side, float]
) -> Registration:
    """A registration with the borders that follow from the reference's."""
    borders: dict[Side, Estimate] = {}
    for side in SIDES:
        (width,), (own,) = _widths(side, np.array([LENGTH_MM[side] / 2]), alignment, borders_mm[side])
        parts = (own, outer_mm[side], REFERENCE_STD_MM, REFERENCE_BORDER_STD_MM, CARD_SIZE_SHARE * width)
        borders[side] = Estimate(value=float(width), std=float(np.linalg.norm(parts)))
    return replace(
        found,
        borders_mm=borders,
        left_right=_balance(borders, ("left", "right"), borders_mm, found.shift_mm[0].std),
        top_bottom=_balance(borders, ("top", "bottom"), borders_mm, found.shift_mm[1].std),
    )


def _balance(
    found: Mapping[Side, Estimate], sides: tuple[Side, Side], designed_mm: Mapping[Side, float], shift_std_mm: float
) -> Balance:
    """One shift moves both borders: what one gains, the other loses."""
    first, second = (found[side].value for side in sides)
    total = first + second
    std_mm = float(np.hypot(shift_std_mm, REFERENCE_BORDER_STD_MM / np.sqrt(2)))
    shared = Balance(first=100 * first / total, std=100 * std_mm / total)
    return by_layout(shared, (first, second), (designed_mm[sides[0]], designed_mm[sides[1]]))


def _widths(side: Side, along_mm: Floats, alignment: Alignment, border_mm: float) -> tuple[Floats, Floats]:
    """Widths of the border [K] at places along a side, and the alignment's own standard uncertainties of them."""
    points, axis = _border_points(side, along_mm, border_mm)
    moved, stds = alignment.displacement(points)
    inward = 1.0 if side in ("left", "top") else -1.0
    return border_mm + inward * moved[:, axis], stds[:, axis]


def _border_points(side: Side, along_mm: Floats, border_mm: float) -> tuple[Floats, int]:
    """The print's edge on the reference in card millimetres [K, 2], and the axis across it."""
    axis = 0 if side in ("left", "right") else 1
    size = CARD_WIDTH_MM if axis == 0 else CARD_HEIGHT_MM
    across = np.full(len(along_mm), border_mm if side in ("left", "top") else size - border_mm)
    return np.column_stack([across, along_mm] if axis == 0 else [along_mm, across]), axis


def _places(
    side: Side, alignment: Alignment, plane: CardPlane, outer_std_mm: float, borders_mm: Mapping[Side, float]
) -> list[Place]:
    """The reference's border at all places of one side; all its uncertainty is shared along the side."""
    positions = place_positions_mm(side)
    widths, own = _widths(side, positions, alignment, borders_mm[side])
    stds = np.sqrt(own**2 + outer_std_mm**2 + REFERENCE_STD_MM**2 + REFERENCE_BORDER_STD_MM**2)
    cut, _ = _border_points(side, positions, 0.0)
    inner = np.array([_border_points(side, positions[k : k + 1], width)[0][0] for k, width in enumerate(widths)])
    outer_px, inner_px = plane.image_points(cut), plane.image_points(inner)
    return [
        Place(
            side=side,
            position_mm=float(positions[k]),
            outer_px=(float(outer_px[k, 0]), float(outer_px[k, 1])),
            inner_px=(float(inner_px[k, 0]), float(inner_px[k, 1])),
            width_mm=float(widths[k]),
            std_mm=float(stds[k]),
            shared_std_mm=float(stds[k]),
            outlier=False,
        )
        for k in range(len(positions))
    ]
