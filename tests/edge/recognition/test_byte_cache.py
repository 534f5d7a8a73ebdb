import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.recognition.byte_cache import ByteCache


@given(st.lists(st.integers(0, 30), max_size=200))
def test_it_gives_what_is_made_and_never_holds_more_than_it_may(keys):
    cache = ByteCache(lambda key: np.full(key, key, np.uint8), 100)
    for key in keys:
        assert cache.get(key).tolist() == [key] * key
        assert cache.nbytes <= 100


def test_what_was_asked_for_last_stays():
    made = []

    def make(key):
        made.append(key)
        return np.zeros(40, np.uint8)

    cache = ByteCache(make, 100)
    for key in ("a", "b", "a", "c", "a", "b"):
        cache.get(key)
    assert made == ["a", "b", "c", "b"]


def test_what_is_too_large_is_made_each_time_and_nothing_of_it_is_kept():
    cache = ByteCache(lambda _key: np.zeros(101, np.uint8), 100)
    assert cache.get("a").nbytes == 101
    assert cache.nbytes == 0


def test_what_is_too_large_takes_the_place_of_nothing():
    made = []

    def make(key):
        made.append(key)
        return np.zeros(key, np.uint8)

    cache = ByteCache(make, 100)
    for key in (40, 101, 40):
        cache.get(key)
    assert made == [40, 101]


def test_a_failure_leaves_it_as_it_was():
    def make(key):
        raise ValueError(key)

    cache = ByteCache(make, 100)
    with pytest.raises(ValueError, match="a"):
        cache.get("a")
    assert cache.nbytes == 0
