import mmap
import random
import threading
import tracemalloc

import pytest

from edge.health import Latencies, Rate, Stopwatch, resident_mb


def test_a_stopwatch_times_stages_in_milliseconds():
    times = iter([0, 2_000_000, 5_000_000, 5_500_000])
    watch = Stopwatch(lambda: next(times))
    with watch.time("detect"):
        pass
    with watch.time("track"):
        pass
    assert watch.latencies_ms == {"detect": 2.0, "track": 0.5}


def test_percentiles_cover_what_was_added_since_the_last_time():
    latencies = Latencies()
    for value in range(101):
        latencies.add({"embed": value, "search": 1.0})
    taken = latencies.take()
    assert (taken["embed"].count, taken["embed"].p50_ms, taken["embed"].p99_ms) == (101, 50.0, 99.0)
    assert taken["search"].p99_ms == 1.0
    assert latencies.take() == {}


def test_all_latencies_are_counted_though_only_the_newest_are_kept():
    latencies = Latencies()
    for number in range(10_000):
        latencies.add({"detect": float(number >= 5000)})
    taken = latencies.take()["detect"]
    assert (taken.count, taken.p50_ms) == (10_000, 1.0)
    tracemalloc.start()
    for _ in range(200_000):
        latencies.add({"detect": random.random()})
    assert tracemalloc.get_traced_memory()[0] < 300_000
    tracemalloc.stop()


def test_latencies_from_several_threads_are_all_counted():
    latencies = Latencies()
    threads = [threading.Thread(target=lambda: [latencies.add({"a": 1.0}) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert latencies.take()["a"].count == 2000


def test_the_rate_is_that_since_the_last_call():
    times = iter([0, 2_000_000_000, 2_500_000_000])
    rate = Rate(lambda: next(times))
    assert rate.per_second(60) == pytest.approx(30)
    assert rate.per_second(75) == pytest.approx(30)


def test_resident_memory_grows_with_what_is_used():
    before = resident_mb()
    with mmap.mmap(-1, 50_000_000) as block:
        for start in range(0, len(block), mmap.PAGESIZE):
            block[start] = 1
        assert resident_mb() - before > 40
