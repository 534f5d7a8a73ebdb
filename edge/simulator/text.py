"""Print in one colour: text and small symbols, as a coverage mask and the colours to print it with.

Everything is drawn at one fixed resolution and then brought to the one asked for, so that lines break and letters
stand at the same place on the card whatever its resolution.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image
from edge.simulator.palette import Color
from edge.simulator.symbols import Glyph

INK_PX_PER_MM = 12
_INK_SIZE = (int(CARD_WIDTH_MM * INK_PX_PER_MM), int(CARD_HEIGHT_MM * INK_PX_PER_MM))
_SHIFT = 4
_HALO = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))

Align = Literal["left", "center", "right"]


class Rect(NamedTuple):
    """A rectangle on the card in mm from its top-left corner."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """Right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """Bottom edge."""
        return self.y + self.h

    @property
    def center(self) -> tuple[float, float]:
        """Middle."""
        return self.x + self.w / 2, self.y + self.h / 2

    def inset(self, across: float, down: float | None = None) -> "Rect":
        """The rectangle made smaller on all sides (larger where negative)."""
        down = across if down is None else down
        return Rect(self.x + across, self.y + down, self.w - 2 * across, self.h - 2 * down)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Lines of text in a rectangle.

    Attributes:
        rect: the lines start at its top (or stand in its middle when there is one line).
        lines: as broken by `wrap`.
        font: path of a TrueType or OpenType file.
        size_mm: em size.
        color: of the ink.
        align: within the rectangle.
        leading: distance of the lines in em.
        halo: colour of a rim around the letters, or None.
    """

    rect: Rect
    lines: tuple[str, ...]
    font: str
    size_mm: float
    color: Color
    align: Align = "left"
    leading: float = 1.18
    halo: Color | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mark:
    """A symbol of one colour, `size_mm` wide and high about `center` in mm."""

    center: tuple[float, float]
    size_mm: float
    glyph: Glyph
    color: Color


class _Letter(NamedTuple):
    """Coverage 0..255 of one letter, and where its top-left pixel lies from the origin on the baseline."""

    coverage: NDArray[np.uint8]
    left: int
    top: int


@lru_cache(maxsize=128)
def _font(path: str, size_mm: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size_mm * INK_PX_PER_MM, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=16384)
def _letter(path: str, size_mm: float, letter: str) -> _Letter:
    font = _font(path, size_mm)
    left, top, right, bottom = font.getbbox(letter, anchor="ls")
    sheet = PillowImage.new("L", (max(int(right - left), 1), max(int(bottom - top), 1)))
    ImageDraw.Draw(sheet).text((-left, -top), letter, fill=255, font=font, anchor="ls")
    return _Letter(np.array(sheet), int(left), int(top))


@lru_cache(maxsize=4096)
def _advance(path: str, letter: str) -> float:
    """Width of a letter in em."""
    return _reference_font(path).getlength(letter) / 64


@lru_cache(maxsize=64)
def _reference_font(path: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, 64, layout_engine=ImageFont.Layout.BASIC)


def text_width_mm(text: str, font: str, size_mm: float) -> float:
    """Width of a line of text."""
    return size_mm * sum(_advance(font, letter) for letter in text)


def wrap(text: str, font: str, size_mm: float, width_mm: float) -> tuple[str, ...]:
    """Break text into lines of at most `width_mm` (a longer word gets its own line)."""
    lines: list[str] = []
    line, used, space = "", 0.0, text_width_mm(" ", font, size_mm)
    for word in text.split():
        width = text_width_mm(word, font, size_mm)
        if line and used + space + width > width_mm:
            lines.append(line)
            line, used = word, width
        else:
            line, used = (f"{line} {word}", used + space + width) if line else (word, width)
    return (*lines, line) if line else tuple(lines)


def fitted(text: str, font: str, size_mm: float, width_mm: float) -> float:
    """The em size, at most `size_mm`, at which a line of text fits into `width_mm`; steps of 0.1 mm."""
    width = text_width_mm(text, font, size_mm)
    return size_mm if width <= width_mm else max(0.8, np.floor(size_mm * width_mm / width * 10) / 10)


def print_ink(picture: Image, texts: Sequence[Text], marks: Sequence[Mark]) -> Image:
    """Print texts and symbols onto a card.

    Args:
        picture: uint8 [H, W, 3] BGR, the whole card.
        texts: what to write.
        marks: which symbols to draw; they lie over the texts.

    Returns:
        uint8 [H, W, 3] BGR.
    """
    haloed = [text for text in texts if text.halo is not None]
    if haloed:
        rim = np.asarray(cv2.dilate(_mask(haloed, ()), _HALO), dtype=np.uint8)
        picture = _inked(picture, rim, [(text.rect.inset(-0.5), text.halo or text.color) for text in haloed])
    inks = [(text.rect, text.color) for text in texts]
    inks += [(_mark_rect(mark), mark.color) for mark in marks]
    return _inked(picture, _mask(texts, marks), inks)


def _mark_rect(mark: Mark) -> Rect:
    x, y = mark.center
    return Rect(x - mark.size_mm / 2, y - mark.size_mm / 2, mark.size_mm, mark.size_mm)


def _inked(picture: Image, mask: NDArray[np.uint8], inks: Sequence[tuple[Rect, Color]]) -> Image:
    """Mix the ink of each rectangle into the picture by the mask."""
    height, width = picture.shape[:2]
    enlarging = width > mask.shape[1]
    coverage = cv2.resize(mask, (width, height), interpolation=cv2.INTER_CUBIC if enlarging else cv2.INTER_AREA)
    ink = np.empty_like(picture)
    ink[:] = np.round(inks[0][1]) if inks else 0
    for rect, color in inks:
        left, top = round(rect.x * width / CARD_WIDTH_MM), round(rect.y * height / CARD_HEIGHT_MM)
        right, bottom = round(rect.right * width / CARD_WIDTH_MM), round(rect.bottom * height / CARD_HEIGHT_MM)
        cv2.rectangle(ink, (left, top), (right, bottom), color, -1)
    weight = coverage.astype(np.float32) * np.float32(1 / 255)
    return np.asarray(cv2.blendLinear(ink, picture, weight, np.float32(1) - weight), dtype=np.uint8)


def _mask(texts: Sequence[Text], marks: Sequence[Mark]) -> NDArray[np.uint8]:
    mask = np.zeros((_INK_SIZE[1], _INK_SIZE[0]), dtype=np.uint8)
    for text in texts:
        _write(mask, text)
    for mark in marks:
        outlines = [
            (np.array(mark.center) + outline * mark.size_mm / 2) * INK_PX_PER_MM - 0.5 for outline in mark.glyph
        ]
        fixed = [np.round(outline * (1 << _SHIFT)).astype(np.int32) for outline in outlines]
        cv2.fillPoly(mask, fixed, 255, cv2.LINE_AA, _SHIFT)
    return mask


def _write(mask: NDArray[np.uint8], text: Text) -> None:
    step = text.size_mm * text.leading
    top = text.rect.y + (text.rect.h - step) / 2 if len(text.lines) == 1 else text.rect.y
    for row, line in enumerate(text.lines):
        baseline = top + row * step + text.size_mm * (0.36 + text.leading / 2)
        spare = text.rect.w - text_width_mm(line, text.font, text.size_mm)
        x = text.rect.x + spare * {"left": 0.0, "center": 0.5, "right": 1.0}[text.align]
        for letter in line:
            _stamp(mask, _letter(text.font, text.size_mm, letter), x * INK_PX_PER_MM, baseline * INK_PX_PER_MM)
            x += text.size_mm * _advance(text.font, letter)


def _stamp(mask: NDArray[np.uint8], letter: _Letter, x: float, y: float) -> None:
    """Put a letter into the mask with its origin at (x, y) pixels; what lies off the card is dropped."""
    left, top = round(x) + letter.left, round(y) + letter.top
    rows, columns = letter.coverage.shape
    area = mask[max(top, 0) : max(top + rows, 0), max(left, 0) : max(left + columns, 0)]
    if area.shape == letter.coverage.shape:
        np.maximum(area, letter.coverage, out=area)
