import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from training.evaluation.distances import Distances
from training.evaluation.model_report import LabelledRow, confusion_sheet, draw_plots, model_to_markdown

PADDED = (34 + 264 + 8, 3 * 189 + 8)


def counted(hits: int, count: int) -> dict:
    value = hits / count if count else float("nan")
    return {"value": value, "hits": hits, "count": count, "interval_95": [max(0, value - 0.1), min(1, value + 0.1)]}


def row(*hits: int, count: int) -> dict:
    return {f"top{k}": counted(each, count) for k, each in zip((1, 3, 5), hits, strict=True)}


def summary() -> dict:
    return {
        "model": {"model_id": "tiles-1"},
        "command": "card-training evaluate model m.onnx",
        "gallery_cards": 7,
        "known_crops": 40,
        "unknown_crops": 30,
        "criteria": [
            {"criterion": "first", "aim": 0.9, "reached": counted(19, 20), "met": True},
            {"criterion": "second", "aim": 0.995, "reached": counted(10, 20), "met": False},
            {"criterion": "third", "aim": 0.5, "reached": counted(5, 10), "met": None},
        ],
        "recognition": {
            "model": {"clean": row(18, 19, 20, count=20), "glare": row(4, 7, 8, count=16)},
            "hash": {"clean": row(10, 11, 12, count=20), "glare": row(1, 2, 3, count=16)},
        },
        "lookalikes": {"model": {"card_first": counted(3, 4), "art_first": counted(0, 0)}},
        "open_set": {
            "model": {
                "at": [{"false_accept_rate": 0.005, "threshold": 0.3125, "identified": counted(9, 10)}],
                "curve": [
                    {"false_accept_rate": 0.0, "identified": 0.2},
                    {"false_accept_rate": 0.5, "identified": 0.9},
                    {"false_accept_rate": 1.0, "identified": 1.0},
                ],
            }
        },
    }


def rows_of(page: str, first: str) -> list[list[str]]:
    """Cells of the lines of tables that begin with this."""
    lines = [line for line in page.splitlines() if line.startswith(f"| {first} |")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_what_is_met_what_is_not_and_what_is_open_are_told_apart():
    page = model_to_markdown(summary())
    assert rows_of(page, "first") == [["first", "90.0%", "95.0 % (19/20)", "85.0% to 100.0%", "yes"]]
    assert rows_of(page, "second")[0][-1] == "NO"
    assert rows_of(page, "third")[0][-1] == "undecided"
    assert "40 crops of cards among 7 in the gallery, 30 of cards outside it." in page


def test_each_condition_has_the_figures_of_every_method_in_their_order():
    page = model_to_markdown(summary())
    assert rows_of(page, "condition")[0] == ["condition", "crops", "model", "hash"]
    assert rows_of(page, "clean") == [["clean", "20", "90.0 / 95.0 / 100.0", "50.0 / 55.0 / 60.0"]]
    assert rows_of(page, "glare") == [["glare", "16", "25.0 / 43.8 / 50.0", "6.2 / 12.5 / 18.8"]]


def test_what_was_not_counted_is_none_and_no_share():
    assert ["model", "75.0 % (3/4)", "none"] in rows_of(model_to_markdown(summary()), "model")
    assert ["model", "0.5%", "0.312", "90.0 % (9/10)"] in rows_of(model_to_markdown(summary()), "model")


def test_every_table_has_as_many_cells_in_each_line():
    for table in re.findall(r"(?:^\|.*\n)+", model_to_markdown(summary()), re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_another_model_is_compared_only_where_there_is_one():
    difference = {"count": 20, "value": 0.1, "shares": [0.9, 0.8], "interval_95": [0.02, 0.18]}
    compared = {"against b": {"clean": {"right": difference, "identified": difference}}}
    assert "less against b" not in model_to_markdown(summary())
    page = model_to_markdown(summary() | {"compared": compared})
    assert "## The model less against b" in page
    assert "90.0 - 80.0 = +10.0 (+2.0 to +18.0)" in page


def test_the_page_shows_the_pictures_that_are_drawn(tmp_path: Path):
    rng = np.random.default_rng(0)
    distances = Distances(known=rng.uniform(0, 0.3, 40), mistaken=np.array([]), unknown=rng.uniform(0.4, 1, 30))
    draw_plots(summary(), distances, tmp_path)
    named = set(re.findall(r"!\[.*?\]\((.*?)\)", model_to_markdown(summary())))
    drawn = {path.name for path in tmp_path.iterdir()}
    assert named - drawn == {"confusions.png"}
    assert drawn <= named
    assert all(cv2.imread(str(path)).std() > 5 for path in tmp_path.iterdir())


def labelled(*greys: int) -> LabelledRow:
    pictures = [np.full((40 + grey, 60, 3), grey, np.uint8) for grey in greys]
    return LabelledRow(pictures=pictures, labels=("seen", "is a", "taken for b"), caption="CONFUSED, clean")


@pytest.mark.parametrize(("count", "lines"), [(1, 1), (4, 1), (5, 2)])
def test_four_confusions_stand_beside_each_other(count: int, lines: int):
    sheet = confusion_sheet([labelled(50, 100, 150)] * count)
    assert sheet.shape == (lines * PADDED[0], 4 * PADDED[1], 3)
    assert sheet.dtype == np.uint8
    middles = sheet[PADDED[0] // 2 :: PADDED[0], PADDED[1] // 2 :: PADDED[1], 0].ravel()
    assert (middles > 0).tolist() == [number < count for number in range(4 * lines)]


def test_the_crop_its_card_and_the_other_one_stand_in_this_order():
    sheet = confusion_sheet([labelled(50, 100, 150)])
    middle = 4 + 34 + 132
    assert [int(sheet[middle, 4 + 189 * place + 94, 0]) for place in range(3)] == [50, 100, 150]
    strip = sheet[4 : 4 + 34, 4 : 4 + 3 * 189]
    assert all((strip[16:, 189 * place : 189 * (place + 1)] < 100).any() for place in range(3))
    assert not sheet[:, PADDED[1] :].any()
