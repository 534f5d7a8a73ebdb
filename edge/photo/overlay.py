"""Draws what was found into the photo: outline, number, name, distance and centering of each card."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from edge.errors import ImageError
from edge.files.outputs import PICTURE_MARK, check_replaceable, marked_png
from edge.geometry import Image, side_lengths
from edge.wire.centering import MeasuredCentering
from edge.wire.photo_result import CardResult, CardStatus, PhotoResult

# layout: green, orange and red, dark enough for white text.
_COLORS_BGR = {
    CardStatus.CONFIRMED: (60, 160, 30),
    CardStatus.CANDIDATE: (0, 130, 225),
    CardStatus.UNKNOWN: (50, 40, 200),
}
# layout: of the labels and lines, to be read on a screen that shows the whole picture.
_TEXT_OF_CARD_WIDTH = 0.1
_SMALLEST_TEXT_PX = 12
_LINE_OF_IMAGE = 1 / 500
# layout: zlib's level, of 9: pictures that are written soon rather than small.
_PNG_COMPRESSION = 3


def draw_photo_result(image: Image, result: PhotoResult, card_name: Callable[[str], str]) -> Image:
    """A copy of the photo with its cards outlined and named; a dot marks each card's own top-left corner.

    Args:
        image: uint8 [H, W, 3] BGR, the photo.
        result: what was found in it.
        card_name: card id -> name.
    """
    drawn = image.copy()
    line_px = max(2, round(max(image.shape[:2]) * _LINE_OF_IMAGE))
    for card in result.cards:
        color, corners = _COLORS_BGR[card.status], np.rint(card.corners).astype(np.int32)
        cv2.polylines(drawn, [corners], isClosed=True, color=color, thickness=line_px, lineType=cv2.LINE_AA)
        if card.card_id is not None:
            cv2.circle(drawn, corners[0].tolist(), 3 * line_px, color, cv2.FILLED, cv2.LINE_AA)
    for number, card in enumerate(result.cards, 1):
        _place_label(drawn, card, _label(number, card, card_name))
    return drawn


def write_png(path: Path, image: Image) -> None:
    """Write a picture in one step: afterwards the file is whole, or what it was before.

    Raises:
        ConfigurationError: if it would replace something else than such a picture.
        ImageError: if it cannot be written.
    """
    check_replaceable(path, PICTURE_MARK)
    part = path.with_name(f".{path.name}.part")
    try:
        encoded = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, _PNG_COMPRESSION])[1].tobytes()
        part.write_bytes(marked_png(encoded))
        part.replace(path)
    except OSError as cause:
        raise ImageError(f"cannot write {path}: {cause.strerror}; choose another folder or make room") from cause
    finally:
        part.unlink(missing_ok=True)


def _label(number: int, card: CardResult, card_name: Callable[[str], str]) -> str:
    name = "unknown card" if card.card_id is None else card_name(card.card_id)
    doubt = "?" if card.status is CardStatus.CANDIDATE else ""
    second = "no match" if card.distance is None else f"distance {card.distance:.3f}"
    return "\n".join([f"{number}  {name}{doubt}", second, *_shares(card)])


def _shares(card: CardResult) -> list[str]:
    """How the borders are shared, left/right and top/bottom, where they could be measured."""
    if not isinstance(card.centering, MeasuredCentering):
        return []
    return [f"centred {_ratio(card.centering.left_right)} {_ratio(card.centering.top_bottom)}"]


def _ratio(shares: tuple[float, float]) -> str:
    return "/".join(f"{share:.0f}" for share in shares)


def _place_label(drawn: Image, card: CardResult, text: str) -> None:
    """Put the text below the middle of the card's upper edge in the image, moved into the image where it sticks out."""
    corners = np.asarray(card.corners)
    label = _text_image(text, _COLORS_BGR[card.status], _text_px(card))
    height, width = (min(a, b) for a, b in zip(label.shape[:2], drawn.shape[:2], strict=True))
    upper = corners[np.argsort(corners[:, 1])[:2]].mean(axis=0)
    corner = (round(float(corners[:, 0].mean()) - width / 2), round(float(upper[1])))
    x, y = (
        int(np.clip(at, 0, limit))
        for at, limit in zip(corner, (drawn.shape[1] - width, drawn.shape[0] - height), strict=True)
    )
    drawn[y : y + height, x : x + width] = label[:height, :width]


def _text_px(card: CardResult) -> int:
    width_px = float(side_lengths(np.asarray(card.corners))[[0, 2]].mean())
    return max(_SMALLEST_TEXT_PX, round(width_px * _TEXT_OF_CARD_WIDTH))


def _text_image(text: str, background_bgr: tuple[int, int, int], text_px: int) -> Image:
    """White text on a filled rectangle, uint8 [h, w, 3] BGR."""
    font, margin = PIL.ImageFont.load_default(text_px), text_px // 4
    ruler = PIL.ImageDraw.Draw(PIL.Image.new("RGB", (1, 1)))
    left, top, right, bottom = (round(edge) for edge in ruler.multiline_textbbox((0, 0), text, font=font))
    canvas = PIL.Image.new("RGB", (right - left + 2 * margin, bottom - top + 2 * margin), background_bgr[::-1])
    PIL.ImageDraw.Draw(canvas).multiline_text((margin - left, margin - top), text, font=font, fill="white")
    return np.asarray(cv2.cvtColor(np.asarray(canvas), cv2.COLOR_RGB2BGR), dtype=np.uint8)
