import numpy as np

from edge.detection.networks.outline import OutlineProposer
from edge.shipped import OUTLINE_MODEL
from training.evaluation.choices import changed
from training.evaluation.remembering import Memory

OPENER = ("edge.detection.networks.outline", "open_network")


def test_a_function_is_computed_once_for_the_same_arguments():
    memory, calls = Memory(), []
    picture = np.zeros((20, 20, 3), np.uint8)
    remembered = memory.remembering(lambda _, scale: calls.append(scale) or len(calls))
    assert [remembered(picture, 0.5), remembered(picture, 0.5), remembered(picture, 0.25)] == [1, 1, 2]
    assert remembered(picture.copy(), 0.5) == 3
    memory.forget()
    assert remembered(picture, 0.5) == 4


def test_small_arrays_are_told_apart_by_what_they_hold():
    remembered = Memory().remembering(lambda matrix: matrix.sum())
    assert remembered(np.eye(3)) == remembered(np.eye(3)) == 3
    assert remembered(2 * np.eye(3)) == 6


def test_a_remembered_network_says_what_the_network_says():
    picture = np.random.default_rng(0).integers(0, 255, (96, 64, 3), np.uint8)
    expected = OutlineProposer(OUTLINE_MODEL).propose(picture, 96, 0.001)
    with changed({OPENER: Memory().open_network}):
        proposer = OutlineProposer(OUTLINE_MODEL)
    for _ in range(2):
        found = proposer.propose(picture, 96, 0.001)
        assert [(each.score, each.quad.tolist()) for each in found] == [
            (each.score, each.quad.tolist()) for each in expected
        ]
