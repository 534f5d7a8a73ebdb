from datetime import UTC, datetime

import pytest

from edge.client import Client, Received
from edge.errors import ScannerError
from edge.outside.crowd_benchmark import Crowd, CrowdBenchmark, Watch, crowd_lines
from edge.wire.messages import HealthMessage, MatchMessage
from tests.edge.client.serving import Scanner
from tests.wire_messages import card_message, health_message

NOW = datetime(2030, 1, 1, 10, 20, 30, 410_000, tzinfo=UTC)


def test_frames_are_counted_within_stretches_and_each_answer_is_timed_once():
    watch = Watch()
    with pytest.raises(ScannerError, match="no card was answered"):
        watch.outcome()
    for frames, uptime_s in ((100, 5.0), (130, 6.0)):
        watch.take(health_message(frames_captured=frames, uptime_s=uptime_s), NOW)
    watch.pause()
    for frames, uptime_s in ((900, 20.0), (920, 21.0)):
        watch.take(health_message(frames_captured=frames, uptime_s=uptime_s), NOW)
    for total in (20.0, 20.0, 40.0):
        watch.take(card_message(latencies_ms={"total": total}), NOW)
    watch.take(card_message(), NOW)
    watched = watch.outcome()
    assert (watched.fps, watched.arrivals, watched.p50_ms) == (25.0, 2, 40.0)
    lines = list(crowd_lines(CrowdBenchmark(subscribers=9, alone=watched, crowded=watched, messages_lost=0)))
    assert lines[0].startswith("before 9 subscribers, of which one never reads: 25.00 frames/s (+0.0 % of 25.00 alone)")


def test_before_a_crowd_of_which_one_never_reads_nobody_else_loses_anything():
    # Some 4 kB a message: more than what the stuck one is kept, and the kernel holds for it.
    matches = [MatchMessage(card_id=f"ab-{number}", distance=0.5, probability=0.01) for number in range(70)]
    scanner = Scanner()
    try:
        with Client(scanner.endpoint) as first, Client(scanner.endpoint) as second, Crowd(scanner.endpoint, 50):
            clients = (first, second)
            for client in clients:
                assert isinstance(client.receive(30), Received)
            for number in range(3000):
                scanner.publish(card_message(track_id=number % 7, matches=matches))
                if number % 50 == 0:
                    for client in clients:
                        while client.receive(0) is not None:
                            pass
            scanner.health()
            for client in clients:
                while not isinstance(getattr(client.receive(30), "message", None), HealthMessage):
                    pass
                assert client.lost == 0
                assert client.scanners["bench"].health.sequences["card.confirmed"] == 2999
    finally:
        scanner.close()
