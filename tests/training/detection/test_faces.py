import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from training.detection.faces import plain_face, with_other_faces

QUADS = np.array(
    [
        [[30, 20], [90, 25], [85, 110], [25, 105]],
        [[120, 20], [180, 20], [180, 104], [120, 104]],
        np.full((4, 2), np.nan),
    ],
    np.float32,
)


def test_only_cards_that_are_seen_whole_get_another_face():
    picture = np.full((200, 200, 3), 90, np.uint8)

    painted = with_other_faces(picture, QUADS, np.array([1.0, 0.5, 0.0], np.float32), np.random.default_rng(3))

    changed = (painted != picture).any(axis=2)
    assert changed[30:100, 40:75].mean() > 0.9
    assert not changed[:, 100:].any()
    assert not changed[:18].any()
    assert not changed[113:].any()
    assert (picture == 90).all()


def test_the_cards_of_a_picture_are_of_one_kind_but_not_the_same():
    picture = np.full((200, 200, 3), 90, np.uint8)
    grounds, equal = [], 0
    for seed in range(20):
        painted = with_other_faces(picture, QUADS, np.array([1, 1, 0], np.float32), np.random.default_rng(seed))
        first, second = (painted[62, x - 26 : x + 26].astype(int) for x in (57, 150))
        grounds.append(np.abs(np.median(first, axis=0) - np.median(second, axis=0)).max())
        equal += np.array_equal(first, second)
    assert np.median(grounds) < 60
    assert equal < 3


def test_a_card_beyond_the_picture_changes_nothing():
    picture = np.full((50, 50, 3), 90, np.uint8)
    beyond = QUADS[:1] + np.float32(200)

    assert np.array_equal(with_other_faces(picture, beyond, np.ones(1, np.float32), np.random.default_rng(0)), picture)


@settings(max_examples=60, deadline=None)
@given(family=st.integers(0, 2**31), seed=st.integers(0, 2**31))
def test_any_face_can_be_drawn_and_is_the_same_again(family, seed):
    first, again = (plain_face(np.random.default_rng(family), np.random.default_rng(seed)) for _ in range(2))

    assert first.shape == (176, 126, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
