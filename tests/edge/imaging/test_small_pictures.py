"""A picture's few bytes may claim any size: OpenCV believes them."""

import struct
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.imaging.small_pictures import decode_small

WIDTH, HEIGHT = 126, 176
PICTURE = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)


WEBP_QUALITY = [cv2.IMWRITE_WEBP_QUALITY, 30]


def encoded(extension):
    return cv2.imencode(extension, PICTURE, WEBP_QUALITY if extension == ".webp" else [])[1].tobytes()


def forged(width, height):
    """A PNG whose pixels are few, and whose header is in order and claims many."""
    content = bytearray(encoded(".png"))
    content[16:24] = struct.pack(">2I", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


@pytest.mark.parametrize("grey", [True, False])
@pytest.mark.parametrize("extension", [".png", ".webp"])
def test_what_is_of_the_right_size_is_decoded(extension, grey):
    wanted = cv2.imdecode(
        np.frombuffer(encoded(extension), np.uint8), cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR
    )
    assert np.array_equal(decode_small(encoded(extension), (WIDTH, HEIGHT), grey=grey), wanted)


@pytest.mark.parametrize("extension", [".png", ".webp", ".jpg"])
def test_another_size_or_kind_is_none(extension):
    assert decode_small(encoded(extension), (HEIGHT, WIDTH), grey=True) is None
    assert decode_small(encoded(".jpg"), (WIDTH, HEIGHT), grey=True) is None


@pytest.mark.parametrize("side", [20_000, 60_000])
def test_a_forged_size_takes_no_memory_and_raises_nothing(side):
    tracemalloc.start()
    try:
        assert decode_small(forged(side, side), (WIDTH, HEIGHT), grey=True) is None
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@settings(deadline=None, max_examples=40)
@given(at=st.integers(0, 60), value=st.integers(0, 255), length=st.integers(0, 400))
def test_damage_is_none_or_a_picture_of_that_size(at, value, length):
    for extension in (".png", ".webp"):
        content = bytearray(encoded(extension)[: length + 61])
        content[at] = value
        found = decode_small(bytes(content), (WIDTH, HEIGHT), grey=False)
        assert found is None or found.shape == (HEIGHT, WIDTH, 3)
