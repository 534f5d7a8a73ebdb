import contextlib
import re
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ImageError, SourceError
from edge.imaging.photos import list_photos, natural_order, read_photo
from edge.photo.overlay import write_png

REAL_PHOTOS = Path(__file__).parents[3].parent / "shared" / "data" / "photos"


@pytest.fixture
def pixels() -> np.ndarray:
    """Smooth, so that JPEG changes it little: uint8 [60, 40, 3] BGR."""
    y, x = np.mgrid[0:60, 0:40]
    return np.stack([4 * y, 6 * x, 255 - 4 * y], axis=2).astype(np.uint8)


def test_colours_are_bgr(tmp_path, pixels):
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    assert np.array_equal(read_photo(tmp_path / "a.png"), pixels)


@pytest.mark.parametrize(("orientation", "turn"), [(1, 0), (6, 3), (3, 2), (8, 1)])
def test_exif_orientation_is_applied(tmp_path, pixels, orientation, turn):
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    PIL.Image.fromarray(pixels[..., ::-1]).save(tmp_path / "a.jpg", exif=exif, quality=98, subsampling=0)
    read = read_photo(tmp_path / "a.jpg")
    assert read.shape == np.rot90(pixels, turn).shape
    assert np.abs(read.astype(int) - np.rot90(pixels, turn)).mean() < 3


def test_grey_becomes_three_equal_channels(tmp_path, pixels):
    cv2.imwrite(str(tmp_path / "a.png"), pixels[..., 0])
    assert np.array_equal(read_photo(tmp_path / "a.png"), np.repeat(pixels[..., :1], 3, axis=2))


@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_are_scaled(tmp_path, pixels, channels):
    deep = pixels[..., :channels].squeeze().astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "a.png"), deep)
    wanted = pixels if channels == 3 else np.repeat(pixels[..., :1], 3, axis=2)
    assert np.abs(read_photo(tmp_path / "a.png").astype(int) - wanted).max() <= 1


def test_transparent_parts_are_grey(tmp_path, pixels):
    alpha = np.full(pixels.shape[:2], 255, np.uint8)
    alpha[:30] = 0
    cv2.imwrite(str(tmp_path / "a.png"), np.dstack([pixels, alpha]))
    read = read_photo(tmp_path / "a.png")
    assert (read[:30] == 128).all()
    assert np.array_equal(read[30:], pixels[30:])


def test_palette_with_transparency(tmp_path):
    photo = PIL.Image.new("P", (30, 30), 1)
    photo.putpalette([0, 0, 0, 200, 100, 50])
    photo.save(tmp_path / "a.png", transparency=0)
    assert (read_photo(tmp_path / "a.png") == (50, 100, 200)).all()


def test_a_large_photo(tmp_path):
    cv2.imwrite(str(tmp_path / "a.jpg"), np.full((4000, 5500, 3), 90, np.uint8))
    assert read_photo(tmp_path / "a.jpg").shape == (4000, 5500, 3)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("share", [0.03, 0.5, 0.98])
def test_a_truncated_photo_is_refused(tmp_path, suffix, share):
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    whole = cv2.imencode(suffix, noise)[1].tobytes()
    (tmp_path / f"a{suffix}").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ImageError, match=r"a\.\w+ is (damaged|not a photo).*(copy|convert) it"):
        read_photo(tmp_path / f"a{suffix}")


def test_bytes_after_the_end_do_no_harm(tmp_path, pixels):
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes() + b"trailing")
    (tmp_path / "a.jpg").write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes() + b"trailing")
    assert read_photo(tmp_path / "a.png").shape == read_photo(tmp_path / "a.jpg").shape == pixels.shape


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "No such file"),
        (b"", "not a photo of a known kind"),
        (b"no picture at all", "not a photo of a known kind"),
        (cv2.imencode(".png", np.zeros((1, 1, 3), np.uint8))[1].tobytes(), "1 x 1 pixels, too few"),
    ],
)
def test_what_is_no_usable_photo_is_refused(tmp_path, content, sentence):
    if content is not None:
        (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ImageError, match=f"a.png.*{sentence}|{sentence}.*a.png|a.png: {sentence}"):
        read_photo(tmp_path / "a.png")


@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0"]))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content, start):
    path = tmp_path_factory.getbasetemp() / "any.jpg"
    path.write_bytes(start + content)
    with contextlib.suppress(ImageError):
        assert read_photo(path).ndim == 3


def test_a_folder_lists_its_photos_in_natural_order(tmp_path, caplog):
    for name in ("b10.jpg", "b2.JPG", "a.png", "notes.txt", ".hidden.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "sub.jpg").mkdir()
    assert [photo.name for photo in list_photos(tmp_path)] == ["a.png", "b2.JPG", "b10.jpg"]
    assert list_photos(tmp_path / "a.png") == [tmp_path / "a.png"]
    told = "\n".join(record.getMessage() for record in caplog.records)
    for name, reason in (("notes.txt", "no photo"), (".hidden.jpg", "hidden"), ("sub.jpg", "a folder")):
        assert re.search(rf"left out {re.escape(name)}: {reason}", told)


def test_a_folder_leaves_out_what_was_drawn_into_it(tmp_path, pixels, caplog):
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    write_png(tmp_path / "a-2.png", pixels)
    assert list_photos(tmp_path) == [tmp_path / "a.png"]
    assert "left out a-2.png: a picture that card-scanner drew" in caplog.text


def test_a_folder_without_photos_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(SourceError, match="no photos in the folder"):
        list_photos(tmp_path)
    with pytest.raises(SourceError, match="No such file"):
        list_photos(tmp_path / "nothing")


def test_numbers_sort_as_numbers():
    names = ["img1", "img2", "img02b", "img10", "z"]
    assert sorted(["z", "img10", "img02b", "img2", "img1"], key=natural_order) == names


@pytest.mark.skipif(not REAL_PHOTOS.is_dir(), reason="the real photos are not here")
def test_every_real_photo_can_be_read(capfd):
    photos = list_photos(REAL_PHOTOS)
    assert len(photos) == 13
    sizes = {photo.name: read_photo(photo).shape for photo in photos}
    assert sizes["set_one-card.jpg"] == (3264, 1836, 3)
    assert capfd.readouterr() == ("", "")
