from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.pipeline.assignment import best_pairs

BENEFITS = st.tuples(st.integers(0, 4), st.integers(0, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(0.01, 1) | st.just(0.0))
)


def greatest_total(benefit: np.ndarray) -> float:
    wide = benefit if benefit.shape[0] <= benefit.shape[1] else benefit.T
    rows, columns = wide.shape
    return max(sum(wide[r, c] for r, c in enumerate(chosen)) for chosen in permutations(range(columns), rows))


@given(BENEFITS)
def test_no_other_pairing_gains_more(benefit):
    pairs = best_pairs(benefit)
    assert sum(benefit[pair] for pair in pairs) == pytest.approx(greatest_total(benefit))


@given(BENEFITS)
def test_each_row_and_column_is_paired_once_and_only_where_it_gains(benefit):
    pairs = best_pairs(benefit)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(benefit[pair] > 0 for pair in pairs)


def test_the_best_total_beats_the_best_single_pair():
    assert best_pairs(np.array([[0.9, 0.8], [0.8, 0.0]])) == [(0, 1), (1, 0)]
