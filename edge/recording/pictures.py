"""Pixels of recorded frames: PNG, which loses nothing and which everybody can look at."""

from io import BytesIO

import cv2
import numpy as np
import PIL.Image

from edge.geometry import Image

# Of what OpenCV and zlib offer for a camera's noise the fastest, and as small as any: a frame of the simulated bench of
# 1280 x 1280 pixels takes 29 ms and 1.9 MB, without them 37 ms and 2.1 MB, by level 1 alone 82 ms and 2.3 MB
# (OpenCV 5.0).
_PARAMETERS = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]
if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # OpenCV before 4.12 tries all filters on each row
    _PARAMETERS += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_AVG]
# As `edge.imaging.decoding` takes photos.
MAX_PIXELS = 64_000_000


def encode_picture(image: Image) -> bytes:
    """A frame's pixels, uint8 [height, width, 3] BGR, as PNG."""
    return cv2.imencode(".png", image, _PARAMETERS)[1].tobytes()


def decode_picture(content: bytes, width: int, height: int) -> Image:
    """The pixels of a frame of that size; a damaged or incomplete picture is refused, whatever of it could be shown.

    Raises:
        ValueError: if it is not such a picture.
    """
    if width * height > MAX_PIXELS:
        raise ValueError(f"a frame of {width} x {height} pixels is too large")
    try:
        with PIL.Image.open(BytesIO(content), formats=("PNG",)) as picture:
            fits = picture.size == (width, height) and picture.mode == "RGB"
            pixels = np.asarray(picture) if fits else None
    except Exception as cause:
        raise ValueError(f"its picture cannot be decoded ({cause})") from cause
    if pixels is None:
        raise ValueError(f"its picture is not of {width} x {height} pixels in RGB")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), dtype=np.uint8)
