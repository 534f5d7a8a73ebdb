import numpy as np
import pytest

from training.evaluation.ablation_tally import Tally, frames_table, photos_table, same_outlines, scenes_table
from training.evaluation.choices import Choice
from training.evaluation.outline_scenes import OutlineScene

CARD = np.array([[100.0, 100.0], [200.0, 100.0], [200.0, 240.0], [100.0, 240.0]])
SCENE = OutlineScene(image=np.zeros((400, 400, 3), np.uint8), asked_for=(CARD,), allowed=(CARD, CARD + 150))
CHOICE = Choice(name="cards.MIN_SCORE", value=0.4, changes={"off": {}, "half": {}, "double": {}})


def test_found_false_and_how_far_off():
    tally = Tally()
    tally.add_scene([CARD + 3.0, CARD + 151.0, CARD - 90.0], SCENE)
    assert (tally.asked_for, tally.found, tally.false) == (1, 1, 1)
    assert tally.errors == [pytest.approx(np.hypot(3, 3) / 100)]


def test_a_second_outline_of_a_card_is_false():
    tally = Tally()
    tally.add_scene([CARD, CARD + 1.0], SCENE)
    assert (tally.found, tally.false) == (1, 1)


def test_photos_count_alone():
    tally = Tally()
    for found, cards in ((1, 2), (3, 1), (2, 2)):
        tally.add_photo([CARD] * found, cards)
    assert (tally.photos, tally.exact, tally.missing, tally.surplus) == (3, 1, 1, 2)


def test_the_table_has_differences_and_says_where_there_are_none():
    before = Tally(asked_for=2, found=2, false=1, errors=[0.01, 0.01])
    fewer = Tally(asked_for=2, found=1, false=0, errors=[0.02], differing=5)
    others = {("cards.MIN_SCORE", "off"): before, ("cards.MIN_SCORE", "double"): fewer}
    lines = scenes_table([CHOICE], (before, others), "7 scenes").splitlines()
    assert lines[0].startswith("7 scenes, 2 cards: 2 found, 1 false, corner error 1.00 % (median), 1.0 %")
    assert lines[-1] == "| cards.MIN_SCORE | 0.4 | = |  | -1, -1, 2.00 / 2.0 %; 5 |"


def test_the_table_of_photos():
    before = Tally(photos=2, exact=2)
    after = Tally(photos=2, exact=1, missing=3, differing=1)
    lines = photos_table([CHOICE], (before, {("cards.MIN_SCORE", "half"): after})).splitlines()
    assert lines[0] == "2 photos: 2 exact, 0 cards missing, 0 too many."
    assert lines[-1] == "| cards.MIN_SCORE | 0.4 |  | -1, +3, +0; 1 |  |"


def test_the_table_of_frames_counts_tracks():
    before = Tally(asked_for=4, found=4, errors=[0.01] * 4, tracks={0})
    lost = Tally(asked_for=4, found=3, errors=[0.01] * 3, tracks={0, 1}, differing=2)
    same = Tally(asked_for=4, found=4, errors=[0.01] * 4, tracks=set())
    others = {("cards.MIN_SCORE", "half"): lost, ("cards.MIN_SCORE", "double"): same}
    lines = frames_table([CHOICE], (before, others), 4).splitlines()
    assert lines[0].startswith("4 frames, in which 4 times a card is seen: 4 times shown, 0 false outlines")
    assert lines[-1] == "| cards.MIN_SCORE | 0.4 |  | -1, +0, 1.00 / 1.0 %, +1; 2 | =, -1 |"


@pytest.mark.parametrize(("moved", "same"), [(0.009, True), (0.02, False)])
def test_outlines_are_the_same_where_no_figure_shows_a_difference(moved, same):
    assert same_outlines([CARD], [CARD + moved]) is same
    assert not same_outlines([CARD], [])
