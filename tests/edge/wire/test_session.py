from edge.wire.envelope import Topic
from edge.wire.session import FrameStamp, Session
from tests.wire_messages import FRAME, session


def test_each_topic_is_counted_by_itself():
    numbers = session()
    told = [numbers.envelope(topic, FRAME).sequence for topic in (Topic.LEFT, Topic.HEALTH, Topic.LEFT, Topic.LEFT)]
    assert told == [0, 0, 1, 2]
    assert numbers.sequences() == {"card.left": 2, "health": 0}


def test_a_frame_is_told_in_utc_by_its_age():
    frame = FrameStamp(frame_id=7, timestamp_ns=4_750_000_000, width=1520, height=1080)
    envelope = Session("bench", clock=lambda: 1_900_000_000 * 10**9, monotonic=lambda: 5 * 10**9).envelope(
        Topic.LEFT, frame, ["slow"]
    )
    assert envelope.published_at == "2030-03-17T17:46:40.000+00:00"
    assert envelope.captured_at == "2030-03-17T17:46:39.750+00:00"
    assert (envelope.frame_id, envelope.frame_timestamp_ns) == (7, 4_750_000_000)
    assert (envelope.frame_width, envelope.frame_height) == (1520, 1080)
    assert (envelope.device, envelope.degraded) == ("bench", ["slow"])


def test_before_the_first_frame_there_is_no_frame():
    envelope = session().envelope(Topic.HEALTH, None)
    assert (envelope.frame_id, envelope.captured_at, envelope.frame_width) == (None, None, None)


def test_every_run_is_another_session():
    assert session().session != session().session
