from collections import Counter
from math import ceil, floor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.data.sample import stratified_sample

SETS = st.lists(st.integers(1, 40), min_size=1, max_size=12)


def ids_of(sizes):
    return [f"set-{place}-{number}" for place, size in enumerate(sizes) for number in range(size)]


def sets_of(card_ids, numbers):
    return Counter(card_ids[number].rpartition("-")[0] for number in numbers)


@given(SETS, st.integers(0, 500), st.integers(0, 3))
def test_every_set_has_its_share(sizes, count, seed):
    card_ids = ids_of(sizes)
    numbers = stratified_sample(card_ids, count, seed)
    count = min(count, len(card_ids))
    assert len(set(numbers.tolist())) == len(numbers) == count
    taken = sets_of(card_ids, numbers)
    for place, size in enumerate(sizes):
        share = size * count / len(card_ids)
        assert floor(share) <= taken[f"set-{place}"] <= ceil(share)


def test_the_beginning_of_a_sample_is_a_sample_too():
    card_ids = ids_of([100] * 160)
    assert len(sets_of(card_ids, stratified_sample(card_ids, 1000)[:64])) > 40


def test_every_image_can_be_chosen_and_the_seed_decides():
    card_ids = ids_of([30, 30])
    chosen = {int(number) for seed in range(200) for number in stratified_sample(card_ids, 5, seed)}
    assert chosen == set(range(60))
    assert np.array_equal(stratified_sample(card_ids, 5, 1), stratified_sample(card_ids, 5, 1))
    assert not np.array_equal(stratified_sample(card_ids, 5, 1), stratified_sample(card_ids, 5, 2))
