"""What is printed where on a card: windows of art, panels, text and symbols, in mm from the top-left corner.

`Composer` is the vocabulary in which the layout families (`edge.simulator.families`) are written.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM
from edge.simulator.names import paragraph, word
from edge.simulator.palette import Color, mix
from edge.simulator.sets import CardSpec
from edge.simulator.style import Style, ink_on
from edge.simulator.symbols import RARITY_GLYPHS, TYPE_GLYPHS, Glyph, set_glyph
from edge.simulator.text import Align, Mark, Rect, Text, fitted, text_width_mm, wrap

CARD = Rect(0.0, 0.0, CARD_WIDTH_MM, CARD_HEIGHT_MM)
BLEED_MM = 3.0

WindowShape = Literal["rect", "ellipse", "arch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtWindow:
    """A picture on the card.

    Attributes:
        rect: in mm; may reach beyond the card, where the print bleeds over the cut.
        seed: of the art.
        shape: of the window.
        radius_mm: corner radius of a `rect` window.
        trim: colour of the line round it, or None.
        trim_mm: width of that line.
    """

    rect: Rect
    seed: int
    shape: WindowShape = "rect"
    radius_mm: float = 0.0
    trim: Color | None = None
    trim_mm: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A box, coloured from `top` to `bottom`, laid over frame or art."""

    rect: Rect
    top: Color
    bottom: Color
    opacity: float = 1.0
    radius_mm: float = 0.0
    trim: Color | None = None
    trim_mm: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """Everything on one card, in the order in which it is printed: frame, windows, panels, ink."""

    style: Style
    windows: tuple[ArtWindow, ...]
    panels: tuple[Panel, ...]
    texts: tuple[Text, ...]
    marks: tuple[Mark, ...]


