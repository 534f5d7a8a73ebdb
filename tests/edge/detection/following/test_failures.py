import logging
import weakref

import numpy as np

from edge.detection.following.failures import TOLD_S, SearchFailures


def test_failures_are_counted_and_told_while_they_go_on(caplog):
    now_s = 0.0
    failures = SearchFailures(clock=lambda: int(1e9 * now_s))
    assert failures.degraded() == ()
    for now_s in (1.0, 2.0, 3.0):
        failures.add(ValueError(f"at {now_s:.0f}"))
    assert failures.degraded() == ("the search for cards has failed 3 times: at 3",)
    assert len(caplog.records) == 1
    now_s += TOLD_S + 1
    assert failures.degraded() == ()
    failures.add(ValueError("again"))
    assert (failures.count, len(caplog.records)) == (4, 2)


def test_the_frame_of_a_search_that_failed_is_not_kept():
    frames = []

    def search():
        frame = np.zeros((9, 9, 3), np.uint8)
        frames.append(weakref.ref(frame))
        raise ValueError("no search")

    failures = SearchFailures()
    logging.disable()  # pytest keeps what is logged, and its failure
    try:
        search()
    except ValueError as failure:
        failures.add(failure)
    finally:
        logging.disable(logging.NOTSET)
    assert frames[0]() is None
    assert "no search" in failures.degraded()[0]
