from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import ConfigurationError, ImageError
from tests.training.conftest import coarse_cards
from training.augmentation import DISTURBANCES
from training.augmentation.on_device import DEVICE_DISTURBANCES
from training.data.preview import CELL, MIXED, contact_sheet, device_sheet, own_cards, write_picture

CARDS = list(coarse_cards(2))
WIDTH, HEIGHT = CELL
# Below what is written on each cell.
BELOW = slice(24, None)


def cells(sheet: np.ndarray) -> list[list[np.ndarray]]:
    rows = np.split(sheet, sheet.shape[0] // HEIGHT)
    return [[cell[BELOW] for cell in np.split(row, row.shape[1] // WIDTH, axis=1)] for row in rows]


def check_rows(sheet: np.ndarray, cards: list[np.ndarray], columns: int) -> None:
    """Each card's row: itself, every disturbance, some mixed ones."""
    assert sheet.dtype == np.uint8
    rows = cells(sheet)
    assert [len(row) for row in rows] == [columns + MIXED] * len(cards)
    for row, card in zip(rows, cards, strict=True):
        small = cv2.resize(card, CELL, interpolation=cv2.INTER_AREA)[BELOW]
        assert np.abs(row[0].astype(int) - small).mean() < 4
        assert all(not np.array_equal(row[0], cell) for cell in row[1:columns])
        assert len({cell.tobytes() for cell in row[columns:]}) > 1


def test_a_sheet_has_a_row_for_each_card_that_begins_with_the_card_itself():
    sheet = contact_sheet(CARDS, 3)
    check_rows(sheet, CARDS, 4 + len(DISTURBANCES))
    assert np.array_equal(sheet, contact_sheet(CARDS, 3))
    assert not np.array_equal(sheet, contact_sheet(CARDS, 4))


def test_the_disturbances_of_whole_batches_make_such_a_sheet_too():
    check_rows(device_sheet(CARDS, 3), CARDS, 1 + len(DEVICE_DISTURBANCES))


def test_ones_own_cards_are_from_all_parts_of_the_folder(tmp_path: Path):
    for number, card in enumerate(coarse_cards(5)):
        cv2.imwrite(str(tmp_path / f"card-{number}.png"), card)
    for count, places in ((1, [0]), (3, [0, 2, 4]), (9, [0, 1, 2, 3, 4])):
        cards = own_cards(tmp_path, count)
        assert {card.shape for card in cards} == {(352, 252, 3)}
        middles = [card[100:250, 60:190].astype(int) for card in cards]
        expected = [coarse_cards(5)[place][100:250, 60:190] for place in places]
        assert [np.abs(a - b).mean() < 6 for a, b in zip(middles, expected, strict=True)] == [True] * len(places)


def test_a_picture_replaces_only_one_that_the_same_command_wrote(tmp_path: Path):
    path = tmp_path / "new" / "sheet.png"
    write_picture(path, CARDS[0])
    write_picture(path, CARDS[1])
    assert np.array_equal(cv2.imread(str(path)), CARDS[1])
    cv2.imwrite(str(path), CARDS[0])
    with pytest.raises(ConfigurationError, match="was not written by this command"):
        write_picture(path, CARDS[1])
    assert np.array_equal(cv2.imread(str(path)), CARDS[0])


@pytest.mark.parametrize("name", ["sheet.xyz", "sheet"])
def test_a_kind_of_picture_that_there_is_none_of_is_named(tmp_path: Path, name: str):
    with pytest.raises(ImageError, match=r"name the file \.png or \.jpg"):
        write_picture(tmp_path / name, CARDS[0])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ImageError, match=r"cannot write .*sheet\.png"):
        write_picture(tmp_path / "file" / "sheet.png", CARDS[0])