class Composer:
    """Collects what a layout family puts on a card.

    Attributes:
        spec: the card.
        style: its style.
        shape: random stream of the proportions, the same for all cards of the style.
        content: random stream of what is written, the same for all reprints of the card.
        inner: the area inside the border (the whole card when borderless, less a safe margin).
    """

    def __init__(
        self, spec: CardSpec, style: Style, shape: np.random.Generator, content: np.random.Generator, inner: Rect
    ) -> None:
        """Start an empty layout."""
        self.spec, self.style, self.shape, self.content, self.inner = spec, style, shape, content, inner
        self._windows: list[ArtWindow] = []
        self._panels: list[Panel] = []
        self._texts: list[Text] = []
        self._marks: list[Mark] = []

    def layout(self) -> Layout:
        """The finished layout."""
        return Layout(
            style=self.style,
            windows=tuple(self._windows),
            panels=tuple(self._panels),
            texts=tuple(self._texts),
            marks=tuple(self._marks),
        )

    def full_art(self) -> None:
        """Art over the whole card and beyond the cut."""
        self._windows.append(ArtWindow(rect=CARD.inset(-BLEED_MM), seed=self.spec.art_seed))

    def window(self, rect: Rect, shape: WindowShape = "rect", *, part: int = 0, radius_mm: float = 0.0) -> None:
        """Art in a window with the style's trim; `part` numbers the pictures of a card that has several."""
        style = self.style
        self._windows.append(
            ArtWindow(
                rect=rect,
                seed=self.spec.art_seed + part * 500_000_000_000,
                shape=shape,
                radius_mm=radius_mm,
                trim=style.trim,
                trim_mm=style.trim_mm,
            )
        )

    def panel(
        self, rect: Rect, color: Color | None = None, *, opacity: float | None = None, radius_mm: float | None = None
    ) -> Color:
        """A box in the style's panel colour or the one given; returns the ink that reads on it."""
        style = self.style
        color = style.panel if color is None else color
        self._panels.append(
            Panel(
                rect=rect,
                top=mix(color, (255, 255, 255), 0.12),
                bottom=mix(color, (0, 0, 0), 0.1),
                opacity=style.panel_opacity if opacity is None else opacity,
                radius_mm=style.panel_radius_mm if radius_mm is None else radius_mm,
                trim=style.trim,
                trim_mm=style.trim_mm * 0.6,
            )
        )
        return ink_on(color)

    def write(  # noqa: PLR0913 - how one line of text looks
        self,
        text: str,
        rect: Rect,
        color: Color,
        *,
        font: str | None = None,
        size_mm: float | None = None,
        align: Align = "left",
        halo: Color | None = None,
    ) -> None:
        """One line of text, made smaller until it fits."""
        font = self.style.title_font if font is None else font
        size_mm = fitted(text, font, rect.h * 0.8 if size_mm is None else size_mm, rect.w)
        self._texts.append(
            Text(rect=rect, lines=(text,), font=font, size_mm=size_mm, color=color, align=align, halo=halo)
        )

    def rules(self, rect: Rect, words: int, color: Color, *, flavor: bool = False, align: Align = "left") -> float:
        """A paragraph of about `words` invented words, cut off where the rectangle ends; returns the height used."""
        style = self.style
        font = style.flavor_font if flavor else style.body_font
        lines = wrap(paragraph(self.content, words), font, style.body_mm, rect.w)
        lines = lines[: max(1, int(rect.h / (style.body_mm * 1.18)))]
        height = len(lines) * style.body_mm * 1.18
        area = Rect(rect.x, rect.y, rect.w, height)
        self._texts.append(Text(rect=area, lines=lines, font=font, size_mm=style.body_mm, color=color, align=align))
        return height

    def icon(self, center: tuple[float, float], size_mm: float, kind: str, color: Color | None = None) -> None:
        """A type icon: a glyph on a coloured disc."""
        color = self.style.accent if color is None else color
        x, y = center
        box = Rect(x - size_mm / 2, y - size_mm / 2, size_mm, size_mm)
        self.panel(box, color, opacity=1.0, radius_mm=size_mm / 2)
        self.mark(center, size_mm * 0.62, TYPE_GLYPHS[kind], ink_on(color))

    def mark(self, center: tuple[float, float], size_mm: float, glyph: Glyph, color: Color) -> None:
        """A symbol."""
        self._marks.append(Mark(center=center, size_mm=size_mm, glyph=glyph, color=color))

    def edition(self, rect: Rect, color: Color, align: Align, *, symbol_mm: float = 4.4) -> None:
        """Set symbol, rarity mark, set code and collector number: all that tells a reprint from its original.

        `rect` is the line that they stand in, `symbol_mm` high or less; they use about 22 mm of it from the side that
        `align` names.
        """
        spec, style = self.spec, self.style
        number = f"{spec.set_code.upper()} {spec.number}/{spec.set_size:03d}"
        width = text_width_mm(number, style.body_font, style.number_mm) + 0.4
        side = -1 if align == "right" else 1
        x = rect.right if align == "right" else rect.x
        middle = rect.center[1]
        self.mark((x + side * symbol_mm / 2, middle), symbol_mm, set_glyph(spec.symbol_seed), color)
        x += side * (symbol_mm + 0.7)
        box = Rect(x if side > 0 else x - width, middle - style.number_mm * 0.6, width, style.number_mm * 1.2)
        self.write(number, box, color, font=style.body_font, size_mm=style.number_mm, align=align)
        x += side * (width + 1.0)
        self.mark((x + side * 0.3, middle), 1.6, RARITY_GLYPHS[spec.rarity], color)

    def small_print(self, rect: Rect, color: Color, align: Align = "left") -> None:
        """Illustrator and copyright."""
        line = f"Illus. {word(self.content, 2).capitalize()} {word(self.content, 2).capitalize()}"
        year = int(self.content.integers(1996, 2026))
        self.write(f"{line}  ©{year} Simulated Cards", rect, color, font=self.style.body_font, size_mm=1.2, align=align)
