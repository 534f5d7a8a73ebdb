import numpy as np

from training.evaluation.nearest_cards import nearest_cards

ANGLES = {0: (0.0, 1.2), 1: (0.5,), 2: (2.0,)}
"""Card -> the directions of its rows."""


def rows(angles):
    return np.array([[np.cos(angle), np.sin(angle)] for angle in angles], np.float32)


def search(queries, truth):
    numbers = np.array([2, 0, 1, 0])
    gallery = rows([*ANGLES[2], ANGLES[0][0], *ANGLES[1], ANGLES[0][1]])
    return nearest_cards(gallery, numbers, rows(queries), truth)


def test_of_several_rows_of_a_card_the_nearest_counts():
    found = search([1.1], [0])
    assert found.cards.tolist() == [[0, 1, 2]]
    assert np.allclose(found.distances[0], 1 - np.cos([0.1, 0.6, 0.9]), atol=1e-6)
    assert np.isclose(found.own[0], 1 - np.cos(0.1), atol=1e-6)


def test_a_query_outside_the_gallery_has_no_own_card():
    found = search([2.1, 0.4], [-1, 1])
    assert np.isnan(found.own[0])
    assert found.cards[:, 0].tolist() == [2, 1]


def test_many_queries_are_answered_in_their_order():
    angles = np.linspace(0, 2.5, 600)
    found = search(angles, [0] * 600)
    alone = [search([angle], [0]).cards[0].tolist() for angle in angles[[0, 255, 256, 599]]]
    assert found.cards[[0, 255, 256, 599]].tolist() == alone
