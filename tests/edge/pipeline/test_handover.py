import threading
from types import SimpleNamespace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.frame import Frame
from edge.pipeline.answers import Observation
from edge.pipeline.handover import CropSlots, OutputInbox
from edge.pipeline.selection import Crop
from edge.wire.session import FrameStamp


def crop(track_id: int, frame_id: int, sharpness: float = 200.0) -> Crop:
    return Crop(
        track_id=track_id,
        frame=Frame(frame_id=frame_id, timestamp_ns=0, image=np.zeros((1, 1, 3), np.uint8)),
        quad=np.zeros((4, 2)),
        sharpness=sharpness,
        sharp=sharpness >= 100,
        fingerprint=np.zeros(8, np.uint8),
        first_frame_id=0,
    )


def held(crops):
    return [(c.track_id, c.frame.frame_id) for c in crops]


def test_a_newer_sharp_crop_replaces_the_older_one_of_its_track():
    slots = CropSlots(4)
    slots.put([crop(1, 0, 300.0), crop(2, 0)])
    slots.put([crop(1, 1, 200.0)])
    assert held(slots.take(9, 0)) == [(1, 1), (2, 0)]
    assert slots.dropped == 1


def test_a_blurred_crop_does_not_replace_a_better_one():
    slots = CropSlots(4)
    for frame_id, sharpness in enumerate((50.0, 80.0, 60.0)):
        slots.put([crop(1, frame_id, sharpness)])
    assert held(slots.take(9, 0)) == [(1, 1)]
    assert slots.dropped == 2


def test_memory_is_bounded_and_those_that_had_their_turn_give_way():
    slots = CropSlots(3)
    slots.put([crop(0, 0), crop(1, 0)])
    slots.take(9, 0)
    slots.put([crop(0, 1), crop(1, 1), crop(2, 1), crop(3, 1), crop(4, 1), crop(5, 1)])
    assert held(slots.take(9, 0)) == [(2, 1), (3, 1), (4, 1)]
    assert slots.dropped == 3


def test_tracks_are_served_in_the_order_in_which_they_asked():
    slots = CropSlots(9)
    slots.put([crop(3, 0), crop(1, 0), crop(2, 0)])
    slots.put([crop(3, 1)])
    assert held(slots.take(2, 0)) == [(3, 1), (1, 0)]
    assert held(slots.take(2, 0)) == [(2, 0)]
    assert slots.take(2, 0) == []


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 24), st.integers(1, 7), st.integers(1, 4), st.integers(0, 2**32))
def test_nobody_starves_however_many_ask(tracks, batch, frames_a_batch, seed):
    """Every track asks in every frame, in any order, as undecided ones do; each has its turn in the time for all."""
    slots, rounds, rng = CropSlots(8), -(-tracks // batch), np.random.default_rng(seed)
    served: list[set[int]] = []
    for number in range(3 * rounds):
        for frame in range(frames_a_batch):
            order = rng.permutation(tracks).tolist()
            slots.put([crop(track_id, number * frames_a_batch + frame) for track_id in order])
        served.append({each.track_id for each in slots.take(batch, 0)})
    for begin in range(2 * rounds):
        assert set().union(*served[begin : begin + rounds]) == set(range(tracks))


def test_what_waits_is_dropped_when_the_tracks_end():
    slots = CropSlots(4)
    slots.put([crop(1, 0), crop(2, 0)])
    slots.clear()
    assert slots.take(9, 0) == []
    assert slots.dropped == 2


def test_what_was_put_before_closing_is_still_taken():
    slots = CropSlots(2)
    slots.put([crop(1, 0)])
    slots.close()
    assert held(slots.take(9, 1.0)) == [(1, 0)]
    assert slots.take(9, 1.0) is None


def test_a_source_that_may_wait_sees_when_recognition_is_done():
    slots = CropSlots(2)
    assert slots.wait_until_done(0)
    slots.put([crop(1, 0)])
    assert not slots.wait_until_done(0)
    slots.take(9, 0)
    assert not slots.wait_until_done(0)
    slots.take(9, 0)
    assert slots.wait_until_done(0)


def test_a_waiting_taker_is_woken():
    slots, taken = CropSlots(2), []
    thread = threading.Thread(target=lambda: taken.extend(slots.take(9, 10.0)))
    thread.start()
    slots.put([crop(1, 0)])
    thread.join(5)
    assert held(taken) == [(1, 0)]


def observation(frame_id: int, stretch: int = 0) -> Observation:
    frame = FrameStamp(frame_id=frame_id, timestamp_ns=0, width=8, height=6)
    return Observation(frame=frame, scene_ns=0, stretch=stretch, tracks=(), shown_since={})


def test_the_inbox_keeps_the_newest_tracks_and_every_answer_in_order():
    inbox = OutputInbox(8)
    inbox.put_observation(observation(1))
    inbox.put_observation(observation(2))
    inbox.put_answers(["a", "b"])
    inbox.put_answers(["c"])
    newest, answers = inbox.take(0)
    assert (newest.frame.frame_id, answers) == (2, ["a", "b", "c"])
    assert inbox.take(0) == (None, [])


def test_the_inbox_drops_the_oldest_answers_and_counts_them():
    inbox = OutputInbox(2)
    inbox.put_answers([SimpleNamespace(number=n) for n in range(5)])
    assert [a.number for a in inbox.take(0)[1]] == [3, 4]
    assert inbox.dropped == 3


def test_a_closed_inbox_is_emptied_first():
    inbox = OutputInbox(2)
    inbox.put_answers(["a"])
    inbox.close()
    assert inbox.take(1.0) == (None, ["a"])
    assert inbox.take(1.0) is None


def test_tracks_of_the_next_stretch_wait_for_the_answers_before_them():
    inbox = OutputInbox(3)
    inbox.put_observation(observation(1))
    inbox.put_answers(["a", "b"])
    inbox.put_observation(observation(2, stretch=1))
    inbox.put_observation(observation(3, stretch=1))
    inbox.put_answers(["c"])
    inbox.close()
    taken = [inbox.take(0) for _ in range(3)]
    assert [(each[0].frame.frame_id, each[1]) for each in taken[:2]] == [(1, ["a", "b"]), (3, ["c"])]
    assert taken[2] is None


def test_stretches_without_end_do_not_grow_the_inbox():
    inbox = OutputInbox(3)
    for number in range(10):
        inbox.put_observation(observation(number, stretch=number))
        inbox.put_answers([str(number)])
    taken = [inbox.take(0) for _ in range(4)]
    assert [answers for _, answers in taken] == [["6"], ["7"], ["8"], ["9"]]
    assert inbox.dropped == 6


def test_a_source_that_may_wait_waits_until_the_output_has_worked_all_off():
    inbox = OutputInbox(3)
    assert inbox.wait_until_done(0)
    inbox.put_observation(observation(1))
    inbox.put_answers(["a"])
    assert not inbox.wait_until_done(0)
    inbox.take(0)
    assert not inbox.wait_until_done(0)
    assert inbox.take(0) == (None, [])
    assert inbox.wait_until_done(0)
