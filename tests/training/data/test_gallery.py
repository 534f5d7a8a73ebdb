from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from tests.training.index.conftest import OTHERS
from training.data.gallery import demo_gallery, read_card_image


def test_the_demo_gallery_has_an_image_and_details_for_every_card():
    images, metadata = demo_gallery()
    assert [image.card_id for image in images] == list(metadata) == [card.card_id for card in demo_cards()]
    assert images[0].load().shape == (704, 504, 3)


def rounded(card: np.ndarray, corner: tuple[int, int, int, int]) -> np.ndarray:
    """The card with its corners of 3 mm cut off and filled with a BGRA colour."""
    height, width = card.shape[:2]
    radius = round(3 / 63 * width)
    mask = np.zeros((height, width), dtype=np.uint8)
    cv2.rectangle(mask, (radius, 0), (width - radius - 1, height - 1), 255, -1)
    cv2.rectangle(mask, (0, radius), (width - 1, height - radius - 1), 255, -1)
    for x in (radius, width - radius - 1):
        for y in (radius, height - radius - 1):
            cv2.circle(mask, (x, y), radius, 255, -1)
    filled = cv2.cvtColor(card, cv2.COLOR_BGR2BGRA)
    filled[mask == 0] = corner
    return filled


@pytest.mark.parametrize("px_per_mm", [4.0, 8.0, 11.65])
@pytest.mark.parametrize("corner", [(0, 0, 0, 0), (255, 255, 255, 255)], ids=["transparent", "white"])
def test_rounded_corners_are_filled(tmp_path: Path, px_per_mm: float, corner: tuple[int, int, int, int]):
    card = render_card(OTHERS[0], px_per_mm)
    cv2.imwrite(str(tmp_path / "square.png"), card)
    cv2.imwrite(str(tmp_path / "rounded.png"), rounded(card, corner))
    square, cut = read_card_image(tmp_path / "square.png"), read_card_image(tmp_path / "rounded.png")
    difference = np.abs(square.astype(int) - cut.astype(int))
    assert difference.max() <= 40
    assert difference[:24, :24].mean() < 3


def test_a_transparent_margin_is_cut_off(tmp_path: Path):
    card = cv2.cvtColor(render_card(OTHERS[1], 8.0), cv2.COLOR_BGR2BGRA)
    cv2.imwrite(str(tmp_path / "card.png"), card)
    cv2.imwrite(str(tmp_path / "framed.png"), cv2.copyMakeBorder(card, 40, 60, 20, 10, cv2.BORDER_CONSTANT))
    np.testing.assert_array_equal(read_card_image(tmp_path / "framed.png"), read_card_image(tmp_path / "card.png"))


def test_grey_and_palette_images_are_read(tmp_path: Path):
    card = PIL.Image.fromarray(cv2.cvtColor(render_card(OTHERS[1], 4.0), cv2.COLOR_BGR2GRAY))
    card.save(tmp_path / "grey.png")
    card.convert("P").save(tmp_path / "palette.png")
    grey, palette = read_card_image(tmp_path / "grey.png"), read_card_image(tmp_path / "palette.png")
    assert grey.shape == palette.shape == (704, 504, 3)
    assert np.abs(grey.astype(int) - palette.astype(int)).mean() < 2


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_card_image_is_turned_as_its_exif_orientation_says(tmp_path: Path, orientation: int):
    card = PIL.Image.fromarray(render_card(OTHERS[1], 4.0)[..., ::-1])
    stored = {
        2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
        3: PIL.Image.Transpose.ROTATE_180,
        4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
        5: PIL.Image.Transpose.TRANSPOSE,
        6: PIL.Image.Transpose.ROTATE_90,
        7: PIL.Image.Transpose.TRANSVERSE,
        8: PIL.Image.Transpose.ROTATE_270,
    }[orientation]
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    card.save(tmp_path / "upright.png")
    card.transpose(stored).save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(read_card_image(tmp_path / "turned.png"), read_card_image(tmp_path / "upright.png"))


def test_a_card_image_of_16_bits_is_what_it_is_with_8(tmp_path: Path):
    card = render_card(OTHERS[1], 4.0)
    grey = cv2.cvtColor(card, cv2.COLOR_BGR2GRAY)
    for name, picture in (("grey", grey), ("colour", card)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
        cv2.imwrite(str(tmp_path / f"{name}16.png"), picture.astype(np.uint16) * 257)
        plain, deep = read_card_image(tmp_path / f"{name}.png"), read_card_image(tmp_path / f"{name}16.png")
        assert np.abs(plain.astype(int) - deep).max() <= 1


def test_a_card_on_its_side_is_set_upright(tmp_path: Path):
    card = render_card(OTHERS[1], 4.0)
    cv2.imwrite(str(tmp_path / "card.png"), card)
    cv2.imwrite(str(tmp_path / "side.png"), cv2.rotate(card, cv2.ROTATE_90_COUNTERCLOCKWISE))
    np.testing.assert_array_equal(read_card_image(tmp_path / "side.png"), read_card_image(tmp_path / "card.png"))
