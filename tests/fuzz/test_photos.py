"""Whatever is in a photo's file, it is a picture or one sentence."""

import io
import random
from pathlib import Path

import numpy as np
import PIL.features
import PIL.Image
import pytest

from edge.errors import ScannerError
from edge.imaging.exif import camera_of
from edge.imaging.photos import read_photo
from tests.fuzz.mutation import damaged

pytestmark = pytest.mark.timeout(1200)

CASES = Path(__file__).resolve().parents[3] / "shared" / "data" / "cases"


def seeds() -> list[bytes]:
    """Small pictures of every kind that is read, and a telephone's where the test data is."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 30, 4), dtype=np.uint8)
    colour, grey = PIL.Image.fromarray(noise[..., :3]), PIL.Image.fromarray(noise[..., 0])
    exif = PIL.Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    exif.get_ifd(0x8769)[0x920A] = (4.2,)
    kinds = [
        (colour, "JPEG", {"exif": exif}), (colour, "JPEG", {"progressive": True}), (colour.convert("CMYK"), "JPEG", {}),
        (colour, "PNG", {"exif": exif}), (PIL.Image.fromarray(noise), "PNG", {}), (colour.convert("P"), "PNG", {}),
        (colour, "TIFF", {"exif": exif}), (colour, "TIFF", {"compression": "tiff_lzw"}), (colour, "WEBP", {}),
        (grey.convert("I;16"), "TIFF", {}), (colour, "GIF", {}), (colour, "BMP", {}),
    ]  # fmt: skip
    if PIL.features.check("avif"):
        kinds.append((colour, "AVIF", {"exif": exif}))
    files = []
    for picture, kind, options in kinds:
        buffer = io.BytesIO()
        picture.save(buffer, kind, **options)
        files.append(buffer.getvalue())
    return [*files, *(path.read_bytes() for path in sorted(CASES.glob("*.heic")))]


def test_photos(tmp_path: Path, rounds):
    files = seeds()
    for content in files[:-1]:
        (tmp_path / "photo").write_bytes(content)
        assert read_photo(tmp_path / "photo").ndim == 3

    def one_round(chance: random.Random) -> None:
        (tmp_path / "photo").write_bytes(damaged(chance.choice(files), chance))
        try:
            picture = read_photo(tmp_path / "photo")
        except ScannerError as sentence:
            assert str(tmp_path / "photo") in str(sentence)
            assert "\n" not in str(sentence)
        else:
            assert picture.dtype == np.uint8
            assert picture.shape[2] == 3
        camera_of(tmp_path / "photo")

    rounds(one_round)
