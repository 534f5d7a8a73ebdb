import numpy as np
import pytest

from edge.frame import Frame
from edge.pipeline.continuity import Continuity

IMAGE = np.zeros((1, 1, 3), np.uint8)


def stretches(times_s, hold_s=0.5, **of_frame):
    continuity = Continuity()
    frames = (Frame(frame_id=0, timestamp_ns=int(1e9 * time_s), image=IMAGE, **of_frame) for time_s in times_s)
    return [continuity.stretch_of(frame, hold_s) for frame in frames]


@pytest.mark.parametrize(
    ("times_s", "breaks"),
    [
        ([0, 0.033, 0.066, 0.5, 0.533], 0),
        ([0, 0.033, 0.066, 0.6, 0.633], 1),
        ([*np.arange(0, 1, 0.03), *np.arange(6, 7, 0.03), *np.arange(12, 13, 0.03)], 2),
        ([0, 2, 4, 6, 8], 1),
        ([0, 0.01, 0.8, 0.81, 1.6, 1.61, 2.4, 2.41], 1),
    ],
)
def test_a_gap_longer_than_a_card_is_held_is_a_break_unless_frames_are_as_slow_as_that(times_s, breaks):
    assert stretches(times_s)[-1] == breaks


def test_a_recording_is_read_at_its_own_pace():
    assert stretches([0, 5, 10], media_ns=0) == [0, 0, 0]


def test_the_source_and_an_interruption_break_it():
    continuity = Continuity()
    frames = [
        Frame(frame_id=n, timestamp_ns=n, image=IMAGE, stretch=stretch) for n, stretch in enumerate((0, 0, 1, 1, 1))
    ]
    found = [continuity.stretch_of(frame, 0.5) for frame in frames[:4]]
    continuity.interrupt()
    assert [*found, continuity.stretch_of(frames[4], 0.5)] == [0, 0, 1, 1, 2]
