"""The reference picture of an identified card: small, and with the border that its print has."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2

from edge.errors import DatabaseError
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image, Side
from edge.imaging.small_pictures import decode_small

# chosen: as small as still tells a shift to 0.012 mm, at 3 kB a card.
REFERENCE_PX_PER_MM = 2.5
REFERENCE_SIZE = (round(CARD_WIDTH_MM * REFERENCE_PX_PER_MM), round(CARD_HEIGHT_MM * REFERENCE_PX_PER_MM))
# chosen: of 0 to 100.
_WEBP_QUALITY = 30

Borders = Mapping[Side, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintReference:
    """How a card's print lies on its digital original.

    Attributes:
        encoded: picture of the whole card, 158 x 220 pixels, WebP; in colour, for people, or grey in older databases.
        borders_mm: width of the printed border on each side of the original; None for a borderless card.
        name: of the picture, for messages.
    """

    encoded: bytes
    borders_mm: Borders | None
    name: str

    def picture(self) -> Image:
        """The picture in grey, uint8 [220, 158].

        Raises:
            DatabaseError: if it is damaged.
        """
        return self._decoded(grey=True)

    def picture_in_color(self) -> Image:
        """The picture as people see it, uint8 [220, 158, 3] BGR; grey where it was kept so.

        Raises:
            DatabaseError: if it is damaged.
        """
        return self._decoded(grey=False)

    def _decoded(self, *, grey: bool) -> Image:
        found = decode_small(self.encoded, REFERENCE_SIZE, grey=grey)
        if found is None:
            raise DatabaseError(f"the reference picture of {self.name} is damaged; copy the card database again")
        return found


def encode_reference(card: Image) -> bytes:
    """The small picture of a rectified card, uint8 [H, W, 3] BGR with its outline on the boundary.

    Colour adds 14 % to its size (37 cards of the demo) and takes nothing from the grey that is read back.
    """
    small = cv2.resize(card, REFERENCE_SIZE, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY])[1].tobytes())
