import json

import cv2
import numpy as np
import pytest

from edge.errors import ConfigurationError
from edge.settings.sections import CameraSettings
from edge.simulator.card import render_card
from edge.simulator.sets import calibration_cards
from training.evaluation.photos import PhotoOutcome, as_frame, card_counts, evaluate_photos, photos_to_markdown


def test_cards_are_counted_in_the_photos_that_are_listed(tmp_path):
    card = render_card(calibration_cards(1)[0], 4)
    picture = cv2.copyMakeBorder(card, 150, 150, 150, 150, cv2.BORDER_CONSTANT, value=(60, 90, 70))
    cv2.imwrite(str(tmp_path / "one.png"), picture)
    cv2.imwrite(str(tmp_path / "unlisted.png"), picture)
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps({"one.png": {"cards": 1}}))
    (outcome,) = evaluate_photos(tmp_path, truth)
    assert (outcome.name, outcome.cards, outcome.found, outcome.found_live) == ("one.png", 1, 1, 1)
    assert (outcome.width, outcome.height) == (picture.shape[1], picture.shape[0])


@pytest.mark.parametrize("said", ["", "[]", '{"a.jpg": 3}', '{"a.jpg": {}}', '{"a.jpg": {"cards": "many"}}'])
def test_a_list_that_is_none_is_refused(tmp_path, said):
    truth = tmp_path / "truth.json"
    truth.write_text(said)
    with pytest.raises(ConfigurationError, match=r"truth\.json does not list the cards of each photo"):
        card_counts(truth)


def test_photos_are_made_as_large_as_frames_and_never_larger():
    assert max(as_frame(np.zeros((1000, 4056, 3), np.uint8)).shape) == CameraSettings().width
    small = np.zeros((100, 200, 3), np.uint8)
    assert as_frame(small) is small


def test_the_table_counts_exact_photos():
    outcomes = [
        PhotoOutcome(name=f"{k}.jpg", width=4, height=3, cards=2, found=found, found_live=2, seconds=0.5)
        for k, found in enumerate((2, 3))
    ]
    lines = photos_to_markdown(outcomes).splitlines()
    assert lines[3] == "| 1.jpg | 4 x 3 | 2 | 3 | 2 | 0.50 |"
    assert lines[-1] == "1 of 2 photos with the exact count, 2 as frames of a camera"
