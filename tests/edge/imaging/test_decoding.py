import contextlib
import io
import os
import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import ImageError
from edge.imaging import decoding
from edge.imaging.decoding import decode
from edge.imaging.exif import camera_of

ORIENTATION = 0x0112
KINDS = ["AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"]


@pytest.fixture
def pixels() -> np.ndarray:
    """Smooth, with a mark in one corner: uint8 [60, 40, 3] BGR."""
    y, x = np.mgrid[0:60, 0:40]
    marked = np.stack([4 * y, 6 * x, 255 - 4 * y], axis=2).astype(np.uint8)
    marked[:16, :8] = 255
    return marked


def encoded(image: PIL.Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def exif_bytes(*entries: tuple[int, int, int, bytes], below: tuple[tuple[int, int, int, bytes], ...] = ()) -> bytes:
    """EXIF data with these entries (tag, type, count, four bytes), and others below them, as no library writes them."""
    below_at = 8 + 2 + 12 * (len(entries) + 1) + 4
    told = [*entries, (0x8769, 4, 1, struct.pack("<I", below_at))]

    def directory(rows) -> bytes:
        return struct.pack("<H", len(rows)) + b"".join(struct.pack("<HHI4s", *row) for row in rows) + bytes(4)

    values = struct.pack("<4I", 50, 1, 24, 1)
    below_end = below_at + 2 + 12 * len(below) + 4
    rows = [(tag, kind, count, value or struct.pack("<I", below_end)) for tag, kind, count, value in below]
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + directory(told) + directory(rows) + values


@pytest.mark.parametrize("orientation", range(9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_every_orientation_is_shown_as_viewers_show_it(tmp_path, pixels, kind, orientation):
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = orientation
    stored = PIL.Image.fromarray(pixels[..., ::-1])
    (tmp_path / "a").write_bytes(encoded(stored, kind, exif=exif.tobytes()))
    photo = decode(tmp_path / "a", 128)
    stored.getexif()[ORIENTATION] = orientation
    shown = np.asarray(PIL.ImageOps.exif_transpose(stored))[..., ::-1]
    assert (photo.height, photo.width) == photo.image.shape[:2] == shown.shape[:2]
    assert np.abs(photo.image.astype(int) - shown).mean() < 12


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I"])
def test_every_kind_of_pixels_becomes_colours(tmp_path, pixels, mode):
    grey = pixels[..., 1]
    deep = {"I;16": np.uint16, "I": np.int32}
    eight_bits = PIL.Image.fromarray(grey)
    if mode in deep:
        picture = PIL.Image.fromarray(grey.astype(deep[mode]) * 257)
    else:
        picture = eight_bits.quantize() if mode == "P" else eight_bits.convert("RGB").convert(mode)
    assert picture.mode == mode
    picture.save(tmp_path / "a.tif")
    assert np.abs(decode(tmp_path / "a.tif", 128).image.astype(int) - grey[..., None]).max() <= 3


def test_the_first_picture_of_an_animated_one_is_taken(tmp_path, pixels):
    first = PIL.Image.fromarray(pixels[..., ::-1])
    black = PIL.Image.new("RGB", first.size)
    for kind in ("WEBP", "PNG", "TIFF"):
        (tmp_path / "a").write_bytes(encoded(first, kind, save_all=True, append_images=[black], lossless=True))
        assert np.array_equal(decode(tmp_path / "a", 128).image, pixels)


def test_transparent_parts_stay_where_there_is_no_backdrop(tmp_path, pixels):
    bgra = np.dstack([pixels, np.full(pixels.shape[:2], 200, np.uint8)])
    cv2.imwrite(str(tmp_path / "a.png"), bgra)
    assert np.array_equal(decode(tmp_path / "a.png", None).image, bgra)


@pytest.mark.parametrize(("kind", "reduction"), [("JPEG", 2), ("JPEG", 8), ("PNG", 2), ("PNG", 4), ("TIFF", 2)])
@pytest.mark.parametrize("orientation", [1, 2, 6])
def test_a_very_large_photo_is_decoded_reduced(tmp_path, pixels, monkeypatch, kind, reduction, orientation):
    large = cv2.resize(pixels, (403, 601), interpolation=cv2.INTER_CUBIC)
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = orientation
    (tmp_path / "a").write_bytes(encoded(PIL.Image.fromarray(large[..., ::-1]), kind, exif=exif.tobytes(), quality=95))
    whole = decode(tmp_path / "a", 128)
    monkeypatch.setattr(decoding, "MAX_DECODED_PIXELS", 403 * 601 // reduction**2 + 1)
    photo = decode(tmp_path / "a", 128)
    assert (whole.reduction, photo.reduction) == (1, reduction)
    assert (photo.width, photo.height) == (whole.width, whole.height)
    assert np.abs(np.array(photo.image.shape[:2]) - np.array(whole.image.shape[:2]) / reduction).max() < 1
    rows, columns = (side // reduction * reduction for side in whole.image.shape[:2])
    small = cv2.resize(
        whole.image[:rows, :columns], (columns // reduction, rows // reduction), interpolation=cv2.INTER_AREA
    )
    if orientation == 1:
        difference = np.abs(photo.image[: rows // reduction, : columns // reduction].astype(int) - small)
        assert difference.mean() < 3


def test_a_photo_too_large_to_be_decoded_is_refused_before(tmp_path):
    start = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunks = struct.pack(">I", 13) + start + struct.pack(">I", zlib.crc32(start)) + struct.pack(">I4s", 9, b"IDAT")
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    with pytest.raises(ImageError, match=r"a\.png is too large: 400 megapixels, and 140 at most .* PNG; make it"):
        decode(tmp_path / "a.png", 128)


def test_damaged_exif_data_do_not_stop_a_photo(tmp_path, pixels):
    data = exif_bytes(
        (0x0101, 2, 4, b"Mode"),
        (ORIENTATION, 3, 1, b"\6\0\0\0"),
        (0x010F, 2, 4, b"Cam\0"),
        below=((0x920A, 5, 2, b""),),
    )
    (tmp_path / "a.jpg").write_bytes(encoded(PIL.Image.fromarray(pixels[..., ::-1]), "JPEG", exif=data))
    assert decode(tmp_path / "a.jpg", 128).image.shape == (40, 60, 3)
    assert camera_of(tmp_path / "a.jpg") == ("Cam", None)


def test_what_a_decoder_raises_is_one_sentence(tmp_path, pixels):
    whole = bytearray(encoded(PIL.Image.fromarray(pixels), "AVIF"))
    start = whole.index(b"mdat") + 8
    whole[start : start + 40] = bytes(40)
    (tmp_path / "a.avif").write_bytes(whole)
    with pytest.raises(ImageError, match=r"a\.avif is damaged or incomplete \(.+\); copy it again") as caught:
        decode(tmp_path / "a.avif", 128)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "failure", [RuntimeError("a\nb"), struct.error("c"), IndexError(), MemoryError(), OSError("d")]
)
def test_whatever_a_decoder_raises_names_the_file(tmp_path, pixels, monkeypatch, failure):
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", lambda _: (_ for _ in ()).throw(failure))
    with pytest.raises(ImageError, match=r"^\S+a\.png [^\n]+; \w+ it( \w+)?$"):
        decode(tmp_path / "a.png", 128)


def test_only_the_decoders_of_photos_are_used(tmp_path, monkeypatch):
    program = tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "a.jpg").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n%%EndComments\nshowpage\n%%EOF\n"
    )
    (tmp_path / "b.jpg").write_bytes(encoded(PIL.Image.new("RGB", (40, 40)), "DDS"))
    (tmp_path / "c.jpg").write_bytes(encoded(PIL.Image.new("F", (40, 40)), "SPIDER"))
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        with pytest.raises(ImageError, match=rf"{name} is not a photo of a known kind; convert it"):
            decode(tmp_path / name, 128)
    assert not (tmp_path / "started").exists()


@pytest.mark.timeout(10)
def test_pipes_and_folders_are_no_photos(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    for path in (tmp_path / "a.jpg", tmp_path):
        with pytest.raises(ImageError, match="cannot read"):
            decode(path, 128)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_is_read_or_refused(tmp_path_factory, data):
    picture = PIL.Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 30, 3), dtype=np.uint8))
    exif = exif_bytes((ORIENTATION, 3, 1, b"\6\0\0\0"), below=((0x920A, 5, 1, b""),))
    kind = data.draw(st.sampled_from(KINDS))
    content = bytearray(encoded(picture, kind, **({} if kind in {"BMP", "GIF"} else {"exif": exif})))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, min(300, len(content) - 1)))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "any.jpg"
    path.write_bytes(content)
    with contextlib.suppress(ImageError):
        assert decode(path, 128).image.shape[2] == 3
    assert len(camera_of(path)) == 2


HEIC_START = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_a_heic_photo_without_its_decoder_says_what_to_install(tmp_path, monkeypatch, brand):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / "IMG_1.HEIC").write_bytes(HEIC_START.replace(b"heic", brand, 1))
    with pytest.raises(ImageError, match=r"IMG_1\.HEIC is a HEIC photo, .*python\S* -m pip install pillow-heif"):
        decode(tmp_path / "IMG_1.HEIC", 128)


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_heic_photo(tmp_path, pixels, orientation):
    heif = pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    heif.register_heif_opener()
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F], exif[0x0110] = "Apple", "iPhone"
    stored = PIL.Image.fromarray(pixels[..., ::-1])
    whole = encoded(stored, "HEIF", exif=exif.tobytes(), quality=95)
    (tmp_path / "a.heic").write_bytes(whole)
    shown = pixels if orientation == 1 else np.rot90(pixels, -1)
    read = decode(tmp_path / "a.heic", 128).image
    assert read.shape == shown.shape
    assert np.abs(read.astype(int) - shown).mean() < 6
    assert camera_of(tmp_path / "a.heic") == ("Apple iPhone", None)
    for cut in (24, len(whole) // 2, len(whole) - 20):
        (tmp_path / "a.heic").write_bytes(whole[:cut])
        with pytest.raises(ImageError, match=r"a\.heic is (damaged|not a photo)"):
            decode(tmp_path / "a.heic", 128)


MEMORY = """
import sys
from pathlib import Path
import numpy as np, cv2
if sys.argv[2] == "make":
    tile = np.random.default_rng(0).integers(90, 160, (180, 120, 3), dtype=np.uint8)
    cv2.imwrite(sys.argv[1], np.tile(cv2.blur(tile, (9, 9)), (68, 136, 1)))
else:
    from edge.imaging.photos import decode_photo
    photo = decode_photo(Path(sys.argv[1]))
    peak_kb = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
    print(photo.width, photo.height, photo.reduction, *photo.image.shape[:2], peak_kb)
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process's memory is read from /proc")
def test_a_photo_of_200_megapixels_is_read_in_a_part_of_the_services_memory(tmp_path):
    def python(step: str) -> list[int]:
        command = [sys.executable, "-c", MEMORY, str(tmp_path / "a.jpg"), step]
        return [int(word) for word in subprocess.check_output(command, text=True, timeout=120).split()]

    python("make")
    *sizes, peak_kb = python("read")
    assert sizes == [16320, 12240, 2, 6120, 8160]
    assert peak_kb < 600_000
