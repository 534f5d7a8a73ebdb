import itertools
from dataclasses import replace

import numpy as np
import pytest

from edge.database.learned_gallery import LearnedGallery
from edge.database.search import Match
from edge.imaging.rectification import upside_down
from edge.recognition.learned_matches import with_learned
from tests.edge.database.learned import learned, picture

CARD = learned(1)[0]
LOOK = picture(1)
MATCHES = (Match(card_id="a-1", distance=0.3, rotation=0), Match(card_id="a-2", distance=0.5, rotation=180))


@pytest.mark.parametrize("rotation", [0, 1])
def test_a_learned_card_takes_its_place_among_the_matches(rotation):
    shown = upside_down(LOOK) if rotation else LOOK
    found = with_learned(MATCHES, LearnedGallery([CARD]), CARD.embeddings[rotation, 0], shown)
    assert [match.card_id for match in found] == [CARD.card_id, "a-1", "a-2"]
    assert found[0].rotation == 180 * rotation


def test_a_card_that_only_its_embedding_takes_for_the_learned_one_is_not():
    assert with_learned(MATCHES, LearnedGallery([CARD]), CARD.embeddings[0, 0], picture(2)) == MATCHES


def test_a_learned_card_that_is_farther_than_all_matches_is_none():
    away = replace(CARD, embeddings=-CARD.embeddings)
    assert with_learned(MATCHES, LearnedGallery([away]), CARD.embeddings[0, 0], LOOK) == MATCHES


def test_of_several_learned_cards_the_one_that_is_shown_is_found():
    query = CARD.embeddings[0, 0]
    near = [replace(learned(number)[0], embeddings=np.broadcast_to(query, (2, 3, 8)).copy()) for number in (2, 3)]
    for cards in itertools.permutations([CARD, *near]):
        found = with_learned(MATCHES, LearnedGallery(cards), query, LOOK)
        assert [match.card_id for match in found] == [CARD.card_id, "a-1", "a-2"]
