"""Decodes the small pictures of a card database, whose sizes are known beforehand.

A few bytes may claim to hold a gigapixel: OpenCV makes room for it before it looks at what is there, or raises.
"""

import struct

import cv2
import numpy as np

from edge.geometry import Image

# layout: up to width and height: https://www.w3.org/TR/png-3/#11IHDR and, of lossy WebP,
# https://developers.google.com/speed/webp/docs/riff_container and RFC 6386, section 9.1.
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_WEBP, _WEBP_FRAME = (8, b"WEBPVP8 "), (23, b"\x9d\x01\x2a")


def decode_small(encoded: bytes, size: tuple[int, int], *, grey: bool) -> Image | None:
    """Decode a PNG or lossy WebP.

    Args:
        encoded: the file's content, of which nothing is known.
        size: width and height that the picture must have.
        grey: one channel instead of BGR.

    Returns:
        uint8 [h, w] or [h, w, 3]; None where it is no picture of that size.
    """
    if not _claims(encoded, size):
        return None
    image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)
    return None if image is None or image.shape[1::-1] != size else np.asarray(image, dtype=np.uint8)


def _claims(encoded: bytes, size: tuple[int, int]) -> bool:
    """Whether a picture says at its start that it is of this size."""
    if encoded.startswith(_PNG):
        return encoded[len(_PNG) :].startswith(struct.pack(">2I", *size))
    (kind_at, kind), (frame_at, frame) = _WEBP, _WEBP_FRAME
    return encoded.startswith(kind, kind_at) and encoded.startswith(frame + struct.pack("<2H", *size), frame_at)
