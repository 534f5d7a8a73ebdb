import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.imaging.hashing import hash_distances
from edge.pipeline.appearance import CHANGED_BITS, LASTING_FRAMES, Appearances, looks_different

NOTHING, ALL = np.zeros(8, np.uint8), np.full(8, 255, np.uint8)


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=8, max_size=8))
def test_fingerprints_differ_when_too_many_bits_do(first, second):
    hashes = [np.frombuffer(each, np.uint8) for each in (first, second)]
    assert looks_different(*hashes) == (int(hash_distances(*hashes)) > CHANGED_BITS)


@pytest.mark.parametrize(("shown", "since"), [("aabbab", 0), ("aabbb", 2), ("aabcbb", 0), ("abbba", 1), ("abbbaaa", 4)])
def test_only_what_stays_is_something_else(shown, since):
    looks = {"a": NOTHING, "b": ALL, "c": np.tile(np.uint8([255, 0]), 4)}
    appearances = Appearances()
    for frame_id, letter in enumerate(shown):
        newest = appearances.see(5, 0, frame_id, looks[letter])
    assert LASTING_FRAMES == 3
    assert newest == since
    assert appearances.since() == {5: since}


def test_what_was_hidden_is_seen_anew_and_tracks_that_ended_are_forgotten():
    appearances = Appearances()
    assert appearances.see(5, 0, 0, NOTHING) == 0
    assert appearances.see(5, 7, 7, ALL) == 7
    appearances.keep([6])
    assert appearances.since() == {}


def test_a_corrected_outline_looks_different_and_shows_what_it_showed():
    appearances = Appearances()
    for frame_id in range(9):
        if frame_id == 4:
            appearances.outline_corrected(5)
            appearances.outline_corrected(6)
        assert appearances.see(5, 0, frame_id, NOTHING if frame_id < 4 else ALL) == 0
