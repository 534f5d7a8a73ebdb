import json
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ConfigurationError, ImageError
from edge.imaging.photos import read_photo
from edge.photo.overlay import draw_photo_result, write_png
from edge.wire.photo_result import CardResult, CardStatus, PhotoResult

RECORDED = Path(__file__).parents[1] / "centering" / "figures" / "recorded"


def card(corners, status=CardStatus.CONFIRMED, card_id="a-1", centering=None):
    return CardResult(
        corners=corners, status=status, card_id=card_id, distance=0.1, probability=0.99, none_of_these=0.01, matches=[],
        printings=[], printings_reason=None, centering=centering,
    )  # fmt: skip


def drawn(size, cards):
    width, height = size
    photo = np.full((height, width, 3), 200, np.uint8)
    result = PhotoResult(image="x", width=width, height=height, calibrated=True, cards=cards)
    picture = draw_photo_result(photo, result, lambda card_id: f"Pikachu é {card_id}")
    assert (photo == 200).all()
    return picture


def test_the_outline_and_the_corner_are_drawn():
    picture = drawn((800, 600), [card([(300, 100), (500, 100), (500, 380), (300, 380)])])
    green = (picture.astype(int)[..., 1] - picture[..., 2]) > 100
    for x, y in ((500, 300), (400, 380), (300, 300), (300, 100)):
        assert green[y - 1 : y + 2, x - 1 : x + 2].any()
    assert not green[400:].any()
    assert green[95:105, 295:305].mean() > green[375:385, 495:505].mean()


@pytest.mark.parametrize("scale", [1, 9])
def test_the_label_grows_with_the_card(scale):
    corners = [
        (100 * scale, 60 * scale),
        (300 * scale, 60 * scale),
        (300 * scale, 340 * scale),
        (100 * scale, 340 * scale),
    ]
    picture = drawn((400 * scale, 400 * scale), [card(corners)])
    white = (picture == 255).all(axis=2)
    rows = np.flatnonzero(white.any(axis=1))
    assert 25 * scale < rows[-1] - rows[0] < 70 * scale


def test_the_centering_is_a_line_of_the_label():
    corners = [(100, 60), (300, 60), (300, 340), (100, 340)]
    measured, refused = (
        json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))["centering"]
        for name in ("bordered", "refused")
    )
    plain, shares, none = (
        np.count_nonzero((drawn((400, 400), [card(corners, centering=each)]) == 255).all(axis=2).any(axis=1))
        for each in (None, measured, refused)
    )
    assert shares > plain + 10
    assert none == plain


@pytest.mark.parametrize("status", list(CardStatus))
@pytest.mark.parametrize("at", [(-30.0, -30.0), (90.0, 95.0), (40.0, -80.0)])
def test_labels_stay_in_small_photos(status, at):
    x, y = at
    corners = [(x, y), (x + 20, y), (x + 20, y + 28), (x, y + 28)]
    picture = drawn((100, 100), [card(corners, status, None if status is CardStatus.UNKNOWN else "a-1")])
    assert picture.shape == (100, 100, 3)
    assert (picture == 255).all(axis=2).any()


def test_the_file_is_whole_or_not_there(tmp_path):
    picture = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    write_png(tmp_path / "a.png", picture)
    assert np.array_equal(read_photo(tmp_path / "a.png"), picture)
    (tmp_path / "b.png").mkdir()
    with pytest.raises(ConfigurationError, match=r"b\.png is there already"):
        write_png(tmp_path / "b.png", picture)
    with pytest.raises(ImageError, match=r"cannot write .*c\.png"):
        write_png(tmp_path / "nowhere" / "c.png", picture)
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "b.png"}
