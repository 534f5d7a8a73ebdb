import json

import cv2
import numpy as np
import pytest

from edge.simulator.card import render_card
from edge.simulator.sets import calibration_cards
from training.cli import main
from training.evaluation.choices import changed, current
from training.evaluation.detection_choices import NETWORK_OPENERS, REDUCTIONS, detection_choices, other_choices


def test_every_choice_can_be_changed_and_is_as_it_was_after():
    for choice in (*detection_choices(), *other_choices()):
        assert choice.changes, choice.name
        for change in choice.changes.values():
            before = {place: current(place) for place in change}
            with changed(change):
                assert all(current(place) is not value for place, value in before.items()), choice.name
            assert {place: current(place) for place in change} == before
    assert all(callable(current(place)) for place in (*NETWORK_OPENERS, *REDUCTIONS))


def test_choices_have_names_of_their_own():
    names = [choice.name for choice in (*detection_choices(), *other_choices())]
    assert len(set(names)) == len(names)


@pytest.fixture
def photos(tmp_path):
    card = render_card(calibration_cards(1)[0], 4)
    picture = cv2.copyMakeBorder(card, 150, 150, 150, 150, cv2.BORDER_CONSTANT, value=(60, 90, 70))
    (tmp_path / "photos").mkdir()
    cv2.imwrite(str(tmp_path / "photos" / "one.png"), picture)
    cv2.imwrite(str(tmp_path / "photos" / "none.png"), np.full((200, 200, 3), 90, np.uint8))
    (tmp_path / "truth.json").write_text(json.dumps({"one.png": {"cards": 1}, "none.png": {"cards": 0}}))
    return ["--photos", str(tmp_path / "photos"), "--truth", str(tmp_path / "truth.json")]


def test_a_score_that_no_proposal_has_finds_nothing(photos, capsys):
    with changed({("edge.detection.cards", "MIN_SCORE"): 0.51}):
        assert main(["ablate", "detection", "--count", "1", "--only", "MIN_SCORE", *photos]) == 0
    scenes, table = capsys.readouterr().out.split("\n\n2 photos")
    assert scenes.startswith("1 scenes, 1 cards: 1 found, 0 false")
    assert scenes.splitlines()[-1].endswith("| -1, +0, nan / nan %; 1 |")
    assert table.startswith(": 2 exact, 0 cards missing, 0 too many")
    assert table.rstrip().splitlines()[-1].endswith("| -1, +1, +0; 1 |")


def test_closer_looks_find_the_card_from_its_window_and_its_holder(capsys):
    assert main(["ablate", "detection", "--count", "1", "--only", "CLOSER_LOOKS"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Closer looks at a card of each of 1 scenes, from a wrong outline, 1 cards: 1 found")
    assert lines[-2].startswith("| cards.CLOSER_LOOKS | (0.1, 144), (0.5, 176) | +0, +0, 8.")


def test_a_choice_that_is_none_is_named(capsys):
    assert main(["ablate", "detection", "--only", "NONE"]) == 2
    assert "no choice of the detector is called NONE; there are cards.FAR_PX" in capsys.readouterr().err


def test_photos_need_their_numbers_of_cards(tmp_path, capsys):
    assert main(["ablate", "detection", "--photos", str(tmp_path)]) == 2
    assert "real photos need both" in capsys.readouterr().err
