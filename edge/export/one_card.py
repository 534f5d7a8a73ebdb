"""The report on one card: an HTML file that is whole in itself and prints to one page."""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from typing import Literal

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, SIDES, Side
from edge.wire.centering import CenteringReport, GradeReport, MeasuredCentering, PlaceReport, ValueReport

# Two standard uncertainties: 95 % of what may be.
_SIGMAS = 2
_MIME = "image/jpeg"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFace:
    """One side of the card.

    Attributes:
        face: which one.
        picture: JPEG, the upright, flat card to its edges; None where there is none.
        centering: as in the messages; None where it was not measured.
        by_hand: somebody placed the lines.
    """

    face: Literal["front", "back"]
    picture: bytes | None
    centering: CenteringReport | None
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReport:
    """What the report says.

    Attributes:
        name: of the card.
        place: its set and number; empty where they are not known.
        facts: further lines, such as when it was scanned and how sure its name is.
        faces: each measurement; the same side may be there twice, as measured automatically and by hand.
        together: company -> what the centering of front and back allows; empty where one of them has no grade.
    """

    name: str
    place: str
    facts: Sequence[str]
    faces: Sequence[ReportedFace]
    together: Mapping[str, GradeReport] = field(default_factory=dict)


def write_report(report: CardReport) -> str:
    """The whole file."""
    faces = "".join(map(_face, report.faces))
    facts = "".join(f"<li>{escape(fact)}</li>" for fact in report.facts)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(report.name)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style()}</style></head><body><header><h1>{escape(report.name)}</h1>"
        f"<p>{escape(report.place)}</p><ul>{facts}</ul></header>"
        f'<main class="faces-{len(report.faces)}">{faces}</main>{_together(report.together)}'
        "<footer>Ranges are 95 % intervals. Grades are what centering alone allows by each company's tolerances; "
        "corners, edges and surface are not judged.</footer>"
        "</body></html>\n"
    )


def style() -> str:
    """The style sheet."""
    return resources.files(__package__).joinpath("one_card.css").read_text(encoding="utf-8")


def content_policy() -> str:
    """The Content-Security-Policy under which a browser shows the report as it is, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; frame-ancestors 'none'"


def _face(face: ReportedFace) -> str:
    how = "measured by hand" if face.by_hand else "measured automatically"
    centering = face.centering
    heading = f"<h2>{face.face.capitalize()} <small>{how if centering else 'not measured'}</small></h2>"
    picture = _picture(face)
    if not isinstance(centering, MeasuredCentering):
        reason = "no measurement was made" if centering is None or centering.reason is None else centering.reason
        return f"<section>{heading}{picture}<p>No centering: {escape(reason)}.</p></section>"
    notes = "".join(f"<p class=note>{escape(note)}</p>" for note in centering.notes)
    return f"<section>{heading}{picture}{_figures(centering)}{_grades(centering)}{_places(centering)}{notes}</section>"


def _picture(face: ReportedFace) -> str:
    image = "<rect class=none width=63 height=88 rx=2.5></rect>"
    if face.picture is not None:
        data = base64.b64encode(face.picture).decode()
        image = f'<image href="data:{_MIME};base64,{data}" width="63" height="88" preserveAspectRatio="none"></image>'
    drawn = "".join(_overlay(face.centering)) if isinstance(face.centering, MeasuredCentering) else ""
    return f'<svg class=card viewBox="-1 -1 65 90" role="img" aria-label="The card">{image}{drawn}</svg>'


def _overlay(centering: MeasuredCentering) -> Iterator[str]:
    yield f'<rect class=cut width="{CARD_WIDTH_MM:g}" height="{CARD_HEIGHT_MM:g}" rx="2.5"></rect>'
    for side in SIDES:
        border = centering.borders_mm[side]
        near, far = (_inward(side, border.value + sign * _SIGMAS * border.std) for sign in (-1, 1))
        first, size = min(near, far), abs(far - near)
        if side in ("left", "right"):
            yield f'<rect class=band x="{first:.3f}" y="0" width="{size:.3f}" height="{CARD_HEIGHT_MM:g}"></rect>'
        else:
            yield f'<rect class=band x="0" y="{first:.3f}" width="{CARD_WIDTH_MM:g}" height="{size:.3f}"></rect>'
    for place in centering.points:
        if place.width_mm is not None:
            across, along = _inward(place.side, place.width_mm), place.position_mm
            x, y = (across, along) if place.side in ("left", "right") else (along, across)
            kind = "outlier" if place.outlier else "place"
            yield f'<circle class="{kind}" cx="{x:.3f}" cy="{y:.3f}" r=".6"></circle>'


def _inward(side: Side, width_mm: float) -> float:
    """Where a border of that width ends, in mm from the left or upper edge of the card."""
    return {"right": CARD_WIDTH_MM - width_mm, "bottom": CARD_HEIGHT_MM - width_mm}.get(side, width_mm)


def _figures(centering: MeasuredCentering) -> str:
    rows = [
        ("Left / right", _shares(centering.left_right, centering.left_right_std)),
        ("Top / bottom", _shares(centering.top_bottom, centering.top_bottom_std)),
        *((f"{side.capitalize()} border", f"{_value(centering.borders_mm[side])} mm") for side in SIDES),
        ("Print turned", f"{centering.rotation_deg:+.2f} ± {_SIGMAS * centering.rotation_std_deg:.2f}°"),
    ]
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows) + "</dl>"


def _shares(shares: tuple[float, float], std: float) -> str:
    return f"<b>{shares[0]:.1f} / {shares[1]:.1f}</b> ± {_SIGMAS * std:.1f}"


def _value(value: ValueReport) -> str:
    return f"{value.value:.2f} ± {_SIGMAS * value.std:.2f}"


def _together(grades: Mapping[str, GradeReport]) -> str:
    return _table("Front and back together allow at best, and how likely", grades) if grades else ""


def _grades(centering: MeasuredCentering) -> str:
    return _table("Allows at best, and how likely", centering.grades) if centering.grades else ""


def _table(caption: str, grades: Mapping[str, GradeReport]) -> str:
    rows = "".join(
        f"<tr><th>{escape(company)}</th><td><b>{escape(_grade(grade))}</b></td><td>{grade.probability:.0%}</td>"
        f"<td>{'' if grade.verified else 'tolerance not verified'}</td></tr>"
        for company, grade in grades.items()
    )
    return f"<table class=grades><caption>{caption}</caption>{rows}</table>"


def _grade(grade: GradeReport) -> str:
    return grade.best or f"below {grade.below}"


def _places(centering: MeasuredCentering) -> str:
    """The 24 places, a column a side."""
    columns = [[place for place in centering.points if place.side == side] for side in SIDES]
    rows = "".join(
        "<tr>" + "".join(_place(column[k]) if k < len(column) else "<td></td><td></td>" for column in columns) + "</tr>"
        for k in range(max(map(len, columns)))
    )
    heads = "".join(f"<th colspan=2>{side.capitalize()}</th>" for side in SIDES)
    return (
        f"<table class=places><caption>The {len(centering.points)} places: mm along the side, and width of the border"
        f" in mm; struck out: left out</caption><tr>{heads}</tr>{rows}</table>"
    )


def _place(place: PlaceReport) -> str:
    if place.width_mm is None or place.std_mm is None:
        return f"<td>{place.position_mm:.0f}</td><td>–</td>"
    width = f"{place.width_mm:.2f} ± {_SIGMAS * place.std_mm:.2f}"
    return f"<td>{place.position_mm:.0f}</td><td>{f'<s>{width}</s>' if place.outlier else width}</td>"
