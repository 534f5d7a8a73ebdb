import threading
from types import SimpleNamespace

import numpy as np

from edge.frame import Frame
from edge.handover import CropSlots, OutputInbox
from edge.results import Observation
from edge.selection import Crop


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


def test_memory_is_bounded_and_the_oldest_work_goes_first():
    slots = CropSlots(3)
    for track_id in range(10):
        slots.put([crop(track_id, 0)])
    assert held(slots.take(9, 0)) == [(7, 0), (8, 0), (9, 0)]
    assert slots.dropped == 7


def test_tracks_are_served_in_the_order_in_which_they_asked():
    slots = CropSlots(9)
    slots.put([crop(3, 0), crop(1, 0), crop(2, 0)])
    slots.put([crop(3, 1)])
    assert held(slots.take(2, 0)) == [(3, 1), (1, 0)]
    assert held(slots.take(2, 0)) == [(2, 0)]
    assert slots.take(2, 0) == []


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


def observation(frame_id: int) -> Observation:
    return Observation(frame_id=frame_id, timestamp_ns=0, tracks=())


def test_the_inbox_keeps_the_newest_tracks_and_every_answer_in_order():
    inbox = OutputInbox(8)
    inbox.put_observation(observation(1))
    inbox.put_observation(observation(2))
    inbox.put_answers(["a", "b"])
    inbox.put_answers(["c"])
    newest, answers = inbox.take(0)
    assert (newest.frame_id, answers) == (2, ["a", "b", "c"])
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


def answer(timestamp_ns: int) -> SimpleNamespace:
    return SimpleNamespace(crop=SimpleNamespace(frame=SimpleNamespace(timestamp_ns=timestamp_ns)))


def test_an_answer_on_what_is_long_gone_is_dropped():
    inbox, patient = OutputInbox(4, longest_ns=1000), OutputInbox(4)
    for each in (inbox, patient):
        each.put_observation(Observation(frame_id=9, timestamp_ns=5000, tracks=()))
        each.put_answers([answer(3999), answer(4000)])
    assert [each.crop.frame.timestamp_ns for each in inbox.take(0)[1]] == [4000]
    assert inbox.dropped == 1
    assert len(patient.take(0)[1]) == 2
