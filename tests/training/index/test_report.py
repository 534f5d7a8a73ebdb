import json

import numpy as np

from edge.database.benchmark import random_unit_vectors
from training.data.card_folder import Findings
from training.index import report
from training.index.report import findings_file, indistinct_cards


def test_cards_that_no_search_can_tell_apart_are_told_once_each_wherever_they_stand(monkeypatch):
    monkeypatch.setattr(report, "_CHUNK", 4)
    vectors = random_unit_vectors(np.random.default_rng(1), 11, 64)
    vectors[9] = vectors[2]
    vectors[10] = vectors[2]
    vectors[7] = vectors[6]
    ids = [f"card-{number:02}" for number in range(11)]
    assert indistinct_cards(vectors, ids) == [
        ("card-06", "card-07"),
        ("card-02", "card-09"),
        ("card-02", "card-10"),
    ]


def test_images_of_one_card_are_no_pair_and_near_ones_are_none_either():
    vectors = random_unit_vectors(np.random.default_rng(2), 3, 64)
    vectors[1] = vectors[0]
    near = vectors[0] + 0.02 * vectors[2]
    vectors[2] = near / np.linalg.norm(near)
    assert 1e-5 < 1 - vectors[2] @ vectors[0] < 0.01
    assert indistinct_cards(vectors, ["a", "a", "b"]) == []


def test_what_was_left_out_is_named_in_a_file_and_there_is_none_where_nothing_was():
    assert findings_file(Findings()) == {}
    ((name, content),) = findings_file(Findings(unreadable={"base1/4.png": "it is cut off"})).items()
    assert name == "findings.json"
    assert json.loads(content)["unreadable"] == {"base1/4.png": "it is cut off"}
