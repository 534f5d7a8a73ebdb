from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from edge.errors import SourceError
from edge.frame import Frame
from edge.health import Latencies
from edge.pipeline.answers import Observation
from edge.pipeline.handover import CropSlots, OutputInbox
from edge.pipeline.views import Views
from edge.service.loops import CaptureLoop, OutputLoop, RecognitionLoop
from edge.sources.images import FRAMES_PER_PHOTO, ImagesSource
from edge.wire.session import FrameStamp


class ListSource:
    """Plays frames with the given ids; an exception in the list is raised."""

    name = "list"

    def __init__(self, items, live=False):
        self.items = list(items)
        self.live = live
        self.closed = False

    def read(self):
        item = self.items.pop(0) if self.items else None
        if isinstance(item, Exception):
            raise item
        if item is None:
            return None
        return Frame(frame_id=item, timestamp_ns=0, image=np.zeros((2, 2, 3), np.uint8))

    def close(self):
        self.closed = True


def observation(frame_id, stretch=0):
    frame = FrameStamp(frame_id=frame_id, timestamp_ns=0, width=8, height=6)
    return Observation(frame=frame, scene_ns=0, stretch=stretch, tracks=(), shown_since={})


class PlainStage:
    """Takes every frame and never selects a crop until the end."""

    def __init__(self):
        self.frame_ids = []
        self.stretch = 0

    def interrupt(self):
        self.stretch = len(self.frame_ids)

    def process(self, frame):
        self.frame_ids.append(frame.frame_id)
        return observation(frame.frame_id, self.stretch), (), {"detect": 1.0}

    def remaining(self):
        return ()


class IdleInbox(OutputInbox):
    """Whose output is done with everything at once."""

    def wait_until_done(self, timeout_s):  # noqa: ARG002
        return True


def capture_loop(source, reopened=None):
    stage, crops, inbox = PlainStage(), CropSlots(4), IdleInbox(4)
    return CaptureLoop(source, lambda: reopened, stage, crops, inbox, Latencies()), stage, crops, inbox


def test_frames_are_processed_until_the_source_ends():
    capture, stage, crops, inbox = capture_loop(ListSource([0, 1, 2]))
    assert [capture.step() for _ in range(4)] == [True, True, True, False]
    assert (stage.frame_ids, capture.captured, capture.dropped) == ([0, 1, 2], 3, 0)
    assert inbox.take(0)[0].frame.frame_id == 2
    assert crops.take(1, 1.0) is None


def test_a_source_that_may_wait_waits_for_the_output_too():
    stage, crops, inbox = PlainStage(), CropSlots(4), OutputInbox(4)
    capture = CaptureLoop(ListSource([0, 1]), lambda: None, stage, crops, inbox, Latencies())
    capture.step()
    capture.step()
    assert stage.frame_ids == [0]
    inbox.take(0)
    inbox.take(0)
    capture.step()
    assert stage.frame_ids == [0, 1]


def test_gaps_in_the_frame_ids_count_as_dropped_frames():
    capture, *_ = capture_loop(ListSource([0, 1, 5, 6], live=True))
    for _ in range(4):
        capture.step()
    assert (capture.captured, capture.dropped) == (4, 3)


def test_a_live_source_is_read_on_while_paused_and_another_waits():
    live, waiting = ListSource(range(9), live=True), ListSource(range(9))
    for source in (live, waiting):
        capture, stage, *_ = capture_loop(source)
        capture.step()
        capture.paused = True
        capture.step()
        assert (stage.frame_ids, capture.captured, capture.passed_over) == ([0], 1, int(source.live))
    assert (len(live.items), len(waiting.items)) == (7, 8)


def test_what_a_pause_interrupts_is_shown_again_where_the_source_can(tmp_path):
    for name in "ab":
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((64, 64, 3), ord(name), np.uint8))
    capture, stage, *_ = capture_loop(ImagesSource(tmp_path))
    for paused in 4 * [False] + 2 * [True] + 99 * [False]:
        capture.paused = paused
        if not capture.step():
            break
    assert stage.frame_ids == list(range(4 + 2 * FRAMES_PER_PHOTO))


