import time

import cv2
import numpy as np
import pytest
import zmq

from edge.frame import Frame
from edge.pipeline.tracking import Track
from edge.service.preview import Preview, exposure, picture
from edge.wire.preview import decode_preview

QUAD = np.array([[100.0, 60.0], [415.0, 60.0], [415.0, 500.0], [100.0, 500.0]])


def frame(number: int, width: int = 1920, height: int = 1080) -> Frame:
    noise = np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Frame(frame_id=number, timestamp_ns=number, image=noise)


def track(track_id: int, missed: int = 0) -> Track:
    return Track(
        track_id=track_id, quad=QUAD, velocity=np.zeros(2), confidence=1.0, frame_id=0, hits=3, seen_ns=0,
        missed_frames=missed, shown_since=0,
    )  # fmt: skip


class Bench:
    """A scanner's newest frame, and the socket that shows it."""

    def __init__(self, context: zmq.Context) -> None:
        self.seen = None
        self.preview = Preview(context, "tcp://127.0.0.1:*", "session", lambda: self.seen)

    def run(self, seconds: float, *, fps: float = 30) -> int:
        """Let frames come for so long; how many came."""
        ends, number = time.monotonic() + seconds, 0
        started = time.monotonic()
        while time.monotonic() < ends:
            if time.monotonic() - started >= number / fps:
                self.seen, number = (frame(number, 480, 270), ()), number + 1
            self.preview.step()
        return number


@pytest.fixture
def context():
    with zmq.Context() as context:
        yield context
        context.destroy(linger=0)


@pytest.fixture
def bench(context):
    bench = Bench(context)
    yield bench
    bench.preview.close()


def subscriber(context, bench) -> zmq.Socket:
    socket = context.socket(zmq.SUB)
    socket.connect(bench.preview.endpoint)
    socket.subscribe(b"preview")
    return socket


def received(socket) -> list:
    messages = []
    while socket.poll(50):
        messages.append(decode_preview(socket.recv_multipart())[0])
    return messages


def test_a_picture_has_the_frames_number_size_and_outlines():
    message, jpeg = decode_preview(picture(frame(7), [track(1), track(2, missed=1)], "session"))
    assert (message.frame_id, message.session) == (7, "session")
    assert (message.frame_width, message.frame_height, message.width, message.height) == (1920, 1080, 960, 540)
    assert [(card.track_id, card.corners) for card in message.cards] == [(1, [tuple(corner) for corner in QUAD])]
    assert message.cards[0].sharpness > 1000
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (540, 960, 3)


def test_a_small_frame_is_not_enlarged():
    message, _ = decode_preview(picture(frame(0, 640, 480), (), "session"))
    assert (message.width, message.height) == (640, 480)


def test_exposure_says_how_much_is_lost_in_black_and_white():
    image = np.full((100, 100, 3), 255, np.uint8)
    image[:30] = 0
    assert exposure(image).model_dump() == pytest.approx({"mean": 0.7 * 255, "black": 0.3, "white": 0.7})


def test_nothing_is_made_while_nobody_looks_on(bench):
    bench.run(0.3)
    assert bench.preview.made == 0


def test_ten_a_second_at_most_made_once_for_all_and_none_after_the_last_one_left(context, bench):
    sockets = [subscriber(context, bench) for _ in range(3)]
    bench.run(1.0)
    made = bench.preview.made
    assert 8 <= made <= 11
    for messages in map(received, sockets):
        numbers = [message.frame_id for message in messages]
        assert len(numbers) >= made - 2
        assert numbers == sorted(set(numbers))
    for socket in sockets:
        socket.close(linger=0)
    bench.run(0.2)
    made = bench.preview.made
    bench.run(0.3)
    assert bench.preview.made == made


def test_a_photo_that_stands_still_is_shown_to_whoever_comes_later(context, bench):
    bench.seen = frame(3), [track(0)]
    for _ in range(2):
        with subscriber(context, bench) as socket:
            ends = time.monotonic() + 1.0
            while not socket.poll(0) and time.monotonic() < ends:
                bench.preview.step()
            assert [message.frame_id for message in received(socket)] == [3]


def test_a_subscriber_that_never_reads_holds_nothing_up(context, bench):
    with subscriber(context, bench), subscriber(context, bench) as reading:
        bench.run(0.3)
        slowest = 0.0
        for number in range(1_000, 1_020):
            bench.seen = frame(number), ()
            started = time.monotonic()
            while bench.preview.made and time.monotonic() - started < 0.1:
                bench.preview.step()
            slowest = max(slowest, time.monotonic() - started)
        assert slowest < 0.4
        assert received(reading)[-1].frame_id == 1_019
