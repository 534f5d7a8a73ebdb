from pathlib import Path

import numpy as np
import pytest

from edge.errors import DatabaseError, ModelError
from edge.recognition.selftest import LEAST_REPEATABILITY, Golden, check_golden, load_golden
from edge.shipped import DEMO_DATABASE

EMBEDDINGS = np.eye(4, dtype=np.float32)
GOLDEN = Golden(cards=tuple(np.full((2, 2, 3), k, np.uint8) for k in range(4)), embeddings=EMBEDDINGS)


def embed(cards):
    """Each card's own embedding, wherever it stands in its batch."""
    return np.stack([EMBEDDINGS[card[0, 0, 0]] for card in cards])


def off_by(cosine):
    """An embedding whose cosine to the right one is this."""

    def wrong(cards):
        right = embed(cards)
        return (cosine * right + np.sqrt(1 - cosine**2) * np.roll(right, 1, axis=1)).astype(np.float32)

    return wrong


def check(tested, runs=4):
    check_golden(tested, GOLDEN, model=Path("card.hef"), least_cosine=0.9, runs=runs)


def test_the_float_models_own_embeddings_pass():
    check(embed)


@pytest.mark.parametrize(("cosine", "passes"), [(0.91, True), (0.89, False)])
def test_embeddings_may_be_off_by_what_is_allowed(cosine, passes):
    if passes:
        check(off_by(cosine))
        return
    with pytest.raises(ModelError, match=r"not those of the float model .*at least 0\.9"):
        check(off_by(cosine))


def test_what_depends_on_the_place_in_the_batch_is_refused():
    with pytest.raises(ModelError, match=f"differently from run to run .*at least {LEAST_REPEATABILITY}"):
        check(lambda cards: off_by(0.95)(cards) if cards[0][0, 0, 0] == 3 else embed(cards), runs=2)


def test_what_depends_on_the_size_of_the_batch_is_refused():
    with pytest.raises(ModelError, match="differently from run to run"):
        check(lambda cards: off_by(0.95)(cards) if len(cards) == 1 else embed(cards), runs=3)


def test_an_embedding_that_is_no_number_is_refused():
    with pytest.raises(ModelError):
        check(lambda cards: np.full((len(cards), 4), np.nan, np.float32))


def test_the_golden_crops_of_the_demo_database_can_be_read():
    golden = load_golden(DEMO_DATABASE)
    assert len(golden.cards) == len(golden.embeddings) == 8
    assert np.allclose(np.linalg.norm(golden.embeddings, axis=1), 1, atol=1e-5)


def test_a_folder_that_is_no_database_is_refused(tmp_path):
    with pytest.raises(DatabaseError):
        load_golden(tmp_path)
