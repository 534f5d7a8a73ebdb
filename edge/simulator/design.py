"""What collectors own besides plain frames: outlined, tabbed and asymmetric ones, backs, full art, foil borders.

A template is how a whole series of cards is printed; a design is one card of it. Widths are those of a perfectly
centred print: the printed border ends at the outer side of whatever line runs round the frame.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge.simulator.palette import Color
from edge.simulator.sets import Foil
from edge.simulator.style import Texture
from edge.simulator.text import Rect

Interior = Literal["creature", "trainer", "back", "art"]
Widths = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A line round the frame: its colour, and from which widths one is drawn for each card, in mm."""

    color: Color
    widths_mm: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """Something that is laid over the edge of the frame: a stage's tab, an icon, a set's mark."""

    rect: Rect
    radius_mm: float
    color: Color
    rim: Color


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """How a series of cards is printed.

    Attributes:
        name: of the series; no two have the same.
        border: colour of the printed border; None where the art runs to the cut.
        border_texture: `plain`, or what the border is patterned with.
        widths_mm: of the border: left, top, right, bottom, to the outer side of the outermost line.
        outlines: lines round the frame, from outside to inside.
        corner_mm: radius of the frame's corners.
        frames: colours of the frame, of which each card has one.
        texture: of the frame.
        interior: what is within.
        tabs: laid over the frame's edge.
        rule_mm: how far from the cut a fine line runs round the art, which is what such a card is centred by; None for
            none.
        foil: whether the border shines.
        worn_mm: how far into the card the white nicks of a worn cut reach; 0 for a new one.
    """

    name: str
    border: Color | None
    border_texture: Texture = "plain"
    widths_mm: Widths = (3.0, 3.0, 3.0, 3.0)
    outlines: tuple[Outline, ...] = ()
    corner_mm: float = 1.0
    frames: tuple[Color, ...]
    texture: Texture = "clouds"
    interior: Interior = "creature"
    tabs: tuple[Tab, ...] = ()
    rule_mm: float | None = None
    foil: bool = False
    worn_mm: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """One card of a series.

    Attributes:
        template: how it is printed.
        seed: of its art, its frame's colour, the width of its lines.
    """

    template: Template
    seed: int

    @property
    def card_id(self) -> str:
        """Unique over all templates and seeds."""
        return f"{self.template.name}-{self.seed:03d}"

    @property
    def foil(self) -> Foil | None:
        """What shines, as of other simulated cards; None for nothing."""
        return Foil(pattern="rainbow", area="frame") if self.template.foil else None

    @property
    def borders_mm(self) -> Widths | None:
        """Left, top, right, bottom of a perfectly centred print; None for a card without border or line."""
        template = self.template
        if template.rule_mm is not None:
            return (template.rule_mm,) * 4
        return None if template.border is None else template.widths_mm

    @property
    def frame(self) -> Color:
        """Colour of this card's frame."""
        return self.template.frames[self.seed % len(self.template.frames)]

    def line_widths_mm(self) -> list[float]:
        """Widths of this card's lines, from outside to inside."""
        rng = np.random.default_rng(np.random.SeedSequence([21, self.seed]))
        return [float(rng.uniform(*line.widths_mm)) for line in self.template.outlines]