def test_frames_keep_counting_up_when_the_source_is_opened_anew():
    broken = ListSource([0, 1, SourceError("gone")], live=True)
    capture, stage, *_ = capture_loop(broken, reopened=ListSource([0, 1], live=True))
    capture.step()
    capture.step()
    with pytest.raises(SourceError, match="gone"):
        capture.step()
    capture.reopen()
    capture.step()
    capture.step()
    assert stage.frame_ids == [0, 1, 2, 3]
    assert stage.stretch == 2
    assert broken.closed


def test_recoveries_only_grow_when_the_source_is_opened_anew():
    cameras = [ListSource([0], live=True) for _ in range(2)]
    for camera in cameras:
        camera.recoveries = {"requeued": 1, "rebuilt": 0}
    capture, *_ = capture_loop(cameras[0], reopened=cameras[1])
    cameras[0].recoveries = {"requeued": 2, "rebuilt": 1}
    capture.reopen()
    assert capture.recoveries == {"requeued": 3, "rebuilt": 1}
    capture, *_ = capture_loop(ListSource([0]), reopened=cameras[1])
    assert capture.recoveries == {}
    capture.reopen()
    assert capture.recoveries == {"requeued": 1, "rebuilt": 0}


@pytest.mark.parametrize("live", [True, False])
def test_what_comes_after_a_pause_does_not_continue_what_was_before(live):
    capture, stage, crops, inbox = capture_loop(ListSource(range(9), live=live))
    capture.step()
    capture.paused = True
    capture.step()
    if live:
        crops.put([SimpleNamespace(track_id=1)])
    capture.paused = False
    capture.step()
    assert stage.stretch == inbox.take(0)[0].stretch == 1
    assert crops.take(9, 0) == []


def test_a_source_that_may_wait_is_not_read_while_recognition_works():
    source = ListSource([0, 1])
    capture, _, crops, _ = capture_loop(source)
    crops.put([SimpleNamespace(track_id=1)])
    assert capture.step()
    assert len(source.items) == 2
    crops.take(9, 0)
    crops.take(9, 0)
    capture.step()
    assert len(source.items) == 1


def _answer(stages):
    crop, recognition = SimpleNamespace(track_id=1), SimpleNamespace(sure=True)
    return SimpleNamespace(latencies_ms=stages, crop=crop, recognition=recognition)


def test_recognition_takes_a_batch_and_ends_when_capture_has():
    crops, inbox, batches = CropSlots(9), OutputInbox(9), []

    class Stage:
        views = Views()

        def process(self, taken):
            batches.append(len(taken))
            stages = {"rectify": 1.0, "embed": 2.0, "search": 3.0, "verify": 4.0}
            return tuple(_answer(stages) for _ in taken)

    class SecondLooks:
        def after(self, answers):
            stages = {"rectify": 1.0, "embed": 2.0, "search": 3.0, "verify": 4.0, "second_look": 5.0}
            return (_answer(stages),) if len(answers) == 1 else ()

    latencies = Latencies()
    loop = RecognitionLoop(Stage(), SecondLooks(), crops, inbox, latencies, max_batch=2)
    crops.put([SimpleNamespace(track_id=number) for number in range(3)])
    crops.close()
    assert [loop.step() for _ in range(3)] == [True, True, False]
    assert batches == [2, 1]
    assert len(inbox.take(0)[1]) == 4
    taken = latencies.take()
    assert (taken["embed"].count, taken["verify"].count, taken["second_look"].count) == (3, 4, 1)
    assert inbox.take(0) is None


def test_output_publishes_tracks_answers_health_and_at_the_end_who_has_left():
    sent, committed = [], []

    def send(message):
        assert message == "health" or message in committed
        sent.append(message)
        return message != "seen 5"

    clock = SimpleNamespace(now_ns=0)
    stage = SimpleNamespace(
        observe=lambda observation: [f"seen {observation.frame.frame_id}"], answer=lambda _: [], finish=lambda: ["left"]
    )
    inbox = OutputInbox(4)
    loop = OutputLoop(
        stage,
        inbox,
        SimpleNamespace(send=send, welcome=lambda: None),
        SimpleNamespace(take=lambda messages, *_: committed.extend(messages)),
        Latencies(),
        lambda: "health",
        health_interval_s=1.0,
        clock=lambda: clock.now_ns,
    )
    inbox.put_observation(observation(4))
    loop.step()
    inbox.put_observation(observation(5))
    loop.step()
    clock.now_ns += 1_000_000_000
    inbox.close()
    assert loop.step() is False
    assert sent == ["health", "seen 4", "seen 5", "health", "left"]
    assert loop.results == 2
